"""Rank intervals hold the true rank whatever the true values are; fronts likewise."""

import math

from hypothesis import given
from hypothesis import strategies as st

from polylyte.literature.ranking import UNKNOWN, Interval, exact, front, printed, ranks


def test_what_a_printed_number_says():
    assert printed(91.7, 1) == Interval(91.65, 91.75)
    assert printed(80, 0) == Interval(79.5, 80.5)
    assert printed(90, 0, "~") == Interval(88, 92)
    assert printed(80.0, 1, ">") == Interval(80, math.inf)
    assert printed(5, 0, "<=") == Interval(-math.inf, 5)
    assert printed(None) == UNKNOWN
    assert exact(500) == Interval(500, 500)


def test_equal_numbers_share_a_rank_and_overlaps_widen_it():
    assert ranks([exact(1), exact(1), exact(2)], "low") == [(1, 1), (1, 1), (3, 3)]
    # 604 and 604.2 Wh/kg: the first may be anything from 603.5 to 604.5.
    assert ranks([printed(604, 0), printed(604.2, 1), printed(437, 0)], "high") == [
        (1, 2), (1, 2), (3, 3),
    ]  # fmt: skip


def test_an_unknown_value_may_be_anywhere_and_widens_all_others():
    assert ranks([exact(1), UNKNOWN, exact(2)], "low") == [(1, 2), (1, 3), (2, 3)]


def test_a_lower_bound_may_be_the_best():
    assert ranks([printed(80, 1, ">"), exact(90), exact(70)], "high") == [(1, 2), (1, 2), (3, 3)]


def test_front():
    points = [(exact(100), exact(90)), (exact(500), exact(80)), (exact(400), exact(70))]
    assert front(points, ["high", "high"]) == ["front", "front", "dominated"]
    assert front([(exact(1), exact(1)), (exact(1), exact(1))], ["high", "high"]) == [
        "front", "front",
    ]  # fmt: skip
    vague = [(exact(100), printed(90, 0)), (exact(100), printed(90.2, 1))]
    assert front(vague, ["high", "high"]) == ["possible", "possible"]


def test_a_tie_in_one_respect_leaves_room_for_dominance_in_the_other():
    own, other = (exact(0), exact(0)), (Interval(0, math.inf), Interval(0, 1))
    assert front([own, other], ["high", "low"])[0] == "possible"
    assert front([own, (exact(1), exact(0))], ["high", "low"])[0] == "dominated"


intervals = st.tuples(st.integers(-20, 20), st.integers(0, 6), st.booleans(), st.booleans()).map(
    lambda t: (
        Interval(-math.inf if t[2] else t[0], math.inf if t[3] else t[0] + t[1]),
        t[0],
        t[1],
    )
)


@given(st.lists(intervals, min_size=1, max_size=8), st.data(), st.sampled_from(["low", "high"]))
def test_the_true_rank_lies_in_its_interval(drawn, data, sense):
    values = [data.draw(st.floats(low, low + width)) for _, low, width in drawn]
    found = ranks([interval for interval, _, _ in drawn], sense)
    for i, value in enumerate(values):
        better = sum((v > value) if sense == "high" else (v < value) for v in values)
        best, worst = found[i]
        assert best <= better + 1 <= worst


@given(st.lists(st.tuples(intervals, intervals), min_size=1, max_size=6), st.data())
def test_certain_fronts_are_certain(drawn, data):
    points = [(x[0], y[0]) for x, y in drawn]
    truth = [
        tuple(data.draw(st.floats(low, low + width)) for _, low, width in pair) for pair in drawn
    ]
    for i, place in enumerate(front(points, ["high", "low"])):
        dominated = any(
            a[0] >= truth[i][0] and a[1] <= truth[i][1] and a != truth[i]
            for j, a in enumerate(truth)
            if j != i
        )
        if place == "front":
            assert not dominated
        if place == "dominated":
            assert dominated
