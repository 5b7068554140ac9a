"""Types that own a section of the study file (a recipe, a cell), discovered like methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from polylyte.core import discovery

T = TypeVar("T")


class SectionType(Protocol):
    """What ``@section`` asks of a class."""

    @classmethod
    def from_toml(cls, table: Mapping[str, Any], *, where: str, name: str) -> Any:
        """Build the object from its table; ``where`` names file and section for messages."""

    def to_key(self) -> Any:
        """Plain, canonical content (numbers as canonical SI text), for the key of a step."""


def section(name: str) -> Callable[[type[T]], type[T]]:
    """Claim ``[name.*]`` of the study file for a class.

    The class has ``from_toml(table, *, where, name)`` and ``to_key()``.
    """

    def mark(cls: type[T]) -> type[T]:
        cls.__polylyte__ = ("section", name)  # type: ignore[attr-defined]
        return cls

    return mark


def get(name: str) -> Any:
    """The class that claims ``[name.*]``.

    Raises:
        InputError: nothing claims it; names the nearest.
    """
    return discovery.load("section", name)
