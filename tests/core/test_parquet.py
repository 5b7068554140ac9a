"""Small tables as Parquet: what polars reads back is what was written, whatever it holds."""

from __future__ import annotations

import io
from typing import Any

import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polylyte.core import parquet
from polylyte.core.encoding import table_bytes, table_from_bytes
from polylyte.core.tables import Table

KINDS: list[tuple[Any, Any]] = [
    (polars.Float64, st.floats(width=64)),
    (polars.Int64, st.integers(-(2**63), 2**63 - 1)),
    (polars.Boolean, st.booleans()),
    (polars.String, st.text(max_size=30)),
]
NAMES = st.text(min_size=1, max_size=20)


@st.composite
def frames(draw: st.DrawFn) -> polars.DataFrame:
    rows = draw(st.integers(1, 40))
    names = draw(st.lists(NAMES, min_size=1, max_size=20, unique=True))
    columns = []
    for name in names:
        dtype, values = draw(st.sampled_from(KINDS))
        made = draw(st.lists(values, min_size=rows, max_size=rows))
        columns.append(polars.Series(name, made, dtype=dtype))
    return polars.DataFrame(columns)


@settings(deadline=None, max_examples=200)
@given(frames(), st.dictionaries(NAMES, st.text(max_size=300), max_size=3))
def test_what_is_written_is_read_back(frame: polars.DataFrame, about: dict[str, str]) -> None:
    content = parquet.encode(frame, about)
    assert content is not None
    found = polars.read_parquet(io.BytesIO(content))
    assert found.schema == frame.schema
    assert found.equals(frame, null_equal=True)
    for name in frame.columns:
        if frame[name].dtype == polars.Float64:  # to the bit: -0.0 and the payload of a NaN too
            assert found[name].to_numpy().tobytes() == frame[name].to_numpy().tobytes()
    metadata = polars.read_parquet_metadata(io.BytesIO(content))
    assert {name: metadata[name] for name in about} == about


@pytest.mark.parametrize(
    "frame",
    [
        polars.DataFrame(),
        polars.DataFrame({"x": []}, schema={"x": polars.Float64}),
        polars.DataFrame({"x": [1.0, None]}),
        polars.DataFrame({"x": [1]}, schema={"x": polars.Int32}),
        polars.DataFrame({"x": [[1.0], [2.0]]}),
        polars.DataFrame({"x": ["long" * 10_000]}),
        polars.DataFrame({"x": [0.5] * (parquet.LARGEST // 8 + 1)}),
    ],
)
def test_any_other_table_is_left_to_polars(frame: polars.DataFrame) -> None:
    assert parquet.encode(frame, {}) is None
    table = Table(frame, {"x": "um"}, "a note")
    again = table_from_bytes(table_bytes(table), table.units, table.note)
    assert again.frame.equals(frame, null_equal=True)
    assert again.frame.schema == frame.schema


def test_small_tables_take_less_than_their_plain_values_and_a_head() -> None:
    content = parquet.encode(polars.DataFrame({"x": [0.1] * 200, "y": list(range(200))}), {})
    assert content is not None
    assert content[:4] == content[-4:] == b"PAR1"
    assert len(content) < 2 * 200 * 8 + 400
    # Part of it can be read without the rest, as of any Parquet file.
    found = polars.scan_parquet(io.BytesIO(content)).filter(polars.col("y") > 197).collect()
    assert found["y"].to_list() == [198, 199]
