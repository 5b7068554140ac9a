"""A BioLogic binary file of 30 208 rows read by polylyte, yadg and galvani.

The file is a real one (a spectrum of 60 rows and 16 columns) whose records are repeated; nothing
else in it is changed. Ours is ``read`` as a study calls it: recognition of the format, all
columns with names and units, conditions, findings, and the file's SHA-256, and then
``with_resolution``: the standard uncertainty of each measured value from the ranges that the
file states. yadg returns a value and a standard error for each entry, galvani the bare records.
They take turns; medians. The values that both sides name the same are compared, and each
measured column has an uncertainty on both sides.
"""

from __future__ import annotations

import statistics
import struct
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import galvani
import numpy as np
import yadg.extractors
from _shared import real, report

from polylyte.instruments.biologic_resolution import SOURCE, with_resolution
from polylyte.instruments.reading import read

ROWS = 30_208
TARGET = 50.0
ROUNDS = 7
NAME = ".mpr of 30 208 rows, against yadg"
DATA = {0: 100, 2: 405, 3: 406, 10: 1007, 11: 1007}
"""Where the records begin in a data module of each version."""
MEASURED = {"frequency": "freq", "z_real": "Re(Z)", "z_imaginary": "-Im(Z)", "z_modulus": "|Z|",
            "z_phase": "Phase(Z)", "time": "time", "potential": "Ewe", "current": "I",
            "series_capacitance": "Cs", "parallel_capacitance": "Cp",
            "potential_amplitude": "|Ewe|", "current_amplitude": "|I|"}  # fmt: skip
"""Columns with an uncertainty on both sides: ours and yadg's name."""


def repeated(raw: bytes, rows: int) -> bytes:
    """The same file with ``rows`` records in its data module."""
    at = raw.index(b"MODULE" + b"VMP data".ljust(10))
    length, version = struct.unpack_from("<II", raw, at + 41)
    place, begin = at + 41, at + 57
    if length == 0xFFFFFFFF:
        length, old, version = struct.unpack_from("<III", raw, at + 45)
        place, begin, version = at + 45, at + 65, version or old
    module = raw[begin : begin + length]
    start = DATA[version]
    (count,) = struct.unpack_from("<I", module)
    size = (length - start) // count
    records = (module[start : start + count * size] * (rows // count + 1))[: rows * size]
    grown = struct.pack("<I", rows) + module[4:start] + records
    head = bytearray(raw[at:begin])
    struct.pack_into("<I", head, place - at, len(grown))
    return raw[:at] + bytes(head) + grown + raw[begin + length :]


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    warnings.simplefilter("ignore")
    source = real("instruments/bdf/PEIS-0.mpr", NAME, TARGET)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.mpr"
        path.write_bytes(repeated(source.read_bytes(), ROWS))
        sides: dict[str, Callable[[], object]] = {
            "polylyte": lambda: with_resolution(read(path)),
            "polylyte, values alone": lambda: read(path),
            "yadg": lambda: yadg.extractors.extract("eclab.mpr", path),
            "galvani": lambda: galvani.MPRfile(str(path)),
        }
        recording = read(path)
        theirs = yadg.extractors.extract("eclab.mpr", path)
        table = recording.tables["impedance"].frame
        assert len(table) == ROWS
        for own, other, sign in (("frequency", "freq", 1), ("z_real", "Re(Z)", 1),
                                 ("z_imaginary", "-Im(Z)", -1)):  # fmt: skip
            expected = sign * np.asarray(theirs[other], dtype=float)
            np.testing.assert_allclose(table[own].to_numpy(), expected, rtol=1e-6)
        resolved = with_resolution(recording).frame
        for own, other in MEASURED.items():
            assert (resolved[f"{own}|{SOURCE}"] > 0).all(), own
            assert len(theirs[f"{other}_std_err"]) == ROWS, other
        times: dict[str, list[float]] = {name: [] for name in sides}
        for work in sides.values():
            work()
        for _ in range(ROUNDS):
            for name, work in sides.items():
                times[name].append(timed(work))
    took = {name: statistics.median(runs) for name, runs in times.items()}
    for name, seconds in took.items():
        print(f"{name}: {1e3 * seconds:.2f} ms")
    report(NAME, TARGET, took["polylyte"], took["yadg"], galvani=took["galvani"],
           values_alone=took["polylyte, values alone"])  # fmt: skip


if __name__ == "__main__":
    main()
