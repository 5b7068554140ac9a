"""What every virtual instrument shares: names, dates and the vendors' formats."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Literal

from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity, from_si
from polylyte.virtual.samples import Sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Instrument = Literal["gamry", "biologic"]
Electrodes = Literal["blocking", "lithium"]
SUFFIX = {"gamry": "DTA", "biologic": "mpt"}
VENDOR = {"gamry": "Gamry DTA", "biologic": "BioLogic mpt"}
_SAFE = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*$")


def truth(value: float, unit: str) -> Quantity:
    """A true value (SI), known without error."""
    return from_si(value, unit, how="virtual")


def degrees(temperature: Quantity) -> str:
    """``25`` or ``27.5`` or ``-10``: a temperature in °C as names carry it."""
    return f"{round(temperature.si - 273.15, 3) + 0.0:g}"


def file_name(template: str, sample: Sample, temperature: Quantity, suffix: str) -> str:
    """The name of a file, ``{sample}`` and ``{temperature}`` filled in.

    Raises:
        InputError: an unknown placeholder, or a name that is no plain file name.
    """
    try:
        stem = template.format(sample=sample.name or "sample", temperature=degrees(temperature))
    except (KeyError, IndexError, ValueError):
        raise InputError(
            f"'{template}' has a placeholder not known here",
            where="name",
            remedy="use {sample} and {temperature}",
        ) from None
    if not _SAFE.match(stem):
        raise InputError(
            f"'{stem}' cannot be a file's name",
            where="name",
            remedy="use letters, digits, . _ + -",
        )
    return f"{stem}.{suffix}"


def day(text: str) -> datetime.date:
    """A date written as 2024-01-31.

    Raises:
        InputError: it is none.
    """
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise InputError(f"'{text}' is no date", where="date", remedy="write 2024-01-31") from None


def spectrum_file(
    frequency: ArrayLike,
    impedance: ArrayLike,
    instrument: Instrument,
    *,
    sample: Sample,
    temperature: Quantity,
    amplitude: Quantity,
    note: str,
    date: str,
) -> bytes:
    """An impedance spectrum as ``instrument`` writes it."""
    celsius, millivolt = temperature.si - 273.15, 1e3 * amplitude.si
    if instrument == "gamry":
        from polylyte.instruments.gamry_writer import write_eispot

        header = _gamry_header(sample, date) | {"VAC": millivolt}
        return write_eispot(frequency, impedance, header=header, temperature=celsius, notes=note)
    from polylyte.instruments.biologic_writer import write_peis

    settings = biologic_header(sample, date, note) | {"Va (mV)": f"{millivolt:.1f}"}
    return write_peis(frequency, impedance, header=settings, temperature=celsius)


def transient_file(
    time: ArrayLike,
    potential: ArrayLike,
    current: ArrayLike,
    instrument: Instrument,
    *,
    sample: Sample,
    temperature: Quantity,
    bias: Quantity,
    note: str,
    date: str,
) -> bytes:
    """A chronoamperogram as ``instrument`` writes it."""
    celsius = temperature.si - 273.15
    if instrument == "gamry":
        from polylyte.instruments.gamry_writer import write_chronoa

        header = _gamry_header(sample, date) | {"VSTEP1": bias.si}
        return write_chronoa(
            time, potential, current, header=header, temperature=celsius, notes=note
        )
    import numpy as np

    from polylyte.instruments.biologic_writer import write_ca

    return write_ca(
        time,
        potential,
        current,
        applied=np.full(np.shape(time), bias.si),
        header=biologic_header(sample, date, note),
        temperature=celsius,
    )


def _gamry_header(sample: Sample, date: str) -> dict[str, str | float]:
    on = day(date)
    return {"DATE": f"{on.month}/{on.day}/{on.year}", "AREA": 1e4 * sample.area.si}


def biologic_header(sample: Sample, date: str, note: str) -> dict[str, str]:
    """Lines of an EC-Lab header."""
    on = day(date)
    return {
        "Acquisition started on": f"{on.month:02d}/{on.day:02d}/{on.year} 00:00:00.000",
        "Comments": note,
        "Electrode surface area": f"{1e4 * sample.area.si:.6g} cm²",
    }
