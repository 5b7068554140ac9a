"""Papers as TOML and CSV: what is read, and one clear line for what cannot be."""

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from polylyte.core.errors import InputError
from polylyte.literature.audit import vocabulary
from polylyte.literature.audit.encode import start_from_csv
from polylyte.literature.audit.engine import run
from polylyte.literature.audit.paper import Paper
from polylyte.literature.audit.values import read, read_size


def line(error):
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("text", "number", "half", "qualifier", "unit"),
    [
        ("80.8 %", 80.8, 0.05, "", "%"),
        ("~10 g/Ah", 10, 1.0, "~", "g/Ah"),  # a tenth, or one unit of the last digit
        ("ca. 35 %", 35, 3.5, "~", "%"),
        ("> 90.0 %", 90, 0.05, ">", "%"),
        ("more than 600 Wh/kg", 600, 0.5, ">", "Wh/kg"),
        ("2-3 mg cm-2", 2.5, 1.0, "range", "mg cm-2"),
        ("3–3.5 mg/cm^2", 3.25, 0.75, "range", "mg/cm^2"),
        ("1.03(4) mS/cm", 1.03, 0.04, "", "mS/cm"),
        ("2.5e-5 J m-1", 2.5e-5, 0.05e-5, "", "J m-1"),
        ("-0.3 V", -0.3, 0.05, "", "V"),
    ],
)
def test_printed_numbers(text, number, half, qualifier, unit):
    made = read(text, where="x")
    assert made.number == pytest.approx(number)
    assert made.half == pytest.approx(half)
    assert (made.qualifier, made.unit) == (qualifier, unit)


def test_sizes():
    assert [v.si for v in read_size("3.0 × 3.3 cm^2", where="x").lengths] == [0.03, 0.033]
    assert [v.si for v in read_size("12 mm", where="x").lengths] == [0.012]
    mixed = read_size("200 um x 200 um x 100 um", where="x")
    assert len(mixed.lengths) == 3
    with pytest.raises(InputError, match="is not a size"):
        read_size("about a stamp", where="x")


def paper(**content):
    return Paper.of(content, where="paper.toml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"record": [{"of": "c", "active_loading": "20.3"}]},
            "paper.toml [[record]] 1 'c' active_loading: '20.3' has no unit; "
            "write it as '20.3 mg/cm^2'",
        ),
        (
            {"record": [{"of": "c", "retention": "80.8"}]},
            "'80.8' has no unit; write it as '80.8 %'",
        ),
        (
            {"record": [{"of": "c", "average_voltage": "3,795 V"}]},
            "'3,795 V' has a decimal comma; write a decimal point",
        ),
        (
            {"record": [{"of": "c", "retentoin": "80 %"}]},
            "unknown key 'retentoin'; did you mean 'retention'?",
        ),
        ({"recrod": []}, "unknown section 'recrod'; did you mean 'record'?"),
        ({"record": {"of": "c"}}, "[record] is one block; write [[record]]"),
        (
            {"table": [{"at": "T", "columns": {"a": ["1", "2"], "b": ["1"]}}]},
            "columns of unequal length (a 2, b 1)",
        ),
        (
            {"table": [{"at": "T", "columns": {"retention / %": ["80", "eighty"]}}]},
            "row 2 retention: 'eighty %' is not a number with a unit",
        ),
        (
            {"table": [{"at": "T", "columns": {"retention / furlong_": ["80", "81"]}}]},
            "column 'retention / furlong_': 'furlong_' is not a unit known here",
        ),
        (
            {"table": [{"at": "T", "columns": {"active_loading": ["2.0", "3.0"]}}]},
            "row 1 active_loading: '2.0' has no unit",
        ),
        ({"sum": [{"parts": ["1 g"], "total": "1 g"}]}, "a sum of fewer than two parts"),
        ({"sum": [{"parts": ["1 g", "2 g"]}]}, "lacks 'total'"),
        ({"box": [{"molecules": {"EC": "40"}}]}, "'40' is not a whole number"),
        (
            {"equation": [{"left": "a", "right": "b * c", "symbols": {"a": "m", "b": "m"}}]},
            "no unit of c; add it to 'symbols'",
        ),
        ({"formulas": {"X": "Xx2"}}, "'Xx' in 'Xx2' is not an element"),
        ({"statement": [{"about": "x"}]}, "lacks 'value'"),
        ({"statement": [{"about": "x", "value": "0,1 mA"}]}, "'0,1 mA' has a decimal comma"),
    ],
)
def test_one_clear_line_for_what_cannot_be_read(content, message):
    with pytest.raises(InputError) as error:
        paper(**content)
    assert message in line(error)
    assert "paper.toml" in line(error)


def test_a_substance_that_nobody_knows():
    with pytest.raises(InputError, match=r"add \"unobtainium\" = \"its formula\" to \[formulas\]"):
        run(paper(box=[{"molecules": {"unobtainium": 3}, "atoms": 30}]))
    own = {"formulas": {"unobtainium": "C3H6O"}}
    made = run(paper(box=[{"molecules": {"unobtainium": 3}, "atoms": 30}], **own))
    assert [c.severity for c in made] == ["passed"]


def test_a_paper_file_is_described(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('\ufeff[[record]]\nof = "x"\nretention = "80 %"\n', encoding="utf-8")
    made = Paper.read(path)
    assert made.file_record["name"] == "mine.toml"
    assert made.file_record["rows_read"] == 1
    path.write_text("not toml at all", encoding="utf-8")
    with pytest.raises(InputError, match="is not valid TOML"):
        Paper.read(path)


TABLE_S3 = (
    "\ufeffElectrolyte;Cycling number;Specific capacity (mAh/g);Capacity retention (%);"
    "Average capacity decay (%)\n"
    "PVLN;500;136,4;80,8;6,5\nPVBL;1000;118,1;70;5,06\nThis work;500;131,3;81,3;6,0\n"
)


def test_a_csv_with_a_bom_and_decimal_commas_becomes_a_paper(tmp_path):
    # B, Table S3, as a European spreadsheet writes it
    (tmp_path / "Table S3.csv").write_text(TABLE_S3, encoding="utf-8")
    text = start_from_csv(tmp_path, title="B")
    assert "decimal commas of the file were read as points" in text
    content = tomli.loads(text)
    columns = content["table"][0]["columns"]
    assert columns["specific_capacity / mAh/g"] == ["136.4", "118.1", "131.3"]
    found = [c for c in run(Paper.of(content, where="B")) if c.severity == "error"]
    assert [(c.relation, c.at) for c in found] == [("decay", "Table S3")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,b\n", "has no rows below its heading"),
        ("a,b\n1,2,3\n", "row 2 has 3 cells, the heading 2"),
        ("a;b\nx;1,234\n", "column 'b': '1,234' is a thousand or a decimal comma"),
    ],
)
def test_csv_that_cannot_be_read(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        start_from_csv(tmp_path)
    assert message in line(error)
    assert "t.csv" in line(error)


def test_a_folder_without_tables(tmp_path):
    with pytest.raises(InputError, match="holds no CSV file"):
        start_from_csv(tmp_path)
    with pytest.raises(InputError, match="is not a folder"):
        start_from_csv(tmp_path / "none")
    (tmp_path / "latin.csv").write_bytes("a,b\nMüller,1\n".encode("latin-1"))
    with pytest.raises(InputError, match="is not text in UTF-8"):
        start_from_csv(tmp_path)


def test_what_a_csv_starts_can_be_read_at_once(tmp_path, data):
    # the package's own tables of four papers, whose headings follow other rules
    text = start_from_csv(data / "literature")
    made = Paper.of(tomli.loads(text), where="paper.toml")
    assert len(made.tables) == 17
    assert not [c for c in run(made) if c.severity == "error"]
    (tmp_path / "t.csv").write_text("Electrolyte,Temperature,cycles\nP,25,many\n", encoding="utf-8")
    columns = tomli.loads(start_from_csv(tmp_path))["table"][0]["columns"]
    assert list(columns) == ["electrolyte", "Temperature (as printed)", "cycles (as printed)"]


def test_the_line_and_the_row_that_spreadsheets_add(tmp_path):
    (tmp_path / "t.csv").write_text(
        "sep=;\nSample;Mass;Note\n;[g];\na;1,5;\nb;2,5;x\ntotal;4,3;\n", encoding="utf-8"
    )
    content = tomli.loads(start_from_csv(tmp_path))
    assert content["table"][0]["columns"]["Mass / g"] == ["1.5", "2.5", "4.3"]
    [check] = [c for c in run(Paper.of(content, where="p")) if c.severity == "error"]
    assert (check.relation, check.printed, check.recomputed) == ("sum", "4.3 g", "4.00")
    # Samples called A and B are no amperes and bytes.
    (tmp_path / "t.csv").write_text("Sample,Cell\nA,h\nC,m\n", encoding="utf-8")
    columns = tomli.loads(start_from_csv(tmp_path))["table"][0]["columns"]
    assert columns == {"sample": ["A", "C"], "Cell": ["h", "m"]}


def test_several_values_in_one_place_are_told(tmp_path):
    with pytest.raises(InputError) as error:
        paper(record=[{"of": "x", "retention": ["90.1 %", "88 %"]}])
    assert "is more than one value; give each a [[record]] of its own" in line(error)


def test_thousands_are_told_from_decimals_by_their_column(tmp_path):
    (tmp_path / "t.csv").write_text('a;m\nx;"1,234"\ny;12.5\n', encoding="utf-8")
    columns = tomli.loads(start_from_csv(tmp_path))["table"][0]["columns"]
    assert columns["m"] == ["1234", "12.5"]


ODD = st.sampled_from(["0", "-1", "0.0", "1e-30", "1e30", "~ 0", "> 5", "< 0", "1-2", "7"])


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(vocabulary.NUMBERS)), ODD, min_size=3))
def test_no_number_breaks_the_engine(fields):
    units = {name: unit or "%" for name, unit in vocabulary.NUMBERS.items()}
    raw = {name: f"{text} {units[name]}".removesuffix(" 1") for name, text in fields.items()}
    words = {"anode": "Li", "cathode": "LFP", "material": "Al", "cathode_size": "0 mm"}
    layers = [{"of": "a", **raw, **words}, {"of": "b", **raw}]
    content = {"record": layers, "stack": [{"of": "s", "layers": layers, **raw}]}
    made = run(paper(**content))
    assert all(c.severity in ("passed", "note", "warning", "error", "unchecked") for c in made)


@pytest.mark.parametrize("amounts", [("0 mmol", "0 mmol"), ("-1 mmol", "1 mmol"), ("0 g", "1 mol")])
def test_odd_recipes_and_boxes(amounts):
    recipe = {"of": "r", "amounts": dict(zip(("Li2CO3", "La2O3"), amounts, strict=True)),
              "gives": "LiLaO2"}  # fmt: skip
    box = {"of": "b", "molecules": {"Li2CO3": 0, "La2O3": 0}, "edge": "0 nm", "atoms": 0,
           "density": "0 g/cm^3", "ratio": "0/0", "stands_for": "r"}  # fmt: skip
    assert run(paper(recipe=[recipe], box=[box]))
