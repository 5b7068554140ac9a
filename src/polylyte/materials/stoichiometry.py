"""Element ratios of a ceramic batch against the formula it is meant to give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.materials import formulas
from polylyte.materials.batch import Portion, weigh
from polylyte.materials.recipes import Recipe
from polylyte.materials.weighing import total

LEAVING = ("O", "C", "H", "N")
"""Elements that the furnace gives and takes."""
_CLOSE = 0.005


class Stoichiometry(NamedTuple):
    """Atoms per formula, with the excess that is added for losses and without it."""

    table: Table
    quantities: dict[str, Quantity]
    findings: list[Finding]


def of_batch(recipe: Recipe, target: str) -> Stoichiometry:
    """Element ratios of a batch, normalised to the target's cations other than lithium.

    Without a target the least abundant of these cations counts as one.

    Raises:
        InputError: the target is not a formula, or shares no element with the batch.
    """
    plain = replace(recipe, components=tuple(replace(c, excess=None) for c in recipe.components))
    asked = _cations(target, recipe.where) if target else {}
    weighed, meant = weigh(recipe), weigh(plain)
    with_excess, without = _moles(weighed), _moles(meant)
    scale = _scale(without, asked, recipe.where)
    elements = list(dict.fromkeys((*asked, *without)))
    nothing = Quantity(0.0, "mol")
    found, batch = (
        [(moles.get(e, nothing) / scale).to("1") for e in elements]
        for moles in (with_excess, without)
    )
    quantities = {f"stoichiometry@{e}": x for e, x in zip(elements, found, strict=True)}
    if any(component.excess is not None for component in recipe.components):
        quantities |= {
            f"stoichiometry_without_excess@{e}": x for e, x in zip(elements, batch, strict=True)
        }
    table = Table.of_quantities(
        {"element": elements, "target": [asked.get(e) for e in elements]},
        {
            "amount": [with_excess.get(e, nothing).to("mmol") for e in elements],
            "atoms": found,
            "atoms_without_excess": batch,
        },
        note="atoms per formula, normalised to the cations other than lithium",
    )
    findings = _findings(dict(zip(elements, batch, strict=True)), asked, meant, target)
    return Stoichiometry(table, quantities, findings)


def _cations(formula: str, where: str) -> dict[str, float]:
    try:
        counts = formulas.elements(formula)
    except InputError as error:
        raise error.at(f"{where} target".strip()) from None
    return {element: n for element, n in counts.items() if element not in LEAVING}


def _moles(portions: Sequence[Portion]) -> dict[str, Quantity]:
    moles: dict[str, Quantity] = {}
    for portion in portions:
        if portion.substance is None or portion.amount is None:
            continue
        for element, n in portion.substance.elements.items():
            if element not in LEAVING:
                moles[element] = moles.get(element, Quantity(0.0, "mol")) + portion.amount * n
    return moles


def _scale(moles: dict[str, Quantity], asked: dict[str, float], where: str) -> Quantity:
    """Moles of formula units in the batch."""
    basis = [e for e in (asked or moles) if e != "Li" and e in moles and moles[e].value]
    basis = basis or [e for e in (asked or moles) if e in moles and moles[e].value]
    if not basis:
        raise InputError("the batch has no element of the target", where=where)
    if not asked:
        return min((moles[e] for e in basis), key=lambda x: x.si)
    return total((moles[e] for e in basis), "mol") / sum(asked[e] for e in basis)


def _findings(
    batch: dict[str, Quantity], asked: dict[str, float], meant: Sequence[Portion], target: str
) -> list[Finding]:
    findings = []
    off = [e for e, n in asked.items() if abs((batch[e].value or 0.0) - n) > _CLOSE * n]
    if off:
        got = "".join(f"{e}{batch[e].value or 0.0:.3g}" for e in asked)
        findings.append(
            Finding(
                f"the batch gives {got}, not {target}, before any excess",
                "warning",
                remedy="; ".join(filter(None, (_needed(e, batch, asked, meant) for e in off))),
            )
        )
    if asked:
        strange = [e for e in batch if e not in asked]
        if strange:
            findings.append(
                Finding(f"{', '.join(strange)} of the batch is not in {target}", "note")
            )
    return findings


def _needed(
    element: str, batch: dict[str, Quantity], asked: dict[str, float], meant: Sequence[Portion]
) -> str:
    """How much of its only source an element takes."""
    sources = [p for p in meant if p.has(element) and p.amount is not None]
    if len(sources) != 1 or not batch[element].value:
        return ""
    have = sources[0].amount
    assert have is not None
    need = have * asked[element] / batch[element]
    return f"{need.si * 1e3:.4g} mmol {sources[0].label} are needed, not {have.si * 1e3:.4g}"
