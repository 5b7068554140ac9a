"""Residuals with structure: whether a circuit misses something, and what that does to its errors.

Standard errors from (JᵀJ)⁻¹ hold for independent residuals. Where the circuit is not the whole
story, neighbouring residuals have one sign, and the parameters are off by more than noise can
make them: by what the missing part takes from them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polylyte.analysis.impedance.elements import Real

LEVEL = 0.01
"""Probability of such neighbours in noise, below which residuals have structure."""
WIDTH = 1.0
"""Decades of frequency over which what a circuit misses stays alike: the width of a relaxation."""
_RATIOS = np.logspace(-4.0, 7.0, 45)


@dataclass(frozen=True)
class Structure:
    """What neighbouring residuals have in common."""

    durbin_watson: float
    """Σ (r_k − r_{k−1})²/Σ r², about 2 for noise and near 0 for a wave."""
    probability: float
    """Of so small a value in independent residuals of this fit."""

    @property
    def found(self) -> bool:
        """Whether noise is an unlikely explanation."""
        return self.probability < LEVEL


def durbin_watson(
    residual: Real, jacobian: Real, free: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Statistic and its probability in noise, for N fits.

    d = Σ (r_k − r_{k−1})²/Σ r² over neighbouring frequencies, each part by itself. Its mean and
    variance in independent residuals of a fit with this Jacobian are those of Durbin and Watson,
    from the traces of M A, M the projection onto what the fit leaves and A the differences; the
    probability is that of the normal distribution [Durbin & Watson, Biometrika 1950, 37, 409–428].

    Parameters:
        residual: weighted, real and imaginary parts in turn along the frequency, (N, 2 F)
        jacobian: of the weighted residuals, (N, P, 2 F)
        free: parameters not at a bound, (N, P)
    """
    points = residual.shape[1] // 2
    columns = np.where(free[:, :, None], jacobian, 0.0).transpose(0, 2, 1)
    size = np.sqrt((columns * columns).sum(axis=1, keepdims=True))
    unit = columns / np.where(size > 0, size, 1.0)
    basis, upper = np.linalg.qr(unit)
    sound = np.abs(np.einsum("npp->np", upper)) > 1e-9
    basis = basis * sound[:, None, :]
    freedom = 2 * points - sound.sum(axis=1)
    steps = basis[:, 2:] - basis[:, :-2]
    inner = steps.transpose(0, 2, 1) @ steps
    twice = np.zeros_like(basis)
    twice[:, 2:] += steps
    twice[:, :-2] -= steps
    # traces of A and A² of two paths of F points each
    first = 4.0 * (points - 1) - np.einsum("npp->n", inner)
    second = 2.0 * (6 * points - 8) - 2.0 * (twice * twice).sum(axis=(1, 2))
    second = second + (inner * inner).sum(axis=(1, 2))
    mean = first / freedom
    variance = 2.0 * (freedom * second - first**2) / (freedom**2 * (freedom + 2.0))
    change = residual[:, 2:] - residual[:, :-2]
    total = (residual * residual).sum(axis=1)
    statistic = (change * change).sum(axis=1) / np.maximum(total, 1e-300)
    score = (statistic - mean) / np.sqrt(np.maximum(variance, 1e-12))
    chance = np.array([0.5 * math.erfc(-one / math.sqrt(2)) for one in score])
    return statistic, np.where(total > 1e-24 * 2 * points, chance, 1.0)


def inflation(
    frequency: Real,
    residual: Real,
    jacobian: Real,
    noise_only: Real,
    unscaled: Real,
) -> tuple[Real, Real]:
    """Covariance (P, P) of the logarithms with the circuit's own error, and how much longer each
    standard error is than by noise alone, (P,).

    What the circuit misses is taken to be a smooth random function of the logarithm of the
    frequency in each part, s² λ (1 + d) exp(−d) with d the distance in decades (Matérn's of order
    3/2, as wide as a relaxation), beside independent noise of variance s². Both follow from the
    residuals by restricted maximum likelihood, which allows for what the fit has taken up of them.
    The covariance of the parameters is then (JᵀJ)⁻¹ Jᵀ V J (JᵀJ)⁻¹ with V of both together. It is
    never taken smaller than that of noise alone. It cannot see an error that looks exactly like a
    change of the parameters.

    Parameters:
        frequency: Hz, falling, (F,)
        residual: weighted, real and imaginary parts in turn, (2 F,)
        jacobian: (P, 2 F), zero for parameters at a bound
        noise_only: covariance by noise alone, (P, P)
        unscaled: the same for residuals of variance 1
    """
    missing = _missing(frequency)
    variance, ratio = _restricted(residual, jacobian, missing)
    carried = unscaled @ (jacobian @ missing)
    both = variance * (unscaled + ratio * carried @ carried.T)
    old, new = np.diag(noise_only), np.diag(both)
    longer = np.sqrt(np.maximum(new, old) / np.where(old > 0, old, 1.0))
    longer[old <= 0] = 1.0
    size = np.sqrt(np.where(new > 0, new, 1.0))
    correlation = both / np.outer(size, size)
    error = longer * np.sqrt(old)
    return np.asarray(correlation * np.outer(error, error)), np.asarray(longer)


def _missing(frequency: Real) -> Real:
    """A root of the covariance of what is missing, parts in turn, (2 F, 2 F)."""
    decade = np.log10(frequency)
    distance = np.abs(decade[:, None] - decade) / WIDTH
    values, vectors = np.linalg.eigh((1 + distance) * np.exp(-distance))
    count = len(frequency)
    made = np.zeros((2 * count, 2 * count))
    made[0::2, :count] = made[1::2, count:] = vectors * np.sqrt(np.maximum(values, 0.0))
    return made


def _restricted(residual: Real, jacobian: Real, missing: Real) -> tuple[float, float]:
    """Variance of the noise, and that of the missing amplitudes over it."""
    size = np.sqrt((jacobian * jacobian).sum(axis=1))
    unit = (jacobian[size > 0] / size[size > 0, None]).T
    basis, values, _ = np.linalg.svd(unit, full_matrices=True)
    left = basis[:, int((values > 1e-9 * values.max()).sum()) :]
    shapes, strengths, _ = np.linalg.svd(left.T @ missing, full_matrices=False)
    rest = left.T @ residual
    along = (shapes.T @ rest) ** 2
    across = max(float(rest @ rest) - float(along.sum()), 0.0)
    count, best = len(rest), (math.inf, 0.0, 0.0)
    scale = count / float((strengths**2).sum())
    for ratio in np.concatenate([[0.0], scale * _RATIOS]):
        grown = 1 + ratio * strengths**2
        variance = (float((along / grown).sum()) + across) / count
        cost = count * math.log(max(variance, 1e-300)) + float(np.log(grown).sum())
        if cost < best[0]:
            best = (cost, variance, float(ratio))
    return best[1], best[2]
