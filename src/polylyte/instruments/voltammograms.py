"""A voltammogram: current over a potential that is swept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from polylyte.core.errors import FileError
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.arrays import frozen, numbers, same_length
from polylyte.instruments.conditions import merge
from polylyte.instruments.reading import read as read_recording
from polylyte.instruments.recordings import Recording, wrong_technique

TURN = 0.02
"""Share of the whole range of potential by which it must come back for a new sweep …"""
LEAST_TURN = 2e-3
"""… and the least of it, V: noise is no turn."""
LEAST_POINTS = 4
_APPLIED = ("control_potential", "control")


class Sweep(NamedTuple):
    """Rows ``first`` to ``last`` (included) of one direction: +1 to higher potentials, or -1."""

    first: int
    last: int
    direction: int


@dataclass(frozen=True, eq=False)
class Voltammogram:
    """Current while the potential is swept, in the order measured.

    ``time`` in s, ``current`` in A, ``potential`` in V as measured, ``applied`` in V as asked of
    the instrument (None where the file does not say).

    Raises:
        InputError: the arrays differ in length, are empty or hold values that are not finite.
    """

    time: NDArray[np.float64]
    current: NDArray[np.float64]
    potential: NDArray[np.float64]
    conditions: Mapping[str, Quantity] = field(default_factory=dict)
    name: str = ""
    file_record: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    applied: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        arrays = {name: frozen(getattr(self, name)) for name in ("time", "current", "potential")}
        if self.applied is not None:
            arrays["applied"] = frozen(self.applied)
        same_length(arrays)
        for name, array in arrays.items():
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.time)

    def sweeps(self) -> list[Sweep]:
        """Its sweeps; a turn is a return by 2 % of the range of potential, or 2 mV."""
        swept = self.potential if self.applied is None else self.applied
        turn = max(TURN * float(np.ptp(swept)), LEAST_TURN)
        at = _turns(swept, turn)
        found = [
            Sweep(a, b, 1 if swept[b] > swept[a] else -1)
            for a, b in pairwise(at)
            if b - a + 1 >= LEAST_POINTS and abs(swept[b] - swept[a]) > turn / 2
        ]
        return found

    def scan_rate(self, sweep: Sweep) -> float:
        """V/s, positive: the slope of the potential over time."""
        rows = slice(sweep.first, sweep.last + 1)
        time = self.time[rows] - self.time[sweep.first]
        spread = time - time.mean()
        return abs(float(spread @ self.potential[rows]) / (float(spread @ spread) or np.inf))

    @classmethod
    def read(cls, path: Path, conditions: Mapping[str, Quantity] = {}) -> Self:
        """The voltammogram of a file.

        Raises:
            InputError: no such file; ``conditions`` (from its name) contradict its header.
            FileError: unknown or damaged; another technique.
        """
        return cls.from_recording(read_recording(path), conditions)

    @classmethod
    def from_recording(cls, recording: Recording, conditions: Mapping[str, Quantity] = {}) -> Self:
        """The voltammogram of a recording; several curves follow one another.

        Raises:
            FileError: it holds another technique, or no current, potential or time.
            InputError: ``conditions`` contradict it.
        """
        tables = [*recording.like("CURVE").values(), *recording.like("series").values()]
        if recording.technique != "voltammetry" or not tables:
            raise wrong_technique(recording, "voltammetry")
        columns = {n: _joined(tables, n) for n in ("time", "current", "potential")}
        for name, values in columns.items():
            if values is None:
                raise FileError(
                    f"its table has no complete column of {name}",
                    where=str(recording.path),
                    remedy=f"export it again with the {name}",
                )
        return cls(
            **columns,  # type: ignore[arg-type]
            conditions=merge(conditions, recording.conditions, where=str(recording.path)),
            name=recording.path.stem,
            file_record=recording.file_record,
            findings=recording.findings,
            applied=next((a for n in _APPLIED if (a := _joined(tables, n)) is not None), None),
        )


def _joined(tables: list[Table], name: str) -> NDArray[np.float64] | None:
    """One column of all tables; None where it is missing or has gaps."""
    parts = [values for table in tables if (values := numbers(table, name)) is not None]
    if len(parts) != len(tables):
        return None
    joined = np.concatenate(parts)
    return joined if np.isfinite(joined).all() else None


def _turns(values: NDArray[np.float64], turn: float) -> list[int]:
    """Rows at which the values turn by more than ``turn``, first and last row among them."""
    ends, extreme, way = [0], 0, 0
    for k, value in enumerate(values.tolist()):
        here = values[extreme]
        if way == 0:
            if abs(value - values[0]) > turn:
                way, extreme = (1 if value > values[0] else -1), k
        elif way * (value - here) >= 0:
            extreme = k
        elif way * (here - value) > turn:
            ends.append(extreme)
            way, extreme = -way, k
    if len(values) - 1 > ends[-1]:
        ends.append(len(values) - 1)
    return ends
