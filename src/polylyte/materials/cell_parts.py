"""The parts of a cell card and how each is read from its table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, get_args, get_type_hints

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
from polylyte.materials.cards import Card

Fraction = Annotated[Quantity, "fraction"]
"""From 0 to 1, as ``"94.5 wt%"``, ``"30 vol%"``, ``"40 %"`` or ``0.4``."""
Price = Annotated[Quantity, "price"]
"""Money per mass or per area: ``"20 USD/kg"``, ``"0.4 EUR/m^2"``."""
Sum = Annotated[Quantity, "sum"]
"""Money: ``"0.3 USD"``."""
PER = ("kg", "m^2")


@dataclass(frozen=True, kw_only=True)
class Priced:
    """``cost`` is money per mass, or per area of the part as it is bought; a price without its
    source and date is not worth much."""

    cost: Price | None = None
    cost_source: str = ""
    cost_date: str = ""


@dataclass(frozen=True, kw_only=True)
class Electrode(Priced):
    """``loading`` is the mass per area of one face, of the active material or of the coating.

    ``density`` is that of the solids, without pores. ``swelling`` is the thickness of the charged
    electrode over that of the discharged one.
    """

    material: str = ""
    loading: ArealMass | None = None
    loading_of: Literal["", "active", "coating"] = ""
    active_fraction: Fraction | None = None
    specific_capacity: SpecificCapacity | None = None
    areal_capacity: ArealCapacity | None = None
    areal_mass: ArealMass | None = None
    thickness: Length | None = None
    density: Density | None = None
    porosity: Fraction | None = None
    particle_radius: Length | None = None
    conductivity: Conductivity | None = None
    diameter: Length | None = None
    area: Area | None = None
    swelling: Ratio | None = None


@dataclass(frozen=True, kw_only=True)
class Layer(Priced):
    """An electrolyte film or a separator. ``material`` may name a recipe."""

    material: str = ""
    thickness: Length | None = None
    areal_mass: ArealMass | None = None
    density: Density | None = None
    porosity: Fraction | None = None
    tortuosity: Ratio | None = None
    conductivity: Conductivity | None = None
    transference_number: Fraction | None = None
    salt_concentration: Molarity | None = None


@dataclass(frozen=True, kw_only=True)
class Liquid(Priced):
    """Liquid in the pores: as volume or mass per area, as mass per capacity, or as ``filling``,
    its volume over that of the pores (above 1 it is in excess)."""

    material: str = ""
    areal_volume: ArealVolume | None = None
    areal_mass: ArealMass | None = None
    density: Density | None = None
    electrolyte_to_capacity: ElectrolyteToCapacity | None = None
    filling: Ratio | None = None


@dataclass(frozen=True, kw_only=True)
class Foil(Priced):
    """A current collector; ``sides`` is how many faces are coated and share its mass."""

    material: str = ""
    thickness: Length | None = None
    areal_mass: ArealMass | None = None
    density: Density | None = None
    sides: int = 1


@dataclass(frozen=True, kw_only=True)
class Package:
    """What is around the stack: its mass and that of the tabs, or the share that both have in the
    mass of the cell. ``volume`` is the outer volume of the whole cell, as stated or from its outer
    dimensions. ``cost`` is money per cell, tabs included."""

    mass: Annotated[Mass, "zero"] | None = None
    tabs_mass: Annotated[Mass, "zero"] | None = None
    mass_share: Fraction | None = None
    volume: Volume | None = None
    cost: Sum | None = None
    cost_source: str = ""
    cost_date: str = ""


@dataclass(frozen=True, kw_only=True)
class Roll:
    """The wound stack of a cylindrical cell: outer and core diameter, width of the coating."""

    diameter: Length
    core_diameter: Length
    width: Length


Part = TypeVar("Part")


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """Each field of a part with its annotation, without the None."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: _without_none(hint) for name, hint in hints.items()}


def _without_none(hint: Any) -> Any:
    options = get_args(hint) if type(None) in get_args(hint) else (hint,)
    return next(option for option in options if option is not type(None))


def _entry(card: Card, key: str, hint: Any) -> Any:
    """One entry of a table as the annotation of its field says."""
    if key.endswith("_date"):
        return card.date(key)
    if hint is str:
        return card.text(key)
    if hint is int:
        return card.whole(key) or 1
    marks = getattr(hint, "__metadata__", ())
    if not marks:
        return card.text(key, choices=[choice for choice in get_args(hint) if choice])
    if "fraction" in marks:
        return card.fraction(key)
    if "price" in marks:
        return _money(card, key, PER)
    if "sum" in marks:
        return _money(card, key)
    return card.quantity(key, hint, zero="zero" in marks)


def _read(
    kind: type[Part], card: Card, own: dict[str, Callable[[Card], Any]] | None = None
) -> Part:
    """A part from its table; ``own`` reads what is not simply an entry."""
    special = own or {}
    declared: Any = kind
    values = dict(_absent(declared))
    card.asked += values
    for key, hint in _hints(declared).items():
        if key in special:
            values[key] = special[key](card)
        elif key in card.raw:
            values[key] = _entry(card, key, hint)
    made = kind(**values)
    card.close()
    return made


@cache
def _absent(kind: Any) -> dict[str, Any]:
    """What each field is where the table says nothing: most of a card is silence."""
    return {
        key: _entry(Card({}, where="", source=""), key, hint) for key, hint in _hints(kind).items()
    }


def _money(card: Card, key: str, per: tuple[str, ...] = ()) -> Quantity | None:
    """Money, or money per one of ``per``.

    Raises:
        InputError: neither.
    """
    raw = card.get(key)
    if raw is None:
        return None
    try:
        read = q(str(raw), source=f"{card.source}.{key}")
    except InputError as error:
        raise error.at(card.at(key)) from None
    for money in ("USD", "EUR"):
        for unit in [f"{money}/{one}" for one in per] or [money]:
            try:
                found = read.to(unit)
            except InputError:
                continue
            if found.si >= 0:
                return read
            raise InputError(f"'{raw}' is less than nothing", where=card.at(key))
    what, example = ("money per mass or area", "20 USD/kg") if per else ("money", "0.5 USD")
    raise InputError(
        f"'{raw}' is not {what}", where=card.at(key), remedy=f"give it as in '{example}'"
    )


def disc(diameter: Quantity) -> Quantity:
    """Area of a disc, pi d^2 / 4."""
    from math import pi

    return (diameter.to("m") * diameter.to("m")).to("cm^2") * (pi / 4)


def read_electrode(card: Card) -> Electrode:
    """An electrode from its table.

    Raises:
        InputError: a misspelt key, a wrong dimension, entries that exclude each other.
    """
    made = _read(Electrode, card)
    _not_all_pores(made.porosity, card)
    if made.loading is None:
        return made
    if not made.loading_of:
        raise InputError(
            "a loading of what is not said",
            where=card.at("loading"),
            remedy='add loading_of = "active" or loading_of = "coating"',
        )
    if made.areal_mass is not None:
        raise InputError(
            "both loading and areal_mass are given",
            where=card.where,
            remedy="keep the loading: the mass of the coating follows from it",
        )
    return made


def _not_all_pores(porosity: Quantity | None, card: Card) -> None:
    if porosity is not None and porosity.si >= 1:
        raise InputError(
            "a porosity of 1 leaves no solid", where=card.at("porosity"), remedy="it is below 1"
        )


def read_layer(card: Card) -> Layer:
    """A film or separator from its table.

    Raises:
        InputError: a misspelt key, a wrong dimension, a porosity of 1.
    """
    made = _read(Layer, card)
    _not_all_pores(made.porosity, card)
    return made


def read_liquid(card: Card) -> Liquid:
    """A liquid from its table.

    Raises:
        InputError: a misspelt key or a wrong dimension.
    """
    return _read(Liquid, card)


def read_foil(card: Card) -> Foil:
    """A current collector from its table.

    Raises:
        InputError: a misspelt key, a wrong dimension, no material, more than two sides.
    """
    made = _read(Foil, card)
    if not made.material:
        raise InputError(
            "a foil needs its material", where=card.where, remedy='add material = "Al"'
        )
    if made.sides > 2:
        raise InputError(
            f"a foil has no {made.sides} sides", where=card.at("sides"), remedy="give 1 or 2"
        )
    return made


def read_package(card: Card) -> Package:
    """A package from its table.

    Raises:
        InputError: a misspelt key, a wrong dimension, entries that exclude each other.
    """
    made = _read(Package, card, {"volume": _volume})
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


def read_roll(card: Card) -> Roll:
    """The roll of a wound cell from its table.

    Raises:
        InputError: a misspelt key, a wrong dimension, an entry missing, a core outside the roll.
    """
    made = _read(Roll, card)
    if None in (made.diameter, made.core_diameter, made.width):
        raise InputError("a roll needs diameter, core_diameter and width", where=card.where)
    if made.core_diameter.si >= made.diameter.si:
        raise InputError(
            f"the core {made.core_diameter} is not inside the roll {made.diameter}",
            where=card.where,
        )
    return made
