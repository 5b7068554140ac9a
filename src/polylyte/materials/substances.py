"""Substances: what a name in a recipe or a cell card stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from polylyte.core import units
from polylyte.core.errors import InputError, nearest
from polylyte.core.kinds import Density
from polylyte.core.package_data import package_data
from polylyte.core.quantities import Quantity, q
from polylyte.core.sections import section
from polylyte.materials import formulas
from polylyte.materials.cards import Card, key_of, share

Lookup = Callable[[str, str], Any]
"""Section and name to what the study declares there; raises InputError where it does not."""

GRADES = ("measured", "supplier", "estimate", "stated")
ROLES = (
    "salt", "monomer", "crosslinker", "initiator", "plasticizer", "solvent", "ionic liquid",
    "diluent", "additive", "polymer", "filler", "precursor", "active", "binder", "conductor",
    "separator", "metal",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class EndGroups:
    """What completes a chain of repeat units: both ends together."""

    formula: str
    carbonyl: int = 0
    ether_oxygen: int = 0


@section("substance")
@dataclass(frozen=True, kw_only=True)
class Substance:
    """``formula`` is that of a molecule, of a formula unit, or of a repeat unit.

    ``carbonyl`` and ``ether_oxygen`` count groups per formula; None where they are not known.
    """

    label: str
    name: str
    formula: str = ""
    smiles: str = ""
    aliases: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    repeat_unit: bool = False
    end_groups: EndGroups | None = None
    carbonyl: int | None = None
    ether_oxygen: int | None = None
    density: Quantity | None = None
    density_source: str = ""
    density_grade: str = ""
    cost: Quantity | None = None
    cost_source: str = ""
    cost_date: str = ""

    @property
    def molar_mass(self) -> Quantity | None:
        """Of the formula, in kg/mol; None where the formula is not known."""
        if not self.formula:
            return None
        return Quantity(formulas.molar_mass(self.formula), "kg/mol", how="derived")

    @property
    def elements(self) -> Mapping[str, float]:
        """Atoms of each element in the formula."""
        return formulas.elements(self.formula) if self.formula else {}

    @classmethod
    def from_toml(cls, table: Mapping[str, Any], *, where: str, name: str) -> Substance:
        """A substance of the study's own: formula or SMILES, and what is known about it.

        Raises:
            InputError: no formula, a wrong dimension, a misspelt key.
            MachineError: a SMILES is given and rdkit is not installed.
        """
        card = Card(table, where=where, source=f"substance.{name}")
        smiles, formula = card.text("smiles"), card.text("formula")
        groups = formulas.read_smiles(smiles) if smiles and not formula else None
        formula = groups.formula if groups else formula
        if formula:
            formulas.elements(formula)
        density, source, grade = _density(card)
        made = cls(
            label=name,
            name=card.text("name", name),
            formula=formula,
            smiles=smiles,
            aliases=card.texts("aliases"),
            roles=_roles(card),
            repeat_unit=card.flag("repeat_unit"),
            end_groups=_end_groups(card),
            carbonyl=_count(card, "carbonyl", groups.carbonyl if groups else None),
            ether_oxygen=_count(card, "ether_oxygen", groups.ether_oxygen if groups else None),
            density=density,
            density_source=source,
            density_grade=grade,
            cost=cost(card),
            cost_source=card.text("cost_source"),
            cost_date=card.date("cost_date"),
        )
        card.close()
        return made

    def to_key(self) -> Any:
        """Plain, canonical content."""
        return key_of(self)


def _density(card: Card) -> tuple[Quantity | None, str, str]:
    if not isinstance(card.raw.get("density"), Mapping):
        return card.quantity("density", Density), card.text("source"), "stated"
    inner = card.card("density")
    assert inner is not None
    value = inner.quantity("value", Density)
    temperature = inner.text("temperature")
    if value is not None and temperature:
        q(temperature)
        value = value.given(temperature=temperature)
    source, grade = inner.text("source"), inner.text("grade", "stated", GRADES)
    inner.close()
    return value, source, grade


def cost(card: Card) -> Quantity | None:
    """Money per mass.

    Raises:
        InputError: not money per mass.
    """
    raw = card.get("cost")
    if raw is None:
        return None
    where = card.at("cost")
    try:
        read = q(str(raw), source=f"{card.source}.cost")
        known = [units.unit(f"{money}/kg").dimension for money in ("USD", "EUR")]
        if units.unit(read.unit).dimension in known:
            return read
    except InputError as error:
        raise error.at(where) from None
    raise InputError(
        f"'{raw}' is not money per mass", where=where, remedy="give it as in '120 USD/kg'"
    )


def _roles(card: Card) -> tuple[str, ...]:
    roles = card.texts("roles")
    for role in roles:
        if role not in ROLES:
            raise InputError(
                f"'{role}' is not a role", where=card.at("roles"), remedy=nearest(role, ROLES)
            )
    return roles


def _count(card: Card, key: str, default: int | None) -> int | None:
    raw = card.get(key)
    if raw is None:
        return default
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise InputError(f"{raw!r} is not a whole number", where=card.at(key))
    return raw


def _end_groups(card: Card) -> EndGroups | None:
    formula = card.text("end_groups")
    carbonyl, ether = _count(card, "end_carbonyl", 0), _count(card, "end_ether_oxygen", 0)
    if not formula:
        return None
    return EndGroups(formula=formula, carbonyl=carbonyl or 0, ether_oxygen=ether or 0)


@cache
def table() -> Mapping[str, Substance]:
    """The package's substances by label."""
    import tomli

    content = tomli.loads(package_data("materials/substances.toml").decode())
    return {label: _packaged(label, entry) for label, entry in content.items()}


def _packaged(label: str, entry: Mapping[str, Any]) -> Substance:
    # The table states every group there is, so a count that is absent is zero.
    entry = {"carbonyl": 0, "ether_oxygen": 0, **entry} if "formula" in entry else entry
    return Substance.from_toml(entry, where=f"substances.toml [{label}]", name=label)


def find(name: str, lookup: Lookup | None = None, *, where: str | None = None) -> Substance:
    """A substance by label, name or alias; upper and lower case matter only where they must.

    ``lookup("substance", name)`` gives the study's own, which come first.

    Raises:
        InputError: unknown (names the nearest) or ambiguous.
    """
    own, hint = _of_study(name, lookup)
    if own is not None:
        return own
    found = _spelt().get(name) or _spelt_in_any_case().get(name.casefold(), [])
    if len(found) == 1:
        return _shared(found[0].label)
    if found:
        labels = " or ".join(f"'{s.label}'" for s in found)
        raise InputError(f"'{name}' is ambiguous", where=where, remedy=f"write {labels}")
    if not hint:
        hint = nearest(name, _spelt())
    add = "add it under [substance.NAME] with its formula"
    remedy = f"{hint} If not, {add}" if hint.startswith("did") else add
    raise InputError(f"no substance is called '{name}'", where=where, remedy=remedy)


@cache
def _shared(label: str) -> Substance:
    share(table()[label])
    return table()[label]


@cache
def _spelt() -> dict[str, list[Substance]]:
    """The substances of the table by each of their spellings."""
    found: dict[str, list[Substance]] = {}
    for substance in table().values():
        for spelling in dict.fromkeys(_spellings(substance)):
            found.setdefault(spelling, []).append(substance)
    return found


@cache
def _spelt_in_any_case() -> dict[str, list[Substance]]:
    found: dict[str, list[Substance]] = {}
    for substance in table().values():
        for spelling in dict.fromkeys(map(str.casefold, _spellings(substance))):
            found.setdefault(spelling, []).append(substance)
    return found


def _spellings(substance: Substance) -> tuple[str, ...]:
    return (substance.label, substance.name, *substance.aliases)


def _of_study(name: str, lookup: Lookup | None) -> tuple[Substance | None, str]:
    """The study's own substance, or the hint at one that is spelt nearly so."""
    if lookup is None:
        return None, ""
    try:
        own: Substance = lookup("substance", name)
    except InputError as error:
        if error.what != f"there is no [substance.{name}]":
            raise
        hint = error.remedy or ""
        return None, hint if hint.startswith("did") else ""
    return own, ""
