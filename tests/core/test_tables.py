"""Tables: units and sources of uncertainty travel with their columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from polylyte.core.encoding import table_bytes, table_digest, table_from_bytes
from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity
from polylyte.core.tables import Table

SIGMA = [
    Quantity(1.0, "mS/cm", {"cell.area": 0.01, "~fit[*]": 0.1}),
    Quantity(0.2, "S/m", {"cell.area": 0.002, "~fit[*]": 0.03}),
    Quantity(None, "mS/cm"),
]


@pytest.fixture
def table() -> Table:
    return Table.of_quantities(
        {"temperature": [25, 40, 60]}, {"sigma": SIGMA}, {"temperature": "degC"}, "a note"
    )


def test_quantities_keep_value_unit_and_sources(table: Table) -> None:
    assert table.columns == ["temperature", "sigma"]
    assert table.units == {"temperature": "degC", "sigma": "mS/cm"}
    assert len(table) == 3
    first, second, third = table.quantities("sigma")
    assert (first.value, second.value, third.value) == (1.0, pytest.approx(2.0), None)
    assert second.components == {"cell.area": pytest.approx(0.02), "~fit[1]": pytest.approx(0.3)}
    # The area is one error for all rows, the fit one for each.
    assert (first * 2.0 - second).components.keys() == {"cell.area", "~fit[0]", "~fit[1]"}
    assert (first * 2.0 - second).components["cell.area"] == pytest.approx(0.0, abs=1e-12)
    std = table.std("sigma")
    assert std is not None
    assert std[:2] == [
        pytest.approx((0.1**2 + 0.01**2) ** 0.5),
        pytest.approx((0.3**2 + 0.02**2) ** 0.5),
    ]
    assert table.std("temperature") is None


def test_a_missing_column_names_the_nearest(table: Table) -> None:
    with pytest.raises(InputError, match="no column 'sigmaa'; did you mean 'sigma'"):
        table.column("sigmaa")


def test_parquet_gives_back_the_same_table(table: Table) -> None:
    again = table_from_bytes(table_bytes(table), table.units, table.note)
    assert again.frame.equals(table.frame)
    assert again.quantities("sigma") == table.quantities("sigma")
    assert table_digest(again) == table_digest(table)


def test_csv_gives_back_values_units_and_uncertainty(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "sigma.csv"
    path.write_text(table.to_csv())
    assert path.read_text().splitlines()[0] == "temperature / degC,sigma / mS/cm,u(sigma) / mS/cm"
    again = Table.read(path)
    assert again.units == table.units
    assert again.column("sigma") == table.column("sigma")
    assert again.std("sigma") == table.std("sigma")
    assert again.quantities("sigma")[1].components.keys() == {"stated in sigma.csv[1]"}


def read(tmp_path: Path, text: str) -> Table:
    path = tmp_path / "t.csv"
    path.write_text(text)
    return Table.read(path)


def test_headings_of_a_csv(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        "# a comment\nE / V vs Li/Li+,u(E)/mV vs Li/Li+,O/Li,n,sample\n0.1,5,12,3,a\n0.2,,10,4,b\n",
    )
    assert made.columns == ["E", "O/Li", "n", "sample"]
    assert made.units == {"E": "V vs Li/Li+"}
    # The uncertainty is given in a unit of its own.
    assert made.std("E") == [pytest.approx(0.005), 0.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a table"),
        ("a,b\n1,2,3\n", "is not a table"),
        ("x / um,x / mm\n1,2\n", "has two columns 'x'"),
        ("x / um\n1\nmany\n", "column 'x / um' holds text; give numbers alone"),
        ("x / um,u(x) / mV\n1,2\n", "'mV' cannot be given in 'um'"),
    ],
)
def test_a_csv_that_is_no_table_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_parquet_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1 not really")
    with pytest.raises(InputError, match=r"t\.parquet: is not a table"):
        Table.read(path)


def test_sources_are_renamed_and_nothing_else(table: Table) -> None:
    renamed = table.rename_sources({"~fit[*]": "run:fit[*]", "temperature": "x"})
    assert set(renamed.sources()) == {"cell.area", "run:fit[*]"}
    assert renamed.columns == table.columns
    assert renamed.units == table.units
    assert table.rename_sources({"absent": "x"}) is table


def test_parquet_on_its_own_keeps_units_and_note(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(table_bytes(replace(table, note="as measured")))
    again = Table.read(path)
    assert (again.units, again.note) == (table.units, "as measured")
    assert again.frame.equals(table.frame)


def test_parquet_of_others_has_no_units(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table.frame.write_parquet(path)
    assert Table.read(path).units == {}
