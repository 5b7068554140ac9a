"""Ours beside published: agreement, bounds, and what never counts as agreement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from polylyte.core.errors import InputError, nearest
from polylyte.core.quantities import Quantity
from polylyte.core.runs import Comparison, Expected, StepOutcome


def compare(expected: Sequence[Expected], steps: Mapping[str, StepOutcome]) -> list[Comparison]:
    """One comparison per published value.

    Raises:
        InputError: the step ran but has no such quantity, or one of another dimension.
    """
    return [_one(entry, steps) for entry in expected]


def _one(expected: Expected, steps: Mapping[str, StepOutcome]) -> Comparison:
    step, _, name = expected.quantity.partition(".")
    result = steps[step].result
    if result is None:
        return Comparison(expected, None, "missing", None)
    where = f'[expect] "{expected.quantity}"'
    if name not in result.quantities:
        raise InputError(
            f"step '{step}' has no quantity '{name}'",
            where=where,
            remedy=nearest(name, result.quantities),
        )
    try:
        ours = result.quantities[name].to(expected.value.unit)
    except InputError as error:
        raise error.at(where) from None
    if ours.value is None or expected.value.value is None:
        return Comparison(expected, ours, "missing", None)
    origin = str(result.provenance.get("origin", ""))
    return judge(expected, ours, origin)


def judge(expected: Expected, ours: Quantity, origin: str) -> Comparison:
    """Agreement is |ours - published| <= 2 u.

    u combines our standard uncertainty with the published one: as printed, or else half a unit of
    the last printed digit (a whole one after "~"). A bound holds unless we are beyond it by 2 u.
    A value that descends from a virtual measurement is "recovered": it proves the analysis only.
    One that descends from a simulation is "simulated": a model beside a measurement, with the
    deviation to look at, is no agreement of two measurements.
    """
    assert ours.value is not None
    assert expected.value.value is not None
    digit = expected.resolution * (1.0 if expected.qualifier == "~" else 0.5)
    theirs = expected.value.std if expected.value.std is not None else digit
    u = math.hypot(ours.std or 0.0, theirs)
    difference = ours.value - expected.value.value
    deviation = (
        difference / u if u else (0.0 if difference == 0 else math.copysign(math.inf, difference))
    )
    if not math.isfinite(deviation):
        deviation = math.copysign(1e9, difference)
    if origin == "virtual":
        return Comparison(expected, ours, "recovered", deviation)
    if origin == "simulated":
        return Comparison(expected, ours, "simulated", deviation)
    if expected.qualifier in (">", ">="):
        return Comparison(
            expected, ours, "within bound" if deviation >= -2 else "outside bound", deviation
        )
    if expected.qualifier in ("<", "<="):
        return Comparison(
            expected, ours, "within bound" if deviation <= 2 else "outside bound", deviation
        )
    # A relative slack of 1e-9 keeps a difference of exactly 2 u on the side of agreement.
    return Comparison(
        expected, ours, "agrees" if abs(deviation) <= 2 * (1 + 1e-9) else "differs", deviation
    )
