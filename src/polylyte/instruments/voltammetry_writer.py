"""Voltammetry files of Gamry and BioLogic from arrays, for virtual measurements: marked so."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polylyte.instruments.biologic_writer import _flags, _write
from polylyte.instruments.cycling import integrate
from polylyte.instruments.gamry_writer import (
    _COMMON,
    _bytes,
    _entries,
    _Entry,
    _general,
    _notes,
    _open_circuit,
    _table,
    exponent,
)

Floats = NDArray[np.float64]

_LSV: tuple[_Entry, ...] = (
    ("TITLE", "LABEL", "Linear Sweep Voltammetry", "Test &Identifier"),
    ("VINIT", "POTEN", 0.0, "Initial &E (V)"),
    ("VFINAL", "POTEN", 1.0, "Final E (V)"),
    ("SCANRATE", "QUANT", 1.0, "Scan Ra&te (mV/s)"),
    ("STEPSIZE", "QUANT", 1.0, "&Step Size (mV)"),
)


_CV: tuple[_Entry, ...] = (
    ("TITLE", "LABEL", "Cyclic Voltammetry", "Test &Identifier"),
    ("VINIT", "POTEN", 0.0, "Initial &E (V)"),
    ("VLIMIT1", "POTEN", 1.0, "Scan Limit &1 (V)"),
    ("VLIMIT2", "POTEN", 0.0, "Scan Limit &2 (V)"),
    ("VFINAL", "POTEN", 0.0, "Final E (V)"),
    ("SCANRATE", "QUANT", 1.0, "Scan Ra&te (mV/s)"),
    ("STEPSIZE", "QUANT", 1.0, "&Step Size (mV)"),
    ("CYCLES", "QUANT", 1.0, "Cycles (#)"),
)
_UNITS = {"Pt": "#", "T": "s", "Vf": "V vs. Ref.", "Im": "A", "Vu": "V", "Sig": "V",
          "Ach": "V", "IERange": "#", "Over": "bits"}  # fmt: skip


def write_gamry_lsv(
    time: ArrayLike,
    potential: ArrayLike,
    current: ArrayLike,
    *,
    applied: ArrayLike | None = None,
    header: Mapping[str, str | float] = {},
    temperature: float | None = None,
    notes: str = "",
    decimal_comma: bool = False,
    newline: str = "\r\n",
) -> bytes:
    """A linear sweep file of Gamry (``LSV``).

    Parameters:
        time: in s
        potential: measured, in V
        current: in A
        applied: the potential asked for, in V; by default the measured one
        header: values of header entries by their key (``SCANRATE`` in mV/s, ``AREA`` in cm^2, …)
        temperature: in degC, as a thermocouple's reading in an open-circuit record
        notes: lines after the one that says the file is simulated
        decimal_comma: as a computer of such a country writes it
        newline: between lines

    Raises:
        InputError: a header entry that such a file does not have.
    """
    t, v, i = (np.asarray(x, dtype=float) for x in (time, potential, current))
    asked = v if applied is None else np.asarray(applied, dtype=float)
    rows = _rows(t, v, i, asked)
    entries = {"VINIT": float(asked[0]), "VFINAL": float(asked[-1]), **header}
    lines = ["EXPLAIN", "TAG\tLSV", *_notes(notes), *_entries((*_LSV, *_COMMON), entries)]
    if temperature is not None:
        lines += _open_circuit(temperature, float(header.get("EOC", 0.0)))
    return _bytes([*lines, *_table("CURVE", _UNITS, rows)], comma=decimal_comma, newline=newline)


def write_gamry_cv(
    time: ArrayLike,
    potential: ArrayLike,
    current: ArrayLike,
    cycle: ArrayLike,
    *,
    applied: ArrayLike | None = None,
    header: Mapping[str, str | float] = {},
    temperature: float | None = None,
    notes: str = "",
    decimal_comma: bool = False,
    newline: str = "\r\n",
) -> bytes:
    """A cyclic voltammetry file of Gamry (``CV``), one table ``CURVE1``, ``CURVE2``, … a cycle.

    Parameters:
        time: in s
        potential: measured, in V
        current: in A
        cycle: number of the cycle that each point belongs to, from 1, ascending
        applied: the potential asked for, in V; by default the measured one
        header: values of header entries by their key (``SCANRATE`` in mV/s, ``AREA`` in cm^2, …)
        temperature: in degC, as a thermocouple's reading in an open-circuit record
        notes: lines after the one that says the file is simulated
        decimal_comma: as a computer of such a country writes it
        newline: between lines

    Raises:
        InputError: a header entry that such a file does not have.
    """
    t, v, i = (np.asarray(x, dtype=float) for x in (time, potential, current))
    asked = v if applied is None else np.asarray(applied, dtype=float)
    number = np.asarray(cycle, dtype=int)
    limits = {"VLIMIT1": float(asked.max()), "VLIMIT2": float(asked.min())}
    ends = {"VINIT": float(asked[0]), "VFINAL": float(asked[-1]), "CYCLES": float(number.max())}
    entries = _entries((*_CV, *_COMMON), {**limits, **ends, **header})
    lines = ["EXPLAIN", "TAG\tCV", *_notes(notes), *entries]
    if temperature is not None:
        lines += _open_circuit(temperature, float(header.get("EOC", 0.0)))
    for one in np.unique(number).tolist():
        own = number == one
        lines += _table(f"CURVE{one}", _UNITS, _rows(t[own], v[own], i[own], asked[own]))
    return _bytes(lines, comma=decimal_comma, newline=newline)


def _rows(t: Floats, v: Floats, i: Floats, asked: Floats) -> list[tuple[str, ...]]:
    zero = exponent(0.0, 5)
    return [
        (str(n), _general(t[n]), exponent(v[n], 6), exponent(i[n], 6), zero,
         exponent(asked[n], 6), zero, "6", "...........")
        for n in range(len(t))
    ]  # fmt: skip


def write_biologic_sweep(
    time: ArrayLike,
    potential: ArrayLike,
    current: ArrayLike,
    *,
    applied: ArrayLike | None = None,
    cyclic: bool = False,
    cycle: ArrayLike | None = None,
    header: Mapping[str, str] = {},
    temperature: ArrayLike | None = None,
    decimal_comma: bool = False,
    newline: str = "\r\n",
) -> bytes:
    """A linear sweep or cyclic voltammetry file of BioLogic (LSV, CV).

    Parameters:
        time: in s
        potential: measured, in V
        current: in A
        applied: the potential asked for, in V; by default the measured one
        cyclic: write the title of cyclic voltammetry
        cycle: number of the cycle that each point belongs to; by default all to the first
        header: values of header lines and settings by their name
        temperature: in degC per point, as an external sensor's column
        decimal_comma: as a computer of such a country writes it
        newline: between lines

    Raises:
        InputError: a header line that such a file does not have.
    """
    t, v, i = (np.asarray(x, dtype=float) for x in (time, potential, current))
    asked = v if applied is None else np.asarray(applied, dtype=float)
    rate = 1e3 * float(np.median(np.abs(np.diff(asked) / np.diff(t)))) if len(t) > 1 else 0.0
    settings = {"Ei (V)": f"{asked[0]:.3f}", "vs.": "Ref", "dE/dt": f"{rate:.3f}",
                "dE/dt unit": "mV/s", "E1 (V)": f"{asked[-1]:.3f}"}  # fmt: skip
    columns: dict[str, ArrayLike] = {
        **_flags(i, np.zeros(len(t)), 2),
        "time/s": t, "control/V": asked, "Ewe/V": v, "<I>/mA": 1e3 * i,
        "cycle number": np.ones(len(t)) if cycle is None else cycle,
        "(Q-Qo)/C": integrate(t, i), "P/W": v * i,
    }  # fmt: skip
    if temperature is not None:
        columns["Temperature/°C"] = np.broadcast_to(np.asarray(temperature, dtype=float), t.shape)
    title = "Cyclic Voltammetry" if cyclic else "Linear Sweep Voltammetry"
    return _write(title, settings, columns, header, comma=decimal_comma, newline=newline)
