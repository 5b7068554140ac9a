"""Ivium ``.idf`` and ``.ids``: settings as text and tables called ``primary_data``.

Built from public files of impedance measurements, whose three columns are Z', Z'' and frequency.
Of other methods the meaning of the columns is not known here: they are refused by name.
"""

from __future__ import annotations

import re

import numpy as np

from polylyte.core.errors import FileError
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.checks import sign_finding
from polylyte.instruments.grids import Column, Grid, read_grid
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import Recording
from polylyte.instruments.text import split_lines

_SETTING = re.compile(r"([A-Za-z][\w .\[\]>&-]{0,60})=(.{0,200})")


def recognise(head: bytes) -> bool:
    """A block of zero bytes and then Ivium's first settings."""
    first = head[:4000]
    return b"Mconfig=" in head and (b"Corrosion=" in first or b"starttime=" in first)


@reader("ivium.idf", recognise=recognise)
def read_ivium(raw: bytes) -> Recording:
    """Read every spectrum of an Ivium file.

    Raises:
        FileError: another method than impedance, or no table of whole rows.
    """
    lines = split_lines(raw.decode("latin-1"))
    starts = [i for i, line in enumerate(lines) if "primary_data" in line]
    header = _header(lines[: starts[0]] if starts else lines)
    method = header.get("Method", "")
    if method.lower() != "impedance":
        raise FileError(
            f"is an Ivium file of the method '{method or 'unknown'}'; only impedance is read",
            where=f"line {starts[0] + 1 if starts else len(lines)}",
            remedy="export it from IviumSoft as ASCII (.csv or .txt)",
        )
    if not starts:
        raise FileError("ends before its first table", where=f"line {len(lines)}",
                        remedy="copy the file again")  # fmt: skip
    ends = [*starts[1:], len(lines)]
    tables: dict[str, Table] = {}
    findings: list[Finding] = []
    dropped = 0
    for start, end in zip(starts, ends, strict=True):
        grid, said = _spectrum(lines, start, end)
        name = "impedance" if not tables else f"impedance {len(tables) + 1}"
        tables[name] = grid.table
        dropped += grid.rows_dropped
        findings += [*grid.findings, *said]
        sign = sign_finding(np.asarray(grid.table.column("z_imaginary"), dtype=float))
        findings += [sign] if sign else []
    return Recording(
        format="ivium.idf",
        instrument=" ".join(("Ivium", header.get("serialnumber", ""))).strip(),
        technique="impedance",
        tables=tables,
        started=header.get("starttime", ""),
        metadata=header,
        rows_read=sum(map(len, tables.values())),
        rows_dropped=dropped,
        findings=tuple(findings),
    )


def _header(lines: list[str]) -> dict[str, str]:
    pairs = (m for line in lines if (m := _SETTING.fullmatch(line.strip())))
    found: dict[str, str] = {}
    for match in pairs:
        if "[" not in match[1]:
            found.setdefault(match[1], match[2].strip())
    return found


def _spectrum(lines: list[str], start: int, end: int) -> tuple[Grid, list[Finding]]:
    """The table below a line ``primary_data``: columns, points, rows."""
    counts = [_count(lines[i]) if i < end else None for i in (start + 1, start + 2)]
    if counts[0] != 3 or counts[1] is None:
        raise FileError(
            "a table that is not of three columns",
            where=f"line {start + 2}",
            remedy="Z', Z'' and frequency were expected: export it from IviumSoft as text",
        )
    stated = counts[1]
    rows = lines[start + 3 : min(end, start + 3 + stated)]
    columns = [Column("z_real", "ohm"), Column("z_imaginary", "ohm"), Column("frequency", "Hz")]
    grid = read_grid([" ".join(row.split()) for row in rows], start + 4, columns,
                     {"z_real", "z_imaginary", "frequency"}, name="impedance",
                     separator=" ")  # fmt: skip
    if len(grid) + grid.rows_dropped < stated:
        text = f"the table declares {stated} points and holds {len(grid) + grid.rows_dropped}"
        return grid, [Finding(text, "warning", where=f"line {start + 3}")]
    return grid, []


def _count(line: str) -> int | None:
    clean = line.strip()
    return int(clean) if re.fullmatch(r"\d{1,7}", clean) else None
