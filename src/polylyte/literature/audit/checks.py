"""One check: what is printed, what it should be, how far apart, and what may have happened."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from polylyte.literature.audit import causes
from polylyte.literature.audit.values import Value, dimension

Severity = Literal["passed", "note", "warning", "error", "unchecked"]


@dataclass(frozen=True)
class Check:
    """``deviation`` is (printed - recomputed) in units of the tolerance; None where there is no
    number. ``uses`` are the printed values that took part."""

    relation: str
    at: str
    of: str
    says: str
    severity: Severity
    printed: str = ""
    recomputed: str = ""
    unit: str = ""
    deviation: float | None = None
    cause: str = ""
    remedy: str = ""
    uses: tuple[Value, ...] = ()

    @property
    def text(self) -> str:
        """One sentence."""
        parts = [f"{self.of}: " if self.of else "", self.says]
        if self.relation == "repeated statement":
            parts.append(f": {self.printed} against {self.recomputed}")
        elif self.printed and self.recomputed:
            parts.append(f"; printed {self.printed}, recomputed {self.recomputed}")
        return "".join(parts) + (f" ({self.cause})" if self.cause else "")


def closes(
    relation: str,
    equation: Callable[..., float],
    printed: Value,
    inputs: Sequence[Value],
    *,
    of: str = "",
    at: str = "",
    says: str = "",
    slack: float = 0.0,
    severity: Severity = "error",
    remedy: str = "",
    solve: int | None = None,
    explain: bool = True,
) -> Check:
    """Whether ``printed = equation(*inputs)`` within the printed digits.

    The tolerance is half a unit of the last digit of every value, carried through the equation
    (slopes by central differences): the sum of the parts, which no rounding can exceed, or 3.5
    standard deviations of evenly spread rounding errors where that is less (sums of many).
    ``slack`` adds a fraction of the recomputed value, for what is nominal by nature (a foil's
    thickness). A printed value that is cut instead of rounded is a note. ``solve`` names the
    input whose closing value is worth saying; ``explain`` looks for a slip of digits.
    """
    values = (printed, *inputs)
    base = Check(relation, at or printed.at, of, says, "unchecked", uses=values)
    bound = next((v for v in inputs if v.bound), None)
    if bound is not None:
        return replace(base, cause=f"'{bound.text}' is a bound")
    try:
        exact = equation(*(v.si for v in inputs))
        slopes = [_slope(equation, [v.si for v in inputs], i) for i in range(len(inputs))]
    except (ArithmeticError, ValueError):
        return replace(base, cause="the equation has no value for these numbers")
    parts = [abs(s) * v.si_half for s, v in zip(slopes, inputs, strict=True)]
    carried = _together(parts, inputs) + slack * abs(exact)
    both = _together([*parts, printed.si_half], values) + slack * abs(exact)
    tolerance = max(both, 1e-9 * abs(exact)) or 1e-300
    check = replace(
        base,
        printed=printed.text,
        recomputed=printed.show(printed.from_si(exact)),
        unit=printed.unit,
        deviation=(printed.si - exact) / tolerance,
    )
    state = _state(printed, exact, carried, check.deviation or 0.0)
    if state == "passed":
        return replace(
            check, severity="passed", deviation=None if printed.bound else check.deviation
        )
    if state == "cut":
        rounded = printed.show(printed.from_si(exact), 0)
        cause = "the last digit is cut, not rounded"
        return replace(check, severity="note", cause=cause, remedy=f"print {rounded}")
    cause = causes.likely(equation, printed, inputs, exact) if explain else ""
    if not cause and solve is not None:
        cause = causes.closing(equation, printed, inputs, solve)
    remedy = remedy or "compare both with the raw data"
    return replace(check, severity=severity, cause=cause, remedy=remedy)


def _state(
    printed: Value, exact: float, carried: float, deviation: float
) -> Literal["passed", "cut", "off"]:
    """A bound holds or not; a value is within its digits, cut at its last digit, or off."""
    within = 1 + 1e-9
    if printed.qualifier == ">":
        return "off" if deviation > within else "passed"
    if printed.qualifier == "<":
        return "off" if deviation < -within else "passed"
    if abs(deviation) <= within:
        return "passed"
    return "cut" if _cut(printed, exact, carried) else "off"


def _slope(equation: Callable[..., float], at: list[float], i: int) -> float:
    step = 1e-6 * abs(at[i]) or 1e-9
    above, below = (
        equation(*(x + sign * step if j == i else x for j, x in enumerate(at))) for sign in (1, -1)
    )
    found = (above - below) / (2 * step)
    if isinstance(found, complex):
        raise ValueError("a negative number to a fractional power")
    return found


def _together(parts: Sequence[float], values: Sequence[Value]) -> float:
    """Largest sum of rounding errors, or its 3.5 standard deviations where that is less."""
    worst = math.fsum(parts)
    if any(v.qualifier for v in values):
        return worst
    return min(worst, 3.5 * math.sqrt(math.fsum(p * p for p in parts) / 3))


def _cut(printed: Value, exact: float, carried: float) -> bool:
    """Printed is the recomputed value with its last digit cut off."""
    if printed.qualifier or not printed.half:
        return False
    missing = abs(exact) - abs(printed.si)
    unit = printed.resolution * printed.factor
    return exact * printed.si >= 0 and 0 < missing < unit + carried


def same_kind(value: Value, unit: str) -> bool:
    """Whether a value measures what ``unit`` measures."""
    return not unit or dimension(value.unit) == dimension(unit)


def verdict(
    relation: str, holds: bool, *, says: str, of: str = "", at: str = "", printed: str = "",
    recomputed: str = "", severity: Severity = "warning", cause: str = "", remedy: str = "",
    uses: Sequence[Value] = (), deviation: float | None = None,
) -> Check:  # fmt: skip
    """A check that is a yes or a no."""
    if holds:
        cause = remedy = ""
    return Check(
        relation, at, of, says, "passed" if holds else severity, printed, recomputed, "",
        deviation, cause, remedy, tuple(uses),
    )  # fmt: skip
