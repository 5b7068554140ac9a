"""Units: one meaning per name, and what must never be mixed is kept apart."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polylyte.core.errors import InputError
from polylyte.core.quantities import q
from polylyte.core.units import convert, factors, multiply, pretty, unit

MICRO = ("um", "\u00b5m", "\u03bcm")
OHM = (
    "ohm cm^2",
    "\u2126 cm\u00b2",
    "\u03a9 cm\u00b2",
    "\u03a9\u00b7cm2",
    "\u2126\u22c5cm2",
    "ohm*cm**2",
)
CONDUCTIVITY = (
    "mS/cm",
    "mS cm-1",
    "mS cm^-1",
    "mS cm\u207b\u00b9",
    "mS\u00b7cm\u207b\u00b9",
    "mS cm\u22121",
    "mS * cm**-1",
    "mS / cm",
)


@pytest.mark.parametrize(
    ("spellings", "factor"),
    [
        (MICRO, "1e-6"),
        (OHM, "1e-4"),
        (CONDUCTIVITY, "0.1"),
        (("mAh/g", "mAh g-1", "mA h g^-1"), "3600"),
        (("W/m/K", "W/(m K)", "W m-1 K-1", "W/(m*K)"), "1"),
        (("wt%", "wt %"), "0.01"),
        (("mol/L", "M", "mol L-1"), "1000"),
        (("degC/min", "K/min", "\u00b0C/min"), None),
    ],
)
def test_spellings_of_one_unit_are_one_unit(spellings: tuple[str, ...], factor: str | None) -> None:
    for a, b in pairwise(spellings):
        assert unit(a)[1:] == unit(b)[1:], (a, b)
    if factor is not None:
        assert unit(spellings[0]).factor == Decimal(factor)


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (60, "um", "mm", 0.06),
        (1.03, "mS/cm", "S/m", 0.103),
        (25, "degC", "K", 298.15),
        (298.15, "K", "degC", 25),
        (1, "mAh/cm^2", "C/m^2", 36000),
        (372, "mAh/g", "C/kg", 1339200),
        (1, "kcal/mol", "kJ/mol", 4.184),
        (0.05, "%/cycle", "1", 0.0005),
        (50, "%", "1", 0.5),
        (250, "ppm", "%", 0.025),
    ],
)
def test_conversion(value: float, source: str, target: str, expected: float) -> None:
    # Decimal factors: exact to the last digit of the float.
    assert convert(value, source, target) == pytest.approx(expected, rel=1e-15)
    assert convert(expected, target, source) == pytest.approx(value, rel=1e-15)


KEPT_APART = ("%", "wt%", "mol%", "at%", "vol%", "C-rate", "V vs Li/Li+", "V", "C", "A", "degC",
              "delta_degC", "EUR", "USD", "mol/L", "mol/kg")  # fmt: skip


def test_units_that_must_not_be_mixed_are_kept_apart() -> None:
    assert len({unit(name).dimension for name in KEPT_APART}) == len(KEPT_APART)
    for a, b in product(KEPT_APART, KEPT_APART):
        if a != b:
            with pytest.raises(InputError, match="cannot be given in"):
                convert(1.0, a, b)


def test_the_offset_belongs_to_a_temperature_and_to_nothing_else() -> None:
    for name in ("degC", "\u00b0C", "\u2103"):
        assert unit(name).to_si(Decimal(25)) == Decimal("298.15")
    for name in (
        "delta_degC",
        "\u0394\u00b0C",
        "K",
        "1/degC",
        "degC/min",
        "mS/cm/degC",
        "J/g/degC",
    ):
        assert unit(name).offset == 0, name
        assert unit(name).to_si(Decimal(0)) == 0
    assert unit("mS/cm/degC")[1:] == unit("mS/cm/K")[1:]


@pytest.mark.parametrize(
    "name",
    [
        "bogus",
        "V vs Ag/AgCl",
        "m**m",
        "/m",
        "m/",
        "\u03a9cm",
        "__import__('os')",
        "5 m",
        "C/5",
        "dB",
        "wt%/h",
        "((m",
    ],
)
def test_an_unknown_unit_is_the_users_mistake(name: str) -> None:
    with pytest.raises(InputError, match="is not a unit known here"):
        unit(name)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mS/cm", "mS cm\u207b\u00b9"),
        ("mS cm-1", "mS cm\u207b\u00b9"),
        ("mS cm\u22121", "mS cm\u207b\u00b9"),
        ("ohm cm^2", "\u03a9 cm\u00b2"),
        ("um", "\u00b5m"),
        ("degC", "\u00b0C"),
        ("delta_degC", "K"),
        ("1/s", "s\u207b\u00b9"),
        ("W/(m K)", "W m\u207b\u00b9 K\u207b\u00b9"),
        ("ohm s^-0.5", "\u03a9 s\u207b\u2070\u00b7\u2075"),
        ("1", ""),
        ("", ""),
        ("wt%", "wt%"),
        ("V vs Li/Li+", "V vs Li/Li+"),
    ],
)
def test_a_unit_is_printed_with_raised_powers(text: str, shown: str) -> None:
    assert pretty(text) == shown


PLAIN = (
    "mS/cm",
    "um",
    "ohm cm^2",
    "mAh/g",
    "1/s",
    "W/(m K)",
    "cm2 s-1",
    "kJ/mol",
    "K",
    "%",
    "1",
    "s\u22121",
)


@settings(deadline=None)
@given(st.sampled_from(PLAIN), st.sampled_from(PLAIN), st.sampled_from([-2, -1, 1, 2]))
def test_the_text_of_a_product_means_the_product(a: str, b: str, power: int) -> None:
    made = unit(multiply(a, b, power))
    assert float(made.factor) == pytest.approx(
        float(unit(a).factor * unit(b).factor ** power), rel=1e-12
    )


def test_factors_of_a_unit() -> None:
    assert factors("mS/cm") == {"mS": 1, "cm": -1}
    assert factors("ohm cm^2") == {"ohm": 1, "cm": 2}
    assert factors("W/(m K)") == {"W": 1, "m": -1, "K": -1}
    assert multiply("mS/cm", "cm") == "mS"
    assert multiply("V", "V", -1) == "1"


def test_what_is_printed_reads_back() -> None:
    for text in ("1.03(4) mS/cm", "60(2) um", "25.0(5) degC", "\u22125(2) ohm cm^2", "4.5(2) wt%"):
        first = q(text)
        again = q(str(first))
        assert (again.si, again.std) == (first.si, first.std)
