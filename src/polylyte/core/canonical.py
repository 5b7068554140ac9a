"""One spelling for everything that enters a key, and the digest of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from polylyte.core import units
from polylyte.core.numbers import canonical
from polylyte.core.quantities import Quantity

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(content: Any) -> str:
    """SHA-256 of plain content (dicts, lists, text, numbers), independent of key order."""
    return hashlib.sha256(_ENCODER.encode(content).encode()).hexdigest()


def quantity_key(quantity: Quantity) -> list[Any]:
    """Value, uncertainty parts and dimension in canonical SI: 60 um equals 0.06 mm."""
    resolved = units.unit(quantity.unit)
    value = None
    if quantity.value is not None:
        value = canonical(resolved.to_si(Decimal(repr(float(quantity.value)))))
    parts = {
        source: canonical(Decimal(repr(float(part))) * resolved.factor)
        for source, part in quantity.components.items()
    }
    return [value, parts, resolved.dimension]


def plain(value: Any) -> Any:
    """Plain, canonical content of a parameter's value."""
    if isinstance(value, Quantity):
        return quantity_key(value)
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal):
        return canonical(Decimal(repr(value)) if isinstance(value, float) else Decimal(value))
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "to_key"):
        return value.to_key()
    raise TypeError(f"a {type(value).__name__} cannot be part of a key")
