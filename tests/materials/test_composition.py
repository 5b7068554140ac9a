"""What recipes come to, against seeds A, B and C and against closed forms."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polylyte.core.errors import NotAnswerable
from polylyte.core.methods import get
from polylyte.core.quantities import q
from polylyte.materials.composition import composition, figure
from polylyte.materials.recipes import Recipe


def read(table, name="x"):
    return Recipe.from_toml(table, where=f"study.toml [recipe.{name}]", name=name)


def sl2(sulfolane="9 mmol", **changes):
    """Seed A, section 2.3."""
    return read(
        {
            "LiTFSI": "4.5 mmol",
            "sulfolane": sulfolane,
            "AIBN": "6 mg",
            "PEGDA": {"amount": "90 mg", "molar_mass": "6000 g/mol"},
            "TFEMA": "1.5 mL",
            "TFEAA": "1.5 mL",
            **changes,
        },
        "SL2",
    )


@pytest.mark.parametrize(
    ("component", "percent"),
    [("LiTFSI", 21.30), ("sulfolane", 17.83), ("AIBN", 0.10), ("PEGDA", 1.48), ("TFEMA", 29.21),
     ("TFEAA", 30.07)],
)  # fmt: skip
def test_mass_fractions_of_seed_A_SL2(component, percent):
    # seed A, 2.3, with supplier densities of the two monomers: given to 0.01 wt%
    found = composition(recipe=sl2())[f"mass_fraction@{component}"]
    assert found.unit == "wt%"
    assert found.value == pytest.approx(percent, abs=0.005)


def test_ratios_of_seed_A_SL2():
    # Li:C=O 1:4.972 counts the two monomers; the crosslinker's two groups make it 4.979.
    # AIBN .1633 mol% is per 100 mol of the two monomers. f1 is TFEMA's share of them.
    found = composition(recipe=sl2())
    assert found.monomer_carbonyl_per_lithium.value == pytest.approx(4.972, abs=5e-4)
    pegda = 2 * 90e-3 / 6000 / 4.5e-3
    assert found.carbonyl_per_lithium.value == pytest.approx(4.9722 + pegda, abs=2e-4)
    assert found["feed_fraction@TFEMA"].value == pytest.approx(0.4710, abs=5e-5)
    assert found.initiator_per_monomer.value == pytest.approx(0.1633, abs=5e-5)
    assert found.initiator_per_monomer.unit == "mol%"
    assert found.plasticizer_per_lithium.value == pytest.approx(2)


def test_the_repeat_unit_of_seed_A_Table_S1_is_a_pair():
    # M0 printed 322.19, recomputed 322.20 (data/consistency.csv A1)
    unit = composition(recipe=sl2()).monomer_set_mass
    assert unit.to("g/mol").value == pytest.approx(322.203, abs=5e-3)
    for number_average, degree in [
        (55017, 170.75),
        (53996, 167.59),
        (53247, 165.26),
        (53122, 164.87),
    ]:
        assert number_average / unit.value == pytest.approx(degree, abs=0.011)  # ERRATA A-E05


@pytest.mark.parametrize(("amount", "ratio"), [("0 mmol", 0), ("4.5 mmol", 1), ("13.5 mmol", 3)])
def test_sulfolane_per_lithium_of_the_other_samples(amount, ratio):
    # seed A, 2.3: 0, 0.0045, 0.009, 0.0135 mol on 0.0045 mol LiTFSI
    assert composition(recipe=sl2(amount)).plasticizer_per_lithium.value == pytest.approx(ratio)


def test_ether_oxygens_of_the_crosslinker():
    # PEGDA of 6000 g/mol: (6000 - 126.11) / 44.053 = 133.3 units, one ether fewer than units
    found = composition(recipe=sl2()).ether_oxygen_per_lithium.value
    assert found == pytest.approx((5873.89 / 44.053 - 1) * 15e-6 / 4.5e-3, rel=1e-4)


def test_seed_C_closes_per_litre_of_solvent():
    # seed C, section 1: 63.8 wt% solvent and 37.2 wt% solid are printed (ERRATA C-E02)
    found = composition(
        recipe=read({"LiFPA": "1 mol/L", "EMC": "1 mL", "FEC": "1 mL", "molarity_per": "solvent"})
    )
    assert found.liquid_content.value == pytest.approx(63.80, abs=0.005)
    assert found.solid_content.value == pytest.approx(36.20, abs=0.005)
    assert found.salt_molarity_in_solvent.value == pytest.approx(1.0)
    assert abs(found.solid_content.value - 37.2) > 3 * found.solid_content.std
    assert any("per litre of solvent" in f.text for f in found.findings)


def test_seed_B_calls_a_lithium_6_batch_stoichiometric():
    # S1.1 and ERRATA B-E08: 42/21/28 mmol gives Li6La3Zr2, 6.6 with 10 wt% excess; 49 are needed
    found = composition(
        recipe=read({"Li2CO3": {"amount": "42 mmol", "excess": "10 wt%"}, "La2O3": "21 mmol",
                     "ZrO2": "28 mmol"}),
        target="Li7La3Zr2O12",
    )  # fmt: skip
    assert found["stoichiometry_without_excess@Li"].value == pytest.approx(6)
    assert found["stoichiometry@Li"].value == pytest.approx(6.6)
    assert found["stoichiometry@La"].value == pytest.approx(3)
    assert found["stoichiometry@Zr"].value == pytest.approx(2)
    assert found.stoichiometry.column("element") == ["Li", "La", "Zr"]
    finding = next(f for f in found.findings if "Li6La3Zr2" in f.text)
    assert "49 mmol Li2CO3 are needed, not 42" in finding.remedy


def test_the_right_batch_is_not_criticised():
    batch = {"Li2CO3": "49 mmol", "La2O3": "21 mmol", "ZrO2": "28 mmol"}
    found = composition(recipe=read(batch), target="Li7La3Zr2O12")
    assert found["stoichiometry@Li"].value == pytest.approx(7)
    assert not any(f.severity == "warning" for f in found.findings)


def test_a_filler_with_absorbed_ionic_liquid():
    # seed B, S1.1: 0.10 g MOF and 110 uL of 2 M LiTFSI in EMIMTFSI, per litre of ionic liquid
    liquid = {"EMIMTFSI": "110 uL", "LiTFSI": "2 mol/L", "molarity_per": "solvent"}
    found = composition(recipe=read({"Cu-BTC": {"amount": "0.10 g", "absorbs": liquid}}))
    assert found.salt_molarity_in_solvent.value == pytest.approx(2)
    salt, ionic = 0.110 * 2 * 0.28708, 0.110 * 1.520
    assert found["mass_fraction@LiTFSI"].value == pytest.approx(
        100 * salt / (salt + ionic + 0.1), rel=1e-4
    )
    assert found.composition.column("absorbed_in") == ["", "Cu-BTC", "Cu-BTC"]


def test_a_recipe_without_salt_is_refused():
    with pytest.raises(
        NotAnswerable, match=r"\[recipe.x\]: there is no salt.*salt = \"none\""
    ) as e:
        composition(recipe=read({"EMC": "1 mL"}))
    assert e.value.exit_code == 3
    found = composition(recipe=read({"EMC": "1 mL", "FEC": "1 mL", "salt": "none"}))
    assert found.salt_molality is None
    assert found.liquid_content.value == pytest.approx(100)


def test_what_is_unknown_is_null_and_says_why():
    found = composition(recipe=sl2())
    assert found.salt_molarity.value is None
    assert "density of LiTFSI" in found.salt_molarity.flags[0]
    assert found.cost.value is None
    assert any("no price of LiTFSI" in f.text for f in found.findings)
    polymer = composition(recipe=read({"PVDF-HFP": "1 g", "LiTFSI": "1 g"}))
    assert polymer["amount_fraction@LiTFSI"].value is None
    assert "molar mass of PVDF-HFP" in polymer["amount_fraction@LiTFSI"].flags[0]


def test_molarity_of_the_whole_with_a_stated_density():
    found = composition(recipe=sl2(density="1.30 g/mL"))
    grams = found.total_mass.to("g").value
    assert found.salt_molarity.value == pytest.approx(4.5 / (grams / 1.30))
    assert found.salt_molarity.flags == ()


def test_ideal_mixing_is_flagged():
    found = composition(recipe=read({"LiPF6": {"amount": "1 mol/L", "density": "1.5 g/mL"},
                                     "EMC": "1 L", "molarity_per": "solution"}))  # fmt: skip
    assert found.salt_molarity.value == pytest.approx(1.0)
    assert found.salt_molarity.flags == ("ideal mixing",)


def test_cost_needs_every_price():
    priced = {
        "LiTFSI": {"amount": "10 g", "cost": "200 USD/kg"},
        "PEO": {"amount": "30 g", "cost": "50 USD/kg"},
    }
    cost = composition(recipe=read(priced)).cost
    assert (cost.value, cost.unit) == (pytest.approx(3.5), "USD")
    priced["PEO"]["cost"] = "50 EUR/kg"
    assert composition(recipe=read(priced)).cost.flags == ("prices in two currencies",)


def test_polymers_are_counted_in_repeat_units():
    # EO:Li 20:1: 20 x 44.053 g PEO on 287.08 g LiTFSI
    found = composition(recipe=read({"PEO": "881.06 g", "LiTFSI": "1 mol"}))
    assert found.ether_oxygen_per_lithium.value == pytest.approx(20, rel=1e-4)


def test_uncertainty_is_carried_and_shared():
    uncertain = sl2(TFEAA={"amount": "1.50(3) mL", "density": "1.216(5) g/mL"})
    found = composition(recipe=uncertain)
    relative = ((0.03 / 1.5) ** 2 + (0.005 / 1.216) ** 2) ** 0.5
    w = 0.300746
    assert found["mass_fraction@TFEAA"].std == pytest.approx(100 * w * (1 - w) * relative, rel=1e-3)
    names = ("LiTFSI", "sulfolane", "AIBN", "PEGDA", "TFEMA", "TFEAA")
    whole = q("0 wt%")
    for name in names:
        whole = whole + found[f"mass_fraction@{name}"]
    assert whole.value == pytest.approx(100)
    assert whole.std == pytest.approx(0, abs=1e-9), "what adds up to 100 % has no uncertainty"
    assert found.plasticizer_per_lithium.std is None, "amounts in mol do not depend on densities"


amounts = st.floats(0.01, 100).map(lambda x: round(x, 4))


@settings(max_examples=30, deadline=None)
@given(st.lists(amounts, min_size=4, max_size=4))
def test_fractions_add_up_to_a_hundred(numbers):
    names = ("LiTFSI", "sulfolane", "TFEMA", "PEO")
    found = composition(recipe=read({n: f"{x} g" for n, x in zip(names, numbers, strict=True)}))
    for column in ("mass_fraction", "amount_fraction"):
        assert sum(found.composition.column(column)) == pytest.approx(100)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 1000))
def test_a_larger_batch_is_the_same_mixture(factor):
    def batch(times):
        amounts = {"LiTFSI": (4.5, "mmol"), "sulfolane": (9, "mmol"), "TFEMA": (1.5, "mL")}
        table = {name: f"{x * times:.12g} {unit}" for name, (x, unit) in amounts.items()}
        return composition(recipe=read(table))

    one, many = batch(1.0), batch(factor)
    for name, value in one.quantities.items():
        if value.value is not None and name != "total_mass":
            assert many[name].value == pytest.approx(value.value, rel=1e-9), name
    assert many.total_mass.value == pytest.approx(factor * one.total_mass.value, rel=1e-9)


def test_figure_and_declaration():
    drawn = figure(composition(recipe=sl2()))
    assert [s.label for s in drawn.panels[0].series] == ["wt%", "mol%"]
    declared = get("recipe.composition")
    assert declared.parameters["recipe"].type == "section"
    assert declared.parameters["target"].description
