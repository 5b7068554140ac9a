"""A staircase of current densities: its steps, how each was sustained, where the cell fails."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from polylyte.analysis.cycling.cycles import student
from polylyte.analysis.lithium.critical_current_cells import Bracket
from polylyte.analysis.lithium.shorts import Short, find_shorts
from polylyte.analysis.lithium.symmetric_halves import Half, halves_of, steps_of
from polylyte.analysis.lithium.symmetric_words import unlike
from polylyte.core.errors import NotAnswerable

if TYPE_CHECKING:
    from polylyte.core.quantities import Quantity
    from polylyte.instruments.cycling import CyclingRecord

Criterion = Literal["any", "voltage drop", "cut-off", "noise"]
SAME = 0.02
"""Relative difference of currents that are one step."""
CONSTANT = 0.03
"""Relative spread of times, or of charges, that are one over all steps."""
CUT_SHORT = 0.95
"""Share of the usual time or charge below which a half cycle was ended by a limit."""
RUNS_AWAY = 2.0
"""Times its value after nucleation that a potential reaches at least before a limit ends it."""
LEAST_STEPS = 3
LEAST_DEPARTURE = 0.05
"""Relative departure of the overpotential from proportionality that is worth a word …"""
DEPARTURE_ALPHA = 0.01
"""… and the probability that chance alone makes one in a staircase."""
ZERO_STEPS = 3
"""First steps from which the voltmeter's zero is taken."""


@dataclass(frozen=True, eq=False)
class Step:
    """Half cycles of one current density (A/m²); ``failure`` is empty where it was sustained."""

    halves: Sequence[Half]
    failure: str = ""
    detail: str = ""

    @property
    def density(self) -> float:
        return float(np.mean([h.density for h in self.halves]))

    @property
    def overpotential(self) -> float:
        """Mean plateau of both directions, V."""
        return float(np.mean([h.plateau for h in self.halves]))

    @property
    def resistance(self) -> float:
        return self.overpotential / self.density

    @property
    def charge(self) -> float:
        return float(np.median([h.charge for h in self.halves]))

    @property
    def duration(self) -> float:
        return float(np.median([h.duration for h in self.halves]))


@dataclass(frozen=True, eq=False)
class Staircase:
    """One cell's staircase. ``failing`` is the index of the first step not sustained, or None."""

    name: str
    record: CyclingRecord
    area: Quantity
    steps: Sequence[Step]
    failing: int | None
    protocol: str
    shorts: Sequence[Short]
    zero: float
    linear: int
    """Number of first steps whose overpotential is proportional to the current …"""
    departs: int | None
    """… and the first that is not."""
    ignored: int = 0
    """Half cycles after the largest current that are left out."""
    mark: str = ""

    @property
    def bracket(self) -> Bracket:
        if self.failing is None:
            return Bracket(self.steps[-1].density, math.inf)
        low = 0.0 if self.failing == 0 else self.steps[self.failing - 1].density
        return Bracket(low, self.steps[self.failing].density)

    @property
    def sustained(self) -> Sequence[Step]:
        return self.steps[: len(self.steps) if self.failing is None else self.failing]

    @property
    def criterion(self) -> str:
        return "" if self.failing is None else self.steps[self.failing].failure


def staircase(
    name: str,
    record: CyclingRecord,
    area: Quantity,
    criterion: Criterion,
    cut_off: float | None,
    least_fall: float,
    false_alarms: float,
    electrolyte: float | None,
    mark: str,
) -> Staircase:
    """Read a record as a staircase.

    Raises:
        NotAnswerable: fewer than three current densities that grow, or unlike electrodes.
    """
    halves = halves_of(record, area.si)
    unlike(halves, record)
    groups = _rising(steps_of(halves, SAME), record)
    used = [h for group in groups for h in group]
    zero = _zero(groups)
    used = [replace(h, overpotential=h.overpotential - h.sign * zero) for h in used]
    groups = steps_of(used, SAME)
    shorts = find_shorts(
        used, least_fall=least_fall, false_alarms=false_alarms, electrolyte=electrolyte,
        signs=("fall", "level", "erratic"),
    )  # fmt: skip
    protocol = _protocol(groups)
    steps = [_judged(g, groups[:k], shorts, criterion, cut_off, protocol)
             for k, g in enumerate(groups)]  # fmt: skip
    failing = next((k for k, s in enumerate(steps) if s.failure), None)
    linear, departs = _linear(steps[:failing])
    return Staircase(
        name, record, area, steps, failing, protocol, shorts, zero, linear, departs,
        len(halves) - len(used), mark,
    )  # fmt: skip


def _rising(groups: list[list[Half]], record: CyclingRecord) -> list[list[Half]]:
    """Steps up to the largest current density.

    Raises:
        NotAnswerable: fewer than three, or they do not grow.
    """
    densities = [float(np.mean([h.density for h in group])) for group in groups]
    top = int(np.argmax(densities)) + 1
    up = densities[:top]
    if len(up) < LEAST_STEPS or any(b <= a for a, b in pairwise(up)):
        said = ", ".join(f"{d / 10:.3g}" for d in densities[:6])
        more = " …" if len(densities) > 6 else ""
        raise NotAnswerable(
            f"this is no staircase of growing current densities: {said}{more} mA cm⁻²",
            where=record.name or None,
            remedy=f"give at least {LEAST_STEPS} steps upward; cycling at one current density "
            "goes into lithium.symmetric",
        )
    return groups[:top]


def _zero(groups: Sequence[Sequence[Half]]) -> float:
    """Half of what one direction has more than the other in the first steps, V."""
    found = []
    for group in groups[:ZERO_STEPS]:
        up, down = ([h.plateau for h in group if h.sign == sign] for sign in (1.0, -1.0))
        if up and down:
            found.append((float(np.median(up)) - float(np.median(down))) / 2)
    return float(np.median(found)) if found else 0.0


def _protocol(groups: Sequence[Sequence[Half]]) -> str:
    """Which of time and charge of a half cycle is the same at every step.

    Their medians over the steps: a step that a limit ended early does not count.
    """
    charges = np.array([np.median([h.charge for h in g]) for g in groups])
    times = np.array([np.median([h.duration for h in g]) for g in groups])
    for words, values in (("constant time", times), ("constant capacity", charges)):
        away = np.abs(values / np.median(values) - 1)
        if np.mean(away <= CONSTANT) > 0.5:
            return words
    return "neither time nor capacity constant"


def _judged(
    group: Sequence[Half],
    before: Sequence[Sequence[Half]],
    shorts: Sequence[Short],
    criterion: Criterion,
    cut_off: float | None,
    protocol: str,
) -> Step:
    """The step with its failure, the earliest where there are several."""
    first, last = group[0].number, group[-1].number
    found: list[tuple[float, str, str]] = []
    limited = {h.number: r for h in group if (r := _limited(h, before, cut_off, protocol))}
    found += [(h.begin, "cut-off", limited[h.number]) for h in group if h.number in limited]
    own = [s for s in shorts if s.first <= last and s.last >= first]
    for short in own:
        # A potential that runs away to its limit looks erratic, and what follows it low.
        if limited and "fall" not in short.signs and min(limited) <= max(short.first, first):
            continue
        noisy = "erratic" in short.signs and "level" not in short.signs
        kind = "noise" if noisy else "voltage drop"
        detail = ", ".join(short.signs)
        lost = f" by {100 * short.fall:.3g} %" if short.fall else ""
        away = [h for h in group if h.number == short.first and _runs_away(h)]
        if away and "fall" not in short.signs:
            top = float(np.max(away[0].overpotential))
            kind, detail, lost = "cut-off", f"runs away to {top:.3g} V", ""
        found.append((max(short.time, group[0].begin), kind, f"{detail}{lost}"))
    wanted = [f for f in found if criterion in ("any", f[1])]
    if not wanted:
        return Step(group)
    _, kind, detail = min(wanted)
    return Step(group, kind, detail)


def _limited(
    half: Half, before: Sequence[Sequence[Half]], cut_off: float | None, protocol: str
) -> str:
    """Why a half cycle was ended by a limit of the potential; empty where it was not."""
    top = float(np.max(half.overpotential))
    if cut_off is not None:
        return f"{top:.3g} V reaches the cut-off" if top >= cut_off else ""
    if not before:
        return ""
    by_time = protocol != "constant capacity"
    usual = np.median([h.duration if by_time else h.charge for group in before for h in group])
    own = half.duration if by_time else half.charge
    if own >= CUT_SHORT * usual or not _runs_away(half):
        return ""
    what = "time" if by_time else "charge"
    return f"ended at {100 * own / usual:.3g} % of the {what}, at {top:.3g} V"


def _runs_away(half: Half) -> bool:
    """Whether the potential has at least doubled since nucleation."""
    late = half.overpotential[half.late]
    return bool(late.size and half.overpotential[-1] >= RUNS_AWAY * abs(float(late[0])))


def _linear(steps: Sequence[Step]) -> tuple[int, int | None]:
    """How many first steps have one resistance, and the first that departs from it.

    Each step is compared with the mean of those before it by a prediction interval.
    """
    from scipy.stats import t

    values = np.array([s.resistance for s in steps])
    for k in range(LEAST_STEPS, len(values)):
        past = values[:k]
        spread = float(past.std(ddof=1)) * math.sqrt(1 + 1 / k)
        limit = float(t.isf(DEPARTURE_ALPHA / 2 / len(values), k - 1)) * spread
        away = abs(float(values[k]) - float(past.mean()))
        if away > max(limit, LEAST_DEPARTURE * float(past.mean())):
            return k, k
    return len(values), None


def slope(case: Staircase) -> tuple[float, float] | None:
    """Area-specific resistance of the proportional steps and its standard error, Ω m².

    The mean of η/J weighs relative errors alike; None where no step was sustained.
    """
    values = np.array([s.resistance for s in case.sustained[: case.linear]])
    if not values.size:
        return None
    if values.size < 2:
        return float(values[0]), 0.0
    error = float(values.std(ddof=1)) / math.sqrt(values.size) * student(values.size - 1)
    return float(values.mean()), error
