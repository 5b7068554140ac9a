"""A circuit fit as quantities and tables, with what it can and cannot tell."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from polylyte.analysis.impedance.elements import Complex, Real
from polylyte.analysis.impedance.fitting import (
    AT_BOUND,
    NOT_IDENTIFIABLE,
    STRUCTURED,
    UNBOUNDED,
    CircuitFit,
)
from polylyte.core.citations import Citation
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Verdict
from polylyte.core.tables import Table

ORAZEM_2017 = Citation(
    "Orazem2017",
    "Orazem, M. E.; Tribollet, B.",
    "Electrochemical Impedance Spectroscopy, 2nd edition",
    "Wiley",
    2017,
    doi="10.1002/9781119363682",
)
BOUKAMP_1986 = Citation(
    "Boukamp1986",
    "Boukamp, B. A.",
    "A nonlinear least squares fit procedure for analysis of immittance data of "
    "electrochemical systems",
    "Solid State Ionics",
    1986,
    "20",
    "31–44",
    "10.1016/0167-2738(86)90031-7",
)
MARQUARDT_1963 = Citation(
    "Marquardt1963",
    "Marquardt, D. W.",
    "An algorithm for least-squares estimation of nonlinear parameters",
    "Journal of the Society for Industrial and Applied Mathematics",
    1963,
    "11",
    "431–441",
    "10.1137/0111030",
)
VENZON_1988 = Citation(
    "Venzon1988",
    "Venzon, D. J.; Moolgavkar, S. H.",
    "A method for computing profile-likelihood-based confidence intervals",
    "Applied Statistics",
    1988,
    "37",
    "87–94",
    "10.2307/2347496",
)
HURVICH_1989 = Citation(
    "Hurvich1989",
    "Hurvich, C. M.; Tsai, C.-L.",
    "Regression and time series model selection in small samples",
    "Biometrika",
    1989,
    "76",
    "297–307",
    "10.1093/biomet/76.2.297",
)

LEAST_SHARE = 0.3
RUNS_LEVEL = 0.01
_MEANINGLESS = 1e3
"""A relative standard error beyond this says nothing but "not identifiable"."""


def parameter_quantities(fit: CircuitFit, prefix: str = "~fit") -> dict[str, Quantity]:
    """Every parameter with its standard error, 95 % interval and flags.

    The errors of one fit are correlated, so they are split by the Cholesky factor of their
    covariance: ``~fit.R1`` is what R1 adds beyond the parameters before it. A sum or ratio of
    two parameters then carries the right error. A parameter that ran to the edge of its range
    has no value. Where the residuals have structure, the errors include what the circuit misses
    and every parameter bears the flag "structured residuals".
    """
    parts = _components(fit, prefix)
    made = {}
    for index, name in enumerate(fit.circuit.names):
        flags = stated_flags(fit, index)
        unit = fit.circuit.units[index]
        exponent = bool(fit.circuit.exponents[index])
        if AT_BOUND in flags and not exponent:
            made[name] = Quantity(None, unit, flags=flags)
            continue
        low, high = fit.interval(name)
        if exponent and high is None:
            high = 1.0
        interval = (low, high) if low is not None and high is not None else None
        made[name] = Quantity(
            float(fit.values[index]), unit, parts[name], "derived", {}, flags, interval
        )
    return made


def stated_flags(fit: CircuitFit, index: int) -> tuple[str, ...]:
    """A parameter's flags, and that of the whole fit."""
    return (*fit.flags[index], *((STRUCTURED,) if fit.structure.found else ()))


def _components(fit: CircuitFit, prefix: str) -> dict[str, dict[str, float]]:
    sound = np.flatnonzero((fit.relative_error > 0) & (fit.relative_error < _MEANINGLESS))
    parts: dict[str, dict[str, float]] = {name: {} for name in fit.circuit.names}
    if not len(sound):
        return parts
    block = fit.full_covariance[np.ix_(sound, sound)]
    error = np.sqrt(np.diag(block))
    correlation = block / np.outer(error, error)
    # rounding can leave the correlation matrix of a flat optimum slightly indefinite
    factor = np.linalg.cholesky(correlation + 1e-9 * np.eye(len(sound)))
    for row, index in enumerate(sound):
        name = fit.circuit.names[index]
        scale = fit.values[index] * error[row]
        for column in range(row + 1):
            share = float(factor[row, column])
            if abs(share) > 1e-6:
                source = f"{prefix}.{fit.circuit.names[sound[column]]}"
                parts[name][source] = share * float(scale)
    return parts


def series_resistance(fit: CircuitFit, prefix: str = "~fit") -> Quantity:
    """Resistance of the path for direct current, blocking parts in series left out."""
    value = fit.circuit.series_resistance(fit.values)
    slopes = np.empty(len(fit.values))
    for index in range(len(slopes)):
        moved = fit.values.copy()
        moved[index] *= 1 + 1e-6
        slopes[index] = (fit.circuit.series_resistance(moved) - value) / (1e-6 * moved[index])
    quantities = parameter_quantities(fit, prefix)
    matters = np.abs(slopes * fit.values) > 1e-9 * abs(value)
    names = [name for name, used in zip(fit.circuit.names, matters, strict=True) if used]
    weak = tuple(
        dict.fromkeys(flag for name in names for flag in quantities[name].flags if flag != AT_BOUND)
    )
    if not names:
        return Quantity(None, "ohm", flags=("no path for direct current",))
    if any(quantities[name].value is None for name in names):
        return Quantity(None, "ohm", flags=weak)
    parts: dict[str, float] = {}
    for slope, name in zip(slopes[matters], names, strict=True):
        for source, part in quantities[name].components.items():
            parts[source] = parts.get(source, 0.0) + float(slope) * part
    return Quantity(value, "ohm", parts, "derived", flags=weak)


def parameter_table(fit: CircuitFit) -> Table:
    """One row per parameter; null where there is no number."""
    quantities = parameter_quantities(fit)
    names = list(fit.circuit.names)
    ends = [fit.interval(name) for name in names]
    return Table.of(
        {
            "parameter": names,
            "value": [quantities[name].value for name in names],
            "standard_error": [quantities[name].std for name in names],
            "lower": [low for low, _ in ends],
            "upper": [high for _, high in ends],
            "unit": list(fit.circuit.units),
            "flags": [", ".join(stated_flags(fit, index)) for index in range(len(names))],
            "noise_error": (fit.relative_error * fit.values).tolist(),
        },
        note="lower and upper: 95 % profile-likelihood interval, empty where it is open; "
        "noise_error: the standard error by noise alone",
    )


def fit_table(fit: CircuitFit) -> Table:
    """Measured and fitted impedance; residuals are (fit − measured)/|measured|."""
    z, fitted, residuals = fit.data.impedance, fit.fitted, fit.residuals
    columns: dict[str, Any] = {
        "frequency": fit.data.frequency,
        "real": z.real,
        "imaginary": z.imag,
        "fitted_real": fitted.real,
        "fitted_imaginary": fitted.imag,
        "residual_real": residuals.real,
        "residual_imaginary": residuals.imag,
    }
    units = {"frequency": "Hz", "residual_real": "1", "residual_imaginary": "1"}
    units |= {name: "ohm" for name in columns if name not in units}
    return Table.of(columns, units)


def runs_test(residuals: Real) -> float:
    """Probability of so few runs of equal sign in independent residuals.

    Normal approximation of Wald & Wolfowitz 1940, doi:10.1214/aoms/1177731909, one-sided.
    """
    signs = np.sign(residuals[residuals != 0])
    above, below = int((signs > 0).sum()), int((signs < 0).sum())
    total = above + below
    if total < 4:
        return 1.0
    runs = 1 + int((signs[1:] != signs[:-1]).sum())
    if not above or not below:
        return 2.0 * 0.5**total
    mean = 2 * above * below / total + 1
    variance = (mean - 1) * (mean - 2) / (total - 1)
    if variance <= 0:
        return 1.0
    return 0.5 * math.erfc(-(runs + 0.5 - mean) / math.sqrt(2 * variance))


def structure(residuals: Complex) -> float:
    """The smaller probability of the two parts, corrected for having looked twice."""
    return min(1.0, 2 * min(runs_test(residuals.real), runs_test(residuals.imag)))


def verdicts(fit: CircuitFit) -> tuple[Verdict, ...]:
    """Do the starts agree, do the residuals look like noise, is every parameter determined?"""
    share = fit.share_of_starts
    reached = f"{share * 100:.0f} % of {fit.starts} starts reached the optimum"
    found = fit.structure
    noise = not found.found
    weak = [
        name
        for name, flags in zip(fit.circuit.names, fit.flags, strict=True)
        if {NOT_IDENTIFIABLE, UNBOUNDED} & set(flags)
    ]
    told = (
        "neighbouring residuals differ as noise would"
        if noise
        else f"neighbouring residuals are alike, {ratio(fit):.2g} times their own noise: the "
        "circuit is not the whole story; errors are longer by what it misses, up to "
        f"{float(fit.inflation.max()):.2g} times"
    )
    measured = f"Durbin–Watson {found.durbin_watson:.2g}, p = {found.probability:.2g}"
    return (
        Verdict("starts agree", share >= LEAST_SHARE, reached),
        Verdict("residuals without structure", noise, f"{told} ({measured})"),
        Verdict(
            "parameters identifiable",
            not weak,
            f"not determined by these data: {', '.join(weak)}" if weak else "all are",
        ),
    )


def ratio(fit: CircuitFit) -> float:
    """Root mean square of the residuals over their noise, from second differences along the
    frequency; 1 for noise alone."""
    second = np.diff(fit.residuals, 2)
    noise = math.sqrt(float(np.mean(np.abs(second) ** 2)) / 6)
    return fit.relative_rms / noise if noise > 0 else 1.0


def findings(fit: CircuitFit) -> tuple[Finding, ...]:
    """Points left out, one-sided limits, inductive points without an inductor."""
    found = []
    data = fit.data
    if data.outside_range:
        found.append(Finding(f"{data.outside_range} points outside f_min … f_max were not fitted"))
    if data.not_usable:
        found.append(
            Finding(
                f"{data.not_usable} points have no finite impedance or no positive frequency "
                "and were not fitted",
                "warning",
            )
        )
    found.extend(_limits(fit))
    inductive = data.impedance.imag > 0
    has_inductor = any(leaf.kind == "L" for leaf in fit.circuit.root.leaves())
    if inductive.any() and not has_inductor:
        lowest = float(data.frequency[inductive].min())
        found.append(
            Finding(
                f"{int(inductive.sum())} points from {lowest:.3g} Hz up are inductive, but "
                f"{fit.circuit} has no inductor",
                remedy="add L1 in series, or set f_max",
            )
        )
    return tuple(found)


def _limits(fit: CircuitFit) -> list[Finding]:
    found = []
    for name, unit, flags in zip(fit.circuit.names, fit.circuit.units, fit.flags, strict=True):
        if UNBOUNDED not in flags:
            continue
        low, high = fit.interval(name)
        limit = (
            f"{name} > {low:.3g} {unit}"
            if low is not None
            else f"{name} < {high:.3g} {unit}"
            if high is not None
            else f"{name} can be anything"
        )
        found.append(Finding(f"only a limit: {limit} (95 %)", "warning"))
    return found
