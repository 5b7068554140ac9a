"""What a recipe comes to: fractions, concentrations, ratios to lithium, stoichiometry, cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from polylyte.core.errors import NotAnswerable
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import (
    AmountFraction,
    AnyQuantity,
    Density,
    Mass,
    MassFraction,
    Molality,
    Molarity,
    MolarMass,
    Ratio,
)
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Result
from polylyte.core.tables import Table
from polylyte.materials.batch import LIQUID, MEDIUM, Portion, mixture_volume, weigh
from polylyte.materials.formulas import ATOMIC_WEIGHTS
from polylyte.materials.ratios import (
    as_percent,
    feed_fractions,
    lacking,
    monomer_ratios,
    salt_ratios,
    unknown,
)
from polylyte.materials.recipes import Component, Recipe
from polylyte.materials.stoichiometry import of_batch
from polylyte.materials.weighing import total


@dataclass(frozen=True, kw_only=True)
class Composition(Result):
    """Fields that do not apply (a monomer ratio where there is no monomer) are absent; those
    that apply and cannot be known are null and say why. ``more`` holds ``mass_fraction@NAME``,
    ``amount_fraction@NAME``, ``feed_fraction@MONOMER`` and ``stoichiometry@ELEMENT``."""

    composition: Table = out("one row per component, a column per measure")
    total_mass: Mass = out("mass of the whole")
    density: Density = out("of the whole, given or by ideal mixing of volumes")
    solid_content: MassFraction = out("everything but solvents, plasticizers and ionic liquids")
    liquid_content: MassFraction = out("solvents, plasticizers and ionic liquids")
    cost: AnyQuantity = out("cost of the whole")
    salt_molality: Molality | None = out("salt per kilogram of what dissolves it", default=None)
    salt_molarity: Molarity | None = out("salt per litre of the whole mixture", default=None)
    salt_molarity_in_solvent: Molarity | None = out(
        "salt per litre of what dissolves it, before mixing", default=None
    )
    carbonyl_per_lithium: Ratio | None = out("C=O groups per lithium of the salt", default=None)
    monomer_carbonyl_per_lithium: Ratio | None = out(
        "C=O groups of the monomers alone (no crosslinker) per lithium", default=None
    )
    ether_oxygen_per_lithium: Ratio | None = out("ether oxygens per lithium", default=None)
    plasticizer_per_lithium: Ratio | None = out("plasticizer molecules per lithium", default=None)
    initiator_per_monomer: AmountFraction | None = out(
        "initiator molecules per hundred monomers (no crosslinker)", default=None
    )
    monomer_set_mass: MolarMass | None = out("one of each monomer together", default=None)
    stoichiometry: Table | None = out("element ratios of a ceramic batch", default=None)


def figure(result: Composition) -> Figure:
    """Bars of mass and amount fractions."""
    table = result.composition
    names = table.column("component")
    places = [float(i) for i in range(len(names))]
    series = []
    for column, label in (("mass_fraction", "wt%"), ("amount_fraction", "mol%")):
        values = table.column(column)
        if None not in values:
            series.append(Series(places, values, label, "bars", table.std(column), names=names))
    return Figure(
        "composition",
        [Panel(series, "component", "fraction", y_unit="%")],
        "Composition by mass and by amount of substance.",
        "A salt that is large by mass and small by amount is heavy, not concentrated: conduction "
        "follows the amount.",
    )


@method(
    "recipe.composition",
    version=1,
    cites=[ATOMIC_WEIGHTS],
    figure=figure,
    prose="Compositions were computed from the amounts taken, with molar masses from the standard "
    "atomic weights; volumes by {density_model}. The mixture holds {solid_content} of solids.",
)
def composition(*, recipe: Recipe, target: str = "") -> Composition:
    """Fractions, concentrations and ratios of a recipe.

    w_i = m_i / sum(m), x_i = n_i / sum(n), with m = n M and m = rho V.
    Molality: salt per kilogram of what dissolves it (solvents, plasticizers, ionic liquids,
    monomers and polymers). Molarity: per litre of the whole, from the recipe's density or else
    from ideal mixing of volumes (flagged; salts contract by several per cent), and per litre of
    what dissolves the salt. A C=O group counts once; an ether oxygen is C-O-C with no carbonyl
    beside it. Polymers are counted in repeat units, chains whose ends react by the molar mass
    that the recipe gives. Uncertainties of amounts, densities and molar masses are carried to
    first order and stay correlated.

    Parameters:
        recipe: what was weighed, measured out or asked for
        target: formula that a ceramic batch should give, such as Li7La3Zr2O12

    Raises:
        NotAnswerable: there is no lithium in the recipe, and it does not say salt = "none".
        InputError: a density or molar mass is missing, or fractions do not add up.

    References:
        Atomic weights: Meija et al. 2016, doi:10.1515/pac-2015-0305.
    """
    portions = weigh(recipe)
    _has_lithium(recipe, portions)
    volume = mixture_volume(recipe, portions)
    mass = total((p.mass for p in portions), "kg")
    fractions = [as_percent((p.mass / mass).to("1"), "wt%") for p in portions]
    amounts = _amount_fractions(portions)
    density = _density(recipe, mass, volume, portions)
    liquid = total((f for f, p in zip(fractions, portions, strict=True) if p.role in LIQUID), "wt%")
    ceramic = bool(target) or any(p.role == "precursor" for p in portions)
    batch = of_batch(recipe, target) if ceramic else None
    cost, missing = _cost(portions)
    return Composition(
        composition=_table(portions, fractions, amounts, volume),
        total_mass=mass.to("g"),
        density=density,
        solid_content=Quantity(100.0, "wt%", how="derived") - liquid,
        liquid_content=liquid,
        cost=cost,
        **salt_ratios(recipe, portions, volume),
        **monomer_ratios(portions),
        stoichiometry=batch.table if batch else None,
        more={
            **_named("mass_fraction", portions, fractions),
            **_named("amount_fraction", portions, amounts),
            **feed_fractions(portions),
            **(batch.quantities if batch else {}),
        },
        findings=(
            *_findings(recipe, portions, volume, missing),
            *(batch.findings if batch else ()),
        ),
        text={"density_model": _density_model(recipe, volume)},
    )


def _has_lithium(recipe: Recipe, portions: Sequence[Portion]) -> None:
    if recipe.salt != "none" and not any(p.has("Li") and p.mass.value for p in portions):
        raise NotAnswerable(
            "there is no salt in the recipe: its ratios to lithium cannot be given",
            where=recipe.where or recipe.name,
            remedy='add the salt, or salt = "none" if there is none on purpose',
        )


def _amount_fractions(portions: Sequence[Portion]) -> list[Quantity]:
    nameless = lacking(portions, "amount")
    if nameless:
        return [unknown("mol%", f"molar mass of {nameless} unknown")] * len(portions)
    whole = total((p.amount for p in portions if p.amount is not None), "mol")
    nothing = Quantity(0.0, "mol%")
    return [
        nothing if p.amount is None else as_percent((p.amount / whole).to("1"), "mol%")
        for p in portions
    ]


def _density_model(recipe: Recipe, volume: Quantity | None) -> str:
    if recipe.density is not None:
        return "the stated density of the mixture"
    return "ideal mixing" if volume is not None else "none, as a density is not known"


def _density(
    recipe: Recipe, mass: Quantity, volume: Quantity | None, portions: Sequence[Portion]
) -> Quantity:
    if recipe.density is not None:
        return recipe.density
    if volume is None:
        return unknown("g/cm^3", f"density of {lacking(portions, 'volume')} unknown")
    return (mass / volume).to("g/cm^3").flagged("ideal mixing")


def _table(
    portions: Sequence[Portion],
    fractions: list[Quantity],
    amounts: list[Quantity],
    volume: Quantity | None,
) -> Table:
    medium = total((p.mass for p in portions if p.role in MEDIUM), "kg")

    def each(make: Callable[[Portion], Quantity | None], unit: str) -> list[Quantity]:
        made = [make(p) for p in portions]
        return [unknown(unit) if x is None else x.to(unit) for x in made]

    return Table.of_quantities(
        {
            "component": [p.label for p in portions],
            "role": [p.role for p in portions],
            "absorbed_in": [p.inside for p in portions],
        },
        {
            "mass": each(lambda p: p.mass, "g"),
            "amount": each(lambda p: p.amount, "mmol"),
            "volume": each(lambda p: p.volume, "mL"),
            "mass_fraction": fractions,
            "amount_fraction": amounts,
            "molality": each(lambda p: p.amount / medium if p.amount and medium.value else None,
                             "mol/kg"),
            "molarity": each(lambda p: p.amount / volume if p.amount and volume else None, "mol/L"),
        },
        note="molality: per kilogram of what dissolves the salt; molarity: per litre of the whole",
    )  # fmt: skip


def _named(
    what: str, portions: Sequence[Portion], values: Sequence[Quantity]
) -> dict[str, Quantity]:
    """One quantity per substance; what is there twice (absorbed as well) is added up."""
    named: dict[str, Quantity] = {}
    for portion, value in zip(portions, values, strict=True):
        name = f"{what}@{portion.label}"
        named[name] = named[name] + value if name in named else value
    return named


def _cost(portions: Sequence[Portion]) -> tuple[Quantity, str]:
    missing = lacking(portions, "cost")
    costs = [p.cost for p in portions if p.cost is not None]
    if missing or not costs:
        return unknown("USD", "price unknown"), missing
    currencies = {cost.unit for cost in costs}
    if len(currencies) > 1:
        return unknown("USD", "prices in two currencies"), ""
    return total(costs, costs[0].unit), ""


def _all(recipe: Recipe) -> list[Component]:
    """The recipe's components, and those of what they absorbed."""
    inner = [c.absorbs for c in recipe.components if c.absorbs]
    return [*recipe.components, *(c for absorbed in inner for c in _all(absorbed))]


def _findings(
    recipe: Recipe, portions: Sequence[Portion], volume: Quantity | None, missing: str
) -> list[Finding]:
    findings = []
    if recipe.density is None and volume is not None and len(portions) > 1:
        findings.append(
            Finding(
                "volumes are taken to add up (ideal mixing); a salt in a solvent contracts",
                remedy="give the recipe's density",
            )
        )
    if volume is None and any(p.role == "salt" for p in portions):
        findings.append(
            Finding(
                f"no molarity of the whole: density of {lacking(portions, 'volume')} unknown",
                remedy="give the recipe's density",
            )
        )
    for part in (recipe, *(c.absorbs for c in recipe.components if c.absorbs)):
        if part.molarity_per:
            per = "solvent" if part.molarity_per == "solvent" else "finished solution"
            findings.append(Finding(f"mol/L in {part.name} is per litre of {per}"))
    used = [c for c in _all(recipe) if c.density is not None and c.density is c.substance.density]
    if used:
        said = "; ".join(
            f"{c.label} {c.density} ({c.substance.density_grade}: {c.substance.density_source})"
            for c in used
        )
        findings.append(Finding(f"densities from the table of substances: {said}"))
    if missing:
        findings.append(
            Finding(f"cost unknown: no price of {missing}", remedy='add cost = "… USD/kg"')
        )
    units = [
        p.label
        for p in portions
        if p.substance and p.substance.repeat_unit and not p.substance.end_groups
    ]
    if units:
        findings.append(Finding(f"{', '.join(units)} counted in repeat units"))
    return findings
