"""How much of an answer's uncertainty each uncertain input brings, by moving it up and down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from polylyte.core.errors import PolylyteError
from polylyte.core.quantities import Quantity
from polylyte.core.tables import Table

PARTS = ("cathode", "anode", "electrolyte", "separator")
"""Of a card: what the models read quantities from."""
Spread = dict[str, dict[str, float]]


def propagated(
    arguments: Mapping[str, Any],
    values: Callable[[dict[str, Any]], dict[str, float]],
    base: Mapping[str, float],
) -> tuple[Spread, Table | None]:
    """Components of uncertainty of every value in ``base``, in SI, and a table that says what
    comes from where.

    ``values`` answers the same question with other arguments. Each uncertain input is moved by
    its standard uncertainty to both sides, to one where the other is not possible.
    """
    spread: Spread = {name: {} for name in base}
    columns: dict[str, list[Any]] = {name: [] for name in ("input", *base)}
    for path, quantity in uncertain(arguments):
        step = (quantity.std or 0.0) * _factor(quantity)
        moved = [(sign, _tried(arguments, path, quantity, sign, values)) for sign in (1.0, -1.0)]
        ends = [(sign, found) for sign, found in moved if found is not None]
        if not ends:
            continue
        if len(ends) == 1:
            ends.append((0.0, dict(base)))
        (high, above), (low, below) = ends
        changed = False
        columns["input"].append(".".join(path))
        for name in base:
            slope = (above[name] - below[name]) / ((high - low) * step)
            columns[name].append(slope * step / base[name] if base[name] else 0.0)
            changed |= slope != 0.0
            for source, part in quantity.si_components.items():
                spread[name][source] = spread[name].get(source, 0.0) + slope * part
        if not changed:
            for column in columns.values():
                column.pop()
    table = Table.of(columns, dict.fromkeys(base, "1")) if columns["input"] else None
    return spread, table


def _factor(quantity: Quantity) -> float:
    parts = quantity.si_components
    source = next(iter(parts))
    return abs(parts[source] / quantity.components[source])


def uncertain(arguments: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Quantity]]:
    """Every quantity with an uncertainty among the arguments and on the card."""
    for name, value in arguments.items():
        if isinstance(value, Quantity):
            if value.std:
                yield (name,), value
        elif is_dataclass(value):
            for part in PARTS:
                inner = getattr(value, part, None)
                for field in fields(inner) if is_dataclass(inner) else ():
                    found = getattr(inner, field.name)
                    if isinstance(found, Quantity) and found.std:
                        yield (name, part, field.name), found
            for key in ("lower_cutoff", "upper_cutoff", "temperature"):
                found = getattr(value, key, None)
                if isinstance(found, Quantity) and found.std:
                    yield (name, key), found


def _tried(
    arguments: Mapping[str, Any],
    path: tuple[str, ...],
    quantity: Quantity,
    sign: float,
    values: Callable[[dict[str, Any]], dict[str, float]],
) -> dict[str, float] | None:
    assert quantity.value is not None
    assert quantity.std is not None
    moved = replace(quantity, value=quantity.value + sign * quantity.std)
    try:
        return values({**arguments, path[0]: _put(arguments[path[0]], path[1:], moved)})
    except (PolylyteError, IndexError):
        return None


def _put(value: Any, path: tuple[str, ...], moved: Quantity) -> Any:
    if not path:
        return moved
    return replace(value, **{path[0]: _put(getattr(value, path[0]), path[1:], moved)})
