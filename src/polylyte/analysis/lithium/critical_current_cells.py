"""Values known only to lie in an interval: their log-normal distribution by maximum likelihood."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NARROWEST = 1e-3
"""Least standard deviation of the logarithm that is tried …"""
WIDEST = 3.0
"""… and the largest."""
FAR = 8.0
"""How far from the values, in widths, the interval of their median is looked for."""


class Bracket(NamedTuple):
    """A value between ``low`` and ``high``; infinite where it was not reached."""

    low: float
    high: float


@dataclass(frozen=True)
class LogNormal:
    """``median`` with its 95 % interval; ``spread`` is the standard deviation of ln x."""

    median: float
    interval: tuple[float, float] | None
    """None where it does not close."""
    spread: float
    mean: float
    """exp(μ + σ²/2)."""
    exact: int
    """Values with an upper end."""


def log_normal(brackets: Sequence[Bracket]) -> LogNormal | None:
    """Median, spread and mean of values in brackets; None with fewer than two upper ends.

    L(μ, σ) = Π {Φ[(ln b - μ)/σ] - Φ[(ln a - μ)/σ]}. The interval of the median is where
    2 ln[L_max/L(μ)] ≤ n ln[1 + t²/(n - 1)], t the 97.5 % quantile of Student's distribution with
    n - 1 degrees of freedom: the exact cut for values known exactly, in place of χ² for many.
    """
    from scipy.stats import t as student

    closed = sum(math.isfinite(b.high) for b in brackets)
    n = len(brackets)
    if closed < 2:
        return None
    low = np.log([max(b.low, 1e-300) for b in brackets])
    high = np.log([b.high for b in brackets])
    middle = np.where(np.isfinite(high), (low + np.minimum(high, low + 10)) / 2, low)
    width = np.where(np.isfinite(high), high - low, 0.0)
    guess = max(float(middle.std(ddof=1)), 0.1 * float(width.mean()), NARROWEST)
    best, sigma = _best(low, high, float(np.median(middle)), guess)
    peak = _profile(low, high, best)
    cut = n * math.log1p(float(student.ppf(0.975, n - 1)) ** 2 / (n - 1)) / 2
    reach = FAR * max(guess, float(width.mean()))
    ends = [_edge(low, high, best, side * reach, peak - cut) for side in (-1.0, 1.0)]
    interval = None
    if ends[0] is not None and ends[1] is not None:
        interval = (math.exp(ends[0]), math.exp(ends[1]))
    return LogNormal(math.exp(best), interval, sigma, math.exp(best + sigma**2 / 2), closed)


def _likelihood(low: Floats, high: Floats, mean: float, sigma: Floats) -> Floats:
    """For each of several ``sigma``."""
    from scipy.special import log_ndtr

    a, b = ((edge - mean) / sigma[:, None] for edge in (low, high))
    # In the upper tail the difference is that of the mirrored lower one.
    flip = a > 0
    a, b = np.where(flip, -b, a), np.where(flip, -a, b)
    upper, lower = log_ndtr(b), log_ndtr(a)
    with np.errstate(divide="ignore"):
        each = upper + np.log(-np.expm1(np.minimum(lower - upper, -1e-300)))
    return np.asarray(each.sum(axis=1))


def _profile(low: Floats, high: Floats, mean: float) -> float:
    """Largest log-likelihood over σ at one μ."""
    return _over_sigma(low, high, mean)[0]


def _over_sigma(low: Floats, high: Floats, mean: float) -> tuple[float, float]:
    """Largest log-likelihood at one μ, and the σ that gives it: on a grid that is refined."""
    grid = np.linspace(math.log(NARROWEST), math.log(WIDEST), 33)
    for _ in range(4):
        values = _likelihood(low, high, mean, np.exp(grid))
        at = int(np.argmax(values))
        best = float(values[at]), math.exp(float(grid[at]))
        grid = np.linspace(grid[max(at - 1, 0)], grid[min(at + 1, len(grid) - 1)], 17)
    return best


def _best(low: Floats, high: Floats, start: float, width: float) -> tuple[float, float]:
    from scipy.optimize import minimize_scalar

    bounds = (start - 4 * width - 1.0, start + 4 * width + 1.0)
    found = minimize_scalar(
        lambda m: -_profile(low, high, float(m)), bracket=(start - width, start + width)
    )
    mean = float(np.clip(found.x, *bounds))
    return mean, _over_sigma(low, high, mean)[1]


def _edge(low: Floats, high: Floats, best: float, reach: float, level: float) -> float | None:
    """Where the profile falls to ``level`` on one side of the best."""
    from scipy.optimize import brentq

    far = best + reach
    if _profile(low, high, far) > level:
        return None
    found: float = brentq(
        lambda m: _profile(low, high, float(m)) - level, best, far, xtol=1e-6 * abs(reach)
    )
    return found


def spread_interval(low: float, high: float, std: float) -> tuple[float, float]:
    """95 % interval of a value anywhere between ``low`` and ``high``, measured with ``std``.

    The quantiles of the sum of a uniform and a normal distribution.
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    wide = high - low
    if wide <= 0:
        return low - 1.959964 * std, high + 1.959964 * std
    if std <= 1e-9 * wide:
        return low + 0.025 * wide, high - 0.025 * wide

    def primitive(z: float) -> float:
        return z * float(norm.cdf(z)) + float(norm.pdf(z))

    def share(x: float) -> float:
        return std * (primitive((x - low) / std) - primitive((x - high) / std)) / wide

    ends = (low - 10 * std, high + 10 * std)
    return tuple(float(brentq(lambda x, p=p: share(x) - p, *ends)) for p in (0.025, 0.975))  # type: ignore[return-value]
