"""Reading cell cards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polylyte.core.errors import InputError
from polylyte.materials.cells import Cell


def read(table, name="blocking"):
    return Cell.from_toml(table, where=f"study.toml [cell.{name}]", name=name)


def test_a_blocking_cell():
    cell = read({"stack": ["SS", "SL2", "SS"], "thickness": "60(2) um", "area": "2.01(3) cm^2"})
    assert cell.stack == ("SS", "SL2", "SS")
    assert cell.area.components == {"cell.blocking.area": 0.03}
    assert cell.thickness.components == {"cell.blocking.thickness": 2.0}


def test_a_diameter_gives_the_area_of_the_disc():
    cell = read({"diameter": "12.0(1) mm"})
    assert cell.area.to("cm^2").value == pytest.approx(1.13097, abs=1e-5)
    assert cell.area.std / cell.area.value == pytest.approx(2 * 0.1 / 12)
    assert set(cell.area.components) == {"cell.blocking.diameter"}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"thicknes": "60 um"}, r"blocking\]: unknown key 'thicknes'; did you mean 'thickness'"),
        ({"thickness": "60 cm^2"}, r"\[cell.blocking\] thickness: .*give it in um"),
        ({"thickness": "0 um"}, "above 0"),
        ({"thickness": "-3 um"}, "above 0"),
        ({"thickness": 60}, "no unit"),
        ({"area": "1 cm^2", "diameter": "12 mm"}, "both area and diameter"),
        ({"stack": ["SS"]}, "two layers"),
        ({"stack": "SS"}, "list of names"),
        ({"format": "pooch"}, "did you mean 'pouch'"),
        ({"cathode": {"active_fraction": "120 wt%"}}, "cathode active_fraction: .*the whole"),
        ({"cathode": {"active_fraction": 94.5}}, "more than the whole"),
        ({"cathode": {"active_fraction": float("nan")}}, "not a number"),
        ({"cathode": {"loading": "2 mg/cm^2"}}, "loading of what"),
        ({"cathode": {"loading": "2 mg"}}, "cathode loading.*mg/cm\\^2"),
        ({"cathode": {"loading": "2 mg/cm^2", "loading_of": "activ"}}, "did you mean 'active'"),
        (
            {"cathode": {"loading": "2 g/m^2", "loading_of": "active", "areal_mass": "2 g/m^2"}},
            "both loading and areal_mass",
        ),
        ({"cathode": "NCM811"}, "not a table"),
        ({"foils": [{"thickness": "8 um"}]}, r"foils\[0\]: a foil needs its material"),
        ({"foils": [{"material": "Al", "sides": 3}]}, "no 3 sides"),
        ({"foils": [{"material": "Al", "side": 2}]}, "did you mean 'sides'"),
        ({"foils": {"material": "Al"}}, "list of tables"),
        ({"layers": 0}, "above 0"),
        ({"cathode": {"porosity": -0.1}}, "cathode porosity: '-0.1' is not possible; it must be 0"),
        ({"cathode": {"porosity": 1.3}}, "cathode porosity: .*more than the whole"),
        ({"cathode": {"porosity": 1.0}}, "leaves no solid"),
        ({"separator": {"porosity": 1}}, "leaves no solid"),
        ({"electrolyte": {"transference_number": 1.2}}, "more than the whole"),
        ({"electrolyte": {"transference_number": -0.2}}, "0 or more"),
        ({"electrolyte": {"thickness": 12.6}}, "electrolyte thickness: 12.6 has no unit"),
        ({"anode_free": "yes"}, "anode_free: 'yes' is neither true nor false"),
        ({"anode_free": True, "anode": {"material": "Li"}}, "anode-free and has an anode"),
        (
            {"average_voltage": "3.8 V", "upper_cutoff": "3.5 V"},
            "average_voltage 3.8 V is not below upper_cutoff 3.5 V",
        ),
        ({"lower_cutoff": "4.3 V", "upper_cutoff": "2.8 V"}, "lower_cutoff 4.3 V is not below"),
        ({"package": {"mass_share": "105 %"}}, "more than the whole"),
        ({"package": {"mass_share": 1}}, "the whole cell"),
        ({"package": {"mass_share": 0.1, "mass": "1 g"}}, "both a share and a mass"),
        ({"package": {"diameter": "20 mm"}}, "diameter and its height"),
        ({"package": {"length": "5 cm", "width": "3 cm"}}, "length, width and thickness"),
        ({"package": {"volume": "1 mL", "diameter": "20 mm", "height": "3 mm"}}, "two ways"),
        ({"package": {"cost": "3 kg"}}, "not money"),
        ({"package": {"cost": "cheap"}}, "package cost: 'cheap'"),
        ({"cathode": {"cost": "3 USD"}}, "not money per mass"),
        ({"cathode": {"cost": "3 USD/kg", "cost_date": "spring"}}, "cost_date: 'spring' is not a"),
        ({"format": "coin", "roll": {}}, "needs diameter, core_diameter and width"),
        (
            {"roll": {"diameter": "2 mm", "core_diameter": "3 mm", "width": "6 cm"}},
            "core 3 mm is not inside",
        ),
        (
            {
                "format": "coin",
                "roll": {"diameter": "4 mm", "core_diameter": "3 mm", "width": "6 cm"},
            },
            "a coin cell has no roll",
        ),
        ({"variants": {"a": {"variants": {}}}}, "no variants"),
        ({"variants": {"a": {"thicknes": "1 um"}}}, "did you mean 'thickness'"),
    ],
)  # fmt: skip
def test_a_wrong_card_is_refused_in_one_line(table, message):
    with pytest.raises(InputError, match=message) as caught:
        read(table)
    assert "\n" not in str(caught.value)


def test_a_variant_changes_only_what_it_says():
    cell = read(
        {
            "cathode": {"thickness": "90(1) um", "areal_capacity": "3 mAh/cm^2"},
            "variants": {"thick": {"cathode": {"areal_capacity": "5 mAh/cm^2"}}},
        }
    )
    variant = cell.variants["thick"]
    assert variant.cathode.areal_capacity.value == 5
    assert variant.cathode.thickness == cell.cathode.thickness, "the same source of uncertainty too"


@given(st.integers(1, 10**6))
def test_the_key_knows_no_units(n):
    one = read(
        {"thickness": f"{n} um", "cathode": {"loading": f"{n} mg/cm^2", "loading_of": "active"}}
    )
    two = read(
        {
            "thickness": f"{n}e-3 mm",
            "cathode": {"loading": f"{n}e-2 kg/m^2", "loading_of": "active"},
        }
    )
    assert one.to_key() == two.to_key()


def test_the_key_knows_values_and_uncertainties():
    keys = [
        read({"thickness": text}).to_key() for text in ("60 um", "61 um", "60(2) um", "60(3) um")
    ]
    assert all(a != b for i, a in enumerate(keys) for b in keys[:i])
    here = Cell.from_toml({"thickness": "60 um"}, where="elsewhere.toml", name="blocking")
    assert here.to_key() == keys[0], "a place in a file is no content"


def test_new_optional_keys_change_no_old_key():
    # a card that states none of them has only what it states
    assert set(read({"thickness": "60 um"}).to_key()) == {"name", "thickness"}
    assert set(read({"cathode": {"porosity": 0.3}}).to_key()["cathode"]) == {"porosity"}


@pytest.mark.parametrize("date", ["2025", "2025-03", "2025-03-31"])
def test_a_price_has_its_source_and_date(date):
    made = read({"cathode": {"cost": "30 EUR/kg", "cost_source": "a list", "cost_date": date}})
    assert (made.cathode.cost_source, made.cathode.cost_date) == ("a list", date)
    other = read({"cathode": {"cost": "30 EUR/kg", "cost_source": "b", "cost_date": date}})
    assert made.to_key() != other.to_key(), "where a price is from is part of the result"


@pytest.mark.parametrize("porosity", ["30 vol%", "30 %", 0.3, "0.3"])
def test_a_porosity_in_any_spelling(porosity):
    assert read({"cathode": {"porosity": porosity}}).cathode.porosity.value == pytest.approx(0.3)


def test_a_price_is_per_mass_or_area_and_not_negative():
    assert read({"separator": {"cost": "0.5 EUR/m^2"}}).separator.cost.unit == "EUR/m^2"
    with pytest.raises(InputError, match="less than nothing"):
        read({"separator": {"cost": "-1 USD/kg"}})
