"""Thresholds that are stated per area or for the electrode as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity
from polylyte.core.units import unit

_PLAIN = {"A/m^2": "A", "S/m^2": "S"}
_EXAMPLE = {"A/m^2": "10 uA/cm^2", "S/m^2": "0.1 mA/cm^2/V"}


@dataclass(frozen=True)
class Level:
    """SI value, and whether it is per area."""

    value: float
    per_area: bool

    def at(self, area: float) -> float:
        """For an electrode of ``area``, m²."""
        return self.value * (area if self.per_area else 1.0)


@dataclass(frozen=True)
class Levels:
    """Thresholds of the current and of its slope; None where no area is known for them."""

    current: Level | None
    slope: Level | None

    def at(self, area: float) -> tuple[float | None, float | None]:
        """In A and A/V."""
        return (
            None if self.current is None else self.current.at(area),
            None if self.slope is None else self.slope.at(area),
        )


def level(
    given: Quantity, density: Literal["A/m^2", "S/m^2"], area: Quantity | None, where: str
) -> Level | None:
    """A threshold; None where it is per area and no area is known.

    Raises:
        InputError: it is neither of the two kinds, or not positive.
    """
    dimension = unit(given.unit).dimension
    per_area = dimension == unit(density).dimension
    if not per_area and dimension != unit(_PLAIN[density]).dimension:
        raise InputError(
            f"'{given}' is neither per area nor of the electrode as it is",
            where=where,
            remedy=f"give it as in '{_EXAMPLE[density]}'",
        )
    if given.value is None or given.value <= 0:
        raise InputError("must be positive", where=where)
    return None if per_area and area is None else Level(given.si, per_area)
