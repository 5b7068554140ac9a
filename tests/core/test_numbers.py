"""Printed numbers: read as chemists write them, and never printed with a wrong digit."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polylyte.core.errors import InputError
from polylyte.core.numbers import canonical, format_number, parse_number

READ = [
    # text, value, uncertainty, unit, one unit of the last digit
    ("60(2) um", "60", "2", "um", "1"),
    ("60 um", "60", None, "um", "1"),
    ("1.03(4)e-3", "0.00103", "0.00004", "", "0.00001"),
    ("1.03(4)e\u22123 S/cm", "0.00103", "0.00004", "S/cm", "0.00001"),
    ("1.03(4) × 10^-3 S/cm", "0.00103", "0.00004", "S/cm", "0.00001"),
    ("2.010(12)", "2.010", "0.012", "", "0.001"),
    ("2.01(3) cm^2", "2.01", "0.03", "cm^2", "0.01"),
    ("1.03(0.04) mS/cm", "1.03", "0.04", "mS/cm", "0.01"),
    ("10 ± 0.5 mV", "10", "0.5", "mV", "1"),
    ("10 +/- 0.5 mV", "10", "0.5", "mV", "1"),
    ("10.0+-5e-1 mV", "10.0", "0.5", "mV", "0.1"),
    ("\u22123.04 V", "-3.04", None, "V", "0.01"),
    ("-25(1) degC", "-25", "1", "degC", "1"),
    (".5 V", "0.5", None, "V", "0.1"),
    ("120(20)", "120", "20", "", "1"),
    ("1e3 m", "1000", None, "m", "1000"),
    ("5 at%", "5", None, "at%", "1"),
    ("2C", "2", None, "C", "1"),
    ("5 degC/min", "5", None, "degC/min", "1"),
    ("10\u00a0mV", "10", None, "mV", "1"),
    ("  7 V vs Li/Li+ ", "7", None, "V vs Li/Li+", "1"),
]


@pytest.mark.parametrize(("text", "value", "uncertainty", "unit", "resolution"), READ)
def test_a_printed_number_is_split(
    text: str, value: str, uncertainty: str | None, unit: str, resolution: str
) -> None:
    printed = parse_number(text)
    assert printed.value == Decimal(value)
    assert printed.uncertainty == (None if uncertainty is None else Decimal(uncertainty))
    assert printed.unit == unit
    assert printed.resolution == Decimal(resolution)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,5 V", "decimal comma; write a decimal point"),
        ("1,5(2) V", "decimal comma"),
        ("1 ± 1,5 V", "decimal comma"),
        ("1(2) ± 3 V", "uncertainty twice; keep one"),
        ("", "not a number with a unit"),
        ("V", "not a number with a unit"),
        ("--1 V", "not a number with a unit"),
        ("1.0.0 V", "not a number with a unit"),
        ("3 4 V", "not a number with a unit"),
        ("C/5", "not a number with a unit"),
        ("nan V", "not a number with a unit"),
        ("1e400 V", "beyond any number"),
        ("1e-5000000 V", "beyond any number"),
        ("1e5000000000000000000000 V", "beyond any number"),
        ("1 ± 1e999 V", "beyond any number"),
    ],
)
def test_what_is_no_printed_number_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_number(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


decimals = st.decimals(
    allow_nan=False, allow_infinity=False, places=6, min_value=-1e9, max_value=1e9
)


@settings(deadline=None)
@given(decimals, st.integers(-20, 20))
def test_equal_numbers_have_one_spelling(value: Decimal, shift: int) -> None:
    assert canonical(value) == canonical(value.normalize())
    assert Decimal(canonical(value)) == value
    # The same number, written with another exponent.
    assert canonical(Decimal(f"{value.scaleb(-shift):f}e{shift}")) == canonical(value)


def test_canonical_spellings() -> None:
    assert canonical(Decimal("0.060")) == canonical(Decimal("6e-2")) == "6E-2"
    assert canonical(Decimal("-0.0")) == canonical(Decimal("0e7")) == "0"
    assert canonical(Decimal("-1200")) == "-12E2"


PRINTED = [
    (1.0312, 0.042, "1.03(4)"),
    (1253.4, 12, "1253(12)"),
    # Rounded to one digit 0.0996 begins with 1, so it is given two: 0.10.
    (1.0, 0.0996, "1.00(10)"),
    (10, 9.96, "10(10)"),
    (9.96, 9.96, "10(10)"),
    (100, 19.6, "100(20)"),
    (100, 19.4, "100(19)"),
    (12.34, 1.96, "12(2)"),
    (12.34, 1.94, "12.3(19)"),
    (0.5, 0.996, "0.5(10)"),
    (12345, 99.6, "12340(100)"),
    # A value smaller than its uncertainty.
    (0.3, 2, "0(2)"),
    (1e-5, 0.3, "0.0(3)"),
    (-1e-5, 0.3, "0.0(3)"),
    (1e-10, 1e10, "0.0(10)e10"),
    (0.0, 0.01, "0.000(10)"),
    (0.0, 3e-9, "0(3)e-9"),
    (-1.234, 0.05, "-1.23(5)"),
    (-1234.5, 96, "-1230(100)"),
    # Large and small.
    (1.234e12, 5e9, "1.234(5)e12"),
    (-1.23456e-9, 3e-11, "-1.23(3)e-9"),
    (999_999.96, 0.3, "1.0000000(3)e6"),
    (9.996e-4, 3e-5, "0.00100(3)"),
    (9.99999e6, 1e4, "1.0000(10)e7"),
    (1e-300, 1e-302, "1.000(10)e-300"),
    (123_456, 9_960, "123000(10000)"),
    # Nothing known of the uncertainty, or less than a float resolves.
    (0.25, None, "0.25"),
    (0.25, 0.0, "0.25"),
    (1e300, 1e-5, "1.0000e+300"),
    (1.23456e-7, None, "1.2346e-07"),
]


@pytest.mark.parametrize(("value", "std", "text"), PRINTED)
def test_a_number_is_printed_with_the_digits_its_uncertainty_allows(
    value: float, std: float | None, text: str
) -> None:
    assert format_number(value, std) == text


@settings(deadline=None)
@given(
    st.floats(-1e12, 1e12, allow_nan=False),
    st.floats(1e-9, 1e12, allow_nan=False),
)
def test_what_is_printed_reads_back_within_its_last_digit(value: float, std: float) -> None:
    text = format_number(value, std)
    printed = parse_number(text)
    if printed.uncertainty is None:
        assert std <= abs(value) * 1e-15
        return
    shown = re.fullmatch(r"-?[\d.]+\((\d+)\)(?:e-?\d+)?", text)
    assert shown is not None, text
    digits = shown[1].rstrip("0") or "0"
    leading = int(digits[:2]) if digits[0] == "1" else int(digits)
    assert leading < 20, f"{text} shows more digits of the uncertainty than it should"
    # One unit of the last digit shown, at most 1 in 9.5 of the uncertainty where one is shown.
    place = Decimal(10) ** (printed.uncertainty.adjusted() - (1 if digits[0] == "1" else 0))
    assert abs(printed.uncertainty - Decimal(repr(std))) <= place / 2
    assert abs(printed.value - Decimal(repr(value))) <= place / 2
    assert "(0)" not in text
    assert not text.startswith(("-0(", "-0.0(")) or printed.value != 0
