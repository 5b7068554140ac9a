"""A sweep without iR and background, and where its current sets in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polylyte.analysis.stability.local import Line, crossing, line, root, smooth
from polylyte.core.errors import InputError, NotAnswerable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WINDOW = (0.05, 0.35)
"""Part of the range of potential that is background where none is stated."""
UPPER = 2 / 3
"""The tangent goes through the points above this share of the largest current."""
SIGNIFICANT = 5.0
"""Standard deviations of the background by which a current must rise."""
POINTS = 8


@dataclass(frozen=True, eq=False)
class Removed:
    """A sweep whose potential x and current y (A) grow towards decomposition."""

    x: Floats
    y: Floats
    raw: Floats
    """Potential as measured, V …"""
    measured: Floats
    """… and current as measured, A, in the order of x."""
    background: Floats
    line: Line | None
    slope: Floats
    direction: int
    half_width: float
    window: tuple[float, float]
    """The part that is background, V as measured but for iR."""
    bend: float | None
    """How far the end of the background lies from its line, in standard errors."""


@dataclass(frozen=True, eq=False)
class Onsets:
    """x and standard error of each criterion, None where it is not met."""

    values: Mapping[str, tuple[float, float] | None]
    tangent: Line | None
    bend: float
    """Relative change of the slope within the part of the tangent."""
    significant: bool


def prepared(
    potential: Floats,
    current: Floats,
    direction: int,
    resistance: float,
    background: str,
    window: tuple[float | None, float | None],
    half_width: float,
) -> Removed:
    """Remove iR and background.

    Raises:
        InputError: no such part of the sweep.
        NotAnswerable: fewer points than a background needs.
    """
    x, y = direction * (potential - current * resistance), direction * current
    order = np.argsort(x, kind="stable")
    x, y, raw, measured = x[order], y[order], potential[order], current[order]
    low, high = _window(x, direction, window)
    inside = (x >= low) & (x <= high)
    if inside.sum() < POINTS:
        raise NotAnswerable(
            f"{int(inside.sum())} points lie in the background, {POINTS} are needed",
            remedy="state background_from and background_to, or sample more densely",
        )
    fitted = None if background == "none" else line(
        x[inside], y[inside], sloped=background == "line"
    )  # fmt: skip
    base = np.zeros_like(y) if fitted is None else fitted.at(x)
    net = y - base
    ends = sorted((direction * low, direction * high))
    return Removed(
        x=x,
        y=net,
        raw=raw,
        measured=measured,
        background=base,
        line=fitted,
        slope=smooth(x, net, half_width, 1),
        direction=direction,
        half_width=half_width,
        window=(ends[0], ends[1]),
        bend=None if fitted is None else _bend(x[inside], y[inside]),
    )


def _window(
    x: Floats, direction: int, stated: tuple[float | None, float | None]
) -> tuple[float, float]:
    start, span = float(x[0]), float(np.ptp(x))
    if stated == (None, None):
        return start + WINDOW[0] * span, start + WINDOW[1] * span
    ends = [start if v is None else direction * v for v in stated]
    low, high = min(ends), max(ends)
    if high <= low or high < start or low > float(x[-1]):
        raise InputError(
            "no part of the sweep lies in the stated background",
            where="background_from",
            remedy=f"the sweep runs from {direction * x[0]:.3f} to {direction * x[-1]:.3f} V",
        )
    return low, high


def _bend(x: Floats, y: Floats) -> float | None:
    """Mean of the last third less the line through the first two, in standard errors."""
    cut = 2 * len(x) // 3
    if cut < POINTS:
        return None
    first = line(x[:cut], y[:cut])
    at = float(x[cut:].mean())
    off = float(y[cut:].mean()) - float(first.at(np.array([at]))[0])
    size = math.sqrt(first.variance(at) + first.noise**2 / (len(x) - cut))
    return off / size if size > 0 else 0.0


def onsets(removed: Removed, threshold: float | None, slope: float | None) -> Onsets:
    """All criteria; ``threshold`` in A and ``slope`` in A/V, None leaves one out."""
    x, y, width = removed.x, removed.y, removed.half_width
    curve = smooth(x, y, width)
    top = int(curve.argmax())
    noise = removed.line.noise if removed.line is not None else 0.0
    tangent, bend = _tangent(x, y, curve, top)
    values = {
        "threshold": _threshold(removed, curve, top, threshold),
        "tangent": None if tangent is None else _meets(removed, tangent),
        "derivative": _derivative(removed, top, slope),
    }
    return Onsets(values, tangent, bend, bool(curve[top] > SIGNIFICANT * noise))


def _threshold(
    removed: Removed, curve: Floats, top: int, level: float | None
) -> tuple[float, float] | None:
    at = None if level is None else crossing(removed.x, curve, level, top)
    if at is None or level is None:
        return None
    x, found = root(removed.x, removed.y, level, _guess(removed.x, at), removed.half_width, False)
    base = 0.0 if removed.line is None else removed.line.variance(x)
    return x, math.sqrt(found.value_std**2 + base) / abs(found.slope)


def _guess(x: Floats, at: int) -> float:
    return float(x[at] + x[at + 1]) / 2


def _tangent(x: Floats, y: Floats, curve: Floats, top: int) -> tuple[Line | None, float]:
    at = crossing(x, curve, UPPER * float(curve[top]), top)
    if at is None or top - at < POINTS:
        return None, 0.0
    part = slice(at + 1, top + 1)
    whole = line(x[part], y[part])
    middle = (at + 1 + top) // 2
    first, second = line(x[at + 1 : middle], y[at + 1 : middle]), line(x[middle:top], y[middle:top])
    if whole.slope <= 0:
        return None, 0.0
    return whole, (second.slope - first.slope) / whole.slope


def _meets(removed: Removed, tangent: Line) -> tuple[float, float]:
    x, std = tangent.crossing()
    base = 0.0 if removed.line is None else removed.line.variance(x)
    return x, math.hypot(std, math.sqrt(base) / tangent.slope)


def _derivative(removed: Removed, top: int, level: float | None) -> tuple[float, float] | None:
    if level is None:
        return None
    x, width = removed.x, removed.half_width
    steepest = int(removed.slope[: top + 1].argmax())
    at = crossing(x, removed.slope, level, steepest)
    if at is None:
        return None
    place, found = root(x, removed.y, level, _guess(x, at), width, True)
    base = 0.0 if removed.line is None else removed.line.covariance[1]
    upper, lower = (float(np.interp(place + s * width, x, removed.slope)) for s in (1, -1))
    curvature = abs(upper - lower) / (2 * width)
    if curvature == 0.0:
        return None
    return place, math.sqrt(found.slope_std**2 + base) / curvature
