"""Gamry ``.DTA`` text from arrays, for virtual measurements: marked as simulated in its notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from polylyte.core.errors import InputError, nearest
from polylyte.instruments.recordings import SIMULATED

_Entry = tuple[str, str, str | float, str]
_COMMON: Sequence[_Entry] = (
    ("DATE", "LABEL", "1/1/2000", "Date"),
    ("TIME", "LABEL", "00:00:00", "Time"),
    ("PSTAT", "PSTAT", "virtual", "Potentiostat"),
    ("AREA", "QUANT", 1.0, "&Area (cm^2)"),
    ("EOC", "QUANT", 0.0, "Open Circuit (V)"),
)
_EISPOT: Sequence[_Entry] = (
    ("TITLE", "LABEL", "Potentiostatic EIS", "Test &Identifier"),
    ("VDC", "POTEN", 0.0, "DC &Voltage (V)"),
    ("FREQINIT", "QUANT", 1e5, "Initial Fre&q. (Hz)"),
    ("FREQFINAL", "QUANT", 1.0, "Final Fre&q. (Hz)"),
    ("PTSPERDEC", "QUANT", 10.0, "Points/&decade"),
    ("VAC", "QUANT", 10.0, "AC &Voltage (mV rms)"),
)
_CHRONOA: Sequence[_Entry] = (
    ("TITLE", "LABEL", "Chronoamperometry Scan", "Test &Identifier"),
    ("VPRESTEP", "POTEN", 0.0, "Pre-step Voltage (V)"),
    ("TPRESTEP", "QUANT", 0.0, "Pre-step Delay &Time (s)"),
    ("VSTEP1", "POTEN", 0.01, "Step 1 Voltage (V)"),
    ("TSTEP1", "QUANT", 3600.0, "Step 1 Time (s)"),
    ("SAMPLETIME", "QUANT", 1.0, "Sa&mple Period (s)"),
)


def exponent(value: float, digits: int) -> str:
    """A number with an exponent of three digits, as instruments write it: ``1.23E-003``."""
    mantissa, power = f"{value:.{digits}E}".split("E")
    return f"{mantissa}E{int(power):+04d}"


def _general(value: float) -> str:
    """Seven digits, an exponent of three where one is needed."""
    mantissa, mark, power = f"{value:.7G}".partition("E")
    return f"{mantissa}E{int(power):+04d}" if mark else mantissa


def _entries(entries: Sequence[_Entry], header: Mapping[str, str | float]) -> list[str]:
    unknown = set(header) - {key for key, *_ in entries}
    if unknown:
        name = sorted(unknown)[0]
        raise InputError(
            f"a .DTA header has no '{name}' here", remedy=nearest(name, [e[0] for e in entries])
        )
    lines = []
    for key, kind, default, label in entries:
        value = header.get(key, default)
        text = value if isinstance(value, str) else exponent(value, 5)
        lines.append("\t".join((key, kind, text, *(("F",) if kind == "POTEN" else ()), label)))
    return lines


def _table(name: str, units: Mapping[str, str], rows: Sequence[Sequence[str]]) -> list[str]:
    head = (
        f"{name}\tTABLE\t{len(rows)}",
        "\t" + "\t".join(units),
        "\t" + "\t".join(units.values()),
    )
    return [*head, *("\t" + "\t".join(row) for row in rows)]


def _bytes(lines: Sequence[str], *, comma: bool, newline: str) -> bytes:
    text = newline.join(lines) + newline
    if comma:
        # Windows' decimal mark of the country; no other point stands between two digits here.
        import re

        text = re.sub(r"(?<=\d)\.(?=\d)", ",", text)
    return text.encode("latin-1", errors="replace")


def _notes(notes: str) -> list[str]:
    lines = [SIMULATED, *notes.splitlines()]
    return [f"NOTES\tNOTES\t{len(lines)}\t&Notes...", *(f"\t{line}" for line in lines)]


def _open_circuit(temperature: float, potential: float) -> list[str]:
    """A short open-circuit record: where Gamry keeps the thermocouple's reading."""
    units = {"Pt": "#", "T": "s", "Vf": "V vs. Ref.", "Vm": "V", "Ach": "V", "Over": "bits",
             "Temp": "deg C"}  # fmt: skip
    volts = exponent(potential, 5)
    rows = [
        (str(i), _general(0.25 * (i + 1)), volts, volts, exponent(0, 5), "...........",
         f"{temperature:.2f}")
        for i in range(4)
    ]  # fmt: skip
    return _table("OCVCURVE", units, rows)


def write_eispot(
    frequency: ArrayLike,
    impedance: ArrayLike,
    *,
    time: ArrayLike | None = None,
    header: Mapping[str, str | float] = {},
    temperature: float | None = None,
    notes: str = "",
    aborted: bool = False,
    decimal_comma: bool = False,
    newline: str = "\r\n",
) -> bytes:
    """A potentiostatic impedance file (``EISPOT``).

    Parameters:
        frequency: in Hz
        impedance: complex, in ohm; written with its own sign (negative = capacitive)
        time: in s; by default one point a second
        header: values of header entries by their key (``AREA`` in cm^2, ``VAC`` in mV rms, …)
        temperature: in degC, as a thermocouple's reading in an open-circuit record
        notes: lines after the one that says the file is simulated
        aborted: whether to end it as an aborted experiment
        decimal_comma: as a computer of such a country writes it
        newline: between lines

    Raises:
        InputError: a header entry that such a file does not have.
    """
    f, z = np.asarray(frequency, dtype=float), np.asarray(impedance, dtype=complex)
    t = np.arange(1.0, len(f) + 1) if time is None else np.asarray(time, dtype=float)
    bias = float(header.get("VDC", 0.0))
    entries = {"FREQINIT": float(f[0]), "FREQFINAL": float(f[-1]), **header}
    units = {"Pt": "#", "Time": "s", "Freq": "Hz", "Zreal": "ohm", "Zimag": "ohm", "Zsig": "V",
             "Zmod": "ohm", "Zphz": "°", "Idc": "A", "Vdc": "V", "IERange": "#"}  # fmt: skip
    rows = [
        (str(i), *map(_general, (t[i], f[i], z[i].real, z[i].imag, 1.0, abs(z[i]),
         float(np.degrees(np.angle(z[i]))), 0.0, bias)), "9")
        for i in range(len(f))
    ]  # fmt: skip
    table = _table("ZCURVE", units, rows)
    # A finished impedance run does not declare its number of points.
    table[0] = "ZCURVE\tTABLE"
    lines = ["EXPLAIN", "TAG\tEISPOT", *_notes(notes), *_entries((*_EISPOT, *_COMMON), entries)]
    if temperature is not None:
        lines += _open_circuit(temperature, float(header.get("EOC", 0.0)))
    lines += table
    return _bytes([*lines, *_aborted(aborted)], comma=decimal_comma, newline=newline)


def write_chronoa(
    time: ArrayLike,
    potential: ArrayLike,
    current: ArrayLike,
    *,
    applied: ArrayLike | None = None,
    header: Mapping[str, str | float] = {},
    temperature: float | None = None,
    notes: str = "",
    aborted: bool = False,
    decimal_comma: bool = False,
    newline: str = "\r\n",
) -> bytes:
    """A chronoamperometry file (``CHRONOA``).

    Parameters:
        time: in s
        potential: measured, in V
        current: in A
        applied: the potential asked for, in V; by default that of step 1
        header: values of header entries by their key (``VSTEP1`` in V, ``AREA`` in cm^2, …)
        temperature: in degC, as a thermocouple's reading in an open-circuit record
        notes: lines after the one that says the file is simulated
        aborted: whether to end it as an aborted experiment
        decimal_comma: as a computer of such a country writes it
        newline: between lines

    Raises:
        InputError: a header entry that such a file does not have.
    """
    t, v, i = (np.asarray(x, dtype=float) for x in (time, potential, current))
    step = float(header.get("VSTEP1", 0.01))
    asked = np.full(len(t), step) if applied is None else np.asarray(applied, dtype=float)
    units = {"Pt": "#", "T": "s", "Vf": "V vs. Ref.", "Im": "A", "Vu": "V", "Sig": "V",
             "Ach": "V", "IERange": "#", "Over": "bits"}  # fmt: skip
    zero = exponent(0.0, 5)
    rows = [
        (str(n), _general(t[n]), exponent(v[n], 5), exponent(i[n], 5), zero,
         exponent(asked[n], 5), zero, "6", "...........")
        for n in range(len(t))
    ]  # fmt: skip
    entries = {"TSTEP1": float(t[-1]), **header}
    lines = ["EXPLAIN", "TAG\tCHRONOA", *_notes(notes), *_entries((*_CHRONOA, *_COMMON), entries)]
    if temperature is not None:
        lines += _open_circuit(temperature, float(header.get("EOC", 0.0)))
    lines += _table("CURVE", units, rows)
    return _bytes([*lines, *_aborted(aborted)], comma=decimal_comma, newline=newline)


def _aborted(aborted: bool) -> list[str]:
    return ["EXPERIMENTABORTED\tTOGGLE\tT\tExperiment Aborted"] if aborted else []
