"""The mass of each component, from what a recipe says of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polylyte.core import units
from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity
from polylyte.materials.recipes import Component, Measure, Recipe

_DISSOLVING = ("solvent", "ionic liquid", "diluent", "plasticizer", "monomer")
_SUM_TOLERANCE = 1e-3
"""Printed percentages may miss 100 by rounding, up to 0.1 points."""


def total(quantities: Iterable[Quantity], unit: str) -> Quantity:
    """The sum, with its shared sources of uncertainty added up."""
    result = Quantity(0.0, unit, how="derived")
    for quantity in quantities:
        result = result + quantity
    return result


def masses(recipe: Recipe) -> dict[str, Quantity]:
    """Mass in kg of every component, by label.

    What is weighed or measured out comes first; then what is asked for per litre or kilogram of
    solvent; then fractions of the whole.

    Raises:
        InputError: a density or molar mass is missing, or fractions do not add up.
    """
    return _Scale(recipe).masses()


class _Scale:
    """Masses of one recipe's components, found in the order in which they can be."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.found: dict[str, Quantity] = {}

    def masses(self) -> dict[str, Quantity]:
        """In kg, by label."""
        for component in self._of("mass", "amount", "volume"):
            self.found[component.label] = _weighed(component)
        self._concentrations(self._of("molarity", "molality"))
        self._fractions(self._of("wt%", "mol%", "vol%", "rest"))
        return self.found

    def _of(self, *measures: Measure) -> list[Component]:
        return [c for c in self.recipe.components if c.measure in measures]

    def _solvents(self) -> list[Component]:
        known = [c for c in self.recipe.components if c.label in self.found]
        if self.recipe.solvents:
            return [c for c in known if c.label in self.recipe.solvents]
        solvents = [c for c in known if c.role in ("solvent", "ionic liquid", "diluent")]
        return solvents or [c for c in known if c.role in _DISSOLVING]

    def _concentrations(self, asked: list[Component]) -> None:
        if not asked:
            return
        solvents = self._solvents()
        if not solvents:
            raise InputError(
                f"'{asked[0].label}' is given per litre or kilogram, but of no solvent",
                where=asked[0].where,
                remedy='give the solvents by amount, as in EMC = "1 mL"',
            )
        mass = total((self.found[c.label] for c in solvents), "kg")
        dissolved = {c.label: _dissolved_mass(c) for c in asked}
        if any(c.measure == "molarity" for c in asked):
            if not self.recipe.molarity_per:
                raise InputError(
                    "mol/L of what is not said",
                    where=asked[0].where,
                    remedy='add molarity_per = "solvent" or molarity_per = "solution"',
                )
            litres = self._litres(asked, dissolved, solvents)
        for component in asked:
            basis = litres if component.measure == "molarity" else mass
            self.found[component.label] = (dissolved[component.label] * basis).to("kg")

    def _litres(
        self, asked: list[Component], dissolved: dict[str, Quantity], solvents: list[Component]
    ) -> Quantity:
        """Volume of the solvents v, or V of the solution: rho V = m + V sum(c M) with its density,
        V = v + V sum(c M / rho) by ideal mixing."""
        if self.recipe.molarity_per == "solvent":
            return _volume_of(solvents, self.found)
        if any(c.measure == "molality" for c in asked):
            raise InputError(
                "mol/kg and mol/L of solution are mixed",
                where=asked[0].where,
                remedy="use one of them",
            )
        if self.recipe.density is not None:
            mass = total((self.found[c.label] for c in solvents), "kg")
            density = self.recipe.density.to("kg/m^3")
            left = density - total(dissolved.values(), "kg/m^3")
            volume = mass / left if left.value and left.value > 0 else None
        else:
            taken = total(
                ((dissolved[c.label] / needed(c, "density", "kg/m^3")).to("1") for c in asked), "1"
            )
            left = Quantity(1.0, "1") - taken
            litres = _volume_of(solvents, self.found)
            volume = litres / left if left.value and left.value > 0 else None
        if volume is None:
            raise InputError(
                "the salt alone would fill more than the solution",
                where=asked[0].where,
                remedy='check the density, or say molarity_per = "solvent"',
            )
        return volume.to("m^3")

    def _fractions(self, asked: list[Component]) -> None:
        if not asked:
            return
        kinds = {c.measure for c in asked if c.measure != "rest"}
        rest = [c for c in asked if c.measure == "rest"]
        if len(kinds) > 1 or len(rest) > 1 or (rest and self.found):
            raise InputError(
                "fractions of the whole are mixed", where=self.recipe.where,
                remedy="use one of wt%, mol%, vol%, and 'rest' at most once and with these alone",
            )  # fmt: skip
        kind = kinds.pop() if kinds else "wt%"
        unit, factor = _BASIS[kind]
        shares = {c.label: _plain(c.amount) for c in asked if c.amount is not None}
        share = total(shares.values(), "1")
        left = Quantity(1.0, "1") - share
        if self.found:
            others = total(
                (
                    (self.found[c.label] / factor(c)).to(unit)
                    for c in self.recipe.components
                    if c.label in self.found
                ),
                unit,
            )
            self._room(left, kind)
            basis = others / left
        elif rest:
            self._room(left, kind)
            shares[rest[0].label] = left
            basis = Quantity(0.1, unit)
        elif abs(left.value or 0.0) > _SUM_TOLERANCE:
            raise InputError(
                f"the fractions add up to {100 * (share.value or 0.0):.5g} {kind}",
                where=self.recipe.where,
                remedy='they must add up to 100; one of them can be "rest"',
            )
        else:
            basis = Quantity(0.1, unit)
        for component in asked:
            size = (shares[component.label] * basis).to(unit)
            self.found[component.label] = (size * factor(component)).to("kg")

    def _room(self, left: Quantity, kind: str) -> None:
        if (left.value or 0.0) <= 0:
            raise InputError(
                f"the fractions leave no room for the rest ({kind})",
                where=self.recipe.where,
                remedy="they must add up to less than 100",
            )


def _one(component: Component) -> Quantity:
    return Quantity(1.0, "1")


def _by_amount(component: Component) -> Quantity:
    return mass_per_mole(component)


def _by_volume(component: Component) -> Quantity:
    return needed(component, "density", "kg/m^3")


_BASIS = {"wt%": ("kg", _one), "mol%": ("mol", _by_amount), "vol%": ("m^3", _by_volume)}


def _plain(fraction: Quantity) -> Quantity:
    """A fraction of the whole as a plain ratio."""
    factor = float(units.unit(fraction.unit).factor)
    parts = {source: part * factor for source, part in fraction.components.items()}
    return Quantity(fraction.si, "1", parts, fraction.how)


def _weighed(component: Component) -> Quantity:
    """Mass of what was taken, its excess included and its impurities too."""
    amount = component.amount
    assert amount is not None
    if component.measure == "mass":
        mass = amount.to("kg")
    elif component.measure == "volume":
        mass = (amount.to("m^3") * needed(component, "density", "kg/m^3")).to("kg")
    else:
        mass = (amount.to("mol") * mass_per_mole(component)).to("kg")
        if component.purity is not None:
            mass = mass / component.purity
    if component.excess is not None:
        mass = mass * (Quantity(1.0, "1") + component.excess)
    return mass


def _dissolved_mass(component: Component) -> Quantity:
    """Mass per volume (or per mass) of solvent that an asked concentration stands for."""
    amount = component.amount
    assert amount is not None
    if component.measure == "molarity":
        return (amount.to("mol/m^3") * mass_per_mole(component)).to("kg/m^3")
    return (amount.to("mol/kg") * mass_per_mole(component)).to("1")


def _volume_of(components: Sequence[Component], masses: dict[str, Quantity]) -> Quantity:
    return total(
        ((masses[c.label] / needed(c, "density", "kg/m^3")).to("m^3") for c in components), "m^3"
    )


def needed(component: Component, what: str, unit: str) -> Quantity:
    """A property that the recipe cannot do without.

    Raises:
        InputError: it is not known.
    """
    value: Quantity | None = getattr(component, what)
    if value is None:
        raise InputError(
            f"the {what} of '{component.label}' is not known",
            where=component.where,
            remedy=f'write it as {{ amount = "…", {what} = "1.2 g/mL" }}',
        )
    return value.to(unit)


def mass_per_mole(component: Component) -> Quantity:
    """Molar mass of what a mole counts: molecules, formula units, or the units of a chain
    whose ends do not matter.

    Raises:
        InputError: it is not known.
    """
    substance, stated = component.substance, component.molar_mass
    chain = substance.end_groups is not None
    if stated is not None and (chain or not substance.repeat_unit):
        return stated.to("kg/mol")
    known = substance.molar_mass
    if known is None or chain:
        raise InputError(
            f"the molar mass of '{component.label}' is not known",
            where=component.where,
            remedy='write it as { amount = "…", molar_mass = "6000 g/mol" }',
        )
    return known
