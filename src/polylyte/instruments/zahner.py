"""Zahner Thales ``.ism``: an impedance spectrum in big-endian numbers.

From what Zahner publishes about its files: two 48-bit integers (version, points less one), then
as many 64-bit numbers each of frequency, modulus, phase in radians and time in seconds since
1980, 16-bit significances, and texts with their length before them. A sweep may begin in the
middle, go up to the highest frequency and from there down: the part up to there is kept
as a table of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polylyte.core.errors import FileError
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.checks import sign_finding
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import Recording

_HEAD = 12
_POINT = 4 * 8 + 2
_MOST = 200_000
_TEXTS = ("date", "system", "potential", "current", "temperature", "time_window", "comment_1",
          "comment_2", "comment_3", "comment_4", "area")  # fmt: skip
_UNITS = {"frequency": "Hz", "z_real": "ohm", "z_imaginary": "ohm", "z_modulus": "ohm",
          "z_phase": "deg", "time": "s"}  # fmt: skip


def _points(head: bytes) -> int:
    return int.from_bytes(head[6:12], "big", signed=True) + 1


def recognise(head: bytes) -> bool:
    """A small version, a count of points, and frequencies as nothing else would hold there."""
    if len(head) < _HEAD + 24 or head[:2] != b"\x00\x00" or not 2 < _points(head) < _MOST:
        return False
    shown = min(_points(head), (len(head) - _HEAD) // 8, 50)
    with np.errstate(invalid="ignore"):
        frequency = np.frombuffer(head, ">f8", shown, _HEAD)
        return bool(((frequency > 1e-7) & (frequency < 1e10)).all()) and len(set(frequency)) > 1


@reader("zahner.ism", recognise=recognise)
def read_ism(raw: bytes) -> Recording:
    """Read a Zahner impedance spectrum.

    Raises:
        FileError: it ends before its last point, or its numbers are no spectrum.
    """
    count = _points(raw)
    end = _HEAD + count * _POINT
    if len(raw) < _HEAD + count * 24:
        raise FileError(
            f"ends before the last of its {count} points",
            where=f"offset {len(raw)}",
            remedy="copy the file again from Thales",
        )
    columns = [np.frombuffer(raw, ">f8", count, _HEAD + i * 8 * count).astype(float)
               for i in range(4 if len(raw) >= end else 3)]  # fmt: skip
    _checked(columns[:3])
    frequency, modulus, phase = columns[:3]
    made = {
        "frequency": frequency, "z_real": modulus * np.cos(phase),
        "z_imaginary": modulus * np.sin(phase), "z_modulus": modulus, "z_phase": np.degrees(phase),
    }  # fmt: skip
    started = ""
    findings: list[Finding] = []
    if len(columns) == 4 and np.isfinite(columns[3]).all():
        stamps = abs(columns[3])
        made["time"] = stamps - stamps.min()
        started = _moment(float(stamps.min()))
    else:
        findings.append(Finding("the file ends before the times of its points", "warning",
                                where=f"offset {len(raw)}"))  # fmt: skip
    tables = _parted(made)
    sign = sign_finding(made["z_imaginary"])
    if "overlap" in tables:
        text = f"{len(tables['overlap'])} points before the sweep's turn are in the table 'overlap'"
        findings.append(Finding(text))
    return Recording(
        format="zahner.ism",
        instrument="Zahner",
        technique="impedance",
        tables=tables,
        started=started,
        metadata=_texts(raw[end:]),
        rows_read=count,
        findings=(*findings, *([sign] if sign else [])),
    )


def _checked(columns: list[NDArray[np.float64]]) -> None:
    frequency, modulus, phase = columns
    good = np.isfinite(np.stack(columns)).all(axis=0) & (frequency > 0) & (frequency < 1e12)
    good &= (modulus > 0) & (modulus < 1e20) & (abs(phase) <= 2 * np.pi)
    if not good.all():
        at = int(np.argmin(good))
        raise FileError(
            f"point {at + 1} of {len(good)} is no point of a spectrum",
            where=f"offset {_HEAD + 8 * at}",
            remedy="the file is damaged: copy it again, or export it from Thales as text",
        )


def _parted(made: dict[str, NDArray[np.float64]]) -> dict[str, Table]:
    """The sweep from one end to the other, and what was measured before it began."""
    frequency = made["frequency"]
    low, high = sorted((int(np.argmin(frequency)), int(np.argmax(frequency))))
    whole = slice(low, high + 1)
    tables = {"impedance": _table(made, whole, "impedance")}
    rest = np.ones(len(frequency), dtype=bool)
    rest[whole] = False
    if rest.any():
        tables["overlap"] = _table(made, rest, "overlap")
    return tables


def _table(made: dict[str, NDArray[np.float64]], rows: Any, name: str) -> Table:
    return Table.of({n: v[rows] for n, v in made.items()},
                    {n: u for n, u in _UNITS.items() if n in made}, name)  # fmt: skip


def _moment(seconds: float) -> str:
    if not 0 < seconds < 4e9:
        return ""
    return (datetime(1980, 1, 1) + timedelta(seconds=seconds)).isoformat(sep=" ")


def _texts(rest: bytes) -> dict[str, str]:
    """Texts with a 16-bit length before them, written with upper and lower case exchanged."""
    found = {}
    here = 0
    for name in _TEXTS:
        size = int.from_bytes(rest[here : here + 2], "big")
        text = rest[here + 2 : here + 2 + size]
        if size > 2000 or len(text) < size:
            break
        here += 2 + size
        clean = text.decode("latin-1").swapcase().strip()
        if clean and clean.isprintable():
            found[name] = clean
    return found
