"""Voltammetry files of Gamry and BioLogic from arrays, for virtual measurements: marked so."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

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

_LSV: tuple[_Entry, ...] = (
    ("TITLE", "LABEL", "Linear Sweep Voltammetry", "Test &Identifier"),
    ("VINIT", "POTEN", 0.0, "Initial &E (V)"),
    ("VFINAL", "POTEN", 1.0, "Final E (V)"),
    ("SCANRATE", "QUANT", 1.0, "Scan Ra&te (mV/s)"),
    ("STEPSIZE", "QUANT", 1.0, "&Step Size (mV)"),
)


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
    units = {"Pt": "#", "T": "s", "Vf": "V vs. Ref.", "Im": "A", "Vu": "V", "Sig": "V",
             "Ach": "V", "IERange": "#", "Over": "bits"}  # fmt: skip
    zero = exponent(0.0, 5)
    rows = [
        (str(n), _general(t[n]), exponent(v[n], 6), exponent(i[n], 6), zero,
         exponent(asked[n], 6), zero, "6", "...........")
        for n in range(len(t))
    ]  # fmt: skip
    entries = {"VINIT": float(asked[0]), "VFINAL": float(asked[-1]), **header}
    lines = ["EXPLAIN", "TAG\tLSV", *_notes(notes), *_entries((*_LSV, *_COMMON), entries)]
    if temperature is not None:
        lines += _open_circuit(temperature, float(header.get("EOC", 0.0)))
    return _bytes([*lines, *_table("CURVE", units, rows)], comma=decimal_comma, newline=newline)


def write_biologic_sweep(
    time: ArrayLike,
    potential: ArrayLike,
    current: ArrayLike,
    *,
    applied: ArrayLike | None = None,
    cyclic: bool = False,
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
        "cycle number": np.ones(len(t)), "(Q-Qo)/C": integrate(t, i), "P/W": v * i,
    }  # fmt: skip
    if temperature is not None:
        columns["Temperature/°C"] = np.broadcast_to(np.asarray(temperature, dtype=float), t.shape)
    title = "Cyclic Voltammetry" if cyclic else "Linear Sweep Voltammetry"
    return _write(title, settings, columns, header, comma=decimal_comma, newline=newline)
