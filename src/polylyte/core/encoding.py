"""Results as plain content and bytes, and the digest of their numbers."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from polylyte.core.canonical import digest
from polylyte.core.quantities import LOCAL, Quantity
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table


@dataclass(frozen=True)
class Encoded:
    """A result ready for the store. ``parts`` holds one digest per quantity, table and file,
    so that a step that uses one table depends on that table alone."""

    quantities: Mapping[str, Quantity]
    tables: Mapping[str, Table]
    files: Mapping[str, bytes]
    words: Mapping[str, Any]
    parts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return digest(self.parts)


def encode(
    result: Result, *, run_name: str, conditions: Mapping[str, str] | None = None
) -> Encoded:
    """Freeze a result: local sources get the run's name, numbers their digests.

    Raises:
        ValueError: a table holds a number that is not finite (null plus a flag is the way).
    """
    rename = _renamer(run_name)
    quantities = {
        name: _qualified(quantity, rename) for name, quantity in result.quantities.items()
    }
    tables = {
        name: table.rename_sources({s: rename(s) for s in table.sources()})
        for name, table in result.tables.items()
    }
    for name, table in tables.items():
        _finite(name, table)
    words = {
        "verdicts": [asdict(verdict) for verdict in result.verdicts],
        "findings": [asdict(finding) for finding in result.findings],
        "warnings": list(result.warnings),
        "text": dict(result.text),
    }
    parts = {
        "quantities": {name: digest(quantity_json(value)) for name, value in quantities.items()},
        "tables": {name: table_digest(table) for name, table in tables.items()},
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in result.files.items()},
    }
    return Encoded(quantities, tables, dict(result.files), words, parts)


def _renamer(run_name: str) -> Callable[[str], str]:
    return lambda s: f"{run_name}:{s[1:]}" if s.startswith(LOCAL) else s


def _qualified(quantity: Quantity, rename: Callable[[str], str]) -> Quantity:
    parts = {rename(source): part for source, part in quantity.components.items()}
    return Quantity(
        quantity.value,
        quantity.unit,
        parts,
        quantity.how,
        quantity.conditions,
        quantity.flags,
        quantity.interval,
    )


def _finite(name: str, table: Table) -> None:
    import numpy as np

    for column in table.frame.get_columns():
        if not column.dtype.is_float():
            continue
        values = column.drop_nulls() if column.null_count() else column
        if not np.isfinite(values.to_numpy()).all():
            raise ValueError(
                f"table '{name}' column '{column.name}' holds a number that is not finite"
            )


def quantity_json(quantity: Quantity) -> dict[str, Any]:
    """A quantity as plain content; ``repr`` of floats is exact."""
    return {
        "value": quantity.value,
        "unit": quantity.unit,
        "components": dict(sorted(quantity.components.items())),
        "how": quantity.how,
        "conditions": dict(quantity.conditions),
        "flags": list(quantity.flags),
        "interval": list(quantity.interval) if quantity.interval else None,
    }


def quantity_from_json(content: Mapping[str, Any]) -> Quantity:
    interval = content["interval"]
    return Quantity(
        content["value"],
        content["unit"],
        content["components"],
        content["how"],
        content["conditions"],
        tuple(content["flags"]),
        (interval[0], interval[1]) if interval else None,
    )


def table_digest(table: Table) -> str:
    """Digest of a table's numbers, names and units (not of its note, nor of its file's bytes)."""
    state = hashlib.sha256(digest(dict(table.units)).encode())
    for column in table.frame.get_columns():
        state.update(f"{column.name}:{column.dtype}:{column.null_count()}".encode())
        if column.dtype.is_numeric() and not column.null_count():
            state.update(column.to_numpy().tobytes())
        else:
            state.update(digest([_plain(value) for value in column.to_list()]).encode())
    return state.hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, int | float | str | bool | None) else str(value)


def table_bytes(table: Table) -> bytes:
    """A table as Parquet; its units and its note are in the file's metadata."""
    stream = io.BytesIO()
    table.to_parquet(stream)
    return stream.getvalue()


def table_from_bytes(content: bytes, units: Mapping[str, str], note: str) -> Table:
    import polars

    return Table(polars.read_parquet(io.BytesIO(content)), dict(units), note)


class Tables(Mapping[str, Table]):
    """Tables of a stored result: checked bytes, made into a table when one is asked for."""

    def __init__(self, contents: Mapping[str, tuple[bytes, Mapping[str, str], str]]) -> None:
        self._contents = dict(contents)
        self._made: dict[str, Table] = {}

    def __getitem__(self, name: str) -> Table:
        if name not in self._made:
            self._made[name] = table_from_bytes(*self._contents[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._contents)

    def __len__(self) -> int:
        return len(self._contents)

    def __contains__(self, name: object) -> bool:
        return name in self._contents


def words_from_json(content: Mapping[str, Any]) -> dict[str, Any]:
    """Verdicts, findings, warnings and text, back from plain content."""
    return {
        "verdicts": tuple(Verdict(**verdict) for verdict in content["verdicts"]),
        "findings": tuple(Finding(**finding) for finding in content["findings"]),
        "warnings": tuple(content["warnings"]),
        "text": dict(content["text"]),
    }
