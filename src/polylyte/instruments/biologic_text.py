"""BioLogic ``.mpt``: EC-Lab and BT-Lab text exports, with or without their header."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from polylyte.core.errors import FileError
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.biologic_names import column
from polylyte.instruments.checks import sign_finding, unfinished_sweep
from polylyte.instruments.conditions import steady_temperature
from polylyte.instruments.grids import Column, Grid, read_grid
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import SIMULATED, Recording
from polylyte.instruments.text import decode, ends_cut, header_number, split_lines

_MAGIC = re.compile(r"(EC|BT)-Lab ASCII FILE", re.IGNORECASE)
_COUNT = re.compile(r"Nb header lines\s*:\s*(\d+)")
_LOOP = re.compile(r"Loop (\d{1,9}) from point number (\d{1,9}) to (\d{1,9})")
_SETTING = re.compile(r"(\S.{0,18}?)\s{2,}(\S.*)")
_TECHNIQUES = (
    ("Impedance Spectroscopy", "impedance"),
    ("Chronoamperometry", "chronoamperometry"),
    ("Chronopotentiometry", "chronopotentiometry"),
    ("Galvanostatic Cycling", "cycling"),
    ("Potentiodynamic Cycling", "cycling"),
    ("Modulo Bat", "cycling"),
    ("Battery Capacity", "cycling"),
    ("Constant Current", "cycling"),
    ("Voltammetry", "voltammetry"),
    ("Open Circuit Voltage", "open circuit"),
)


def recognise(head: bytes) -> bool:
    """EC-Lab's first line, or a first line of three or more of its headings."""
    lines = split_lines(decode(head))
    return bool(lines) and (bool(_MAGIC.match(lines[0].strip())) or _is_heading(lines[0]))


def _is_heading(line: str) -> bool:
    cells = [cell for cell in line.split("\t") if cell.strip()]
    return len(cells) >= 3 and sum(column(cell).known and "/" in cell for cell in cells) >= 2


@reader("biologic.mpt", recognise=recognise)
def read_mpt(raw: bytes) -> Recording:
    """Read an EC-Lab text export of any technique.

    Raises:
        FileError: the file ends before its table, or the table has no rows.
    """
    text = decode(raw)
    lines = split_lines(text)
    heading = _heading_line(lines)
    rows = lines[heading + 1 :]
    columns = _columns(lines[heading], rows)
    known = {c.name for c in columns}
    technique, vendor = _technique(lines[:heading], known)
    rows, clocks = _clock_times(rows, columns)
    name = "impedance" if technique == "impedance" else "series"
    grid = read_grid(
        rows, heading + 2, columns, _essential(technique, known), name=name, cut=ends_cut(text)
    )
    header = _header(lines[:heading]) | ({"technique": vendor} if vendor else {})
    table = _with_loops(grid, lines[:heading])
    started = header.get("Acquisition started on", header.get("Technique started on", ""))
    temperature = steady_temperature({name: table})
    return Recording(
        format="biologic.mpt",
        instrument=" ".join(("BioLogic", header.get("Device", ""))).strip(),
        technique=technique,
        tables={name: table},
        conditions={**_conditions(header), **temperature.conditions},
        started=started or clocks.first,
        metadata=header,
        rows_read=len(grid),
        rows_dropped=grid.rows_dropped,
        unknown_columns=grid.unknown_columns,
        findings=(
            *clocks.findings,
            *grid.findings,
            *temperature.findings,
            *_findings(table, header),
        ),
        simulated=SIMULATED in header.get("Comments", ""),
    )


def _heading_line(lines: list[str]) -> int:
    """Index of the line of column headings."""
    count = next((m for line in lines[:5] if (m := _COUNT.match(line.strip()))), None)
    if count is not None and 0 < int(count[1][:9]) <= len(lines):
        stated = int(count[1][:9]) - 1
        if _is_heading(lines[stated]):
            return stated
    for index, line in enumerate(lines):
        if _is_heading(line):
            return index
    expected = f"line {count[1]}" if count else "after the header"
    raise FileError(
        "ends before its table",
        where=f"line {len(lines)}",
        remedy=f"column headings such as 'freq/Hz' or 'time/s' were expected {expected}",
    )


class _Clocks(NamedTuple):
    """What was done about times of day: the first of them, and what to say."""

    first: str = ""
    findings: tuple[Finding, ...] = ()


_STAMP = re.compile(r"(\d{2})[/.](\d{2})[/.](\d{4}) (\d{2}):(\d{2}):(\d{2}(?:[.,]\d+)?)")


def _clock_times(rows: Sequence[str], columns: Sequence[Column]) -> tuple[list[str], _Clocks]:
    """EC-Lab can export ``time/s`` as dates: here seconds since the first, as without."""
    index = next((i for i, c in enumerate(columns) if c.name == "time"), None)
    if index is None or not rows or not _stamped(rows[0], index):
        return list(rows), _Clocks()
    first = rows[0].split("\t")[index].strip()
    order = "%m/%d/%Y" if all(_month_first(row, index) for row in rows) else "%d/%m/%Y"
    made = []
    begin: datetime | None = None
    for row in rows:
        cells = row.split("\t")
        match = _stamped(row, index)
        moment = None if match is None else _moment(match, order)
        if moment is not None:
            begin = begin or moment
            cells[index] = repr((moment - begin).total_seconds())
        made.append("\t".join(cells))
    text = f"the times are dates, the first {first}: made seconds since then"
    return made, _Clocks(first, (Finding(text),))


def _stamped(row: str, index: int) -> re.Match[str] | None:
    cells = row.split("\t")
    return _STAMP.fullmatch(cells[index].strip()) if len(cells) > index else None


def _month_first(row: str, index: int) -> bool:
    match = _stamped(row, index)
    return match is None or int(match[1]) <= 12


def _moment(match: re.Match[str], order: str) -> datetime | None:
    text = f"{match[1]}/{match[2]}/{match[3]} {match[4]}:{match[5]}:{match[6].replace(',', '.')}"
    text = text if "." in text else f"{text}.0"
    try:
        return datetime.strptime(text[:26], f"{order} %H:%M:%S.%f")
    except ValueError:
        return None


def _columns(line: str, rows: Sequence[str] = ()) -> list[Column]:
    cells = line.split("\t")
    while cells and not cells[-1].strip():
        cells.pop()
    blank = next((i for i, cell in enumerate(cells) if not cell.strip()), None)
    if blank is not None and rows and len(rows[0].rstrip("\t").split("\t")) == blank:
        # EC-Lab names columns behind an empty name for which it writes no values.
        cells = cells[:blank]
    columns = [column(cell) for cell in cells]
    if "potential" not in {c.name for c in columns}:
        # A two-electrode channel has the cell's voltage alone.
        columns = [_as_potential(c) if c.name == "cell_potential" else c for c in columns]
    return columns


def _as_potential(c: Column) -> Column:
    return Column("potential", c.unit, c.factor)


def _technique(header: Sequence[str], known: set[str]) -> tuple[str, str]:
    """Ours and the vendor's name of the technique; without a header, from the columns."""
    if {"frequency", "z_real", "z_imaginary"} <= known:
        ours = "impedance"
    elif {"charge", "half_cycle"} & known:
        ours = "cycling"
    else:
        ours = "time series"
    titles = [line.strip() for line in header[1:12] if line.strip() and ":" not in line]
    for title in titles:
        for word, technique in _TECHNIQUES:
            if word in title:
                return technique, title
    return ours, titles[0] if titles else ""


def _essential(technique: str, known: set[str]) -> set[str]:
    if technique == "impedance":
        return {"frequency", "z_real", "z_imaginary"}
    return {"time"} | ({"potential", "current"} & known)


def _header(lines: Sequence[str]) -> dict[str, str]:
    """``Key : value`` lines and settings in 20-character columns (``Va (mV)      20.0``)."""
    header: dict[str, str] = {}
    for line in lines[2:]:
        setting = None if " : " in line else _SETTING.fullmatch(line.strip())
        key, colon, value = line.strip().partition(" :")
        if setting is not None:
            header[setting[1]] = "; ".join(re.split(r"\s{2,}", setting[2].strip()))
        elif colon:
            key = key.strip()
            value = value.strip()
            header[key] = f"{header[key]}\n{value}" if header.get(key) else value
    return header


def _with_loops(grid: Grid, header: Sequence[str]) -> Table:
    """Loops are told in the header by point numbers; a column of them when there are several."""
    loops = [tuple(map(int, m.groups())) for line in header if (m := _LOOP.match(line.strip()))]
    if len(loops) < 2 or grid.rows_dropped:
        return grid.table
    import polars

    values = np.zeros(len(grid), dtype=float)
    for loop, start, stop in loops:
        values[start : stop + 1] = loop
    frame = grid.table.frame.with_columns(polars.Series("loop", values))
    return Table(frame, grid.table.units, grid.table.note)


def _conditions(header: Mapping[str, str]) -> dict[str, Quantity]:
    found: dict[str, Quantity] = {}
    for key in ("E (V)", "Ei (V)"):
        value = header_number(header.get(key))
        if value is not None:
            against = "open circuit" if header.get("vs.", "").startswith("Eoc") else "reference"
            found["bias"] = Quantity(value, "V", conditions={"against": against})
    amplitude = header_number(header.get("Va (mV)"))
    if amplitude is not None:
        found["amplitude"] = Quantity(amplitude, "mV", conditions={"as": "peak"})
    for name, key in (
        ("area", "Electrode surface area"),
        ("mass", "Characteristic mass"),
        ("mass", "Mass of active material"),
    ):
        number, _, written = header.get(key, "").partition(" ")
        value, unit = header_number(number), _SIZES.get(written.strip()[:2].rstrip("²\ufffd"))
        # 0.001 is what the form offers; only another number was written by somebody.
        if value is not None and value > 0 and value != 0.001 and unit is not None:
            found[name] = Quantity(value, unit)
    return found


_SIZES = {"cm": "cm^2", "mm": "mm^2", "m": "m^2", "g": "g", "mg": "mg", "µg": "ug", "kg": "kg"}
"""Units of area and mass as the header writes them; the raised 2 may be lost."""
_HERTZ = {"MHz": 1e6, "kHz": 1e3, "Hz": 1.0, "mHz": 1e-3, "µHz": 1e-6}


def _findings(table: Table, header: Mapping[str, str]) -> list[Finding]:
    if "z_imaginary" not in table.columns:
        return []
    frequency = np.asarray(table.column("frequency"), dtype=float)
    last, unit = header_number(header.get("ff")), _HERTZ.get(header.get("unit ff", ""))
    per_decade = header_number(header.get("Nd"))
    found = [
        sign_finding(np.asarray(table.column("z_imaginary"), dtype=float)),
        unfinished_sweep(frequency, last * unit if last and unit else None, per_decade),
    ]
    return [finding for finding in found if finding is not None]
