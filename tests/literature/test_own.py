"""Papers of your own: what is let in, what is refused, and with which words."""

import pytest

from polylyte.core.errors import FileError
from polylyte.literature import own as folder
from polylyte.literature.compare import compare
from polylyte.literature.own import Paper, add, own_papers
from polylyte.literature.tables import query, table

ABOUT = '[paper]\nkey = "Smith2026"\ncitation = "J. Smith, J. Example 2026, 1, 1"\n'
CELL = """
[[cells]]
electrolyte = "PX gel"
locator = "Table 1"
cathode = "LFP"
anode = "Li"
areal_capacity = "0.35 mAh/cm^2"
cycles = 800
retention = "> 90.5 %"
retention_basis = "capacity"
"""


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    """A folder of one's own, empty."""
    folder = tmp_path / "own"
    monkeypatch.setenv("POLYLYTE_LITERATURE", str(folder))
    return folder


def toml(tmp_path, text, name="Smith2026.toml"):
    path = tmp_path / name
    path.write_text(ABOUT + text, "utf-8")
    return path


def csv(tmp_path, text, name="Smith2026.cells.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_text("# citation: J. Smith, J. Example 2026, 1, 1\n" + text, encoding)
    return path


def refused(path, said):
    with pytest.raises(FileError, match=said):
        Paper.read(path)


def test_units_qualifiers_and_digits_become_columns(tmp_path):
    text = CELL + 'ec_ratio = "~ 12 mL/Ah"\nnp_ratio = "not mentioned"\nloading = "2-3 mg/cm^2"\n'
    (row,) = Paper.read(toml(tmp_path, text + 'charge_rate = "C/2"\n')).rows["cells"]
    assert (row["cathode"], row["cathode_raw"]) == ("LiFePO4", "LFP")
    assert (row["retention_pct"], row["retention_pct_decimals"], row["retention_qual"]) == (
        90.5, 1, ">",
    )  # fmt: skip
    # A volume per charge stays one: no density is assumed.
    assert (row["ec_ratio"], row["ec_unit"], row["ec_qual"]) == (12.0, "mL Ah-1", "~")
    assert (row["np_ratio"], row["np_qual"]) == (None, "not_mentioned")
    assert (row["loading_mg_cm2_lo"], row["loading_mg_cm2_hi"]) == (2.0, 3.0)
    assert row["loading_qual"] == "range"
    assert row["c_rate_charge"] == 0.5
    assert row["row_id"] == "Smith2026-cells-001"


def test_a_property_is_kept_in_the_unit_of_its_kind(tmp_path):
    text = """
[[transport]]
electrolyte = "PX"
locator = "Fig 2"
property = "ionic_conductivity"
value = "0.24 S/m"
temperature = "298.15 K"
"""
    (row,) = Paper.read(toml(tmp_path, text)).rows["transport"]
    assert (row["value"], row["unit"], row["value_decimals"]) == (2.4, "mS cm-1", 1)
    assert row["temperature_C"] == pytest.approx(25.0)
    refused(toml(tmp_path, text.replace("0.24 S/m", "0.24 V")), "'V' does not fit; give it in mS")


def test_csv_with_units_in_the_heading(tmp_path):
    text = (
        "electrolyte,locator,cathode,cycles,retention / %,retention_basis,areal_capacity / C/cm^2\n"
        "PX,Table 1,NCM811,100,88.0,capacity,3.6\n\n"
    )
    paper = Paper.read(csv(tmp_path, text))
    (row,) = paper.rows["cells"]
    assert (row["retention_pct"], row["retention_pct_decimals"]) == (88.0, 1)
    assert row["areal_capacity_mAh_cm2"] == pytest.approx(1.0)
    assert paper.key == "Smith2026"


def test_a_byte_order_mark_is_no_matter_but_decimal_commas_are(tmp_path):
    head = "electrolyte;locator;cycles;retention / %;retention_basis\n"
    good = csv(tmp_path, head + "PX;Table 1;100;88.0;capacity\n", encoding="utf-8-sig")
    paper = Paper.read(good)
    assert paper.rows["cells"][0]["retention_pct"] == 88.0
    assert paper.findings == ("cells are separated by ';'",)
    bad = csv(tmp_path, head + "PX;Table 1;100;88,0;capacity\n", encoding="utf-8-sig")
    refused(
        bad, r"Smith2026\.cells\.csv:3, retention: '88,0' has a comma inside a number; write a dec"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"0.35 mAh/cm^2"', '"0.35"'), r"cells\]\] 1, areal_capacity: '0.35' has no unit"),
        (('"0.35 mAh/cm^2"', '"0.35 V"'), "cannot be given in 'mAh/cm"),
        (('"0.35 mAh/cm^2"', '"> 0.35 mAh/cm^2"'), "is a bound, and cells keeps none"),
        (('"0.35 mAh/cm^2"', '"0.35(2) mAh/cm^2"'), "states an uncertainty"),
        (('"0.35 mAh/cm^2"', '"0.3-0.4 mAh/cm^2"'), "is a range"),
        (("cycles = 800", "cycles = 80.5"), "'80.5' is not a whole number"),
        (("cycles = 800", 'cycles = "many"'), "'many' is not a number"),
        (('retention_basis = "capacity"', ""), "a retention without retention_basis"),
        (('= "capacity"', '= "voltage"'), "'voltage' is none of capacity, energy"),
        (("cathode =", "cathod ="), "'cathod' is no column of cells; did you mean 'cathode'"),
        (('electrolyte = "PX gel"', ""), "electrolyte: is missing"),
        (("[[cells]]", "[[cell]]"), "'cell' is no table; did you mean 'cells'"),
        (("cycles = 800", "cycles = -3"), "-3 is below 0"),
    ],
)
def test_refused_with_the_place(tmp_path, change, said):
    text = CELL.replace(*change)
    assert text != CELL
    refused(toml(tmp_path, text), said)


def test_the_paper_itself_must_be_named(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(CELL)
    refused(path, r"has no \[paper\]")
    path.write_text('[paper]\nkey = "A"\ncitation = "x"\n' + CELL)
    refused(path, "'A' cannot be a paper's key")
    path.write_text('[paper]\nkey = "Smith2026"\n' + CELL)
    refused(path, "has no citation")
    refused(toml(tmp_path, ""), "holds no rows")
    path.write_text("[paper\n")
    refused(path, "is not valid TOML")
    refused(tmp_path / "none.toml", "there is no such file")
    refused(tmp_path / "x.xlsx", "neither .toml nor .csv")
    (tmp_path / "l.toml").write_bytes(b"[paper]\nkey = 'J\xe9'\n")
    refused(tmp_path / "l.toml", r"l\.toml:2: is not text in UTF-8")


def test_a_duplicate_id_and_contradicting_rows(tmp_path):
    twice = CELL + 'row_id = "a"\n' + CELL.replace("800", "900") + 'row_id = "a"\n'
    refused(toml(tmp_path, twice), "row Smith2026-a: row_id occurs twice")
    other = CELL.replace("> 90.5", "85.0")
    refused(
        toml(tmp_path, CELL + other),
        "cells-001 and Smith2026-cells-002 contradict each other: retention_pct is 90.5 and 85",
    )
    # A reader who knows which one is wrong may keep both.
    assert Paper.read(toml(tmp_path, CELL + other + 'errata_id = "printed twice"\n'))


def test_two_definitions_of_retention_are_two_results(tmp_path):
    """A capacity and an energy retention of one cell do not contradict, and never rank together."""
    energy = CELL.replace("> 90.5", "85.0").replace('"capacity"', '"energy"')
    paper = Paper.read(toml(tmp_path, CELL + energy))
    result = compare(papers=[paper], by=["cathode", "areal_capacity"])
    strata = {r["row"]: r["stratum"] for r in result.entries.frame.to_dicts()}
    assert strata["Smith2026-cells-001"] == "LiFePO4 · < 1 mAh cm⁻² · capacity"
    assert strata["Smith2026-cells-002"] == "LiFePO4 · < 1 mAh cm⁻² · energy"


def test_capacities_that_do_not_give_the_retention_are_told(tmp_path):
    # C Fig S26: 177.1/202.9 is 87.3 %, printed 87.2 (C-E11): within the digits. 80 % is not.
    text = CELL.replace('"> 90.5 %"', '"{} %"')
    both = 'initial_capacity = "202.9 mAh/g"\nfinal_capacity = "177.1 mAh/g"\n'
    assert Paper.read(toml(tmp_path, text.format("87.2") + both)).findings == ()
    (said,) = Paper.read(toml(tmp_path, text.format("80.0") + both)).findings
    assert "177.1/202.9 is 87.3 %, printed 80 %" in said


def test_a_smiles_that_does_not_parse_is_named(tmp_path):
    pytest.importorskip("rdkit")
    text = """
[[monomers]]
name = "sulfolane"
locator = "text"
smiles = "C1CCS(=O)(=O)C"
"""
    refused(toml(tmp_path, text), r"\(sulfolane\): SMILES 'C1CCS\(=O\)\(=O\)C' does not parse")
    right = text.replace('O)C"', 'O)C1"')
    assert Paper.read(toml(tmp_path, right)).findings == ()
    refused(toml(tmp_path, right + 'formula = "C4H8O3S"\n'), "is C4H8O2S, the formula says C4H8O3S")


def test_without_rdkit_smiles_are_let_in_unchecked(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "rdkit", None)
    text = '\n[[monomers]]\nname = "x"\nlocator = "text"\nsmiles = "C1CC"\n'
    (said,) = Paper.read(toml(tmp_path, text)).findings
    assert "SMILES not checked" in said


def test_a_work_that_is_here_already_is_told(tmp_path):
    path = toml(tmp_path, CELL)
    path.write_text(
        path.read_text().replace("\n[[", 'doi = "10.1039/D6SC01543C"\n\n[[', 1), "utf-8"
    )
    assert "is D:self of the package" in Paper.read(path).findings[0]


def test_add_keeps_a_copy_and_merges_it(tmp_path, own):
    path = toml(tmp_path, CELL)
    assert add(path).key == "Smith2026"
    assert (own / "Smith2026.toml").read_bytes() == path.read_bytes()
    add(path)  # again: nothing changes
    assert len(own_papers()) == 1
    merged = table("cells", own_papers())
    assert merged.filter(merged["origin"] == "Smith2026.toml").height == 1
    path.write_text(path.read_text().replace("800", "700"))
    with pytest.raises(FileError, match="another file of this name is kept already"):
        add(path)
    other = toml(tmp_path, CELL, "Other.toml")
    with pytest.raises(FileError, match=r"is also in Smith2026\.toml"):
        add(other)
    assert sorted(p.name for p in own.iterdir()) == ["Smith2026.toml"]


def test_own_papers_answer_queries_with_their_origin(tmp_path):
    pytest.importorskip("duckdb")
    add(toml(tmp_path, CELL))
    found = query("SELECT electrolyte, origin FROM cells WHERE seed = 'Smith2026'")
    assert found.rows() == [("PX gel", "Smith2026.toml")]
    listed = query("SELECT origin, key, rows FROM papers")
    assert listed.rows() == [("Smith2026.toml", "Smith2026", 3)]


def test_a_paper_ranks_with_the_published(tmp_path):
    paper = Paper.read(toml(tmp_path, CELL))
    result = compare(papers=[paper], by=["cathode"])
    (row,) = [r for r in result.entries.frame.to_dicts() if r["origin"] == "Smith2026.toml"]
    # "> 90.5 %" may be anything better: the best rank is the first.
    assert row["rank"].startswith("1–")


def test_the_folder_is_the_users(monkeypatch, tmp_path):
    monkeypatch.delenv("POLYLYTE_LITERATURE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert folder.own_folder() == tmp_path / "polylyte" / "literature"
    assert own_papers() == []
