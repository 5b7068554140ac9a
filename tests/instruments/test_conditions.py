"""Conditions from names and headers."""

import pytest

from polylyte.core.errors import InputError
from polylyte.core.quantities import q
from polylyte.core.tables import Table
from polylyte.instruments.conditions import merge, steady_temperature, temperature_from_name


@pytest.mark.parametrize(
    ("name", "celsius"),
    [
        ("SL2_25C.DTA", 25),
        ("PEIS_LPSCl_IonBlocking_-25C.mpr", -25),
        ("cell-25C.mpt", 25),
        ("-25degC.DTA", -25),
        ("PEO 60 °C.z", 60),
        ("PEO_60.5degC", 60.5),
        ("run (\u221210 °C)", -10),
        ("a_298K.DTA", 24.85),
        ("a_298.15K.DTA", 25),
        ("25C_C01.mpt", 25),
        ("rate_2C_25C.mpt", 25),
        ("0.5C_25degC.mpt", 25),
        ("25C_again_25C.mpt", 25),
        ("_5degC", 5),
        ("1C.mpt", None),
        ("0.5C.mpt", None),
        ("_C01.mpt", None),
        ("60C_then_25C.mpt", None),
        ("CR2032C.mpt", None),
        ("100K_cycles", None),
        ("cell_12.DTA", None),
    ],
)
def test_temperature_from_name(name, celsius):
    found = temperature_from_name(name)
    if celsius is None:
        assert found is None
    else:
        assert found is not None
        assert found.unit == "degC"
        assert found.value == pytest.approx(celsius)


def test_agreement_within_a_kelvin():
    merged = merge({"temperature": q("25 degC")}, {"temperature": q("298.9 K")}, where="f")
    assert merged["temperature"].value == 25


@pytest.mark.parametrize(
    ("name", "header"),
    [("25 degC", "26.1 degC"), ("25 degC", "299.3 K"), ("10 mV", "0.0102 V"), ("10 mV", "0 V")],
)
def test_a_clash_names_both(name, header):
    said, read = q(name), q(header)
    with pytest.raises(InputError) as caught:
        merge({"x": said}, {"x": read}, where="f.DTA")
    assert f"x is {said.value:g} {said.unit} by the file's name" in str(caught.value)
    assert f"{read.value:g} {read.unit} by its header" in str(caught.value)


def test_one_percent_is_allowed():
    assert merge({"area": q("2.01 cm^2")}, {"area": q("2.00 cm^2")}, where="f")


def test_different_kinds_are_an_error():
    with pytest.raises(InputError):
        merge({"area": q("2 cm")}, {"area": q("2 cm^2")}, where="f")


def test_a_recorded_temperature_counts_when_steady():
    steady = Table.of({"temperature": [24.5, 25.5, None]}, {"temperature": "degC"})
    drifting = Table.of({"temperature": [20.0, 25.0]}, {"temperature": "degC"})
    assert steady_temperature({"a": steady}).conditions["temperature"].value == 25.0
    assert steady_temperature({"a": drifting}).conditions == {}
    assert "20.0 to 25.0 degC" in steady_temperature({"a": drifting}).findings[0].text
