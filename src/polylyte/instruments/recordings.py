"""What a raw file holds, tidied: tables in SI-like units, conditions, header, and what was lost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polylyte.core.errors import FileError, nearest
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding
from polylyte.core.tables import Table

SIMULATED = "simulated by polylyte"
"""Words in a file's comment by which a virtual measurement is known again."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One raw file, read.

    ``tables`` maps names to tables with tidy columns. An impedance table is called "impedance"
    and has ``frequency`` in Hz, ``z_real`` and ``z_imaginary`` in ohm (negative = capacitive,
    whatever the vendor's sign) and, where the file has them, ``cycle``, ``step``, ``time`` in s,
    ``potential`` in V, ``current`` in A, ``temperature`` in degC. Time series use the same
    names, charge in C, energy in J; positive current charges the cell as the vendor says it.
    Columns that are not known are kept under their own names and listed in ``unknown_columns``.
    """

    format: str
    instrument: str
    technique: str
    """"impedance", "chronoamperometry", "chronopotentiometry", "cycling", "voltammetry",
    "open circuit" or the vendor's word in lower case."""
    tables: Mapping[str, Table]
    conditions: Mapping[str, Quantity] = field(default_factory=dict)
    started: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    rows_read: int = 0
    rows_dropped: int = 0
    unknown_columns: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    simulated: bool = False
    path: Path = Path()
    sha256: str = ""
    size: int = 0

    def table(self, name: str) -> Table:
        """The table called ``name``.

        Raises:
            FileError: the file holds no such table.
        """
        if name not in self.tables:
            raise FileError(
                f"holds no table '{name}'",
                where=str(self.path),
                remedy=nearest(name, self.tables),
            )
        return self.tables[name]

    def like(self, name: str) -> dict[str, Table]:
        """The tables called ``name``, ``name 2``, … ("impedance", "series", "CURVE")."""
        return {key: t for key, t in self.tables.items() if re.fullmatch(rf"{name}( ?\d+)?", key)}

    @property
    def file_record(self) -> dict[str, Any]:
        """What provenance keeps of the file."""
        record: dict[str, Any] = {
            "name": self.path.name,
            "path": str(self.path),
            "sha256": self.sha256,
            "size": self.size,
            "format": self.format,
            "instrument": self.instrument,
            "rows_read": self.rows_read,
            "rows_dropped": self.rows_dropped,
            "findings": [finding.text for finding in self.findings],
        }
        return record | ({"origin": "virtual"} if self.simulated else {})


_SPOKEN = {
    "impedance": "an impedance spectrum",
    "chronoamperometry": "a current transient",
    "chronopotentiometry": "a chronopotentiogram",
    "cycling": "a cycling record",
    "voltammetry": "a voltammogram",
    "open circuit": "an open-circuit potential",
}


def spoken(technique: str) -> str:
    """A technique as a sentence says it: ``a voltammogram``."""
    return _SPOKEN.get(technique, f"'{technique}' data")


def wrong_technique(recording: Recording, wanted: str) -> FileError:
    """``holds a voltammogram, not an impedance spectrum``."""
    return FileError(
        f"holds {spoken(recording.technique)}, not {spoken(wanted)}",
        where=str(recording.path),
        remedy=f"give a file that holds {spoken(wanted)}",
    )
