"""CH Instruments ``.bin`` of an impedance spectrum.

Built from a real file beside its text export: the technique's code "IMP" at byte 8, the number
of points N as a 32-bit integer at byte 606, and last 16 N bytes: N records of four 32-bit floats
(frequency, frequency again, Z', Z'').
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polylyte.core.errors import FileError
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.checks import sign_finding
from polylyte.instruments.reading import reader
from polylyte.instruments.recordings import Recording

_COUNT = 606
_HEADER = 1682
"""Bytes before the records of the file at hand: where a cut file's records begin."""
_RECORD = np.dtype([("frequency", "<f4"), ("again", "<f4"), ("re", "<f4"), ("im", "<f4")])


def recognise(head: bytes) -> bool:
    """The technique's code and name, where CHI writes them."""
    return head[8:11] == b"IMP" and b"Impedance" in head[11:64]


@reader("chinstruments.bin", recognise=recognise)
def read_chi_bin(raw: bytes) -> Recording:
    """Read a CH Instruments binary impedance spectrum.

    Raises:
        FileError: no records, or records that are no spectrum.
    """
    if len(raw) < _COUNT + 4:
        raise FileError("ends within its header", where=f"offset {len(raw)}")
    (stated,) = struct.unpack_from("<I", raw, _COUNT)
    begin = len(raw) - stated * _RECORD.itemsize
    records = _whole(raw, begin)
    lost = more = 0
    if records is not None:
        more = _before(raw, begin)
        records = _whole(raw, begin - more * _RECORD.itemsize) if more else records
    if records is None or len(records) != stated + more:
        records = _whole(raw, _HEADER)
        lost = 0 if records is None else stated - len(records)
        if records is None or not 0 < lost <= 1_000_000:
            raise FileError(
                f"the {stated} points it states are no spectrum",
                where=f"offset {max(begin, _HEADER)}",
                remedy="records of frequency, frequency, Z', Z'' were expected to the file's end",
            )
    made: dict[str, Any] = {
        "frequency": records["frequency"].astype(float),
        "z_real": records["re"].astype(float),
        "z_imaginary": records["im"].astype(float),
    }
    units = {"frequency": "Hz", "z_real": "ohm", "z_imaginary": "ohm"}
    return Recording(
        format="chinstruments.bin",
        instrument="CH Instruments",
        technique="impedance",
        tables={"impedance": Table.of(made, units, "impedance")},
        rows_read=len(records),
        rows_dropped=lost,
        findings=tuple(_findings(made["z_imaginary"], lost, stated, more)),
    )


def _whole(raw: bytes, begin: int) -> NDArray[np.void] | None:
    """The records from ``begin`` on, or None where they are no spectrum."""
    if not _COUNT + 4 <= begin < len(raw):
        return None
    records = np.frombuffer(raw, _RECORD, (len(raw) - begin) // _RECORD.itemsize, begin)
    frequency = records["frequency"]
    values = np.stack([records[name] for name in _RECORD.names or ()])
    if not len(records) or not np.isfinite(values).all():
        return None
    same = bool((frequency == records["again"]).all() and (frequency > 0).all())
    return records if same else None


def _before(raw: bytes, begin: int) -> int:
    """How many records stand before the first of those that the header counts."""
    count = 0
    while begin - (count + 1) * _RECORD.itemsize >= _COUNT + 4:
        f, again, re, im = struct.unpack_from("<4f", raw, begin - (count + 1) * _RECORD.itemsize)
        if not (f == again and 1e-6 < f < 1e9 and abs(re) < 1e15 and abs(im) < 1e15 and re != 0):
            break
        count += 1
    return count


def _findings(imaginary: NDArray[np.float64], lost: int, stated: int, more: int) -> list[Finding]:
    sign = sign_finding(imaginary)
    found = [sign] if sign else []
    if more:
        text = f"its header counts {stated} points, and {more} more stand before them: read too"
        found.append(Finding(text, "warning", where=f"offset {_COUNT}"))
    if lost:
        text = f"the file is cut: {lost} of {stated} points are missing or incomplete"
        found.append(Finding(text, "warning"))
    return found
