"""Reading one table of a study file: each key once, of the right kind, none left over."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any, get_args

from polylyte.core import canonical, coercion, units
from polylyte.core.errors import InputError, nearest
from polylyte.core.kinds import Kind, MassFraction, Ratio, VolumeFraction
from polylyte.core.quantities import Quantity


def key_of(card: Any) -> Any:
    """Canonical content of a card (a data class of quantities, text and further cards).

    What is not stated is left out, so that a new optional key changes no old key; fields that
    are not compared (places in files) are no content.
    """
    shared = _shared.get(id(card))
    if shared is not None:
        return shared[1]
    if is_dataclass(card) and not isinstance(card, Quantity | type):
        stated = {name: getattr(card, name) for name in _compared(type(card))}
        content = {name: key_of(value) for name, value in stated.items() if value is not None}
        return {name: value for name, value in content.items() if value not in ([], {}, "")}
    if isinstance(card, Mapping):
        return {str(name): key_of(value) for name, value in card.items()}
    if isinstance(card, list | tuple):
        return [key_of(value) for value in card]
    return canonical.plain(card)


_shared: dict[int, tuple[Any, Any]] = {}


def share(card: Any) -> None:
    """Work out the content of a card once, of one that many others hold and that never goes."""
    content = key_of(card)
    _shared[id(card)] = (card, content)


@cache
def _compared(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.compare)


class Card:
    """``where`` names the table in messages, ``source`` the uncertainty of what it states."""

    def __init__(self, table: Any, *, where: str, source: str) -> None:
        if not isinstance(table, Mapping):
            raise InputError(f"{table!r} is not a table", where=where)
        self.raw = table
        self.where = where
        self.source = source
        self.asked: list[str] = []

    def at(self, key: str) -> str:
        """Where ``key`` is, for a message."""
        return f"{self.where} {key}".strip()

    def get(self, key: str) -> Any:
        """The raw value, or None."""
        self.asked.append(key)
        return self.raw.get(key)

    def quantity(self, key: str, kind: Any, *, zero: bool = False) -> Quantity | None:
        """A quantity of one kind, positive (or zero, where that makes sense).

        Raises:
            InputError: wrong dimension, no number, or negative.
        """
        raw = self.get(key)
        if raw is None:
            return None
        where = self.at(key)
        if isinstance(raw, float) and not math.isfinite(raw):
            raise InputError(f"{raw} is not a number", where=where)
        declared = next(extra for extra in get_args(kind) if isinstance(extra, Kind))
        read = coercion.quantity(raw, declared, where=where, source=f"{self.source}.{key}")
        if read.si < 0 or (read.si == 0 and not zero):
            limit = "0 or more" if zero else "above 0"
            raise InputError(f"'{raw}' is not possible", where=where, remedy=f"it must be {limit}")
        return read

    def fraction(self, key: str) -> Quantity | None:
        """A fraction between 0 and 1: ``"94.5 wt%"``, ``"30 vol%"``, ``"94.5 %"`` or ``0.945``.

        Raises:
            InputError: not a fraction, or outside 0 to 1.
        """
        kinds = {"wt%": MassFraction, "vol%": VolumeFraction}
        stated = str(self.raw.get(key)).replace(" %", "%")
        kind = next((kind for unit, kind in kinds.items() if unit in stated), Ratio)
        read = self.quantity(key, kind, zero=True)
        if read is None:
            return None
        if read.si > 1:
            raise InputError(
                f"'{self.raw[key]}' is more than the whole",
                where=self.at(key),
                remedy="write it as '94.5 %' or 0.945",
            )
        share = float(units.unit(read.unit).factor)
        parts = {source: part * share for source, part in read.components.items()}
        return Quantity(read.si, "1", parts, read.how)

    def text(self, key: str, default: str = "", choices: Sequence[str] = ()) -> str:
        """Text, one of ``choices`` where there are any.

        Raises:
            InputError: not text, or not a choice.
        """
        raw = self.get(key)
        if raw is None:
            return default
        if not isinstance(raw, str):
            raise InputError(f"{raw!r} is not text", where=self.at(key), remedy="put it in quotes")
        if choices and raw not in choices:
            raise InputError(
                f"'{raw}' is not a choice", where=self.at(key), remedy=nearest(raw, choices)
            )
        return raw

    def date(self, key: str) -> str:
        """A date as ``"2025"``, ``"2025-03"`` or ``"2025-03-31"`` (or TOML's own).

        Raises:
            InputError: not a date.
        """
        raw = self.get(key)
        if raw is None:
            return ""
        text = raw.isoformat()[:10] if isinstance(raw, date) else str(raw)
        try:
            date.fromisoformat(text + "-01-01"[len(text) - 10 :] if len(text) in (4, 7) else text)
        except ValueError:
            raise InputError(
                f"'{text}' is not a date", where=self.at(key), remedy='write it as "2025-03-31"'
            ) from None
        return text

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts.

        Raises:
            InputError: not a list of texts.
        """
        raw = self.get(key)
        if raw is None:
            return ()
        if not isinstance(raw, list | tuple) or not all(isinstance(item, str) for item in raw):
            raise InputError(
                f"{raw!r} is not a list of names", where=self.at(key), remedy='write ["a", "b"]'
            )
        return tuple(raw)

    def whole(self, key: str) -> int | None:
        """A whole number of at least 1.

        Raises:
            InputError: not a whole number above 0.
        """
        raw = self.get(key)
        if raw is None:
            return None
        if isinstance(raw, bool) or not isinstance(raw, int) or raw < 1:
            raise InputError(
                f"{raw!r} is not possible", where=self.at(key), remedy="give a whole number above 0"
            )
        return raw

    def flag(self, key: str) -> bool:
        """True or false; false where it is not stated.

        Raises:
            InputError: neither.
        """
        raw = self.get(key)
        if raw is not None and not isinstance(raw, bool):
            raise InputError(f"{raw!r} is neither true nor false", where=self.at(key))
        return bool(raw)

    def card(self, key: str) -> Card | None:
        """A table inside this one."""
        raw = self.get(key)
        if raw is None:
            return None
        return Card(raw, where=self.at(key), source=f"{self.source}.{key}")

    def cards(self, key: str) -> list[Card]:
        """A list of tables inside this one.

        Raises:
            InputError: not a list.
        """
        raw = self.get(key)
        if raw is None:
            return []
        if not isinstance(raw, list | tuple):
            raise InputError(
                f"{raw!r} is not a list of tables", where=self.at(key), remedy="write [{ … }]"
            )
        return [
            Card(item, where=self.at(f"{key}[{i}]"), source=f"{self.source}.{key}[{i}]")
            for i, item in enumerate(raw)
        ]

    def close(self) -> None:
        """Refuse a key that nobody asked for.

        Raises:
            InputError: names the key and the nearest known one.
        """
        for key in self.raw:
            if key not in self.asked:
                raise InputError(
                    f"unknown key '{key}'", where=self.where, remedy=nearest(key, set(self.asked))
                )
