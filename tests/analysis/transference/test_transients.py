"""Initial and steady currents against transients whose answer is known in closed form."""

import numpy as np
import pytest
from scipy.special import erfcx

from polylyte.analysis.transference.laplace import inverse_laplace
from polylyte.analysis.transference.transients import (
    Charging,
    correlation_length,
    initial_current,
    steady_current,
)
from polylyte.core.errors import NotAnswerable


def test_inverse_laplace_of_known_transforms():
    t = np.geomspace(1e-4, 1e2, 13)
    # pairs from any table of transforms: 1/(s+1), 1/sqrt(s), 1/(sqrt(s)(sqrt(s)+1))
    assert inverse_laplace(lambda s: 1 / (s + 1), t[t < 20]) == pytest.approx(
        np.exp(-t[t < 20]), rel=1e-9, abs=1e-12
    )
    assert inverse_laplace(lambda s: s**-0.5, t) == pytest.approx(1 / np.sqrt(np.pi * t), rel=1e-10)
    assert inverse_laplace(lambda s: 1 / (s + np.sqrt(s)), t) == pytest.approx(
        erfcx(np.sqrt(t)), rel=1e-9
    )


def fall(time, initial=1e-4, steady=6e-5, h=0.03):
    """The semi-infinite law down to where it would pass the steady value."""
    return np.maximum(initial * erfcx(h * np.sqrt(time)), steady)


def test_initial_current_is_extrapolated_above_the_first_sample():
    time = np.arange(1.0, 3000.0)
    found = initial_current(time, fall(time), steady=6e-5)
    assert found.value == pytest.approx(1e-4, rel=1e-6)
    assert found.first < 0.975e-4
    assert found.end < 3000


def test_initial_current_of_the_opposite_sign():
    time = np.arange(1.0, 3000.0)
    found = initial_current(time, -fall(time), steady=-6e-5)
    assert found.value == pytest.approx(-1e-4, rel=1e-6)


def test_initial_current_behind_charging_double_layers():
    charging = Charging(share=0.7, time=2e-3, exponent=0.8)
    time = np.concatenate([np.arange(0.01, 2, 0.01), np.arange(2.0, 100.0)])
    current = inverse_laplace(
        lambda s: 1e-4 / (s * charging.impedance(s) + 0.05 * np.sqrt(s)), time
    )
    assert current[0] > 1.01e-4  # the spike of the double layers
    known = initial_current(time, current, steady=5e-5, charging=charging)
    assert known.value == pytest.approx(1e-4, rel=1e-7)
    assert known.begin > charging.over


def test_initial_current_error_is_that_of_the_noise():
    rng = np.random.default_rng(3)
    time = np.arange(1.0, 3000.0)
    pulls = []
    for _ in range(100):
        current = fall(time) + 2e-7 * rng.standard_normal(time.size)
        found = initial_current(time, current, steady=6e-5)
        pulls.append((found.value - 1e-4) / found.std)
    assert abs(np.mean(pulls)) < 0.4
    assert 0.8 < np.std(pulls) < 1.2


def test_too_coarse_a_fall_is_refused():
    time = np.array([100.0, 200, 300, 400, 500, 600, 700])
    with pytest.raises(NotAnswerable, match=r"first third.*sample the first seconds faster"):
        initial_current(time, np.array([9, 7, 6, 6, 6, 6, 6]) * 1e-5, steady=6e-5)


def test_steady_current_of_a_plateau():
    rng = np.random.default_rng(1)
    time = np.arange(0.0, 6000.0, 2.0)
    current = 5e-5 + 4e-5 * np.exp(-time / 300) + 1e-7 * rng.standard_normal(time.size)
    found = steady_current(time, current)
    assert found.value == pytest.approx(5e-5, abs=4 * found.std)
    assert found.std == pytest.approx(1e-7 / np.sqrt(found.points), rel=0.15)
    assert found.bounded
    assert abs(found.remaining) < 1e-3 * found.value


def test_slow_exponential_is_seen_though_its_drift_is_small():
    """A fall with a time constant as long as the record drifts by 0.4 % in the last tenth but
    has 4.2 % to go."""
    time = np.arange(0.0, 6000.0, 2.0)
    current = 5e-5 + 5e-6 * np.exp(-time / 6000)
    found = steady_current(time, current)
    assert abs(found.drift / found.value) < 0.005
    assert not found.bounded or found.remaining / found.value > 0.02


def test_asymptote_of_an_unfinished_fall():
    time = np.arange(0.0, 6000.0, 2.0)
    current = 5e-5 + 4e-5 * np.exp(-time / 1500)
    found = steady_current(time, current)
    assert found.bounded
    assert found.value - found.remaining == pytest.approx(5e-5, rel=2e-3)


def test_correlated_noise_counts_less():
    rng = np.random.default_rng(2)
    white = rng.standard_normal(20000)
    assert correlation_length(white) < 1.1
    red = np.empty_like(white)
    red[0] = 0.0
    for k in range(1, red.size):
        red[k] = 0.8 * red[k - 1] + white[k]
    # (1 + r)/(1 - r) for an autoregression of coefficient r
    assert correlation_length(red) == pytest.approx(9.0, rel=0.1)
