"""A current transient: the current after a step of potential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from polylyte.core.errors import FileError, InputError
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.arrays import frozen, numbers, same_length
from polylyte.instruments.conditions import merge
from polylyte.instruments.reading import read as read_recording
from polylyte.instruments.recordings import Recording, wrong_technique

NEAR = 5e-4
"""V within which a measured potential is the one asked for."""
_APPLIED = ("control", "control_potential")


@dataclass(frozen=True, eq=False)
class CurrentTransient:
    """Current over time at a given potential, in the order measured.

    ``time`` in s, ``current`` in A, ``potential`` in V as measured, ``applied`` in V as asked of
    the instrument (None where the file does not say). ``conditions["bias"]`` is the programmed
    step where the header states one. Arrays may be given as lists.

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
        if (np.diff(arrays["time"]) < 0).any():
            finding = Finding("time runs backwards in places", "warning")
            object.__setattr__(self, "findings", tuple(dict.fromkeys((*self.findings, finding))))

    def __len__(self) -> int:
        return len(self.time)

    def after_step(self, bias: float | None = None) -> CurrentTransient:
        """The part from the step on, time counted from its first point.

        The step is where the applied (else the measured) potential first comes near ``bias``
        in V: within a tenth of the farthest it is from there, or 0.5 mV. By default ``bias`` is
        the condition "bias" (added to the open-circuit potential where it counts from there),
        else the potential that is farthest from the first one.

        Raises:
            InputError: the potential never gets there.
        """
        potential = self.potential if self.applied is None else self.applied
        if bias is None:
            bias = self._stated_bias()
        if bias is None:
            bias = float(potential[np.argmax(abs(potential - potential[0]))])
        away = abs(potential - bias)
        there = np.flatnonzero(away <= max(0.1 * float(away.max()), NEAR))
        if not len(there):
            raise InputError(
                f"the potential never comes near the bias of {bias:g} V",
                where=self.name or None,
                remedy="state the bias as it was against the reference",
            )
        first = int(there[0])
        return replace(
            self,
            time=self.time[first:] - self.time[first],
            current=self.current[first:],
            potential=self.potential[first:],
            applied=None if self.applied is None else self.applied[first:],
        )

    def _stated_bias(self) -> float | None:
        bias, rest = (self.conditions.get(n) for n in ("bias", "open_circuit_potential"))
        if bias is None or bias.value is None:
            return None
        from_rest = bias.conditions.get("against") == "open circuit"
        return bias.si + (rest.si if from_rest and rest is not None and rest.value else 0.0)

    @classmethod
    def read(cls, path: Path, conditions: Mapping[str, Quantity] = {}) -> Self:
        """The transient of a file.

        Raises:
            InputError: no such file; ``conditions`` (from its name) contradict its header.
            FileError: unknown or damaged; another technique.
        """
        return cls.from_recording(read_recording(path), conditions)

    @classmethod
    def from_recording(
        cls,
        recording: Recording,
        conditions: Mapping[str, Quantity] = {},
    ) -> Self:
        """The transient of a recording; several curves follow one another.

        Raises:
            FileError: it holds another technique, or no current or potential.
            InputError: ``conditions`` contradict it.
        """
        tables = [*recording.like("CURVE").values(), *recording.like("series").values()]
        if recording.technique != "chronoamperometry" or not tables:
            raise wrong_technique(recording, "chronoamperometry")
        columns = {n: _joined(tables, n) for n in ("time", "current", "potential")}
        for name, values in columns.items():
            if values is None or not np.isfinite(values).all():
                raise FileError(
                    f"its table has no complete column of {name}",
                    where=str(recording.path),
                    remedy=f"export it again with the {name}",
                )
        applied = next((a for n in _APPLIED if (a := _joined(tables, n)) is not None), None)
        return cls(
            **columns,  # type: ignore[arg-type]
            conditions=merge(conditions, recording.conditions, where=str(recording.path)),
            name=recording.path.stem,
            file_record=recording.file_record,
            findings=recording.findings,
            applied=applied if applied is not None and np.isfinite(applied).all() else None,
        )


def _joined(tables: list[Table], name: str) -> NDArray[np.float64] | None:
    parts = [numbers(table, name) for table in tables]
    return None if any(p is None for p in parts) else np.concatenate(parts)  # type: ignore[arg-type]
