"""Seed C's pouch cell (Table S6), without its package, for the tests of this room."""

import copy

import pytest

from polylyte.materials.cells import Cell

POUCH = {
    "format": "pouch",
    "capacity": "2.8 Ah",
    "average_voltage": "3.8 V",
    "specific_energy": "437 Wh/kg",
    "cathode": {
        "material": "NCM811",
        "loading": "18.1 mg/cm^2",
        "loading_of": "coating",
        "active_fraction": "97.8 wt%",
        "specific_capacity": "210 mAh/g",
    },
    "anode": {"material": "Li", "thickness": "50 um"},
    "liquid": {"electrolyte_to_capacity": "2.0 g/Ah"},
    "separator": {"material": "PE", "areal_mass": "1.425 mg/cm^2", "thickness": "25 um"},
    "foils": [{"material": "Al", "thickness": "8 um", "sides": 2}],
}


@pytest.fixture
def pouch():
    """Table S6 of seed C; 1.425 mg/cm2 is dense PE of 0.95 g/cm3, 25 um with 40 % pores."""
    return copy.deepcopy(POUCH)


@pytest.fixture
def read():
    """A card as a study would read it."""

    def make(table, lookup=None):
        return Cell.from_toml(table, where="study.toml [cell.pouch]", name="pouch", lookup=lookup)

    return make
