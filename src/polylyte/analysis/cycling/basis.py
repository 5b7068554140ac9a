"""What a capacity is divided by: the active mass, the electrode's area, or nothing (per cell)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity, derive

if TYPE_CHECKING:
    from polylyte.instruments.cycling import CyclingRecord


@dataclass(frozen=True)
class Basis:
    """``by`` is None per cell. ``unit`` is that of a capacity, ``energy`` that of an energy."""

    by: Quantity | None
    unit: str
    energy: str
    words: str
    name: str

    def divide(self, value: Quantity, unit: str) -> Quantity:
        """The value per active mass, area or cell, in ``unit``; says so in its conditions."""
        conditions = {**value.conditions, "per": self.words}
        if self.by is None:
            return replace(value.to(unit), conditions=conditions)
        return derive(lambda x, b: x / b, unit, x=value, b=self.by, conditions=conditions)

    @property
    def size(self) -> float:
        """What values in SI are divided by."""
        return 1.0 if self.by is None else self.by.si


def basis(mass: Quantity | None, area: Quantity | None) -> Basis:
    """Per mass where one is given, else per area, else per cell.

    Raises:
        InputError: a mass or area that is not positive.
    """
    for name, value in (("active_mass", mass), ("area", area)):
        if value is not None and (value.value is None or value.si <= 0):
            raise InputError("must be positive", where=name)
    if mass is not None:
        words = f"active mass of {mass.to('mg')}"
        return Basis(mass, "mAh/g", "Wh/kg", words, "active mass")
    if area is not None:
        words = f"area of {area.to('cm^2')}"
        return Basis(area, "mAh/cm^2", "mWh/cm^2", words, "area")
    return Basis(None, "mAh", "mWh", "cell", "cell")


def one_each(
    given: Sequence[Quantity] | None, records: Sequence[CyclingRecord], where: str
) -> list[Quantity | None]:
    """One value per record: those given, or the one for all.

    Raises:
        InputError: another number of values than records.
    """
    if not given:
        return [None] * len(records)
    if len(given) == 1:
        return [given[0]] * len(records)
    if len(given) != len(records):
        raise InputError(
            f"{len(given)} values for {len(records)} records",
            where=where,
            remedy="give one for all, or one for each in the records' order",
        )
    return list(given)


def stated(record: CyclingRecord, name: str) -> Quantity | None:
    """What the file's header says, if it says so."""
    conditions: Mapping[str, Quantity] = record.conditions
    return conditions.get(name)


def names(records: Sequence[CyclingRecord]) -> list[str]:
    """A name per record, told apart where two are alike."""
    found = [record.name or f"cell {k + 1}" for k, record in enumerate(records)]
    return [f"{n} ({k + 1})" if found.count(n) > 1 else n for k, n in enumerate(found)]


def common(
    records: Sequence[CyclingRecord],
    active_mass: Sequence[Quantity] | None,
    area: Sequence[Quantity] | None,
) -> list[Basis]:
    """What each record's capacities are divided by; cells of one batch by the same, or nothing.

    Raises:
        InputError: another number of values than records, or one that is not positive.
    """
    masses = one_each(active_mass, records, "active_mass")
    areas = one_each(area, records, "area")
    if all(m is None for m in masses) and all(a is None for a in areas):
        masses = _if_all([stated(record, "mass") for record in records])
        areas = _if_all([stated(record, "area") for record in records])
    return [basis(mass, own) for mass, own in zip(masses, areas, strict=True)]


def _if_all(values: list[Quantity | None]) -> list[Quantity | None]:
    return values if all(v is not None for v in values) else [None] * len(values)
