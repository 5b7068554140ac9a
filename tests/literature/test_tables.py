"""The shipped tables are the transcribed ones, fit their descriptor, and answer SQL."""

import hashlib
import json

import polars
import pytest

from polylyte.core.errors import FileError, InputError, MachineError
from polylyte.literature import packing, tables
from polylyte.literature.data import FOLDER
from polylyte.literature.derived import derived, stated
from polylyte.literature.errata import errata
from polylyte.literature.schema import descriptor, orphans, problems, schema, schemas

# Rows of each table, as the transcription's own descriptor counts them.
ROWS = {
    "cells": 168, "cells_derived": 168, "characterization": 71, "consistency": 65,
    "coulombic_efficiency": 3, "electrolytes": 125, "formulations": 76, "methods": 62,
    "monomers": 43, "parameters": 33, "pouch": 37, "references": 335, "safety": 69,
    "simulations": 55, "stability_window": 10, "symmetric": 30, "transport": 29,
}  # fmt: skip


def rows(name):
    return tables.shipped(name).to_dicts()


@pytest.fixture
def written(tmp_path):
    """Every table as CSV."""
    packing.unpack(tmp_path)
    return tmp_path


def test_seventeen_tables_and_the_errata():
    assert {name: len(rows(name)) for name in ROWS} == ROWS
    assert sum(ROWS.values()) == 1379
    assert set(schemas()) == {*ROWS, "errata"}


@pytest.mark.parametrize("name", sorted([*ROWS, "errata"]))
def test_every_field_fits_the_descriptor(name):
    frame = tables.shipped(name)
    wanted = schema(name)
    assert frame.columns == list(wanted.fields)
    kinds = {"string": "String", "number": "Float64", "integer": "Int64", "boolean": "Boolean"}
    types = [str(kind) for kind in frame.dtypes]
    assert types == [kinds[f.type] for f in wanted.fields.values()]
    assert problems(frame.to_dicts(), wanted) == []
    assert all(f.description for f in wanted.fields.values())


def test_every_reference_leads_somewhere():
    for name, wanted in schemas().items():
        known = {
            (there, column): set(tables.shipped(there)[column].to_list())
            for _, there, column in wanted.foreign_keys
        }
        assert orphans(rows(name), wanted, known) == []


def test_every_erratum_named_in_a_row_is_listed():
    known = {erratum.id for erratum in errata()}
    named = {
        id.strip()
        for name, wanted in schemas().items()
        if "errata_id" in wanted.fields
        for row in rows(name)
        if row["errata_id"]
        for id in row["errata_id"].split(";")
    }
    assert named <= known
    assert len(known) == 72


def test_counts_and_hashes_of_the_descriptor_are_those_of_the_files():
    for resource in descriptor()["resources"]:
        raw = (FOLDER / resource["path"]).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(raw).hexdigest()}"
        assert resource["rows"] == len(rows(resource["name"]))


def test_packing_the_transcription_gives_the_shipped_tables(data, tmp_path, written):
    for path in (data / "literature").glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    target = tmp_path / "packed"
    target.mkdir()
    packing.pack(tmp_path, target)
    for name in schemas():
        packed = polars.read_parquet(target / f"{name}.parquet")
        assert packed.equals(tables.shipped(name)), name


def test_unpacked_tables_pack_to_the_same(tmp_path, written):
    target = tmp_path / "packed"
    target.mkdir()
    packing.pack(written, target)
    for name in schemas():
        assert polars.read_parquet(target / f"{name}.parquet").equals(tables.shipped(name)), name
    fresh = json.loads((target / "datapackage.json").read_text("utf-8"))
    assert [r["rows"] for r in fresh["resources"]] == [len(rows(n)) for n in schemas()]


def test_printed_digits_survive(written):
    # Source A prints 86.0 and 91.7, source D 78: one decimal, one, none.
    cells = {row["row_id"]: row for row in rows("cells")}
    assert cells["A-cell-007"]["retention_pct_decimals"] == 1
    assert cells["D-cell-001"]["retention_pct_decimals"] == 0
    line = next(
        line
        for line in (written / "cells.csv").read_text("utf-8").splitlines()
        if line.startswith("A-cell-007")
    )
    assert ",86.0,=,capacity," in line


def test_packing_names_what_does_not_fit(written, capsys):
    path = written / "cells.csv"
    text = path.read_text("utf-8")
    path.write_text(text.replace(",LiFePO4,Li,,2,2,=", ",LiFePO4,Li,,two,2,=", 1), "utf-8")
    with pytest.raises(FileError, match=r"cells.csv:2: loading_mg_cm2_lo: 'two' is not a number"):
        packing.load(written)
    path.write_text(text.replace("A:7", "A:777", 1), "utf-8")
    with pytest.raises(FileError, match="there is no references 'A:777'"):
        packing.load(written)
    path.write_text(text.replace("row_id,", "id,", 1), "utf-8")
    assert packing.main(["pack", str(written)]) == 2
    assert "columns differ: id, row_id" in capsys.readouterr().err


def test_derived_rows_follow_from_the_cells():
    """All 168 rows of cells_derived are reproduced by the package's own arithmetic."""
    for cell, given in zip(rows("cells"), rows("cells_derived"), strict=True):
        made = derived(cell)
        for name, value in given.items():
            if isinstance(value, float):
                assert made[name] == pytest.approx(value, rel=1e-4, abs=1.1e-5), (cell, name)
            else:
                assert made[name] == value, (cell["row_id"], name)


def test_a_bound_is_stated_and_an_assumption_is_not():
    cells = {row["row_id"]: row for row in rows("cells")}
    # C Table S3 row 3 prints N/P > 10; no E/C.
    known = stated(cells["C-cell-034"])
    assert known["N/P"]
    assert not known["E/C"]


def test_unknown_table_names_the_nearest():
    with pytest.raises(InputError, match=r"no table 'cell'; did you mean 'cells'"):
        tables.table("cell")


class TestQuery:
    @pytest.fixture(autouse=True)
    def needs_duckdb(self, monkeypatch, tmp_path):
        pytest.importorskip("duckdb")
        monkeypatch.setenv("POLYLYTE_LITERATURE", str(tmp_path / "none"))

    def test_one_line(self):
        answer = tables.query(
            "SELECT count(*) AS n FROM cells WHERE retention_pct IS NOT NULL "
            "AND retention_basis != 'rate retention 1C/0.1C'"
        )
        assert answer["n"].to_list() == [99]

    def test_tables_join_and_say_where_rows_come_from(self):
        answer = tables.query(
            "SELECT c.electrolyte, r.year, c.origin FROM cells c "
            "JOIN \"references\" r USING (ref_key) WHERE c.row_id = 'A-cell-015'"
        )
        assert answer.rows() == [("in situ-SL2", 2025, "polylyte")]

    @pytest.mark.parametrize(
        ("sql", "said"),
        [
            ("SELECT * FROM nope", "Table with name nope does not exist.*tables: cells"),
            ("DROP TABLE cells", "takes one SELECT, not DROP"),
            ("SELECT 1; SELECT 2", "takes one SELECT, not SELECT, SELECT"),
            ("", "takes one SELECT, not nothing"),
            ("SELEC 1", "Parser Error"),
            ("COPY cells TO 'out.csv'", "takes one SELECT, not COPY"),
            ("SELECT * FROM read_csv('/etc/hosts')", "Permission Error"),
            ("SELECT * FROM '/etc/hosts'", "SQL"),
        ],
    )
    def test_only_questions(self, sql, said):
        with pytest.raises(InputError, match=said):
            tables.query(sql)

    def test_an_endless_question_is_ended(self):
        with pytest.raises(MachineError, match=r"took longer than 0\.2 s"):
            tables.query("SELECT count(*) FROM range(1000000000) a, range(1000000) b", seconds=0.2)


def test_without_duckdb_the_remedy_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(MachineError, match="pip install duckdb"):
        tables.query("SELECT 1", [])
