"""Cards of coin, pouch and cylindrical cells: pores, filling, anodes, package, cost."""

from math import pi

import pytest

from polylyte.core.errors import InputError
from polylyte.core.quantities import q
from polylyte.design.stack_energy import stack_energy
from polylyte.materials.substances import Substance


def without(table, *keys):
    return {k: v for k, v in table.items() if k not in keys}


@pytest.fixture
def porous(pouch):
    """60 um of coating: 18.1 mg/cm2 of solids of 4.5 g/cm3 leave 1 - 40.2/60 of pores."""
    pouch["cathode"] |= {"thickness": "60 um", "density": "4.5 g/cm^3"}
    pouch["separator"] |= {"porosity": 0.4}
    pouch["liquid"] = {"electrolyte_to_capacity": "2 g/Ah", "density": "1.25 g/cm^3"}
    return without(pouch, "specific_energy")


SOLID = 18.1 / 4.5 * 10  # um
PORES = (60 - SOLID + 0.4 * 25) / 10  # uL/cm2


def test_pores_and_filling(read, porous):
    found = stack_energy(cell=read(porous))
    assert found.pore_volume.to("uL/cm^2").value == pytest.approx(PORES, rel=1e-9)
    liquid = 2 * 3.71738 / 1.25
    assert found.filling.value == pytest.approx(liquid / PORES, rel=1e-6)
    fills = {v.name: v.passed for v in found.verdicts}
    assert fills["liquid fills the pores"] is True
    dry = stack_energy(cell=read(porous | {"liquid": porous["liquid"] | {
        "electrolyte_to_capacity": "0.5 g/Ah"}}))  # fmt: skip
    assert {v.name: v.passed for v in dry.verdicts}["liquid fills the pores"] is False


def test_a_filling_gives_the_liquid(read, porous):
    found = stack_energy(cell=read(porous | {"liquid": {"filling": 1.2, "density": "1.25 g/cm^3"}}))
    assert found.ec_ratio.to("g/Ah").value == pytest.approx(1.2 * PORES * 1.25 / 3.71738, rel=1e-6)
    with pytest.raises(InputError, match="filling needs the pores of separator"):
        stack_energy(
            cell=read(
                porous
                | {"separator": without(porous["separator"], "porosity")}
                | {"liquid": {"filling": 1.2, "density": "1.25 g/cm^3"}}
            )
        )


def test_porosity_and_density_give_the_thickness(read, porous):
    cathode = without(porous["cathode"], "thickness") | {"porosity": 0.25}
    found = stack_energy(cell=read(porous | {"cathode": cathode}))
    assert found.thickness.to("um").value == pytest.approx(SOLID / 0.75 + 25 + 50 + 4, rel=1e-9)


def test_a_coating_denser_than_its_solids_is_refused(read, porous):
    cathode = porous["cathode"] | {"thickness": "40 um"}
    with pytest.raises(InputError, match="do not fit into 40 µm"):
        stack_energy(cell=read(porous | {"cathode": cathode}))


def test_an_anode_free_cell(read, porous):
    card = without(porous, "anode") | {
        "anode_free": True,
        "foils": [*porous["foils"], {"material": "Cu", "thickness": "8 um", "sides": 2}],
    }
    found = stack_energy(cell=read(card))
    assert found.np_ratio.value == 0
    assert "anode" not in found.text["omitted"].split(", ")
    # 1 mAh of lithium: 6.94 / 26801 g per mAh over .534 g/cm3 = 4.85 um on 1 cm2
    built = 60 + 25 + 4 + 4
    assert found.thickness.to("um").value == pytest.approx(built)
    assert found.thickness_charged.to("um").value == pytest.approx(
        built + 3.71738 * 4.850, abs=0.01
    )
    assert found.energy_density_charged.value < found.energy_density.value


def test_a_variant_may_take_the_anode_away(read, porous):
    card = read(porous | {"variants": {"free": {"anode_free": True}}})
    assert card.variants["free"].anode is None
    assert stack_energy(cell=card)["np_ratio@free"].value == 0


def test_a_silicon_anode_swells(read, porous):
    anode = {
        "material": "silicon", "loading": "4 mg/cm^2", "loading_of": "coating",
        "active_fraction": "70 wt%", "specific_capacity": "2000 mAh/g", "density": "2.0 g/cm^3",
        "porosity": 0.5, "swelling": 2.0,
    }  # fmt: skip
    found = stack_energy(cell=read(porous | {"anode": anode}))
    assert found.np_ratio.value == pytest.approx(0.7 * 4 * 2 / 3.71738, rel=1e-6)
    assert found.thickness.to("um").value == pytest.approx(60 + 25 + 4 + 40)
    assert found.thickness_charged.to("um").value == pytest.approx(60 + 25 + 4 + 80)
    # its pores hold liquid as well
    assert found.pore_volume.to("uL/cm^2").value == pytest.approx(PORES + 2, rel=1e-9)


def test_a_cylindrical_cell_from_its_roll(read, porous):
    card = without(porous, "capacity") | {
        "format": "cylindrical",
        "roll": {"diameter": "17.5 mm", "core_diameter": "2 mm", "width": "60 mm"},
        "package": {"mass": "9 g", "tabs_mass": "0.5 g", "diameter": "18 mm", "height": "65 mm"},
    }
    found = stack_energy(cell=read(card))
    ring = pi / 4 * (1.75**2 - 0.2**2) * 6.0  # cm3
    area = ring / 139e-4  # cm2: 60 + 25 + 50 + 4 um go with one face
    assert found.electrode_area.to("cm^2").value == pytest.approx(area, rel=1e-9)
    assert found.cell_capacity.to("Ah").value == pytest.approx(area * 3.71738e-3, rel=1e-6)
    outer = pi / 4 * 1.8**2 * 6.5
    energy = area * 3.71738e-3 * 3.8
    assert found.cell_energy_density.to("Wh/L").value == pytest.approx(
        energy / outer * 1000, rel=1e-6
    )
    assert found.stack_volume_share.to("%").value == pytest.approx(100 * ring / outer, rel=1e-6)
    assert found.cell_mass.to("g").value == pytest.approx(
        found.stack_mass.to("g").value + 9.5, rel=1e-9
    )


def test_a_coin_cell_has_one_face(read, porous):
    cathode = porous["cathode"] | {"diameter": "12 mm"}
    card = without(porous, "capacity") | {
        "format": "coin",
        "cathode": cathode,
        "package": {"mass": "3 g", "diameter": "20 mm", "height": "3.2 mm"},
    }
    found = stack_energy(cell=read(card))
    assert found.electrode_area.to("cm^2").value == pytest.approx(pi / 4 * 1.44)
    assert found.cell_capacity.to("Ah").value == pytest.approx(pi / 4 * 1.44 * 3.71738e-3)


def test_a_package_by_its_share(read, porous):
    found = stack_energy(cell=read(porous | {"package": {"mass_share": "10 %"}}))
    assert found.cell_specific_energy.value == pytest.approx(0.9 * found.specific_energy.value)
    assert found.packaging_mass.to("g").value == pytest.approx(found.stack_mass.to("g").value / 9)
    assert "package" not in found.text["omitted"]


def test_a_stack_that_does_not_fit(read, porous):
    card = porous | {"package": {"mass": "1 g", "volume": "5 mL"}}
    fits = {v.name: v.passed for v in stack_energy(cell=read(card)).verdicts}
    assert fits["stack fits"] is False, "753 cm2 of 139 um are 10.5 mL"


PRICE = {"cost_source": "a quotation", "cost_date": "2025-03"}


def priced(table):
    parts = ("cathode", "anode", "liquid", "separator")
    return table | {
        **{name: table[name] | PRICE | {"cost": "20 USD/kg"} for name in parts},
        "foils": [foil | PRICE | {"cost": "5 USD/kg"} for foil in table["foils"]],
    }


def test_cost_with_sources(read, porous):
    card = priced(porous) | {"package": {"mass": "1 g", "cost": "0.3 USD", **PRICE}}
    found = stack_energy(cell=read(card))
    mass = 18.1 + 2.67 + 1.425 + 2 * 3.71738  # mg/cm2 at 20 USD/kg, 1.08 at 5
    per_area = (mass * 20 + 1.08 * 5) * 1e-6  # USD/cm2
    assert found.areal_cost.to("USD/m^2").value == pytest.approx(per_area * 1e4, rel=1e-6)
    assert found.cell_cost.value == pytest.approx(per_area * 2.8e3 / 3.71738 + 0.3, rel=1e-6)
    assert found.cost_per_energy.unit == "USD/kWh"
    assert found.cost_per_energy.value == pytest.approx(per_area / (3.71738e-6 * 3.8), rel=1e-6)
    assert found.prices.column("source") == ["a quotation"] * 6
    assert found.prices.column("date")[-1] == "2025-03"
    assert not [f for f in found.findings if "price" in f.text]


def test_no_price_is_invented(read, porous):
    card = priced(porous)
    del card["liquid"]["cost"]
    found = stack_energy(cell=read(card))
    assert found.areal_cost.value is None
    assert found.areal_cost.flags == ("price of liquid unknown",)
    assert found.cost_per_energy is None
    bare = stack_energy(cell=read(porous))
    assert bare.prices is None
    assert bare.areal_cost.value is None


def test_a_price_without_source_or_date_is_named(read, porous):
    card = priced(porous)
    del card["cathode"]["cost_date"]
    texts = [f.text for f in stack_energy(cell=read(card)).findings]
    assert "the price of cathode coating has no source or no date" in texts


def test_prices_and_densities_of_the_study_s_own_substances(read, porous):
    own = Substance.from_toml(
        {
            "formula": "C4H6O3", "density": "1.2 g/cm^3", "cost": "9 USD/kg",
            "cost_source": "a list, 2025",
        },
        where="",
        name="mine",
    )  # fmt: skip

    def lookup(kind, name):
        if (kind, name) == ("substance", "mine"):
            return own
        raise InputError(f"there is no [{kind}.{name}]")

    card = read(porous | {"liquid": {"material": "mine", "areal_volume": "5 uL/cm^2"}}, lookup)
    assert card.liquid.cost.value == 9
    found = stack_energy(cell=card)
    assert found.ec_ratio.to("g/Ah").value == pytest.approx(6 / 3.71738, rel=1e-6)
    assert found.prices.column("source") == ["a list, 2025"]


@pytest.mark.parametrize("swept", ["specific_energy", "areal_mass", "np_ratio", "stack_mass"])
def test_the_batch_gives_the_same_quantities(read, porous, swept):
    from polylyte.design.stack_energy import batch

    cards = [read(porous | {"average_voltage": f"3.{i} V"}) for i in range(5)]
    bad = read(without(porous, "average_voltage"))
    many = batch([{"cell": card} for card in [*cards, bad]])
    assert [m[swept] for m in many[:5]] == [stack_energy(cell=card)[swept] for card in cards]
    assert isinstance(many[5], InputError), "one bad design does not end the others"
    whole = stack_energy(cell=cards[0])
    assert many[0].quantities == whole.quantities


def test_a_batch_takes_overrides(read, porous):
    from polylyte.design.stack_energy import batch

    (found,) = batch([{"cell": read(porous), "average_voltage": q("7.6 V")}])
    assert found.specific_energy.value == pytest.approx(
        2 * stack_energy(cell=read(porous)).specific_energy.value
    )


def test_a_price_per_area(read, porous):
    """A separator of 0.5 USD/m2; a foil of 0.4 USD/m2, coated on both sides, counts half."""
    card = priced(porous)
    card["separator"] |= {"cost": "0.5 USD/m^2"}
    card["foils"] = [foil | {"cost": "0.4 USD/m^2"} for foil in card["foils"]]
    found = stack_energy(cell=read(card))
    by_mass = (18.1 + 2.67 + 2 * 3.71738) * 20 * 1e-2  # mg/cm2 at 20 USD/kg, in USD/m2
    assert found.areal_cost.to("USD/m^2").value == pytest.approx(by_mass + 0.5 + 0.2, rel=1e-6)


def test_a_price_of_the_study_keeps_its_source_and_date(read, porous):
    from polylyte.materials.substances import Substance

    own = Substance.from_toml(
        {"formula": "C2H4", "density": "0.95 g/cm^3", "cost": "12 USD/kg"} | PRICE,
        where="[substance.PE]",
        name="PE",
    )

    def lookup(section, name):
        from polylyte.core.errors import InputError

        if name == "PE":
            return own
        raise InputError(f"there is no [{section}.{name}]")

    card = read(porous, lookup)
    assert card.separator.cost_date == PRICE["cost_date"]
    assert card.separator.cost_source == PRICE["cost_source"]
