"""What each of several factors does on its own: effects of a two-level factorial design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isclose, prod
from typing import Any

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, nearest
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import AnyQuantity
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Result
from polylyte.core.tables import Table
from polylyte.core.units import pretty

BOX_1961 = Citation(
    "Box1961",
    "Box, G. E. P.; Hunter, J. S.",
    "The 2^{k-p} Fractional Factorial Designs. Part I",
    "Technometrics",
    1961,
    "3",
    "311–351",
    "10.1080/00401706.1961.10489951",
)
SAME = 1e-6
MOST = 6


@dataclass(frozen=True, kw_only=True)
class Effects(Result):
    """``more`` holds each effect as ``effect@FACTOR`` and each interaction as
    ``effect@FACTOR*FACTOR``."""

    mean: AnyQuantity = out("of the response over all designs")
    largest: AnyQuantity = out("effect of the largest size")
    effects: Table = out("each factor, from its lower to its upper level, and each interaction")
    designs: Table = out("the designs that were compared")


def figure(result: Effects) -> list[Figure]:
    """The response at each combination, and the effects as bars."""
    table, designs = result.effects, result.designs
    names = table.column("factor")
    response = result.text["response"]
    unit = designs.units.get(response, "")
    bars = Series(
        [float(i) for i in range(len(names))], table.column("effect"), style="bars",
        names=[name.replace("_", " ").replace("*", " × ") for name in names],
    )  # fmt: skip
    words = response.replace("_", " ")
    return [
        Figure(
            "effects",
            [Panel([bars], "factor", "effect", y_unit=unit)],
            f"Change of the {words} from the lower to the upper level of each factor, averaged "
            "over the levels of the others.",
            "A bar of an interaction as tall as those of its factors says that neither can be "
            "judged without the other.",
        ),
        _levels(result, words, unit),
    ]


def _levels(result: Effects, words: str, unit: str) -> Figure:
    designs = result.designs
    first, *others = result.text["factors"].split(", ")
    y = designs.column(result.text["response"])
    x = designs.column(first)
    keys = list(zip(*(designs.column(name) for name in others), strict=True)) or [()] * len(x)
    lines = []
    for key in dict.fromkeys(keys):
        picked = sorted((x[i], y[i]) for i, row in enumerate(keys) if row == key)
        label = ", ".join(
            f"{name.replace('_', ' ')} {value:.3g} {pretty(designs.units.get(name, ''))}".strip()
            for name, value in zip(others, key, strict=True)
        )
        lines.append(Series([a for a, _ in picked], [b for _, b in picked], label, "line+points"))
    return Figure(
        "levels",
        [
            Panel(
                lines, first.replace("_", " "), words,
                x_unit=_shown(designs.units.get(first, "")), y_unit=unit,
            )
        ],
        f"The {words} at both levels of each factor.",
        "Parallel lines: the factors act independently of each other.",
    )  # fmt: skip


def _shown(unit: str) -> str:
    return "" if unit == "1" else unit


@method(
    "tradeoff.effects",
    version=1,
    cites=[BOX_1961],
    figure=figure,
    prose="The effects of {factors} on the {response} were taken from {count} designs, a full "
    "factorial of two levels each{held}; the largest was {largest} ({which}).",
)
def tradeoff_effects(
    *,
    designs: Table,
    factors: list[str],
    response: str,
    where: dict[str, float] = {},  # noqa: B006 - a signature is a declaration
) -> Effects:
    """Effects of factors that were varied together, each separated from the others.

    In a full factorial of two levels, the effect of a factor is the mean response at its upper
    level less that at its lower one, over all combinations of the others; an interaction is the
    same with the product of the levels, written -1 and +1. For two factors A and B:
    A = ((y11 + y10) - (y01 + y00))/2, B likewise, AB = ((y11 + y00) - (y10 + y01))/2.

    Valid for what lies between the two levels as far as the response is close to linear there.
    The effects of a simulation carry no uncertainty of their own.

    Parameters:
        designs: a table with a row per design: of ``cell.rate_map``, or of any step with a map
        factors: columns with two levels each
        response: column of the answers
        where: column and value of what else varies, for the designs to compare

    Raises:
        InputError: an unknown column, a factor without two levels, or combinations that are
            missing, repeated or without an answer.

    References:
        Box & Hunter 1961, doi:10.1080/00401706.1961.10489951.
    """
    for name in (*factors, response, *where):
        if name not in designs.columns:
            raise InputError(
                f"the designs have no '{name}'", where="designs",
                remedy=nearest(name, designs.columns),
            )  # fmt: skip
    if not 1 <= len(set(factors)) == len(factors) <= MOST:
        raise InputError(f"give 1 to {MOST} different factors", where="factors")
    rows = _picked(designs, where)
    levels = {name: _levels_of(designs, name, rows) for name in factors}
    answers = _answers(designs, factors, response, rows, levels)
    contrasts = {name: _effect(answers, [i]) for i, name in enumerate(factors)}
    for pair in combinations(range(len(factors)), 2):
        contrasts["*".join(factors[i] for i in pair)] = _effect(answers, list(pair))
    which = max(contrasts, key=lambda name: abs(contrasts[name].value or 0.0))
    total = sum(answers.values(), start=answers[next(iter(answers))] * 0.0)
    return Effects(
        mean=total * (1 / len(answers)),
        largest=contrasts[which],
        effects=_table(contrasts, levels, designs),
        designs=_kept(designs, rows, [*factors, response]),
        more={f"effect@{name}": value for name, value in contrasts.items()},
        findings=tuple(_findings(contrasts)),
        text={
            "factors": ", ".join(factors),
            "response": response,
            "count": str(len(rows)),
            "which": which,
            "held": "".join(f", at {name.replace('_', ' ')} {v:g}" for name, v in where.items()),
        },
    )


def _picked(designs: Table, where: dict[str, float]) -> list[int]:
    rows = [
        i
        for i in range(len(designs))
        if all(isclose(designs.column(n)[i], v, rel_tol=SAME) for n, v in where.items())
    ]
    if not rows:
        raise InputError("no design is there", where="where", remedy="see the table of designs")
    return rows


def _levels_of(designs: Table, name: str, rows: Sequence[int]) -> tuple[float, float]:
    column = designs.column(name)
    found = sorted({column[i] for i in rows})
    if len(found) != 2:
        raise InputError(
            f"'{name}' has {len(found)} levels, not two",
            where="factors",
            remedy="name two in the map, or pick designs with where = { … }",
        )
    return found[0], found[1]


def _answers(
    designs: Table,
    factors: Sequence[str],
    response: str,
    rows: Sequence[int],
    levels: dict[str, tuple[float, float]],
) -> dict[tuple[int, ...], Quantity]:
    """The response by the levels -1 and +1 of each factor."""
    columns = [designs.column(name) for name in factors]
    values = designs.quantities(response)
    found: dict[tuple[int, ...], Quantity] = {}
    for i in rows:
        key = tuple(
            1 if column[i] == levels[name][1] else -1
            for name, column in zip(factors, columns, strict=True)
        )
        if key in found:
            raise InputError(
                "several designs have the same levels",
                where="designs",
                remedy="add what else varies to where = { … }",
            )
        if values[i].value is None:
            raise InputError(f"a design has no {response}", where="designs")
        found[key] = values[i]
    if len(found) < 2 ** len(factors):
        raise InputError(
            f"{2 ** len(factors) - len(found)} of {2 ** len(factors)} combinations are missing",
            where="designs",
        )
    return found


def _effect(answers: dict[tuple[int, ...], Quantity], factors: list[int]) -> Quantity:
    scale = 2 / len(answers)
    parts = [value * (scale * prod(key[i] for i in factors)) for key, value in answers.items()]
    return sum(parts[1:], start=parts[0])


def _table(
    contrasts: dict[str, Quantity], levels: dict[str, tuple[float, float]], designs: Table
) -> Table:
    def level(name: str, which: int) -> str:
        if name not in levels:
            return ""
        return f"{levels[name][which]:.4g} {pretty(_shown(designs.units.get(name, '')))}".strip()

    return Table.of_quantities(
        {
            "factor": list(contrasts),
            "from": [level(name, 0) for name in contrasts],
            "to": [level(name, 1) for name in contrasts],
        },
        {"effect": list(contrasts.values())},
    )


def _kept(designs: Table, rows: Sequence[int], names: Sequence[str]) -> Table:
    columns: dict[str, list[Any]] = {n: [designs.column(n)[i] for i in rows] for n in names}
    return Table.of(columns, {n: designs.units[n] for n in names if n in designs.units})


def _findings(contrasts: dict[str, Quantity]) -> list[Finding]:
    """Interactions that a factor's own effect does not outweigh."""
    findings = []
    size = {name: abs(value.value or 0.0) for name, value in contrasts.items()}
    for name in contrasts:
        pair = name.split("*")
        if len(pair) == 2 and size[name] > min(size[one] for one in pair):
            both = " and ".join(pair)
            findings.append(Finding(f"{both} act together: neither effect holds without the other"))
    return findings
