"""What may have happened to a number that does not close."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from polylyte.literature.audit.values import Value

_UNITS = {3: "a unit a thousand times off (m for no prefix, k for none)", 6: "a unit a million "
          "times off"}  # fmt: skip


def likely(
    equation: Callable[..., float],
    printed: Value,
    inputs: Sequence[Value],
    exact: float,
) -> str:
    """A slip that explains the difference: a power of ten, two digits swapped, one digit wrong.

    Every value is asked what it would have to be for the rest to close.
    """
    needed = [(printed, printed.from_si(exact))] if printed.half else []
    for i, value in enumerate(inputs):
        root = _solve(equation, printed.si, inputs, i) if value.half else None
        if root is not None:
            needed.append((value, value.from_si(root)))
    # Beyond 15 digits there is no printed number left to compare.
    needed = [(v, x) for v, x in needed if max(abs(x), abs(v.number)) < 1e15 * v.resolution]
    for explain in (_power_of_ten, _swapped, _one_digit):
        found = [text for value, target in needed if (text := explain(value, target))]
        if found:
            return " or ".join(dict.fromkeys(found[:2]))
    return ""


def closing(equation: Callable[..., float], printed: Value, inputs: Sequence[Value], i: int) -> str:
    """The value of one input with which the rest closes."""
    root = _solve(equation, printed.si, inputs, i)
    if root is None:
        return ""
    value = inputs[i]
    return f"{printed.text} needs {value.show(value.from_si(root), 0)} {value.unit}"


def _solve(
    equation: Callable[..., float], target: float, inputs: Sequence[Value], i: int
) -> float | None:
    """The value of input i for which the equation gives ``target`` (secant steps)."""
    at = [v.si for v in inputs]

    def miss(x: float) -> float:
        made = equation(*(x if j == i else value for j, value in enumerate(at))) - target
        # A step may leave the domain: a negative number to a fraction is complex, not an error.
        return math.nan if isinstance(made, complex) else made

    x0, x1 = at[i], at[i] * 1.01 or 1e-9
    try:
        f0, f1 = miss(x0), miss(x1)
        for _ in range(60):
            if f1 == f0 or math.isnan(f1 - f0):
                return None
            x0, x1, f0 = x1, x1 - f1 * (x1 - x0) / (f1 - f0), f1
            f1 = miss(x1)
            if abs(f1) <= 1e-12 * abs(target):
                return x1
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    return None


def _power_of_ten(value: Value, target: float) -> str:
    if not value.number or not target or value.number * target < 0:
        return ""
    power = math.log10(value.number / target)
    if round(power) == 0 or abs(power - round(power)) > 0.02:
        return ""
    why = _UNITS.get(abs(round(power)), "a power of ten")
    return f"{value.text} for {value.show(target, 0)} {_unit(value)}: {why}".replace("  ", " ")


def _digits(value: Value, number: float) -> str:
    return f"{round(abs(number) / value.resolution):d}"


def _swapped(value: Value, target: float) -> str:
    have, want = _digits(value, value.number), _digits(value, target)
    if len(have) != len(want) or have == want:
        return ""
    for i in range(len(have) - 1):
        if have[:i] + have[i + 1] + have[i] + have[i + 2 :] == want:
            return f"digits transposed: {value.text} for {value.show(target, 0)}"
    return ""


def _one_digit(value: Value, target: float) -> str:
    have, want = _digits(value, value.number), _digits(value, target)
    if len(have) != len(want) or len(have) < 2:
        return ""
    if sum(a != b for a, b in zip(have, want, strict=True)) == 1:
        return f"one digit: {value.text} for {value.show(target, 0)}"
    return ""


def _unit(value: Value) -> str:
    return "" if value.unit == "1" else value.unit
