"""One block of the paper's TOML: its keys are taken one by one, and none may be left over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polylyte.core.errors import InputError, nearest
from polylyte.core.units import unit
from polylyte.literature.audit.values import Size, Value, exact, read, read_size


class Block:
    """A TOML table with the place it stands for in messages and its default locator."""

    def __init__(self, raw: object, where: str, at: str = "") -> None:
        if not isinstance(raw, Mapping):
            raise InputError(f"{raw!r} is not a table", where=where)
        self.raw: Mapping[str, Any] = raw
        self.where = where
        self._known = {"note", "quote"}
        self.at = self.text("at", at)

    def get(self, key: str) -> Any:
        self._known.add(key)
        return self.raw.get(key)

    def need(self, key: str) -> Any:
        if self.get(key) is None:
            raise InputError(f"lacks '{key}'", where=self.where)
        return self.raw[key]

    def text(self, key: str, default: str = "") -> str:
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, Mapping | list):
            raise InputError(f"'{key}' is not text", where=self.where)
        return str(value)

    def texts(self, key: str) -> dict[str, str]:
        raw = self.get(key) or {}
        if not isinstance(raw, Mapping):
            raise InputError(f"'{key}' is not a table", where=self.where)
        return {str(k): str(v) for k, v in raw.items()}

    def value(self, key: str, given: str = "", *, optional: bool = True) -> Value | None:
        """A printed number: text, or ``{ value, at }`` where it stands in another place."""
        raw = self.get(key)
        if raw is None and not optional:
            raise InputError(f"lacks '{key}'", where=self.where)
        return None if raw is None else one(raw, f"{self.where} {key}", self.at, given)

    def values(self, key: str, given: str = "") -> dict[str, Value]:
        """Named printed numbers from a table, or numbered ones from a list."""
        raw = self.get(key)
        if raw is None:
            return {}
        if isinstance(raw, list):
            raw = {str(i + 1): item for i, item in enumerate(raw)}
        if not isinstance(raw, Mapping):
            raise InputError(f"'{key}' is neither a table nor a list", where=self.where)
        return {str(k): one(v, f"{self.where} {key} {k}", self.at, given) for k, v in raw.items()}

    def counts(self, key: str) -> dict[str, Value]:
        """Whole numbers of things, which are exact."""
        raw = self.need(key)
        if not isinstance(raw, Mapping):
            raise InputError(f"'{key}' is not a table", where=self.where)
        return {str(k): counted(v, f"{self.where} {key} {k}", self.at) for k, v in raw.items()}

    def close(self, more: tuple[str, ...] = ()) -> None:
        """Refuse what nobody asked for."""
        for key in self.raw:
            if key not in self._known:
                raise InputError(
                    f"unknown key '{key}'",
                    where=self.where,
                    remedy=nearest(key, {*self._known, *more}),
                )


def one(raw: object, where: str, at: str, given: str = "") -> Value:
    """A printed number, from text or from ``{ value, at }``."""
    text, place = placed(raw, where, at)
    return read(text, where=where, at=place, given=given)


def size(raw: object, where: str, at: str) -> Size:
    """A printed size with its place, such as ``10 cm × 2 cm``."""
    text, place = placed(raw, where, at)
    return read_size(text, where=where, at=place)


def placed(raw: object, where: str, at: str) -> tuple[object, str]:
    """The printed text and its own locator."""
    if not isinstance(raw, Mapping):
        return raw, at
    block = Block(raw, where, at)
    text = block.need("value")
    block.close()
    return text, block.at


def counted(raw: object, where: str, at: str) -> Value:
    """A whole number of things."""
    text, place = placed(raw, where, at)
    if isinstance(text, bool) or not isinstance(text, int):
        raise InputError(f"{text!r} is not a whole number", where=where)
    made = exact(text, name=where)
    return Value(made.text, made.number, "1", 0.0, 1.0, "", place, where)


def heading(label: str, where: str) -> tuple[str, str]:
    """Name and unit of a column headed ``name / unit``.

    Raises:
        InputError: the unit is not known.
    """
    name, slash, text = (part.strip() for part in label.partition(" / "))
    if slash:
        try:
            unit(text)
        except InputError as error:
            raise error.at(where) from None
    return name, text if slash else ""
