"""From text and TOML values to arguments: what fits each kind, and what the refusal says."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest

from polylyte.core import kinds
from polylyte.core.coercion import quantity, value
from polylyte.core.errors import InputError
from polylyte.core.kinds import Kind
from polylyte.core.methods import Parameter
from polylyte.core.quantities import Quantity, q
from polylyte.core.units import unit

KINDS = {
    name: extras[0]
    for name, hint in vars(kinds).items()
    if (extras := get_args(hint)[1:]) and isinstance(extras[0], Kind)
}
PHYSICAL = sorted(name for name, kind in KINDS.items() if kind.si)
# A unit that no kind but its own has.
OTHER = {"Money": "5 kg", "ArealVolume": "5 kg", "Mass": "5 mol"}


def read(raw: Any, name: str) -> Quantity:
    return quantity(raw, KINDS[name], where="study.toml [step.a] x", source="a.x")


@pytest.mark.parametrize("name", PHYSICAL)
def test_each_kind_takes_its_display_unit_and_its_si_unit(name: str) -> None:
    kind = KINDS[name]
    made = read(f"2.0(1) {kind.display}".removesuffix(" 1"), name)
    assert made.value == 2.0
    assert list(made.components) == ["a.x"]
    assert made.components["a.x"] == pytest.approx(0.1)
    assert unit(made.unit).dimension == unit(kind.si).dimension
    if kind.si != "1":
        assert read(f"2 {kind.si}", name).value == 2.0


@pytest.mark.parametrize("name", PHYSICAL)
def test_a_wrong_dimension_names_the_place_and_the_unit_expected(name: str) -> None:
    kind = KINDS[name]
    with pytest.raises(InputError) as caught:
        read(OTHER.get(name, "5 mol^7"), name)
    message = str(caught.value)
    assert message.startswith("study.toml [step.a] x: '5 ")
    wanted = "give a plain number" if kind.plain_number else f"give it in {kind.example('')}"
    assert f"is not a {kind.name}; {wanted}" in message
    with pytest.raises(InputError, match="is not a unit known here"):
        read("5 bogus", name)
    with pytest.raises(InputError, match="is not a quantity; write it as in"):
        read([1], name)
    with pytest.raises(InputError, match="is not a quantity"):
        read(True, name)


@pytest.mark.parametrize("name", PHYSICAL)
def test_a_number_without_a_unit_is_refused_unless_the_kind_has_none(name: str) -> None:
    kind = KINDS[name]
    for raw in (5, 5.0, "5"):
        if kind.plain_number:
            assert read(raw, name) == Quantity(5.0, "1")
        else:
            with pytest.raises(InputError, match="has no unit; write it as '5") as caught:
                read(raw, name)
            assert str(caught.value).endswith(kind.example("") + "'")


@pytest.mark.parametrize("raw", [math.nan, math.inf, "1e400", "nan"])
def test_a_number_that_is_not_finite_is_the_users_mistake(raw: Any) -> None:
    with pytest.raises(InputError):
        read(raw, "Ratio")


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("2C", 2), ("2 C", 2), ("0.5C", 0.5), (".5C", 0.5), ("C/5", 0.2), ("C / 2.5", 0.4),
        ("1/3 C", 1 / 3), ("1/3C", 1 / 3), ("0C", 0), ("0.1 C-rate", 0.1), ("-1 C-rate", -1),
    ],
)  # fmt: skip
def test_c_rates(text: str, rate: float) -> None:
    assert read(text, "CRate") == Quantity(rate, "C-rate")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("C/0", "divides by zero"),
        ("1/0 C", "divides by zero"),
        ("C", "not a number"),
        ("1C/3", "not a unit"),
        ("5 A", "is not a C-rate; give it in C-rate"),
    ],
)
def test_wrong_c_rates(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(text, "CRate")


def test_elsewhere_c_means_coulomb() -> None:
    assert read("2C", "Charge") == Quantity(2.0, "C")


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("5 K", 5),
        ("5 degC", 5),
        ("-5 \u00b0C", -5),
        ("5 \u2103", 5),
        ("5 mK", 0.005),
        ("5 delta_degC", 5),
    ],
)
def test_a_temperature_difference_has_no_offset(text: str, step: float) -> None:
    assert read(text, "TemperatureDifference").si == pytest.approx(step)


def test_a_temperature_difference_keeps_its_uncertainty() -> None:
    made = read("5.0(3) degC", "TemperatureDifference")
    assert made.std == pytest.approx(0.3)
    assert str(made) == "5.0(3) K"


def test_a_potential_in_volts_is_taken_to_be_against_lithium() -> None:
    assert read("3600(2) mV", "Potential") == Quantity(3.6, "V vs Li/Li+", {"a.x": 0.002})
    assert read("3.6 V vs Li/Li+", "Potential").unit == "V vs Li/Li+"
    # Not the other way round: a voltage is between two given electrodes.
    with pytest.raises(InputError, match="is not a voltage; give it in mV"):
        read("3.6 V vs Li/Li+", "Voltage")


def test_a_quantity_passes_if_it_is_of_the_kind() -> None:
    x = q("60(2) um")
    assert read(x, "Length") is x
    with pytest.raises(InputError, match="is not a mass"):
        read(x, "Mass")
    with pytest.raises(InputError, match="not determined"):
        read(Quantity(None, "um"), "Mass")
    assert quantity("5 mol^7", KINDS["AnyQuantity"], where="", source="").value == 5


PARAMETER = Parameter("x", "number", None, None, False, False, None, (), "")


def take(raw: Any, **changes: Any) -> Any:
    return value(replace(PARAMETER, **changes), raw, where="here x", source="s")


@pytest.mark.parametrize(
    ("raw", "changes", "expected"),
    [
        ("1.5", {"type": "number"}, 1.5),
        ("3.0", {"type": "integer"}, 3),
        ("TRUE", {"type": "flag"}, True),
        (False, {"type": "flag"}, False),
        ("a", {"type": "choice", "choices": ("a", "b")}, "a"),
        ("text", {"type": "text"}, "text"),
        ("1, 2", {"type": "list", "target": float}, [1.0, 2.0]),
        ([1, 2.0], {"type": "list", "target": int}, [1, 2]),
        (["a"], {"type": "list", "target": Literal["a", "b"]}, ["a"]),
        ({"a": 1}, {"type": "mapping"}, {"a": 1}),
        (None, {"type": "text", "optional": True}, None),
    ],
)
def test_values_that_fit(raw: Any, changes: dict[str, Any], expected: Any) -> None:
    made = take(raw, **changes)
    assert made == expected
    assert type(made) is type(expected)


@pytest.mark.parametrize(
    ("raw", "changes", "message"),
    [
        ("x", {"type": "number"}, "'x' is not a number"),
        (True, {"type": "number"}, "True is not a number"),
        (math.nan, {"type": "number"}, "nan is not a number"),
        ("inf", {"type": "integer"}, "'inf' is not a whole number"),
        (3.5, {"type": "integer"}, "3.5 is not a whole number"),
        ("yes", {"type": "flag"}, "neither true nor false"),
        ("aa", {"type": "choice", "choices": ("a", "b")}, "did you mean 'a'"),
        (3, {"type": "text"}, "put it in quotes"),
        (3, {"type": "list"}, "write it as [a, b]"),
        (["a"], {"type": "list", "target": float}, "here x[0]: 'a' is not a number"),
        ([1, 1.5], {"type": "list", "target": int}, "here x[1]: 1.5 is not a whole number"),
        (["c"], {"type": "list", "target": Literal["a", "b"]}, "'c' is not a choice"),
        (
            ["1 um", "2 g"],
            {"type": "list", "kind": KINDS["Length"]},
            "here x[1]: '2 g' is not a length",
        ),
        (3, {"type": "mapping"}, "is not a table"),
        (3, {"type": "table"}, "refer to a step"),
        (None, {"type": "text"}, "is not text"),
    ],
)
def test_values_that_do_not_fit(raw: Any, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        take(raw, **changes)
    assert message in str(caught.value)
    assert str(caught.value).startswith("here x")


def test_each_item_of_a_list_has_a_source_of_its_own() -> None:
    made = take(["1.0(1) um", "2.0(1) um"], type="list", kind=KINDS["Length"])
    assert [list(item.components) for item in made] == [["s[0]"], ["s[1]"]]


def test_the_remedy_is_something_that_is_accepted() -> None:
    with pytest.raises(InputError, match=r"give a plain number as in '0.5', or a percentage"):
        read("5 um", "Ratio")
    with pytest.raises(InputError, match=r"give it in K or another unit of temperature difference"):
        read("5 um", "TemperatureDifference")
    with pytest.raises(InputError, match=r"write it as '5 K'"):
        read("5", "TemperatureDifference")


def test_every_kind_is_shown_in_a_unit_of_its_own_dimension() -> None:
    for kind in (get_args(k)[1] for k in vars(kinds).values() if get_origin(k) is Annotated):
        if kind.si:
            assert unit(kind.si).dimension == unit(kind.display).dimension, kind
