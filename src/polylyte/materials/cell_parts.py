"""The parts of a cell card and how each is read from its table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from polylyte.core.errors import InputError
from polylyte.core.kinds import (
    Area,
    ArealCapacity,
    ArealMass,
    ArealVolume,
    Conductivity,
    Density,
    ElectrolyteToCapacity,
    Length,
    Mass,
    Molarity,
    Ratio,
    SpecificCapacity,
    Volume,
)
from polylyte.core.quantities import Quantity, q
from polylyte.materials import substances
from polylyte.materials.cards import Card


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


def disc(diameter: Quantity) -> Quantity:
    """Area of a disc, pi d^2 / 4."""
    from math import pi

    return (diameter.to("m") * diameter.to("m")).to("cm^2") * (pi / 4)


def read_electrode(card: Card | None) -> Electrode | None:
    """An electrode from its table.

    Raises:
        InputError: a misspelt key, a wrong dimension, entries that exclude each other.
    """
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


def read_layer(card: Card | None) -> Layer | None:
    """A film or separator from its table.

    Raises:
        InputError: a misspelt key, a wrong dimension, entries that exclude each other.
    """
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


def read_liquid(card: Card | None) -> Liquid | None:
    """A liquid from its table.

    Raises:
        InputError: a misspelt key, a wrong dimension, entries that exclude each other.
    """
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


def read_foil(card: Card) -> Foil:
    """A current collector from its table.

    Raises:
        InputError: a misspelt key, a wrong dimension, entries that exclude each other.
    """
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


def read_package(card: Card | None) -> Package | None:
    """A package from its table.

    Raises:
        InputError: a misspelt key, a wrong dimension, entries that exclude each other.
    """
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


def read_roll(card: Card | None) -> Roll | None:
    """The roll of a wound cell from its table.

    Raises:
        InputError: a misspelt key, a wrong dimension, entries that exclude each other.
    """
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
