"""A plain table of frequency, Z' and Z'': read only where it is self-evidently impedance.

With a line of names, a frequency, a real and an imaginary part must be among them
("Freq/Hz; Z'/ohm; -Z''/ohm"), or a frequency, a modulus and a phase; the sign is the one named.
Without names there must be exactly three columns of numbers, the first positive and monotone
over a decade or more, and the other two must obey the Kramers-Kronig relation between phase and
slope of a smooth spectrum,

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
from polylyte.core.tables import Table
from polylyte.instruments import biologic_text, chinstruments, gamry, zplot
from polylyte.instruments.arrays import numbers
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
_IMAGINARY = r"(?:z''|z\"|im|imag|imaginary|im\(z\)|imz|zimag|zimg|zim|z_?imag(inary)?|z_im)"
_REAL = r"(?:z'|re|real|re\(z\)|rez|zreal|zre|z_?real|z_re)"
_PHASE = r"(?:phase|phase\(z\)|theta|theta\(z\)|phi|arg\(z\)|zphz|z_phase)"
_NAMES = (
    ("frequency", r"f|freq|frequency", 1.0),
    ("z_imaginary", f"-{_IMAGINARY}", -1.0),
    ("z_imaginary", _IMAGINARY, 1.0),
    ("z_real", f"-{_REAL}", -1.0),
    ("z_real", _REAL, 1.0),
    ("z_modulus", r"z|\|z\||mod\(z\)|modulus|zmod|z_mod|z_modulus|magnitude", 1.0),
    ("z_phase", f"(?:-|neg\\.?){_PHASE}", -1.0),
    ("z_phase", _PHASE, 1.0),
)
_ANGLES = {"deg": 1.0, "°": 1.0, "degree": 1.0, "degrees": 1.0, "rad": 180.0 / np.pi}
_UNIT = {"frequency": "Hz", "z_real": "ohm", "z_imaginary": "ohm", "z_modulus": "ohm",
         "z_phase": "deg"}  # fmt: skip
_CARTESIAN = {"frequency", "z_real", "z_imaginary"}
_POLAR = {"frequency", "z_modulus", "z_phase"}
_FIRST_LINES = 60


def _separator(line: str) -> str | None:
    """Tab, semicolon, comma or blanks, in this order."""
    return next((mark for mark in ("\t", ";", ",") if mark in line), None)


def _cells(line: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(_separator(line))]


def _named(cell: str) -> Column | None:
    """The column of a heading such as ``-Z'' (ohm)``, ``Freq/Hz`` or ``Phase(Z)/deg``."""
    clean = re.sub(r"\s", "", cell).replace("′", "'").replace("’", "'").replace("Ω", "Ω")
    clean = clean.removeprefix("Data:")
    match = re.fullmatch(r"(.+?)[/\[(_]([A-Za-zΩ°]+)[\])]?", clean)
    tries = [(clean, "")] + ([(match[1].rstrip("_"), match[2])] if match else [])
    for name, unit in tries:
        for tidy, pattern, sign in _NAMES:
            known = _ANGLES | {"": 1.0} if tidy == "z_phase" else _UNITS
            if unit in known and re.fullmatch(pattern, name.lower()):
                # A phase without a unit is told from its numbers.
                factor = sign * known[unit]
                stated = tidy != "z_phase" or bool(unit)
                return Column(tidy if stated else "z_phase?", _UNIT[tidy], factor)
    return None


def _heading(line: str) -> list[Column] | None:
    cells = _cells(line)
    while cells and not cells[-1]:
        cells.pop()
    found = [_named(cell) for cell in cells]
    names = [column.name.rstrip("?") for column in found if column is not None]
    whole = set(names) >= _CARTESIAN or set(names) >= _POLAR
    if not whole or len(set(names)) != len(names):
        return None
    return [Column(cell, known=False) if column is None else column
            for cell, column in zip(cells, found, strict=True)]  # fmt: skip


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
    """Index of the line of names and its columns; without one, of the first that is no comment."""
    first = None
    for index, line in enumerate(lines[:_FIRST_LINES]):
        # A commented line of names counts as one.
        named = _heading(line.lstrip(" \t#%!"))
        if named is not None:
            return index, named
        if first is None and line.strip() and not line.lstrip().startswith(("#", "%", "!")):
            first = index
        if len(cells := _cells(line)) > 1 and all(_NUMBER.fullmatch(cell) for cell in cells):
            break
    return (len(lines) if first is None else first), None


def _first_row(lines: Sequence[str], start: int) -> int:
    """Past units, remarks or a count of points that stand between the names and the rows."""
    for index in range(start, min(start + 4, len(lines))):
        cells = _cells(lines[index])
        if len(cells) > 1 and _NUMBER.fullmatch(cells[0] or cells[1]):
            return index
    return start


def recognise(head: bytes) -> bool:
    """A line of names with a frequency and both parts, or three columns of numbers."""
    lines = split_lines(decode(head))
    start, named = _start(lines)
    if named is not None and start:
        # A header before the names may be a potentiostat's.
        others = (biologic_text.recognise, chinstruments.recognise, gamry.recognise,
                  zplot.recognise)  # fmt: skip
        return not any(recognised(head) for recognised in others)
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
    first = _first_row(lines, start + 1) if columns else start
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
        {column.name for column in columns if column.name in _CARTESIAN | _POLAR},
        name="impedance",
        separator=separator,
        cut=ends_cut(text),
    )
    table, contradicted = _signed(_cartesian(grid.table, first + 1))
    findings += contradicted
    sign = sign_finding(np.asarray(table.column("z_imaginary"), dtype=float))
    findings += [sign] if sign else []
    return Recording(
        format="impedance.csv",
        instrument="",
        technique="impedance",
        tables={"impedance": table},
        metadata={"comments": "\n".join(lines[: first - 1])} if first > 1 else {},
        rows_read=len(grid),
        rows_dropped=grid.rows_dropped,
        unknown_columns=grid.unknown_columns,
        findings=(*findings, *grid.findings),
        simulated=any(SIMULATED in line for line in lines[:start]),
    )


def _cartesian(table: Table, line: int) -> Table:
    """Real and imaginary part, where the file has modulus and phase.

    Raises:
        FileError: the phase has no unit and could be in degrees or in radians.
    """
    import polars

    frame = table.frame
    bare = "z_phase?" in frame.columns
    if bare and "z_real" not in frame.columns:
        largest = float(np.nanmax(abs(np.asarray(frame["z_phase?"].to_numpy(), dtype=float))))
        if largest <= np.pi:
            raise FileError(
                f"a phase without a unit, nowhere larger than {largest:.3g}: degrees or radians?",
                where=f"line {line}",
                remedy="write the unit into its name, as in 'Phase/deg'",
            )
    if bare:
        frame = frame.rename({"z_phase?": "z_phase"})
        # Beside both parts a phase without a unit is kept as it stands.
    units = {name.rstrip("?"): unit for name, unit in table.units.items()}
    if "z_real" not in frame.columns or "z_imaginary" not in frame.columns:
        modulus = np.asarray(frame["z_modulus"].to_numpy(), dtype=float)
        phase = np.radians(np.asarray(frame["z_phase"].to_numpy(), dtype=float))
        made = {"z_real": modulus * np.cos(phase), "z_imaginary": modulus * np.sin(phase)}
        frame = frame.with_columns(**{n: polars.Series(n, v) for n, v in made.items()})
        units |= {"z_real": "ohm", "z_imaginary": "ohm"}
    return Table(frame, units, table.note)


def _signed(table: Table) -> tuple[Table, list[Finding]]:
    """Where every phase says the opposite sign of the imaginary part, the phase is believed.

    PalmSens' tables name ``neg. Phase`` and ``Z''`` and write -Z''.
    """
    import polars

    frame = table.frame
    phase, imaginary = numbers(table, "z_phase"), numbers(table, "z_imaginary")
    if phase is None or imaginary is None or len(phase) < 3:
        return table, []
    both = (abs(phase) > 0.5) & np.isfinite(phase) & (imaginary != 0)
    opposite = np.sign(phase) == -np.sign(imaginary)
    if both.sum() < 3 or not opposite[both].all():
        return table, []
    turned = frame.with_columns(polars.col("z_imaginary") * -1.0)
    text = "the imaginary part has the sign of -Z'' by the phase beside it: turned"
    return Table(turned, table.units, table.note), [Finding(text, "warning")]


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
