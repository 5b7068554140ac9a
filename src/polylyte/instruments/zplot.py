"""Scribner ZPlot and ZView ``.z``: frequency, amplitude, bias, time, Z', Z'' and ranges.

Autolab writes the same layout for ZView ("Z60W Data File").
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from polylyte.core.errors import FileError
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.checks import sign_finding, unfinished_sweep
from polylyte.instruments.grids import Column, read_grid
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import SIMULATED, Recording
from polylyte.instruments.text import decode, ends_cut, header_number, split_lines

_SETTING = re.compile(r"\s*([^:\t]{1,40}):\s*(.*)")
_COLUMNS = {
    "freq(hz)": ("frequency", "Hz"), "ampl": ("amplitude", "V"), "bias": ("potential", "V"),
    "time(sec)": ("time", "s"), "z'(a)": ("z_real", "ohm"), "z''(b)": ("z_imaginary", "ohm"),
    "gd": ("detector", ""), "err": ("error", ""), "range": ("range", ""),
    "e(dc)": ("potential", "V"), "i(dc)": ("current", "A"),
}  # fmt: skip
_STANDARD = ("freq(hz)", "ampl", "bias", "time(sec)", "z'(a)", "z''(b)", "gd", "err", "range")


def _names(line: str) -> list[str]:
    marks = r"[\t,]"
    if line.lstrip().startswith('"') and not re.search(marks, line):
        # The older layout has one quoted line of names between blanks: "  Freq (Hz)   Ampl …".
        line, marks = line.strip().strip('"').replace("Freq (", "Freq(").strip(), r"\s+"
    return [re.sub(r"\s", "", cell).strip('"').lower() for cell in re.split(marks, line.strip())]


def _is_heading(line: str) -> bool:
    return {"freq(hz)", "z'(a)", "z''(b)"} <= set(_names(line))


def _is_bare(lines: Sequence[str]) -> bool:
    """Rows alone: nine numbers, sweeping frequency, time that runs, small whole numbers last."""
    rows = [line.split("\t") for line in lines[:-1][:200] if line.strip()] or [[]]
    if len(rows) < 3 or any(len(row) != len(_STANDARD) for row in rows):
        return False
    try:
        values = np.array([[float(cell.replace(",", ".")) for cell in row] for row in rows])
    except ValueError:
        return False
    if not np.isfinite(values).all():
        return False
    frequency, time, whole = values[:, 0], values[:, 3], values[:, 7:]
    steps = np.diff(frequency)
    sweeps = bool(frequency.min() > 0) and (bool((steps > 0).all()) or bool((steps < 0).all()))
    return (
        sweeps and bool((np.diff(time) >= 0).all()) and bool((whole == np.trunc(whole)).all())
        and bool((abs(whole) < 100).all())
    )  # fmt: skip


def recognise(head: bytes) -> bool:
    """``ZPLOT`` on the first line, the line of column names, or rows as only ZPlot writes them."""
    lines = split_lines(decode(head))
    if not lines:
        return False
    first = lines[0].strip().strip('"').upper()
    known = first.startswith(("ZPLOT", "ZVIEW", "Z60W"))
    return known or _is_heading(lines[0]) or _is_bare(lines)


@reader("zplot.z", recognise=recognise)
def read_zplot(raw: bytes) -> Recording:
    """Read a ``.z`` file, with comments, with column names alone, or with rows alone.

    Raises:
        FileError: the file ends before its table, or the table has no rows.
    """
    text = decode(raw)
    lines = split_lines(text)
    heading, first, columns = _layout(lines)
    header = _header(lines[:heading])
    if heading and re.fullmatch(r"\d{1,9}", lines[heading - 1].strip()):
        # The older layout states the number of points alone on the line before the names.
        header.setdefault("Data Points", lines[heading - 1].strip())
    autolab = lines[0].lstrip('"').startswith("Z60W")
    separator = "," if first < len(lines) and "\t" not in lines[first] else "\t"
    grid = read_grid(
        lines[first:],
        first + 1,
        columns,
        {"frequency", "z_real", "z_imaginary"},
        name="impedance",
        separator=separator,
        cut=ends_cut(text),
    )
    experiment = header.get("Experiment Type", "")
    return Recording(
        format="zplot.z",
        instrument="Metrohm Autolab" if autolab else "Scribner ZPlot",
        technique="impedance" if "sweep" in experiment.lower() or not experiment else experiment,
        tables={"impedance": grid.table},
        conditions=_conditions(header),
        started=" ".join((header.get("Date", ""), header.get("Time", ""))).strip(),
        metadata=header,
        rows_read=len(grid),
        rows_dropped=grid.rows_dropped,
        unknown_columns=grid.unknown_columns,
        findings=(*grid.findings, *_findings(grid.table, header, grid.rows_dropped, text)),
        simulated=any(SIMULATED in line for line in lines[:heading]),
    )


def _layout(lines: list[str]) -> tuple[int, int, list[Column]]:
    """Where the header ends and the rows begin, and the columns."""
    heading = next((i for i, line in enumerate(lines) if _is_heading(line)), None)
    if heading is None and _is_bare(lines):
        return 0, 0, [_column(name) for name in _STANDARD]
    if heading is None:
        raise FileError(
            "ends before its table",
            where=f"line {len(lines)}",
            remedy="a line 'Freq(Hz) Ampl Bias Time(Sec) Z'(a) Z''(b) …' was expected",
        )
    first = heading + 1
    while first < len(lines) and not re.match(r"\s*[-+.\d]", lines[first]):
        first += 1
    names = _names(lines[heading])
    return heading, first, [_column(name) for name in names]


def _column(name: str) -> Column:
    tidy, unit = _COLUMNS.get(name, (name, ""))
    return Column(tidy, unit, 1.0, name in _COLUMNS)


def _header(lines: Sequence[str]) -> dict[str, str]:
    pairs = (m.groups() for line in lines if (m := _SETTING.match(line)))
    return {key.strip(): value.strip() for key, value in pairs}


def _conditions(header: Mapping[str, str]) -> dict[str, Quantity]:
    found: dict[str, Quantity] = {}
    bias = header_number(header.get("Potential-DC"))
    if bias is not None:
        found["bias"] = Quantity(bias, "V")
    amplitude = header_number(header.get("Potential-AC"))
    if amplitude is not None:
        found["amplitude"] = Quantity(amplitude, "mV")
    area = header_number(header.get("Surface Area"))
    # 1 is what the form offers; only another number was written by somebody.
    if area is not None and area > 0 and area != 1.0:
        found["area"] = Quantity(area, "cm^2")
    return found


def _findings(table: Table, header: Mapping[str, str], dropped: int, text: str) -> list[Finding]:
    frequency = np.asarray(table.column("frequency"), dtype=float)
    found = [
        sign_finding(np.asarray(table.column("z_imaginary"), dtype=float)),
        unfinished_sweep(frequency, header_number(header.get("vs Freq-Final")), None),
    ]
    declared = header_number(header.get("Data Points"))
    if declared is not None and len(table) + dropped < declared:
        words = f"the header declares {declared:.0f} points; the file holds {len(table) + dropped}"
        found.append(Finding(words, "warning"))
    if not header:
        found.append(Finding("no header: the columns were told by their contents"))
    if ends_cut(text):
        found.append(Finding("the file stops within a line: it may be cut short", "warning"))
    return [finding for finding in found if finding is not None]
