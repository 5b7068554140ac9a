"""One thing said in two places, and what is said of all of a class."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from polylyte.literature.audit.checks import Check, verdict
from polylyte.literature.audit.entries import ClassStatement, Statement
from polylyte.literature.audit.paper import Paper
from polylyte.literature.audit.values import Value, dimension

SETTING = 0.05
"""Two roundings of one number differ by no more than this; "1 h" is not 40 min."""


def checks(paper: Paper) -> Iterator[Check]:
    """Statements with the same ``about`` agree, as numbers where they are numbers."""
    groups: dict[str, list[Statement]] = defaultdict(list)
    for statement in paper.statements:
        groups[statement.about].append(statement)
    for about, group in groups.items():
        for a, b in combinations(group, 2):
            yield _pair(about, a, b)
    for each in paper.classes:
        yield from _members(each)


def _pair(about: str, a: Statement, b: Statement) -> Check:
    uses = [v for v in (a.value, b.value) if v is not None]
    reason = _difference(a, b)
    return verdict(
        "repeated statement", not reason, of=about, at=f"{a.at} and {b.at}",
        says=f"two places differ ({reason})" if reason else "two places agree",
        printed=f"{a.text} ({a.at})", recomputed=f"{b.text} ({b.at})",
        severity="error" if len(uses) == 2 and "range" not in reason else "warning",
        cause="one of the two was not updated", remedy="decide which is right", uses=uses,
    )  # fmt: skip


def _difference(a: Statement, b: Statement) -> str:
    if a.value is None or b.value is None:
        return "" if _plain(a.text) == _plain(b.text) else "in words"
    x, y = a.value, b.value
    if dimension(x.unit) != dimension(y.unit):
        return "in dimension"
    if x.bound or y.bound:
        return "" if _bounds_meet(x, y) else "beyond the bound"
    if x.qualifier == "range" and y.qualifier == "range":
        ends = zip(_ends(x), _ends(y), strict=True)
        halves = x.resolution * x.factor / 2, y.resolution * y.factor / 2
        return "" if all(_rounded(p, q, halves) for p, q in ends) else "in range"
    if "range" in (x.qualifier, y.qualifier):
        span, one = (x, y) if x.qualifier == "range" else (y, x)
        low, high = _ends(span)
        return "" if low - one.si_half <= one.si <= high + one.si_half else "outside the range"
    if "~" in (x.qualifier, y.qualifier):
        return "" if abs(x.si - y.si) <= x.si_half + y.si_half else "in value"
    return "" if _rounded(x.si, y.si, (x.si_half, y.si_half)) else "in value"


def _rounded(x: float, y: float, halves: tuple[float, float]) -> bool:
    """Printed to the same digits, one number is printed the same; else one may be rounded."""
    large = max(abs(x), abs(y))
    rounding = sum(halves) if max(halves) > 1.5 * min(halves) else 0.0
    return abs(x - y) <= min(rounding, SETTING * large) + 1e-9 * large


def _ends(value: Value) -> tuple[float, float]:
    reach = (value.half - value.resolution / 2) * value.factor
    return value.si - reach, value.si + reach


def _bounds_meet(x: Value, y: Value) -> bool:
    if x.bound and y.bound:
        below, above = (x, y) if x.qualifier == "<" else (y, x)
        return x.qualifier == y.qualifier or below.si >= above.si
    bound, one = (x, y) if x.bound else (y, x)
    if bound.qualifier == ">":
        return one.si + one.si_half >= bound.si
    return one.si - one.si_half <= bound.si


def _plain(text: str) -> str:
    return re.sub(r"[\s.,;:*_-]+", "", text).casefold()


def _members(each: ClassStatement) -> Iterator[Check]:
    for name, value in each.members.items():
        if dimension(value.unit) != dimension(each.says.unit):
            holds, why = False, "another dimension"
        elif each.says.bound:
            holds, why = _bounds_meet(each.says, value), "outside the statement"
        else:
            holds = abs(value.si - each.says.si) <= value.si_half + each.says.si_half
            why = "another value"
        yield verdict(
            "class statement", holds, of=f"{name} of {each.of}", at=value.at or each.at,
            says=f"what is said of all holds for {name}" if holds else why,
            printed=value.text, recomputed=f"{each.says.text} ({each.at})",
            remedy="restrict the statement, or correct the value", uses=(value, each.says),
        )  # fmt: skip
