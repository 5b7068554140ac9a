"""Quantities: uncertainty kept by source, propagated to first order."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity, derive, from_si, q, require

numbers = st.floats(1e-3, 1e3)


@settings(deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(0, 1e3))
def test_a_quantity_less_itself_is_zero_without_uncertainty(value: float, std: float) -> None:
    x = Quantity(value, "mV", {"gauge": std})
    difference = x - x
    assert (difference.value, difference.std) == (0.0, 0.0)
    assert (x - x.to("V")).std == pytest.approx(0.0, abs=1e-12 * std)


def test_two_sources_add_in_squares_and_one_source_adds_up() -> None:
    a, b = q("10(3) V", source="a"), q("20(4) V", source="b")
    assert (a + b).std == pytest.approx(5.0)
    assert (a - b).std == pytest.approx(5.0)
    assert (a + a).std == pytest.approx(6.0)
    assert (a + q("20(4) V", source="a")).std == pytest.approx(7.0)


def test_a_ratio_of_two_results_of_one_cell_drops_the_error_of_its_area() -> None:
    area = q("2.01(3) cm^2", source="cell.area")
    r1, r2 = q("10.0(1) ohm", source="fit 1"), q("5.00(2) ohm", source="fit 2")
    ratio = (r1 * area) / (r2 * area)
    assert ratio.si == pytest.approx(2.0)
    assert ratio.components["cell.area"] == pytest.approx(0.0, abs=1e-15)
    assert ratio.std == pytest.approx(2.0 * math.hypot(0.1 / 10, 0.02 / 5), rel=1e-9)


@settings(deadline=None)
@given(numbers, numbers, st.floats(0.001, 0.1), st.floats(0.001, 0.1))
def test_derive_has_the_analytic_slopes(x: float, y: float, u: float, v: float) -> None:
    a = Quantity(x, "m", {"a": u * x, "both": 0.01 * x})
    b = Quantity(y, "s", {"b": v * y, "both": -0.02 * y})
    made = derive(lambda a, b: a**2 / b + math.log(a), "m^2/s", a=a, b=b)
    by_a, by_b = 2 * x / y + 1 / x, -(x**2) / y**2
    scale = abs(by_a) * x + abs(by_b) * y
    assert made.value == pytest.approx(x**2 / y + math.log(x))
    assert made.components["a"] == pytest.approx(by_a * u * x, abs=1e-7 * scale)
    assert made.components["b"] == pytest.approx(by_b * v * y, abs=1e-7 * scale)
    assert made.components["both"] == pytest.approx(
        by_a * 0.01 * x - by_b * 0.02 * y, abs=1e-7 * scale
    )


@settings(deadline=None)
@given(numbers, numbers)
def test_operators_agree_with_derive(x: float, y: float) -> None:
    a, b = Quantity(x, "V", {"a": 0.01 * x}), Quantity(y, "A", {"b": 0.02 * y})
    for made, again in (
        (a * b, derive(lambda a, b: a * b, "V A", a=a, b=b)),
        (a / b, derive(lambda a, b: a / b, "V/A", a=a, b=b)),
        (3 * a, derive(lambda a: 3 * a, "V", a=a)),
        (a / 3, derive(lambda a: a / 3, "V", a=a)),
    ):
        assert made.si == pytest.approx(again.si)
        assert made.std == pytest.approx(again.std, rel=1e-6)


def test_derive_works_in_si_and_shows_the_unit_asked_for() -> None:
    made = derive(lambda L, R, A: L / R / A, "mS/cm",
                  L=q("60 um"), R=q("10(1) ohm"), A=q("2 cm^2"))  # fmt: skip
    assert made.value == pytest.approx(0.3)
    assert made.std == pytest.approx(0.03)
    # The value itself at a temperature's offset: 25 degC is 298.15 K in the equation.
    assert derive(lambda T: T, "K", T=q("25(1) degC")).value == pytest.approx(298.15)
    back = derive(lambda T: T, "degC", T=q("25(1) degC"))
    assert (back.value, back.std) == (pytest.approx(25.0), pytest.approx(1.0))


def test_derive_at_zero_has_the_slope_of_the_uncertainty() -> None:
    made = derive(lambda x: 3 * x + 1, "1", x=Quantity(0.0, "1", {"s": 0.5}))
    assert made.value == 1.0
    assert made.std == pytest.approx(1.5)


def test_temperatures_are_added_in_kelvin() -> None:
    difference = q("30(1) degC", source="a") - q("25(1) degC", source="b")
    assert difference.si == pytest.approx(5.0)
    assert difference.std == pytest.approx(math.sqrt(2))
    assert (q("25 degC") + q("5 K")).to("degC").value == pytest.approx(303.15 - 273.15)
    assert (q("300 K") - q("25 degC")).si == pytest.approx(1.85)
    assert (2 * q("25 degC")).si == pytest.approx(596.3)
    assert (q("10 J/K") * q("25 degC")).si == pytest.approx(2981.5)
    assert (q("25 degC") / q("25 degC")).si == pytest.approx(1.0)


def test_what_is_not_known_stays_unknown_and_says_why() -> None:
    unknown = Quantity(None, "V", flags=("not identifiable",))
    known = q("1.0(1) V")
    for made in (unknown + known, known - unknown, unknown * known, known / unknown, unknown * 2.0):
        assert made.value is None
        assert made.std is None
        assert made.flags == ("not identifiable",)
    derived = derive(lambda a, b: a + b, "V", a=unknown, b=known)
    assert (derived.value, derived.flags) == (None, ("not identifiable",))
    assert derive(lambda a: a, "V", a=Quantity(None, "V")).flags == ("a unknown",)
    with pytest.raises(ValueError, match="not identifiable"):
        _ = unknown.si
    assert str(unknown) == "not determined (not identifiable)"
    assert unknown.to("mV").value is None


def test_no_quantity_is_nan_or_infinite() -> None:
    for bad in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError, match="finite or None"):
            Quantity(bad, "V")
        with pytest.raises(ValueError, match="finite or not stated"):
            Quantity(1.0, "V", {"fit": bad})
        with pytest.raises(ValueError, match="finite or not stated"):
            Quantity(1.0, "V", interval=(0.0, bad))
        made = from_si(bad, "mV", flags=("too short",))
        assert (made.value, made.flags) == (None, ("too short", "not finite"))
    with pytest.raises(InputError):
        q("1e400 V")


def test_to_converts_everything_it_holds() -> None:
    x = Quantity(
        10.0, "mV", {"a": 0.5}, "measured", {"T": "25 degC"}, ("outside range",), (9.0, 12.0)
    )
    y = x.to("V")
    assert (y.value, y.components["a"], y.interval) == (0.01, pytest.approx(0.0005), (0.009, 0.012))
    assert (y.how, dict(y.conditions), y.flags) == (
        "measured",
        {"T": "25 degC"},
        ("outside range",),
    )
    assert x.to("mV") is x
    warm = Quantity(25.0, "degC", {"a": 1.0}, interval=(24.0, 26.0)).to("K")
    assert (warm.value, warm.std) == (298.15, 1.0)
    assert warm.interval == (297.15, 299.15)
    with pytest.raises(InputError, match="cannot be given in"):
        x.to("A")


def test_a_quantity_survives_pickling_and_is_frozen() -> None:
    x = Quantity(1.5, "mV", {"a": 0.1}, "measured", {"T": "25 degC"}, ("short",), (1.0, 2.0))
    assert pickle.loads(pickle.dumps(x)) == x
    with pytest.raises(TypeError):
        x.components["a"] = 2.0  # type: ignore[index]
    given: dict[str, float] = {"a": 0.1}
    y = Quantity(1.0, "V", given)
    given["a"] = 9.0
    assert y.std == 0.1


def test_reading_names_the_source_of_the_stated_uncertainty() -> None:
    assert q("60(2) um", source="cell.thickness").components == {"cell.thickness": 2.0}
    assert list(q(" 60(2) um ").components) == ["stated in '60(2) um'"]
    assert q("60 um").std is None
    assert q("0.5").unit == "1"


def test_flags_and_conditions_are_added() -> None:
    x = q("1 V").flagged("too short").flagged("outside range").given(temperature="25 degC")
    assert x.flags == ("too short", "outside range")
    assert x.conditions == {"temperature": "25 degC"}


def test_printing() -> None:
    assert str(q("1.03(4) mS/cm")) == "1.03(4) mS cm\u207b\u00b9"
    assert str(q("-1.23(3)e-9 A")) == "\u22121.23(3)e\u22129 A"
    assert str(Quantity(-1.0, "C-rate")) == "\u22121 C-rate"
    assert str(q("0.5(1)")) == "0.50(10)"


def test_require_names_the_unit_expected() -> None:
    x = q("60 um")
    assert require(x, "m", where="here") is x
    with pytest.raises(
        InputError, match=r"^here: '60 \u00b5m' has the wrong dimension; give it in g$"
    ):
        require(x, "g", where="here")
    with pytest.raises(InputError, match="not determined"):
        require(Quantity(None, "V"), "g", where="here")


@pytest.mark.parametrize(
    "equation",
    [
        lambda x: 1 / x,
        lambda x: math.log(x),
        lambda x: math.exp(1e6 + x),
        lambda x: (x - 1) ** 0.5,
        lambda x: math.inf * x,
    ],
)
@pytest.mark.parametrize("text", ["0", "0.0(1)"])
def test_an_equation_without_a_value_there_is_flagged(
    equation: Callable[[float], float], text: str
) -> None:
    made = derive(lambda x: equation(x), "um", conditions={"temperature": "25 degC"}, x=q(text))
    assert (made.value, made.std) == (None, None)
    assert made.flags == ("outside range",)
    assert made.conditions == {"temperature": "25 degC"}


def test_a_slope_that_is_not_there_is_flagged_where_an_uncertainty_needs_it() -> None:
    assert derive(lambda x: math.sqrt(x), "1", x=q("0")).value == 0
    assert derive(lambda x: math.sqrt(x), "1", x=q("0.0(1)")).flags == ("outside range",)
