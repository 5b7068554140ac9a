"""A distribution of relaxation times as quantities and tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polylyte.analysis.impedance.elements import Real
from polylyte.analysis.impedance.peaks import Peak, peaks
from polylyte.analysis.impedance.relaxation import Relaxation
from polylyte.core.quantities import Quantity
from polylyte.core.tables import Table

NOT_CLOSED = "not closed"
OUTSIDE = "outside range"
NOT_SIGNIFICANT = "not significant"
SMALLEST = 3.0
"""Standard errors that a peak's resistance must exceed zero by."""

GRID = 1 / 6
"""Standard error of ln τ that the grid of time constants adds, over its step."""


@dataclass(frozen=True)
class Sorted:
    """Peaks by where they are: faster than the measured range, inside it, slower."""

    fast: list[Peak]
    inside: list[Peak]
    slow: list[Peak]


def sort(found: Relaxation) -> Sorted:
    """The peaks, by the frequencies measured."""
    omega = 2 * np.pi * found.data.frequency
    every = peaks(found)
    fast = [one for one in every if found.tau[one.top] < 1 / omega.max()]
    slowest = 1 / omega.min()
    slow = [one for one in every if max(found.tau[one.top], one.time_constant) > slowest]
    return Sorted(fast, [one for one in every if one not in fast and one not in slow], slow)


def significant(peak: Peak) -> bool:
    """Whether the noise leaves the peak: three standard errors above zero."""
    return peak.resistance > SMALLEST * peak.error


def quantities(found: Relaxation, where: Sorted) -> tuple[Quantity, Quantity, dict[str, Quantity]]:
    """Series and polarisation resistance and each peak's, their errors correlated as drawn."""
    own = [one for one in where.inside if significant(one)]
    names = [f"resistance_{number}" for number in range(1, len(own) + 1)]
    rest = [one for one in where.inside if not significant(one)]
    fast = found.tau < 1 / (2 * np.pi * found.data.frequency.max())
    series = found.resistance + float(found.gamma[fast].sum()) * found.step
    drawn_series = found.drawn_resistance + found.draws[:, fast].sum(axis=1) * found.step
    left_over = sum((one.drawn_resistance for one in rest), start=np.zeros(len(found.draws)))
    drawn = np.column_stack([drawn_series, *(one.drawn_resistance for one in own), left_over])
    parts = _components(drawn, ["series_resistance", *names, "rest"])
    more: dict[str, Quantity] = {}
    for number, (name, one) in enumerate(zip(names, own, strict=True), 1):
        # what one peak may have from its neighbour, the neighbour lacks
        wider = {
            f"~smoothing.{name}": one.bias,
            f"~smoothing.valley_{one.first}": -one.shared[0],
            f"~smoothing.valley_{one.last + 1}": one.shared[1],
        }
        own_parts = parts[name] | {source: part for source, part in wider.items() if part}
        more[name] = Quantity(one.resistance, "ohm", own_parts, "derived")
        spread = math.hypot(float(one.drawn_time.std(ddof=1)), GRID * found.step)
        error = one.time_constant * spread
        more[f"time_constant_{number}"] = Quantity(
            one.time_constant, "s", {f"~noise.time_constant_{number}": error}, "derived"
        )
    total: dict[str, float] = {}
    for name in (*names, "rest"):
        for source, part in parts[name].items():
            total[source] = total.get(source, 0.0) + part
    value = sum(one.resistance for one in where.inside)
    flags = (NOT_CLOSED,) if where.slow and not found.blocking else ()
    return (
        Quantity(series, "ohm", parts["series_resistance"], "derived"),
        Quantity(value, "ohm", total, "derived", flags=flags),
        more,
    )


def _components(drawn: Real, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Standard errors of draws (N, K), split by the Cholesky factor of their correlation."""
    error = drawn.std(axis=0, ddof=1)
    safe = np.maximum(error, 1e-300)
    centred = (drawn - drawn.mean(axis=0)) / safe
    correlation = centred.T @ centred / (len(drawn) - 1)
    factor = np.linalg.cholesky(correlation + 1e-6 * np.eye(len(names)))
    return {
        name: {
            f"~noise.{names[column]}": float(factor[row, column] * error[row])
            for column in range(row + 1)
            if abs(factor[row, column] * error[row]) > 0
        }
        for row, name in enumerate(names)
    }


def capacitance(found: Relaxation) -> Quantity:
    """Of blocking electrodes."""
    if not found.blocking:
        return Quantity(None, "F", flags=("electrodes do not block",))
    if found.elastance <= 0:
        return Quantity(None, "F", flags=("unbounded",))
    return Quantity(1 / found.elastance, "F", how="derived")


def peak_table(found: Relaxation, where: Sorted) -> Table:
    """One row per peak, the fastest first; null where the range does not hold it."""
    rows = []
    for one in (*where.fast, *where.inside, *where.slow):
        beyond = one not in where.inside
        flags = OUTSIDE if beyond else "" if significant(one) else NOT_SIGNIFICANT
        R, tau = one.resistance, one.time_constant
        rows.append(
            (
                None if beyond else R,
                None if beyond else one.error,
                tau,
                1 / (2 * math.pi * tau),
                None if beyond or R <= 0 else tau / R,
                float(found.tau[one.first]),
                float(found.tau[one.last]),
                flags,
            )
        )
    names = (
        "resistance",
        "standard_error",
        "time_constant",
        "frequency",
        "capacitance",
        "from",
        "to",
        "flags",
    )
    units = dict(zip(names, ("ohm", "ohm", "s", "Hz", "F", "s", "s"), strict=False))
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)) if rows else {}
    return Table.of(columns or {name: [] for name in names}, units)


def distribution_table(found: Relaxation) -> Table:
    """γ over τ with its 95 % band."""
    omega = 2 * np.pi * found.data.frequency
    low, high = np.percentile(found.draws, [2.5, 97.5], axis=0)
    columns: dict[str, Any] = {
        "tau": found.tau,
        "frequency": 1 / (2 * np.pi * found.tau),
        "gamma": found.gamma,
        "lower": np.minimum(low, found.gamma),
        "upper": np.maximum(high, found.gamma),
        "inside": (found.tau >= 1 / omega.max()) & (found.tau <= 1 / omega.min()),
    }
    return Table.of(
        columns,
        {"tau": "s", "frequency": "Hz"} | dict.fromkeys(("gamma", "lower", "upper"), "ohm"),
        "the sum of gamma times the step of ln(tau) is the polarisation resistance",
    )


def fit_table(found: Relaxation) -> Table:
    """Measured impedance and that of the distribution."""
    z, fitted, residuals = found.data.impedance, found.fitted, found.residuals
    columns: dict[str, Any] = {
        "frequency": found.data.frequency,
        "real": z.real,
        "imaginary": z.imag,
        "fitted_real": fitted.real,
        "fitted_imaginary": fitted.imag,
        "residual_real": residuals.real,
        "residual_imaginary": residuals.imag,
    }
    return Table.of(
        columns,
        {"frequency": "Hz", "residual_real": "1", "residual_imaginary": "1"}
        | dict.fromkeys(("real", "imaginary", "fitted_real", "fitted_imaginary"), "ohm"),
    )
