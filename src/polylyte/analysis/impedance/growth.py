"""How a series of resistances grows: linear or by the square root."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from polylyte.analysis.impedance.fitting import corrected_aic
from polylyte.analysis.impedance.profiles import student

CLEARLY_BETTER = 2.0
"""The square root is taken where it lowers AICc by more than this; both laws have two
parameters."""
NORMAL_95 = 1.959964


@dataclass(frozen=True)
class Rate:
    """y = start + rate·b; ``std`` is of the rate, widened by Student's t so that 1.96 of it is the
    95 % interval."""

    start: float
    rate: float
    std: float


@dataclass(frozen=True)
class Growth:
    """Both laws, b = x − x₀ and b = sqrt(x − x₀), and which the points ask for.

    ``gain`` is by how much the square root lowers AICc (negative: raises it); None where there
    are too few points to compare.
    """

    law: Literal["linear", "square root"]
    linear: Rate
    root: Rate
    gain: float | None

    @property
    def taken(self) -> Rate:
        """That of the law taken."""
        return self.linear if self.law == "linear" else self.root

    @property
    def start(self) -> float:
        return self.taken.start

    @property
    def rate(self) -> float:
        return self.taken.rate

    @property
    def std(self) -> float:
        return self.taken.std


def growth(x: Sequence[float], y: Sequence[float], std: Sequence[float]) -> Growth | None:
    """Weighted regression of resistances on time or cycle number; None with fewer than three.

    The square root is that of a film through which its own growth is limited (parabolic law).
    Errors are scaled by the scatter where that is more than ``std`` explains.

    Parameters:
        x: time or cycle number
        y: resistances
        std: their standard errors, any common unit
    """
    if len(x) < 3 or len(set(x)) < 3:
        return None
    position = np.asarray(x, dtype=float) - min(x)
    linear, root = _regression(position, y, std), _regression(np.sqrt(position), y, std)
    count = len(x)
    gain = None
    if count >= 5:
        gain = corrected_aic(linear[3], count, 3) - corrected_aic(root[3], count, 3)
    law: Literal["linear", "square root"] = (
        "square root" if gain is not None and gain > CLEARLY_BETTER else "linear"
    )
    return Growth(law, Rate(*linear[:3]), Rate(*root[:3]), gain)


def _regression(
    x: np.ndarray[tuple[int], np.dtype[np.float64]], y: Sequence[float], std: Sequence[float]
) -> tuple[float, float, float, float]:
    """Start, rate, standard error of the rate, weighted sum of squares."""
    error = np.asarray(std, dtype=float)
    weight = 1.0 / error if (error > 0).all() else np.ones(len(x))
    design = np.column_stack([np.ones(len(x)), x]) * weight[:, None]
    right = np.asarray(y, dtype=float) * weight
    solution = np.linalg.lstsq(design, right, rcond=None)[0]
    residual = right - design @ solution
    cost, freedom = float(residual @ residual), len(x) - 2
    scatter = cost / freedom
    known = bool((error > 0).all())
    variance = max(scatter, 1.0) if known else scatter
    covariance = np.linalg.inv(design.T @ design) * variance
    wide = student(freedom) / NORMAL_95 if not known or scatter > 1.0 else 1.0
    return (
        float(solution[0]),
        float(solution[1]),
        wide * math.sqrt(float(covariance[1, 1])),
        cost,
    )
