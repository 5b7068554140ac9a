"""One areal cell card: everything that mass, energy, simulation, life and safety need of a cell.

Nothing is entered twice: what follows from other entries is left out, and where two entries
say the same thing, the methods compare them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, ClassVar, Literal, TypeVar

from polylyte.core.errors import InputError
from polylyte.core.kinds import (
    Area,
    ArealCapacity,
    ArealMass,
    ArealVolume,
    Capacity,
    CellVoltage,
    Conductivity,
    Density,
    ElectrolyteToCapacity,
    Length,
    Mass,
    Molarity,
    Ratio,
    SpecificCapacity,
    SpecificEnergy,
    Temperature,
    Volume,
)
from polylyte.core.quantities import Quantity, q
from polylyte.core.sections import section
from polylyte.materials import substances
from polylyte.materials.cards import Card, key_of

Lookup = Callable[[str, str], Any]
"""Section and name to what the study declares there; raises InputError where it does not."""

FORMATS = ("coin", "pouch", "cylindrical", "prismatic", "Swagelok", "tomography")


@dataclass(frozen=True, kw_only=True)
class Priced:
    """``cost`` is money per mass; a price without its source and date is not worth much."""

    cost: Quantity | None = None
    cost_source: str = ""
    cost_date: str = ""


@dataclass(frozen=True, kw_only=True)
class Electrode(Priced):
    """``loading`` is the mass per area of one face, of the active material or of the coating.

    ``density`` is that of the solids, without pores. ``swelling`` is the thickness of the charged
    electrode over that of the discharged one.
    """

    material: str = ""
    loading: Quantity | None = None
    loading_of: Literal["", "active", "coating"] = ""
    active_fraction: Quantity | None = None
    specific_capacity: Quantity | None = None
    areal_capacity: Quantity | None = None
    areal_mass: Quantity | None = None
    thickness: Quantity | None = None
    density: Quantity | None = None
    porosity: Quantity | None = None
    particle_radius: Quantity | None = None
    conductivity: Quantity | None = None
    diameter: Quantity | None = None
    area: Quantity | None = None
    swelling: Quantity | None = None


@dataclass(frozen=True, kw_only=True)
class Layer(Priced):
    """An electrolyte film or a separator. ``material`` may name a recipe."""

    material: str = ""
    thickness: Quantity | None = None
    areal_mass: Quantity | None = None
    density: Quantity | None = None
    porosity: Quantity | None = None
    tortuosity: Quantity | None = None
    conductivity: Quantity | None = None
    transference_number: Quantity | None = None
    salt_concentration: Quantity | None = None


@dataclass(frozen=True, kw_only=True)
class Liquid(Priced):
    """Liquid in the pores: as volume or mass per area, as mass per capacity, or as ``filling``,
    its volume over that of the pores (above 1 it is in excess)."""

    material: str = ""
    areal_volume: Quantity | None = None
    areal_mass: Quantity | None = None
    density: Quantity | None = None
    electrolyte_to_capacity: Quantity | None = None
    filling: Quantity | None = None


@dataclass(frozen=True, kw_only=True)
class Foil(Priced):
    """A current collector; ``sides`` is how many faces are coated and share its mass."""

    material: str
    thickness: Quantity | None = None
    areal_mass: Quantity | None = None
    density: Quantity | None = None
    sides: int = 1


@dataclass(frozen=True, kw_only=True)
class Package:
    """What is around the stack: its mass and that of the tabs, or the share that both have in the
    mass of the cell. ``volume`` is the outer volume of the whole cell, as stated or from its outer
    dimensions. ``cost`` is money per cell, tabs included."""

    mass: Quantity | None = None
    tabs_mass: Quantity | None = None
    mass_share: Quantity | None = None
    volume: Quantity | None = None
    cost: Quantity | None = None
    cost_source: str = ""
    cost_date: str = ""


@dataclass(frozen=True, kw_only=True)
class Roll:
    """The wound stack of a cylindrical cell: outer and core diameter, width of the coating."""

    diameter: Quantity
    core_diameter: Quantity
    width: Quantity


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
        cathode=_known(_electrode(card.card("cathode")), lookup),
        anode=_known(_electrode(card.card("anode")), lookup),
        electrolyte=_known(_layer(card.card("electrolyte")), lookup),
        separator=_known(_layer(card.card("separator")), lookup),
        liquid=_known(_liquid(card.card("liquid")), lookup),
        anode_free=card.flag("anode_free") or None,
        foils=tuple(_known(_foil(inner), lookup) for inner in card.cards("foils")),
        package=_package(card.card("package")),
        roll=_roll(card.card("roll")),
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


Part = TypeVar("Part", Electrode, Layer, Liquid, Foil)


def _known(part: Part | None, lookup: Lookup | None) -> Any:
    """The part with price and density of the study's own substance, where it states neither."""
    if part is None or lookup is None or not part.material:
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
        part = replace(part, cost=own.cost, cost_source=source)
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


def disc(diameter: Quantity) -> Quantity:
    """Area of a disc, pi d^2 / 4."""
    from math import pi

    return (diameter.to("m") * diameter.to("m")).to("cm^2") * (pi / 4)


def _electrode(card: Card | None) -> Electrode | None:
    if card is None:
        return None
    made = Electrode(
        material=card.text("material"),
        loading=card.quantity("loading", ArealMass),
        loading_of=card.text("loading_of", choices=("active", "coating")),  # type: ignore[arg-type]
        active_fraction=card.fraction("active_fraction"),
        specific_capacity=card.quantity("specific_capacity", SpecificCapacity),
        areal_capacity=card.quantity("areal_capacity", ArealCapacity),
        areal_mass=card.quantity("areal_mass", ArealMass),
        thickness=card.quantity("thickness", Length),
        density=card.quantity("density", Density),
        porosity=card.fraction("porosity"),
        particle_radius=card.quantity("particle_radius", Length),
        conductivity=card.quantity("conductivity", Conductivity),
        diameter=card.quantity("diameter", Length),
        area=card.quantity("area", Area),
        swelling=card.quantity("swelling", Ratio),
        **_price(card),
    )
    card.close()
    _loading(made, card)
    _not_all_pores(made.porosity, card)
    return made


def _price(card: Card) -> dict[str, Any]:
    return {
        "cost": substances.cost(card),
        "cost_source": card.text("cost_source"),
        "cost_date": card.date("cost_date"),
    }


def _not_all_pores(porosity: Quantity | None, card: Card) -> None:
    if porosity is not None and porosity.si >= 1:
        raise InputError(
            "a porosity of 1 leaves no solid", where=card.at("porosity"), remedy="it is below 1"
        )


def _loading(electrode: Electrode, card: Card) -> None:
    if electrode.loading is None:
        return
    if not electrode.loading_of:
        raise InputError(
            "a loading of what is not said",
            where=card.at("loading"),
            remedy='add loading_of = "active" or loading_of = "coating"',
        )
    if electrode.areal_mass is not None:
        raise InputError(
            "both loading and areal_mass are given",
            where=card.where,
            remedy="keep the loading: the mass of the coating follows from it",
        )


def _layer(card: Card | None) -> Layer | None:
    if card is None:
        return None
    made = Layer(
        material=card.text("material"),
        thickness=card.quantity("thickness", Length),
        areal_mass=card.quantity("areal_mass", ArealMass),
        density=card.quantity("density", Density),
        porosity=card.fraction("porosity"),
        tortuosity=card.quantity("tortuosity", Ratio),
        conductivity=card.quantity("conductivity", Conductivity),
        transference_number=card.fraction("transference_number"),
        salt_concentration=card.quantity("salt_concentration", Molarity),
        **_price(card),
    )
    card.close()
    _not_all_pores(made.porosity, card)
    return made


def _liquid(card: Card | None) -> Liquid | None:
    if card is None:
        return None
    made = Liquid(
        material=card.text("material"),
        areal_volume=card.quantity("areal_volume", ArealVolume),
        areal_mass=card.quantity("areal_mass", ArealMass),
        density=card.quantity("density", Density),
        electrolyte_to_capacity=card.quantity("electrolyte_to_capacity", ElectrolyteToCapacity),
        filling=card.quantity("filling", Ratio),
        **_price(card),
    )
    card.close()
    return made


def _foil(card: Card) -> Foil:
    material = card.text("material")
    if not material:
        raise InputError(
            "a foil needs its material", where=card.where, remedy='add material = "Al"'
        )
    sides = card.whole("sides") or 1
    if sides > 2:
        raise InputError(
            f"a foil has no {sides} sides", where=card.at("sides"), remedy="give 1 or 2"
        )
    made = Foil(
        material=material,
        thickness=card.quantity("thickness", Length),
        areal_mass=card.quantity("areal_mass", ArealMass),
        density=card.quantity("density", Density),
        sides=sides,
        **_price(card),
    )
    card.close()
    return made


def _package(card: Card | None) -> Package | None:
    if card is None:
        return None
    made = Package(
        mass=card.quantity("mass", Mass, zero=True),
        tabs_mass=card.quantity("tabs_mass", Mass, zero=True),
        mass_share=card.fraction("mass_share"),
        volume=_volume(card),
        cost=_money(card),
        cost_source=card.text("cost_source"),
        cost_date=card.date("cost_date"),
    )
    card.close()
    if made.mass_share is not None and (made.mass or made.tabs_mass):
        raise InputError(
            "both a share and a mass are given", where=card.where, remedy="keep one of them"
        )
    if made.mass_share is not None and made.mass_share.si >= 1:
        raise InputError("the package is the whole cell", where=card.at("mass_share"))
    return made


def _volume(card: Card) -> Quantity | None:
    """Outer volume: as stated, of a can (diameter, height) or of a box."""
    stated = card.quantity("volume", Volume)
    diameter, height = card.quantity("diameter", Length), card.quantity("height", Length)
    sides = [card.quantity(key, Length) for key in ("length", "width", "thickness")]
    box = [side.to("m") for side in sides if side is not None]
    ways = [stated is not None, diameter is not None or height is not None, bool(box)]
    if sum(ways) > 1:
        raise InputError(
            "the volume is given in two ways", where=card.where, remedy="keep one of them"
        )
    if ways[1]:
        if diameter is None or height is None:
            raise InputError("a can needs its diameter and its height", where=card.where)
        return (disc(diameter).to("m^2") * height.to("m")).to("mL")
    if box:
        if len(box) < 3:
            raise InputError("a box needs length, width and thickness", where=card.where)
        return (box[0] * box[1] * box[2]).to("mL")
    return stated


def _money(card: Card) -> Quantity | None:
    """Money per cell.

    Raises:
        InputError: not money.
    """
    raw = card.get("cost")
    if raw is None:
        return None
    try:
        read = q(str(raw), source=f"{card.source}.cost")
    except InputError as error:
        raise error.at(card.at("cost")) from None
    if read.unit not in ("USD", "EUR"):
        raise InputError(
            f"'{raw}' is not money", where=card.at("cost"), remedy="give it as in '0.5 USD'"
        )
    return read


def _roll(card: Card | None) -> Roll | None:
    if card is None:
        return None
    outer, core = card.quantity("diameter", Length), card.quantity("core_diameter", Length)
    width = card.quantity("width", Length)
    card.close()
    if outer is None or core is None or width is None:
        raise InputError("a roll needs diameter, core_diameter and width", where=card.where)
    if core.si >= outer.si:
        raise InputError(f"the core {core} is not inside the roll {outer}", where=card.where)
    return Roll(diameter=outer, core_diameter=core, width=width)
