"""Several samples of one kind: mean, standard deviation and n beside the single values.

The standard error of the mean comes from the scatter between samples (sd / sqrt(n)); a source
of uncertainty that every sample shares (one area, one thickness gauge) does not show in that
scatter and is carried as the mean of its contributions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Result
from polylyte.core.runs import Stored
from polylyte.core.tables import Table
from polylyte.core.units import convert, unit

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True, kw_only=True)
class Averaged(Result):
    """Mean of each quantity that every sample determined; ``<name>_sd`` and ``n`` beside it."""


def average(samples: Mapping[str, Stored]) -> Averaged:
    """Combine the results of replicate steps, named by their labels."""
    first = next(iter(samples.values()))
    more: dict[str, Quantity] = {}
    findings = []
    columns: dict[str, list[object]] = {"replicate": list(samples)}
    units: dict[str, str] = {}
    for name in first.quantities:
        values = {label: s.quantities.get(name) for label, s in samples.items()}
        known = {label: q for label, q in values.items() if q is not None and q.value is not None}
        columns[name] = [
            q.to(first.quantities[name].unit).value if q else None for q in values.values()
        ]
        units[name] = first.quantities[name].unit
        if len(known) < len(samples):
            absent = ", ".join(label for label in samples if label not in known)
            findings.append(Finding(f"{name} is not averaged over {absent}", "warning"))
        if len(known) >= 2:
            more |= mean(name, [q.to(units[name]) for q in known.values()])
    more["n"] = Quantity(float(len(samples)), "1", how="derived")
    return Averaged(
        more=more,
        more_tables={"replicates": Table.of(columns, units), **_stacked(samples)},
        findings=tuple(findings),
    )


def mean(name: str, values: list[Quantity]) -> dict[str, Quantity]:
    """Mean and standard deviation of one quantity over its samples (all in one unit)."""
    numbers = [float(v.value) for v in values if v.value is not None]
    n = len(numbers)
    centre = math.fsum(numbers) / n
    sd = math.sqrt(math.fsum((x - centre) ** 2 for x in numbers) / (n - 1))
    shared = set.intersection(*(set(v.components) for v in values))
    parts = {s: math.fsum(v.components[s] for v in values) / n for s in sorted(shared)}
    parts[f"~scatter of {name} between replicates"] = sd / math.sqrt(n)
    conditions = {**values[0].conditions, "n": str(n)}
    shown = values[0].unit
    flags = tuple(dict.fromkeys(flag for v in values for flag in v.flags))
    return {
        name: Quantity(centre, shown, parts, "derived", conditions, flags),
        f"{name}_sd": Quantity(sd, shown, {}, "derived", conditions),
    }


def _stacked(samples: Mapping[str, Stored]) -> dict[str, Table]:
    """Each table of the samples, one below the other, with a column that names the sample."""
    import polars

    first = next(iter(samples.values()))
    stacked = {}
    for name, table in first.tables.items():
        frames = [
            _in_units(s.tables[name], table.units).with_columns(
                polars.lit(label).alias("replicate")
            )
            for label, s in samples.items()
            if name in s.tables
        ]
        # A source that one sample alone has contributes nothing to the rows of the others.
        parts = [c for f in frames for c in f.columns if "|" in c]
        frame = polars.concat(frames, how="diagonal_relaxed")
        frame = frame.with_columns(polars.col(c).fill_null(0.0) for c in dict.fromkeys(parts))
        stacked[name] = Table(frame, table.units, table.note)
    return stacked


def _in_units(table: Table, units: Mapping[str, str]) -> polars.DataFrame:
    """The table's columns with their parts, in the units of another sample's."""
    frame = table.frame
    for name, wanted in units.items():
        own = table.units.get(name, wanted)
        if name not in frame.columns or own == wanted:
            continue
        shift = convert(0.0, own, wanted)
        factor = float(unit(own).factor / unit(wanted).factor)
        frame = frame.with_columns(
            frame[name] * factor + shift,
            *(frame[c] * factor for c in frame.columns if c.startswith(f"{name}|")),
        )
    return frame
