"""A Neware .ndax of 108 563 rows to its table of 54 cycles, against cellpy and NewareNDA.

Ours is the reader and ``cycles``: charge, discharge, energies and ends of each cycle. cellpy has no
working reader of .ndax (its own, ``ext_nda_reader``, needs a module that is not published), so it
is handed what NewareNDA read, and its own steps and summary are what is timed on top of that:
``peer`` is NewareNDA's read, cellpy's step table and summary. The two take turns; medians. Both
tables' capacities are compared.
"""

from __future__ import annotations

import logging
import statistics
import time
import warnings

import NewareNDA
import numpy as np
from _shared import real, report
from cellpy.readers.cellreader import CellpyCell
from cellpy.readers.core import Data

from polylyte.analysis.cycling.cycles import Cycles, cycles
from polylyte.instruments.cycling import CyclingRecord

TARGET = 10.0
ROUNDS = 5
NAME = "test_2.ndax to its cycle table, against cellpy"
COLUMNS = {
    "Index": "data_point",
    "Cycle": "cycle_index",
    "Step": "step_index",
    "Time": "step_time",
    "Voltage": "voltage",
    "Current(mA)": "current",
    "Charge_Capacity(mAh)": "charge_capacity",
    "Discharge_Capacity(mAh)": "discharge_capacity",
    "Charge_Energy(mWh)": "charge_energy",
    "Discharge_Energy(mWh)": "discharge_energy",
    "Timestamp": "date_time",
}


def ours(path: str) -> Cycles:
    return cycles(CyclingRecord.read(path))


def theirs(path: str) -> tuple[CellpyCell, float]:
    """A cell with its summary, and the seconds that NewareNDA's read took of it."""
    began = time.perf_counter()
    frame = NewareNDA.read(path)
    reading = time.perf_counter() - began
    frame = frame.rename(columns=COLUMNS)[list(COLUMNS.values())]
    # within a cycle, as cellpy's own loaders do: the counters start again with each step
    for name in ("charge_capacity", "discharge_capacity", "charge_energy", "discharge_energy"):
        frame[name] = frame.groupby("cycle_index")[name].cummax()
    start = frame["date_time"].iloc[0]
    frame["test_time"] = (frame["date_time"] - start).dt.total_seconds()
    frame["date_time"] = frame["date_time"].dt.tz_localize(None)
    cell = CellpyCell()
    data = Data()
    data.raw = frame.set_index("data_point", drop=False)
    cell.data = data
    cell.make_step_table()
    cell.make_summary()
    return cell, reading


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    path = str(real("instruments/nda/test_2.ndax", NAME, TARGET))
    mine, (cell, _) = ours(path), theirs(path)
    summary = cell.data.summary
    name = next(n for n in summary.columns if n in ("charge_capacity", "charge_capacity_raw"))
    np.testing.assert_allclose(mine.charge / 3.6, summary[name].to_numpy(), rtol=2e-4)
    own, peer, reading = [], [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ours(path)
        own.append(time.perf_counter() - began)
        began = time.perf_counter()
        _, read = theirs(path)
        peer.append(time.perf_counter() - began)
        reading.append(read)
    took, other, bare = map(statistics.median, (own, peer, reading))
    print(f"{len(mine)} cycles: polylyte {took:.3f} s, NewareNDA and cellpy {other:.3f} s")
    print(f"NewareNDA's read alone {bare:.3f} s")
    report(NAME, TARGET, took, other, newarenda_read=bare)


if __name__ == "__main__":
    main()
