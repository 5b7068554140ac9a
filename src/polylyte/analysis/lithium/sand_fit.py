"""The potential of a one-way polarisation: when salt is used up, and when the cell is shorted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polylyte.analysis.lithium.shorts import HARD_PURITY, HARD_SAMPLES, HARD_SHARE, Short
from polylyte.analysis.lithium.symmetric_halves import Half
from polylyte.analysis.transference.transients import SIGNIFICANT, correlation_length

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_POINTS = 12
NORMAL = 1.959964
USED = 0.9
"""Share of the Sand time that a record must reach for it to be read."""
LEAP = 8.0
"""Times the usual noise by which the last samples leap to a limit: they are left out."""
LAST = 0.05
"""Share of the samples among which such a leap is looked for."""
NEAREST, FARTHEST = 1e-7, 30.0
"""How far after its last sample the Sand time is looked for, over that sample's time."""


@dataclass(frozen=True)
class Divergence:
    """Sand time, the middle of its 95 % interval, and half of that over 1.96 (s); ``reached`` tells
    whether the record gets there."""

    time: float
    std: float
    reached: bool
    level: float
    """Potential without gradient, V …"""
    scale: float
    """… and factor before artanh, V."""
    last: float
    """Time of the last sample used, s since the current began."""
    leap: float | None
    """Time of the sample that leapt to the limit, s."""


def divergence(half: Half, until: float = math.inf) -> Divergence | None:
    """Sand time of one polarisation by V(t) = V₀ + s·artanh √(t/τ); None with too few samples.

    The surface concentration of a semi-infinite electrolyte falls as 1 - √(t/τ) and that at the
    other electrode rises as much; their Nernst potentials differ by s·artanh √(t/τ), which
    diverges at τ. The two linear parameters are eliminated, τ is searched for. It is reached
    where the record goes to 90 % of it and the divergence describes it better than √t does
    (p < 0.001).
    """
    time = half.time - half.begin
    keep = (time > 0) & (half.time <= until)
    t, v = time[keep], half.overpotential[keep]
    if t.size < LEAST_POINTS:
        return None
    leap = _leap(v)
    after = None if leap is None else float(t[leap])
    if leap is not None:
        t, v = t[:leap], v[:leap]
    spans = t[-1] * (1 + np.geomspace(NEAREST, FARTHEST, 240))
    at = int(np.argmin(_squares(t, v, spans)))
    low, high = spans[max(at - 1, 0)], spans[min(at + 1, spans.size - 1)]
    tau = _refined(t, v, float(low), float(high))
    level, scale, rest = _linear(t, v, tau)
    least, most = _interval(t, v, tau, correlation_length(rest))
    flat = _power(t, v)
    variance = float(rest @ rest) / max(t.size - 3, 1) * correlation_length(rest)
    better = flat - float(rest @ rest) > SIGNIFICANT * variance
    reached = bool(better and scale > 0 and t[-1] >= USED * tau)
    tau, std = (least + most) / 2, (most - least) / (2 * NORMAL)
    return Divergence(tau, std, reached, level, scale, float(t[-1]), after)


def _leap(values: Floats) -> int | None:
    """First of the last samples that leaps away to the limit, or None."""
    moves = np.diff(values)
    noise = 1.4826 * float(np.median(np.abs(np.diff(values, 2)))) / math.sqrt(6) if (
        values.size > 4) else 0.0  # fmt: skip
    start = max(LEAST_POINTS - 1, int((1 - LAST) * moves.size))
    rise = float(values[start] - values[0]) if start < values.size else 0.0
    found = np.flatnonzero(moves[start:] > max(LEAP * noise, 0.5 * abs(rise)))
    return int(start + found[0] + 1) if found.size else None


def _basis(t: Floats, tau: float) -> Floats:
    return np.column_stack([np.ones_like(t), np.arctanh(np.sqrt(t / tau))])


def _linear(t: Floats, v: Floats, tau: float) -> tuple[float, float, Floats]:
    basis = _basis(t, tau)
    fit, *_ = np.linalg.lstsq(basis, v, rcond=None)
    return float(fit[0]), float(fit[1]), np.asarray(v - basis @ fit)


def _squares(t: Floats, v: Floats, times: Floats) -> Floats:
    """Sum of squared residuals at each of several Sand times."""
    z = np.arctanh(np.sqrt(t / times[:, None]))
    z -= z.mean(axis=1, keepdims=True)
    moved = v - v.mean()
    along = z @ moved
    return np.asarray(float(moved @ moved) - along**2 / np.einsum("ij,ij->i", z, z))


def _refined(t: Floats, v: Floats, low: float, high: float) -> float:
    from scipy.optimize import minimize_scalar

    last = float(t[-1])
    # In the logarithm of what is left after the last sample.
    bounds = (math.log(low / last - 1 + 1e-12), math.log(high / last - 1))
    found = minimize_scalar(
        lambda x: float(_squares(t, v, np.array([last * (1 + math.exp(x))]))[0]),
        bounds=bounds,
        method="bounded",
        options={"xatol": 1e-6},
    )  # fmt: skip
    return last * (1 + math.exp(float(found.x)))


def _interval(t: Floats, v: Floats, tau: float, alike: float) -> tuple[float, float]:
    """95 % interval of the Sand time by profile likelihood; ``alike`` samples count as one.

    Near its end the potential is so curved in the Sand time that the last samples alone tell it: a
    standard error by slopes holds the truth in 85 % of cases where it claims 95.
    """
    from scipy.optimize import brentq
    from scipy.stats import t as student

    last, free = float(t[-1]), max(t.size - 3, 1)
    limit = float(_squares(t, v, np.array([tau]))[0]) * (
        1 + alike * float(student.ppf(0.975, free)) ** 2 / free
    )

    def above(x: float) -> float:
        return float(_squares(t, v, np.array([last * (1 + math.exp(x))]))[0]) - limit

    # Noise of the last sample makes a second minimum right behind it: all of them count.
    x = np.union1d(
        np.log(np.geomspace(NEAREST, FARTHEST, 240)), math.log(max(tau / last - 1, NEAREST))
    )
    within = np.flatnonzero(_squares(t, v, last * (1 + np.exp(x))) <= limit)
    first, final = int(within[0]), int(within[-1])
    low = brentq(above, x[first - 1], x[first]) if first > 0 else -math.inf
    high = brentq(above, x[final], x[final + 1]) if final + 1 < x.size else float(x[-1])
    return last * (1 + math.exp(low)), last * (1 + math.exp(high))


def _power(t: Floats, v: Floats) -> float:
    """Residual of V₀ + s √t, the same law long before its end."""
    basis = np.column_stack([np.ones_like(t), np.sqrt(t)])
    fit, *_ = np.linalg.lstsq(basis, v, rcond=None)
    rest = v - basis @ fit
    return float(rest @ rest)


def collapse(half: Half) -> Short | None:
    """The hard short of a polarisation: below a tenth of its highest potential, to the end."""
    v = half.overpotential
    if v.size < 2 * HARD_SAMPLES:
        return None
    smooth = np.median([v[:-2], v[1:-1], v[2:]], axis=0)
    smooth = np.concatenate([v[:1], smooth, v[-1:]])
    highest = np.maximum.accumulate(smooth)
    below = smooth < HARD_SHARE * highest
    count = np.arange(v.size, 0, -1)
    share = np.cumsum(below[::-1])[::-1] / count
    at = np.flatnonzero(below & (share >= HARD_PURITY) & (count >= HARD_SAMPLES))
    if not at.size or at[0] == 0:
        return None
    first = int(at[0])
    left = float(np.median(v[first:])) / float(highest[first])
    return Short(
        True, ("collapse",), float(half.time[first - 1]), float(half.time[first]), None,
        half.number, half.number, 1 - left, math.inf,
    )  # fmt: skip
