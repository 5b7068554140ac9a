"""What a method returns: frozen, typed, and never a silent guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from polylyte.core.quantities import Quantity
from polylyte.core.tables import Table


@dataclass(frozen=True)
class Verdict:
    """The outcome of one test that the method made of its own input or answer."""

    name: str
    passed: bool | None
    """None: the test could not be made."""
    text: str


@dataclass(frozen=True)
class Finding:
    """Something in the input that a careful reader would want to know."""

    text: str
    severity: Literal["note", "warning", "error"] = "note"
    where: str = ""
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Result:
    """Base of every method's result.

    A subclass is a frozen, keyword-only dataclass whose fields are quantities (annotated with
    their kind) or :class:`Table`. Quantities whose names are known only at run time
    (``conductivity@25degC``, circuit parameters) go into ``more``; files a method writes
    (virtual instruments) into ``files``.
    """

    more: Mapping[str, Quantity] = field(default_factory=dict)
    more_tables: Mapping[str, Table] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    text: Mapping[str, str] = field(default_factory=dict)
    """Words for the templated prose that are not quantities (the circuit, the model chosen)."""

    def _own(self) -> list[tuple[str, Any]]:
        base = {f.name for f in fields(Result)}
        return [(f.name, getattr(self, f.name)) for f in fields(self) if f.name not in base]

    @property
    def quantities(self) -> dict[str, Quantity]:
        """All quantities by name, those of the fields first."""
        own = {name: value for name, value in self._own() if isinstance(value, Quantity)}
        return {**own, **self.more}

    @property
    def tables(self) -> dict[str, Table]:
        """All tables by name."""
        own = {name: value for name, value in self._own() if isinstance(value, Table)}
        return {**own, **self.more_tables}

    def __getitem__(self, name: str) -> Quantity:
        return self.quantities[name]
