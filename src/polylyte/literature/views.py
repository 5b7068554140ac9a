"""The six views: which results each takes, what it draws, and by which number it ranks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from polylyte.literature.entries import Entry, decays, energies, retentions, thicknesses
from polylyte.literature.own import Paper
from polylyte.literature.properties import conductivities, runaways
from polylyte.literature.ranking import Sense

ViewName = Literal[
    "retention_vs_cycles",
    "decay_vs_life",
    "thickness_vs_areal_capacity",
    "conductivity_vs_transference",
    "thermal_runaway",
    "energy",
]


@dataclass(frozen=True)
class View:
    """One way to look at the tables. ``always`` are conditions that no comparison may cross."""

    name: ViewName
    x: tuple[str, str, Sense]
    """Label, unit, and which end is the better one."""
    y: tuple[str, str, Sense]
    merit: tuple[str, str, Sense]
    by: tuple[str, ...]
    always: tuple[str, ...]
    entries: Callable[[Sequence[Paper]], list[Entry]] = field(repr=False)
    always_why: str = ""


VIEWS: Mapping[str, View] = {
    view.name: view
    for view in (
        View(
            "retention_vs_cycles",
            x=("Cycles", "1", "high"),
            y=("Capacity retention", "%", "high"),
            merit=("fade", "%/cycle", "low"),
            by=("cathode", "areal_capacity"),
            always=("basis",),
            entries=retentions,
            always_why="retentions of capacity and of energy are two quantities",
        ),
        View(
            "decay_vs_life",
            x=("Cycle life", "1", "high"),
            y=("Average decay per cycle", "uAh/g", "low"),
            merit=("decay", "uAh/g/cycle", "low"),
            by=("cathode",),
            always=(),
            entries=decays,
        ),
        View(
            "thickness_vs_areal_capacity",
            x=("Electrolyte thickness", "um", "low"),
            y=("Areal capacity", "mAh/cm^2", "high"),
            merit=("areal_capacity", "mAh/cm^2", "high"),
            by=("cathode", "temperature"),
            always=(),
            entries=thicknesses,
        ),
        View(
            "conductivity_vs_transference",
            x=("Conductivity", "mS/cm", "high"),
            y=("Transference number", "1", "high"),
            merit=("conductivity", "mS/cm", "high"),
            by=("temperature",),
            always=("temperature",),
            entries=conductivities,
            always_why="a conductivity without its temperature says nothing",
        ),
        View(
            "thermal_runaway",
            x=("Onset temperature", "degC", "high"),
            y=("Runaway temperature", "degC", "high"),
            merit=("runaway_temperature", "degC", "high"),
            by=("criterion", "instrument", "sample"),
            always=("criterion", "instrument"),
            entries=runaways,
            always_why="runaway temperatures of different criteria or instruments are not "
            "comparable (erratum C-E24)",
        ),
        View(
            "energy",
            x=("Specific energy", "Wh/kg", "high"),
            y=("Energy density", "Wh/L", "high"),
            merit=("specific_energy", "Wh/kg", "high"),
            by=("cell_format",),
            always=("cell_format",),
            entries=energies,
            always_why="a stack without its package and a cell are two quantities",
        ),
    )
}
