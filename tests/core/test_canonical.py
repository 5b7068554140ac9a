"""One spelling for everything that enters a key."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polylyte.core.canonical import digest, plain, quantity_key
from polylyte.core.quantities import Quantity, q

SAME = [
    ("um", "mm", -3),
    ("mS/cm", "S/cm", -3),
    ("mol/L", "mmol/L", 3),
    ("g/cm^3", "mg/cm^3", 3),
    ("mAh", "Ah", -3),
]


@settings(deadline=None)
@given(
    st.decimals("-1e6", "1e6", places=5, allow_nan=False),
    st.integers(1, 99),
    st.sampled_from(SAME),
)
def test_a_key_does_not_depend_on_the_unit_it_was_written_in(
    value: Decimal, digits: int, units: tuple[str, str, int]
) -> None:
    here, there, shift = units
    a = q(f"{value:f}({digits}) {here}", source="s")
    b = q(f"{value.scaleb(shift):f}({digits}) {there}", source="s")
    assert quantity_key(a) == quantity_key(b)
    c = q(f"{value + Decimal('0.00001'):f}({digits}) {here}", source="s")
    assert quantity_key(a) != quantity_key(c)


def test_a_temperature_is_one_key_in_kelvin_and_in_degrees() -> None:
    assert quantity_key(q("25 degC")) == quantity_key(q("298.15 K"))
    # A difference of 25 degrees is another thing, although its unit has the same name.
    assert quantity_key(Quantity(25.0, "delta_degC")) != quantity_key(q("25 K"))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("60 um", "60.1 um"),
        ("60(2) um", "60 um"),
        ("60(2) um", "60(3) um"),
        ("5 wt%", "5 mol%"),
        ("5 V", "5 A"),
    ],
)
def test_different_quantities_have_different_keys(a: str, b: str) -> None:
    assert quantity_key(q(a, source="s")) != quantity_key(q(b, source="s"))


def test_the_source_of_an_uncertainty_is_part_of_the_key_and_words_are_not() -> None:
    assert quantity_key(q("60(2) um", source="a")) != quantity_key(q("60(2) um", source="b"))
    marked = Quantity(1.0, "V", {}, "measured", {"T": "x"}, ("flag",))
    assert quantity_key(marked) == quantity_key(q("1 V"))
    assert quantity_key(Quantity(None, "V"))[0] is None


def test_plain_content() -> None:
    class Card:
        def to_key(self) -> list[str]:
            return ["card"]

    assert plain({1: [0.06, 6, "x", True, None], "c": Card()}) == {
        "1": ["6E-2", "6E0", "x", True, None],
        "c": ["card"],
    }
    assert plain(1) == plain(1.0) == plain(Decimal("1.00"))
    assert plain(True) != plain(1)
    with pytest.raises(TypeError, match="cannot be part of a key"):
        plain(object())


def test_a_digest_does_not_depend_on_the_order_of_names() -> None:
    assert digest({"a": 1, "b": [2, 3]}) == digest({"b": [2, 3], "a": 1})
    assert digest({"b": [3, 2], "a": 1}) != digest({"b": [2, 3], "a": 1})
    assert len(digest("µ")) == 64
