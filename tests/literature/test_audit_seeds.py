"""The four seeds: every known slip is found, everything that agrees passes.

Known slips: errata of the seeds (ERRATA.md) and consistency.csv; the engine reads only what the
papers print.
"""

import csv
from collections import Counter
from pathlib import Path

import pytest

from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.methods import get
from polylyte.literature.audit import relations
from polylyte.literature.audit.engine import RELATIONS, run
from polylyte.literature.audit.method import audit, figure, shipped
from polylyte.literature.audit.paper import Paper


@pytest.fixture(scope="module")
def checks():
    return {paper: run(shipped(paper)) for paper in "ABCD"}


def found(checks, paper, relation, at="", of=""):
    return [
        c for c in checks[paper] if c.relation == relation and at in c.at and of in c.of
    ]  # fmt: skip


SLIPS = [
    # seed, erratum, relation, locator, of, words of the finding
    ("A", "A-E01 SL1", "box against sample", "2.7", "21 SL", "0.5, recomputed 1.0"),
    ("A", "A-E01 SL3", "box against sample", "2.7", "168 SL", "4, recomputed 3.0"),
    ("A", "A-E02", "dimensions", "eq 1", "PFG", "a diffusion coefficient D is lacking"),
    ("A", "A-E03", "repeated statement", "2.6 and Fig. S17", "critical", "40 min"),
    ("A", "A-E04", "repeated statement", "2.6 and Fig. S18", "short", "in dimension"),
    ("A", "A-E07", "repeated statement", "Table S2", "TA-PEO", "LMFP"),
    ("A", "A-E12", "overhang", "2.6", "pouch", "9.9 against 9.6"),
    ("A", "A-E13", "unit", "2.4", "TOF-SIMS", "three lengths"),
    ("A", "A-E15", "repeated statement", "2.6 and Fig. S16", "", "in range"),
    ("B", "B-E04", "decay", "Table S3", "", "1e-2 mAh/g: capacity (1/retention - 1)/cycles"),
    ("B", "B-E08", "stoichiometry", "S1.1", "LLZO", "Li6La3Zr2 (49 mmol Li2CO3"),
    ("B", "B-E09", "flux", "S26", "", "96.49 mA/cm^2"),
    ("B", "B-E10", "repeated statement", "S43", "", "NCM anode"),
    ("C", "C-E01", "sum", "Fig. S29", "3D-SIPE", "transposed: 1597.2 J/g for 1579.2"),
    ("C", "C-E02", "sum", "section 1", "3D-SIPE", "recomputed 101.0"),
    ("C", "C-E03 tomo", "repeated statement", "Fig. S32", "tomo", "Fig. S23"),
    ("C", "C-E03 ToF", "repeated statement", "Fig. S40", "ToF-SIMS", "Fig. S31"),
    ("C", "C-E04", "repeated statement", "S42 caption", "second panel", ""),
    ("C", "C-E05", "atoms", "Table S5", "LiPF6", "6120"),
    ("C", "C-E06 LiFPA", "box density", "Table S5", "LiFPA", "0.9994 (1.270 g/cm^3 needs 46.8"),
    ("C", "C-E06 LiPF6", "box density", "Table S5", "LiPF6", "needs 42.0 angstrom"),
    ("C", "C-E08", "E/C", "sections 1 and 2", "coin", "11.9 mL/Ah"),
    ("C", "C-E10", "repeated statement", "S26", "window", "2.8-4.45 V"),
    ("C", "C-E12 a", "N/P", "row 11", "", "0.44"),
    ("C", "C-E12 b", "N/P", "row 17", "", "0.39"),
    ("C", "C-E16", "repeated statement", "Table S7", "41", ""),
    ("C", "C-E22", "field of view", "section 3", "BAMline", "recomputed 1.536"),
    ("C", "EDS", "elements against formula", "Table S4", "", "F/Al 4.55 (24)"),
    ("C", "Bruce-Vincent", "meaning of symbols", "section 2", "", "resistance of the cell"),
    ("D", "D-E06", "repeated statement", "Fig. 9", "177", "2025"),
    ("D", "D-E08", "retention", "4.3.2", "HCPE", "113 %"),
    ("D", "D-E10", "repeated statement", "Table 1", "trioxane", "1,2,3"),
    ("D", "D-E14", "repeated statement", "Fig. 5", "floating", "NCM111"),
    ("D", "D-E15", "possible value", "4.2", "silicon", "-0.3 V"),
    ("D", "D-E16", "reference", "References", "81", "volume 16 is 2023"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("paper", "erratum", "relation", "at", "of", "words"), SLIPS, ids=[s[1] for s in SLIPS]
)
def test_every_known_slip_is_found(checks, paper, erratum, relation, at, of, words):
    wrong = [
        c for c in found(checks, paper, relation, at, of) if c.severity in ("warning", "error")
    ]
    assert any(words in c.text for c in wrong), [c.text for c in wrong]


def test_nothing_but_the_known_slips_is_found(checks):
    # one more than SLIPS in B: the interface of Table S1 is wider than the film (docs/audit.md);
    # one more in C: the field of view of BAMline has two sides
    wrong = {
        paper: [c for c in made if c.severity in ("warning", "error")]
        for paper, made in checks.items()
    }
    known = Counter(s[0] for s in SLIPS)
    assert [c.relation for c in wrong["B"] if c.relation == "interface width"]
    assert {p: len(w) for p, w in wrong.items()} == {
        **known,
        "B": known["B"] + 1,
        "C": known["C"] + 1,
    }


def test_notes_are_the_cut_digit_and_the_unused_symbol(checks):
    # A-E05: DP 170.75 of 170.759; M_p is explained, M_n is used
    notes = [(p, c.relation, c.of) for p in "ABCD" for c in checks[p] if c.severity == "note"]
    assert notes == [
        ("A", "degree of polymerisation", "in situ-P"),
        ("A", "symbols", "degree of polymerization"),
    ]


AGREES = {
    "A1": ("A", "repeat unit", "Table S1", "TFEMA"),
    "A2": ("A", "degree of polymerisation", "Table S1", "in situ-{}"),
    "A3-SL2": ("A", "box against sample", "2.7", "84 SL"),
    "B1": ("B", "stack mass", "Table S4", ""),
    "B2": ("B", "stack thickness", "Table S4", ""),
    "B3": ("B", "specific energy", "Table S4", ""),
    "B4": ("B", "energy density", "Table S4", ""),
    "B5": ("B", "foil mass", "Table S4", "current collector"),
    "B6": ("B", "foil mass", "Table S4", "anode"),
    "B7": ("B", "liquid density", "Table S4", ""),
    "B8": ("B", "theoretical capacity", "Table S4", "cathode"),
    "B10": ("B", "theoretical capacity", "Table S2", "{}"),
    "C3": ("C", "sum", "Fig. S29", "LiPF6"),
    "C4": ("C", "reduction", "Fig. S29", "Li anode"),
    "C5": ("C", "N/P", "Table S6", ""),
    "C6": ("C", "lithium foil", "Table S6", ""),
    "C7": ("C", "areal capacity", "section 1", "NCM811"),
    "C8": ("C", "areal capacity", "section 1", "4.45"),
    "C9": ("C", "areal capacity", "section 1", "4.6"),
    "C10": ("C", "retention", "Fig. S26", "4.45"),
    "C11": ("C", "retention", "Fig. S26", "4.6"),
    "C12": ("C", "retention", "Fig. S23", ""),
    "C13": ("C", "retention", "Fig. S21", "3D-SIPE"),
    "C14": ("C", "retention", "Fig. S21", "LiPF6"),
    "C15": ("C", "wt% to at%", "Table S4", "{}"),
    "C16": ("C", "atoms", "Table S5", "LiFPA"),
    "C21": ("C", "aurbach", "Fig. S14", ""),
    "C22": ("C", "specific energy", "Table S6", ""),
    "C24": ("C", "field of view", "section 3", "DESY"),
    "C25": ("C", "theoretical capacity", "Table S3", "NCM622"),
    "C26": ("C", "box against sample", "Table S5", "LiFPA"),
    "D1": ("D", "cell density", "3.2.2", ""),
}  # fmt: skip
"""Rows of consistency.csv that agree, are implied or plausible, and the checks that cover them."""


def agreeing_rows(data):
    with (data / "literature" / "consistency.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    # B9 agrees with another unit than is printed: a slip (B-E04); the rest are in SLIPS.
    return [
        r["check_id"]
        for r in rows
        if not r["verdict"].startswith(("DISAGREES", "implausible")) and "B9-" not in r["check_id"]
    ]


def test_everything_that_agrees_passes(checks, data):
    missing = []
    for check_id in agreeing_rows(data):
        name, _, row = check_id.partition("-")
        paper, relation, at, of = AGREES.get(check_id) or AGREES[name]
        of = of.format("This work" if row == "PLM" else row)
        covering = found(checks, paper, relation, at, of)
        if not covering or any(c.severity not in ("passed", "note") for c in covering):
            missing.append(check_id)
    assert len(agreeing_rows(data)) == 48
    assert missing == []


def test_all_of_table_S4_of_B_closes(checks):
    rows = [c for c in checks["B"] if "Table S4" in c.at]
    assert {c.severity for c in rows} == {"passed"}
    # B1, B3, B4 of consistency.csv
    shown = {c.relation: float(c.recomputed) for c in rows if c.relation in
             ("stack mass", "specific energy", "energy density")}  # fmt: skip
    assert shown["stack mass"] == pytest.approx(35.191, abs=0.001)
    assert shown["specific energy"] == pytest.approx(344.02, abs=0.01)
    assert shown["energy density"] == pytest.approx(773.06, abs=0.01)


def test_the_result_counts_and_lists():
    result = audit(paper="C")
    q = {name: x.value for name, x in result.quantities.items()}
    assert q["number_of_checks"] == len(result.checks)
    assert q["passed"] + q["errors"] + q["warnings_found"] == q["number_of_checks"]
    assert len(result.inconsistencies) == len(result.findings)
    first = result.findings[0]
    assert (first.severity, first.where) == ("error", "Fig. S29")
    assert not next(v for v in result.verdicts if v.name == "sum").passed
    assert next(v for v in result.verdicts if v.name == "retention").passed
    assert 0 < q["coverage"] < 100
    # a retention over no initial capacity is not listed; nothing is dropped in silence
    assert len(result.unchecked) == len(result.warnings)


def test_the_figure_separates_what_closes():
    drawn = figure(audit(paper="A"))
    by_label = {s.label: list(s.y) for s in drawn.panels[0].series}
    assert max(by_label["closes"]) <= 1.0 + 1e-9
    assert min(by_label["does not close"]) > 1
    assert drawn.panels[0].marks[0].at == 1.0


def test_one_paper_at_a_time(tmp_path):
    with pytest.raises(InputError, match="one paper is audited at a time"):
        audit()
    path = tmp_path / "p.toml"
    path.write_text('[[sum]]\nparts = { a = "1.5 g", b = "0.5 g" }\ntotal = "2.0 g"\n')
    with pytest.raises(InputError, match="one paper"):
        audit(paper="A", file=Paper.read(path))
    assert audit(file=Paper.read(path)).passed.value == 1


def test_nothing_to_check_is_refused():
    paper = Paper.of(
        {"paper": {"title": "A picture book"}, "record": [{"of": "x", "thickness": "20 um"}]},
        where="paper.toml",
    )
    with pytest.raises(NotAnswerable, match="A picture book: nothing in it can be recomputed"):
        audit(file=paper)


def test_a_number_that_may_be_is_no_recomputation(tmp_path):
    path = tmp_path / "lone.toml"
    path.write_text('[[record]]\nof = "x"\nretention = "80 %"\n')
    with pytest.raises(NotAnswerable, match=r"lone\.toml: nothing in it can be recomputed"):
        audit(file=Paper.read(path))
    path.write_text('[[record]]\nof = "x"\nretention = "180 %"\n')
    assert audit(file=Paper.read(path)).errors.value == 1  # what cannot be is still told


def test_the_method_is_found_and_depends_on_the_papers():
    from polylyte.core.fingerprint import fingerprint

    assert get("literature.audit").parameters["paper"].choices == ("A", "B", "C", "D")
    known = fingerprint("polylyte.literature.audit.method", "audit")
    assert {f"literature/papers/{p}.toml" for p in "ABCD"} <= set(known.data)
    followed = {name.partition(":")[0].rpartition(".")[2] for name in known.definitions}
    assert {f.__module__.rpartition(".")[2] for f in RELATIONS} <= followed


def test_every_relation_file_is_run():
    files = {path.stem for path in Path(relations.__file__).parent.glob("*.py")}
    used = {f.__module__.rpartition(".")[2] for f in RELATIONS}
    assert files - {"__init__"} == used
