"""Reading recipes: the chemist's words, and what cannot be meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polylyte.core.errors import InputError
from polylyte.materials.batch import weigh
from polylyte.materials.recipes import Recipe
from polylyte.materials.substances import Substance

WHERE = "study.toml [recipe.x]"


def read(table, **more):
    return Recipe.from_toml(table, where=WHERE, name="x", **more)


def masses(table):
    return {p.label: p.mass.to("g").value for p in weigh(read(table))}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"LiTSFI": "1 g"},
            r"study.toml \[recipe.x\]: no substance is called 'LiTSFI'; did you mean",
        ),
        ({"LiTFSI": "1 V"}, r"\[recipe.x\] LiTFSI: '1 V' is no amount .* mol"),
        ({"LiTFSI": "10 %"}, "wt%, mol% or vol%"),
        ({"LiTFSI": "-1 g"}, "negative"),
        ({"LiTFSI": 1.0}, "no unit"),
        ({"LiTFSI": "1,5 g"}, "decimal comma"),
        ({"LiTFSI": {"amount": "1 g", "denisty": "1 g/mL"}}, "did you mean 'density'"),
        ({"LiTFSI": {"density": "1 g/mL"}}, "no amount"),
        ({"LiTFSI": "1 g", "SL": "1 g", "sulfolane": "1 g"}, "names 'sulfolane' twice"),
        ({"LiTFSI": "1 g", "cure": [{"at": "60 degC"}]}, "temperature and a time"),
        ({"LiTFSI": "1 g", "cure": [{"at": "60 degC", "for": "5 V"}]}, "for: .*not a time"),
        ({"LiTFSI": {"amount": "1 g", "purity": 99}}, "more than the whole"),
        ({"cure": []}, "no components"),
        ({"LiTFSI": "1 g", "solvents": ["EMC"]}, "not in the recipe"),
        ({"LiTFSI": "1 g", "salt": "non"}, "did you mean 'none'"),
    ],
)
def test_bad_input_is_refused_in_one_line(table, message):
    with pytest.raises(InputError, match=message) as caught:
        read(table)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"LiTFSI": "1 mL"}, "density of 'LiTFSI' is not known"),
        ({"PEGDA": "1 mmol"}, "molar mass of 'PEGDA' is not known"),
        ({"LiFPA": "1 mol/L", "EMC": "1 mL"}, "molarity_per"),
        ({"LiFPA": "1 mol/L", "molarity_per": "solvent"}, "of no solvent"),
        ({"EMC": "63.8 wt%", "LiFPA": "37.2 wt%"}, "add up to 101 wt%"),
        ({"EMC": "63.8 wt%", "LiFPA": "10 mol%"}, "mixed"),
        ({"EMC": "1 g", "LiFPA": "100 wt%"}, "no room"),
        ({"LiTFSI": "0 g"}, "every amount is zero"),
        (
            {"LiTFSI": {"amount": "9 mol/L", "density": "1.33 g/mL"}, "EMC": "1 mL",
             "molarity_per": "solution"},
            "more than the solution",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_weighed_is_refused(table, message):
    with pytest.raises(InputError, match=message):
        weigh(read(table))


def test_zero_is_an_amount():
    # seed A, 2.3: in situ-P holds no sulfolane
    assert masses({"LiTFSI": "4.5 mmol", "sulfolane": "0 mmol"})["sulfolane"] == 0


def test_fractions_of_the_whole():
    assert masses({"PEO": "3 g", "LiTFSI": "25 wt%"})["LiTFSI"] == pytest.approx(1.0)
    assert masses({"PEO": "rest", "LiTFSI": "25 wt%"}) == pytest.approx({"PEO": 75, "LiTFSI": 25})
    by_volume = masses({"EMC": "50 vol%", "FEC": "50 vol%"})
    assert by_volume["FEC"] / by_volume["EMC"] == pytest.approx(1.454 / 1.006)


def test_a_mole_per_litre_of_solution_with_its_density():
    # 1 L of 1.2 g/mL holds 151.9 g of the salt: 1048.1 g of EMC dissolve it
    made = masses({"LiPF6": "1 mol/L", "EMC": "1048.1 g", "molarity_per": "solution",
                   "density": "1.2 g/mL"})  # fmt: skip
    assert made["LiPF6"] == pytest.approx(151.9, abs=0.02)


def test_a_mole_per_litre_of_solution_by_ideal_mixing():
    table = {"LiPF6": {"amount": "1 mol/L", "density": "1.5 g/mL"}, "EMC": "1 L",
             "molarity_per": "solution"}  # fmt: skip
    salt = masses(table)["LiPF6"]
    assert salt / 151.9 / (1 + salt / 1500) == pytest.approx(1.0, rel=1e-4)


def test_molality_is_per_mass_of_solvent():
    assert masses({"LiPF6": "1 mol/kg", "EMC": "2 kg"})["LiPF6"] == pytest.approx(303.8, abs=0.05)


def test_purity_leaves_its_rest_in_the_batch():
    made = masses({"LiTFSI": {"amount": "10 g", "purity": "99 wt%"}})
    assert made == pytest.approx({"LiTFSI": 9.9, "impurities of LiTFSI": 0.1})


def test_an_absorbed_solution_is_scaled_to_what_is_taken():
    solution = {"EMIMTFSI": "1 mL", "LiTFSI": "2 mol/L", "molarity_per": "solution",
                "density": "1.6 g/mL", "amount": "110 uL"}  # fmt: skip
    made = masses({"Cu-BTC": {"amount": "0.10 g", "absorbs": solution}})
    assert made["EMIMTFSI"] + made["LiTFSI"] == pytest.approx(0.110 * 1.6)
    assert made["LiTFSI"] == pytest.approx(110e-6 * 2 * 287.08, rel=1e-3)


def test_a_substance_of_the_study_comes_first():
    own = Substance.from_toml({"formula": "C10H20"}, where="w", name="mine")

    def lookup(section, name):
        if (section, name) == ("substance", "mine"):
            return own
        raise InputError(f"there is no [substance.{name}]", remedy="did you mean 'mine'?")

    assert read({"mine": "1 g"}, lookup=lookup).components[0].substance is own
    assert read({"LiTFSI": "1 g"}, lookup=lookup).components[0].label == "LiTFSI"
    with pytest.raises(InputError, match="did you mean 'mine'"):
        read({"minne": "1 g"}, lookup=lookup)


def test_the_key_knows_no_units_and_no_places():
    one = Recipe.from_toml({"LiTFSI": "4.5 mmol"}, where="a.toml", name="x").to_key()
    assert one == Recipe.from_toml({"LiTFSI": "0.0045 mol"}, where="b.toml", name="x").to_key()
    assert one != Recipe.from_toml({"LiTFSI": "4.6 mmol"}, where="a.toml", name="x").to_key()


@given(st.integers(1, 10**6))
def test_milligrams_are_grams(n):
    def key(text):
        return read({"LiTFSI": text}).to_key()

    assert key(f"{n} mg") == key(f"{n}e-3 g") == key(f"{n}000 ug")
