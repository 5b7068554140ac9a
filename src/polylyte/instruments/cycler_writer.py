"""Text exports of battery cyclers from arrays, for virtual measurements: marked as simulated.

Neware (BTS ``.csv``), LAND (LANHE ``.csv``) and Arbin (``.csv``), each with the names, units and
counters of that vendor: Neware's capacities start again at every step, LAND's too, Arbin's two
run on. A line before the names says where the file comes from.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polylyte.core.errors import InputError
from polylyte.instruments.cycling import half_cycles, integrate
from polylyte.instruments.recordings import SIMULATED

Vendor = Literal["neware", "land", "arbin"]
Floats = NDArray[np.float64]
_START = datetime.datetime(2000, 1, 1)
_AH, _MAH = 3600.0, 3.6


@dataclass(frozen=True)
class _Rows:
    """What each vendor's columns are made of; SI, ``cycle`` and ``step`` from 1."""

    time: Floats
    step_time: Floats
    current: Floats
    potential: Floats
    into: Floats
    """Charge put in since the beginning, C …"""
    out: Floats
    """… and taken out."""
    since: Floats
    """Charge since the step began, without its sign."""
    energy: Floats
    cycle: NDArray[np.int64]
    step: NDArray[np.int64]
    starts: NDArray[np.bool_]
    temperature: Floats | None
    started: datetime.datetime


def write_cycler(
    vendor: Vendor,
    time: ArrayLike,
    current: ArrayLike,
    potential: ArrayLike,
    *,
    charge: ArrayLike | None = None,
    step: ArrayLike | None = None,
    cycle: ArrayLike | None = None,
    temperature: ArrayLike | None = None,
    area: float | None = None,
    note: str = "",
    started: datetime.datetime = _START,
    newline: str = "\r\n",
) -> bytes:
    """A cycler's text export.

    Parameters:
        vendor: whose names, units and counters
        time: in s
        current: in A, positive = charge
        potential: in V
        charge: signed, in C since the beginning; by default integrated
        step: number of each point's step; by default a new one where the current's sign changes
        cycle: number of each point's cycle; by default every two half cycles
        temperature: in degC per point, as an auxiliary column
        area: of the electrode in cm², written before the table
        note: comment before the table
        started: date and time of the first point
        newline: between lines

    Raises:
        InputError: arrays of different length, or no vendor known here.
    """
    layout = _LAYOUTS.get(vendor)
    if layout is None:
        raise InputError(f"'{vendor}' is not written here", remedy=f"one of {', '.join(_LAYOUTS)}")
    rows = _rows(time, current, potential, charge, step, cycle, temperature, started)
    columns = layout(rows)
    if rows.temperature is not None:
        columns["Temperature(C)"] = [f"{value:.2f}" for value in rows.temperature]
    head = [f"Comments: {SIMULATED} {note}".strip()]
    if area is not None:
        head.append(f"Area (cm2): {area:.6g}")
    lines = [*head, ",".join(columns)]
    lines += [",".join(cells) for cells in zip(*columns.values(), strict=True)]
    return (newline.join(lines) + newline).encode("utf-8")


def _rows(
    time: ArrayLike,
    current: ArrayLike,
    potential: ArrayLike,
    charge: ArrayLike | None,
    step: ArrayLike | None,
    cycle: ArrayLike | None,
    temperature: ArrayLike | None,
    started: datetime.datetime,
) -> _Rows:
    t, i, v = (np.asarray(x, dtype=float) for x in (time, current, potential))
    if not len(t) == len(i) == len(v) or not len(t):
        raise InputError("time, current and potential differ in length, or there are none")
    passed = integrate(t, i) if charge is None else np.asarray(charge, dtype=float)
    half = half_cycles(i)
    turns = np.cumsum(np.diff(np.sign(i), prepend=np.sign(i[0])) != 0)
    steps = np.asarray(turns if step is None else step, dtype=np.int64)
    cycles = np.asarray(half // 2 if cycle is None else cycle, dtype=np.int64)
    moved = np.diff(passed, prepend=passed[0])
    starts = np.diff(steps, prepend=steps[0] - 1) != 0
    first = np.flatnonzero(starts)
    lengths = np.diff([*first, len(t)])
    # A step's counter is zero at the last point before it, as the vendors' are.
    before = np.maximum(first - 1, 0)
    return _Rows(
        time=t,
        step_time=t - np.repeat(t[before], lengths),
        current=i,
        potential=v,
        into=np.cumsum(np.maximum(moved, 0.0)),
        out=np.cumsum(np.maximum(-moved, 0.0)),
        since=np.abs(passed - np.repeat(passed[before], lengths)),
        energy=np.cumsum(np.abs(moved * v)),
        cycle=cycles - cycles.min() + 1,
        step=steps - steps.min() + 1,
        starts=starts,
        temperature=None
        if temperature is None
        else np.broadcast_to(np.asarray(temperature, dtype=float), t.shape),
        started=started,
    )


def _neware(rows: _Rows) -> dict[str, Sequence[str]]:
    into = np.where(rows.current > 0, rows.since, 0.0)
    out = np.where(rows.current < 0, rows.since, 0.0)
    return {
        "DataPoint": _whole(np.arange(1, len(rows.time) + 1)),
        "Cycle Index": _whole(rows.cycle),
        "Step Index": _whole(rows.step),
        "Step Type": _words(rows.current, "CC Chg", "CC DChg", "Rest"),
        "Time": _clock(rows.step_time),
        "Cumulative Time": _clock(rows.time),
        "Current(A)": _fixed(rows.current, 9),
        "Voltage(V)": _fixed(rows.potential, 6),
        "Capacity(Ah)": _fixed(rows.since / _AH, 11),
        "Chg. Cap.(Ah)": _fixed(into / _AH, 11),
        "DChg. Cap.(Ah)": _fixed(out / _AH, 11),
        "Energy(Wh)": _fixed(rows.energy / _AH, 11),
        "Date": _dates(rows),
        "Power(W)": _fixed(rows.current * rows.potential, 9),
    }


def _land(rows: _Rows) -> dict[str, Sequence[str]]:
    return {
        "Record": _whole(np.arange(1, len(rows.time) + 1)),
        "Cycle-Index": _whole(rows.cycle),
        "Step-Index": _whole(rows.step),
        "TestTime/Sec.": _fixed(rows.time, 3),
        "StepTime/Sec.": _fixed(rows.step_time, 3),
        "Current/mA": _fixed(1e3 * rows.current, 6),
        "Capacity/mAh": _fixed(rows.since / _MAH, 8),
        "Voltage/V": _fixed(rows.potential, 6),
        "Energy/mWh": _fixed(rows.energy / _MAH, 8),
    }


def _arbin(rows: _Rows) -> dict[str, Sequence[str]]:
    return {
        "Data_Point": _whole(np.arange(1, len(rows.time) + 1)),
        "Date_Time": _dates(rows),
        "Test_Time(s)": _fixed(rows.time, 3),
        "Step_Time(s)": _fixed(rows.step_time, 3),
        "Step_Index": _whole(rows.step),
        "Cycle_Index": _whole(rows.cycle),
        "Current(A)": _fixed(rows.current, 9),
        "Voltage(V)": _fixed(rows.potential, 6),
        "Charge_Capacity(Ah)": _fixed(rows.into / _AH, 11),
        "Discharge_Capacity(Ah)": _fixed(rows.out / _AH, 11),
    }


_LAYOUTS: dict[str, Callable[[_Rows], dict[str, Sequence[str]]]] = {
    "neware": _neware,
    "land": _land,
    "arbin": _arbin,
}


def _whole(values: NDArray[np.int64]) -> list[str]:
    return [str(int(value)) for value in values]


def _fixed(values: Floats, digits: int) -> list[str]:
    return [f"{value:.{digits}f}" for value in values.tolist()]


def _words(current: Floats, charge: str, discharge: str, rest: str) -> list[str]:
    return [charge if i > 0 else discharge if i < 0 else rest for i in current.tolist()]


def _clock(seconds: Floats) -> list[str]:
    made = []
    for value in seconds.tolist():
        whole = round(1000 * value)
        minutes, thousandths = divmod(whole, 60_000)
        second = f"{thousandths / 1000:06.3f}"
        made.append(f"{minutes // 60:02d}:{minutes % 60:02d}:{second}")
    return made


def _dates(rows: _Rows) -> list[str]:
    return [
        (rows.started + datetime.timedelta(seconds=round(value))).strftime("%Y-%m-%d %H:%M:%S")
        for value in rows.time.tolist()
    ]
