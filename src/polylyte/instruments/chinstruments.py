"""CH Instruments ``.txt``: header lines and comma-separated rows, or rows alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from polylyte.core.errors import FileError
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.checks import sign_finding, unfinished_sweep
from polylyte.instruments.grids import Column, read_grid
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import SIMULATED, Recording
from polylyte.instruments.text import decode, ends_cut, header_number, split_lines

_SETTING = re.compile(r"([A-Za-z][^=:]{0,40}?)\s*(?:=|:)\s*(.*)")
_TECHNIQUES = (
    ("impedance", "impedance"),
    ("chronoamperometry", "chronoamperometry"),
    ("i - t curve", "chronoamperometry"),
    ("chronopotentiometry", "chronopotentiometry"),
    ("voltammetry", "voltammetry"),
    ("open circuit", "open circuit"),
)
_COLUMNS = {
    "Freq/Hz": ("frequency", "Hz"), "Z'/ohm": ("z_real", "ohm"), 'Z"/ohm': ("z_imaginary", "ohm"),
    "Z/ohm": ("z_modulus", "ohm"), "Phase/deg": ("z_phase", "deg"), "Time/sec": ("time", "s"),
    "Potential/V": ("potential", "V"), "Current/A": ("current", "A"), "Charge/C": ("charge", "C"),
}  # fmt: skip
_STANDARD = ("Freq/Hz", "Z'/ohm", 'Z"/ohm', "Z/ohm", "Phase/deg")


def _is_heading(line: str) -> bool:
    names = [cell.strip() for cell in line.split(",")]
    return len(names) >= 2 and all(name in _COLUMNS for name in names[:2])


def consistent(values: NDArray[np.float64]) -> bool:
    """Whether columns 4 and 5 are modulus and phase (degrees) of columns 2 and 3.

    The digits printed are four of the modulus and a tenth of a degree; ten times that is
    allowed, and one row in twenty may be worse.
    """
    frequency, real, imaginary, modulus, phase = values.T
    if len(values) < 3 or not np.isfinite(values).all() or frequency.min() <= 0:
        return False
    z = real + 1j * imaginary
    good = np.isclose(abs(z), modulus, rtol=5e-3) & (abs(np.degrees(np.angle(z)) - phase) < 1.0)
    return bool(np.mean(good) >= 0.95)


def _is_bare(lines: Sequence[str]) -> bool:
    rows = []
    # The last line of the head may be cut in the middle of a number.
    shown = [line for line in lines[:400][: len(lines) - 1] if line.strip()]
    for line in shown:
        cells = line.split(",")
        try:
            rows.append([float(cell) for cell in cells])
        except ValueError:
            continue
        if len(cells) != len(_STANDARD):
            return False
    return len(rows) >= 3 and 2 * len(rows) > len(shown) and consistent(np.array(rows))


def recognise(head: bytes) -> bool:
    """CHI's instrument model in the header, or five columns consistent with one another."""
    text = decode(head)
    lines = split_lines(text)
    if any(line.startswith("Instrument Model:") and "CHI" in line for line in lines[:20]):
        return True
    return _is_bare(lines)


@reader("chinstruments.txt", recognise=recognise)
def read_chi(raw: bytes) -> Recording:
    """Read a CH Instruments text export, with or without its header.

    Raises:
        FileError: the file ends before its table, or the table has no rows.
    """
    text = decode(raw)
    lines = split_lines(text)
    heading, names = _heading(lines)
    header = _header(lines[:heading])
    columns = [_column(name) for name in names]
    known = {column.name for column in columns}
    technique = _technique(lines[:heading], known)
    name = "impedance" if technique == "impedance" else "series"
    essential = {"frequency", "z_real", "z_imaginary"} if name == "impedance" else known
    first = heading + 1 if heading else 0
    grid = read_grid(
        lines[first:],
        first + 1,
        columns,
        essential,
        name=name,
        separator=",",
        cut=ends_cut(text),
    )
    return Recording(
        format="chinstruments.txt",
        instrument=" ".join(("CH Instruments", header.get("Instrument Model", ""))).strip(),
        technique=technique,
        tables={name: grid.table},
        conditions=_conditions(header),
        started=lines[0].strip() if heading else "",
        metadata=header,
        rows_read=len(grid),
        rows_dropped=grid.rows_dropped,
        unknown_columns=grid.unknown_columns,
        findings=(*grid.findings, *_findings(grid.table, header, text)),
        simulated=SIMULATED in header.get("Note", ""),
    )


def _heading(lines: list[str]) -> tuple[int, list[str]]:
    """Index of the line of column names (0: there is none) and the names."""
    for index, line in enumerate(lines):
        if _is_heading(line):
            return index, [cell.strip() for cell in line.split(",")]
    if _is_bare(lines):
        return 0, list(_STANDARD)
    raise FileError(
        "ends before its table",
        where=f"line {len(lines)}",
        remedy="a line such as \"Freq/Hz, Z'/ohm, …\" or 'Time/sec, Current/A' was expected",
    )


def _column(name: str) -> Column:
    tidy, unit = _COLUMNS.get(name, (name, ""))
    return Column(tidy, unit, 1.0, name in _COLUMNS)


def _technique(header: Sequence[str], known: set[str]) -> str:
    title = header[1].strip() if len(header) > 1 else ""
    if {"frequency", "z_real", "z_imaginary"} <= known:
        return "impedance"
    for word, technique in _TECHNIQUES:
        if word in title.lower():
            return technique
    return title.lower() or "time series"


def _header(lines: Sequence[str]) -> dict[str, str]:
    pairs = (m for line in lines[1:] if (m := _SETTING.fullmatch(line.strip())))
    return {m[1]: m[2] for m in pairs}


def _conditions(header: Mapping[str, str]) -> dict[str, Quantity]:
    found = {}
    bias = header_number(header.get("Init E (V)"))
    if bias is not None:
        found["bias"] = Quantity(bias, "V", conditions={"against": "reference"})
    amplitude = header_number(header.get("Amplitude (V)"))
    if amplitude is not None:
        found["amplitude"] = Quantity(amplitude, "V")
    return found


def _findings(table: Table, header: Mapping[str, str], text: str) -> list[Finding]:
    found: list[Finding | None] = []
    if "z_imaginary" in table.columns:
        frequency = np.asarray(table.column("frequency"), dtype=float)
        imaginary = np.asarray(table.column("z_imaginary"), dtype=float)
        last = header_number(header.get("Low Frequency (Hz)"))
        found += [sign_finding(imaginary), unfinished_sweep(frequency, last, None)]
    if not header:
        found.append(Finding("no header: the columns were told by their contents"))
    if "current" in table.columns:
        found.append(
            Finding("the sign of the current is as written; CHI's default is cathodic = positive")
        )
    if ends_cut(text):
        found.append(Finding("the file stops within a line: it may be cut short", "warning"))
    return [finding for finding in found if finding is not None]
