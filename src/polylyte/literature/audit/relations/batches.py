"""Recipes: what a batch gives, and the solvent content of a solution."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from polylyte.core.errors import InputError
from polylyte.literature.audit.checks import Check, closes, verdict
from polylyte.literature.audit.entries import PaperRecipe
from polylyte.literature.audit.paper import Paper
from polylyte.literature.audit.values import Value, dimension, exact
from polylyte.materials import formulas, substances
from polylyte.materials.stoichiometry import LEAVING

IDEAL_MIXING = 0.03
"""What ideal mixing and supplier densities leave open."""


def checks(paper: Paper) -> Iterator[Check]:
    """Atoms per formula of a batch before any excess; wt% of liquids and solids."""
    for recipe in paper.recipes:
        if recipe.gives:
            yield _gives(paper, recipe)
        if recipe.liquid_content or recipe.solid_content:
            yield from _contents(paper, recipe)


def moles(paper: Paper, name: str, amount: Value) -> Callable[[float], float]:
    """From an amount in SI to moles, whatever it was measured in.

    Raises:
        InputError: a volume whose density is not known.
    """
    kind = dimension(amount.unit)
    if kind == dimension("mol"):
        return lambda x: x
    mass = formulas.molar_mass(paper.formula(name))
    if kind == dimension("g"):
        return lambda x: x / mass
    density = substances.find(name).density if kind == dimension("L") else None
    if density is None:
        raise InputError(f"the density of '{name}' is not known", where=amount.name)
    return lambda x: x * density.si / mass


def _gives(paper: Paper, recipe: PaperRecipe) -> Check:
    """Elements scaled to the target's cations other than lithium; the worst one is shown."""
    target = {e: n for e, n in formulas.elements(recipe.gives).items() if e not in LEAVING}
    names = list(recipe.amounts)
    inputs = [recipe.amounts[n] for n in names]
    convert = [moles(paper, n, v) for n, v in recipe.amounts.items()]
    contents = [formulas.elements(paper.formula(n)) for n in names]
    scaled = [e for e in target if e != "Li" and any(e in c for c in contents)]
    scaled = scaled or list(target)

    def atoms(element: str, *amounts: float) -> float:
        mol = [f(x) for f, x in zip(convert, amounts, strict=True)]
        count = {e: sum(m * c.get(e, 0.0) for m, c in zip(mol, contents, strict=True))
                 for e in target}  # fmt: skip
        scale = sum(count[e] for e in scaled) / sum(target[e] for e in scaled)
        return count[element] / scale

    made = {
        e: closes(
            "stoichiometry",
            lambda *x, e=e: atoms(e, *x),
            exact(n),
            inputs,
            of=recipe.of,
            at=recipe.at,
        )
        for e, n in target.items()
    }
    lost = next((check for check in made.values() if check.severity == "unchecked"), None)
    if lost is not None:
        return replace(lost, says="what the batch gives")
    wrong = [e for e, check in made.items() if check.severity != "passed"]
    got = "".join(f"{e}{atoms(e, *(v.si for v in inputs)):.3g}" for e in target)
    needed = [_needed(e, target[e], names, inputs, contents, atoms) for e in wrong]
    worst = max(made.values(), key=lambda c: abs(c.deviation or 0.0))
    return verdict(
        "stoichiometry", not wrong, of=recipe.of, at=recipe.at,
        says=f"the batch gives {recipe.gives}" if not wrong
        else f"the batch does not give {recipe.gives} before any excess",
        printed=recipe.gives, recomputed=got, severity="error", deviation=worst.deviation,
        cause="; ".join(filter(None, needed)), remedy="state the amounts that were weighed",
        uses=inputs,
    )  # fmt: skip


def _needed(
    element: str, count: float, names: list[str], inputs: list[Value],
    contents: list[Mapping[str, float]], atoms: Callable[..., float],
) -> str:  # fmt: skip
    """How much of its only source an element takes."""
    sources = [i for i, c in enumerate(contents) if element in c]
    have = atoms(element, *(v.si for v in inputs))
    if len(sources) != 1 or not have:
        return ""
    value = inputs[sources[0]]
    return (
        f"{value.show(value.number * count / have, 0)} {value.unit} {names[sources[0]]} are needed"
    )


def _mass(paper: Paper, name: str, amount: Value) -> Callable[[float], float]:
    to_moles, weight = moles(paper, name, amount), formulas.molar_mass(paper.formula(name))
    return lambda x: to_moles(x) * weight


def _contents(paper: Paper, recipe: PaperRecipe) -> Iterator[Check]:
    names, inputs = list(recipe.amounts), list(recipe.amounts.values())
    mass = [_mass(paper, name, value) for name, value in recipe.amounts.items()]
    liquid = [bool({"solvent", "plasticizer"} & set(_roles(n))) for n in names]

    def share(wanted: bool, *amounts: float) -> float:
        masses = [f(x) for f, x in zip(mass, amounts, strict=True)]
        chosen = (m for m, kind in zip(masses, liquid, strict=True) if kind is wanted)
        return sum(chosen) / sum(masses)

    for printed, wanted, word in (
        (recipe.liquid_content, True, "solvent"),
        (recipe.solid_content, False, "solid"),
    ):
        if printed is not None:
            yield closes(
                "content", lambda *x, w=wanted: share(w, *x), printed, inputs, of=recipe.of,
                at=recipe.at, says=f"{word} content of the recipe", slack=IDEAL_MIXING,
                severity="warning",
            )  # fmt: skip


def _roles(name: str) -> tuple[str, ...]:
    try:
        return substances.find(name).roles
    except InputError:
        return ()
