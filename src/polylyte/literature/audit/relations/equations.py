"""Equations: dimensions, symbols, and the law that an equation is."""

from __future__ import annotations

import ast
import math
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations

from polylyte.core.errors import InputError
from polylyte.literature.audit import expressions
from polylyte.literature.audit.checks import Check, verdict
from polylyte.literature.audit.entries import Equation
from polylyte.literature.audit.expressions import Dimension, Problem, of_unit, spell
from polylyte.literature.audit.paper import Paper

_FACTORS = {
    "m^2/s": "a diffusion coefficient D", "m": "a length", "m^2": "an area", "s": "a time",
    "K": "a temperature", "kg m^2/A/s^3": "a voltage", "mol": "an amount",
    "A s/mol": "the Faraday constant", "kg m^2/mol/s^2": "a molar energy (R T)",
}  # fmt: skip


@dataclass(frozen=True)
class Law:
    """A known equation. ``must`` says what a symbol must mean, as a pattern and in words."""

    name: str
    right: str
    symbols: Mapping[str, str]
    must: Mapping[str, tuple[str, str]]


INTERFACIAL = (
    r"interfac|charge.?transfer|passiv|SEI",
    "the interfacial resistance, not the cell's",
)
LAWS = (
    Law(
        "Bruce-Vincent", "I_s * (V - I_0 * R_0) / (I_0 * (V - I_s * R_s))",
        {"I_s": "A", "I_0": "A", "V": "V", "R_0": "ohm", "R_s": "ohm"},
        {"R_0": INTERFACIAL, "R_s": INTERFACIAL},
    ),
    Law("conductivity of a film", "L / (R * S)", {"L": "m", "R": "ohm", "S": "m^2"}, {}),
    Law(
        "Stejskal-Tanner", "I_0 * exp(-gamma^2 * g^2 * delta^2 * D * (Delta - delta / 3))",
        {"I_0": "1", "gamma": "rad/s/T", "g": "T/m", "delta": "s", "D": "m^2/s", "Delta": "s"}, {},
    ),
    Law(
        "Arrhenius", "A * exp(-E / (R_gas * T))", {"A": "S/m", "E": "J/mol", "T": "K"}, {},
    ),
)  # fmt: skip


def checks(paper: Paper) -> Iterator[Check]:
    """Both sides measure the same; arguments of exp and ln are numbers; every symbol is used."""
    for each in paper.equations:
        yield from _dimensions(each)
        yield from _symbols(each)
        yield from _law(each)


def _sides(each: Equation) -> tuple[ast.expr, ast.expr]:
    return (
        expressions.parse(each.left, where=each.at),
        expressions.parse(each.right, where=each.at),
    )


def _dimensions(each: Equation) -> Iterator[Check]:
    problems: list[Problem] = []
    left, right = (expressions.dimension(side, each.symbols, problems) for side in _sides(each))
    if not problems and left != right:
        excess = expressions.times(right, left, -1)
        problems.append(
            Problem(f"the left side measures {spell(left)}, the right side {spell(right)}", excess)
        )
    text = "; ".join(p.text for p in problems)
    yield verdict(
        "dimensions", not problems, of=each.of, at=each.at,
        says=text or "both sides measure the same", printed=f"{each.left} = {each.right}",
        recomputed=f"missing: {_missing(problems[0].excess)}" if problems else "",
        severity="error", cause=_cause(problems, each), remedy="compare with the cited equation",
    )  # fmt: skip


def _missing(excess: Dimension) -> str:
    wanted = spell({n: -p for n, p in excess.items()})
    return f"a factor in {wanted}" if excess else "nothing by dimension"


def _cause(problems: list[Problem], each: Equation) -> str:
    if not problems or not problems[0].excess:
        return ""
    wanted = spell({n: -p for n, p in problems[0].excess.items()})
    named = _FACTORS.get(wanted)
    return f"{named} is lacking in {each.of or 'it'}" if named else ""


def _symbols(each: Equation) -> Iterator[Check]:
    used = expressions.names(_sides(each)[0]) | expressions.names(_sides(each)[1])
    idle = sorted(set(each.meaning) - used)
    undefined = sorted(used - set(each.meaning)) if each.meaning else []
    yield verdict(
        "symbols", not idle and not undefined, of=each.of, at=each.at,
        says="; ".join(
            filter(None, (
                f"explained but not in the equation: {', '.join(idle)}" if idle else "",
                f"in the equation but not explained: {', '.join(undefined)}" if undefined else "",
            ))
        ) or "every symbol is explained and used",
        severity="note", remedy="explain the symbols that the equation has",
    )  # fmt: skip


def _law(each: Equation) -> Iterator[Check]:
    for law in LAWS:
        names = _recognise(each, law)
        if names is None:
            continue
        yield from _meanings(each, law, names)
        return


def _meanings(each: Equation, law: Law, names: dict[str, str]) -> Iterator[Check]:
    """What the paper says its symbols mean, against what the law needs; one check per need."""
    needs: dict[tuple[str, str], list[str]] = {}
    for symbol, need in law.must.items():
        if each.meaning.get(names[symbol]):
            needs.setdefault(need, []).append(names[symbol])
    for (pattern, words), ours in needs.items():
        wrong = [n for n in ours if not re.search(pattern, each.meaning[n], re.IGNORECASE)]
        shown = "; ".join(f"{n}: {each.meaning[n]}" for n in wrong or ours)
        yield verdict(
            "meaning of symbols", not wrong, of=each.of or law.name, at=each.at,
            says=f"{law.name}: {', '.join(wrong or ours)} must be {words}", printed=shown,
            recomputed=words, cause="a wording, or the whole impedance was used",
            remedy="say which resistance was used, and recompute if it was the cell's",
        )  # fmt: skip


def _recognise(each: Equation, law: Law) -> dict[str, str] | None:
    """The equation's names of the law's symbols, if it is that law under other names.

    Names are tried in every order that the dimensions allow, at three random points.
    """
    tree = _sides(each)[1]
    ours = sorted(expressions.names(tree))
    theirs = list(law.symbols)
    if len(ours) != len(theirs):
        return None
    known = expressions.parse(law.right, where=law.name)
    dims = {name: of_unit(unit) for name, unit in law.symbols.items()}
    draw = random.Random(1)
    points = [{name: draw.uniform(0.5, 1.5) for name in theirs} for _ in range(3)]
    for order in permutations(ours):
        names = dict(zip(theirs, order, strict=True))
        if any(each.symbols[names[n]] != dims[n] for n in theirs):
            continue
        if all(_same(tree, known, names, point) for point in points):
            return names
    return None


def _same(
    tree: ast.expr, known: ast.expr, names: dict[str, str],
    point: dict[str, float],
) -> bool:  # fmt: skip
    try:
        a = expressions.value(tree, {names[n]: x for n, x in point.items()})
        b = expressions.value(known, point)
    except (ZeroDivisionError, ValueError, OverflowError) as error:
        raise InputError(f"cannot be evaluated ({error})", where="equation") from None
    return math.isclose(a, b, rel_tol=1e-9)
