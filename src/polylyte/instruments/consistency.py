"""What a table says about itself: numbering, order, modulus and phase, counters.

Columns of one file often state one thing twice. Where they contradict each other in a few rows
and agree in all others, those rows are damaged (a flipped digit, a lost or doubled line); each
check is silent unless nearly all rows agree, so that an instrument which means something
else by a column raises no alarm.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.arrays import numbers
from polylyte.instruments.cycler_tables import moments
from polylyte.instruments.text import rows_list

Floats = NDArray[np.float64]
Rows = NDArray[np.bool_]
FEW = 0.02
"""Share of rows (and never fewer than two) that may contradict the rest."""
_COUNTERS = (
    "charge", "capacity", "charge_capacity", "discharge_capacity", "energy", "charge_energy",
    "discharge_energy", "half_cycle_charge",
)  # fmt: skip
_LARGEST = {"potential": 1e3, "current": 1e4, "frequency": 1e10, "temperature": 2e3, "time": 1e10}
_CHECKED = frozenset((
    *_COUNTERS, *_LARGEST, "point", "step_time", "step", "half_cycle", "cycle", "mode",
    "charge_increment", "z_real", "z_imaginary", "z_modulus", "z_phase", "series_capacitance",
    "parallel_capacitance",
))  # fmt: skip
_SPIKE = 50.0


def table_findings(tables: Mapping[str, Table]) -> list[Finding]:
    """Warnings about rows that contradict the rest of their table."""
    found = []
    for name, table in tables.items():
        wanted = [c for c in table.columns if c in _CHECKED]
        columns = {c: v for c in wanted if (v := numbers(table, c)) is not None}
        own = [*_impossible(columns), *_order(columns), *_counters(columns), *_texts(table)]
        if {"frequency", "z_real", "z_imaginary"} <= set(columns):
            own += [*_polar(columns), *_capacitances(columns), *_sweep(columns)]
        several = f"table '{name}': " if len(tables) > 1 else ""
        found += [Finding(several + text, "warning", where=where) for text, where in own]
    return found


Said = tuple[str, str]


def _said(text: str, rows: Rows) -> list[Said]:
    where = rows_list(np.flatnonzero(rows) + 1)
    return [(f"{text} ({where})", where)] if rows.any() else []


def _few(rows: Rows) -> bool:
    """Some rows, but so few that the others can be believed."""
    count = int(rows.sum())
    return 0 < count <= max(2.0, FEW * len(rows)) and count < 0.3 * len(rows)


def _impossible(columns: Mapping[str, Floats]) -> list[Said]:
    found = []
    for name, most in _LARGEST.items():
        if name in columns:
            beyond = abs(columns[name]) > most
            found += _said(f"'{name}' beyond {most:g} is hardly what was measured", beyond)
    for name in ("potential", "current", "temperature"):
        values = columns.get(name)
        if values is None or len(values) < 20:
            continue
        size = abs(values)
        largest = float(np.nanmax(size)) if np.isfinite(size).any() else 0.0
        usual = _quantile(size, 0.98)
        if not 0 < 1000.0 * usual < largest:
            continue
        odd = size > 1000.0 * usual
        # The first point after a step of potential is large by itself.
        odd[0] = False
        if _few(odd):
            found += _said(f"'{name}' is far beyond all other rows", odd)
    return found


def _quantile(values: Floats, share: float) -> float:
    """A quantile of the finite ones among a thousand or two of the values."""
    some = values[:: max(1, len(values) // 1000)]
    some = np.sort(some[np.isfinite(some)])
    return float(some[int(share * (len(some) - 1))]) if len(some) else 0.0


def _alone(values: Floats, most: float) -> Rows:
    """Points that differ by more than ``most`` from both neighbours, which agree."""
    odd = np.zeros(len(values), dtype=bool)
    if len(values) < 5:
        return odd
    values = np.clip(values, -1e150, 1e150)
    left, right = values[1:-1] - values[:-2], values[1:-1] - values[2:]
    apart = abs(values[2:] - values[:-2])
    with np.errstate(invalid="ignore"):
        odd[1:-1] = (left * right > 0) & (np.minimum(abs(left), abs(right)) > most + 2 * apart)
    return odd


def _order(columns: Mapping[str, Floats]) -> list[Said]:
    """Numbering that jumps, time that runs backwards, rows that stand there twice."""
    found = []
    point = columns.get("point")
    if point is not None and len(point) > 3 and np.isfinite(point).all():
        steps = np.diff(point)
        odd = np.concatenate([[False], steps != np.median(steps)])
        if np.median(steps) == 1 and _few(odd):
            found += _said("the file's own numbering of rows jumps", odd)
    time = columns.get("time")
    if time is not None and len(time) > 3:
        with np.errstate(invalid="ignore"):
            odd = np.concatenate([[False], np.diff(time) < 0])
        if _few(odd):
            found += _said("the time runs backwards", odd)
        found += [*_twice(columns), *_clocks(columns)]
    return found


def _clocks(columns: Mapping[str, Floats]) -> list[Said]:
    """The time of the test and that of the step run alike, but where a step begins."""
    time, step = columns["time"], columns.get("step_time")
    if step is None or len(time) < 8:
        return []
    # One wrong number is off in one direction and back in the next row; a new step is not.
    apart = np.diff(time) - np.diff(step)
    usual = float(np.median(abs(np.diff(time))))
    back = abs(apart[:-1] + apart[1:]) < 0.01 * abs(apart[:-1])
    odd = np.zeros(len(time), dtype=bool)
    odd[1:-1] = back & (abs(apart[:-1]) > 0.05 * usual) & (np.diff(step)[1:] > 0)
    if odd.sum() > 2:
        return []
    return _said("the times of test and step run apart", odd) if _few(odd) else []


_MIDNIGHT = r"^(9[-/. ]?){3}$"


def _plainly_alike(text: Any) -> bool:
    """Cells of one length that are all digits and marks of a date, or few different words."""
    if text.str.len_bytes().n_unique() == 1:
        return bool(text.str.contains(r"^[0-9:/. T-]+$").all())
    return bool(len(text) > 200 and text.n_unique() < 20)


def _texts(table: Table) -> list[Said]:
    """Dates that are not written like all others, or run backwards; bytes that no one writes."""
    import polars

    found: list[Said] = []
    for name in table.frame.columns:
        column = table.frame[name]
        if column.dtype != polars.String or len(column) < 8:
            continue
        text = column.fill_null("")
        if _plainly_alike(text):
            odd = strange = np.zeros(len(text), dtype=bool)
            usual = ""
        else:
            alike = text.str.replace_all(r"\d+", "9").str.replace_all(r"[A-Za-z]+", "a")
            usual = alike.mode().sort()[0]
            # A date at midnight may stand without its time of day.
            odd = (alike != usual).to_numpy() & ~alike.str.contains(_MIDNIGHT).to_numpy()
            strange = text.str.contains(r"[^\x20-\x7e]").to_numpy()
        if "9" in usual and _few(odd) and odd.sum() <= 2:
            found += _said(f"column '{name}' is written unlike its other cells", odd)
        elif _few(strange) and strange.sum() <= 2:
            found += _said(f"column '{name}' holds characters unlike its other cells", strange)
        elif name == "date" and not (text.is_sorted() and text[0][:4].isdigit()):
            stamps = moments(column)
            back = np.zeros(1) if stamps is None else np.concatenate([[0.0], np.diff(stamps)])
            if _few(back < 0):
                found += _said("the dates run backwards", back < 0)
    return found


def _twice(columns: Mapping[str, Floats]) -> list[Said]:
    same = np.diff(columns["time"]) == 0
    whole = [v for v in columns.values() if np.isfinite(v).all()] if same.any() else []
    if len(whole) < 3:
        return []
    for values in whole:
        same = same & (values[1:] == values[:-1])
    odd = np.concatenate([[False], same])
    return _said("rows that repeat the one before", odd) if _few(odd) else []


def _counters(columns: Mapping[str, Floats]) -> list[Said]:
    """A counter does not go back and forth within two rows."""
    found = []
    for name in _COUNTERS:
        values = columns.get(name)
        if values is None or len(values) < 20 or not np.isfinite(values).all():
            continue
        steps = abs(np.diff(values))
        usual = _quantile(steps, 0.9)
        if not 0 < _SPIKE * usual < float(steps.max()):
            continue
        odd = _alone(values, _SPIKE * usual)
        if _few(odd):
            found += _said(f"the counter '{name}' leaps and falls back", odd)
    return found + _increments(columns)


def _increments(columns: Mapping[str, Floats]) -> list[Said]:
    charge, step = columns.get("charge"), columns.get("charge_increment")
    if charge is None or step is None or len(charge) < 20:
        return []
    apart = np.concatenate([[0.0], abs(np.diff(charge) - step[1:])])
    odd = apart > max(0.5 * _quantile(abs(step), 0.9), 30 * _quantile(apart, 0.9))
    for name in ("step", "half_cycle", "cycle", "mode"):
        if name in columns:
            odd &= np.concatenate([[True], np.diff(columns[name]) == 0])
    return _said("charge and its increments do not belong together", odd) if _few(odd) else []


def _polar(columns: Mapping[str, Floats]) -> list[Said]:
    """Modulus and phase beside real and imaginary part."""
    z = columns["z_real"] + 1j * columns["z_imaginary"]
    found = _said("Z leaps to a value unlike both its neighbours'", _leaping(z))
    modulus, phase = columns.get("z_modulus"), columns.get("z_phase")
    if modulus is not None:
        with np.errstate(all="ignore"):
            found += _outliers(abs(abs(z) - modulus) / abs(z), 1e-5, "modulus and parts of Z")
    if phase is not None:
        with np.errstate(all="ignore"):
            # The sign of a vendor's phase is its own affair.
            apart = np.minimum(abs(_turned(np.degrees(np.angle(z)) - phase)),
                               abs(_turned(np.degrees(np.angle(z)) + phase)))  # fmt: skip
        found += _outliers(apart / 60.0, 1e-5, "phase and parts of Z")
    return found


def _capacitances(columns: Mapping[str, Floats]) -> list[Said]:
    """A capacitance that the instrument worked out from frequency and imaginary part."""
    found: list[Said] = []
    angular = 2 * np.pi * columns["frequency"]
    z = columns["z_real"] + 1j * columns["z_imaginary"]
    with np.errstate(all="ignore"):
        series = -1.0 / (angular * z.imag)
        for name, expected in (("series", series), ("parallel", (1 / z).imag / angular)):
            values = columns.get(f"{name}_capacitance")
            if values is not None:
                apart = abs(abs(values) / abs(expected) - 1.0)
                apart[abs(z.imag) <= 0.05 * abs(z)] = np.nan
                found += _outliers(apart, 1e-5, f"{name} capacitance, frequency and Z")
    return found


def _leaping(z: NDArray[np.complex128]) -> Rows:
    odd = np.zeros(len(z), dtype=bool)
    if len(z) > 5:
        before, after = z[:-2], z[2:]
        off = abs(z[1:-1] - (before + after) / 2)
        odd[1:-1] = off > np.maximum(3.0 * abs(after - before), np.maximum(abs(before), abs(after)))
    return odd if _few(odd) else np.zeros(len(z), dtype=bool)


def _turned(degrees: Floats) -> Floats:
    return (degrees + 180.0) % 360.0 - 180.0


def _outliers(apart: Floats, least: float, what: str) -> list[Said]:
    known = apart[np.isfinite(apart)]
    if len(known) < 5:
        return []
    odd = apart > max(least, 30.0 * float(np.median(known)))
    if not _few(odd) or float(np.median(known)) > 0.01:
        return []
    return _said(f"{what} contradict each other", odd)


def _sweep(columns: Mapping[str, Floats]) -> list[Said]:
    """A frequency that does not fit between its neighbours of an even sweep."""
    frequency = columns["frequency"]
    if len(frequency) < 8 or not (np.isfinite(frequency).all() and (frequency > 0).all()):
        return []
    logs = np.log10(frequency)
    steps = np.diff(logs)
    usual = float(np.median(steps))
    if usual == 0.0:
        return []
    # Instruments round frequencies; a step is even within a tenth of itself. Sweeps that follow
    # one another begin again where the first did.
    restart = abs(logs[1:] - logs[0]) < 0.5 * abs(usual)
    odd = (abs(steps - usual) > 0.3 * abs(usual)) & ~restart
    # At its ends a sweep is fitted to the limits that somebody set.
    odd[:2] = odd[-3:] = False
    if not _few(odd) or odd.sum() > max(1.0, 0.1 * len(odd)):
        return []
    return _said("the frequency leaves its even steps", np.concatenate([[False], odd]))


def with_findings(recording: Any) -> tuple[Finding, ...]:
    """The findings of a recording and those of its tables, each once."""
    said = {finding.text for finding in recording.findings}
    own = [*_offered(recording.conditions), *table_findings(recording.tables)]
    return (*recording.findings, *(f for f in own if f.text not in said))


def _offered(conditions: Mapping[str, Quantity]) -> list[Finding]:
    """What somebody once wrote into the instrument's form is never used without a word."""
    found = []
    for name, meant in (("area", "electrode area"), ("mass", "mass")):
        value = conditions.get(name)
        if value is not None and value.value is not None:
            text = f"the file's header states {meant} {value.value:g} {value.unit}"
            remedy = "it serves where a study gives none: state your own to be sure"
            found.append(Finding(text, "note", remedy=remedy))
    return found
