"""Ours beside published: |difference| <= 2 u, bounds, and what never counts as agreement."""

from __future__ import annotations

import pytest

from polylyte.core.compare import compare, judge
from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity, q
from polylyte.core.runs import Expected, StepOutcome, Stored


def expected(
    text: str, qualifier: str = "=", resolution: float = 1.0, name: str = "a.x"
) -> Expected:
    return Expected(name, q(text, source="printed"), resolution, qualifier)


@pytest.mark.parametrize(
    ("ours", "printed", "qualifier", "verdict"),
    [
        # No uncertainty printed: half a unit of the last digit counts as u.
        ("11", "10", "=", "agrees"),
        ("11.01", "10", "=", "differs"),
        ("9", "10", "=", "agrees"),
        # After ~ a whole unit counts.
        ("12", "10", "~", "agrees"),
        ("12.01", "10", "~", "differs"),
        # Printed uncertainty and ours add in squares: u = 5.
        ("20(4)", "10(3)", "=", "agrees"),
        ("20.1(40)", "10(3)", "=", "differs"),
        ("-0.5(40)", "10(3)", "=", "differs"),
        # Bounds hold on their side, and 2 u beyond.
        ("100", "10", ">", "within bound"),
        ("9", "10", ">", "within bound"),
        ("8.9", "10", ">=", "outside bound"),
        ("-100", "10", "<", "within bound"),
        ("11", "10", "<=", "within bound"),
        ("11.1", "10", "<", "outside bound"),
    ],
)
def test_verdicts(ours: str, printed: str, qualifier: str, verdict: str) -> None:
    assert judge(expected(printed, qualifier), q(ours, source="ours"), "").verdict == verdict


def test_a_deviation_is_in_units_of_u() -> None:
    made = judge(expected("10(3)"), q("20(4)", source="ours"), "")
    assert made.deviation == pytest.approx(2.0)
    assert judge(expected("10"), q("10"), "").deviation == 0.0


def test_exact_values_agree_only_if_equal() -> None:
    assert judge(expected("10", resolution=0.0), q("10"), "").verdict == "agrees"
    differs = judge(expected("10", resolution=0.0), q("9"), "")
    assert (differs.verdict, differs.deviation) == ("differs", -1e9)


def test_what_descends_from_a_virtual_measurement_is_recovered_and_never_agrees() -> None:
    for qualifier in ("=", "~", "<", ">"):
        assert judge(expected("10", qualifier), q("10"), "virtual").verdict == "recovered"


def test_a_simulated_value_stands_beside_the_published_one() -> None:
    for qualifier in ("=", "~", "<", ">"):
        made = judge(expected("10(3)", qualifier), q("20(4)"), "simulated")
        assert (made.verdict, made.deviation) == ("simulated", pytest.approx(2.0))
    assert compare([expected("100 um")], outcome(q("100 um"), "simulated"))[0].verdict == (
        "simulated"
    )


def outcome(quantity: Quantity | None, origin: str = "") -> dict[str, StepOutcome]:
    result = None
    if quantity is not None:
        result = Stored("k", "d", "m", 1, {"x": quantity}, {}, {}, provenance={"origin": origin})
    return {"a": StepOutcome("a", "m", "done", result)}


def test_units_are_converted_and_what_is_missing_is_said() -> None:
    (made,) = compare([expected("0.1 mm", resolution=0.1)], outcome(q("100 um")))
    assert made.verdict == "agrees"
    assert made.ours is not None
    assert (made.ours.value, made.ours.unit) == (pytest.approx(0.1), "mm")
    assert compare([expected("1 mm")], outcome(None))[0].verdict == "missing"
    unknown = compare([expected("1 um")], outcome(Quantity(None, "um", flags=("too short",))))[0]
    assert (unknown.verdict, unknown.deviation) == ("missing", None)
    assert compare([expected("100 um")], outcome(q("100 um"), "virtual"))[0].verdict == "recovered"


def test_an_expectation_of_nothing_or_of_another_dimension_is_the_users_mistake() -> None:
    with pytest.raises(InputError, match=r"\[expect\] \"a\.y\": step 'a' has no quantity 'y'"):
        compare([expected("1 um", name="a.y")], outcome(q("1 um")))
    with pytest.raises(InputError, match=r"\[expect\] \"a\.x\": 'um' cannot be given in 'V'"):
        compare([expected("1 V")], outcome(q("1 um")))
