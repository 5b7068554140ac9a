"""Energy against power of a cell: a rate map divided by what its stack weighs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isclose
from typing import Any, Literal

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import AnyQuantity, SpecificEnergy
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Result
from polylyte.core.tables import Table
from polylyte.core.units import pretty
from polylyte.design import bill, energy, notes
from polylyte.design.targets import bare
from polylyte.design.variables import variable
from polylyte.materials.cells import Cell

RAGONE_1968 = Citation(
    "Ragone1968",
    "Ragone, D. V.",
    "Review of Battery Systems for Electrically Powered Vehicles",
    "SAE Technical Paper",
    1968,
    "",
    "680453",
)
NEEDED = ("rate", "areal_energy", "average_voltage", "current_density")
AXES = ("loading", "thickness", "conductivity", "transference_number")
MOST_LINES = 12
SAME = 1e-6
"""Relative difference up to which a design's layer is that of the card."""


@dataclass(frozen=True, kw_only=True)
class Ragone(Result):
    """One row per design in ``designs``; a design that did not run has no energy."""

    specific_energy: SpecificEnergy = out("highest of the designs")
    specific_power: AnyQuantity = out("highest at which a design gives half of that")
    designs: Table = out("energy and power per mass and volume of the stack")


def figure(result: Ragone) -> Figure:
    """Specific energy over specific power, one line per design of the cell; of many designs, all
    as points with the best of them."""
    table = result.designs
    varied = [n for n in AXES if n in table.columns and len(set(table.column(n))) > 1]
    power, stored = table.column("specific_power"), table.column("specific_energy")
    rows = list(zip(*(table.column(name) for name in varied), strict=True)) or [()] * len(table)
    by_design: dict[tuple[Any, ...], list[tuple[float, float]]] = {}
    for key, x, y in zip(rows, power, stored, strict=True):
        if x is not None and y:
            by_design.setdefault(key, []).append((x, y))
    if len(by_design) > MOST_LINES:
        lines = _cloud([point for points in by_design.values() for point in points])
    else:
        lines = [
            _series(points, _label(table, varied, key), "line+points")
            for key, points in by_design.items()
        ]
    return Figure(
        "ragone",
        [
            Panel(
                lines, "specific power", "specific energy", "W/kg", "Wh/kg",
                x_scale="log", y_scale="log",
            )
        ],
        "Simulated energy over mean power, per mass of the stack (Ragone plot).",
        "Up and to the right is better. A line that bends down early pays for its energy with "
        "power; where two lines cross, the better design depends on the use.",
    )  # fmt: skip


def _series(
    points: list[tuple[float, float]], label: str, style: Literal["points", "line+points"]
) -> Series:
    x, y = zip(*sorted(points), strict=True)
    return Series(x, y, label, style)


def _cloud(points: list[tuple[float, float]]) -> list[Series]:
    """All designs as points, and those that no other beats in both energy and power."""
    best: list[tuple[float, float]] = []
    for x, y in sorted(points, reverse=True):
        if not best or y > best[-1][1]:
            best.append((x, y))
    return [_series(points, "designs", "points"), _series(best, "best of them", "line+points")]


def _label(table: Table, varied: list[str], key: tuple[Any, ...]) -> str:
    shown = []
    for name, value in zip(varied, key, strict=True):
        unit = table.units.get(name, "")
        words = pretty(unit) if unit not in ("", "1") else name.replace("_", " ")
        shown.append(f"{value:.3g} {words}")
    return ", ".join(shown)


@method(
    "stack.ragone",
    version=1,
    cites=[RAGONE_1968],
    figure=figure,
    prose="Energy and mean power of {count} simulated discharges were divided by the mass of the "
    "stack that each design has by its cell card: at most {specific_energy}, and half of that up "
    "to {specific_power}. Not included: {omitted}.",
)
def stack_ragone(*, cell: Cell, designs: Table) -> Ragone:
    """Specific energy and specific power of the designs of a rate map.

    e = E/m and p = I V/m, with E the energy that a discharge delivers per area, V its average
    voltage, I its current per area, and m the mass per area of all that is on the card. Where the
    designs have another loading or another thickness of the electrolyte film (of the separator,
    on a card without a film) than the card, m is that of the card with those changed at the same
    composition, porosity and E/C, as in ``stack.inverse``. Energy and power per volume follow in
    the same way from the thickness.

    Power is the mean over the discharge. The uncertainty is that of the masses and thicknesses;
    the simulation adds none.

    Parameters:
        cell: the card that the designs were made from
        designs: of ``cell.rate_map``: rate, areal_energy, average_voltage, current_density, and
            loading (of active material) and thickness (of the film) where they vary

    Raises:
        InputError: a column is missing, or the card does not tell the mass.
        NotAnswerable: no design delivered anything.

    References:
        Ragone 1968, SAE Technical Paper 680453.
    """
    missing = [name for name in NEEDED if name not in designs.columns]
    if missing:
        raise InputError(
            f"the designs have no {', '.join(missing)}",
            where="designs",
            remedy='write designs = { step = "…", table = "designs" } of a cell.rate_map',
        )
    card = bare(cell)
    values = {name: designs.quantities(name) for name in NEEDED}
    made: dict[tuple[float | None, ...], tuple[Quantity, Quantity]] = {}
    columns: dict[str, list[Quantity]] = {name: [] for name in UNITS}
    layers = [designs.quantities(n) if n in designs.columns else None for n in AXES[:2]]
    for i in range(len(designs)):
        wanted = [None if column is None else column[i] for column in layers]
        key = tuple(None if w is None else w.value for w in wanted)
        if key not in made:
            made[key] = _stack(card, *wanted)
        for name, value in _row({n: column[i] for n, column in values.items()}, *made[key]).items():
            columns[name].append(value)
    best = _best(columns["specific_energy"])
    half = [
        power
        for power, stored in zip(columns["specific_power"], columns["specific_energy"], strict=True)
        if stored.value is not None and stored.si >= best.si / 2
    ]
    omitted = notes.omitted(card)
    kept = [n for n in ("rate", *AXES, "event") if n in designs.columns]
    return Ragone(
        specific_energy=best,
        specific_power=_best(half),
        designs=Table.of_quantities(
            {name: designs.column(name) for name in kept},
            columns,
            {name: designs.units[name] for name in kept if name in designs.units},
        ),
        findings=(*_findings(card, columns["specific_energy"]), *_left_out(omitted)),
        text={"count": str(len(designs)), "omitted": ", ".join(omitted) or "nothing"},
    )


UNITS = {
    "specific_energy": "Wh/kg",
    "specific_power": "W/kg",
    "energy_density": "Wh/L",
    "power_density": "W/L",
}


def _stack(
    card: Cell, loading: Quantity | None, thickness: Quantity | None
) -> tuple[Quantity, Quantity]:
    """Mass per area and thickness of the card with another loading and film."""
    if loading is not None and loading.value is not None and card.cathode is not None:
        fraction = card.cathode.active_fraction
        coating = loading / fraction if fraction is not None else loading
        card = _changed(card, "loading", coating)
    film = "electrolyte" if card.electrolyte is not None else "separator"
    if thickness is not None and thickness.value is not None and getattr(card, film) is not None:
        card = _changed(card, f"{film}_thickness", thickness)
    found = bill.items(card)
    mass = bill.add([item.areal_mass for item in found], "mg/cm^2")
    return mass.to("kg/m^2"), energy.total_thickness(found)


def _changed(card: Cell, name: str, value: Quantity) -> Cell:
    """The card with one entry changed, as it is where the entry is the card's own."""
    entry = variable(name)
    present = entry.read(card)
    known = present is not None and present.value is not None
    if known and present is not None and isclose(present.si, value.si, rel_tol=SAME):
        return card
    return entry.put(card, value.to(entry.unit))


def _row(
    design: Mapping[str, Quantity], mass: Quantity, thickness: Quantity
) -> dict[str, Quantity]:
    stored, voltage, current = (design[name] for name in NEEDED[1:])
    known = None not in (stored.value, voltage.value, current.value)
    if not known:
        return {name: Quantity(None, unit, flags=("no energy",)) for name, unit in UNITS.items()}
    power = voltage.to("V") * current.to("A/m^2")
    return {
        "specific_energy": energy.ratio(stored.to("J/m^2"), mass, "Wh/kg"),
        "specific_power": energy.ratio(power, mass, "W/kg"),
        "energy_density": energy.ratio(stored.to("J/m^2"), thickness, "Wh/L"),
        "power_density": energy.ratio(power, thickness, "W/L"),
    }


def _best(values: list[Quantity]) -> Quantity:
    known = [value for value in values if value.value is not None]
    if not known:
        raise NotAnswerable("no design delivered anything", where="designs")
    return max(known, key=lambda value: value.si)


def _findings(card: Cell, stored: list[Quantity]) -> list[Finding]:
    lost = sum(value.value is None for value in stored)
    findings = []
    if lost:
        findings.append(Finding(f"{lost} of {len(stored)} designs have no energy", "warning"))
    if card.package is not None:
        findings.append(Finding("energy and power are those of the stack: the package is left out"))
    return findings


def _left_out(omitted: list[str]) -> list[Finding]:
    if not omitted:
        return []
    return [Finding(f"the stack leaves out: {', '.join(omitted)}", "warning")]
