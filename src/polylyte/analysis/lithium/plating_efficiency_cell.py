"""One Li|Cu cell: its efficiencies with their sources of error, and the tables of all cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polylyte.analysis.cycling.cycles import student
from polylyte.analysis.lithium.plating_efficiency_cycles import (
    Cycle,
    Cycles,
    passed_by,
    read_cycles,
    rows_of,
)
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.quantities import Quantity, derive, from_si
from polylyte.core.replicates import mean
from polylyte.core.tables import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polylyte.instruments.cycling import CyclingRecord

    Floats = NDArray[np.float64]

GAIN, MISMATCH, ZERO = "~ammeter gain", "~gain of stripping over plating", "~voltmeter zero"
STAY = 3
"""Cycles in a row below the limit that end a cell's life (fewer at the record's end do too)."""


@dataclass(frozen=True)
class Accuracy:
    """Standard uncertainties: gain of the counter, of its ratio, zero of the voltmeter (V)."""

    gain: float
    mismatch: float
    zero: float


@dataclass(frozen=True)
class CellReading:
    """One cell's cycles and quantities; ``counted`` names the range of cycles in the mean."""

    name: str
    record: CyclingRecord
    found: Cycles
    area: Quantity | None
    quantities: dict[str, Quantity]
    counted: str
    chosen: tuple[int, ...]
    """Numbers of the cycles in the mean."""
    accuracy: Accuracy

    @property
    def complete(self) -> int:
        return sum(cycle.usable for cycle in self.found.every)


def read_cell(
    name: str,
    record: CyclingRecord,
    area: Quantity | None,
    cut_off: float,
    span: tuple[int, int | None],
    limit: float,
    accuracy: Accuracy,
    mark: str,
) -> CellReading:
    """Cycles, efficiencies and overpotentials of one cell.

    Raises:
        InputError: no such cycle.
        NotAnswerable: another protocol, or no cycle to count.
    """
    found = read_cycles(record, cut_off, accuracy.mismatch)
    chosen = _counted(found, span, record.name or None)
    counted = f"{chosen[0].number} to {chosen[-1].number}"
    quantities = (
        _efficiency(chosen, counted, accuracy, mark)
        | _first(found.every, area, accuracy, mark)
        | _overpotentials(found.every[0], accuracy, mark)
        | {"cycles_to_drop": _life(found.every, span[0], limit)}
    )
    numbers = tuple(cycle.number for cycle in chosen)
    return CellReading(name, record, found, area, quantities, counted, numbers, accuracy)


def _counted(found: Cycles, span: tuple[int, int | None], where: str | None) -> list[Cycle]:
    first, last = span
    if first > len(found.every) or (last or 0) > len(found.every):
        raise InputError(
            f"there is no cycle {max(first, last or 0)}",
            where="first_cycle" if first > len(found.every) else "last_cycle",
            remedy=f"the record holds {len(found.every)}",
        )
    hinted = [c.number for c in found.every if c.hints]
    stop = last or (min(hinted) - 1 if hinted else len(found.every))
    chosen = [c for c in found.every if first <= c.number <= stop and c.usable]
    if not chosen:
        why = f"; cycle {hinted[0]}: {found.every[hinted[0] - 1].hints[0]}" if hinted else ""
        raise NotAnswerable(
            f"no complete cycle from {first} to {stop} can be counted{why}",
            where=where,
            remedy="state first_cycle and last_cycle if they are to be counted all the same",
        )
    return chosen


def _efficiency(
    chosen: Sequence[Cycle], counted: str, accuracy: Accuracy, mark: str
) -> dict[str, Quantity]:
    number = np.array([c.number for c in chosen], dtype=float)
    each = np.array([c.efficiency for c in chosen])
    centre, n = float(each.mean()), len(each)
    conditions = {"cycles": counted, "protocol": "conventional", "n of cycles": str(n)}
    own = {MISMATCH: accuracy.mismatch * centre}
    slope: Quantity = Quantity(None, "%/cycle", flags=("too short",))
    scatter = Quantity(None, "%", flags=("too short",))
    if n >= 2:
        spread, freedom, slope = _line(number, each, mark)
        own[f"~scatter of the efficiency{mark}"] = spread / math.sqrt(n) * student(freedom)
        scatter = from_si(spread, "%", {f"~scatter of the efficiency, itself{mark}":
                                        spread / math.sqrt(2 * freedom)})  # fmt: skip
    else:
        own[f"~end of the strip{mark}"] = chosen[0].missed / chosen[0].plate.charge
    efficiency = from_si(centre, "%", {k: v for k, v in own.items() if v}, how="measured")
    if any(c.hints for c in chosen):
        efficiency = efficiency.flagged("soft short suspected")
    if centre > 1:
        efficiency = efficiency.flagged("outside range")
    return {
        "coulombic_efficiency": efficiency.given(**conditions),
        "trend": slope.given(cycles=counted),
        "efficiency_scatter": scatter.given(cycles=counted),
    }


def _line(number: Floats, each: Floats, mark: str) -> tuple[float, int, Quantity]:
    """Scatter about a line (about the mean for two cycles), its freedom, and the slope."""
    n = len(each)
    if n == 2:
        return float(each.std(ddof=1)), 1, Quantity(None, "%/cycle", flags=("too short",))
    x = number - number.mean()
    power = float(x @ x)
    slope = float(x @ each) / power
    rest = each - each.mean() - slope * x
    spread = math.sqrt(float(rest @ rest) / (n - 2))
    std = spread / math.sqrt(power) * student(n - 2)
    parts = {f"~scatter of the trend{mark}": std} if std else {}
    return spread, n - 2, from_si(slope, "%/cycle", parts)


def _first(
    every: Sequence[Cycle], area: Quantity | None, accuracy: Accuracy, mark: str
) -> dict[str, Quantity]:
    """Efficiency and loss of cycle 1, and the charge of a plating."""
    first = every[0]
    ratio = first.efficiency
    end = f"~end of the first strip{mark}"
    parts = {MISMATCH: accuracy.mismatch * ratio, end: first.missed / first.plate.charge}
    efficiency = from_si(ratio, "%", {k: v for k, v in parts.items() if v}, how="measured")
    lost, stripped = first.plate.charge - first.strip.charge, first.strip.charge
    parts = {
        GAIN: accuracy.gain * lost,
        MISMATCH: -accuracy.mismatch * stripped,
        end: -first.missed,
    }
    loss = from_si(lost, "mAh", {k: v for k, v in parts.items() if v}, how="measured")
    usual = float(np.median([c.plate.charge for c in every]))
    plated = from_si(usual, "mAh", {GAIN: accuracy.gain * usual} if accuracy.gain else {},
                     how="measured")  # fmt: skip
    if not first.complete:
        efficiency, loss = efficiency.flagged("lower bound"), loss.flagged("upper bound")
    return {
        "first_efficiency": efficiency.given(cycle="1", protocol="conventional"),
        "first_loss": _per(loss, area).given(cycle="1"),
        "plated": _per(plated, area),
    }


def _per(charge: Quantity, area: Quantity | None) -> Quantity:
    if area is None:
        return charge
    made = derive(lambda Q, A: Q / A, "mAh/cm^2", Q=charge, A=area)
    return made.flagged(*charge.flags)


def _overpotentials(first: Cycle, accuracy: Accuracy, mark: str) -> dict[str, Quantity]:
    """Spike and plateau of the first plating."""
    plating, condition = first.plating, {"cycle": "1"}
    noise = f"~noise of the plateau{mark}"
    zero = {ZERO: accuracy.zero} if accuracy.zero else {}
    plateau = from_si(
        plating.plateau, "mV", zero | ({noise: plating.plateau_std} if plating.plateau_std else {}),
        how="measured", conditions=condition,
    )  # fmt: skip
    spike = plating.spike
    if spike is None:
        none = Quantity(None, "mV", flags=("not identifiable", "no spike"), conditions=condition)
        return {
            "plateau_overpotential": plateau,
            "nucleation_minimum": none,
            "nucleation_overpotential": none,
        }
    own = {f"~noise of the spike{mark}": spike.top_std} if spike.top_std else {}
    top = from_si(spike.top, "mV", zero | own, how="measured", conditions=condition)
    over = (top - plateau).given(
        cycle="1", definition="spike less mass-transfer-controlled plateau"
    )
    over = Quantity(
        over.value, over.unit, {k: v for k, v in over.components.items() if v}, "derived",
        over.conditions, over.flags,
    )  # fmt: skip
    if not spike.resolved:
        top, over = top.flagged("lower bound"), over.flagged("lower bound")
    return {
        "plateau_overpotential": plateau,
        "nucleation_minimum": top,
        "nucleation_overpotential": over,
    }


def _life(every: Sequence[Cycle], first: int, limit: float) -> Quantity:
    """Cycles before the efficiency falls below ``limit`` and stays there."""
    later = [c for c in every if c.number >= first and c.usable]
    condition = {"limit": f"{100 * limit:.4g} %"}
    for k, cycle in enumerate(later):
        if all(c.efficiency < limit for c in later[k : k + STAY]):
            return Quantity(float(cycle.number - 1), "1", how="measured", conditions=condition)
    flags = ("lower bound",)
    number = later[-1].number if later else len(every)
    return Quantity(float(number), "1", how="measured", conditions=condition, flags=flags)


def merged(each: Sequence[dict[str, Quantity]]) -> tuple[dict[str, Quantity], dict[str, Quantity]]:
    """One cell's quantities as they are; means, standard deviations and n of several."""
    if len(each) == 1:
        return dict(each[0]), {}
    made: dict[str, Quantity] = {}
    more: dict[str, Quantity] = {"n": Quantity(float(len(each)), "1", how="derived")}
    for name, first in each[0].items():
        known = [own[name] for own in each if own[name].value is not None]
        if len({k.unit for k in known}) > 1:
            raise InputError(
                "some files state an area and some do not", where="area", remedy="give the area"
            )
        if len(known) < 2:
            made[name] = known[0] if known else first
            continue
        both = mean(name, known)
        made[name], more[f"{name}_sd"] = both[name], both[f"{name}_sd"]
    return made, more


def cycle_table(cells: Sequence[CellReading]) -> Table:
    """Every cycle of every cell."""
    rows = [(cell, cycle) for cell in cells for cycle in cell.found.every]
    efficiency = [
        from_si(
            c.efficiency, "%",
            {MISMATCH: cell.accuracy.mismatch * c.efficiency,
             "~end of the strip[*]": c.missed / c.plate.charge},
        )
        for cell, c in rows
    ]  # fmt: skip
    plain: dict[str, Sequence[Any]] = {
        "cell": [cell.name for cell, _ in rows],
        "cycle": [c.number for _, c in rows],
        "plated": [c.plate.charge / 3.6 for _, c in rows],
        "stripped": [c.strip.charge / 3.6 for _, c in rows],
        "integrated_plated": [c.plate.integrated / 3.6 for _, c in rows],
        "integrated_stripped": [c.strip.integrated / 3.6 for _, c in rows],
        "end_potential": [c.strip.end_potential for _, c in rows],
        "plateau_overpotential": [1e3 * c.plating.plateau for _, c in rows],
        "nucleation_overpotential": [
            None if c.plating.spike is None else 1e3 * (c.plating.spike.top - c.plating.plateau)
            for _, c in rows
        ],
        "spike_resolved": [c.plating.spike is not None and c.plating.spike.resolved
                           for _, c in rows],
        "complete": [c.complete for _, c in rows],
        "usual_charge": [c.alike for _, c in rows],
        "counted": [c.number in cell.chosen for cell, c in rows],
        "hints": ["; ".join(c.hints) for _, c in rows],
    }  # fmt: skip
    units = dict.fromkeys(("plated", "stripped", "integrated_plated", "integrated_stripped"), "mAh")
    units |= {"end_potential": "V", "plateau_overpotential": "mV", "nucleation_overpotential": "mV"}
    return Table.of_quantities(plain, {"coulombic_efficiency": efficiency}, units)


def cell_table(cells: Sequence[CellReading]) -> Table:
    """The quantities of each cell."""
    plain: dict[str, Sequence[Any]] = {
        "cell": [cell.name for cell in cells],
        "cycles": [len(cell.found.every) for cell in cells],
        "counted": [cell.counted for cell in cells],
    }
    names = cells[0].quantities
    return Table.of_quantities(plain, {n: [cell.quantities[n] for cell in cells] for n in names})


def profile_table(cell: CellReading) -> Table:
    """Potential over charge of the first and of the last counted cycle."""

    columns: dict[str, list[Any]] = {"cycle": [], "kind": [], "charge": [], "potential": []}
    per = 3.6 if cell.area is None else 3.6 * 1e4 * cell.area.si
    for number in dict.fromkeys((1, cell.chosen[-1])):
        cycle = cell.found.every[number - 1]
        for kind, half in (("plating", cycle.plate), ("stripping", cycle.strip)):
            rows = rows_of(cell.record, half)
            passed = passed_by(cell.record, rows, half) / per
            columns["cycle"] += [number] * len(passed)
            columns["kind"] += [kind] * len(passed)
            columns["charge"] += passed.tolist()
            columns["potential"] += cell.record.potential[rows].tolist()
    unit = "mAh" if cell.area is None else "mAh/cm^2"
    return Table.of(columns, {"charge": unit, "potential": "V"})
