"""BioLogic ``.mpt`` text from arrays, for virtual measurements: marked as simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polylyte.core.errors import InputError, nearest
from polylyte.instruments.cycling import half_cycles, integrate
from polylyte.instruments.gamry_writer import exponent
from polylyte.instruments.recordings import SIMULATED

_COULOMB_PER_MAH = 3.6
_HEADER: Sequence[tuple[str, str]] = (
    ("Run on channel", "1 (SN 00000)"),
    ("User", ""),
    ("Electrode connection", "standard"),
    ("Potential control", "Ewe"),
    ("Ewe ctrl range", "min = -10.00 V, max = 10.00 V"),
    ("Acquisition started on", "01/01/2000 00:00:00.000"),
    ("Device", "virtual"),
    ("Electrode material", ""),
    ("Initial state", ""),
    ("Electrolyte", ""),
    ("Comments", ""),
    ("Electrode surface area", "0.001 cm²"),
    ("Characteristic mass", "0.001 g"),
    ("Volume (V)", "0.001 cm³"),
    ("Cycle Definition", "Charge/Discharge alternance"),
)
_DOUBLES = ("time/s", "cycle number", "dq/mA.h", "dQ/C", "(Q-Qo)/mA.h", "(Q-Qo)/C",
            "|Energy|/W.h", "Q charge/discharge/mA.h", "Q discharge/mA.h", "Q charge/mA.h",
            "Capacity/mA.h")  # fmt: skip
"""Columns that EC-Lab keeps in double precision and writes with 16 digits."""
_WHOLE = ("mode", "ox/red", "error", "control changes", "Ns changes", "counter inc.", "Ns",
          "I Range", "half cycle")  # fmt: skip


def _format(name: str, values: ArrayLike) -> list[str]:
    numbers = np.asarray(values, dtype=float)
    if name in _WHOLE:
        return [str(int(value)) for value in numbers]
    digits = 15 if name in _DOUBLES else 7
    return [exponent(float(value), digits) for value in numbers]


def _write(
    technique: str,
    settings: Mapping[str, str],
    columns: Mapping[str, ArrayLike],
    header: Mapping[str, str],
    *,
    comma: bool,
    newline: str,
) -> bytes:
    known = [*(key for key, _ in _HEADER), *settings]
    unknown = sorted(set(header) - set(known))
    if unknown:
        raise InputError(
            f"an .mpt header has no '{unknown[0]}' here", remedy=nearest(unknown[0], known)
        )
    fixed = dict(_HEADER) | {key: header[key] for key, _ in _HEADER if key in header}
    fixed["Comments"] = f"{SIMULATED} {fixed['Comments']}".strip()
    lines = ["EC-Lab ASCII FILE", "", "", technique, ""]
    lines += [f"{key} : {value}" for key, value in fixed.items()]
    lines += [f"{key:<20}{header.get(key, value):<20}" for key, value in settings.items()]
    lines += ["", "\t".join(columns) + "\t"]
    lines[1] = f"Nb header lines : {len(lines)}".ljust(46)
    texts = [_format(name, values) for name, values in columns.items()]
    lines += ["\t".join(row) for row in zip(*texts, strict=True)]
    text = newline.join(lines) + newline
    if comma:
        import re

        text = re.sub(r"(?<=\d)\.(?=\d)", ",", text)
    return text.encode("latin-1", errors="replace")


def write_peis(
    frequency: ArrayLike,
    impedance: ArrayLike,
    *,
    time: ArrayLike | None = None,
    cycle: ArrayLike | None = None,
    header: Mapping[str, str] = {},
    temperature: ArrayLike | None = None,
    decimal_comma: bool = False,
    newline: str = "\r\n",
) -> bytes:
    """A potentiostatic impedance file (PEIS).

    Parameters:
        frequency: in Hz
        impedance: complex, in ohm, negative = capacitive; written as EC-Lab does, with -Im(Z)
        time: in s; by default one point a second
        cycle: number of the spectrum of each point, from 1
        header: values of header lines and settings by their name (``Electrode surface area``)
        temperature: in degC per point, as an external sensor's column
        decimal_comma: as a computer of such a country writes it
        newline: between lines

    Raises:
        InputError: a header line that such a file does not have.
    """
    f, z = np.asarray(frequency, dtype=float), np.asarray(impedance, dtype=complex)
    zeros = np.zeros(len(f))
    settings = {
        "Mode": "Single sine", "E (V)": "0.0000", "vs.": "Eoc", "fi": f"{f[0]:.3f}",
        "unit fi": "Hz", "ff": f"{f[-1]:.3f}", "unit ff": "Hz", "Nd": "10",
        "Points": "per decade", "spacing": "Logarithmic", "Va (mV)": "10.0",
    }  # fmt: skip
    if f[-1] < 1:
        settings |= {"ff": f"{1000 * f[-1]:.3f}", "unit ff": "mHz"}
    columns: dict[str, ArrayLike] = {
        "freq/Hz": f, "Re(Z)/Ohm": z.real, "-Im(Z)/Ohm": -z.imag, "|Z|/Ohm": abs(z),
        "Phase(Z)/deg": np.degrees(np.angle(z)),
        "time/s": np.arange(1.0, len(f) + 1) if time is None else time,
        "<Ewe>/V": zeros, "<I>/mA": zeros,
        "cycle number": np.ones(len(f)) if cycle is None else cycle, "Ns": zeros,
    }  # fmt: skip
    if temperature is not None:
        columns["Temperature/°C"] = np.broadcast_to(np.asarray(temperature, dtype=float), f.shape)
    title = "Potentio Electrochemical Impedance Spectroscopy"
    return _write(title, settings, columns, header, comma=decimal_comma, newline=newline)


def _flags(direction: NDArray[Any], step: NDArray[Any], mode: int) -> dict[str, ArrayLike]:
    """The columns with which every EC-Lab time series begins."""
    zeros = np.zeros(len(step))
    changes = np.concatenate([[1.0], (np.diff(step) != 0).astype(float)])
    return {
        "mode": zeros + mode, "ox/red": direction > 0, "error": zeros, "control changes": changes,
        "Ns changes": np.concatenate([[0.0], changes[1:]]), "counter inc.": zeros, "Ns": step,
        "I Range": zeros + 37,
    }  # fmt: skip


def write_ca(
    time: ArrayLike,
    potential: ArrayLike,
    current: ArrayLike,
    *,
    applied: ArrayLike | None = None,
    header: Mapping[str, str] = {},
    temperature: ArrayLike | None = None,
    decimal_comma: bool = False,
    newline: str = "\r\n",
) -> bytes:
    """A chronoamperometry file (CA).

    Parameters:
        time: in s
        potential: measured, in V
        current: in A
        applied: the potential asked for, in V; by default the last measured one's 0.1 mV
        header: values of header lines and settings by their name (``Ei (V)``: the step)
        temperature: in degC per point, as an external sensor's column
        decimal_comma: as a computer of such a country writes it
        newline: between lines

    Raises:
        InputError: a header line that such a file does not have.
    """
    t, v, i = (np.asarray(x, dtype=float) for x in (time, potential, current))
    asked = np.full(len(t), round(float(v[-1]), 4)) if applied is None else np.asarray(applied)
    charge = integrate(t, i)
    settings = {"Ei (V)": f"{float(asked[-1]):.4f}", "vs.": "Ref", "ti (h:m:s)": _clock(t[-1])}
    columns: dict[str, ArrayLike] = {
        **_flags(i, np.zeros(len(t)), 2),
        "time/s": t, "control/V": asked, "Ewe/V": v, "I/mA": 1e3 * i,
        "dQ/C": np.diff(charge, prepend=0.0), "cycle number": np.ones(len(t)),
        "(Q-Qo)/C": charge, "P/W": v * i,
    }  # fmt: skip
    if temperature is not None:
        columns["Temperature/°C"] = np.broadcast_to(np.asarray(temperature, dtype=float), t.shape)
    title = "Chronoamperometry / Chronocoulometry"
    return _write(title, settings, columns, header, comma=decimal_comma, newline=newline)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(float(seconds), 60)
    return f"{int(minutes) // 60}:{int(minutes) % 60:02d}:{rest:.4f}"


def write_gcpl(
    time: ArrayLike,
    current: ArrayLike,
    potential: ArrayLike,
    *,
    charge: ArrayLike | None = None,
    half_cycle: ArrayLike | None = None,
    step: ArrayLike | None = None,
    cycle: ArrayLike | None = None,
    header: Mapping[str, str] = {},
    temperature: ArrayLike | None = None,
    decimal_comma: bool = False,
    newline: str = "\r\n",
) -> bytes:
    """A galvanostatic cycling file (GCPL).

    Parameters:
        time: in s
        current: in A, positive = charge
        potential: in V
        charge: signed, in C since the beginning; by default integrated
        half_cycle: number of each point's half cycle; by default from the current's sign
        step: number of each point's step (Ns); by default the half cycle's
        cycle: number of each point's cycle; by default every two half cycles
        header: values of header lines and settings by their name
        temperature: in degC per point, as an external sensor's column
        decimal_comma: as a computer of such a country writes it
        newline: between lines

    Raises:
        InputError: a header line that such a file does not have.
    """
    t, i, v = (np.asarray(x, dtype=float) for x in (time, current, potential))
    passed = integrate(t, i) if charge is None else np.asarray(charge, dtype=float)
    half = half_cycles(i) if half_cycle is None else np.asarray(half_cycle, dtype=int)
    steps = half if step is None else np.asarray(step, dtype=int)
    cycles = half // 2 if cycle is None else np.asarray(cycle, dtype=int)
    passed = passed / _COULOMB_PER_MAH
    increment = np.diff(passed, prepend=passed[0])
    starts = np.flatnonzero(np.diff(half, prepend=half[0] - 1))
    # A half cycle begins after its last point before the change: the counter is zero there.
    origin = passed[np.maximum(starts - 1, 0)]
    since = passed - np.repeat(origin, np.diff([*starts, len(half)]))
    energy = np.cumsum(abs(increment * v)) / 1e3
    columns: dict[str, ArrayLike] = {
        **_flags(i, steps, 1),
        "time/s": t, "control/V/mA": 1e3 * i, "Ewe/V": v, "I/mA": 1e3 * i, "dq/mA.h": increment,
        "(Q-Qo)/mA.h": passed, "|Energy|/W.h": energy, "Q charge/discharge/mA.h": since,
        "half cycle": half,
    }  # fmt: skip
    if temperature is not None:
        columns["Temperature/°C"] = np.broadcast_to(np.asarray(temperature, dtype=float), t.shape)
    columns |= {
        "Q discharge/mA.h": np.maximum(-since, 0.0), "Q charge/mA.h": np.maximum(since, 0.0),
        "Capacity/mA.h": abs(since), "cycle number": cycles, "P/W": v * i,
    }  # fmt: skip
    settings = {"Set I/C": "I", "Is": f"{1e3 * float(abs(i).max()):.3f}", "unit Is": "mA"}
    title = "Galvanostatic Cycling with Potential Limitation"
    return _write(title, settings, columns, header, comma=decimal_comma, newline=newline)
