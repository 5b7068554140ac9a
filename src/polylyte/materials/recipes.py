"""Recipes in the chemist's own words: what was weighed, measured out, or asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from polylyte.core import units
from polylyte.core.errors import InputError
from polylyte.core.kinds import Density, Duration, MolarMass, Temperature
from polylyte.core.quantities import Quantity, q
from polylyte.core.sections import section
from polylyte.materials import substances
from polylyte.materials.cards import Card, key_of
from polylyte.materials.substances import ROLES, Lookup, Substance

Measure = Literal["mass", "amount", "volume", "molarity", "molality", "wt%", "mol%", "vol%", "rest"]
REST = "rest"
MEASURES: Mapping[str, Measure] = {
    "g": "mass", "mol": "amount", "mL": "volume", "mol/L": "molarity", "mol/kg": "molality",
    "wt%": "wt%", "mol%": "mol%", "vol%": "vol%",
}  # fmt: skip
OWN_KEYS = ("cure", "density", "molarity_per", "solvents", "salt", "amount", "note")
"""Keys of a recipe that are no substance."""


@dataclass(frozen=True, kw_only=True)
class Component:
    """One line of a recipe. ``amount`` is None where it is the rest of the whole."""

    substance: Substance
    amount: Quantity | None
    measure: Measure
    role: str
    density: Quantity | None = None
    molar_mass: Quantity | None = None
    purity: Quantity | None = None
    excess: Quantity | None = None
    cost: Quantity | None = None
    absorbs: Recipe | None = None
    where: str = field(default="", compare=False)

    @property
    def label(self) -> str:
        return self.substance.label


@dataclass(frozen=True, kw_only=True)
class Cure:
    """A temperature held for a time."""

    temperature: Quantity
    duration: Quantity


@section("recipe")
@dataclass(frozen=True, kw_only=True)
class Recipe:
    """``molarity_per`` says what "1 mol/L" means: per litre of ``solvents`` before the salt goes
    in, or per litre of the finished solution. ``density`` is that of the whole mixture."""

    name: str
    components: tuple[Component, ...]
    cure: tuple[Cure, ...] = ()
    density: Quantity | None = None
    molarity_per: Literal["", "solvent", "solution"] = ""
    solvents: tuple[str, ...] = ()
    salt: str = ""
    """"none" where a recipe has no lithium salt on purpose."""
    amount: Quantity | None = None
    """How much of the mixture is taken (of an absorbed solution); None: all of it."""
    note: str = field(default="", compare=False)
    where: str = field(default="", compare=False)
    needs_study: ClassVar[bool] = True
    """A recipe may name a [substance.NAME] of its study."""

    @classmethod
    def from_toml(
        cls,
        table: Mapping[str, Any],
        *,
        where: str,
        name: str,
        lookup: Lookup | None = None,
    ) -> Recipe:
        """A recipe from its table; ``lookup`` finds the study's own substances.

        Raises:
            InputError: a misspelt substance, a wrong unit, an amount that cannot be.
        """
        return _recipe(Card(table, where=where, source=f"recipe.{name}"), name, lookup)

    def to_key(self) -> Any:
        """Plain, canonical content, that of its substances included."""
        return key_of(self)


def _recipe(card: Card, name: str, lookup: Lookup | None) -> Recipe:
    per = card.text("molarity_per", choices=("solvent", "solution"))
    density = card.quantity("density", Density)
    solvents = card.texts("solvents")
    labels = tuple(
        substances.find(solvent, lookup, where=card.at("solvents")).label for solvent in solvents
    )
    salt = card.text("salt", choices=("none",))
    amount = _taken(card)
    note = card.text("note")
    cure = tuple(_cure(step) for step in card.cards("cure"))
    components = tuple(_component(card, key, lookup) for key in card.raw if key not in OWN_KEYS)
    if not components:
        raise InputError(
            "the recipe has no components", where=card.where, remedy='add LiTFSI = "4.5 mmol"'
        )
    _once_each(components)
    present = {component.label for component in components}
    for label in labels:
        if label not in present:
            raise InputError(f"'{label}' is not in the recipe", where=card.at("solvents"))
    return Recipe(
        name=name,
        components=components,
        cure=cure,
        density=density,
        molarity_per=per,  # type: ignore[arg-type]
        solvents=labels,
        salt=salt,
        amount=amount,
        note=note,
        where=card.where,
    )


def _taken(card: Card) -> Quantity | None:
    raw = card.get("amount")
    if raw is None:
        return None
    value, measure = _read(raw, card.at("amount"), f"{card.source}.amount")
    if measure not in ("mass", "volume") or value is None:
        raise InputError(
            f"'{raw}' is neither a mass nor a volume",
            where=card.at("amount"),
            remedy="give how much of the mixture is taken, in g or mL",
        )
    return value


def _cure(card: Card) -> Cure:
    at, duration = card.quantity("at", Temperature), card.quantity("for", Duration)
    card.close()
    if at is None or duration is None:
        raise InputError(
            "a cure needs a temperature and a time",
            where=card.where,
            remedy='write { at = "60 degC", for = "5 h" }',
        )
    return Cure(temperature=at, duration=duration)


def _component(recipe: Card, key: str, lookup: Lookup | None) -> Component:
    substance = substances.find(key, lookup, where=recipe.where)
    raw = recipe.get(key)
    table = raw if isinstance(raw, Mapping) else {"amount": raw}
    card = Card(table, where=recipe.at(key), source=f"{recipe.source}.{substance.label}")
    inner = card.card("absorbs")
    default = substance.roles[0] if substance.roles else ""
    stated = card.get("amount")
    if stated is None:
        raise InputError("no amount is given", where=card.where, remedy='add amount = "1 g"')
    amount, measure = _read(stated, card.where, card.source)
    component = Component(
        substance=substance,
        amount=amount,
        measure=measure,
        role=card.text("role", default, ROLES) or "component",
        density=card.quantity("density", Density) or substance.density,
        molar_mass=card.quantity("molar_mass", MolarMass),
        purity=card.fraction("purity"),
        excess=card.fraction("excess"),
        cost=substances.cost(card) or substance.cost,
        absorbs=_recipe(inner, f"{substance.label}, absorbed", lookup) if inner else None,
        where=card.where,
    )
    card.close()
    return component


def _read(raw: Any, where: str, source: str) -> tuple[Quantity | None, Measure]:
    if raw == REST:
        return None, "rest"
    remedy = "give it in g, mol, mL, mol/L, mol/kg, wt%, mol% or vol%"
    if not isinstance(raw, str):
        raise InputError(f"{raw!r} has no unit", where=where, remedy=remedy)
    try:
        value = q(raw, source=source)
    except InputError as error:
        raise error.at(where) from None
    dimension = units.unit(value.unit).dimension
    for unit, measure in MEASURES.items():
        if units.unit(unit).dimension == dimension:
            if value.si < 0:
                raise InputError(f"'{raw}' is negative", where=where)
            return value, measure
    raise InputError(f"'{raw}' is no amount of a substance", where=where, remedy=remedy)


def _once_each(components: tuple[Component, ...]) -> None:
    seen: dict[str, str] = {}
    for component in components:
        if component.label in seen:
            raise InputError(
                f"names '{component.label}' twice",
                where=component.where,
                remedy=f"it is {seen[component.label]} already; keep one of them",
            )
        seen[component.label] = component.where
