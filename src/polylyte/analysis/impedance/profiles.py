"""Standard errors and 95 % profile-likelihood intervals of a circuit fit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polylyte.analysis.impedance.descent import Spectra, of_problem
from polylyte.analysis.impedance.elements import Real
from polylyte.analysis.impedance.problem import Problem


def free_parameters(model: Problem, x: Real) -> NDArray[np.bool_]:
    """Parameters that do not rest on a bound of the box."""
    return np.asarray((x > model.lower + 1e-9) & (x < model.upper - 1e-9))


def covariance_of(model: Problem, x: Real, freedom: int) -> Real:
    """Covariance of the logarithms, shape (P, P); see :func:`covariances`."""
    residual, jacobian = model(x[None])
    variance = np.array([float(residual[0] @ residual[0]) / freedom])
    return np.asarray(covariances(jacobian, free_parameters(model, x)[None], variance)[0])


def covariances(jacobian: Real, free: NDArray[np.bool_], variance: Real) -> Real:
    """Covariances (N, P, P) of the logarithms from weighted Jacobians (N, P, M).

    A direction that the data do not see gets a huge variance, not an infinite one; a parameter
    on its bound gets none.
    """
    scale = np.sqrt((jacobian * jacobian).sum(axis=2))
    scale[scale == 0] = 1e-300
    unit = np.where(free[:, :, None], jacobian / scale[:, :, None], 0.0)
    normal = unit @ unit.transpose(0, 2, 1)
    index = np.arange(normal.shape[1])
    normal[:, index, index] += ~free
    eigenvalues, vectors = np.linalg.eigh(normal)
    inverse = (vectors / np.maximum(eigenvalues, 1e-15)[:, None, :]) @ vectors.transpose(0, 2, 1)
    both = free[:, :, None] & free[:, None, :]
    sized = inverse / (scale[:, :, None] * scale[:, None, :])
    return np.asarray(np.where(both, variance[:, None, None] * sized, 0.0))


def student(freedom: int, probability: float = 0.95) -> float:
    """Two-sided quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + probability / 2))


def profiles(model: Problem, x: Real, cost: float) -> tuple[Real, float, Real, Real]:
    """95 % profile-likelihood bounds; the optimum too, in case a profile found a better one."""
    spectrum = of_problem(model)
    for _ in range(3):
        found = _profile(model, spectrum, x, cost)
        if isinstance(found, np.ndarray):
            one = np.zeros(1, int)
            polished = spectrum.minimize(found[None], one, iterations=100, tolerance=1e-14)
            x, cost = polished.x[0], float(polished.cost[0])
            continue
        return x, cost, *found
    nothing = np.full(len(x), np.nan)
    return x, cost, nothing, nothing


def _profile(model: Problem, spectrum: Spectra, x: Real, cost: float) -> tuple[Real, Real] | Real:
    """ln of the bounds (NaN where open), or a point lower than ``cost``.

    One parameter is held at a distance from its optimum and all others are fitted again; the
    bound is where sqrt((S − S_min)/s²) reaches Student's t. All parameters and both sides run
    as one batch; the distance is found by a bracketed secant.
    """
    count = len(x)
    freedom = 2 * len(model.data.frequency) - count
    target = student(freedom)
    variance = max(cost, 1e-300) / freedom
    error = np.sqrt(np.diag(covariance_of(model, x, freedom)))
    index = np.tile(np.arange(count), 2)
    side = np.repeat([-1.0, 1.0], count)
    room = np.where(side < 0, x[index] - model.lower[index], model.upper[index] - x[index])
    frozen = np.zeros((2 * count, count), bool)
    frozen[np.arange(2 * count), index] = True
    near, far = np.zeros(2 * count), np.full(2 * count, np.inf)
    z_near, z_far = np.zeros(2 * count), np.full(2 * count, np.inf)
    guess = np.where(error[index] > 0, target * error[index], 0.1)
    distance = np.minimum(np.minimum(guess, 1.0), room)
    nuisance = np.repeat(x[None], 2 * count, axis=0)
    open_ended = room < 1e-9
    todo = np.flatnonzero(~open_ended)
    bound = np.full(2 * count, np.nan)
    for _ in range(25):
        if not len(todo):
            break
        start = nuisance[todo]
        start[np.arange(len(todo)), index[todo]] = x[index[todo]] + side[todo] * distance[todo]
        minima = spectrum.minimize(
            start, np.zeros(len(todo), int), frozen=frozen[todo], iterations=60
        )
        lowest = int(np.argmin(minima.cost))
        if minima.cost[lowest] < cost * (1 - 1e-6):
            return np.array(minima.x[lowest])
        nuisance[todo] = minima.x
        z = np.sqrt(np.maximum(minima.cost - cost, 0.0) / variance)
        done = np.abs(z - target) < 0.005 * target
        bound[todo[done]] = distance[todo[done]]
        below = z < target
        rows = todo[below]
        near[rows], z_near[rows] = distance[rows], z[below]
        rows = todo[~below]
        far[rows], z_far[rows] = distance[rows], z[~below]
        exhausted = below & (distance[todo] >= room[todo] * (1 - 1e-12))
        todo = todo[~(done | exhausted)]
        distance[todo] = _next(near[todo], far[todo], z_near[todo], z_far[todo], target)
        distance[todo] = np.minimum(distance[todo], room[todo])
    bound[todo] = distance[todo]
    ends = x[index] + side * bound
    return ends[:count], ends[count:]


def _next(near: Real, far: Real, z_near: Real, z_far: Real, target: float) -> Real:
    """The next distance to try: outward while there is no bracket, then inside it."""
    outward = np.where(
        z_near > 0, near * np.clip(target / np.maximum(z_near, 1e-12), 1.1, 4.0), near * 4 + 1e-6
    )
    with np.errstate(all="ignore"):
        inside = near + (far - near) * (target - z_near) / (z_far - z_near)
        inside = np.clip(inside, near + 0.05 * (far - near), far - 0.05 * (far - near))
    return np.asarray(np.where(np.isfinite(far), inside, outward))
