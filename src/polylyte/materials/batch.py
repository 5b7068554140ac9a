"""From a recipe's words to mass, amount and volume of each component."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from polylyte.core import units
from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity
from polylyte.materials import formulas
from polylyte.materials.recipes import Component, Recipe
from polylyte.materials.substances import Substance
from polylyte.materials.weighing import mass_per_mole, masses, total

MEDIUM = ("solvent", "ionic liquid", "plasticizer", "diluent", "monomer", "crosslinker", "polymer")
"""Roles of what dissolves the salt: molality is per mass of these."""
LIQUID = ("solvent", "ionic liquid", "plasticizer", "diluent")
"""Roles of what stays liquid (or plastic) after the cure."""


@dataclass(frozen=True, kw_only=True)
class Portion:
    """What is there of one component, in SI; None where it cannot be known."""

    label: str
    substance: Substance | None
    role: str
    mass: Quantity
    amount: Quantity | None = None
    volume: Quantity | None = None
    carbonyl: Quantity | None = None
    """Amount of C=O groups (mol); None where the substance's groups are not known."""
    ether_oxygen: Quantity | None = None
    cost: Quantity | None = None
    inside: str = ""
    """The filler that absorbed it."""

    def has(self, element: str) -> bool:
        return self.substance is not None and element in self.substance.elements


def weigh(recipe: Recipe) -> list[Portion]:
    """Every component's mass, amount and volume; what a filler absorbed stands beside it.

    Raises:
        InputError: a density or molar mass is missing, fractions do not add up.
    """
    found = masses(recipe)
    portions: list[Portion] = []
    for component in recipe.components:
        portions += _portions(component, found[component.label])
    whole = total((portion.mass for portion in portions), "kg")
    if whole.value == 0:
        raise InputError("every amount is zero", where=recipe.where, remedy="give an amount")
    return portions


def _groups(component: Component, per_mole: Quantity) -> tuple[Quantity | None, Quantity | None]:
    """C=O groups and ether oxygens per mole counted."""
    substance = component.substance
    counts = (substance.carbonyl, substance.ether_oxygen)
    if substance.end_groups is None:
        carbonyl, ether = (None if n is None else Quantity(float(n), "1") for n in counts)
        return carbonyl, ether
    ends = substance.end_groups
    unit = substance.molar_mass
    assert unit is not None
    length = ((per_mole - Quantity(formulas.molar_mass(ends.formula), "kg/mol")) / unit).to("1")
    added = (ends.carbonyl, ends.ether_oxygen)
    carbonyl, ether = (
        None if n is None else length * float(n) + Quantity(float(extra), "1")
        for n, extra in zip(counts, added, strict=True)
    )
    return carbonyl, ether


def _portions(component: Component, taken: Quantity) -> list[Portion]:
    """The substance itself, its impurities, and what it absorbed."""
    purity = component.purity
    mass = taken if purity is None else taken * purity
    portions = [_portion(component, mass, taken)]
    if purity is not None:
        rest = taken - mass
        portions.append(
            Portion(
                label=f"impurities of {component.label}",
                substance=None,
                role="impurity",
                mass=rest,
                volume=_volume(component, rest),
            )
        )
    if component.absorbs is not None:
        inner = take(component.absorbs)
        portions += [replace(p, inside=p.inside or component.label) for p in inner]
    return portions


def _portion(component: Component, mass: Quantity, bought: Quantity) -> Portion:
    amount = carbonyl = ether = None
    try:
        per_mole = mass_per_mole(component)
    except InputError:
        pass
    else:
        amount = (mass / per_mole).to("mol")
        groups = _groups(component, per_mole)
        carbonyl, ether = (None if n is None else (amount * n).to("mol") for n in groups)
    price = component.cost
    money = "EUR" if price is not None and "EUR" in price.unit else "USD"
    return Portion(
        label=component.label,
        substance=component.substance,
        role=component.role,
        mass=mass,
        amount=amount,
        volume=_volume(component, mass),
        carbonyl=carbonyl,
        ether_oxygen=ether,
        cost=None if price is None else (bought * price.to(f"{money}/kg")).to(money),
    )


def _volume(component: Component, mass: Quantity) -> Quantity | None:
    if component.density is None:
        return None
    return (mass / component.density.to("kg/m^3")).to("m^3")


def take(recipe: Recipe) -> list[Portion]:
    """The portions of a recipe, scaled to the amount of the mixture that is taken.

    Raises:
        InputError: a volume is taken, and the mixture's density is not known.
    """
    portions = weigh(recipe)
    if recipe.amount is None:
        return portions
    mass = total((p.mass for p in portions), "kg")
    if units.unit(recipe.amount.unit).dimension == units.unit("kg").dimension:
        factor = recipe.amount.to("kg") / mass
    else:
        volume = mixture_volume(recipe, portions)
        if volume is None:
            raise InputError(
                "a volume of the mixture is taken, and its density is not known",
                where=recipe.where,
                remedy='add density = "1.5 g/mL", or that of each component',
            )
        factor = recipe.amount.to("m^3") / volume
    return [_scaled(portion, factor.to("1")) for portion in portions]


def _scaled(portion: Portion, factor: Quantity) -> Portion:
    def scaled(value: Quantity | None) -> Quantity | None:
        return None if value is None else (value * factor).to(value.unit)

    return replace(
        portion,
        mass=(portion.mass * factor).to("kg"),
        amount=scaled(portion.amount),
        volume=scaled(portion.volume),
        carbonyl=scaled(portion.carbonyl),
        ether_oxygen=scaled(portion.ether_oxygen),
        cost=scaled(portion.cost),
    )


def mixture_volume(recipe: Recipe, portions: Sequence[Portion]) -> Quantity | None:
    """From the recipe's density, else by ideal mixing; None where a density is missing."""
    if recipe.density is not None:
        mass = total((p.mass for p in portions), "kg")
        return (mass / recipe.density.to("kg/m^3")).to("m^3")
    present = [p for p in portions if p.mass.value]
    volumes = [p.volume for p in present if p.volume is not None]
    return total(volumes, "m^3") if len(volumes) == len(present) else None
