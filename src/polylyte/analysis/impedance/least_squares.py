"""Levenberg–Marquardt on many starts at once, with box bounds and frozen parameters.

Every array has the starts on its leading axis, so one call of the model serves them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Flags = NDArray[np.bool_]
Model = Callable[[Real], tuple[Real, Real]]
"""x (S, P) -> residuals (S, M), Jacobian (S, P, M)."""

LONGEST_STEP = 3.0
"""In units of x, which is a logarithm: a factor 20."""


@dataclass(frozen=True)
class Minima:
    """Where each start ended. ``cost`` is the sum of squares; ``converged`` is False where the
    iterations ran out."""

    x: Real
    cost: Real
    converged: Flags


def minimize(
    model: Model,
    start: Real,
    lower: Real,
    upper: Real,
    *,
    frozen: Flags | None = None,
    iterations: int = 150,
    tolerance: float = 1e-9,
) -> Minima:
    """Minimise the sum of squared residuals from every row of ``start``.

    Steps are (JᵀJ + λ diag(JᵀJ)) δ = −Jᵀr [Marquardt 1963, doi:10.1137/0111030], shortened to
    the box. A parameter at its bound whose gradient points outward rests for that step. A start
    has converged when a step no longer lowers its cost by the fraction ``tolerance``.

    ``frozen`` (S, P) marks parameters that keep their start value. Iterations are capped.
    """
    x = np.clip(start, lower, upper)
    held = np.zeros(x.shape, bool) if frozen is None else frozen
    best, cost = x.copy(), np.empty(len(x))
    converged = np.zeros(len(x), bool)
    active = np.arange(len(x))
    residual, jacobian = model(x)
    now = _cost(residual)
    cost[:] = now
    normal, gradient = _normal(residual, jacobian)
    damping = np.full(len(x), 1e-2)
    growth = np.full(len(x), 2.0)
    for _ in range(iterations):
        step = _step(normal, gradient, damping, _resting(x, gradient, lower, upper, held[active]))
        trial = np.clip(x + step, lower, upper)
        residual, jacobian = model(trial)
        new = _cost(residual)
        better = new < now
        flat = np.abs(now - new) <= tolerance * now
        stuck = (np.abs(trial - x).max(axis=1) < 1e-10) | (damping > 1e14)
        if better.any():
            x[better], now[better] = trial[better], new[better]
            normal[better], gradient[better] = _normal(residual[better], jacobian[better])
        damping = np.where(better, np.maximum(damping * 0.2, 1e-12), damping * growth)
        growth = np.where(better, 2.0, np.minimum(growth * 2.0, 64.0))
        best[active], cost[active] = x, now
        done = flat | stuck | (now <= 1e-300)
        if done.any():
            converged[active[done]] = True
            stay = ~done
            if not stay.any():
                break
            active, x, now = active[stay], x[stay], now[stay]
            normal, gradient = normal[stay], gradient[stay]
            damping, growth = damping[stay], growth[stay]
    return Minima(best, cost, converged)


def _cost(residual: Real) -> Real:
    cost = np.einsum("sm,sm->s", residual, residual)
    return np.where(np.isfinite(cost), cost, np.inf)


def _normal(residual: Real, jacobian: Real) -> tuple[Real, Real]:
    normal = jacobian @ jacobian.transpose(0, 2, 1)
    gradient = (jacobian @ residual[:, :, None])[:, :, 0]
    bad = ~(np.isfinite(normal).all(axis=(1, 2)) & np.isfinite(gradient).all(axis=1))
    if bad.any():
        normal[bad], gradient[bad] = np.eye(normal.shape[1]), 0.0
    return normal, gradient


def _resting(x: Real, gradient: Real, lower: Real, upper: Real, held: Flags) -> Flags:
    outward = ((x <= lower) & (gradient > 0)) | ((x >= upper) & (gradient < 0))
    return held | outward


def _step(normal: Real, gradient: Real, damping: Real, resting: Flags) -> Real:
    diagonal = np.einsum("spp->sp", normal).copy()
    floor = 1e-14 * diagonal.max(axis=1, keepdims=True) + 1e-300
    system = np.where(resting[:, :, None] | resting[:, None, :], 0.0, normal)
    own = diagonal + damping[:, None] * np.maximum(diagonal, floor) + floor
    index = np.arange(system.shape[1])
    system[:, index, index] = np.where(resting, 1.0, own)
    # scaled to a unit diagonal: Q and R differ by twelve powers of ten
    scale = 1.0 / np.sqrt(system[:, index, index])
    system *= scale[:, :, None] * scale[:, None, :]
    right = np.where(resting, 0.0, -gradient) * scale
    step = np.linalg.solve(system, right[:, :, None])[:, :, 0] * scale
    longest = np.abs(step).max(axis=1, keepdims=True)
    return np.asarray(step * np.minimum(1.0, LONGEST_STEP / np.maximum(longest, 1e-300)))
