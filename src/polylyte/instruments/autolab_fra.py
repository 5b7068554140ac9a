"""Eco Chemie (Autolab) FRA ``.dfr``: a version, a count, and nine lines for each frequency.

Built from a public file: frequency, Z' and -Z''; of the six further numbers of a point
nothing is known here, and they are left out.
"""

from __future__ import annotations

import re

import numpy as np

from polylyte.core.errors import FileError
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.checks import sign_finding
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import Recording
from polylyte.instruments.text import decode, header_number, is_text, split_lines

_LINES = 9


def recognise(head: bytes) -> bool:
    """``VERSION8.0`` alone on the first line and a count on the second."""
    if not is_text(head):
        return False
    lines = [line.strip() for line in split_lines(decode(head[:4096]))[:3]]
    return (len(lines) == 3 and re.fullmatch(r"VERSION\d+(\.\d+)?", lines[0]) is not None
            and lines[1].isdecimal())  # fmt: skip


@reader("autolab.dfr", recognise=recognise)
def read_dfr(raw: bytes) -> Recording:
    """Read the spectrum of an FRA file.

    Raises:
        FileError: it ends within its points, or a number is none.
    """
    lines = [(n, line.strip()) for n, line in enumerate(split_lines(decode(raw)), 1)]
    lines = [(n, text) for n, text in lines if text]
    stated = int(lines[1][1][:9]) if len(lines) > 1 else 0
    body = lines[3:]
    if not stated > 0 or len(body) < _LINES:
        raise FileError("ends before its first point", where=f"line {len(lines)}",
                        remedy="copy the file again, or export it from FRA")  # fmt: skip
    points = min(stated, len(body) // _LINES)
    rows = []
    for i in range(points):
        cells = body[_LINES * i : _LINES * i + _LINES]
        values = [header_number(text) for _, text in cells]
        if None in values or not (values[0] or 0) > 0:
            at = next(
                (n for (n, _), v in zip(cells, values, strict=True) if v is None), cells[0][0]
            )
            raise FileError("no number where one was expected", where=f"line {at}",
                            remedy="the file is damaged: export it again from FRA")  # fmt: skip
        rows.append(values[:3])
    frequency, real, minus = np.array(rows, dtype=float).T
    units = {"frequency": "Hz", "z_real": "ohm", "z_imaginary": "ohm"}
    table = Table.of({"frequency": frequency, "z_real": real, "z_imaginary": -minus}, units,
                     "impedance")  # fmt: skip
    findings = []
    if points < stated:
        text = f"the file is cut: {stated - points} of {stated} points are missing"
        findings.append(Finding(text, "warning", where=f"line {body[-1][0]}"))
    sign = sign_finding(-minus)
    return Recording(
        format="autolab.dfr",
        instrument="Metrohm Autolab",
        technique="impedance",
        tables={"impedance": table},
        metadata={"version": lines[0][1]},
        rows_read=points,
        rows_dropped=stated - points,
        unknown_columns=tuple(f"number {i}" for i in range(4, 10)),
        findings=(*findings, *([sign] if sign else [])),
    )
