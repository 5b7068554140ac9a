"""Curves that are smoothed, differentiated and crossed, with standard errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polylyte.analysis.cycling.cycles import student
from polylyte.analysis.transference.transients import correlation_length
from polylyte.core.errors import NotAnswerable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST = 8
"""Points that a local cubic needs within its window."""


@dataclass(frozen=True)
class Local:
    """Value and slope of a local cubic at one place, and their standard errors."""

    value: float
    slope: float
    value_std: float
    slope_std: float


def local(x: Floats, y: Floats, at: float, half_width: float, *, pooled: bool = False) -> Local:
    """Least-squares cubic through the points within ``half_width`` of ``at`` (x ascending).

    ``pooled`` takes the noise from the windows on either side too: a dozen degrees of freedom
    need a Student's factor of 1.12, which is right for the noise alone but too much of a part
    that other errors join in quadrature.

    Raises:
        NotAnswerable: fewer than eight points there.
    """
    low, high = np.searchsorted(x, [at - half_width, at + half_width])
    if high - low < LEAST:
        raise NotAnswerable(
            f"only {high - low} points lie within {1e3 * half_width:.3g} mV of {at:.4g} V; "
            f"{LEAST} are needed",
            remedy="raise smoothing, or sample the sweep more densely",
        )
    u, v = (x[low:high] - at) / half_width, y[low:high]
    design = np.column_stack([np.ones_like(u), u, u**2, u**3])
    inverse = np.linalg.inv(design.T @ design)
    solution = inverse @ (design.T @ v)
    rests = [v - design @ solution]
    if pooled:
        rests += _beside(x, y, at, half_width)
    rest = np.concatenate(rests)
    freedom = max(len(rest) - 4 * len(rests), 1)
    variance = float(rest @ rest) / freedom * correlation_length(rest)
    errors = np.sqrt(variance * np.diag(inverse)) * student(freedom)
    return Local(
        float(solution[0]),
        float(solution[1]) / half_width,
        float(errors[0]),
        float(errors[1]) / half_width,
    )


def _beside(x: Floats, y: Floats, at: float, half_width: float) -> list[Floats]:
    """What cubics leave over in the windows that touch the one about ``at``; none at an end."""
    found = []
    for centre in (at - 2 * half_width, at + 2 * half_width):
        low, high = np.searchsorted(x, [centre - half_width, centre + half_width])
        if high - low >= LEAST:
            u = (x[low:high] - centre) / half_width
            found.append(y[low:high] - np.polyval(np.polyfit(u, y[low:high], 3), u))
    return found


def smooth(x: Floats, y: Floats, half_width: float, derivative: int = 0) -> Floats:
    """Cubic Savitzky–Golay curve or its slope; exact where the points are evenly spaced."""
    from scipy.signal import savgol_filter

    spacing = float(np.ptp(x)) / (len(x) - 1)
    window = 2 * max(math.ceil(half_width / spacing), 4) + 1
    if window > len(x):
        raise NotAnswerable(
            f"the sweep has {len(x)} points, smoothing needs {window}",
            remedy="lower smoothing, or sample the sweep more densely",
        )
    found = savgol_filter(y, window, 3, deriv=derivative, delta=spacing)
    return np.asarray(found)


def crossing(x: Floats, curve: Floats, level: float, top: int) -> int | None:
    """Last row before ``top`` at which the curve lies below ``level``; None: it never crosses."""
    below = np.flatnonzero(curve[: top + 1] < level)
    if not len(below) or curve[top] < level:
        return None
    return int(below[-1])


def root(
    x: Floats, y: Floats, level: float, guess: float, half_width: float, slope: bool
) -> tuple[float, Local]:
    """Where the local value (or ``slope``) passes ``level``, by secants from ``guess``."""

    def off(at: float) -> float:
        found = local(x, y, at, half_width)
        return (found.slope if slope else found.value) - level

    a, b = guess - 0.25 * half_width, guess + 0.25 * half_width
    fa, fb = off(a), off(b)
    for _ in range(12):
        if fb == fa:
            break
        # No step leaves the neighbourhood in which the smoothed curve crossed.
        following = min(max(b - fb * (b - a) / (fb - fa), guess - half_width), guess + half_width)
        a, fa, b = b, fb, following
        fb = off(b)
        if abs(b - a) < 1e-9:
            break
    return b, local(x, y, b, half_width, pooled=True)


@dataclass(frozen=True)
class Line:
    """y = level + slope (x - centre), with the covariance of level and slope."""

    level: float
    slope: float
    centre: float
    covariance: tuple[float, float]
    """Variances of level and slope, which are independent about the centre."""
    noise: float
    """Standard deviation of the points about the line."""

    def at(self, x: Floats) -> Floats:
        return self.level + self.slope * (x - self.centre)

    def variance(self, x: float) -> float:
        return self.covariance[0] + self.covariance[1] * (x - self.centre) ** 2

    def crossing(self, level: float = 0.0) -> tuple[float, float]:
        """Where the line passes ``level``, and the standard error of that."""
        at = self.centre + (level - self.level) / self.slope
        return at, math.sqrt(self.variance(at)) / abs(self.slope)


def line(x: Floats, y: Floats, *, sloped: bool = True) -> Line:
    """Least-squares line; ``sloped`` False gives a constant."""
    centre = float(x.mean())
    u = x - centre
    spread = float(u @ u)
    level, slope = float(y.mean()), float(u @ y) / spread if sloped else 0.0
    rest = y - level - slope * u
    noise = float(rest @ rest) / max(len(x) - 1 - sloped, 1)
    inflated = noise * correlation_length(rest)
    return Line(
        level,
        slope,
        centre,
        (inflated / len(x), inflated / spread if sloped else 0.0),
        math.sqrt(noise),
    )
