"""dQ/dV of a charge or discharge by a Gaussian kernel, and its peaks with their errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polylyte.analysis.cycling.cycles import Curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

GRID = 5
"""Points of the curve per standard deviation of the kernel."""
PROMINENCE = 0.1
"""Share of the highest peak by which a peak stands out."""
HELD = 0.95
"""A potential is held at an end where the current is below this share of the median one …"""
FALLS = 1.2
"""… and falls by this factor …"""
STILL = 2e-3
"""… within this of that end, V."""


@dataclass(frozen=True, eq=False)
class Differential:
    """dQ/dV in C/V, positive, over the potential."""

    potential: Floats
    value: Floats
    peaks: tuple[Peak, ...]
    spacing: float
    """Largest step of potential between samples that carry the charge about a peak, V."""


@dataclass(frozen=True)
class Peak:
    """Potential (V) with the standard error that the noise of the potential gives it."""

    potential: float
    std: float
    height: float
    """C/V."""


def differential(half: Curve, width: float) -> Differential | None:
    """dQ/dV(E) = Σ ΔQ_k K(E - E_k), K a Gaussian of standard deviation ``width`` in V.

    E_k is midway between the samples that ΔQ_k flowed between. A kernel needs no monotonic
    potential and moves no symmetric peak; it widens each by ``width`` (in quadrature) and fades
    within ``width`` of the ends. None: fewer than ten samples.
    """
    from scipy.signal import find_peaks

    if len(half.potential) < 10:
        return None
    at = (half.potential[1:] + half.potential[:-1]) / 2
    passed = half.passed[1:]
    grid = np.arange(at.min(), at.max() + width / GRID, width / GRID)
    # Charge is binned much finer than the kernel, so that long records stay cheap.
    fine = 8 * GRID
    bins = np.arange(at.min(), at.max() + 2 * width / fine, width / fine)
    held, edges = np.histogram(at, bins, weights=passed)
    centres = (edges[1:] + edges[:-1]) / 2
    value = _kernel(centres, held, grid, width)
    found, _ = find_peaks(value, prominence=PROMINENCE * float(value.max()))
    noise = _noise(half)
    peaks = tuple(
        peak
        for k in found
        if 2 <= k < len(grid) - 2
        for peak in [_peak(at, passed, float(grid[k]), width, noise)]
        if peak is not None
    )
    near = [np.abs(at - p.potential) < 2 * width for p in peaks]
    steps = np.abs(np.diff(half.potential))
    spacing = max((float(np.median(steps[n])) for n in near if n.any()), default=0.0)
    return Differential(grid, value, peaks, spacing)


def _kernel(centres: Floats, weights: Floats, grid: Floats, width: float) -> Floats:
    made = np.zeros(len(grid))
    for k, place in enumerate(grid):
        low, high = np.searchsorted(centres, [place - 5 * width, place + 5 * width])
        u = (place - centres[low:high]) / width
        made[k] = weights[low:high] @ np.exp(-0.5 * u * u)
    return made / (width * math.sqrt(2 * math.pi))


def _noise(half: Curve) -> float:
    """Standard deviation of the potential, from second differences."""
    second = np.diff(half.potential, 2)
    return 1.4826 * float(np.median(np.abs(second - np.median(second)))) / math.sqrt(6)


def _peak(at: Floats, passed: Floats, guess: float, width: float, noise: float) -> Peak | None:
    """The maximum by Newton's method, and its error from the noise of each potential."""
    place = guess
    for _ in range(20):
        u = (place - at) / width
        kernel = passed * np.exp(-0.5 * u * u)
        first, second = float(-(u @ kernel)), float((u * u - 1) @ kernel)
        if second >= 0:
            return None
        step = -first / second * width
        place += max(min(step, width), -width)
        if abs(step) < 1e-9:
            break
    if abs(place - guess) > width:
        return None
    u = (place - at) / width
    kernel = passed * np.exp(-0.5 * u * u)
    curvature = float((u * u - 1) @ kernel)
    # A sample's potential enters the two middles beside it.
    weight = (u * u - 1) * kernel
    each = (np.append(weight, 0.0) + np.append(0.0, weight)) / 2
    std = noise * float(np.sqrt(each @ each)) / abs(curvature)
    height = float(kernel.sum()) / (width * math.sqrt(2 * math.pi))
    return Peak(place, std, height)


def without_holds(half: Curve) -> tuple[Curve, float]:
    """The curve without potentials that are held at its ends, and the charge passed there (C).

    Held is a run of samples at one end of the potential whose current falls; a step of another
    constant current is none.
    """
    size = np.abs(half.current)
    ends = np.array([half.potential[0], half.potential[-1]])
    near = np.abs(half.potential[:, None] - ends).min(axis=1) <= STILL
    low = np.flatnonzero(near & (size < HELD * float(np.median(size))))
    held = np.zeros(len(size), dtype=bool)
    for run in np.split(low, np.flatnonzero(np.diff(low) > 1) + 1):
        if len(run) > 2 and size[run].max() > FALLS * size[run].min():
            held[run] = True
    passed = half.passed[~held]
    free = Curve(np.cumsum(passed), half.potential[~held], passed, half.current[~held])
    return free, float(half.passed[held].sum())
