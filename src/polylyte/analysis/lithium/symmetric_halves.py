"""Half cycles of a symmetric lithium cell: their charge, overpotential and shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from polylyte.analysis.lithium.half_cycles import REST
from polylyte.core.errors import NotAnswerable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polylyte.instruments.cycling import CyclingRecord

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]

MIDDLE = (0.25, 0.75)
"""Shares of a half cycle's charge between which its plateau is averaged …"""
RISING = 0.2
"""… from which on its shape is told (nucleation lies before) …"""
END = 0.95
"""… and from which on its end is averaged."""
EDGE = 1e-6
"""Rounding of shares of charge."""
LEAST_SAMPLES = 8
"""A half cycle of fewer samples tells no shape and no short."""


@dataclass(frozen=True, eq=False)
class Half:
    """One half cycle, per area and SI; ``overpotential`` is positive where it drives the current.

    ``time`` in s since the record began, ``share`` of the charge passed (0 to 1). A sample's
    value is that at the end of its interval.
    """

    number: int
    sign: float
    time: Floats
    overpotential: Floats
    share: Floats
    begin: float
    """When the current began: the sample before the first one."""
    density: float
    """Mean of |current| over the area, A/m²."""
    spread: float
    """Relative standard deviation of the current."""
    charge: float
    """Per area, C/m², from the counter."""
    jumps: tuple[float, ...]
    """Potential lost in one sample at each interruption of the current, V."""
    gap: float
    """The longest of these samples after an interruption, s; 0 where there is none."""

    @property
    def duration(self) -> float:
        return float(self.time[-1]) - self.begin

    @cached_property
    def plateau(self) -> float:
        """Mean overpotential of the middle half of the charge, V."""
        chosen = self._middle
        values = self.overpotential[chosen] if chosen.any() else self.overpotential
        return float(values.mean())

    @property
    def samples_of_plateau(self) -> int:
        return max(1, int(self._middle.sum()))

    @property
    def _middle(self) -> NDArray[np.bool_]:
        return np.asarray(
            (self.share >= MIDDLE[0] - EDGE) & (self.share <= MIDDLE[1] + EDGE), dtype=bool
        )

    @property
    def late(self) -> NDArray[np.bool_]:
        """Samples after nucleation."""
        return np.asarray(self.share >= RISING - EDGE, dtype=bool)

    @property
    def end(self) -> float:
        """Mean overpotential of the last 5 % of the charge, V."""
        return float(self.overpotential[self.share >= END - EDGE].mean())

    @property
    def resistance(self) -> float:
        """Plateau over current density, Ω m²."""
        return self.plateau / self.density

    @cached_property
    def shape(self) -> tuple[float, float]:
        """Rise of the last 80 % over the plateau, and how far its ends lie above its middle.

        A straight line through η over the share of charge from 0.2 on gives the first (arcing:
        concentration polarisation makes it positive); a parabola's end points less its centre,
        over the plateau, the second (positive: peaks at both ends; negative: an arch).
        """
        late = self.late
        level = self.plateau
        if late.sum() < LEAST_SAMPLES or level == 0:
            return math.nan, math.nan
        x, v = self.share[late], self.overpotential[late]
        x = (x - RISING) / (1 - RISING) * 2 - 1
        away, moved = x - x.mean(), v - v.mean()
        slope = float(away @ moved) / float(away @ away)
        # What is left of x² beside a straight line: least squares of a parabola in two steps.
        bend = x**2 - (x**2).mean()
        bend -= away * (float(away @ bend) / float(away @ away))
        return 2 * slope / level, float(bend @ moved) / float(bend @ bend) / level


def halves_of(record: CyclingRecord, area: float) -> list[Half]:
    """Cut a record where the current changes sign; rests are left out, interruptions kept.

    Raises:
        NotAnswerable: no current flows, or the potential opposes it.
    """
    largest = float(np.abs(record.current).max())
    if largest == 0.0:
        raise NotAnswerable("no current flows in this record", where=record.name or None)
    sign = np.where(np.abs(record.current) < REST * largest, 0, np.sign(record.current))
    active = np.flatnonzero(sign)
    runs = np.split(active, np.flatnonzero(np.diff(sign[active])) + 1)
    made: list[Half] = []
    before = 0.0
    assert record.charge is not None  # the record integrates where the file has no counter
    for run in runs:
        if run.size > 1:
            # A record may begin under current: its first interval lies behind its first sample.
            start = int(run[0]) - 1
            origin = before if start < 0 else float(record.charge[start])
            made.append(_half(record, run, len(made), origin, area, float(sign[run[0]])))
        before = float(record.charge[run[-1]])
    drive = sum(h.plateau * h.duration for h in made)
    if drive < 0:
        raise NotAnswerable(
            "the potential has the sign opposite to the current's: this is not the potential "
            "that drives it",
            where=record.name or None,
            remedy="export the potential of the cell, or with its sign turned",
        )
    return made


def _half(
    record: CyclingRecord, run: Indices, number: int, origin: float, area: float, sign: float
) -> Half:
    assert record.charge is not None
    time, flow = record.time[run], np.abs(record.current[run])
    usual = float(np.median(np.diff(time)))
    first = int(run[0])
    lead = min(float(time[0] - record.time[first - 1]), 2 * usual) if first else 0.0
    passed = np.abs(record.charge[run] - origin)
    if not record.has_counter or passed[-1] <= 0:
        # Trapezoids would take a change of sign for an interval without current.
        inside = record.integrated_charge[run]
        passed = np.abs(inside - inside[0]) + lead * flow[0]
    jumps, gap = _interruptions(record, run, sign)
    total = float(passed[-1])
    return Half(
        number=number,
        sign=sign,
        time=time,
        overpotential=sign * record.potential[run],
        share=passed / total if total > 0 else np.linspace(0, 1, run.size),
        begin=float(time[0]) - lead,
        density=float(flow.mean()) / area,
        spread=float(flow.std() / flow.mean()),
        charge=total / area,
        jumps=jumps,
        gap=gap,
    )


def _interruptions(
    record: CyclingRecord, run: Indices, sign: float
) -> tuple[tuple[float, ...], float]:
    """Falls of the potential in the first sample of each interruption, rest at the end too."""
    last = len(record.time) - 1
    stops = [int(k) for k in run[:-1][np.diff(run) > 1]] + [int(run[-1])]
    found, gap = [], 0.0
    for stop in stops:
        after = stop + 1
        if after > last or abs(record.current[after]) > REST * abs(record.current[stop]):
            continue
        found.append(sign * float(record.potential[stop] - record.potential[after]))
        gap = max(gap, float(record.time[after] - record.time[stop]))
    return tuple(found), gap


def noise_of(halves: Sequence[Half]) -> float:
    """Standard deviation of one sample's potential, V: by second differences, robustly.

    The median over half cycles, so that a few erratic ones do not set it.
    """
    each = [n for h in halves if (n := own_noise(h, robust=True)) is not None]
    return float(np.median(each)) if each else 0.0


def own_noise(half: Half, *, robust: bool) -> float | None:
    """Noise of one half cycle after its nucleation, V; None where it has too few samples.

    By the median of its second differences (``robust``: half of the samples may be odd) or by
    their upper fifth.
    """
    late = half.overpotential[half.late]
    if late.size < LEAST_SAMPLES:
        return None
    second = np.diff(late, 2)
    if robust:
        return 1.4826 * float(np.median(np.abs(second))) / math.sqrt(6)
    # The quantile that a normal distribution has at 1.2816: a step or two do not move it.
    return float(np.quantile(np.abs(second), 0.8)) / 1.2816 / math.sqrt(6)


def steps_of(halves: Sequence[Half], tolerance: float = 0.02) -> list[list[Half]]:
    """Consecutive half cycles of one current density (within ``tolerance``)."""
    made: list[list[Half]] = []
    for half in halves:
        if made and abs(half.density / made[-1][0].density - 1) <= tolerance:
            made[-1].append(half)
        else:
            made.append([half])
    return made
