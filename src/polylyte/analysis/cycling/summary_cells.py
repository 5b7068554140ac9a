"""One cell's cycles as quantities, with the sources of their uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from polylyte.analysis.cycling.basis import Basis
from polylyte.analysis.cycling.cycles import Cycles, curve, middle, scatter, student
from polylyte.analysis.transference.transients import correlation_length
from polylyte.core.errors import NotAnswerable
from polylyte.core.quantities import Quantity, derive, from_si
from polylyte.core.units import unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polylyte.instruments.cycling import CyclingRecord

    Floats = NDArray[np.float64]

Direction = Literal["discharge", "charge"]
Efficiency = Literal["discharge/charge", "charge/discharge"]
FIT = 4
"""Complete cycles from which a line of decay is fitted."""


@dataclass(frozen=True, eq=False)
class Cell:
    """A record, its cycles, what they are divided by and how well its counter counts."""

    name: str
    record: CyclingRecord
    found: Cycles
    basis: Basis
    accuracy: float
    potential_accuracy: float
    capacity: Direction
    efficiency: Efficiency
    mark: str = ""
    """Put after the sources of this cell's instrument, where there are several cells."""

    def source(self, direction: str) -> str:
        return f"~counter, {direction}{self.mark}"

    def passed(self, direction: str) -> Floats:
        return self.found.charge if direction == "charge" else self.found.discharge

    @property
    def scatter(self) -> float | None:
        return scatter(self.passed(self.capacity)[self.found.complete])

    def charge_of(self, index: int, direction: str) -> Quantity:
        """Charge of one cycle in mAh, with its counter's error and the scatter about it."""
        value, own = float(self.passed(direction)[index]), self.scatter
        parts = {self.source(direction): self.accuracy * value}
        if own:
            parts[f"~scatter of cycle {self.found.number[index]}{self.mark}"] = own * value
        return from_si(value, "mAh", {k: v for k, v in parts.items() if v}, how="measured")

    def capacity_of(self, index: int) -> Quantity:
        value = self.charge_of(index, self.capacity).given(
            cycle=str(self.found.number[index]), direction=self.capacity
        )
        return self.basis.divide(value, self.basis.unit)


@dataclass(frozen=True)
class Scalars:
    """The numbers of one cell; ``quantities`` by the names of the result's fields."""

    quantities: Mapping[str, Quantity]
    reference: int
    last: int


def efficiencies(cell: Cell) -> Floats:
    """Coulombic efficiency of each cycle; NaN where one of the two charges is missing."""
    a, b = cell.efficiency.split("/")
    top, bottom = cell.passed(a), cell.passed(b)
    found = np.full(len(top), np.nan)
    np.divide(top, bottom, out=found, where=(top > 0) & (bottom > 0))
    return found


def scalars(cell: Cell, reference_cycle: int, last_cycle: int | None) -> Scalars:
    """Capacity, retention, decay, efficiency and polarisation of one cell.

    Raises:
        InputError: no such complete cycle.
        NotAnswerable: no cycle is complete.
    """
    found = cell.found
    whole = np.flatnonzero(found.complete)
    if not len(whole):
        raise NotAnswerable(
            "no cycle has a whole charge and a whole discharge", where=cell.record.name or None
        )
    reference = found.at(reference_cycle, "reference_cycle")
    last = int(whole[-1]) if last_cycle is None else found.at(last_cycle, "last_cycle")
    first, final = cell.capacity_of(reference), cell.capacity_of(last)
    made = {"reference_capacity": first, "final_capacity": final}
    n, of = int(found.number[last]), int(found.number[reference])
    if last <= reference:
        made |= _no_decay(cell)
    else:
        made |= _decay(cell, reference, last, first, final)
    made |= _efficiency(cell, np.arange(reference, last + 1), n, of)
    made["polarisation"] = polarisation(cell, reference)
    made["final_polarisation"] = polarisation(cell, last)
    return Scalars(made, reference, last)


def _no_decay(cell: Cell) -> dict[str, Quantity]:
    short = ("too short",)
    return {
        "retention": Quantity(None, "%", flags=short),
        "decay_per_cycle": Quantity(None, "%/cycle", flags=short),
        "average_capacity_decay": Quantity(None, f"{cell.basis.unit}/cycle", flags=short),
        "fitted_decay": Quantity(None, "%/cycle", flags=short),
    }


def _decay(
    cell: Cell, reference: int, last: int, first: Quantity, final: Quantity
) -> dict[str, Quantity]:
    number = cell.found.number
    n, of = int(number[last]), int(number[reference])
    against = {"reference cycle": str(of), "cycle": str(n), "direction": cell.capacity}
    ratio = final.si / first.si
    # The counter and the mass multiply both capacities alike: the scatter of the two is left.
    marks = {n: 1.0, of: -1.0} if cell.scatter else {}
    parts = {
        f"~scatter of cycle {k}{cell.mark}": sign * ratio * float(cell.scatter or 0.0)
        for k, sign in marks.items()
    }
    per_cycle = {source: -part / (n - of) for source, part in parts.items()}
    return {
        "retention": from_si(ratio, "%", parts, conditions=against),
        "decay_per_cycle": from_si(
            (1 - ratio) / (n - of), "%/cycle", per_cycle, conditions=against
        ),
        "average_capacity_decay": derive(
            lambda c, r: (r - c) / n,
            f"{cell.basis.unit}/cycle",
            c=final,
            r=first,
            conditions={**against, "per": cell.basis.words},
        ),
        "fitted_decay": _fitted(cell, reference, last).given(**against),
    }


def _fitted(cell: Cell, reference: int, last: int) -> Quantity:
    """Loss per cycle by a straight line, over the line's value at the reference cycle."""
    found = cell.found
    use = found.complete.copy()
    use[:reference] = use[last + 1 :] = False
    if use.sum() < FIT:
        return Quantity(None, "%/cycle", flags=("too short",))
    x = (found.number[use] - found.number[reference]).astype(float)
    y = cell.passed(cell.capacity)[use]
    design = np.column_stack([np.ones_like(x), x])
    level, slope = map(float, np.linalg.lstsq(design, y, rcond=None)[0])
    rest = y - level - slope * x
    variance = float(rest @ rest) / (len(x) - 2) * correlation_length(rest)
    covariance = variance * np.linalg.inv(design.T @ design)
    gradient = np.array([slope / level**2, -1 / level])
    std = float(np.sqrt(gradient @ covariance @ gradient))
    return from_si(-slope / level, "%/cycle", {f"~fit of the decay{cell.mark}": std})


def _efficiency(cell: Cell, span: NDArray[np.int_], n: int, of: int) -> dict[str, Quantity]:
    """Mean efficiencies from the reference cycle to the last; first cycle's own."""
    found = cell.found
    use = span[found.complete[span]]
    a, b = cell.efficiency.split("/")
    over = {"cycles": f"{of} to {n}", "definition": cell.efficiency}
    each = efficiencies(cell)[use]
    energy = found.discharge_energy[use] / found.charge_energy[use]

    def mean(values: Floats, name: str, counter: float) -> Quantity:
        centre = float(values.mean())
        parts = {cell.source(a): counter * centre, cell.source(b): -counter * centre}
        if len(values) > 1:
            own = float(values.std(ddof=1)) / np.sqrt(len(values)) * student(len(values) - 1)
            parts[f"~scatter of the {name}{cell.mark}"] = own
        made = from_si(centre, "%", {k: v for k, v in parts.items() if v})
        return made.given(**over)

    whole = np.flatnonzero(found.complete)[0]
    initial = derive(
        lambda x, y: x / y, "%", x=cell.charge_of(whole, a), y=cell.charge_of(whole, b)
    ).given(cycle=str(found.number[whole]), definition=cell.efficiency)
    return {
        "coulombic_efficiency": mean(each, "efficiency", cell.accuracy),
        "initial_efficiency": initial,
        "energy_efficiency": mean(energy, "energy efficiency", cell.accuracy),
    }


def polarisation(cell: Cell, index: int) -> Quantity:
    """Potential at half of the charge less that at half of the discharge, V."""
    parts = [middle(curve(cell.record, cell.found, index, sign)) for sign in (1, -1)]
    number = str(cell.found.number[index])
    if parts[0] is None or parts[1] is None:
        return Quantity(None, "mV", flags=("too short",), conditions={"cycle": number})
    (upper, u), (lower, v) = parts[0], parts[1]
    # One voltmeter reads both: only its error within the range does not cancel.
    sources = {
        f"~noise of the potential, cycle {number}{cell.mark}": float(np.hypot(u, v)),
        f"~voltmeter{cell.mark}": float(np.sqrt(2)) * cell.potential_accuracy,
    }
    sources = {k: s for k, s in sources.items() if s}
    return from_si(upper - lower, "mV", sources, how="measured", conditions={"cycle": number})


def columns(cell: Cell, reference: int) -> tuple[dict[str, list[Any]], dict[str, str]]:
    """The cycle table's columns, uncertainty parts among them, and their units."""
    found, basis, n = cell.found, cell.basis, len(cell.found)
    made: dict[str, list[Any]] = {
        "cell": [cell.name] * n,
        "cycle": found.number.tolist(),
        "complete": found.complete.tolist(),
    }
    units: dict[str, str] = {}

    def put(name: str, values: Floats, shown: str, parts: Mapping[str, Floats] = {}) -> None:
        factor, known = float(unit(shown).factor), np.isfinite(values)
        made[name] = [float(x) / factor if k else None for x, k in zip(values, known, strict=True)]
        units[name] = shown
        for source, part in parts.items():
            made[f"{name}|{source}"] = (np.where(known, part, 0.0) / factor).tolist()

    shared = basis.by.si_components if basis.by is not None else {}
    for direction in ("charge", "discharge"):
        values = cell.passed(direction) / basis.size
        parts = {cell.source(direction): cell.accuracy * values}
        parts |= {source: -values * part / basis.size for source, part in shared.items()}
        own = scatter(cell.passed(direction)[found.complete])
        if own:
            parts["~scatter between cycles[*]"] = own * values
        put(f"{direction}_capacity", values, basis.unit, parts)
    put("coulombic_efficiency", efficiencies(cell), "%")
    whole = np.where(found.complete, cell.passed(cell.capacity), np.nan)
    put("retention", whole / whole[reference], "%")
    for name, energy, passed in (
        ("charge", found.charge_energy, found.charge),
        ("discharge", found.discharge_energy, found.discharge),
    ):
        put(f"{name}_energy", energy / basis.size, basis.energy)
        put(f"mean_{name}_potential", _ratio(energy, passed), "V")
    put("energy_efficiency", _ratio(found.discharge_energy, found.charge_energy), "%")
    put("polarisation", _polarisations(cell), "mV")
    for name, values in (
        ("charge_of_cell", found.charge),
        ("discharge_of_cell", found.discharge),
        ("integrated_charge", found.integrated_charge),
        ("integrated_discharge", found.integrated_discharge),
    ):
        put(name, values, "mAh")
    put("charge_current", found.charge_current, "mA")
    put("discharge_current", found.discharge_current, "mA")
    return made, units


def _ratio(a: Floats, b: Floats) -> Floats:
    found = np.full(len(a), np.nan)
    np.divide(a, b, out=found, where=(a != 0) & (b != 0))
    return found


def _polarisations(cell: Cell) -> Floats:
    values = [polarisation(cell, k) for k in range(len(cell.found))]
    return np.array([np.nan if v.value is None else v.si for v in values])
