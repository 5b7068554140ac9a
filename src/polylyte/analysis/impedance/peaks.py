"""Peaks of a distribution of relaxation times, with what noise leaves of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from polylyte.analysis.impedance.elements import Real
from polylyte.analysis.impedance.relaxation import Relaxation

PROMINENT = 0.1
"""Of its height, at least, a peak rises above the higher of its valleys …"""
SURE = 2.0
"""… and by so many standard deviations of the distribution at its top …"""
SIDE_LOBE = 0.1
"""… and by this part of a neighbour's height, both over |Z|: smoothing rings about a narrow peak,
and what is lower is not told from that."""
SHARED = 0.5
"""Standard error of a resistance, over the tails that two neighbours have beyond their valley:
half of a tail belongs to the other as likely as not."""


@dataclass(frozen=True)
class Peak:
    """One relaxation: entries ``first`` to ``last`` of the distribution, valley to valley."""

    first: int
    last: int
    top: int
    resistance: float
    time_constant: float
    drawn_resistance: Real
    drawn_time: Real
    """ln τ of each draw."""
    shared: tuple[float, float] = (0.0, 0.0)
    """Resistance that the neighbour before and the one after may hide or have hidden, ohm."""

    @property
    def bias(self) -> float:
        """What smoothing once more adds to the resistance: an estimate of what it added, ohm."""
        return float(self.drawn_resistance.mean()) - self.resistance if self._drawn else 0.0

    @property
    def error(self) -> float:
        """Standard error of the resistance: noise and strength of smoothing as drawn, its bias,
        and what is shared with the neighbours."""
        if not self._drawn:
            return 0.0
        return math.hypot(float(self.drawn_resistance.std(ddof=1)), self.bias, *self.shared)

    @property
    def _drawn(self) -> bool:
        return len(self.drawn_resistance) > 1


def peaks(found: Relaxation) -> list[Peak]:
    """Peaks from the fastest to the slowest; each entry of γ belongs to one. What is faster than
    the highest frequency belongs to none whose top is inside the range.

    A rise at an end of the range counts as a peak whose top is the end. Two neighbours are one
    where the lower top is not clear of the valley between them.
    """
    omega, modulus = 2 * np.pi * found.data.frequency, np.abs(found.data.impedance)
    size = np.interp(-np.log(found.tau), np.log(omega[::-1]), modulus[::-1])
    gamma = found.gamma
    spread = found.draws.std(axis=0) if len(found.draws) else np.zeros_like(gamma)
    padded = np.concatenate([[-1.0], gamma, [-1.0]])
    tops = [
        i for i in range(len(gamma)) if padded[i] < padded[i + 1] >= padded[i + 2] and gamma[i] > 0
    ]
    while len(tops) > 1:
        valleys = [float(gamma[a : b + 1].min()) for a, b in pairwise(tops)]
        lack = []
        for place, top in enumerate(tops):
            higher = max(valleys[max(place - 1, 0) : place + 1])
            beside = [tops[i] for i in (place - 1, place + 1) if 0 <= i < len(tops)]
            lobe = max(float(gamma[i] / size[i]) for i in beside) * float(size[top])
            needed = max(PROMINENT * float(gamma[top]), SURE * float(spread[top]), SIDE_LOBE * lobe)
            lack.append(needed - (float(gamma[top]) - higher))
        worst = int(np.argmax(lack))
        if lack[worst] <= 0:
            break
        del tops[worst]
    cuts = [0]
    cuts += [a + int(np.argmin(gamma[a : b + 1])) for a, b in pairwise(tops)]
    cuts.append(len(gamma))
    seen = int(np.searchsorted(found.tau, 1 / omega.max()))
    made = [
        _peak(found, max(cuts[i], seen) if top >= seen else cuts[i], cuts[i + 1], top)
        for i, top in enumerate(tops)
    ]
    return _with_tails(found, made)


def _with_tails(found: Relaxation, made: list[Peak]) -> list[Peak]:
    """Each peak with what it and its neighbours may hide under each other."""
    between = [
        SHARED * math.hypot(*(_tail(found, one, math.log(found.tau[b.first])) for one in (a, b)))
        for a, b in pairwise(made)
    ]
    return [
        replace(one, shared=both)
        for one, both in zip(made, pairwise([0.0, *between, 0.0]), strict=True)
    ]


def _tail(found: Relaxation, peak: Peak, valley: float) -> float:
    """Resistance of the peak beyond a valley (ln τ), were it the distribution of an arc with a
    constant-phase element: R/(2π) sin(aπ)/(cosh(n x) − cos(aπ)), a = 1 − n, x from its top
    [Cole & Cole 1941, doi:10.1063/1.1750906]; n from its height over its resistance."""
    if peak.resistance <= 0:
        return 0.0
    slope = 2 * math.pi * float(found.gamma[peak.top]) / peak.resistance
    a = min(max(2 / math.pi * math.atan2(1.0, slope), 0.01), 0.6)
    distance = abs(valley - math.log(peak.time_constant))
    whole = peak.resistance / (math.pi * (1 - a)) * math.sin(a * math.pi)
    return whole * math.exp(-(1 - a) * distance)


def _peak(found: Relaxation, first: int, stop: int, top: int) -> Peak:
    log_tau = np.log(found.tau[first:stop])
    own = found.gamma[first:stop]
    drawn = found.draws[:, first:stop]
    return Peak(
        first,
        stop - 1,
        top,
        float(own.sum()) * found.step,
        math.exp(float(_center(own[None], log_tau)[0])),
        drawn.sum(axis=1) * found.step,
        _center(drawn, log_tau),
    )


def _center(gamma: Real, log_tau: Real) -> Real:
    """Centre of the part above half of the height; rows are draws."""
    above = np.maximum(gamma - 0.5 * gamma.max(axis=1, keepdims=True), 0.0) + 1e-300
    return np.asarray((above * log_tau).sum(axis=1) / above.sum(axis=1))
