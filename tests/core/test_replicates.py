"""Mean, standard deviation and n; errors that all samples share do not average out."""

from __future__ import annotations

import math

import pytest

from polylyte.core.quantities import Quantity
from polylyte.core.replicates import average, mean
from polylyte.core.runs import Stored
from polylyte.core.tables import Table


def stored(tables: dict[str, Table] | None = None, **quantities: Quantity) -> Stored:
    return Stored("k", "d", "m", 1, quantities, tables or {}, {})


def test_mean_standard_deviation_and_standard_error() -> None:
    # Sample values 2, 4, 4, 4, 5, 5, 7, 9: mean 5, sum of squares 32, n - 1 = 7.
    values = [Quantity(float(x), "um") for x in (2, 4, 4, 4, 5, 5, 7, 9)]
    made = mean("x", values)
    assert made["x"].value == 5.0
    assert made["x_sd"].value == pytest.approx(math.sqrt(32 / 7))
    assert made["x"].std == pytest.approx(math.sqrt(32 / 7 / 8))
    assert made["x"].conditions["n"] == "8"


def test_an_error_shared_by_all_samples_is_carried_as_it_is() -> None:
    values = [
        Quantity(10.0 + i, "um", {"gauge": 0.5 + 0.1 * i, f"fit {i}": 1.0}) for i in (-1, 0, 1)
    ]
    parts = mean("x", values)["x"].components
    assert parts == {
        "gauge": pytest.approx(0.5),
        "~scatter of x between replicates": pytest.approx(1 / 3**0.5),
    }


def test_samples_in_different_units_and_one_that_is_not_determined() -> None:
    made = average(
        {
            "A": stored(x=Quantity(10.0, "um"), y=Quantity(1.0, "V")),
            "B": stored(x=Quantity(0.014, "mm"), y=Quantity(None, "V", flags=("too short",))),
            "C": stored(x=Quantity(12.0, "um")),
        }
    )
    assert made["x"].value == pytest.approx(12.0)
    assert made["x"].unit == "um"
    assert made["n"].value == 3
    # One value has no scatter: it is not averaged, and that is said.
    assert "y" not in made.quantities
    assert [f.text for f in made.findings] == ["y is not averaged over B, C"]
    table = made.tables["replicates"]
    assert table.column("replicate") == ["A", "B", "C"]
    assert table.column("x") == [10.0, pytest.approx(14.0), 12.0]
    assert table.column("y") == [1.0, None, None]
    assert table.units == {"x": "um", "y": "V"}


def test_tables_are_stacked_with_the_label_of_their_sample() -> None:
    a = Table.of({"t": [1.0, 2.0], "t|a": [0.1, 0.1]}, {"t": "s"})
    b = Table.of({"t": [3.0], "t|b": [0.2]}, {"t": "s"})
    table = average({"A": stored({"t": a}), "B": stored({"t": b})}).tables["t"]
    assert table.column("t") == [1.0, 2.0, 3.0]
    assert table.column("replicate") == ["A", "A", "B"]
    assert table.column("t|b") == [0.0, 0.0, 0.2]
    assert table.std("t") == pytest.approx([0.1, 0.1, 0.2])


def test_tables_of_the_samples_in_different_units_become_one_unit() -> None:
    a = Table.of({"t": [1.0], "t|a": [0.1]}, {"t": "s"})
    b = Table.of({"t": [1.0], "t|a": [0.1]}, {"t": "min"})
    table = average({"A": stored({"t": a}), "B": stored({"t": b})}).tables["t"]
    assert table.column("t") == [1.0, 60.0]
    assert table.column("t|a") == [0.1, pytest.approx(6.0)]
