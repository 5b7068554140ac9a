"""Distribution of relaxation times: a non-negative, smooth spectrum of time constants.

A plain function for notebooks and for the methods of this room: :func:`relaxation_times`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polylyte.analysis.impedance.elements import Complex, Real
from polylyte.analysis.impedance.nonnegative import nonnegative
from polylyte.analysis.impedance.problem import Data, select
from polylyte.core.errors import NotAnswerable

LEAST_POINTS = 12
PER_DECADE = 12
"""Time constants per decade."""
FASTER, SLOWER = 10**0.5, 10.0
"""How far the time constants reach beyond the frequencies, on both sides."""
ROBUSTNESS = 0.3
"""Of the cross-validation. 1 is the plain one, which undersmooths some spectra badly; 0.3 is a
common choice [Lukas 2006, doi:10.1088/0266-5611/22/5/021]."""
VARIED = np.array([0.1, 10**-0.5, 1.0, 10**0.5, 10.0])
"""Strengths of smoothing of the draws, over the one chosen: cross-validation is no surer."""
_STRENGTHS = np.logspace(-7.0, 3.0, 11)
_BLOCKING_ANGLE = 45.0


@dataclass(frozen=True)
class Relaxation:
    """``gamma`` is dR/d ln τ, ohm: its sum times ``step`` is the polarisation resistance.

    ``draws`` are distributions of as many spectra with other noise and smoothing (bands), and
    ``drawn_resistance`` their R∞; empty where none were asked for.
    """

    data: Data
    tau: Real
    gamma: Real
    step: float
    """Of ln τ."""
    resistance: float
    """R∞, ohm."""
    inductance: float
    elastance: float
    """1/C of the blocking tail, 1/F; zero without one."""
    blocking: bool
    fitted: Complex
    noise: float
    """Standard deviation of each part over |Z|."""
    strength: float
    freedom: float
    """Effective number of parameters."""
    draws: Real
    drawn_resistance: Real

    @property
    def residuals(self) -> Complex:
        """(fit − Z)/|Z|, shape (F,)."""
        return np.asarray((self.fitted - self.data.impedance) / np.abs(self.data.impedance))


def relaxation_times(
    frequency: ArrayLike,
    impedance: ArrayLike,
    *,
    f_min: float | None = None,
    f_max: float | None = None,
    blocking: bool | None = None,
    draws: int = 0,
    seed: int = 0,
    where: str | None = None,
) -> Relaxation:
    """Tikhonov regularisation with a non-negative solution and cross-validated strength.

    Z(ω) = R∞ + jωL + 1/(jωC) + Σ γ_k h/(1 + jωτ_k), all ≥ 0, h the step of ln τ
    minimises Σ |Z_fit − Z|²/|Z|² + λ Σ (g_{k−1} − 2 g_k + g_{k+1})², g_k = γ_k/|Z(1/τ_k)|, so
    that a small arc beside a large one is smoothed by its own measure. λ is the largest whose
    robust generalised cross-validation n·S/(n − tr A)²·(0.3 + 0.7 tr A²/n) is within one standard
    error of the least; A is the influence matrix of the unknowns that are not zero. 1/C is fitted
    where the electrodes block.

    Parameters:
        frequency: Hz, shape (F,)
        impedance: ohm, complex, shape (F,)
        f_min: lowest frequency used, Hz
        f_max: highest frequency used, Hz
        blocking: whether a capacitor is in series; None decides by the lowest half decade
        draws: spectra with new noise to solve again, for bands and errors
        seed: of these draws
        where: what to name in an error

    Raises:
        InputError: shapes that differ.
        NotAnswerable: fewer than twelve points.
    """
    data = select(frequency, impedance, f_min, f_max, where=where)
    enough(data, where)
    tail = blocks(data) if blocking is None else blocking
    system = _System(data, tail)
    strength, x, free, freedom = system.choose()
    A, b = system.design, system.right
    residual = A @ x - b
    spare = max(len(b) - freedom, 1.0)
    noise = math.sqrt(float(residual @ residual) / spare)
    drawn = np.array(_redraw(system, strength, x, free, noise, draws, seed)).reshape(draws, len(x))
    values = x * system.scale
    count = system.extra
    fitted = (A @ x).reshape(2, -1)
    return Relaxation(
        data=data,
        tau=system.tau,
        gamma=values[count:] / system.step,
        step=system.step,
        resistance=float(values[0]),
        inductance=float(values[1]),
        elastance=float(values[2]) if tail else 0.0,
        blocking=tail,
        fitted=(fitted[0] + 1j * fitted[1]) * np.abs(data.impedance),
        noise=noise,
        strength=strength,
        freedom=freedom,
        draws=drawn[:, count:] * system.scale[count:] / system.step,
        drawn_resistance=drawn[:, 0] * system.scale[0],
    )


def enough(data: Data, where: str | None) -> None:
    """Refuse a spectrum of too few points.

    Raises:
        NotAnswerable: fewer than twelve.
    """
    if len(data.frequency) < LEAST_POINTS:
        raise NotAnswerable(
            f"a distribution of relaxation times needs {LEAST_POINTS} points, there are "
            f"{len(data.frequency)}",
            where=where,
            remedy="measure more frequencies, or fit a circuit",
        )


def blocks(data: Data) -> bool:
    """Whether the curve rises steeper than 45° over the lowest half decade."""
    f, z = data.frequency, data.impedance
    near = f <= f.min() * 10**0.5
    if near.sum() < 2:
        near = np.arange(len(f)) >= len(f) - 2
    x = np.log(f[near])
    rise, run = (np.polyfit(x, part[near], 1)[0] for part in (z.imag, -z.real))
    return math.degrees(math.atan2(rise, max(run, 0.0))) >= _BLOCKING_ANGLE


class _System:
    """The weighted equations, real part above imaginary part, over scaled unknowns."""

    def __init__(self, data: Data, tail: bool) -> None:
        omega = 2 * np.pi * data.frequency
        low, high = 1 / (FASTER * omega.max()), SLOWER / omega.min()
        count = max(8, round(PER_DECADE * math.log10(high / low)) + 1)
        self.tau: Real = np.geomspace(low, high, count)
        self.step = math.log(high / low) / (count - 1)
        s, modulus = 1j * omega, np.abs(data.impedance)
        parts = [np.ones_like(s), s, *([1 / s] if tail else [])]
        self.extra = len(parts)
        columns = np.column_stack([*parts, 1 / (1 + s[:, None] * self.tau)]) / modulus[:, None]
        # |Z| where each time constant is seen; level outside the range
        order = np.argsort(omega)
        seen = np.interp(-np.log(self.tau), np.log(omega[order]), np.log(modulus[order]))
        size = 1 / np.sqrt((np.abs(columns[:, : self.extra]) ** 2).sum(axis=0))
        self.scale: Real = np.concatenate([size, np.exp(seen)])
        self.design: Real = np.concatenate([columns.real, columns.imag]) * self.scale
        z = data.impedance / modulus
        self.right: Real = np.concatenate([z.real, z.imag])
        second = np.diff(np.eye(count), 2, axis=0)
        self.normal: Real = self.design.T @ self.design
        self.penalty: Real = np.zeros_like(self.normal)
        self.penalty[self.extra :, self.extra :] = second.T @ second / self.step**3
        # keeps the straight lines that the penalty does not see from being free
        self.ridge = 1e-11 * float(np.trace(self.normal))

    def matrix(self, strength: float) -> Real:
        return np.asarray(
            self.normal + strength * self.penalty + self.ridge * np.eye(len(self.normal))
        )

    def choose(self) -> tuple[float, Real, NDArray[np.bool_], float]:
        """The strongest smoothing within one standard error of the least cross-validation:
        each decade of λ first, then quarters of one. ln S of n residuals has sqrt(2/n)."""
        tried: dict[float, tuple[float, Real, NDArray[np.bool_], float]] = {}

        def attempt(log_strength: float, start: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
            H = self.matrix(10**log_strength)
            x, free = nonnegative(H, self.design.T @ self.right, start)
            chosen = np.ix_(free, free)
            influence = np.linalg.solve(H[chosen], self.normal[chosen])
            freedom = float(np.trace(influence))
            residual = self.design @ x - self.right
            points = len(self.right)
            cost = float(residual @ residual) / max(points - freedom, 1e-9) ** 2
            unstable = float(np.sum(influence * influence.T)) / points
            cost *= ROBUSTNESS + (1 - ROBUSTNESS) * unstable
            tried[log_strength] = (math.log(max(cost, 1e-300)), x, free, freedom)
            return free

        free = None
        for strength in _STRENGTHS[::-1]:
            free = attempt(math.log10(strength), free)
        limit = min(one[0] for one in tried.values()) + math.sqrt(2 / len(self.right))
        best = max(key for key, one in tried.items() if one[0] <= limit)
        for width in (0.5, 0.25):
            attempt(best + width, tried[best][2])
            best += width if tried[best + width][0] <= limit else 0.0
        return 10**best, *tried[best][1:]


def _redraw(
    system: _System,
    strength: float,
    x: Real,
    free: NDArray[np.bool_],
    noise: float,
    draws: int,
    seed: int,
) -> list[Real]:
    """Solutions of spectra that have the fitted one's values and new noise, smoothed by turns
    more and less strongly."""
    rng = np.random.default_rng(seed)
    matrices = [system.matrix(strength * factor) for factor in VARIED]
    exact = system.design @ x
    return [
        nonnegative(
            matrices[draw % len(matrices)],
            system.design.T @ (exact + noise * rng.normal(size=len(exact))),
            free,
        )[0]
        for draw in range(draws)
    ]
