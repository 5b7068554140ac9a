"""A cycling record: current, potential and charge of a cell over its half cycles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polylyte.core.errors import FileError
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.arrays import frozen, numbers, same_length
from polylyte.instruments.conditions import merge
from polylyte.instruments.reading import read as read_recording
from polylyte.instruments.recordings import Recording, wrong_technique

_TECHNIQUES = ("cycling", "chronopotentiometry", "time series")
REST = 1e-3
"""Below this fraction of the largest current the cell is at rest."""
COUNTER_CLASH = 0.01
"""Relative difference of counter and integration worth a warning."""


@dataclass(frozen=True, eq=False)
class CyclingRecord:
    """Time series of a cell that is charged and discharged.

    ``time`` in s, ``current`` in A (positive = charge), ``potential`` in V, ``charge`` in C: the
    signed charge passed since the beginning, from the instrument's own counter where the file has
    one, else integrated; ``integrated_charge`` is the integral of the current (trapezoids) in
    any case. ``half_cycle``, ``step`` and ``cycle`` number each row. Everything after
    ``potential`` may be left out: charge is integrated, a half cycle begins where the current
    changes its sign, a cycle is two half cycles.

    Raises:
        InputError: the arrays differ in length, are empty or hold values that are not finite.
    """

    time: NDArray[np.float64]
    current: NDArray[np.float64]
    potential: NDArray[np.float64]
    charge: NDArray[np.float64] | None = None
    half_cycle: NDArray[np.int64] | None = None
    step: NDArray[np.int64] | None = None
    cycle: NDArray[np.int64] | None = None
    conditions: Mapping[str, Quantity] = field(default_factory=dict)
    name: str = ""
    file_record: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    integrated_charge: NDArray[np.float64] = field(init=False)
    has_counter: bool = field(init=False)
    """Whether ``charge`` is the instrument's own."""

    def __post_init__(self) -> None:
        arrays = {n: frozen(getattr(self, n)) for n in ("time", "current", "potential")}
        same_length(arrays)
        integrated = frozen(integrate(arrays["time"], arrays["current"]))
        charge = integrated if self.charge is None else frozen(self.charge)
        half = half_cycles(arrays["current"]) if self.half_cycle is None else self.half_cycle
        half = frozen(half, int)
        step = frozen(half if self.step is None else self.step, int)
        cycle = frozen(half // 2 if self.cycle is None else self.cycle, int)
        arrays |= {"charge": charge, "half_cycle": half, "step": step, "cycle": cycle}
        same_length(arrays)
        own = _findings(arrays["time"], charge, integrated)
        for name, value in (
            *arrays.items(),
            ("integrated_charge", integrated),
            ("has_counter", self.charge is not None),
            ("findings", tuple(dict.fromkeys((*self.findings, *own)))),
        ):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.time)

    @classmethod
    def read(cls, path: Path, conditions: Mapping[str, Quantity] = {}) -> Self:
        """The record of a file.

        Raises:
            InputError: no such file; ``conditions`` (from its name) contradict its header.
            FileError: unknown or damaged; another technique; columns missing.
        """
        return cls.from_recording(read_recording(path), conditions)

    @classmethod
    def from_recording(
        cls,
        recording: Recording,
        conditions: Mapping[str, Quantity] = {},
    ) -> Self:
        """The record of a recording that is cycling or chronopotentiometry.

        Raises:
            FileError: another technique, or no time, potential or current.
            InputError: ``conditions`` contradict it.
        """
        tables = [*recording.like("CURVE").values(), *recording.like("series").values()]
        if recording.technique not in _TECHNIQUES or not tables:
            raise wrong_technique(recording, "cycling")
        columns = {name: _joined(tables, name) for name in _WANTED}
        findings = recording.findings
        if columns["current"] is None and (rate := _rate(columns)) is not None:
            columns["current"] = rate
            findings += (Finding("no current in the file: taken from its charge", "warning"),)
        for name in ("time", "current", "potential"):
            if columns[name] is None:
                raise FileError(
                    f"its table has no complete column of {name}",
                    where=str(recording.path),
                    remedy=f"export it again with the {name}",
                )
        increment = columns.pop("charge_increment")
        if columns["charge"] is None and increment is not None:
            columns["charge"] = np.cumsum(increment)
        return cls(
            **columns,  # type: ignore[arg-type]
            conditions=merge(conditions, recording.conditions, where=str(recording.path)),
            name=recording.path.stem,
            file_record=recording.file_record,
            findings=findings,
        )


_WANTED = (
    "time", "current", "potential", "charge", "charge_increment", "half_cycle", "step", "cycle"
)  # fmt: skip


def _joined(tables: list[Table], name: str) -> NDArray[np.float64] | None:
    """One column of all tables; None where it is missing or has gaps."""
    parts = [values for table in tables if (values := numbers(table, name)) is not None]
    if len(parts) != len(tables):
        return None
    joined = np.concatenate(parts)
    return joined if np.isfinite(joined).all() else None


def _rate(columns: Mapping[str, NDArray[np.float64] | None]) -> NDArray[np.float64] | None:
    """Current as charge per time, each interval's at its end."""
    time, charge, increment = columns["time"], columns["charge"], columns["charge_increment"]
    if time is None or len(time) < 2:
        return None
    if charge is not None:
        passed = np.diff(charge)
    elif increment is not None:
        passed = increment[1:]
    else:
        return None
    interval = np.diff(time)
    rate = np.divide(passed, interval, out=np.zeros_like(passed), where=interval > 0)
    return np.concatenate([rate[:1], rate])


def integrate(time: ArrayLike, current: ArrayLike) -> NDArray[np.float64]:
    """Charge passed since the first point, in C, by trapezoids."""
    t, i = np.asarray(time, dtype=float), np.asarray(current, dtype=float)
    return np.concatenate([[0.0], np.cumsum(np.diff(t) * (i[1:] + i[:-1]) / 2)])


def half_cycles(current: ArrayLike) -> NDArray[np.int64]:
    """Number of the half cycle of each point: it grows where the current changes its sign.

    Rest (below a thousandth of the largest current) belongs to the half cycle before it.
    """
    i = np.asarray(current, dtype=float)
    direction = np.where(abs(i) > REST * abs(i).max(initial=0.0), np.sign(i), 0.0)
    moving = np.flatnonzero(direction)
    changes = moving[1:][direction[moving[1:]] != direction[moving[:-1]]]
    numbers_ = np.zeros(len(i), dtype=np.int64)
    numbers_[changes] = 1
    return np.cumsum(numbers_)


def _findings(
    time: NDArray[np.float64], charge: NDArray[np.float64], integrated: NDArray[np.float64]
) -> list[Finding]:
    found = []
    if (np.diff(time) < 0).any():
        found.append(Finding("time runs backwards in places", "warning"))
    passed = float(abs(np.diff(integrated)).sum())
    if charge is not integrated and passed > 0:
        worst = float(abs((charge - charge[0]) - integrated).max()) / passed
        if worst > COUNTER_CLASH:
            text = (
                f"the instrument's charge counter and the integral of its current differ by up to "
                f"{100 * worst:.1f} % of the charge passed"
            )
            found.append(Finding(text, "warning"))
    return found
