"""A method's typed result from what the store kept of it, so that its figures can be drawn."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, get_type_hints

from polylyte.core.methods import Method
from polylyte.core.results import Result
from polylyte.core.runs import Stored


class DoesNotFit(Exception):
    """The stored result lacks a field that the method's result has today."""


_BASE = {field.name for field in fields(Result)}


def rebuild(stored: Stored, method: Method) -> Result:
    """The result as the method would return it; its files are left in the store.

    Raises:
        DoesNotFit: a required quantity or table is not in the stored result (an older version).
    """
    kind = get_type_hints(method.function).get("return", Result)
    own = {field.name: field for field in fields(kind) if field.name not in _BASE}
    values: dict[str, Any] = {}
    for name, field in own.items():
        if name in stored.quantities:
            values[name] = stored.quantities[name]
        elif name in stored.tables:
            values[name] = stored.tables[name]
        elif field.default is MISSING and field.default_factory is MISSING:
            raise DoesNotFit(f"the stored result has no '{name}'")
    made = kind(
        **values,
        more={name: value for name, value in stored.quantities.items() if name not in own},
        more_tables={name: value for name, value in stored.tables.items() if name not in own},
        verdicts=stored.verdicts,
        findings=stored.findings,
        warnings=stored.warnings,
        text=dict(stored.text),
    )
    assert isinstance(made, Result)
    return made
