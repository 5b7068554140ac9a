"""Simulation boxes: molecules, atoms, density, and the sample that a box stands for."""

from __future__ import annotations

from collections.abc import Iterator

from polylyte.core.errors import InputError
from polylyte.literature.audit.checks import Check, closes, verdict
from polylyte.literature.audit.entries import Box, PaperRecipe
from polylyte.literature.audit.paper import Paper
from polylyte.literature.audit.relations.batches import moles
from polylyte.materials import formulas, substances

AVOGADRO = 6.02214076e23
WHOLE_MOLECULES = 0.05
"""A box is built of whole molecules in a simple ratio: its composition is nominal."""


def checks(paper: Paper) -> Iterator[Check]:
    """Sum of molecules, their ratio, atoms, density = sum(n M)/(N_A L^3), ratio to the sample."""
    recipes = {recipe.of: recipe for recipe in paper.recipes}
    for box in paper.boxes:
        counts = list(box.molecules.values())
        if box.total_molecules:
            yield closes("molecules", lambda *n: sum(n), box.total_molecules, counts, of=box.of,
                         at=box.at, says="molecules add up to their total")  # fmt: skip
        if box.ratio:
            yield _ratio(box)
        if box.atoms:
            yield _atoms(paper, box)
        if box.edge and box.density:
            yield _density(paper, box)
        if box.stands_for:
            if box.stands_for not in recipes:
                raise InputError(
                    f"box '{box.of}' stands for '{box.stands_for}', which no [[recipe]] gives",
                    where="paper",
                )
            yield from _sample(paper, box, recipes[box.stands_for])


def _ratio(box: Box) -> Check:
    printed = [float(x) for x in box.ratio.replace(":", "/").split("/")]
    counts = [v.number for v in box.molecules.values()]
    scale = counts[-1] / printed[-1] if printed[-1] else 0.0
    got = [n / scale for n in counts] if scale else []
    holds = len(got) == len(printed) and all(
        abs(a - b) <= 0.5 * (1 if b == int(b) else 0.1) for a, b in zip(got, printed, strict=True)
    )
    return verdict(
        "molar ratio", holds, says="the molecules are in the printed ratio", of=box.of, at=box.at,
        printed=box.ratio, recomputed="/".join(f"{x:.3g}" for x in got), severity="error",
        uses=list(box.molecules.values()),
    )  # fmt: skip


def _atoms(paper: Paper, box: Box) -> Check:
    assert box.atoms is not None
    per = [sum(formulas.elements(paper.formula(name)).values()) for name in box.molecules]
    return closes(
        "atoms", lambda *n: sum(a * x for a, x in zip(per, n, strict=True)), box.atoms,
        list(box.molecules.values()), of=box.of, at=box.at, says="atoms of all molecules",
    )  # fmt: skip


def _density(paper: Paper, box: Box) -> Check:
    assert box.density is not None
    assert box.edge is not None
    masses = [formulas.molar_mass(paper.formula(name)) for name in box.molecules]

    def density(edge: float, *n: float) -> float:
        return sum(m * x for m, x in zip(masses, n, strict=True)) / AVOGADRO / edge**3

    return closes(
        "box density", density, box.density, [box.edge, *box.molecules.values()], of=box.of,
        at=box.at, says="density = mass of the molecules / volume of the box", solve=0,
        slack=1e-4, remedy="check the edge against the trajectory",
    )  # fmt: skip


def _sample(paper: Paper, box: Box, recipe: PaperRecipe) -> Iterator[Check]:
    """Each molecule per salt, in the box and in the sample."""
    named = {_label(name): name for name in recipe.amounts}
    common = [(name, named[_label(name)]) for name in box.molecules if _label(name) in named]
    salts = [(here, there) for here, there in common
             if _has_lithium(paper, here) and box.molecules[here].number]  # fmt: skip
    if not salts:
        return
    salt_here, salt_there = salts[0]
    per_salt = moles(paper, salt_there, recipe.amounts[salt_there])
    for here, there in common:
        if here == salt_here:
            continue
        amount = recipe.amounts[there]
        convert = moles(paper, there, amount)
        ratio = box.molecules[here].number / box.molecules[salt_here].number
        given = box.molecules[here]
        printed = type(given)(
            f"{here}:{salt_here} = {ratio:g}", ratio, "1", 0.0, 0.01, "", box.at, given.name
        )
        yield closes(
            "box against sample", lambda a, s, f=convert: f(a) / per_salt(s), printed,
            [amount, recipe.amounts[salt_there]], of=f"{box.of} for {recipe.of}", at=box.at,
            says=f"{here} per {salt_here} of the box and of the sample", slack=WHOLE_MOLECULES,
            explain=False,
            remedy="do not call the box by the sample's name without its ratio",
        )  # fmt: skip


def _label(name: str) -> str:
    try:
        return substances.find(name).label
    except InputError:
        return name


def _has_lithium(paper: Paper, name: str) -> bool:
    try:
        return "Li" in formulas.elements(paper.formula(name))
    except InputError:
        return False
