"""One areal cell card: everything that mass, energy, simulation, life and safety need of a cell.

Nothing is entered twice: what follows from other entries is left out, and where two entries
say the same thing, the methods compare them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

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
)
from polylyte.core.quantities import Quantity
from polylyte.core.sections import section
from polylyte.materials import substances
from polylyte.materials.cards import Card, key_of

FORMATS = ("coin", "pouch", "cylindrical", "prismatic", "Swagelok", "tomography")


@dataclass(frozen=True, kw_only=True)
class Electrode:
    """``loading`` is the mass per area of one face, of the active material or of the coating."""

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
    cost: Quantity | None = None


@dataclass(frozen=True, kw_only=True)
class Layer:
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
    cost: Quantity | None = None


@dataclass(frozen=True, kw_only=True)
class Liquid:
    """Liquid in the pores, as volume or mass per area, or as mass per capacity."""

    material: str = ""
    areal_volume: Quantity | None = None
    areal_mass: Quantity | None = None
    density: Quantity | None = None
    electrolyte_to_capacity: Quantity | None = None
    cost: Quantity | None = None


@dataclass(frozen=True, kw_only=True)
class Foil:
    """A current collector; ``sides`` is how many faces are coated and share its mass."""

    material: str
    thickness: Quantity | None = None
    areal_mass: Quantity | None = None
    density: Quantity | None = None
    sides: int = 1
    cost: Quantity | None = None


@dataclass(frozen=True, kw_only=True)
class Package:
    """What is around the stack."""

    mass: Quantity | None = None
    tabs_mass: Quantity | None = None


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
    foils: tuple[Foil, ...] = ()
    package: Package | None = None
    average_voltage: Quantity | None = None
    temperature: Quantity | None = None
    capacity: Quantity | None = None
    specific_energy: Quantity | None = None
    layers: int | None = None
    """Number of cathode faces of ``area`` each."""
    variants: Mapping[str, Cell] = field(default_factory=dict)
    note: str = field(default="", compare=False)
    where: str = field(default="", compare=False)

    @classmethod
    def from_toml(cls, table: Mapping[str, Any], *, where: str, name: str) -> Cell:
        """A cell from its table.

        Raises:
            InputError: a misspelt key, a wrong dimension, a fraction above 1.
        """
        return _cell(Card(table, where=where, source=f"cell.{name}"), name)

    def to_key(self) -> Any:
        """Plain, canonical content: 60 um and 0.06 mm are the same."""
        return key_of(self)


def _cell(card: Card, name: str) -> Cell:
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
        cathode=_electrode(card.card("cathode")),
        anode=_electrode(card.card("anode")),
        electrolyte=_layer(card.card("electrolyte")),
        separator=_layer(card.card("separator")),
        liquid=_liquid(card.card("liquid")),
        foils=tuple(_foil(inner) for inner in card.cards("foils")),
        package=_package(card.card("package")),
        average_voltage=card.quantity("average_voltage", CellVoltage),
        temperature=card.quantity("temperature", Temperature),
        capacity=card.quantity("capacity", Capacity),
        specific_energy=card.quantity("specific_energy", SpecificEnergy),
        layers=card.whole("layers"),
        variants=_variants(card, name),
        note=card.text("note"),
        where=card.where,
    )
    card.close()
    return made


def _variants(card: Card, name: str) -> dict[str, Cell]:
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
        # Sources keep the name of the card, so that what is not changed stays correlated.
        merged = Card(_merged(base, change.raw), where=change.where, source=card.source)
        made[variant] = _cell(merged, f"{name} ({variant})")
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
        cost=substances.cost(card),
    )
    card.close()
    _loading(made, card)
    return made


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
        cost=substances.cost(card),
    )
    card.close()
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
        cost=substances.cost(card),
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
        cost=substances.cost(card),
    )
    card.close()
    return made


def _package(card: Card | None) -> Package | None:
    if card is None:
        return None
    made = Package(
        mass=card.quantity("mass", Mass, zero=True),
        tabs_mass=card.quantity("tabs_mass", Mass, zero=True),
    )
    card.close()
    return made
