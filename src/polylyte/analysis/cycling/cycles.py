"""Cycles of a record: charge, energy and end of every charge and discharge, by a named rule."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from polylyte.core.errors import InputError, NotAnswerable
from polylyte.instruments.cycling import REST, half_cycles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polylyte.instruments.cycling import CyclingRecord

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

CycleRule = Literal["cycler", "charge first", "discharge first"]
Steps = Literal["all", "largest"]
END = 0.02
"""V from the usual end within which the last half cycle of a record counts as finished."""
USUAL = 3
"""Half cycles of one direction from which the usual end is taken."""
LEAD = 3
"""Intervals before the first sample of a half cycle within which its current flowed already."""
MIDDLE = 0.05
"""Share of a half cycle on either side of its middle whose points give the potential there."""


@dataclass(frozen=True, eq=False)
class Rows:
    """What each row of a record belongs to.

    ``direction`` is +1 for charge, -1 for discharge; rest belongs to what was before. ``flowing``
    says whether it is not rest. ``counted`` is the charge (C, signed) since the row before by the
    instrument's counter, ``integrated`` by the current, ``energy`` (J, signed) by the counter.
    """

    direction: Integers
    flowing: NDArray[np.bool_]
    cycle: Integers
    counted: Floats
    integrated: Floats
    energy: Floats


@dataclass(frozen=True, eq=False)
class Cycles:
    """One value per cycle; charges in C and energies in J, positive."""

    rows: Rows
    rule: str
    number: Integers
    charge: Floats
    discharge: Floats
    integrated_charge: Floats
    integrated_discharge: Floats
    charge_energy: Floats
    discharge_energy: Floats
    charge_current: Floats
    """Mean of the current over the charge passed, A."""
    discharge_current: Floats
    halves: Integers
    """Charges and discharges in the cycle."""
    complete: NDArray[np.bool_]
    several_steps: NDArray[np.bool_]
    """Whether a direction has more than one step under current."""
    span: tuple[Integers, Integers]
    """First row of each cycle, and the one after its last."""

    def __len__(self) -> int:
        return len(self.number)

    def at(self, number: int, where: str) -> int:
        """The place of the cycle of this number.

        Raises:
            InputError: there is no such cycle, or it is not complete.
        """
        found = np.flatnonzero(self.number == number)
        whole = self.number[self.complete]
        if not len(found):
            raise InputError(
                f"there is no cycle {number} in this record",
                where=where,
                remedy=f"its complete cycles are {_spoken(whole)}",
            )
        if not self.complete[found[0]]:
            raise InputError(
                f"cycle {number} is not complete",
                where=where,
                remedy=f"complete are {_spoken(whole)}",
            )
        return int(found[0])


def _spoken(numbers: Integers) -> str:
    if not len(numbers):
        return "none"
    return f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else f"{numbers[0]}"


def cycles(record: CyclingRecord, *, rule: CycleRule = "cycler", steps: Steps = "all") -> Cycles:
    """Cut a record into cycles and sum up each of them.

    ``rule`` "cycler" takes the numbers of the file (where it has none, two half cycles that begin
    with the first to flow are one cycle); "charge first" and "discharge first" begin a cycle with
    each charge or discharge. Cycles count from 1; a counter that begins at 0 is raised by one.
    ``steps`` "all" sums all steps of a direction in a cycle, "largest" takes the longest alone,
    as the peak of a counter does that starts again with each step.

    Charges are those of the instrument's counter; the integral of the current is beside them.
    A last half cycle that stops more than 20 mV from where the others end is not complete.

    Raises:
        NotAnswerable: no current flows, or in one direction only.
    """
    rows, said = _rows(record, rule)
    if not rows.flowing.any():
        raise NotAnswerable("no current flows in this record", where=record.name or None)
    moving = rows.direction[rows.flowing]
    if len(set(moving.tolist())) < 2:
        raise NotAnswerable(
            f"the cell is only {'charged' if moving[0] > 0 else 'discharged'} in this record",
            where=record.name or None,
            remedy="give a record with a charge and a discharge",
        )
    numbers, place = np.unique(rows.cycle, return_inverse=True)
    kept, several = _steps(record, rows, place, steps)
    sums: dict[tuple[str, int], Floats] = {
        (name, sign): np.bincount(place[use], sign * values[use], len(numbers)).astype(float)
        for sign in (1, -1)
        for use in [kept & (rows.direction == sign)]
        for name, values in (
            ("counted", rows.counted),
            ("integrated", rows.integrated),
            ("energy", rows.energy),
            ("current", rows.counted * record.current),
        )
    }
    flows = np.bincount(place, rows.flowing, len(numbers)) > 0
    halves = np.bincount(place, _begins(rows), len(numbers)).astype(np.int64)
    charge, discharge = (np.maximum(sums["counted", sign], 0.0) for sign in (1, -1))
    first, last = np.full(len(numbers), len(place)), np.zeros(len(numbers), dtype=np.int64)
    last[place] = np.arange(len(place))
    first[place[::-1]] = np.arange(len(place))[::-1]
    shift = 1 if numbers[0] == 0 and rule == "cycler" else 0
    return Cycles(
        rows=rows,
        rule=f"{said}, {'all steps' if steps == 'all' else 'the largest step'} of each direction",
        number=numbers[flows] + shift,
        charge=charge[flows],
        discharge=discharge[flows],
        integrated_charge=sums["integrated", 1][flows],
        integrated_discharge=sums["integrated", -1][flows],
        charge_energy=sums["energy", 1][flows],
        discharge_energy=sums["energy", -1][flows],
        charge_current=_over(sums["current", 1], charge)[flows],
        discharge_current=_over(sums["current", -1], -discharge)[flows],
        halves=halves[flows],
        complete=_complete(record, rows, place, charge, discharge)[flows],
        several_steps=several[flows],
        span=(first[flows], last[flows] + 1),
    )


def _over(a: Floats, b: Floats) -> Floats:
    """|a/b|; the sums of I·dq over the charge are positive for a current of one sign."""
    return np.asarray(np.abs(np.divide(a, b, out=np.zeros_like(a), where=b != 0)))


def _rows(record: CyclingRecord, rule: CycleRule) -> tuple[Rows, str]:
    current = record.current
    largest = float(np.abs(current).max(initial=0.0))
    flowing = np.abs(current) > REST * largest
    half = half_cycles(current)
    signs = np.zeros(int(half[-1]) + 1, dtype=np.int64)
    signs[half[flowing]] = np.sign(current[flowing]).astype(np.int64)
    direction = signs[half]
    assert record.charge is not None  # the record integrates where the file has no counter
    assert record.cycle is not None
    assert record.half_cycle is not None
    same = np.zeros(len(current), dtype=bool)
    same[1:] = flowing[1:] & flowing[:-1] & (direction[1:] == direction[:-1])
    before = np.concatenate([record.potential[:1], record.potential[:-1]])
    potential = np.where(same, (record.potential + before) / 2, record.potential)
    if rule == "cycler":
        cycle = record.cycle
        own = not np.array_equal(cycle, record.half_cycle // 2)
        said = (
            "cycles as the cycler numbers them"
            if own
            else "two half cycles are a cycle, the first to flow begins it"
        )
    else:
        wanted = 1 if rule == "charge first" else -1
        cycle = np.cumsum(signs == wanted)[half]
        said = f"each {rule.split()[0]} begins a cycle"
    integrated = _integrated(record, flowing, same)
    # Without a counter the record's own charge is trapezoids alone, also across a change of sign.
    counted = (
        np.diff(record.charge, prepend=_origin(record, bool(flowing[0])))
        if record.has_counter
        else integrated
    )
    return Rows(direction, flowing, cycle, counted, integrated, potential * counted), said


def _origin(record: CyclingRecord, flowing: bool) -> float:
    """Reading before the first row: zero where the record begins just after its counter did."""
    charge = record.charge
    assert charge is not None
    if not flowing or len(charge) < 2:
        return float(charge[0])
    begun = abs(float(charge[0])) <= 2 * abs(float(charge[1] - charge[0]))
    return 0.0 if begun else float(charge[0])


def _integrated(
    record: CyclingRecord, flowing: NDArray[np.bool_], same: NDArray[np.bool_]
) -> Floats:
    """Charge since the row before by the current: trapezoids within a half cycle.

    Where a half cycle begins, its current has flowed since the row before; where that is more
    than three of its next intervals away it is a rest, and one interval is taken.
    """
    interval = np.diff(record.time, prepend=record.time[0])
    following = np.append(interval[1:], interval[-1:])
    if flowing[0] and record.has_counter and _origin(record, True) == 0.0:
        interval[0] = following[0]
    before = np.concatenate([record.current[:1], record.current[:-1]])
    trapezoid = interval * (record.current + before) / 2
    lead = np.where(interval <= LEAD * following, interval, following)
    return np.where(same, trapezoid, np.where(flowing, lead * record.current, 0.0))


def _begins(rows: Rows) -> NDArray[np.bool_]:
    """Rows at which a charge or discharge, or its continuation in another cycle, begins."""
    at = np.flatnonzero(rows.flowing)
    new = np.ones(len(at), dtype=bool)
    new[1:] = (np.diff(rows.direction[at]) != 0) | (np.diff(rows.cycle[at]) != 0)
    found = np.zeros(len(rows.flowing), dtype=bool)
    found[at[new]] = True
    return found


def _steps(
    record: CyclingRecord, rows: Rows, place: Integers, steps: Steps
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Rows that count, and whether a cycle has several steps in one direction."""
    assert record.step is not None
    at = np.flatnonzero(rows.flowing)
    _, step = np.unique(record.step[at], return_inverse=True)
    # One number per cycle and direction, and one per step of it.
    half = 2 * place[at] + (rows.direction[at] > 0)
    count = int(step.max(initial=0)) + 1
    found, which = np.unique(half * count + step, return_inverse=True)
    owner = found // count
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    several = np.zeros(int(place.max()) + 1, dtype=bool)
    several[owner[np.diff(owner, prepend=-1) == 0] // 2] = True
    kept = np.ones(len(place), dtype=bool)
    if steps == "largest":
        size = np.abs(np.bincount(which, rows.counted[at]))
        groups = np.split(np.arange(len(found)), first[1:])
        largest = np.array([g[np.argmax(size[g])] for g in groups])
        kept[at] = np.isin(which, largest)
    return kept, several


def _complete(
    record: CyclingRecord, rows: Rows, place: Integers, charge: Floats, discharge: Floats
) -> NDArray[np.bool_]:
    """Cycles that are charged and discharged, the last one to the end."""
    complete: NDArray[np.bool_] = (charge > 0) & (discharge > 0)
    if not rows.flowing[-1]:
        return complete  # the record ends in a rest: its last step ended
    at = np.flatnonzero(rows.flowing)
    ends = at[np.flatnonzero(np.diff(rows.direction[at], append=0) != 0)]
    sign = int(rows.direction[-1])
    earlier = ends[rows.direction[ends] == sign][:-1]
    if len(earlier) >= USUAL:
        usual = float(np.median(record.potential[earlier]))
        short = sign * (usual - float(record.potential[-1]))
        scatter = float(np.median(np.abs(record.potential[earlier] - usual)))
        if short > max(END, 5 * scatter):
            complete[place[-1]] = False
    return complete


@dataclass(frozen=True, eq=False)
class Curve:
    """Charge passed (C, from 0) and potential (V) of one direction of one cycle."""

    charge: Floats
    potential: Floats
    passed: Floats
    """Charge since the row before, C …"""
    current: Floats
    """… and the current, A, signed."""


def curve(record: CyclingRecord, found: Cycles, index: int, sign: int) -> Curve:
    """The rows under current of the charge (``sign`` +1) or discharge (-1) of one cycle."""
    rows, part = found.rows, slice(int(found.span[0][index]), int(found.span[1][index]))
    own = rows.cycle[part]
    use = rows.flowing[part] & (rows.direction[part] == sign) & (own == own[0])
    passed = sign * rows.counted[part][use]
    return Curve(np.cumsum(passed), record.potential[part][use], passed, record.current[part][use])


def middle(half: Curve) -> tuple[float, float] | None:
    """Potential at half of the charge, by a line through the points about it, and its error."""
    if len(half.charge) < 3 or half.charge[-1] <= 0:
        return None
    x = half.charge / half.charge[-1] - 0.5
    near = np.abs(x) <= MIDDLE
    if near.sum() < 4:
        if not (x[0] < 0 < x[-1]):
            return None
        return float(np.interp(0.0, x, half.potential)), 0.0
    x, y = x[near], half.potential[near]
    design = np.column_stack([np.ones_like(x), x])
    solution = np.linalg.lstsq(design, y, rcond=None)[0]
    rest = y - design @ solution
    variance = float(rest @ rest) / (len(x) - 2)
    std = float(np.sqrt(variance * np.linalg.inv(design.T @ design)[0, 0]))
    return float(solution[0]), std * student(len(x) - 2)


def scatter(values: Floats) -> float | None:
    """Standard deviation of one value about its neighbours, relative to their mean.

    From second differences, which a steady fade leaves out, those beyond 4 robust standard
    deviations (a change of rate, an interruption) left out; widened where they are few (about
    half as many are independent). None for fewer than six values.
    """
    if len(values) < 6 or float(np.mean(values)) == 0.0:
        return None
    second = np.diff(values, 2) / np.mean(values)
    robust = 1.4826 * float(np.median(np.abs(second)))
    kept = second[np.abs(second) <= 4 * robust] if robust > 0 else second
    # Neighbouring second differences have correlations of -2/3 and 1/6.
    independent = round(len(kept) / (1 + 2 * (4 / 9 + 1 / 36)))
    return float(np.sqrt(np.mean(kept**2) / 6)) * student(max(independent, 1))


@cache
def student(degrees: int) -> float:
    """Factor by which a standard error from few values is widened, so that 1.96 times it is the
    95 % interval of Student's distribution."""
    from scipy.stats import t

    return float(t.ppf(0.975, degrees) / 1.959964)
