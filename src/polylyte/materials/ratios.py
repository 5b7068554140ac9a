"""What there is per lithium, per litre, per kilogram, per monomer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polylyte.core.quantities import Quantity
from polylyte.materials.batch import MEDIUM, Portion
from polylyte.materials.recipes import Recipe
from polylyte.materials.weighing import total


def as_percent(ratio: Quantity, unit: str) -> Quantity:
    """A plain ratio as wt% or mol%."""
    parts = {source: 100 * part for source, part in ratio.components.items()}
    value = None if ratio.value is None else 100 * ratio.value
    return Quantity(value, unit, parts, "derived", flags=ratio.flags)


def unknown(unit: str, *flags: str) -> Quantity:
    """No value, and why."""
    return Quantity(None, unit, flags=flags)


def lacking(portions: Sequence[Portion], what: str) -> str:
    """Names of what is there and lacks a property; empty where nothing does."""
    there = [p for p in portions if p.mass.value and p.role != "impurity"]
    return ", ".join(dict.fromkeys(p.label for p in there if getattr(p, what) is None))


def _lithium(portions: Sequence[Portion]) -> Quantity | None:
    """Lithium of the salts; that of ceramics and precursors is not counted."""
    salts = [p for p in portions if p.role == "salt" and p.has("Li") and p.mass.value]
    return (
        total((_amount(p) * p.substance.elements["Li"] for p in salts if p.substance), "mol")
        if salts
        else None
    )


def _amount(portion: Portion) -> Quantity:
    return portion.amount if portion.amount is not None else unknown("mol")


def salt_ratios(
    recipe: Recipe, portions: Sequence[Portion], volume: Quantity | None
) -> dict[str, Any]:
    """Concentrations of the salt, and what there is per lithium; empty without a salt."""
    lithium = _lithium(portions)
    if lithium is None:
        return {}
    medium = [p for p in portions if p.role in MEDIUM]
    monomers = [p for p in portions if p.role == "monomer"]
    plasticizers = [p for p in portions if p.role in ("plasticizer", "ionic liquid")]
    made = {
        "salt_molarity": _per_volume(lithium, volume, portions, ideal=recipe.density is None),
        "carbonyl_per_lithium": _groups(portions, "carbonyl", lithium),
        "ether_oxygen_per_lithium": _groups(portions, "ether_oxygen", lithium),
    }
    if medium:
        mass = total((p.mass for p in medium), "kg")
        made["salt_molality"] = (lithium / mass).to("mol/kg")
        volumes = [p.volume for p in medium if p.volume is not None or p.mass.value]
        known = [v for v in volumes if v is not None]
        litres = total(known, "m^3") if len(known) == len(volumes) else None
        made["salt_molarity_in_solvent"] = _per_volume(
            lithium, litres, medium, ideal=len(known) > 1
        )
    if monomers:
        made["monomer_carbonyl_per_lithium"] = _groups(monomers, "carbonyl", lithium)
    if plasticizers:
        amount = total((_amount(p) for p in plasticizers), "mol")
        made["plasticizer_per_lithium"] = (amount / lithium).to("1")
    return made


def _per_volume(
    amount: Quantity, volume: Quantity | None, portions: Sequence[Portion], *, ideal: bool
) -> Quantity:
    if volume is None:
        return unknown("mol/L", f"density of {lacking(portions, 'volume')} unknown")
    made = (amount / volume).to("mol/L")
    return made.flagged("ideal mixing") if ideal else made


def _groups(portions: Sequence[Portion], what: str, lithium: Quantity) -> Quantity:
    strange = [
        p.label for p in portions
        if getattr(p, what) is None and p.mass.value and p.role not in ("impurity", "filler")
    ]  # fmt: skip
    if strange:
        return unknown("1", f"{what.replace('_', ' ')} groups of {', '.join(strange)} unknown")
    counted = [getattr(p, what) for p in portions if getattr(p, what) is not None]
    return (total(counted, "mol") / lithium).to("1")


def monomer_ratios(portions: Sequence[Portion]) -> dict[str, Any]:
    """Of the monomers without the crosslinker; empty where there is none."""
    monomers = [p for p in portions if p.role == "monomer" and p.mass.value]
    initiators = [p for p in portions if p.role == "initiator"]
    if not monomers:
        return {}
    amount = total((_amount(p) for p in monomers), "mol")
    masses = [p.substance.molar_mass for p in monomers if p.substance]
    made = {"monomer_set_mass": total((m for m in masses if m), "kg/mol").to("g/mol")}
    if initiators:
        used = total((_amount(p) for p in initiators), "mol")
        made["initiator_per_monomer"] = as_percent((used / amount).to("1"), "mol%")
    return made


def feed_fractions(portions: Sequence[Portion]) -> dict[str, Quantity]:
    """Share of each monomer among the monomers, without the crosslinker."""
    monomers = [p for p in portions if p.role == "monomer" and p.mass.value]
    if len(monomers) < 2:
        return {}
    amount = total((_amount(p) for p in monomers), "mol")
    return {f"feed_fraction@{p.label}": (_amount(p) / amount).to("1") for p in monomers}
