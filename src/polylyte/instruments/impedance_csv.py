"""A plain table of frequency, Z' and Z'': read only where it is self-evidently impedance.

With a line of names, a frequency, a real and an imaginary part must be among them
("Freq/Hz; Z'/ohm; -Z''/ohm"); the sign is the one named. Without names there must be exactly
three columns of numbers, the first positive and monotone over a decade or more, and the other
two must obey the Kramers-Kronig relation between phase and slope of a smooth spectrum,

    arg Z(w) ~ (pi/2) d ln|Z| / d ln w,

within 0.35 rad (root mean square), as real and imaginary part with one sign at least twice
better than with the other sign or as modulus and phase. Anything else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polylyte.core.errors import FileError
from polylyte.core.results import Finding
from polylyte.instruments.checks import sign_finding
from polylyte.instruments.grids import Column, read_grid
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import SIMULATED, Recording
from polylyte.instruments.text import decode, ends_cut, has_decimal_comma, split_lines

_ALLOWED = 0.35
_BETTER = 2.0
_NUMBER = re.compile(r"[-+]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][-+]?\d+)?")
_UNITS = {
    "": 1.0, "Hz": 1.0, "hz": 1.0, "kHz": 1e3, "MHz": 1e6, "mHz": 1e-3, "ohm": 1.0, "Ohm": 1.0,
    "ohms": 1.0, "Ohms": 1.0, "Ω": 1.0, "kohm": 1e3, "kOhm": 1e3, "kΩ": 1e3, "Mohm": 1e6,
    "MOhm": 1e6, "MΩ": 1e6, "mohm": 1e-3, "mOhm": 1e-3, "mΩ": 1e-3,
}  # fmt: skip
_NAMES = (
    ("frequency", r"f|freq|frequency", 1.0),
    ("z_imaginary", r"-z''|-z\"|-im|-im\(z\)|-imz|-zimag|-zimg|-zim|-z_imag(inary)?|-z_im", -1.0),
    ("z_imaginary", r"z''|z\"|im|im\(z\)|imz|zimag|zimg|zim|z_imag(inary)?|z_im", 1.0),
    ("z_real", r"z'|re|re\(z\)|rez|zreal|zre|z_real|z_re", 1.0),
)


def _separator(line: str) -> str | None:
    """Tab, semicolon, comma or blanks, in this order."""
    return next((mark for mark in ("\t", ";", ",") if mark in line), None)


def _cells(line: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(_separator(line))]


def _named(cell: str) -> tuple[str, float] | None:
    """Tidy name and factor of a heading such as ``-Z'' (ohm)`` or ``Freq/Hz``."""
    clean = re.sub(r"\s", "", cell).replace("′", "'").replace("’", "'").replace("Ω", "Ω")
    match = re.fullmatch(r"(.+)[/\[(_]([A-Za-zΩ]+)[\])]?", clean)
    tries = [(clean, "")] + ([(match[1].rstrip("_"), match[2])] if match else [])
    for name, unit in tries:
        for tidy, pattern, sign in _NAMES:
            if re.fullmatch(pattern, name.lower()) and unit in _UNITS:
                return tidy, sign * _UNITS[unit]
    return None


def _heading(line: str) -> list[Column] | None:
    columns = [_named(cell) for cell in _cells(line)]
    names = [column[0] for column in columns if column is not None]
    if sorted(names) != ["frequency", "z_imaginary", "z_real"]:
        return None
    units = {"frequency": "Hz", "z_real": "ohm", "z_imaginary": "ohm"}
    return [
        Column(cell, known=False) if found is None else Column(found[0], units[found[0]], found[1])
        for cell, found in zip(_cells(line), columns, strict=True)
    ]


def _values(lines: Sequence[str]) -> NDArray[np.float64] | None:
    """Three columns of numbers, or None where most rows are something else."""
    rows, other = [], 0
    for line in (line for line in lines[:1000] if line.strip()):
        cells = _cells(line)
        if len(cells) == 3 and all(_NUMBER.fullmatch(cell) for cell in cells):
            rows.append([float(cell.replace(",", ".")) for cell in cells])
        else:
            other += 1
    if len(rows) < 5 or other > 0.2 * len(rows):
        return None
    values = np.array(rows)
    return values if np.isfinite(values).all() else None


def _misfit(frequency: NDArray[np.float64], z: NDArray[np.complex128]) -> float:
    """Root mean square of arg Z - (pi/2) d ln|Z| / d ln w, in rad."""
    with np.errstate(all="ignore"):
        slope = np.gradient(np.log(abs(z)), np.log(frequency))
        misfit = float(np.sqrt(np.mean((np.angle(z) - np.pi / 2 * slope) ** 2)))
    return misfit if np.isfinite(misfit) else np.inf


def evident_sign(values: NDArray[np.float64]) -> float | None:
    """+1 or -1, by which the third column must be multiplied to be Im Z; None: not evident."""
    frequency, real, imaginary = values.T
    steps = np.diff(frequency)
    monotone = (steps > 0).all() or (steps < 0).all()
    if not monotone or frequency.min() <= 0 or frequency.max() < 10 * frequency.min():
        return None
    if np.mean(real > 0) < 0.9:
        return None
    as_phase = [
        real * np.exp(1j * sign * np.radians(imaginary)) for sign in (1, -1)
    ]  # modulus and phase in degrees
    plus, minus = (_misfit(frequency, real + 1j * sign * imaginary) for sign in (1, -1))
    others = min(_misfit(frequency, z) for z in as_phase)
    best, sign = (plus, 1.0) if plus <= minus else (minus, -1.0)
    rest = min(others, max(plus, minus))
    return sign if best <= _ALLOWED and rest >= _BETTER * best else None


def _start(lines: Sequence[str]) -> tuple[int, list[Column] | None]:
    """Index of the first line that is no comment, and its columns if it names them."""
    index = 0
    while index < len(lines) and (
        not lines[index].strip() or lines[index].lstrip().startswith(("#", "%", "!"))
    ):
        # A commented line of names counts as one.
        named = _heading(lines[index].lstrip(" \t#%!"))
        if named is not None:
            return index, named
        index += 1
    return index, _heading(lines[index]) if index < len(lines) else None


def recognise(head: bytes) -> bool:
    """A line of names with a frequency and both parts, or three columns of numbers."""
    lines = split_lines(decode(head))
    start, named = _start(lines)
    return named is not None or _values(lines[start:-1] or lines[start:]) is not None


@reader("impedance.csv", recognise=recognise)
def read_csv(raw: bytes) -> Recording:
    """Read a plain table of frequency, real and imaginary part.

    Raises:
        FileError: without names, the numbers are not self-evidently an impedance spectrum.
    """
    text = decode(raw)
    lines = split_lines(text)
    start, columns = _start(lines)
    first = start + 1 if columns else start
    findings: list[Finding] = []
    if columns is None:
        # The last number of a file that stops within a line may be cut: it tells nothing.
        whole = lines[start:-1] if ends_cut(text) else lines[start:]
        columns, findings = _told_by_contents(whole, start + 1)
    separator = _separator(lines[first]) if first < len(lines) else None
    if separator == "," and has_decimal_comma(lines[first:]) and len(columns) == 1:
        separator = None
    grid = read_grid(
        lines[first:],
        first + 1,
        columns,
        {"frequency", "z_real", "z_imaginary"},
        name="impedance",
        separator=separator,
        cut=ends_cut(text),
    )
    sign = sign_finding(np.asarray(grid.table.column("z_imaginary"), dtype=float))
    return Recording(
        format="impedance.csv",
        instrument="",
        technique="impedance",
        tables={"impedance": grid.table},
        metadata={"comments": "\n".join(lines[:start])} if start else {},
        rows_read=len(grid),
        rows_dropped=grid.rows_dropped,
        unknown_columns=grid.unknown_columns,
        findings=(*findings, *grid.findings, *([sign] if sign else [])),
        simulated=any(SIMULATED in line for line in lines[:start]),
    )


def _told_by_contents(lines: Sequence[str], first: int) -> tuple[list[Column], list[Finding]]:
    values = _values(lines)
    sign = None if values is None else evident_sign(values)
    if sign is None:
        raise FileError(
            "three columns of numbers, but not evidently frequency, Z' and Z''",
            where=f"line {first}",
            remedy="name the columns in a first line, as in \"Freq/Hz,Z'/ohm,-Z''/ohm\"",
        )
    findings = [Finding("no column names: read as frequency, Z', Z'' by the numbers themselves")]
    if sign < 0:
        text = "the third column was taken for -Z'': only so do phase and modulus belong together"
        findings.append(Finding(text, "warning"))
    return [
        Column("frequency", "Hz"), Column("z_real", "ohm"), Column("z_imaginary", "ohm", sign),
    ], findings  # fmt: skip
