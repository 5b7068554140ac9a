"""Cells of a cycler's export into a tidy table, with one signed counter of charge.

Cyclers count capacity in their own ways: charge and discharge apart or together, from the
beginning of each step, of each cycle or of the test. Here all become ``charge`` in C, the signed
charge since the beginning: within a step it follows the instrument's counter, and where the
counter falls back when a step or cycle begins it starts again from zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from polylyte.core.errors import FileError
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.cycler_headings import Heading
from polylyte.instruments.cycler_units import assumed, time_findings
from polylyte.instruments.shapes import odd_in_series, shape_finding
from polylyte.instruments.text import line_list

if TYPE_CHECKING:
    import polars

Floats = NDArray[np.float64]
_CLOCK = r"^\s*(?:(\d+)\s*(?:d|[-.])\s*)?(\d+):(\d+):(\d+(?:[.:]\d+)?)\s*$"
_DATES = (
    "%Y-%m-%d %H:%M:%S%.f", "%Y/%m/%d %H:%M:%S%.f", "%m/%d/%Y %H:%M:%S%.f", "%d.%m.%Y %H:%M:%S%.f",
    "%d-%b-%y %I:%M:%S %p", "%m/%d/%Y %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S%.f", "%d/%m/%Y %H:%M:%S%.f",
)  # fmt: skip
_CHARGING = re.compile(
    r"(?<![dD])(?<![dD][iI][sS])(?:chg|charge|cha\b)|^c$|充(?!放)", re.IGNORECASE
)
_DISCHARGING = re.compile(r"d_?chg|disch|^dch|^d$|放", re.IGNORECASE)
REST = 1e-9
"""Smaller than any current that a cycler sets, in A."""


@dataclass(frozen=True)
class Cells:
    """A table as found: headings, columns of text or values, and each row's line."""

    headings: Sequence[Heading]
    columns: Sequence[polars.Series]
    lines: NDArray[np.int64]
    short: Sequence[int] = ()
    """Lines that were left out because they are incomplete or too long."""


@dataclass(frozen=True)
class Tidy:
    """The table, with what was lost."""

    table: Table
    rows_dropped: int
    findings: tuple[Finding, ...]
    unknown_columns: tuple[str, ...]
    started: str


def tidy(cells: Cells, *, each_step: bool = False) -> Tidy:
    """Numbers in SI units, a time since the beginning and a signed counter of charge.

    ``each_step``: the counters of this vendor start again at every step.

    Raises:
        FileError: no row that can be read.
    """
    names = _names(cells.headings)
    values = [_values(h, s) for h, s in zip(cells.headings, cells.columns, strict=True)]
    essential = _essential(names, values)
    keep = np.ones(len(cells.lines), dtype=bool)
    for needed in essential:
        keep &= np.isfinite(needed)
    if not keep.any() or not essential:
        raise FileError(
            "the table has no row that can be read",
            where=f"line {int(cells.lines[0]) if len(cells.lines) else 1}",
            remedy="columns of numbers were expected: " + ", ".join(names),
        )
    bad = [int(line) for line in cells.lines[~keep]]
    findings = _lost(cells.short, bad)
    made: dict[str, Any] = {}
    units: dict[str, str] = {}
    for name, h, series, column in zip(names, cells.headings, cells.columns, values, strict=True):
        findings += _shape(h, name, series, column, cells.lines)
        made[name], finding = _column(name, series, column, keep)
        findings += [finding] if finding else []
        if h.unit and column is not None:
            units[name] = h.unit
    started = _started(made, cells)
    findings += _signed_current(made)
    # Dates cost time to read: only where the time has no unit, or there is none.
    bare = any(h.name == "time" and not h.stated and not h.clock for h in cells.headings)
    stamps = _stamps(made) if bare or not isinstance(made.get("time"), np.ndarray) else None
    findings += time_findings(made, cells.headings, stamps)
    findings += _with_time(made, units, stamps)
    _with_charge(made, units, each_step)
    findings += assumed(cells.headings, made)
    unknown = tuple(n for n, h in zip(names, cells.headings, strict=True) if not h.known)
    table = Table.of(made, units, "series")
    return Tidy(table, len(bad) + len(cells.short), tuple(findings), unknown, started)


def _names(headings: Sequence[Heading]) -> list[str]:
    seen: dict[str, int] = {}
    names = []
    for h in headings:
        name = (h.name or h.text).replace("|", "") or "column"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return names


def _values(h: Heading, series: polars.Series) -> Floats | None:
    """The column as numbers, NaN where a cell is none; None where most of it is something else."""
    import polars

    if h.name in ("date", "step_type"):
        return None
    if series.dtype == polars.String:
        stripped = series.str.strip_chars()
        numbers = stripped.cast(polars.Float64, strict=False)
        if numbers.null_count() == len(numbers) and h.unit == "s":
            numbers = clock(stripped)
        written = len(stripped) - int((stripped.fill_null("") == "").sum())
    elif series.dtype.is_numeric() or series.dtype == polars.Boolean:
        numbers = series.cast(polars.Float64)
        written = len(series) - series.null_count()
    else:
        return None
    found = numbers.fill_null(float("nan")).to_numpy().astype(float)
    found[~np.isfinite(found)] = np.nan
    if 2 * np.isfinite(found).sum() < written or not written:
        return None
    return found * h.factor if h.factor != 1.0 else found


def clock(series: polars.Series) -> polars.Series:
    """Seconds of ``00:01:30.5``, ``1-02:03:04`` (days first) or ``0d 00:01:00``; null otherwise."""
    import polars

    part = [
        polars.col("c").str.extract(_CLOCK, i).str.replace(":", ".", literal=True).cast(
            polars.Float64, strict=False)
        for i in range(1, 5)
    ]  # fmt: skip
    seconds = part[0].fill_null(0.0) * 86400 + part[1] * 3600 + part[2] * 60 + part[3]
    return series.to_frame("c").select(seconds.alias("s"))["s"]


def moments(series: polars.Series) -> Floats | None:
    """Seconds since 1970 of a column of dates, or None where it is none that is known here."""
    import polars

    stamps: polars.Series | None
    if series.dtype.is_temporal():
        stamps = series.cast(polars.Datetime("us"), strict=False)
    elif series.dtype == polars.String:
        text = series.str.strip_chars()
        found = (text.str.to_datetime(f, strict=False, time_unit="us") for f in _DATES)
        stamps = next((s for s in found if s.null_count() <= text.null_count()), None)
    else:
        return None
    if stamps is None or not len(stamps) or stamps.null_count():
        return None
    return np.asarray(stamps.cast(polars.Int64).to_numpy(), dtype=float) / 1e6


def _essential(names: Sequence[str], values: Sequence[Floats | None]) -> list[Floats]:
    """Columns without whose number a row is worth nothing."""
    wanted = {"potential", "current"} | ({"time"} if "time" in names else {"step_time"})
    return [v for n, v in zip(names, values, strict=True) if n in wanted and v is not None]


def _column(
    name: str, series: polars.Series, values: Floats | None, keep: NDArray[np.bool_]
) -> tuple[Any, Finding | None]:
    import polars

    kept = series.filter(polars.Series(keep))
    if values is None:
        return (kept.cast(polars.String) if not kept.dtype.is_temporal() else kept), None
    chosen = values[keep]
    finding = None
    if kept.dtype == polars.String:
        empty = (kept.str.strip_chars().fill_null("") == "").to_numpy()
        odd = int((~np.isfinite(chosen) & ~empty).sum())
        if odd:
            finding = Finding(f"{odd} cells of column '{name}' are not numbers", "warning")
    if np.isfinite(chosen).all():
        return chosen, finding
    return polars.Series(name, chosen, nan_to_null=True), finding


def _shape(
    h: Heading, name: str, series: polars.Series, values: Floats | None, lines: NDArray[np.int64]
) -> list[Finding]:
    """A warning of cells that are written unlike the rest of a column of numbers."""
    import polars

    if values is None or series.dtype != polars.String or h.clock or not odd_in_series(series):
        return []
    found = shape_finding(name, series.fill_null("").to_list(), lines.tolist())
    return [found] if found else []


def _lost(short: Sequence[int], bad: Sequence[int]) -> list[Finding]:
    findings = []
    for lines, reason in ((short, "incomplete or too long"), (bad, "not all numbers")):
        if lines:
            what = "1 row was" if len(lines) == 1 else f"{len(lines)} rows were"
            where = line_list(lines)
            text = f"{what} left out of the table: {reason} ({where})"
            findings.append(Finding(text, "warning", where=where))
    return findings


def _started(made: Mapping[str, Any], cells: Cells) -> str:
    dates = made.get("date")
    return str(dates[0]).strip() if dates is not None and len(dates) else ""


def _directions(made: Mapping[str, Any]) -> Floats | None:
    """+1, -1 or 0 of each row by the words of its step, or None where there are none."""
    import polars

    words = made.get("step_type")
    if words is None or not isinstance(words, polars.Series) or words.dtype != polars.String:
        return None
    kinds = words.unique().drop_nulls().to_list()
    signs = {k: _direction(k) for k in kinds}
    if not any(signs.values()):
        return None
    old, new = list(signs), [float(s) for s in signs.values()]
    found = words.replace_strict(old, new, default=0.0, return_dtype=polars.Float64)
    return np.asarray(found.to_numpy(), dtype=float)


def _direction(word: str) -> int:
    word = word.strip()
    if _DISCHARGING.search(word):
        return -1 if not re.search("充.*放|放.*充", word) else 0
    return 1 if _CHARGING.search(word) else 0


def _signed_current(made: dict[str, Any]) -> list[Finding]:
    """Where a cycler writes the discharge current without its sign, the step's word gives it."""
    direction = _directions(made)
    current = made.get("current")
    if direction is None or not isinstance(current, np.ndarray):
        return []
    discharging = (direction < 0) & (abs(current) > REST)
    if not discharging.any() or np.mean(current[discharging] > 0) < 0.9:
        return []
    made["current"] = np.where(direction < 0, -abs(current), current)
    return [Finding("the file writes discharge currents without a sign: made negative")]


def _stamps(made: Mapping[str, Any]) -> Floats | None:
    """The dates as seconds, or None."""
    import polars

    if "date" not in made:
        return None
    date = made["date"]
    return moments(date if isinstance(date, polars.Series) else polars.Series(date))


def _with_time(made: dict[str, Any], units: dict[str, str], stamps: Floats | None) -> list[Finding]:
    """A time since the beginning, from the dates or the steps' times where there is none."""
    if isinstance(made.get("time"), np.ndarray):
        return []
    step_time = made.get("step_time")
    if stamps is not None and (np.diff(stamps) >= 0).all() and stamps[-1] > stamps[0]:
        made["time"], source = stamps - stamps[0], "its dates"
    elif isinstance(step_time, np.ndarray):
        made["time"], source = _accumulated(step_time), "the times of its steps"
    else:
        return []
    units["time"] = "s"
    return [Finding(f"no time of the whole test in the file: taken from {source}")]


def _accumulated(step_time: Floats) -> Floats:
    """Times that start again with each step, one after the other."""
    restart = np.concatenate([[False], np.diff(step_time) < 0])
    before = np.where(restart, np.concatenate([[0.0], step_time[:-1]]), 0.0)
    return np.asarray(step_time + np.cumsum(before), dtype=float)


def _with_charge(made: dict[str, Any], units: dict[str, str], each_step: bool) -> None:
    """The column ``charge``, where the file has a counter from which it can be told."""
    if isinstance(made.get("charge"), np.ndarray):
        return
    change = _changes(made)

    def counted(values: Floats) -> Floats:
        return increments(values, change, each_step=each_step)

    charge = _from_two(made, counted)
    if charge is None:
        charge = _from_one(made, counted)
    if charge is not None:
        made["charge"] = charge
        units["charge"] = "C"


def _changes(made: Mapping[str, Any]) -> NDArray[np.bool_] | None:
    """Rows at which a step or cycle begins; None where neither is numbered."""
    marks = [made[n] for n in ("step", "cycle") if isinstance(made.get(n), np.ndarray)]
    if not marks:
        return None
    changed = [np.concatenate([[True], np.diff(m) != 0]) for m in marks]
    return np.asarray(np.logical_or.reduce(changed))


def increments(
    counter: Floats, change: NDArray[np.bool_] | None, *, each_step: bool = False
) -> Floats:
    """What a counter counted up to each row, whenever it started again.

    It starts again at each of ``change`` where ``each_step``; else where it falls at one of
    them; else (None) where it falls to less than half.
    """
    before = np.concatenate([[0.0], counter[:-1]])
    if change is None:
        restart = abs(counter) < 0.5 * abs(before)
    else:
        restart = change if each_step else change & (abs(counter) < abs(before))
    made: Floats = np.where(restart, counter, counter - before)
    return made


def _from_two(made: Mapping[str, Any], counted: Callable[[Floats], Floats]) -> Floats | None:
    """From capacities of charge and of discharge."""
    into, out = made.get("charge_capacity"), made.get("discharge_capacity")
    if not (isinstance(into, np.ndarray) and isinstance(out, np.ndarray)):
        return None
    # Some exports write the capacity of discharge with its sign.
    return np.asarray(np.cumsum(counted(into) - counted(abs(out))))


def _from_one(made: Mapping[str, Any], counted: Callable[[Floats], Floats]) -> Floats | None:
    """From one capacity, by its own sign, the step's word or the sign of the current."""
    capacity, current = made.get("capacity"), made.get("current")
    if not (isinstance(capacity, np.ndarray) and isinstance(current, np.ndarray)):
        return None
    steps = counted(capacity)
    out = current < -REST
    if (capacity < 0).any() or (out.any() and np.sum(steps[out]) < 0):
        return np.asarray(np.cumsum(steps))
    direction = _directions(made)
    sign = np.sign(np.where(abs(current) > REST, current, 0.0)) if direction is None else direction
    return np.asarray(np.cumsum(sign * steps))
