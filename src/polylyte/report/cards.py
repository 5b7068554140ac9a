"""A recipe, a cell or any other named section of a study as readable rows.

An object that has ``describe()`` says its rows itself: pairs of label and value, or a mapping.
Otherwise the fields of a dataclass are shown (not those left out of comparison: places in files),
else what ``to_key()`` gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from polylyte.core.quantities import Quantity
from polylyte.report.text import given_text, listing, number_text, quantity_text, words

_DEEPEST = 4


@dataclass(frozen=True)
class Grid:
    """A list of things with the same fields (the layers of a stack, the components)."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass
class Card:
    """One named section: plain rows, then grids."""

    name: str
    rows: list[tuple[str, str]] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)


def card(name: str, thing: Any) -> Card:
    """The readable content of ``thing``."""
    made = Card(name)
    for label, value in _items(thing):
        if (label, value) != ("name", name):
            _add(made, label, value, depth=1)
    return made


def _items(thing: Any) -> Iterable[tuple[str, Any]]:
    if hasattr(thing, "describe") and not isinstance(thing, type):
        said = thing.describe()
        return said.items() if isinstance(said, Mapping) else [(str(a), b) for a, b, *_ in said]
    if isinstance(thing, Mapping):
        return [(str(key), value) for key, value in thing.items()]
    if is_dataclass(thing) and not isinstance(thing, type):
        return [(f.name, getattr(thing, f.name)) for f in fields(thing) if f.repr and f.compare]
    if hasattr(thing, "to_key"):
        return _items(thing.to_key())
    if isinstance(thing, Sequence) and not isinstance(thing, str):
        return [(str(number), item) for number, item in enumerate(thing, 1)]
    return [("", thing)]


def _is_scalar(value: Any) -> bool:
    return (
        value is None
        or isinstance(value, (Quantity, str, bool, int, float, Decimal, Enum))
        or not (isinstance(value, (Mapping, list, tuple)) or is_dataclass(value))
    )


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, (str, list, tuple, Mapping)) and not value)


def _add(made: Card, label: str, value: Any, depth: int) -> None:
    if _empty(value):
        return
    if _is_scalar(value):
        made.rows.append((words(label), shown(value)))
    elif isinstance(value, (list, tuple)):
        if all(_is_scalar(item) for item in value):
            made.rows.append((words(label), ", ".join(map(shown, value))))
        else:
            made.grids.append(_grid(label, value))
    elif depth >= _DEEPEST:
        made.rows.append((words(label), shown(value)))
    elif isinstance(value, Mapping) and len(value) > 1 and _alike(value.values()):
        made.grids.append(_grid(label, [{"name": key, **dict(_items(item))}
                                        for key, item in value.items()]))  # fmt: skip
    else:
        for inner, item in _items(value):
            _add(made, f"{label} · {inner}", item, depth + 1)


def _alike(values: Iterable[Any]) -> bool:
    """Mappings or data classes that share most of their fields: better as a grid."""
    names = []
    for value in values:
        if _is_scalar(value) or isinstance(value, (list, tuple)):
            return False
        names.append({name for name, _ in _items(value)})
    return bool(set.intersection(*names))


def _grid(label: str, items: Sequence[Any]) -> Grid:
    dicts = [dict(_items(item)) if not _is_scalar(item) else {"": item} for item in items]
    header = [
        name
        for name in dict.fromkeys(name for row in dicts for name in row)
        if any(not _empty(row.get(name)) for row in dicts)
    ]
    rows = tuple(tuple(shown(row.get(name)) for name in header) for row in dicts)
    return Grid(words(label), tuple(map(words, header)), rows)


def shown(value: Any) -> str:
    """Any value as the text of one cell."""
    if _empty(value):
        return ""
    if isinstance(value, Quantity):
        return quantity_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return number_text(float(value)) if isinstance(value, float) else str(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        return given_text(value)
    if isinstance(value, (list, tuple)):
        return listing(map(shown, value))
    name = getattr(value, "name", None)
    if isinstance(name, str) and name:
        return name
    if isinstance(value, Mapping) or is_dataclass(value):
        return "; ".join(
            f"{words(label)}: {shown(item)}" for label, item in _items(value) if not _empty(item)
        )
    return str(value)
