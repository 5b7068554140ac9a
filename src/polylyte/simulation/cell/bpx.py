"""BPX, the battery parameter exchange format: read, written, and made a cell of.

A file is kept whole, so what is written again has every number that was read, bit by bit.
Format: https://bpxstandard.com, versions 0.x and 1.x. SI units throughout.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import numpy as np

from polylyte.core.errors import FileError, InputError
from polylyte.core.quantities import Quantity
from polylyte.simulation.cell.expressions import function

VERSION = "1.0.0"
LITHIUM_KINETICS = "Lithium exchange-current density [A.m-2]"
"""In User-defined: at 1000 mol/m^3."""


@dataclass(frozen=True, eq=False)
class BatteryParameters:
    """A BPX document as it was read."""

    document: Mapping[str, Any]
    file_record: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, conditions: Mapping[str, Quantity] = {}) -> Self:
        """A BPX file.

        Raises:
            InputError: no such file.
            FileError: not JSON, or not BPX.
        """
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise InputError(f"cannot be read ({error.strerror})", where=str(path)) from None
        made = cls.of(raw, where=str(path))
        record = {
            "name": path.name,
            "path": str(path),
            "sha256": sha256(raw).hexdigest(),
            "size": len(raw),
            "format": "BPX",
            "instrument": "",
            "rows_read": 0,
            "rows_dropped": 0,
            "findings": [],
        }
        return cls(made.document, record)

    @classmethod
    def of(cls, raw: bytes, *, where: str) -> Self:
        """The document in ``raw``.

        Raises:
            FileError: not JSON, or not BPX.
        """
        try:
            document = json.loads(raw, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise FileError(f"is not JSON ({error})", where=where) from None
        if not isinstance(document, dict) or not {"Header", "Parameterisation"} <= set(document):
            raise FileError(
                "is not a BPX file: no Header and Parameterisation",
                where=where,
                remedy="see https://bpxstandard.com",
            )
        return cls(document)

    def to_bytes(self) -> bytes:
        """The document as JSON; every number as it was read."""
        text = json.dumps(self.document, indent=2, ensure_ascii=False, allow_nan=False)
        return (text + "\n").encode()

    @property
    def where(self) -> str:
        return str(self.file_record.get("name") or "the BPX document")

    def part(self, name: str) -> Mapping[str, Any]:
        """A section of the parameterisation.

        Raises:
            InputError: the file has none.
        """
        found = self.document["Parameterisation"].get(name)
        if not isinstance(found, dict):
            raise InputError(
                f"has no section '{name}'",
                where=self.where,
                remedy="a model with an electrolyte needs a DFN or SPMe parameterisation",
            )
        return found

    def number(self, part: str, key: str, default: float | None = None) -> float:
        """A number of a section.

        Raises:
            InputError: missing, or not a finite number.
        """
        value = self.part(part).get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{part}, '{key}' is missing or no number", where=self.where)
        return float(value)

    def curve(self, part: str, key: str, x: Any) -> Any:
        """A number, table or expression of a section, on an array.

        Raises:
            InputError: missing, or none of these; a table that does not increase.
        """
        value = self.part(part).get(key)
        where = f"{self.where}: {part}, '{key}'"
        if isinstance(value, str):
            with np.errstate(all="ignore"):
                found = function(value, where=where)(x)
        elif isinstance(value, dict):
            found = _interpolated(value, x, where)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found = np.full(np.shape(x), float(value))
        else:
            raise InputError(
                "is missing", where=where, remedy="give a number, a table or an expression in x"
            )
        if not np.all(np.isfinite(found)):
            raise InputError("is not finite over its range", where=where)
        return found

    def state(self, key: str, old: tuple[str, str], default: float) -> float:
        """A value of the initial conditions or surroundings; before 1.0 it was in ``old``."""
        state = self.document.get("State") or {}
        for group in ("Initial conditions", "Thermal environment"):
            value = (state.get(group) or {}).get(key)
            if isinstance(value, int | float):
                return float(value)
        value = (self.document["Parameterisation"].get(old[0]) or {}).get(old[1], default)
        return float(value)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _interpolated(table: Mapping[str, Any], x: Any, where: str) -> Any:
    try:
        at, value = np.array(table["x"], float), np.array(table["y"], float)
    except (KeyError, TypeError, ValueError):
        raise InputError("is not a table of x and y", where=where) from None
    if len(at) != len(value) or len(at) < 2 or np.any(np.diff(at) <= 0):
        raise InputError(
            "its x do not increase, or x and y differ in length", where=where, remedy="sort it"
        )
    return np.interp(x, at, value)
