"""The Battery Data Format comes back as it went out; what is damaged is told as for every cycler.

Labels and units: ontology 1.3.0 of the Battery Data Alliance.
"""

import numpy as np
import polars as pl
import pytest

from polylyte.core.tables import Table
from polylyte.instruments import bdf, reading
from polylyte.report.export.bdf import series

HEADING = "Test Time / s,Voltage / V,Current / A,Cycle Count / 1,Step ID,Net Capacity / Ah"


def text(rows: int = 200) -> str:
    """A file as this package writes it, with numbers of full precision."""
    random = np.random.default_rng(5)
    columns = {
        "time": np.cumsum(random.random(rows)),
        "potential": 3.0 + random.random(rows),
        "current": random.normal(0.0, 1e-3, rows),
        "cycle": np.arange(rows) // 50,
        "step": np.arange(rows) // 25,
        "charge": np.cumsum(random.normal(0.0, 1e-3, rows)),
    }
    units = {"time": "s", "potential": "V", "current": "A", "charge": "Ah"}
    made = series(Table.of(columns, units))
    assert made is not None
    return made.csv()


def read(content: str | bytes):
    raw = content.encode() if isinstance(content, str) else content
    return reading.read_bytes(raw, "cell.bdf.csv")


def test_it_is_read_as_what_it_is():
    recording = read(text())
    assert (recording.format, recording.technique) == ("alliance.bdf", "time series")
    table = recording.table("series")
    assert table.columns == ["time", "potential", "current", "cycle", "step", "charge"]
    assert table.units == {"time": "s", "potential": "V", "current": "A", "charge": "C"}
    assert (recording.rows_read, recording.rows_dropped, recording.findings) == (200, 0, ())


def test_a_round_trip_is_bit_equal():
    content = text()
    written = pl.read_csv(content.encode())
    again = series(read(content).table("series"))
    assert again is not None
    capacity = "Net Capacity / Ah"
    assert again.frame.drop(capacity).equals(written.drop(capacity).select(
        pl.col(name).cast(kind) for name, kind in again.frame.drop(capacity).schema.items()
    ))  # fmt: skip
    # Through coulombs and back: the last bit of a product and its quotient.
    assert np.allclose(again.frame[capacity], written[capacity], rtol=3e-16, atol=0)


def test_the_fast_way_gives_what_the_general_way_gives():
    from polylyte.instruments.cyclers import read_text

    content = text()
    fast, slow = read(content).table("series"), read_text(content.encode(), "t").table("series")
    for name in ("time", "potential", "current", "cycle", "step"):
        assert fast.frame[name].to_list() == slow.frame[name].to_list()


def test_names_for_machines_and_a_mark_are_read_too():
    content = (
        "\ufefftest_time_second,voltage_volt,current_ampere,other\r\n0,3.5,0.001,a\r\n1,3.6,0,b\r\n"
    )
    recording = read(content)
    assert recording.format == "alliance.bdf"
    assert recording.table("series").frame["potential"].to_list() == [3.5, 3.6]
    assert recording.unknown_columns == ("other",)


@pytest.mark.parametrize(
    ("line", "word"),
    [("5.0,3.5", "incomplete"), ("5.0,much,0.001,0,0,0.0", "not all numbers")],
)
def test_a_damaged_line_is_left_out_and_named(line, word):
    lines = text(20).splitlines()
    lines[8] = line
    recording = read("\n".join(lines) + "\n")
    assert recording.format == "alliance.bdf"
    assert len(recording.table("series")) == 19
    assert any(word in finding.text and "line 9" in finding.text for finding in recording.findings)


def test_a_file_that_stops_in_a_number_is_told():
    recording = read(text(20).rstrip("\n"))
    assert any("without a line end" in finding.text for finding in recording.findings)


def test_another_table_is_not_taken_for_it():
    assert not bdf.recognise(b"Test Time / s,Voltage / V,Temperature / degC\n0,3.5,25\n")
    assert bdf.recognise(f"{HEADING}\n".encode())
