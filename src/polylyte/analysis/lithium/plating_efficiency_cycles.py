"""Cycles of conventional Li|Cu cycling: charges, plateaus, nucleation, hints of shorts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from polylyte.analysis.lithium.half_cycles import HalfCycle, half_cycles, protocol, spoken
from polylyte.analysis.transference.transients import correlation_length
from polylyte.core.errors import NotAnswerable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polylyte.instruments.cycling import CyclingRecord

    Floats = NDArray[np.float64]

ALIKE = 0.02
"""Platings of one record agree within this fraction of their median; others are not counted."""
REACHED = 0.98
"""Share of the cut-off that the last sample of a strip must have reached."""
PLATEAU = (0.5, 0.95)
"""Part of the plated charge over which the mass-transfer-controlled plateau is averaged."""
EARLY = 0.3
"""The spike lies in this first part of a plating."""
TOP = 0.8
"""Samples above this share of the spike's height give its top."""
SPIKE = 4.0
"""Standard deviations of the noise by which a spike must stand out."""
LEAST = 5
"""Samples that the top of a spike needs."""
COLLAPSE = 0.5
"""A plateau below this share of the median of the earlier ones hints at a soft short …"""
DROP = 0.3
"""… so does a fall between neighbouring samples of a plateau by this share of it …"""
JUMP = 6.0
"""… so does an efficiency this many (robust) standard deviations from the earlier ones …"""
LEAST_JUMP = 0.01
"""… and at least this far from them."""
BEFORE = 8
"""Cycles that a jump is judged by."""


@dataclass(frozen=True)
class Spike:
    """Overpotential (V) at the top of the nucleation spike; ``resolved``: samples on both sides."""

    top: float
    top_std: float
    charge: float
    """Charge passed there, C."""
    resolved: bool


@dataclass(frozen=True)
class Plating:
    """Overpotential of a plating, V."""

    plateau: float
    plateau_std: float
    noise: float
    spike: Spike | None


@dataclass(frozen=True)
class Cycle:
    """One plating and the strip after it; charges in C."""

    number: int
    plate: HalfCycle
    strip: HalfCycle
    plating: Plating
    complete: bool
    """The strip met the cut-off."""
    alike: bool
    """The plating passed the charge of the others."""
    missed: float
    """Standard uncertainty of the stripped charge from the end of the strip and from time, C."""
    drop: float
    """Largest fall between neighbouring samples of its plateaus, over the plateau."""
    hints: tuple[str, ...] = ()

    @property
    def efficiency(self) -> float:
        return self.strip.charge / self.plate.charge

    @property
    def usable(self) -> bool:
        return self.complete and self.alike


@dataclass(frozen=True)
class Cycles:
    """All cycles of a record; ``left_over``: a last plating without its strip."""

    every: Sequence[Cycle]
    left_over: bool


def read_cycles(record: CyclingRecord, cut_off: float, mismatch: float) -> Cycles:
    """The cycles of a record.

    Raises:
        NotAnswerable: no plating and stripping in turn, another protocol, or no strip that ends
            at the cut-off.
    """
    halves = half_cycles(record)
    where = record.name or None
    _refuse_other_protocols(halves, where)
    pairs = list(zip(halves[0::2], halves[1::2], strict=False))
    usual = float(np.median([plate.charge for plate, _ in pairs]))
    every = [
        _cycle(record, k + 1, plate, strip, usual, cut_off)
        for k, (plate, strip) in enumerate(pairs)
    ]
    if not any(cycle.usable for cycle in every):
        ends = max(cycle.strip.end_potential for cycle in every)
        raise NotAnswerable(
            f"no strip ends at the cut-off of {cut_off:.3g} V: the highest ends at {ends:.3g} V",
            where=where,
            remedy="state the cut_off of the protocol",
        )
    return Cycles(_hinted(every, mismatch), len(halves) % 2 == 1)


def _refuse_other_protocols(halves: Sequence[HalfCycle], where: str | None) -> None:
    if len(halves) < 2:
        raise NotAnswerable(
            f"this is no cycling of lithium on copper; seen: {spoken(halves)}", where=where
        )
    if any(half.plating != (k % 2 == 0) for k, half in enumerate(halves)):
        raise NotAnswerable(
            f"plating and stripping do not alternate; seen: {spoken(halves)}", where=where
        )
    try:
        found = protocol(halves)
    except NotAnswerable:
        return
    cycled = halves[found.strips[0]].charge
    if halves[found.reservoir].charge > 1.5 * cycled:
        raise NotAnswerable(
            "this is the modified Aurbach protocol (a reservoir, smaller cycles, a final strip)",
            where=where,
            remedy="use lithium.aurbach",
        )


def _cycle(
    record: CyclingRecord,
    number: int,
    plate: HalfCycle,
    strip: HalfCycle,
    usual: float,
    cut_off: float,
) -> Cycle:
    rows = [rows_of(record, half) for half in (plate, strip)]
    drops = [_drop(record, part, half) for part, half in zip(rows, (plate, strip), strict=True)]
    missed = _past_cut_off(strip, cut_off)
    if not record.has_counter:
        # Each half cycle begins somewhere within the interval before its first sample.
        missed = math.hypot(missed, plate.last_interval / 6**0.5)
    return Cycle(
        number=number,
        plate=plate,
        strip=strip,
        plating=_plating(record, rows[0], plate),
        complete=strip.end_potential >= REACHED * cut_off,
        alike=abs(plate.charge / usual - 1) <= ALIKE,
        missed=missed,
        drop=max(drops),
    )


def rows_of(record: CyclingRecord, half: HalfCycle) -> slice:
    """Rows of the record that belong to a half cycle."""
    first, last = np.searchsorted(record.time, [half.begin, half.end])
    return slice(int(first), int(last) + 1)


def _past_cut_off(strip: HalfCycle, cut_off: float) -> float:
    """Charge between the last sample and the cut-off, by the slope at the end, C."""
    off = abs(cut_off - strip.end_potential)
    if off < strip.last_rise:
        return strip.last_interval * off / strip.last_rise
    return strip.last_interval if off else 0.0


def passed_by(record: CyclingRecord, rows: slice, half: HalfCycle) -> Floats:
    """Charge passed since the half cycle began at each of its samples, C."""
    assert record.charge is not None
    charge = record.charge[rows]
    return np.asarray(half.charge - np.abs(charge[-1] - charge))


def _overpotential(record: CyclingRecord, rows: slice) -> Floats:
    """Potential that drives the current, V: positive where it has the current's sign."""
    return np.asarray(np.sign(record.current[rows]) * record.potential[rows])


def _drop(record: CyclingRecord, rows: slice, half: HalfCycle) -> float:
    share = passed_by(record, rows, half) / half.charge
    flat = _overpotential(record, rows)[(share > EARLY) & (share < 0.9)]
    if flat.size < 2 or half.plateau == 0.0:
        return 0.0
    return float(-np.diff(flat).min(initial=0.0)) / half.plateau


def _plating(record: CyclingRecord, rows: slice, half: HalfCycle) -> Plating:
    passed, over = passed_by(record, rows, half), _overpotential(record, rows)
    share = passed / half.charge
    flat = (share >= PLATEAU[0]) & (share <= PLATEAU[1])
    level = over[flat] if flat.sum() >= 3 else over[len(over) // 2 :]
    x = np.arange(len(level), dtype=float)
    line = np.polyfit(x, level, 1) if len(level) > 2 else np.array([0.0, level.mean()])
    rest = level - np.polyval(line, x)
    noise = float(np.sqrt(rest @ rest / max(len(level) - 2, 1)))
    plateau = float(level.mean())
    std = noise * math.sqrt(correlation_length(rest) / len(level))
    early = (share <= EARLY) & (passed > 0)
    return Plating(plateau, std, noise, _spike(passed[early], over[early], plateau, noise))


def _spike(passed: Floats, over: Floats, plateau: float, noise: float) -> Spike | None:
    """Top of the spike: a polynomial in ln(charge) through the samples about it."""
    if len(over) < 2:
        return None
    at = int(over.argmax())
    height = float(over[at]) - plateau
    if height < SPIKE * noise or height <= 0:
        return None
    high = over - plateau >= TOP * height
    low = at - int(np.argmin(high[at::-1])) + 1 if not high[: at + 1].all() else 0
    beyond = np.flatnonzero(~high[at:])
    stop = at + int(beyond[0]) if len(beyond) else len(over)
    u, y = np.log(passed[low:stop] / passed[at]), over[low:stop]
    resolved = len(y) >= LEAST and at > 0 and low < at < stop - 1
    if not resolved:
        return Spike(float(over[at]), noise, float(passed[at]), False)
    degree = 4 if len(y) >= 10 else 3 if len(y) >= 7 else 2
    design = np.vander(u, degree + 1)
    inverse = np.linalg.inv(design.T @ design)
    solution = inverse @ (design.T @ y)
    grid = np.linspace(u[0], u[-1], 401)
    top = float(grid[np.polyval(solution, grid).argmax()])
    there = np.vander([top], degree + 1)[0]
    rest = y - design @ solution
    # The plateau knows the noise from more samples than the top has.
    freedom = max(len(y) - degree - 1, 1)
    spread = max(float(rest @ rest) / freedom, noise**2)
    std = math.sqrt(spread * float(there @ inverse @ there))
    return Spike(float(there @ solution), std, float(passed[at] * math.exp(top)), True)


def _hinted(every: Sequence[Cycle], mismatch: float) -> list[Cycle]:
    """The same cycles with what in each hints at a soft short."""
    made: list[Cycle] = []
    for cycle in every:
        earlier = [c for c in made if c.usable and not c.hints]
        hints = []
        plateaus = [c.plating.plateau for c in earlier]
        own = cycle.plating.plateau
        if len(earlier) >= 2 and own < COLLAPSE * float(np.median(plateaus)):
            hints.append(f"plates at {1e3 * own:.3g} mV")
        if cycle.drop > DROP:
            hints.append(f"its potential falls by {100 * cycle.drop:.0f} % at once")
        std = math.hypot(mismatch * cycle.efficiency, cycle.missed / cycle.plate.charge)
        if cycle.efficiency > 1 + 2 * std:
            hints.append(f"its efficiency is {100 * cycle.efficiency:.2f} %")
        last = np.array([c.efficiency for c in earlier[1:]][-20:])
        if len(last) >= BEFORE:
            middle = float(np.median(last))
            scale = 1.4826 * float(np.median(np.abs(last - middle)))
            if abs(cycle.efficiency - middle) > max(JUMP * scale, LEAST_JUMP):
                hints.append(
                    f"its efficiency jumps from {100 * middle:.2f} to "
                    f"{100 * cycle.efficiency:.2f} %"
                )
        made.append(replace(cycle, hints=tuple(hints)))
    return made
