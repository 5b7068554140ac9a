"""Energy against power: simulated discharges over the mass of the card's stack."""

import pytest

from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.tables import Table
from polylyte.design.stack_energy import stack_energy
from polylyte.design.stack_ragone import figure, stack_ragone

UNITS = {
    "rate": "C-rate",
    "loading": "mg/cm^2",
    "thickness": "um",
    "areal_energy": "mWh/cm^2",
    "average_voltage": "V",
    "current_density": "mA/cm^2",
}
ACTIVE = 18.1 * 0.978


def designs(**changes):
    """Two discharges of the pouch's own coating."""
    columns = {
        "rate": [0.1, 1.0],
        "loading": [ACTIVE, ACTIVE],
        "thickness": [25.0, 25.0],
        "areal_energy": [14.0, 6.0],
        "average_voltage": [3.8, 3.6],
        "current_density": [0.37, 3.7],
    }
    return Table.of(columns | changes, UNITS)


def test_energy_and_power_over_the_mass_of_the_stack(read, pouch):
    card = read(pouch)
    mass = stack_energy(cell=card).areal_mass.to("mg/cm^2").value
    found = stack_ragone(cell=card, designs=designs())
    energies = found.designs.column("specific_energy")
    assert energies == pytest.approx([14.0 / mass * 1e3, 6.0 / mass * 1e3])
    powers = found.designs.column("specific_power")
    assert powers == pytest.approx([0.37 * 3.8 / mass * 1e3, 3.7 * 3.6 / mass * 1e3])
    assert found.specific_energy.to("Wh/kg").value == pytest.approx(energies[0])
    # 6 of 14 is less than half: only the slow one counts.
    assert found.specific_power.to("W/kg").value == pytest.approx(powers[0])
    # The card does not tell how thick its cathode is, so there is no energy per volume.
    assert found.designs.column("energy_density") == [None, None]
    assert any("leaves out" in f.text for f in found.findings)


def test_another_loading_has_another_mass(read, pouch):
    """Twice the active mass: twice the coating and, at the same E/C, twice the liquid."""
    card = read(pouch)
    once = stack_ragone(cell=card, designs=designs())
    twice = stack_ragone(
        cell=card, designs=designs(loading=[2 * ACTIVE] * 2, areal_energy=[28.0, 12.0])
    )
    more = 18.1 + 2.0 * ACTIVE * 0.21
    mass = stack_energy(cell=card).areal_mass.to("mg/cm^2").value
    expected = 28.0 / (mass + more) * 1e3
    assert twice.specific_energy.to("Wh/kg").value == pytest.approx(expected)
    assert expected > once.specific_energy.to("Wh/kg").value, "foils are shared by more"


def test_the_film_of_a_card_without_one_is_its_separator(read, pouch):
    card = read(pouch)
    thick = stack_ragone(cell=card, designs=designs(thickness=[50.0, 50.0]))
    mass = stack_energy(cell=card).areal_mass.to("mg/cm^2").value + 1.425
    assert thick.specific_energy.to("Wh/kg").value == pytest.approx(14.0 / mass * 1e3)


def test_the_uncertainty_of_the_masses_is_carried(read, pouch):
    pouch["anode"]["thickness"] = "50(5) um"
    found = stack_ragone(cell=read(pouch), designs=designs())
    mass = stack_energy(cell=read(pouch)).areal_mass
    relative = mass.std / mass.value
    assert found.specific_energy.std / found.specific_energy.value == pytest.approx(relative)


def test_a_design_that_did_not_run(read, pouch):
    table = designs(areal_energy=[14.0, None], average_voltage=[3.8, None])
    found = stack_ragone(cell=read(pouch), designs=table)
    assert found.designs.column("specific_energy")[1] is None
    assert any("1 of 2 designs have no energy" in f.text for f in found.findings)
    assert len(figure(found).panels[0].series[0].x) == 1
    with pytest.raises(NotAnswerable, match="no design delivered"):
        stack_ragone(
            cell=read(pouch),
            designs=designs(areal_energy=[None, None], average_voltage=[None, None]),
        )


def test_a_table_of_something_else(read, pouch):
    with pytest.raises(InputError, match="no areal_energy, average_voltage"):
        stack_ragone(cell=read(pouch), designs=Table.of({"rate": [1.0]}, {"rate": "C-rate"}))


def test_many_designs_are_a_cloud_with_its_edge(read, pouch):
    loadings = [ACTIVE * (1 + i / 10) for i in range(20)]
    table = designs(
        rate=[1.0] * 20,
        loading=loadings,
        thickness=[25.0] * 20,
        areal_energy=[14.0] * 20,
        average_voltage=[3.8] * 20,
        current_density=[1.0] * 20,
    )
    cloud, best = figure(stack_ragone(cell=read(pouch), designs=table)).panels[0].series
    assert len(cloud.x) == 20
    # The same energy and power in the least mass is the lightest coating's.
    assert list(best.x) == [max(cloud.x)]
    assert list(best.y) == [max(cloud.y)]
