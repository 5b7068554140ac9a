"""An impedance spectrum, from a file or from arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from polylyte.core.errors import FileError
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.arrays import frozen, numbers, same_length
from polylyte.instruments.checks import spectrum_findings
from polylyte.instruments.conditions import merge, steady_temperature
from polylyte.instruments.reading import read as read_recording
from polylyte.instruments.recordings import Recording, wrong_technique

_PARTS = ("loop", "step", "cycle")
"""Columns whose change begins another spectrum."""


@dataclass(frozen=True, eq=False)
class ImpedanceSpectrum:
    """Impedance over frequency, in the order measured.

    ``frequency`` in Hz; ``impedance`` complex in ohm, imaginary part negative where capacitive.
    Both may be given as lists. Bad points are kept and named in ``findings``: repeated, zero or
    negative frequencies, parts that are zero throughout, mostly inductive points.

    Raises:
        InputError: the arrays differ in length, are empty or hold values that are not finite.
    """

    frequency: NDArray[np.float64]
    impedance: NDArray[np.complex128]
    conditions: Mapping[str, Quantity] = field(default_factory=dict)
    name: str = ""
    file_record: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        frequency = frozen(self.frequency)
        impedance = frozen(self.impedance, complex)
        same_length({"frequency": frequency, "impedance": impedance})
        own = spectrum_findings(frequency, impedance)
        object.__setattr__(self, "frequency", frequency)
        object.__setattr__(self, "impedance", impedance)
        object.__setattr__(self, "findings", tuple(dict.fromkeys((*self.findings, *own))))

    def __len__(self) -> int:
        return len(self.frequency)

    @classmethod
    def read(cls, path: Path, conditions: Mapping[str, Quantity] = {}) -> Self:
        """The one spectrum of a file.

        Raises:
            InputError: no such file; ``conditions`` (from its name) contradict its header.
            FileError: unknown or damaged; another technique; several spectra.
        """
        spectra = cls.read_many(path, conditions)
        if len(spectra) > 1:
            raise FileError(
                f"holds {len(spectra)} spectra, and one is wanted",
                where=str(path),
                remedy="export the wanted cycle alone, or use a method that takes many",
            )
        return spectra[0]

    @classmethod
    def read_many(
        cls,
        path: Path,
        conditions: Mapping[str, Quantity] = {},
    ) -> list[Self]:
        """Every spectrum of a file: one per loop, step and cycle.

        Raises:
            InputError, FileError: as for :meth:`read`.
        """
        return cls.from_recording(read_recording(path), conditions)

    @classmethod
    def from_recording(
        cls,
        recording: Recording,
        conditions: Mapping[str, Quantity] = {},
    ) -> list[Self]:
        """Every spectrum of a recording.

        Raises:
            FileError: it holds another technique.
            InputError: ``conditions`` contradict it.
        """
        tables = [part for t in recording.like("impedance").values() for part in _split(t)]
        if not tables:
            raise wrong_technique(recording, "impedance")
        stem = recording.path.stem
        return [
            cls(
                table.frame["frequency"].to_numpy(),
                table.frame["z_real"].to_numpy() + 1j * table.frame["z_imaginary"].to_numpy(),
                merge(conditions, _conditions(recording, tables, index), where=str(recording.path)),
                stem if len(tables) == 1 else f"{stem}#{index + 1}",
                recording.file_record,
                recording.findings,
            )
            for index, table in enumerate(tables)
        ]


def _split(table: Table) -> list[Table]:
    """The table cut wherever its loop, step or cycle changes, or its sweep begins again."""
    columns = [values for name in _PARTS if (values := numbers(table, name)) is not None]
    columns.append(_sweeps(np.asarray(table.frame["frequency"].to_numpy(), dtype=float)))
    marks = np.nan_to_num(np.column_stack(columns), nan=-1.0)
    starts = [0, *(1 + np.flatnonzero((np.diff(marks, axis=0) != 0).any(axis=1))), len(table)]
    return [
        Table(table.frame.slice(start, stop - start), table.units, table.note)
        for start, stop in pairwise(starts)
    ]


def _sweeps(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """The number of the sweep of each point: one begins where the first frequency comes back.

    It must come back (to 0.1 %) by a leap of more than three steps, after three points or more.
    """
    number = np.zeros(len(frequency))
    if len(frequency) < 6 or not (np.isfinite(frequency) & (frequency > 0)).all():
        return number
    logs = np.log(frequency)
    leap = abs(np.diff(logs)) > 3 * float(np.median(abs(np.diff(logs))))
    again = np.flatnonzero(leap & (abs(logs[1:] - logs[0]) < 1e-3)) + 1
    starts = again[np.diff(again, prepend=0) >= 3]
    number[starts] = 1.0
    return np.cumsum(number)


def _conditions(recording: Recording, tables: list[Table], index: int) -> Mapping[str, Quantity]:
    """The file's conditions; with several spectra, the temperature of this one's own rows."""
    if len(tables) == 1:
        return recording.conditions
    return {**recording.conditions, **steady_temperature({"": tables[index]}).conditions}
