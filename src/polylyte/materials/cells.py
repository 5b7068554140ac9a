"""One areal cell card: everything that mass, energy, simulation, life and safety need of a cell.

Nothing is entered twice: what follows from other entries is left out, and where two entries
say the same thing, the methods compare them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, ClassVar

from polylyte.core.errors import InputError
from polylyte.core.kinds import Area, Capacity, CellVoltage, Length, SpecificEnergy, Temperature
from polylyte.core.quantities import Quantity
from polylyte.core.sections import section
from polylyte.materials import cell_parts
from polylyte.materials.cards import Card, key_of
from polylyte.materials.cell_parts import Electrode as Electrode
from polylyte.materials.cell_parts import Foil as Foil
from polylyte.materials.cell_parts import Layer as Layer
from polylyte.materials.cell_parts import Liquid as Liquid
from polylyte.materials.cell_parts import Package as Package
from polylyte.materials.cell_parts import Roll as Roll
from polylyte.materials.cell_parts import disc as disc

Lookup = Callable[[str, str], Any]
"""Section and name to what the study declares there; raises InputError where it does not."""

FORMATS = ("coin", "pouch", "cylindrical", "prismatic", "Swagelok", "tomography")


@section("cell")
@dataclass(frozen=True, kw_only=True)
class Cell:
    """``thickness`` is that of what lies between the electrodes of a blocking or symmetric cell.
    ``specific_energy`` is one stated for the whole cell, packaging included: the mass follows.
    ``variants`` are the same card with entries changed."""

    name: str
    format: str = ""
    stack: tuple[str, ...] = ()
    thickness: Quantity | None = None
    area: Quantity | None = None
    cathode: Electrode | None = None
    anode: Electrode | None = None
    electrolyte: Layer | None = None
    separator: Layer | None = None
    liquid: Liquid | None = None
    anode_free: bool | None = None
    """True where all lithium comes from the cathode; None (never False) where it does not."""
    foils: tuple[Foil, ...] = ()
    package: Package | None = None
    roll: Roll | None = None
    average_voltage: Quantity | None = None
    upper_cutoff: Quantity | None = None
    lower_cutoff: Quantity | None = None
    temperature: Quantity | None = None
    capacity: Quantity | None = None
    specific_energy: Quantity | None = None
    layers: int | None = None
    """Number of cathode faces of ``area`` each."""
    variants: Mapping[str, Cell] = field(default_factory=dict)
    note: str = field(default="", compare=False)
    where: str = field(default="", compare=False)

    needs_study: ClassVar[bool] = True

    @classmethod
    def from_toml(
        cls,
        table: Mapping[str, Any],
        *,
        where: str,
        name: str,
        lookup: Lookup | None = None,
    ) -> Cell:
        """A cell from its table; prices and densities may be those of the study's substances.

        Raises:
            InputError: a misspelt key, a wrong dimension, a fraction above 1, a cut-off on the
                wrong side of the average voltage.
        """
        return _cell(Card(table, where=where, source=f"cell.{name}"), name, lookup)

    def to_key(self) -> Any:
        """Plain, canonical content: 60 um and 0.06 mm are the same."""
        return key_of(self)


def _cell(card: Card, name: str, lookup: Lookup | None) -> Cell:
    stack = card.texts("stack")
    if stack and len(stack) < 2:
        raise InputError(
            "a stack needs at least two layers",
            where=card.at("stack"),
            remedy='write ["SS", "SL2", "SS"]',
        )
    made = Cell(
        name=name,
        format=card.text("format", choices=FORMATS),
        stack=stack,
        thickness=card.quantity("thickness", Length),
        area=_area(card),
        cathode=_part(card, "cathode", cell_parts.read_electrode, lookup),
        anode=_part(card, "anode", cell_parts.read_electrode, lookup),
        electrolyte=_part(card, "electrolyte", cell_parts.read_layer, lookup),
        separator=_part(card, "separator", cell_parts.read_layer, lookup),
        liquid=_part(card, "liquid", cell_parts.read_liquid, lookup),
        anode_free=card.flag("anode_free") or None,
        foils=tuple(_known(cell_parts.read_foil(inner), lookup) for inner in card.cards("foils")),
        package=_part(card, "package", cell_parts.read_package),
        roll=_part(card, "roll", cell_parts.read_roll),
        average_voltage=card.quantity("average_voltage", CellVoltage),
        upper_cutoff=card.quantity("upper_cutoff", CellVoltage),
        lower_cutoff=card.quantity("lower_cutoff", CellVoltage, zero=True),
        temperature=card.quantity("temperature", Temperature),
        capacity=card.quantity("capacity", Capacity),
        specific_energy=card.quantity("specific_energy", SpecificEnergy),
        layers=card.whole("layers"),
        variants=_variants(card, name, lookup),
        note=card.text("note"),
        where=card.where,
    )
    card.close()
    _consistent(made, card)
    return made


def _consistent(cell: Cell, card: Card) -> None:
    """Refuse entries that exclude each other."""
    if cell.anode_free and cell.anode is not None:
        raise InputError(
            "the card is anode-free and has an anode",
            where=card.where,
            remedy="remove anode_free = true or the anode",
        )
    if cell.roll is not None and cell.format not in ("", "cylindrical"):
        raise InputError(f"a {cell.format} cell has no roll", where=card.at("roll"))
    low, mean, high = cell.lower_cutoff, cell.average_voltage, cell.upper_cutoff
    ladder = [("lower_cutoff", low), ("average_voltage", mean), ("upper_cutoff", high)]
    stated = [(key, value) for key, value in ladder if value is not None]
    for (below, a), (above, b) in pairwise(stated):
        if a.si >= b.si:
            raise InputError(
                f"{below} {a} is not below {above} {b}", where=card.where, remedy="correct one"
            )


def _part(card: Card, key: str, read: Callable[[Card], Any], lookup: Lookup | None = None) -> Any:
    """What ``read`` makes of the table ``key``; None where there is none."""
    inner = card.card(key)
    return None if inner is None else _known(read(inner), lookup)


def _known(part: Any, lookup: Lookup | None) -> Any:
    """The part with price and density of the study's own substance, where it states neither."""
    if lookup is None or not part.material:
        return part
    try:
        own = lookup("substance", part.material)
    except InputError as error:
        # A material may be a recipe, or one of the package's substances.
        if error.what != f"there is no [substance.{part.material}]":
            raise
        return part
    if part.cost is None and own.cost is not None:
        source = own.cost_source or f"[substance.{part.material}]"
        part = replace(part, cost=own.cost, cost_source=source, cost_date=own.cost_date)
    if part.density is None and own.density is not None and not isinstance(part, Electrode):
        # The density of an electrode is that of all its solids, not of its active material.
        part = replace(part, density=own.density)
    return part


def _variants(card: Card, name: str, lookup: Lookup | None) -> dict[str, Cell]:
    inner = card.card("variants")
    if inner is None:
        return {}
    base = {key: value for key, value in card.raw.items() if key != "variants"}
    made = {}
    for variant in inner.raw:
        change = inner.card(variant)
        assert change is not None
        if "variants" in change.raw:
            raise InputError("a variant has no variants", where=change.where)
        # A variant without anode has no other way to take it from the card.
        kept = {k: v for k, v in base.items() if k != "anode" or not change.raw.get("anode_free")}
        # Sources keep the name of the card, so that what is not changed stays correlated.
        merged = Card(_merged(kept, change.raw), where=change.where, source=card.source)
        made[variant] = _cell(merged, f"{name} ({variant})", lookup)
    return made


def _merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """``change`` over ``base``, table by table; lists (foils) are replaced whole."""
    merged = dict(base)
    for key, value in change.items():
        old = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(old, Mapping)
        merged[key] = _merged(old, value) if both else value  # type: ignore[arg-type]
    return merged


def _area(card: Card) -> Quantity | None:
    """The area, or that of a disc of the given diameter."""
    area, diameter = card.quantity("area", Area), card.quantity("diameter", Length)
    if area is not None and diameter is not None:
        raise InputError(
            "both area and diameter are given", where=card.where, remedy="keep one of them"
        )
    return disc(diameter) if diameter is not None else area
