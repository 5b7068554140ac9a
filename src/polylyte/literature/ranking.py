"""Ranks and Pareto fronts of values that are known only within an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

Sense = Literal["high", "low"]
"""Which end of the scale is the better one."""
Place = Literal["front", "possible", "dominated"]


class Interval(NamedTuple):
    """Where a value lies; an end that nobody stated is infinite."""

    low: float
    high: float


UNKNOWN = Interval(-math.inf, math.inf)


def printed(
    value: float | None, decimals: int | None = None, qualifier: str | None = "="
) -> Interval:
    """What a printed number says: half a unit of its last digit either way, two units after "~",
    and no end at all beyond a bound.

    >>> printed(91.7, 1)
    Interval(low=91.65, high=91.75)
    """
    if value is None:
        return UNKNOWN
    digit = 10.0 ** -(decimals or 0)
    sign = (qualifier or "=").strip()[:1]
    if sign == ">":
        return Interval(value, math.inf)
    if sign == "<":
        return Interval(-math.inf, value)
    if sign == "~":
        return Interval(value - 2 * digit, value + 2 * digit)
    # Rounded, so that 91.7 + 0.05 is 91.75 and neighbours that touch are seen to touch.
    return Interval(round(value - digit / 2, 12), round(value + digit / 2, 12))


def exact(value: float | None) -> Interval:
    """A number without rounding (a count of cycles)."""
    return UNKNOWN if value is None else Interval(value, value)


def _better(a: Interval, b: Interval, sense: Sense) -> tuple[bool, bool]:
    """Whether ``a`` is certainly, and whether it is possibly, better than ``b``."""
    if sense == "high":
        return a.low > b.high, a.high > b.low
    return a.high < b.low, a.low < b.high


def ranks(values: Sequence[Interval], sense: Sense) -> list[tuple[int, int]]:
    """The best and the worst rank that each value may have, 1 the first."""
    found = []
    for i, own in enumerate(values):
        others = [_better(other, own, sense) for j, other in enumerate(values) if j != i]
        found.append((1 + sum(sure for sure, _ in others), 1 + sum(maybe for _, maybe in others)))
    return found


def front(points: Sequence[Sequence[Interval]], senses: Sequence[Sense]) -> list[Place]:
    """Which points nothing surpasses in every respect.

    "front": no other point can dominate it; "possible": one may, as far as the intervals say;
    "dominated": one certainly does.
    """
    found: list[Place] = []
    for i, own in enumerate(points):
        others = [point for j, point in enumerate(points) if j != i]
        if any(_dominates(other, own, senses, certainly=True) for other in others):
            found.append("dominated")
        elif any(_dominates(other, own, senses, certainly=False) for other in others):
            found.append("possible")
        else:
            found.append("front")
    return found


def _dominates(
    a: Sequence[Interval], b: Sequence[Interval], senses: Sequence[Sense], *, certainly: bool
) -> bool:
    at_least, strictly = True, False
    for x, y, sense in zip(a, b, senses, strict=True):
        sure, maybe = _better(x, y, sense)
        # A tie in one respect leaves room for dominance in another.
        tied = x.low == y.high if sense == "high" else x.high == y.low
        may_tie = x.low <= y.high and y.low <= x.high
        at_least &= (sure or tied) if certainly else (maybe or may_tie)
        strictly |= sure if certainly else maybe
    return at_least and strictly
