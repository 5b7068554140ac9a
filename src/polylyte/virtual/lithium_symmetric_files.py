"""Records of virtual symmetric cells as the files of potentiostats and cyclers."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from polylyte.core.quantities import Quantity
from polylyte.core.tables import Table
from polylyte.virtual.files import biologic_header, day, degrees, file_name
from polylyte.virtual.samples import Sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

Recorder = Literal["biologic", "neware", "land", "arbin"]
WORDS = {
    "biologic": "BioLogic mpt",
    "neware": "Neware csv",
    "land": "LAND csv",
    "arbin": "Arbin csv",
}


def galvanostatic_file(
    recorder: Recorder,
    time: ArrayLike,
    current: ArrayLike,
    potential: ArrayLike,
    charge: ArrayLike,
    step: ArrayLike,
    *,
    sample: Sample,
    temperature: Quantity,
    name: str,
    kind: str,
    date: str,
) -> dict[str, bytes]:
    """One file by its name; ``kind`` goes into its comment."""
    note = f"{sample.name or 'sample'}, {kind}, {degrees(temperature)} degC"
    celsius = temperature.si - 273.15
    if recorder == "biologic":
        from polylyte.instruments.biologic_writer import write_gcpl

        raw = write_gcpl(
            time, current, potential, charge=charge, step=step, temperature=celsius,
            header=biologic_header(sample, date, note),
        )  # fmt: skip
    else:
        from polylyte.instruments.cycler_writer import write_cycler

        area = 1e4 * sample.area.si
        raw = write_cycler(
            recorder, time, current, potential, charge=charge, step=step, temperature=celsius,
            area=None if area == 1 else area, note=note,
            started=datetime.datetime.combine(day(date), datetime.time()),
        )  # fmt: skip
    suffix = "mpt" if recorder == "biologic" else "csv"
    return {file_name(name, sample, temperature, suffix): raw}


def record_table(
    time: Sequence[float] | Floats,
    current: Sequence[float] | Floats,
    potential: Sequence[float] | Floats,
    charge: Sequence[float] | Floats,
) -> Table:
    """The record as written."""
    return Table.of(
        {
            "time": np.asarray(time).tolist(),
            "current": np.asarray(current).tolist(),
            "potential": np.asarray(potential).tolist(),
            "charge": np.asarray(charge).tolist(),
        },
        {"time": "s", "current": "A", "potential": "V", "charge": "C"},
    )
