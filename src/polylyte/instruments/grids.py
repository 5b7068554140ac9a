"""Rows of text cells into a tidy table; every row that cannot be read is counted and named."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polylyte.core.errors import FileError
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.shapes import shape_finding
from polylyte.instruments.text import has_decimal_comma, line_list

_SCIENTIFIC = re.compile(r"[-+]?\d(?:\.(\d+))?[eE][-+](\d+)")


@dataclass(frozen=True)
class Column:
    """A column of the file: its tidy name and unit, and what its numbers are multiplied by."""

    name: str
    unit: str = ""
    factor: float = 1.0
    known: bool = True
    missing: float | None = None
    """A number by which the instrument says that nothing is connected."""


@dataclass(frozen=True)
class Grid:
    """A table as read, with what was lost."""

    table: Table
    rows_dropped: int
    findings: tuple[Finding, ...]
    unknown_columns: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.table)


@dataclass
class _Rows:
    cells: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    short: list[int] = field(default_factory=list)
    blank_separated: list[int] = field(default_factory=list)


def named_apart(columns: Sequence[Column]) -> list[Column]:
    """Columns with different names: a second ``potential`` becomes ``potential 2``."""
    seen: dict[str, int] = {}
    made = []
    for column in columns:
        # "|" separates a column from its uncertainty parts in a Table.
        name = column.name.replace("|", "") or "column"
        seen[name] = seen.get(name, 0) + 1
        name = name if seen[name] == 1 else f"{name} {seen[name]}"
        made.append(Column(name, column.unit, column.factor, column.known, column.missing))
    return made


def _split(lines: Sequence[str], first: int, width: int, separator: str | None) -> _Rows:
    rows = _Rows()
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        cells = line.split(separator)
        if len(cells) == width + 1 and not cells[-1].strip():
            cells.pop()
        if len(cells) != width:
            cells = line.split()
            if len(cells) != width or not _all_numbers(cells):
                rows.short.append(number)
                continue
            rows.blank_separated.append(number)
        rows.cells.append(cells)
        rows.lines.append(number)
    return rows


def _all_numbers(cells: Sequence[str]) -> bool:
    return bool(np.isfinite(_numbers(cells)).all())


def _number(text: str) -> float:
    try:
        return float(text) if "_" not in text else np.nan
    except ValueError:
        return np.nan


def _numbers(texts: Sequence[str]) -> NDArray[np.float64]:
    """The numbers, NaN where a text is none (or is not finite)."""
    try:
        # Python reads "1_0" as ten; an instrument never wrote it.
        if "_" in "".join(texts):
            raise ValueError
        values = np.fromiter(map(float, texts), float, len(texts))
    except ValueError:
        values = np.array([_number(text) for text in texts], dtype=float)
    values[~np.isfinite(values)] = np.nan
    return values


def _shape(text: str) -> tuple[int, int] | None:
    """How many digits the mantissa and the exponent of a number have; None: no exponent."""
    match = _SCIENTIFIC.fullmatch(text.strip())
    return (len(match[1] or ""), len(match[2])) if match else None


def _last_is_cut(texts: Sequence[str]) -> bool:
    """Whether the last number has other digits than all before it, which are written alike."""
    shapes = {_shape(text) for text in texts[:-1]}
    return len(shapes) == 1 and None not in shapes and _shape(texts[-1]) not in shapes


def read_grid(
    lines: Sequence[str],
    first: int,
    columns: Sequence[Column],
    essential: Collection[str],
    *,
    name: str,
    separator: str | None = "\t",
    cut: bool = False,
) -> Grid:
    """Read rows of cells.

    Parameters:
        lines: the rows, and nothing else
        first: the line number of the first of them, for messages
        columns: what each cell is
        essential: names of columns without whose number a row is worth nothing
        name: of the table, for messages
        separator: between cells; None for any run of blanks
        cut: whether the file stops without a line end, so that the last number may be cut

    Raises:
        FileError: an essential column is missing, or no row could be read.
    """
    columns = named_apart(columns)
    missing = sorted(set(essential) - {column.name for column in columns})
    if missing:
        raise FileError(
            f"the table '{name}' has no column for {' and '.join(missing)}",
            where=f"line {first}",
            remedy=f"it has {', '.join(column.name for column in columns)}",
        )
    if separator != "," and has_decimal_comma(lines):
        lines = [line.replace(",", ".") for line in lines]
    if not any(line.strip() for line in lines):
        raise FileError(
            f"the table '{name}' has no row that can be read: it holds no points",
            where=f"line {first}",
            remedy="nothing was measured, or the file ends early: "
            f"rows of {len(columns)} cells were expected",
        )
    rows = _split(lines, first, len(columns), separator)
    if cut and rows.lines and _last_is_cut([cells[-1] for cells in rows.cells]):
        rows.short.append(rows.lines.pop())
        rows.cells.pop()
    return _tidy(rows, columns, essential, name, first)


def _tidy(
    rows: _Rows, columns: Sequence[Column], essential: Collection[str], name: str, first: int
) -> Grid:
    texts = list(zip(*rows.cells, strict=True)) or [()] * len(columns)
    numbers = [_numbers(column) for column in texts]
    keep = np.ones(len(rows.lines), dtype=bool)
    for column, values in zip(columns, numbers, strict=True):
        if column.name in essential:
            keep &= np.isfinite(values)
    bad = [line for line, good in zip(rows.lines, keep, strict=True) if not good]
    if not keep.any():
        raise FileError(
            f"the table '{name}' has no row that can be read",
            where=f"line {first}",
            remedy=f"rows of {len(columns)} cells were expected: "
            + ", ".join(column.name for column in columns),
        )
    findings = _lost(rows, bad, name)
    made: dict[str, Any] = {}
    units: dict[str, str] = {}
    for column, text, values in zip(columns, texts, numbers, strict=True):
        shape = shape_finding(column.name, text, rows.lines)
        findings += [shape] if shape else []
        tidy, finding = _column(column, text, values, keep)
        made[column.name] = tidy
        if column.unit:
            units[column.name] = column.unit
        if finding is not None:
            findings.append(finding)
    unknown = tuple(column.name for column in columns if not column.known)
    dropped = len(bad) + len(rows.short)
    return Grid(Table.of(made, units, name), dropped, tuple(findings), unknown)


def _lost(rows: _Rows, bad: list[int], name: str) -> list[Finding]:
    findings = []
    for numbers, reason in ((rows.short, "incomplete or too long"), (bad, "not all numbers")):
        if numbers:
            what = "1 row was" if len(numbers) == 1 else f"{len(numbers)} rows were"
            findings.append(
                Finding(
                    f"{what} left out of the table '{name}': {reason} ({line_list(numbers)})",
                    "warning",
                    where=line_list(numbers),
                )
            )
    if rows.blank_separated:
        where = line_list(rows.blank_separated)
        text = f"rows with blanks instead of separators were read by position ({where})"
        findings.append(Finding(text, "note", where=where))
    return findings


def _column(
    column: Column, text: Sequence[str], values: NDArray[np.float64], keep: NDArray[np.bool_]
) -> tuple[Any, Finding | None]:
    """A tidy column: numbers, numbers with nulls, or text where it is not numeric at all."""
    kept = values[keep]
    absent = ~np.isfinite(kept)
    if absent.all() or (absent.any() and not column.known):
        cells = [t.strip() for t, k in zip(text, keep, strict=True) if k]
        odd = sum(bool(cell) for cell, none in zip(cells, absent, strict=True) if none)
        few = 0 < odd <= 2 and len(cells) >= 8 and not absent.all()
        said = f"{odd} cells of column '{column.name}' are not numbers"
        return cells, Finding(said, "warning") if few else None
    finding = None
    if column.missing is not None and (gone := kept == column.missing).any():
        absent |= gone
        if gone.all():
            finding = Finding(f"'{column.name}': no sensor was connected ({column.missing:g})")
    elif absent.any():
        count = int(absent.sum())
        finding = Finding(f"{count} cells of column '{column.name}' are not numbers", "warning")
    scaled = kept * column.factor if column.factor != 1.0 else kept
    if not absent.any():
        return scaled, finding
    import polars

    scaled[absent] = np.nan
    return polars.Series(column.name, scaled, nan_to_null=True), finding
