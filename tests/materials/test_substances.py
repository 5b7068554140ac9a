"""The table of substances: names are found, formulas agree with structures and with the data."""

import csv

import pytest

from polylyte.core.errors import InputError
from polylyte.materials import formulas, substances
from polylyte.materials.substances import GRADES, ROLES, Substance, find

ALL = sorted(substances.table())


def test_names_are_found_whatever_their_case():
    assert find("super p").label == "carbon black"
    assert find("SL").label == find("TMS").label == find("Sulfolane").label == "sulfolane"
    assert find("NMC811").formula == "LiNi0.8Co0.1Mn0.1O2"


def test_a_misspelt_name_gets_the_nearest():
    with pytest.raises(
        InputError, match=r"x: no substance is called 'LiTSFI'; did you mean 'LiTFSI'"
    ):
        find("LiTSFI", where="x")


def test_no_two_substances_answer_to_one_name():
    owner = {}
    for label, substance in substances.table().items():
        for spelling in {label, substance.name, *substance.aliases}:
            assert owner.setdefault(spelling.casefold(), label) == label


@pytest.mark.parametrize("label", ALL)
def test_an_entry_is_whole(label):
    substance = find(label)
    assert substance.roles, "a substance has a first role"
    assert set(substance.roles) <= set(ROLES)
    if substance.formula:
        assert formulas.molar_mass(substance.formula) > 0
    if substance.density is not None:
        assert substance.density_source
        assert substance.density_grade in GRADES
        assert substance.density.conditions["temperature"]


@pytest.mark.parametrize("label", [x for x in ALL if find(x).smiles])
def test_formula_and_groups_agree_with_the_structure(label):
    pytest.importorskip("rdkit")
    substance = find(label)
    if substance.repeat_unit:
        body = substance.smiles.strip("*")
        long, short = (formulas.read_smiles(body * n) for n in (5, 4))
        more, less = formulas.elements(long.formula), formulas.elements(short.formula)
        unit = {e: more[e] - less.get(e, 0) for e in more}
        assert {e: n for e, n in unit.items() if n} == formulas.elements(substance.formula)
        groups = (long.carbonyl - short.carbonyl, long.ether_oxygen - short.ether_oxygen)
    else:
        read = formulas.read_smiles(substance.smiles)
        assert formulas.elements(read.formula) == formulas.elements(substance.formula)
        groups = read[1:]
    assert groups == (substance.carbonyl, substance.ether_oxygen)


def test_a_chain_with_its_ends_agrees_with_its_structure():
    pytest.importorskip("rdkit")
    pegda = find("PEGDA")
    n = 7
    read = formulas.read_smiles("C=CC(=O)O" + "CCO" * n + "C(=O)C=C")
    chain = formulas.elements(pegda.end_groups.formula) | {}
    total = {e: chain.get(e, 0) + n * formulas.elements(pegda.formula)[e] for e in ("C", "H", "O")}
    assert formulas.elements(read.formula) == total
    assert read.carbonyl == n * pegda.carbonyl + pegda.end_groups.carbonyl
    assert read.ether_oxygen == n * pegda.ether_oxygen + pegda.end_groups.ether_oxygen


def test_molar_masses_agree_with_the_literature_table(data):
    """monomers.csv, molar_mass_g_mol. PEGDA's is M_n of the product, not of a formula."""
    with (data / "literature" / "monomers.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    checked = 0
    for row in rows:
        if row["abbreviation"] == "PEGDA" or not row["molar_mass_g_mol"]:
            continue
        mass = find(row["abbreviation"]).molar_mass.to("g/mol").value
        assert mass == pytest.approx(float(row["molar_mass_g_mol"]), abs=0.02), row["abbreviation"]
        checked += 1
    assert checked == len(rows) - 2  # PEGDA, and OFHDBO whose formula is not in the table


def test_densities_of_the_two_monomers_of_seed_A():
    # supplier values behind seed A's volumes
    assert find("TFEMA").density.value == 1.181
    assert find("TFEAA").density.value == 1.216


def test_a_study_adds_its_own():
    own = Substance.from_toml(
        {
            "formula": "C5H8O2",
            "density": "0.93(1) g/mL",
            "source": "this work",
            "cost": "80 EUR/kg",
        },
        where="study.toml [substance.X]",
        name="X",
    )
    assert own.molar_mass.to("g/mol").value == pytest.approx(100.117, abs=0.02)
    assert own.density.components == {"substance.X.density": 0.01}
    assert own.carbonyl is None, "groups are not guessed from a formula"


def test_a_smiles_gives_formula_and_groups():
    pytest.importorskip("rdkit")
    own = Substance.from_toml({"smiles": "COC(=O)C(C)=C"}, where="w", name="Y")
    assert (own.formula, own.carbonyl) == ("C5H8O2", 1)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"formula": "C5", "densty": "1 g/mL"}, "unknown key 'densty'; did you mean 'density'"),
        ({"formula": "C5", "density": "1 g"}, "w density.*g/cm\\^3"),
        ({"formula": "C5", "cost": "3 USD"}, "w cost.*USD/kg"),
        ({"formula": "C5", "cost": "3 parrots/kg"}, "w cost"),
        ({"formula": "Qq"}, "not an element"),
        ({"formula": "C5", "roles": ["sallt"]}, "did you mean 'salt'"),
        ({"formula": "C5", "density": "-1 g/mL"}, "above 0"),
    ],
)
def test_a_wrong_entry_is_refused(table, message):
    with pytest.raises(InputError, match=message):
        Substance.from_toml(table, where="w", name="X")
