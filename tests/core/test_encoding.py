"""A result as content: its digest tells numbers apart and nothing else."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from polylyte.core.encoding import encode, quantity_from_json, quantity_json, words_from_json
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table

QUANTITY = Quantity(
    1.5, "mV", {"~fit": 0.1, "cell.area": 0.2}, "derived", {"temperature": "25 degC"}
)
TABLE = Table.of({"x": [1.0, 2.0], "n": [1, 2], "s": ["a", None]}, {"x": "um"}, "a note")
RESULT = Result(
    more={"a": QUANTITY},
    more_tables={"t": TABLE},
    files={"f.txt": b"bytes"},
    verdicts=(Verdict("v", None, "not tested"),),
    findings=(Finding("f", "warning", "here", "do this"),),
    warnings=("w",),
    text={"circuit": "R-C"},
)


def digest(result: Result, run_name: str = "run") -> str:
    return encode(result, run_name=run_name).digest


WORDS: list[dict[str, Any]] = [
    {"verdicts": ()},
    {"findings": ()},
    {"warnings": ("other",)},
    {"text": {}},
    {"more_tables": {"t": replace(TABLE, note="another note")}},
]
NUMBERS: list[dict[str, Any]] = [
    {"more": {"a": replace(QUANTITY, value=1.5000000000000002)}},
    {"more": {"a": replace(QUANTITY, unit="V")}},
    {"more": {"a": replace(QUANTITY, components={"~fit": 0.1, "cell.area": 0.3})}},
    {"more": {"a": replace(QUANTITY, components={"~fit": 0.1, "other.area": 0.2})}},
    {"more": {"a": QUANTITY.flagged("too short")}},
    {"more": {"a": QUANTITY.given(temperature="40 degC")}},
    {"more": {"a": replace(QUANTITY, interval=(1.0, 2.0))}},
    {"more": {"b": QUANTITY}},
    {"more": {"a": QUANTITY, "b": QUANTITY}},
    {"more_tables": {"t": replace(TABLE, units={"x": "mm"})}},
    {"more_tables": {"t": Table.of({"x": [1.0, 2.5], "n": [1, 2], "s": ["a", None]}, {"x": "um"})}},
    {"more_tables": {"t": Table.of({"x": [2.0, 1.0], "n": [1, 2], "s": ["a", None]}, {"x": "um"})}},
    {"more_tables": {"t": Table.of({"x": [1.0, 2.0], "n": [1, 2], "s": ["b", None]}, {"x": "um"})}},
    {
        "more_tables": {
            "t": Table.of({"x": [1.0, None], "n": [1, 2], "s": ["a", None]}, {"x": "um"})
        }
    },
    {"more_tables": {"t": Table.of({"y": [1.0, 2.0], "n": [1, 2], "s": ["a", None]}, {"x": "um"})}},
    {"files": {"f.txt": b"other"}},
    {"files": {}},
]


@pytest.mark.parametrize("change", WORDS)
def test_words_leave_the_digest(change: dict[str, Any]) -> None:
    assert digest(replace(RESULT, **change)) == digest(RESULT)


def test_numbers_change_the_digest() -> None:
    made = [digest(replace(RESULT, **change)) for change in NUMBERS]
    assert len({*made, digest(RESULT)}) == len(NUMBERS) + 1


def test_the_runs_own_sources_get_its_name() -> None:
    encoded = encode(RESULT, run_name="m[1a2b]")
    assert encoded.quantities["a"].components == {"m[1a2b]:fit": 0.1, "cell.area": 0.2}
    assert digest(RESULT, "m[1]") != digest(RESULT, "m[2]")
    table = Table.of({"x": [1.0], "x|~fit[*]": [0.1], "x|area": [0.2]})
    renamed = encode(Result(more_tables={"t": table}), run_name="m")
    assert set(renamed.tables["t"].sources()) == {"m:fit[*]", "area"}


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_table_with_a_number_that_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="table 't' column 'x' holds a number that is not finite"):
        encode(Result(more_tables={"t": Table.of({"x": [1.0, bad]})}), run_name="r")


def test_a_quantity_survives_json_to_the_last_bit() -> None:
    for quantity in (
        QUANTITY,
        Quantity(0.1 + 0.2, "V", {"a": 1e-17}, interval=(0.1, 1 / 3)),
        Quantity(None, "V", flags=("x",)),
    ):
        assert quantity_from_json(json.loads(json.dumps(quantity_json(quantity)))) == quantity


def test_words_survive_json() -> None:
    words = words_from_json(json.loads(json.dumps(encode(RESULT, run_name="r").words)))
    assert words["verdicts"] == RESULT.verdicts
    assert words["findings"] == RESULT.findings
    assert words["warnings"] == RESULT.warnings
    assert words["text"] == RESULT.text
