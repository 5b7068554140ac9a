"""Pareto fronts, against a comparison of every pair."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.quantities import q
from polylyte.core.tables import Table
from polylyte.design.tradeoff import figure, pareto, tradeoff_front


def beaten(costs, i):
    """By definition: another row is nowhere worse and somewhere better."""
    others = np.delete(costs, i, axis=0)
    return bool(np.any(np.all(others <= costs[i], axis=1) & np.any(others < costs[i], axis=1)))


@given(
    st.lists(
        st.tuples(*[st.integers(0, 6).map(float)] * 3), min_size=2, max_size=40
    ).map(lambda rows: np.array(rows) * [1.0, 1e6, 1e-6])
)  # fmt: skip
def test_the_front_is_what_no_other_beats(costs):
    assert pareto(costs).tolist() == [not beaten(costs, i) for i in range(len(costs))]


def test_energy_against_life(read, pouch):
    found = tradeoff_front(
        cell=read(pouch),
        ranges={"lithium_thickness": ["0 um", "100 um"]},
        maximise=["specific_energy", "cycles"],
        coulombic_efficiency=q("0.99"),
        samples=32,
    )
    # one entry moves both, in opposite ways: every design is on the front
    assert found.front_size.value == 32
    # without lithium: 3.8 x 3.71738 mWh over 18.1 + 7.43476 + 1.425 + 1.08 mg, 22.2 cycles
    assert found["best_specific_energy"].value == pytest.approx(503.8, abs=0.1)
    assert min(found.compared.column("cycles")) == pytest.approx(22.2, abs=0.05)
    assert found.front.column("specific_energy") == sorted(found.front.column("specific_energy"))
    assert figure(found).panels[0].series[1].style == "line+points"


def test_a_front_at_the_edge_of_a_range_is_named(read, pouch):
    found = tradeoff_front(
        cell=read(pouch),
        ranges={
            "lithium_thickness": ["0 um", "100 um"],
            "electrolyte_to_capacity": ["1 g/Ah", "5 g/Ah"],
        },
        maximise=["specific_energy", "cycles"],
        coulombic_efficiency=q("0.99"),
        samples=256,
    )
    # nothing speaks against little electrolyte here
    texts = " ".join(f.text for f in found.findings)
    assert found.front_size.value < 30
    assert "lithium_thickness" not in texts
    alone = tradeoff_front(
        cell=read(pouch),
        ranges={"electrolyte_to_capacity": ["1 g/Ah", "5 g/Ah"]},
        samples=64,
    )
    assert alone.front_size.value == 1
    assert any("at the lowest of its range" in f.text for f in alone.findings)


def test_designs_of_a_sweep():
    table = Table.of(
        {
            "rate": [1.0, 2.0, 3.0, 2.5],
            "capacity": [200.0, 180.0, 150.0, 140.0],
            "temperature": [25.0, 25.0, 25.0, None],
        },
        {"capacity": "mAh/g"},
    )
    found = tradeoff_front(designs=table, maximise=["rate", "capacity"])
    assert found.compared.column("on_front") == [True, True, True, False]
    assert found["best_capacity"].unit == "mAh/g"
    with_gap = tradeoff_front(designs=table, maximise=["rate"], minimise=["temperature"])
    assert with_gap.designs.value == 3
    assert any(f.text.startswith("1 designs have no value") for f in with_gap.findings)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"maximise": []}, InputError, "at least one"),
        ({"minimise": ["specific_energy"]}, InputError, "named once"),
        ({"maximise": ["specific_enrgy"]}, InputError, "did you mean 'specific_energy'"),
        ({"maximise": ["cycles"]}, InputError, "no 'cycles'"),
        ({"maximise": ["energy_density"]}, NotAnswerable, "no design has a value"),
        ({"ranges": {"lithium": ["0 um", "1 um"]}}, InputError, "cannot be varied"),
        ({"ranges": {"np_ratio": ["3", "1"]}}, InputError, "no range"),
        ({"ranges": {"np_ratio": "3"}}, InputError, "not a range"),
        ({"ranges": {"np_ratio": ["1 um", "3 um"]}}, InputError, "wrong dimension"),
        ({"ranges": {}}, InputError, "no designs to compare"),
        ({"samples": 1}, InputError, "1 samples"),
    ],
)
def test_a_wrong_question_is_refused_in_one_line(read, pouch, changed, error, message):
    usual = {"cell": read(pouch), "ranges": {"np_ratio": ["0", "3"]}, "samples": 4}
    with pytest.raises(error, match=message) as caught:
        tradeoff_front(**usual | changed)
    assert "\n" not in str(caught.value)
