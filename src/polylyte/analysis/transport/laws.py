"""Laws of activated transport, fitted to ln(y) over temperature by weighted least squares."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polylyte.analysis.impedance.fitting import corrected_aic
from polylyte.analysis.impedance.least_squares import minimize
from polylyte.analysis.impedance.profiles import student

Real = NDArray[np.float64]
GAS_CONSTANT = 8.31446261815324
"""J/(mol K), exact by the SI of 2019."""
ROUNDING = 1e-9
"""Of ln(y), as far as tables and files keep it."""


@dataclass(frozen=True)
class Law:
    """A fitted law. ``values`` by name; ``covariance`` in their order, already scaled.

    ``factor`` is Student's two-sided 95 % quantile for the degrees of freedom of the scatter.
    """

    name: str
    values: dict[str, float]
    covariance: Real
    curve: Callable[[Real], Real]
    """ln(y) at temperatures in kelvin."""
    slopes: Callable[[Real], Real]
    """d ln(y)/d(values), shape (temperatures, values)."""
    sum_of_squares: float
    points: int
    aicc: float
    freedom: int

    def std(self, name: str) -> float:
        index = list(self.values).index(name)
        return math.sqrt(max(float(self.covariance[index, index]), 0.0))

    @property
    def factor(self) -> float:
        return student(max(self.freedom, 1))

    def band(self, temperature: Real) -> Real:
        """Standard uncertainty of ln(y) on the curve."""
        slopes = self.slopes(temperature)
        return np.asarray(np.sqrt(np.einsum("ti,ij,tj->t", slopes, self.covariance, slopes)))


def arrhenius(T: Real, log_y: Real, weight: Real) -> Law:
    """ln y = ln A − E/(R T)."""
    names = ("ln_prefactor", "activation_energy")
    return _linear("Arrhenius", names, _line(T), log_y, weight, _line)


def _line(T: Real) -> Real:
    return np.column_stack([np.ones_like(T), -1.0 / (GAS_CONSTANT * T)])


def _linear(
    name: str,
    names: Sequence[str],
    design: Real,
    log_y: Real,
    weight: Real,
    rows: Callable[[Real], Real],
    extra: int = 0,
) -> Law:
    """Weighted linear least squares; ``extra`` parameters were found otherwise."""
    scaled = design * weight[:, None]
    solution = np.asarray(np.linalg.lstsq(scaled, log_y * weight, rcond=None)[0], dtype=float)
    residual = (log_y - design @ solution) * weight
    largest = float(weight.max())
    return _law(name, names, solution, _inverse(scaled), residual, rows, extra, largest)


def _inverse(scaled: Real) -> Real:
    """(XᵀX)⁻¹, by columns of unit length: ln A and an energy in J/mol differ by 10⁴."""
    size = np.sqrt((scaled * scaled).sum(axis=0))
    size[size == 0] = 1.0
    unit = scaled / size
    return np.asarray(np.linalg.pinv(unit.T @ unit) / np.outer(size, size), dtype=np.float64)


def _law(
    name: str,
    names: Sequence[str],
    solution: Real,
    inverse: Real,
    residual: Real,
    rows: Callable[[Real], Real],
    extra: int,
    largest: float,
) -> Law:
    points, count = len(residual), len(solution) + extra
    freedom = points - count
    cost = float(residual @ residual)
    variance = cost / freedom if freedom > 0 else math.nan
    return Law(
        name,
        dict(zip(names, map(float, solution), strict=True)),
        inverse * variance,
        lambda T: np.asarray(rows(T) @ solution),
        rows,
        cost,
        points,
        # exact data: rounding is not what tells one law from another
        corrected_aic(max(cost, points * (ROUNDING * largest) ** 2), points, count + 1),
        freedom,
    )


def two_regimes(T: Real, log_y: Real, weight: Real) -> Law | None:
    """Arrhenius with another energy above a break temperature, continuous there.

    ln y = ln A − E/(R T) − ΔE/R · min(0, 1/T − 1/T_break), E below the break and E + ΔE above.
    At least three temperatures lie on each side; None where there are fewer than six.
    """
    distinct = np.unique(T)
    if len(distinct) < 6:
        return None
    lowest, highest = distinct[2], distinct[-3]
    trials = np.linspace(lowest, highest, 201)
    best = int(np.argmin(_costs(T, log_y, weight, trials)))
    span = trials[1] - trials[0]
    fine = np.linspace(max(lowest, trials[best] - span), min(highest, trials[best] + span), 101)
    at = float(fine[int(np.argmin(_costs(T, log_y, weight, fine)))])
    return _with_break(_broken(T, log_y, weight, at), at, T, weight)


def _costs(T: Real, log_y: Real, weight: Real, breaks: Real) -> Real:
    """Weighted sums of squares for each break temperature, all at once."""
    line = np.broadcast_to(_line(T), (len(breaks), len(T), 2))
    above = np.minimum(0.0, 1.0 / T - 1.0 / breaks[:, None]) / GAS_CONSTANT
    scaled = np.concatenate([line, -above[:, :, None]], axis=2) * weight[:, None]
    size = np.sqrt((scaled * scaled).sum(axis=1, keepdims=True))
    basis = np.linalg.qr(scaled / np.where(size > 0, size, 1.0))[0]
    right = log_y * weight
    along = np.einsum("knp,n->kp", basis, right)
    residual = right - np.einsum("knp,kp->kn", basis, along)
    return np.asarray((residual * residual).sum(axis=1))


def _broken(T: Real, log_y: Real, weight: Real, at: float) -> Law:
    def rows(t: Real) -> Real:
        above = np.minimum(0.0, 1.0 / t - 1.0 / at)
        return np.column_stack([_line(t), -above / GAS_CONSTANT])

    names = ("ln_prefactor", "energy_below", "energy_step")
    return _linear("two Arrhenius regimes", names, rows(T), log_y, weight, rows, extra=1)


def _with_break(law: Law, at: float, T: Real, weight: Real) -> Law:
    """The break temperature among the parameters, so that its error widens the others'."""
    step = law.values["energy_step"]

    def rows(t: Real) -> Real:
        by_break = np.where(t > at, -step / (GAS_CONSTANT * at * at), 0.0)
        return np.column_stack([law.slopes(t), by_break])

    scaled = rows(T) * weight[:, None]
    variance = law.sum_of_squares / law.freedom if law.freedom > 0 else math.nan
    return Law(
        law.name,
        {**law.values, "break_temperature": at},
        _inverse(scaled) * variance,
        law.curve,
        rows,
        law.sum_of_squares,
        law.points,
        law.aicc,
        law.freedom,
    )


def vogel(T: Real, log_y: Real, weight: Real) -> Law | None:
    """ln y = ln A − ln(T)/2 − B/(T − T0), B > 0, 0 < T0 < T_min; several starts in T0.

    None where T0 runs to an end of its range: there it is an Arrhenius law or a pole.
    """
    coldest = float(T.min())
    starts = np.array([[math.log(B), t0 * coldest] for B in (300.0, 1000.0, 3000.0)
                       for t0 in (0.3, 0.5, 0.7, 0.85, 0.95)])  # fmt: skip
    lower = np.array([math.log(1.0), 1.0])
    upper = np.array([math.log(1e6), coldest - 0.1])
    scale = np.array([1.0, 100.0])

    def shape(x: Real) -> tuple[Real, Real]:
        B, T0 = np.exp(x[:, :1]), x[:, 1:] * 100.0
        gap = T[None] - T0
        return -0.5 * np.log(T)[None] - B / gap, np.stack([-B / gap, -B / gap**2 * 100.0], axis=1)

    total = float(weight @ weight)

    def model(x: Real) -> tuple[Real, Real]:
        # ln A is the weighted mean of what is left: one parameter less to search for
        curve, slopes = shape(x)
        free = log_y[None] - curve
        centre = (free * weight**2).sum(axis=1, keepdims=True) / total
        mean = (slopes * weight**2).sum(axis=2, keepdims=True) / total
        return (centre - free) * weight, (slopes - mean) * weight

    found = minimize(
        model, starts / scale, lower / scale, upper / scale, iterations=300, tolerance=1e-13
    )
    best = int(np.argmin(found.cost))
    log_B, T0 = float(found.x[best, 0]), float(found.x[best, 1]) * 100.0
    ends = (lower[1] + 1e-3, upper[1] - 1e-3)
    if not (ends[0] < T0 < ends[1]) or not (lower[0] < log_B < upper[0]):
        return None
    return _vogel_law(T, log_y, weight, math.exp(log_B), T0)


def _vogel_law(T: Real, log_y: Real, weight: Real, B: float, T0: float) -> Law:
    def shape(t: Real) -> Real:
        return np.asarray(-0.5 * np.log(t) - B / (t - T0))

    def rows(t: Real) -> Real:
        gap = t - T0
        return np.column_stack([np.ones_like(t), -1.0 / gap, -B / gap**2])

    log_A = float(((log_y - shape(T)) * weight**2).sum() / (weight @ weight))
    residual = (log_y - shape(T) - log_A) * weight
    scaled = rows(T) * weight[:, None]
    law = _law(
        "VTF",
        ("ln_prefactor", "pseudo_activation_temperature", "vogel_temperature"),
        np.array([log_A, B, T0]),
        _inverse(scaled),
        residual,
        rows,
        0,
        float(weight.max()),
    )
    return Law(
        law.name,
        law.values,
        law.covariance,
        lambda t: np.asarray(log_A + shape(t)),
        rows,
        law.sum_of_squares,
        law.points,
        law.aicc,
        law.freedom,
    )


def extra_scatter(T: Real, log_y: Real, own: Real) -> float:
    """Relative scatter beyond the stated ``own`` that makes χ² equal its degrees of freedom.

    [Paule & Mandel 1982, doi:10.6028/jres.087.022], about a parabola in 1/T (a line with three
    temperatures), so that curvature is not taken for scatter. Zero where none is stated.
    """
    if not (own > 0).all():
        return 0.0
    degree = 2 if len(np.unique(T)) > 3 else 1
    x = 1.0 / T
    design = np.vander((x - x.mean()) / np.ptp(x), degree + 1)
    freedom = len(T) - degree - 1
    if freedom < 1:
        return 0.0

    def excess(scatter: float) -> float:
        weight = 1.0 / np.sqrt(own**2 + scatter**2)
        scaled = design * weight[:, None]
        solution = np.linalg.lstsq(scaled, log_y * weight, rcond=None)[0]
        return float((((log_y - design @ solution) * weight) ** 2).sum()) - freedom

    if excess(0.0) <= 0:
        return 0.0
    low, high = 0.0, float(own.max())
    while excess(high) > 0 and high < 1e3:
        high *= 4.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return 0.5 * (low + high)
