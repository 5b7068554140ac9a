"""Metrohm Autolab: the text export of NOVA.

One line of names with units, and rows, separated by semicolons, commas or tabs, with a decimal
point or comma. Built from the documented layout without a real file. What Autolab exports for
ZView ("Z60W Data File") is read by the ZPlot reader.
"""

from __future__ import annotations

import re

import numpy as np

from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.checks import sign_finding
from polylyte.instruments.grids import Column, read_grid
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import Recording
from polylyte.instruments.text import decode, ends_cut, is_text, split_lines

_NOVA = (
    (r"Frequency \(Hz\)", "frequency", "Hz", 1.0),
    (r"Z' \(.{1,4}\)", "z_real", "ohm", 1.0),
    (r"-Z'' \(.{1,4}\)", "z_imaginary", "ohm", -1.0),
    (r"Z \(.{1,4}\)", "z_modulus", "ohm", 1.0),
    (r"-Phase \(.{1,3}\)", "z_phase", "deg", -1.0),
    (r"Phase \(.{1,3}\)", "z_phase", "deg", 1.0),
    (r"(Corrected )?[Tt]ime \(s\)", "time", "s", 1.0),
    (r"WE\(1\)\.Potential \(V\)|Potential \(DC\) \(V\)", "potential", "V", 1.0),
    (r"WE\(1\)\.Current \(A\)|Current \(DC\) \(A\)", "current", "A", 1.0),
    (r"WE\(1\)\.Charge \(C\)", "charge", "C", 1.0),
    (r"Potential applied \(V\)", "control_potential", "V", 1.0),
    (r"Current applied \(A\)", "control_current", "A", 1.0),
    (r"Potential \(AC\) \(V\)", "potential_amplitude", "V", 1.0),
    (r"Current \(AC\) \(A\)", "current_amplitude", "A", 1.0),
    (r"Scan", "cycle", "", 1.0),
    (r"Index", "point", "", 1.0),
    (r"Cs \(F\)", "series_capacitance", "F", 1.0),
    (r"Cp \(F\)", "parallel_capacitance", "F", 1.0),
)
_SPECTRUM = {"frequency", "z_real", "z_imaginary"}


def _mark(line: str) -> str:
    return next((mark for mark in (";", "\t") if mark in line), ",")


def _columns(line: str) -> list[Column]:
    columns = []
    for cell in line.split(_mark(line)):
        name = cell.strip().strip('"')
        match = next((row for row in _NOVA if re.fullmatch(row[0], name)), None)
        columns.append(
            Column(name, known=False) if match is None else Column(match[1], match[2], match[3])
        )
    while columns and not columns[-1].name:
        columns.pop()
    return columns


def _is_nova(head: bytes) -> bool:
    if not is_text(head):
        return False
    lines = split_lines(decode(head))
    if not lines:
        return False
    known = {column.name for column in _columns(lines[0]) if column.known}
    if "WE(1)." in lines[0]:
        return "time" in known or {"potential", "current"} <= known
    # Other programs write the three columns too: two more of NOVA's own decide.
    return known >= _SPECTRUM and len(known & {"point", "z_phase", "z_modulus", "time"}) >= 2


@reader("autolab.nova", recognise=_is_nova)
def read_nova(raw: bytes) -> Recording:
    """Read NOVA's text export of a spectrum, voltammogram or time series.

    Raises:
        FileError: no row that can be read.
    """
    text = decode(raw)
    lines = split_lines(text)
    columns = _columns(lines[0])
    known = {column.name for column in columns}
    spectrum = known >= _SPECTRUM
    name = "impedance" if spectrum else "series"
    essential = _SPECTRUM if spectrum else known & {"time", "potential", "current"}
    grid = read_grid(lines[1:], 2, columns, essential, name=name, separator=_mark(lines[0]),
                     cut=ends_cut(text))  # fmt: skip
    technique = "impedance" if spectrum else _technique(known)
    return Recording(
        format="autolab.nova",
        instrument="Metrohm Autolab",
        technique=technique,
        tables={name: grid.table},
        rows_read=len(grid),
        rows_dropped=grid.rows_dropped,
        unknown_columns=grid.unknown_columns,
        findings=(*grid.findings, *_sign(grid.table)),
    )


def _technique(known: set[str]) -> str:
    return "voltammetry" if "control_potential" in known and "cycle" in known else "time series"


def _sign(table: Table) -> list[Finding]:
    if "z_imaginary" not in table.columns:
        return []
    sign = sign_finding(np.asarray(table.column("z_imaginary"), dtype=float))
    return [sign] if sign else []
