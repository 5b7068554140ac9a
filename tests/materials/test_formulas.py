"""Formulas, molar masses and functional groups."""

import pytest

from polylyte.core.errors import InputError, MachineError
from polylyte.materials.formulas import elements, molar_mass, read_smiles


def test_a_formula_with_parentheses_and_fractions():
    assert elements("Ca10(PO4)6(OH)2") == {"Ca": 10, "P": 6, "O": 26, "H": 2}
    assert elements("LiNi0.8Co0.1Mn0.1O2") == {"Li": 1, "Ni": 0.8, "Co": 0.1, "Mn": 0.1, "O": 2}


def test_molar_masses_of_the_elements_add_up():
    # IUPAC 2013: C 12.011, H 1.008, O 15.999 (conventional values)
    assert molar_mass("C4H8O3") * 1000 == pytest.approx(
        4 * 12.011 + 8 * 1.008 + 3 * 15.999, abs=2e-3
    )


@pytest.mark.parametrize("text", ["", "Xx2", "C6H7)", "(C2", "c6h6", "C6 H7", "2H", "C-1"])
def test_what_is_no_formula_is_refused(text):
    with pytest.raises(InputError, match=r"formula|element"):
        elements(text)


def test_groups_of_a_smiles():
    pytest.importorskip("rdkit")
    assert read_smiles("CC(=C)C(=O)OCC(F)(F)F") == (
        "C6H7F3O2",
        1,
        0,
    )  # an ester's oxygen is no ether
    assert read_smiles("COCCOC") == ("C4H10O2", 0, 2)
    with pytest.raises(InputError, match="not a SMILES"):
        read_smiles("C(")


def test_without_rdkit_a_smiles_names_the_way_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "rdkit", None)
    with pytest.raises(MachineError, match="pip install"):
        read_smiles("CCO")
