"""Excel workbooks of battery cyclers (``.xlsx``, ``.xls``), through the library python-calamine.

The table is told from others of the workbook by its column names, by which the vendor is known
too: Arbin (a sheet per channel, continued on further sheets), Neware (sheet "record"), LAND.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import numpy as np

from polylyte.core.errors import FileError
from polylyte.core.results import Finding
from polylyte.instruments.cycler_headings import Heading, headings, is_cycler
from polylyte.instruments.cycler_tables import Cells, tidy
from polylyte.instruments.cyclers import EACH_STEP, recording_of, vendor_of
from polylyte.instruments.neware_binary import archive
from polylyte.instruments.optional import library
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import Recording

_FIRST_ROWS = 40
_MOST_CELLS = 30_000_000


@dataclass(frozen=True)
class _Sheet:
    name: str
    headings: tuple[Heading, ...]
    row: int
    rows: Sequence[Sequence[Any]]


def _is_xlsx(head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04") and (
        b"[Content_Types].xml" in head or b"xl/" in head or b"_rels/.rels" in head
    )


@reader("cycler.xlsx", recognise=_is_xlsx)
def read_xlsx(raw: bytes) -> Recording:
    """Read the table of a cycler from a workbook.

    Raises:
        FileError: damaged, or no sheet with time, voltage and current.
        MachineError: python-calamine is not installed.
    """
    archive(raw)
    return _read(raw, "xlsx")


def _is_xls(head: bytes) -> bool:
    return head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")


@reader("cycler.xls", recognise=_is_xls)
def read_xls(raw: bytes) -> Recording:
    """Read the table of a cycler from an old workbook.

    Raises:
        FileError: damaged, or no sheet with time, voltage and current.
        MachineError: python-calamine is not installed.
    """
    return _read(raw, "xls")


def _read(raw: bytes, suffix: str) -> Recording:
    sheets, names = _sheets(raw)
    if not sheets:
        raise FileError(
            "is a workbook without a table of a cycler",
            where=f"sheets {', '.join(names)}"[:200] or None,
            remedy="a line of column names with time, voltage and current was expected",
        )
    texts = [h.text for h in sheets[0].headings]
    alike = [s for s in sheets if [h.text for h in s.headings] == texts]
    others = [s.name for s in sheets if s not in alike]
    findings = [Finding(f"sheet '{name}' has other columns and was not read", "warning")
                for name in others]  # fmt: skip
    vendor = vendor_of(sheets[0].headings, "")
    made = tidy(_cells(alike), each_step=vendor in EACH_STEP)
    header = {"sheets": ", ".join(s.name for s in alike)}
    name = "timeseries" if vendor == "cycler" else vendor
    return recording_of(made, f"{name}.{suffix}", vendor, header, [*findings, *made.findings])


def _sheets(raw: bytes) -> tuple[list[_Sheet], list[str]]:
    """Sheets with a cycler's table, and the names of all."""
    calamine = library("python_calamine", "python-calamine", "Excel workbooks")
    found = []
    try:
        book = calamine.CalamineWorkbook.from_filelike(BytesIO(raw))
        names = list(book.sheet_names)
        for name in names:
            sheet = book.get_sheet_by_name(name)
            if sheet.total_height * sheet.total_width > _MOST_CELLS:
                raise FileError(f"sheet '{name}' has more than {_MOST_CELLS} cells")
            rows = sheet.to_python(skip_empty_area=False)
            found += _table(name, rows)
    except (MemoryError, FileError):
        raise
    except BaseException as error:
        # calamine is compiled: its own panics are no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        words = " ".join(str(error).split())[:160]
        raise FileError(f"is a damaged workbook ({words})", remedy="save it again") from None
    return found, names


def _table(name: str, rows: Sequence[Sequence[Any]]) -> list[_Sheet]:
    for index, row in enumerate(rows[:_FIRST_ROWS]):
        cells = [str(cell) for cell in row]
        while cells and not cells[-1].strip():
            cells.pop()
        if 3 <= len(cells) <= 500 and is_cycler(made := headings(cells)):
            return [_Sheet(name, tuple(made), index, rows[index + 1 :])]
    return []


def _cells(sheets: Sequence[_Sheet]) -> Cells:
    width = len(sheets[0].headings)
    rows = []
    numbers = []
    for sheet in sheets:
        for number, row in enumerate(sheet.rows, sheet.row + 2):
            if any(cell != "" for cell in row[:width]):
                rows.append(row)
                numbers.append(number)
    if not rows:
        raise FileError("has no row below its column names", where=f"sheet '{sheets[0].name}'")
    columns = [_series([row[i] if i < len(row) else "" for row in rows]) for i in range(width)]
    return Cells(sheets[0].headings, columns, np.array(numbers))


def _series(cells: list[Any]) -> Any:
    """A column of numbers or dates where all its cells are; else their text."""
    import polars

    kinds = {type(cell) for cell in cells if cell != ""}
    values = [None if cell == "" else cell for cell in cells]
    if kinds <= {int, float, bool}:
        return polars.Series("c", values, dtype=polars.Float64, strict=False)
    if kinds == {datetime}:
        return polars.Series("c", values)
    if kinds <= {timedelta, time, float, int}:
        return polars.Series("c", [_seconds(v) for v in values], dtype=polars.Float64)
    if kinds <= {date, datetime}:
        return polars.Series("c", [None if v is None else str(v) for v in values])
    return polars.Series("c", [None if v is None else str(v) for v in values], dtype=polars.String)


def _seconds(value: Any) -> float | None:
    """Seconds of a cell that Excel shows as a time of day or a duration."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, time):
        return value.hour * 3600.0 + value.minute * 60.0 + value.second + value.microsecond / 1e6
    return None if value is None else float(value)
