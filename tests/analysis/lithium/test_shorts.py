"""Shorts are told from the noise of the record: each sign where it is, and nothing elsewhere."""

import numpy as np
import pytest

from polylyte.analysis.lithium.critical_current_cells import (
    Bracket,
    log_normal,
    spread_interval,
)
from polylyte.analysis.lithium.shorts import find_shorts
from polylyte.analysis.lithium.symmetric_halves import Half, noise_of

LENGTH = 60


def half(number, level=0.05, rise=0.0, noise=2e-4, seed=0, spike=0.0):
    rng = np.random.default_rng((seed, number))
    share = np.arange(1, LENGTH + 1) / LENGTH
    size = level * (1 + rise * share) + spike * np.exp(-share / 0.05)
    return Half(
        number=number, sign=1.0 if number % 2 == 0 else -1.0,
        time=3600.0 * number + 60.0 * np.arange(1, LENGTH + 1), share=share,
        overpotential=size + noise * rng.standard_normal(LENGTH), begin=3600.0 * number,
        density=5.0, spread=0.0, charge=18e3, jumps=(), gap=0.0,
    )  # fmt: skip


def cell(count=30, **options):
    return [half(k, **options) for k in range(count)]


def changed(halves, number, function):
    one = halves[number]
    own = one.overpotential.copy()
    function(own)
    object.__setattr__(one, "overpotential", own)
    return halves


def test_noise_is_that_of_one_sample():
    assert noise_of(cell(noise=5e-4)) == pytest.approx(5e-4, rel=0.1)


def test_nothing_in_a_quiet_cell_with_spikes():
    for seed in range(20):
        assert find_shorts(cell(seed=seed, spike=0.05)) == []


def test_nucleation_of_fresh_lithium_is_no_fall():
    halves = cell(noise=1e-5)
    halves[0] = half(0, noise=1e-5, spike=0.15)
    assert find_shorts(halves) == []


def test_a_fall_within_a_half_cycle_is_placed_between_its_samples():
    def fall(v):
        v[30:] *= 0.8

    (found,) = find_shorts(changed(cell(), 11, fall))
    assert not found.hard
    assert found.signs[0] == "fall"
    assert (found.after, found.before) == (11 * 3600 + 30 * 60, 11 * 3600 + 31 * 60)
    assert found.fall == pytest.approx(0.2, abs=0.02)
    assert (found.first, found.last) == (11, 11)
    assert found.recovered == 12 * 3600


def test_one_odd_sample_is_no_fall():
    def odd(v):
        v[30] *= 0.3

    assert find_shorts(changed(cell(), 11, odd)) == []


def test_a_low_half_cycle_is_placed_where_it_fell():
    halves = cell()

    def whole(v):
        v *= 0.7

    def end(v):
        v[57:] *= 0.7

    changed(changed(halves, 12, end), 13, whole)
    (found,) = find_shorts(halves)
    assert "level" in found.signs
    assert (found.after, found.before) == (12 * 3600 + 57 * 60, 12 * 3600 + 58 * 60)
    assert found.fall == pytest.approx(0.3, abs=0.02)


def test_falls_below_the_least_are_none():
    def fall(v):
        v[30:] *= 0.95

    halves = changed(cell(), 11, fall)
    assert find_shorts(halves) == []
    (found,) = find_shorts(halves, least_fall=0.03)
    assert found.signs == ("fall",)


def test_an_erratic_half_cycle():
    rng = np.random.default_rng(1)

    def shake(v):
        v += 2e-3 * rng.standard_normal(v.size)

    (found,) = find_shorts(changed(cell(), 14, shake))
    assert found.signs == ("erratic",)
    assert found.first == found.last == 14


def test_two_flattened_half_cycles():
    halves = cell(rise=0.3)
    for k in (20, 21):
        halves[k] = half(k, level=0.0575)
    (found,) = find_shorts(halves)
    assert found.signs == ("flattened",)
    assert (found.first, found.last) == (20, 21)
    # A single one may have been cut short, and a cell without rise has none to lose.
    halves[21] = half(21, rise=0.3)
    assert find_shorts(halves) == []
    assert find_shorts(cell()) == []


def test_a_hard_short_lasts_to_the_end():
    halves = cell()
    halves[20:] = [half(k, level=1e-3) for k in range(20, 30)]

    def collapse(v):
        v[40:] = 1e-3

    changed(halves, 19, collapse)
    found = find_shorts(halves)
    assert found[-1].hard
    assert (found[-1].after, found[-1].before) == (19 * 3600 + 40 * 60, 19 * 3600 + 41 * 60)
    assert found[-1].fall == pytest.approx(0.98, abs=0.005)
    assert len(found) == 1


def test_a_deep_short_that_recovers_is_soft():
    halves = cell()
    halves[20] = half(20, level=1e-3)
    (found,) = find_shorts(halves)
    assert not found.hard
    assert found.recovered == 21 * 3600


def test_the_resistance_of_the_electrolyte_decides():
    """0.05 V at 5 A/m² are 0.01 Ω m²: a fifth of it is no collapse, but less than 0.003."""
    halves = cell()
    halves[20:] = [half(k, level=0.01) for k in range(20, 30)]
    assert not any(s.hard for s in find_shorts(halves))
    assert find_shorts(halves, electrolyte=0.003)[-1].hard


def test_slow_changes_are_no_shorts():
    falling = [half(k, level=0.06 * 0.985**k) for k in range(30)]
    assert find_shorts(falling) == []


def test_few_half_cycles():
    assert find_shorts([]) == []
    assert find_shorts(cell(3)) == []


def test_values_known_exactly_give_students_interval():
    """Narrow brackets: the exact median and t interval of ln x (the textbook formula)."""
    values = np.array([0.8, 1.0, 1.1, 1.3, 0.9])
    found = log_normal([Bracket(v * (1 - 1e-6), v * (1 + 1e-6)) for v in values])
    logs = np.log(values)
    assert np.log(found.median) == pytest.approx(logs.mean(), abs=1e-4)
    assert found.spread == pytest.approx(logs.std(), rel=1e-2)
    half_width = 2.776445 * logs.std(ddof=1) / np.sqrt(5)  # t(0.975, 4)
    assert np.log(found.interval) == pytest.approx(
        [logs.mean() - half_width, logs.mean() + half_width], abs=2e-3
    )


def test_open_brackets_move_the_median_up():
    closed = [Bracket(0.9, 1.0), Bracket(1.0, 1.1), Bracket(0.8, 0.9)]
    lower = log_normal(closed)
    upper = log_normal([*closed, Bracket(1.2, np.inf)])
    assert upper.median > lower.median
    assert upper.exact == 3
    assert log_normal([Bracket(1.0, np.inf), Bracket(0.9, 1.0)]) is None


def test_interval_of_a_uniform_and_a_normal_value():
    assert spread_interval(0, 1, 0) == pytest.approx((0.025, 0.975))
    low, high = spread_interval(0, 1e-6, 1.0)
    assert (low, high) == pytest.approx((-1.959964, 1.959964), abs=1e-4)
    draws = np.random.default_rng(0)
    x = draws.random(400_000) + 0.2 * draws.standard_normal(400_000)
    assert spread_interval(0, 1, 0.2) == pytest.approx(np.quantile(x, [0.025, 0.975]), abs=5e-3)
