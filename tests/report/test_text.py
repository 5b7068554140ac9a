"""Numbers and units as they are read."""

import pytest

from polylyte.core.quantities import Quantity, q
from polylyte.core.runs import Expected
from polylyte.report.text import (
    anchor,
    deviation_text,
    file_name,
    given_text,
    interval_text,
    number_text,
    printed_digits,
    published_text,
    quantity_text,
    seconds_text,
    tick_text,
    unit_text,
    unused,
)


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (q("1.03(4) mS/cm"), "1.03(4) mS cm⁻¹"),
        (q("60(2) um"), "60(2) µm"),
        (q("25 degC"), "25 °C"),
        (q("-2.5(4)e-7 V"), "−2.5(4) × 10⁻⁷ V"),
        (q("0.5 C-rate"), "0.5C"),
        (q("3.1 V vs Li/Li+"), "3.1 V vs Li/Li⁺"),
        (q("82.6 %"), "82.6 %"),
        (Quantity(4e-8, "V"), "4 × 10⁻⁸ V"),
        (Quantity(1.25e-8, "V"), "1.25 × 10⁻⁸ V"),
        (Quantity(None, "V", flags=("too short",)), "not determined"),
    ],
)
def test_quantity(quantity, text):
    assert quantity_text(quantity) == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("25 degC", "25 °C"),
        ("25degC", "25 °C"),
        ("1C", "1C"),  # a rate, not a coulomb
        ("1E-2 S/cm", "0.01 S cm⁻¹"),
        ("two regimes", "two regimes"),
        ("3 regimes", "3 regimes"),
        ("SL2", "SL2"),
    ],
)
def test_given(given, text):
    assert given_text(given) == text


@pytest.mark.parametrize(
    ("value", "resolution", "text"),
    [
        (1.1, 0.01, "1.10"),
        (350.0, 1.0, "350"),
        (1200.0, 100.0, "1200"),
        (2.5e-6, 1e-7, "2.5 × 10⁻⁶"),
        (-210.0, 1.0, "−210"),
        (7.50e-13, 1e-15, "7.50 × 10⁻¹³"),
    ],
)
def test_printed_digits_stay(value, resolution, text):
    assert printed_digits(value, resolution) == text


def test_published_keeps_its_own_unit_and_sign():
    expected = Expected("s.c", q("1.10 mS/cm"), 0.01, "~")
    assert published_text(expected, "mS/cm") == "~\u202f1.10"
    assert published_text(expected, "S/cm") == "~\u202f1.10 mS cm⁻¹"


def test_interval_has_the_digits_its_width_deserves():
    assert interval_text(Quantity(2.0, "V", interval=(1.23456, 3.98765))) == "95 %: 1.2 to 4.0"
    small = Quantity(-2.5e-7, "V", interval=(-3.4e-7, -1.9e-7))
    assert interval_text(small) == "95 %: (−3.4 to −1.9) × 10⁻⁷"
    assert interval_text(q("1 V")) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.3, "0.3"), (20, "20"), (1e-5, "10⁻⁵"), (2e6, "2 × 10⁶"), (1e4, "10⁴"), (-1e-3, "−0.001")],
)
def test_ticks(value, text):
    assert tick_text(value) == text


def test_units():
    assert unit_text("mAh/g") == "mAh g⁻¹"
    assert unit_text("S^0.5") == "S⁰·⁵"
    assert unit_text("1") == ""


def test_deviation():
    assert deviation_text(-0.32) == "−0.3"
    assert deviation_text(None) == ""
    assert number_text(-3.0) == "−3"


def test_durations():
    assert [seconds_text(s) for s in (0.02, 1.24, 100, 3720, 7200)] == [
        "20 ms", "1.2 s", "2 min", "62 min", "2 h 00 min",
    ]  # fmt: skip


def test_file_names_stay_in_their_folder():
    assert file_name("../../etc", "passwd") == "_.._etc.passwd"
    assert "/" not in file_name("a/b", "c\\d")
    assert "\\" not in file_name("a/b", "c\\d")
    assert file_name("", "x") == "_.x"
    assert file_name("sigma[A]", "conductivity@25degC") == "sigma_A_.conductivity@25degC"
    assert unused("a", ["A", "a-2"]) == "a-3"


def test_anchor_is_the_name():
    assert anchor("sigma.conductivity@25degC") == "sigma.conductivity@25degC"
    assert " " not in anchor("a b\tc")
