"""Fit an equivalent circuit to an impedance spectrum, without initial guesses.

A plain function for notebooks, sweeps and the methods of this room: :func:`fit_circuit`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from polylyte.analysis.impedance.circuits import Circuit, parse
from polylyte.analysis.impedance.descent import of_problem, search
from polylyte.analysis.impedance.elements import Complex, Real
from polylyte.analysis.impedance.problem import Data, Problem, Weighting, draw, select
from polylyte.analysis.impedance.profiles import (
    covariances,
    free_parameters,
    profiles,
    student,
)
from polylyte.analysis.impedance.structured import Structure, durbin_watson, inflation
from polylyte.core.errors import NotAnswerable

STARTS = 64
NOT_IDENTIFIABLE = "not identifiable"
UNBOUNDED = "unbounded"
AT_BOUND = "at its bound"
STRUCTURED = "structured residuals"
LONGEST = 12.0
"""Of ln(parameter) from the optimum to an end of its interval: what is beyond is open."""


@dataclass(frozen=True)
class CircuitFit:
    """The best of all starts.

    ``covariance`` is that of the logarithms of the parameters, from (JᵀJ)⁻¹ and the residual
    variance. ``lower`` and ``upper`` bound the 95 % profile-likelihood interval; NaN where the
    profile does not close. ``relative_error`` is the standard error of each logarithm. All these
    are of noise alone. Where the residuals have structure, ``full_covariance`` includes what the
    circuit misses, and ``inflation`` says by which factor each error is longer; :meth:`std` and
    :meth:`interval` state that.
    """

    circuit: Circuit
    data: Data
    weighting: Weighting
    values: Real
    covariance: Real
    relative_error: Real
    lower: Real
    upper: Real
    flags: tuple[tuple[str, ...], ...]
    fitted: Complex
    relative_rms: float
    """sqrt(mean(|Z_fit - Z|²/|Z|²)), whatever the weighting."""
    rms: float
    """Root mean square of Z_fit - Z per real and per imaginary part, ohm."""
    sum_of_squares: float
    degrees_of_freedom: int
    aicc: float
    share_of_starts: float
    starts: int
    seed: int
    converged: bool
    structure: Structure
    full_covariance: Real
    inflation: Real

    def __getitem__(self, name: str) -> float:
        return float(self.values[self.circuit.names.index(name)])

    @property
    def residuals(self) -> Complex:
        """(Z_fit - Z) / |Z|, real and imaginary."""
        return np.asarray((self.fitted - self.data.impedance) / np.abs(self.data.impedance))

    def std(self, name: str) -> float:
        """Standard error of a parameter, in its SI unit, the circuit's own error included."""
        index = self.circuit.names.index(name)
        return float(self.inflation[index] * self.relative_error[index] * self.values[index])

    def interval(self, name: str) -> tuple[float | None, float | None]:
        """The 95 % profile-likelihood interval, longer by the inflation; None on an open side."""
        index = self.circuit.names.index(name)
        x, longer = math.log(self.values[index]), float(self.inflation[index])
        top = 1e-9 if self.circuit.exponents[index] else math.inf

        def end(bound: float) -> float | None:
            away = longer * (math.log(bound) - x)
            lost = longer > 1 and abs(away) > LONGEST
            return None if not math.isfinite(away) or lost or x + away > top else math.exp(x + away)

        return end(float(self.lower[index])), end(float(self.upper[index]))


def fit_circuit(
    frequency: ArrayLike,
    impedance: ArrayLike,
    circuit: str | Circuit,
    *,
    weighting: Weighting = "modulus",
    f_min: float | None = None,
    f_max: float | None = None,
    starts: int = STARTS,
    seed: int = 0,
    intervals: bool = True,
    where: str | None = None,
) -> CircuitFit:
    """Complex nonlinear least squares from many starts.

    Minimises Σ |w (Z_fit − Z)|² over the logarithms of the parameters. Starts are drawn
    log-uniformly from ranges that the data give; ``seed`` makes them the same every time.
    Equal sub-circuits come back sorted by time constant, the fastest first.

    Parameters:
        frequency: Hz, shape (F,)
        impedance: ohm, complex, shape (F,); a negative imaginary part is capacitive
        circuit: ``R0-p(R1,CPE1)-CPE2`` or ``R(RQ)Q``
        weighting: w is 1/|Z| (modulus), 1 (unit), or 1/|Re Z| and 1/|Im Z| (proportional,
            each no larger than 100/|Z|)
        f_min: lowest frequency fitted, Hz
        f_max: highest frequency fitted, Hz
        intervals: False skips the profile likelihood (the bounds are NaN then)
        where: what to name in an error (the file)

    Raises:
        InputError: shapes that differ, an unknown element.
        NotAnswerable: too few points for the circuit.
    """
    compiled = parse(circuit) if isinstance(circuit, str) else circuit
    data = select(frequency, impedance, f_min, f_max, where=where)
    _enough(data, compiled, where)
    model = Problem(compiled, data, weighting)
    found = search(of_problem(model), draw(compiled, model.scales, starts, seed))
    return finished(
        model, found.x[0], float(found.share[0]), bool(found.converged[0]), starts, seed, intervals
    )


def finished(
    model: Problem,
    x: Real,
    share: float,
    converged: bool,
    starts: int,
    seed: int,
    intervals: bool,
) -> CircuitFit:
    """A fit with its errors, from the best point found."""
    residual, _ = model(x[None])
    cost = float(residual[0] @ residual[0])
    if intervals:
        x, cost, lower, upper = profiles(model, x, cost)
    else:
        lower = upper = np.full(len(x), np.nan)
    return _assembled(model, x, lower, upper, share, starts, seed, converged, intervals)


def _enough(data: Data, circuit: Circuit, where: str | None) -> None:
    needed = len(circuit) + 2
    if len(data.frequency) < needed:
        left_out = data.outside_range + data.not_usable
        raise NotAnswerable(
            f"{len(data.frequency)} points ({left_out} left out) cannot fit the {len(circuit)} "
            f"parameters of {circuit}: at least {needed} are needed",
            where=where,
            remedy="widen f_min and f_max, or choose a simpler circuit",
        )


def _assembled(
    model: Problem,
    x: Real,
    lower: Real,
    upper: Real,
    share: float,
    starts: int,
    seed: int,
    converged: bool,
    profiled: bool,
) -> CircuitFit:
    circuit, data = model.circuit, model.data
    count, points = len(circuit), len(data.frequency)
    freedom = 2 * points - count
    (ranks,) = circuit.order(np.exp(x)[None])
    x, lower, upper = x[ranks], lower[ranks], upper[ranks]
    residual, _ = model(x[None])
    cost = float(residual[0] @ residual[0])
    structure, covariance, full, inflated = _judged(model, x, freedom)
    error = np.sqrt(np.diag(covariance))
    z = circuit.impedance(np.exp(x), data.frequency)
    misfit = np.abs(z - data.impedance)
    lower, upper = np.exp(lower), np.exp(upper)
    return CircuitFit(
        circuit=circuit,
        data=data,
        weighting=model.weighting,
        values=np.exp(x),
        covariance=covariance,
        relative_error=error,
        lower=lower,
        upper=upper,
        flags=_flags(model, x, error, lower, upper, profiled),
        fitted=z,
        relative_rms=float(np.sqrt(np.mean((misfit / np.abs(data.impedance)) ** 2))),
        rms=float(np.sqrt(np.mean(misfit**2) / 2)),
        sum_of_squares=cost,
        degrees_of_freedom=freedom,
        aicc=corrected_aic(cost, 2 * points, count + 1),
        share_of_starts=share,
        starts=starts,
        seed=seed,
        converged=converged,
        structure=structure,
        full_covariance=full,
        inflation=inflated,
    )


def _judged(model: Problem, x: Real, freedom: int) -> tuple[Structure, Real, Real, Real]:
    """Structure of the residuals; the covariance by noise alone, the one with what the circuit
    misses, and how much longer its standard errors are."""
    residual, jacobian = model(x[None])
    free = free_parameters(model, x)[None]
    variance = np.array([float(residual[0] @ residual[0]) / freedom])
    (plain,) = covariances(jacobian, free, variance)
    statistic, probability = durbin_watson(residual, jacobian, free)
    structure = Structure(float(statistic[0]), float(probability[0]))
    if not structure.found:
        return structure, plain, plain, np.ones(len(x))
    covariance, inflated = inflation(
        model.data.frequency,
        residual[0],
        np.where(free[0][:, None], jacobian[0], 0.0),
        plain,
        covariances(jacobian, free, np.ones(1))[0],
    )
    return structure, plain, covariance, inflated


def _flags(
    model: Problem, x: Real, error: Real, lower: Real, upper: Real, profiled: bool
) -> tuple[tuple[str, ...], ...]:
    free = free_parameters(model, x)
    values = np.exp(x)
    widest = math.exp(student(2 * len(model.data.frequency) - len(x)))
    found = []
    for index in range(len(x)):
        flags = []
        bounded_by_one = bool(model.circuit.exponents[index]) and not free[index]
        if not free[index]:
            flags.append(AT_BOUND)
        # a profile wider than that of a relative error of 1 says the same
        wide = max(upper[index] / values[index], values[index] / lower[index]) > widest
        if (error[index] > 1.0 or wide or not free[index]) and not bounded_by_one:
            flags.append(NOT_IDENTIFIABLE)
        ends = (lower[index], upper[index])
        # an exponent's upper bound of 1 is physics, not a lack of data
        if model.circuit.exponents[index]:
            ends = (ends[0], 1.0)
        if profiled and not all(map(math.isfinite, ends)):
            flags.append(UNBOUNDED)
        found.append(tuple(flags))
    return tuple(found)


def corrected_aic(sum_of_squares: float, points: int, parameters: int) -> float:
    """AICc of a least-squares fit [Hurvich & Tsai 1989, doi:10.1093/biomet/76.2.297].

    n ln(S/n) + 2k + 2k(k+1)/(n−k−1), k counting the variance; infinite where n <= k + 1.
    """
    spare = points - parameters - 1
    if spare <= 0:
        return math.inf
    fit = points * math.log(max(sum_of_squares, 1e-300) / points)
    return fit + 2 * parameters + 2 * parameters * (parameters + 1) / spare
