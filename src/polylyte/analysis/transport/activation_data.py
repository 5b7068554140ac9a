"""The rows of a conductivity table as logarithms with weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from polylyte.analysis.transport.laws import Real, extra_scatter
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.results import Finding
from polylyte.core.tables import PER_ROW, Table


@dataclass(frozen=True)
class ActivationData:
    """ln of what is fitted, with weights; ``shared`` holds d ln(y) of every shared source."""

    temperature: Real
    log: Real
    weight: Real
    shared: Mapping[str, Real]
    what: Literal["conductivity", "conductance"]
    unit: str
    """SI unit of the prefactor of ln y, shown as it is."""
    scatter: float
    """Relative scatter beyond the stated uncertainties."""


def load(
    conductivity: Table | None, resistance: Table | None
) -> tuple[ActivationData, tuple[Finding, ...]]:
    """The points of a table, and what had to be left out of it.

    Raises:
        InputError: no table, or one without a column of conductivity or resistance.
        NotAnswerable: too few usable points.
    """
    table = conductivity if conductivity is not None else resistance
    if table is None:
        raise InputError(
            "neither conductivity nor resistance is given",
            where="transport.activation",
            remedy='conductivity = { step = "sigma", table = "conductivity" }',
        )
    name = _column(table, prefer_resistance=conductivity is None)
    temperatures = table.quantities("temperature")
    values = table.quantities(name)
    usable = [
        row
        for row, (T, y) in enumerate(zip(temperatures, values, strict=True))
        if T.value is not None and y.value is not None and y.value > 0 and T.si > 0
    ]
    findings = []
    if len(usable) < len(table):
        dropped = [str(row + 1) for row in range(len(table)) if row not in usable]
        findings.append(
            Finding(f"rows {', '.join(dropped)} have no temperature or no {name}", "warning")
        )
    if name == "resistance" and conductivity is not None:
        findings.append(
            Finding("no conductivity in the table: E_a is from 1/R, the prefactor is σ·A/L")
        )
    T = np.array([temperatures[row].si for row in usable])
    if len(np.unique(T)) < 3:
        raise NotAnswerable(
            f"an activation energy needs three temperatures, there are {len(np.unique(T))}",
            where="transport.activation",
            remedy="measure at more temperatures",
        )
    y = np.array([values[row].si for row in usable])
    own, shared = _relative_parts(table, name, usable)
    sign = -1.0 if name == "resistance" else 1.0
    log_y = sign * np.log(y)
    scatter = extra_scatter(T, log_y, own)
    weight = 1.0 / np.sqrt(own**2 + scatter**2) if (own > 0).all() else np.ones(len(T))
    what: Literal["conductivity", "conductance"] = (
        "conductance" if name == "resistance" else "conductivity"
    )
    shared = {source: sign * part for source, part in shared.items()}
    unit = "S" if name == "resistance" else "S/cm"
    return ActivationData(T, log_y, weight, shared, what, unit, scatter), tuple(findings)


def _column(table: Table, prefer_resistance: bool) -> str:
    """Which column to fit: conductivity where it holds numbers, else resistance."""
    order = ("resistance", "conductivity") if prefer_resistance else ("conductivity", "resistance")
    for name in order:
        if name in table.columns and any(value is not None for value in table.column(name)):
            return name
    raise InputError(
        "the table has neither conductivity nor resistance",
        where="transport.activation",
        remedy=f"its columns are: {', '.join(table.columns)}",
    )


def _relative_parts(table: Table, name: str, rows: Sequence[int]) -> tuple[Real, dict[str, Real]]:
    """Relative independent uncertainty per row, and the relative part of each shared source."""
    values = np.array([float(table.column(name)[row]) for row in rows])
    independent = np.zeros(len(rows))
    shared: dict[str, Real] = {}
    for column in table.frame.columns:
        if not column.startswith(f"{name}|"):
            continue
        source = column.split("|", 1)[1]
        numbers = table.frame[column].to_list()
        part = np.array([float(numbers[row] or 0.0) for row in rows]) / values
        if source.endswith(PER_ROW):
            independent = np.hypot(independent, part)
        else:
            shared[source] = part
    return independent, shared


# -------------------------------------------------------------------------------- laws
