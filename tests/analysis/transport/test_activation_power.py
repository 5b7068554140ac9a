"""How often two regimes or a VTF law are taken where there is one Arrhenius law, and how steep a
change of slope must be to be found.

The bound, chosen beforehand: a law with one parameter more is taken where n ln(S₁/S₂) exceeds
AICc's penalty of at least 2 by 4. n ln(S₁/S₂) is χ² of one degree in large samples, which exceeds
6 in 1.4 %; for two parameters χ² of two degrees exceeds 8 in 1.8 %, and the search for the break
makes that two to three times as much. Together: at most 5 %.
"""

from collections import Counter

import numpy as np
import pytest

from polylyte.analysis.transport.activation import _choose
from polylyte.analysis.transport.laws import (
    GAS_CONSTANT,
    arrhenius,
    extra_scatter,
    two_regimes,
    vogel,
)

FALSE_ALARMS = 0.05


def taken(T, log_y, noise):
    own = np.full(len(T), noise)
    weight = 1 / np.hypot(own, extra_scatter(T, log_y, own))
    tried = {
        "Arrhenius": arrhenius(T, log_y, weight),
        "VTF": vogel(T, log_y, weight),
        "two Arrhenius regimes": two_regimes(T, log_y, weight),
    }
    return _choose(tried)[0].name


def laws(draws, count, step=0.0, noise=0.01, seed=0):
    """Shares of laws taken; ``step`` is the change of slope at 330 K in kJ/mol."""
    rng = np.random.default_rng([seed, count])
    T = np.linspace(273.15, 363.15, count)
    bend = step * 1e3 / GAS_CONSTANT * np.maximum(0.0, 1 / T - 1 / 330)
    exact = 5 - 30e3 / GAS_CONSTANT / T - bend
    found = Counter(taken(T, exact + noise * rng.normal(size=count), noise) for _ in range(draws))
    return {name: number / draws for name, number in found.items()}


def test_false_alarms_of_200_draws():
    """At most 5 % and three binomial standard deviations, 9.6 %."""
    assert 1 - laws(200, 10)["Arrhenius"] <= 0.096


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("count", [6, 7, 8, 10, 15, 30])
def test_false_alarms_of_1000_draws(count):
    shares = laws(1000, count, seed=1)
    print(count, shares)
    assert 1 - shares["Arrhenius"] <= FALSE_ALARMS


def test_a_steep_change_is_found_and_a_slight_one_is_not():
    """Ten temperatures, 1 % noise. The bend's squared distance from the best line over that of the
    noise is the noncentrality of χ². At 0.5 it exceeds 8 with two degrees in 3 %, with the search
    for the break less than 10 %; at 400 (20 standard deviations) in all draws."""
    T, noise = np.linspace(273.15, 363.15, 10), 0.01
    bend = 1e3 / GAS_CONSTANT * np.maximum(0.0, 1 / T - 1 / 330)
    line = np.vander(1 / T - np.mean(1 / T), 2)
    off = bend - line @ np.linalg.lstsq(line, bend, rcond=None)[0]
    size = float(np.sqrt(off @ off)) / noise
    assert laws(60, 10, step=20.0 / size)["two Arrhenius regimes"] >= 0.9
    assert laws(60, 10, step=0.5**0.5 / size)["Arrhenius"] >= 0.85


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_detection_over_noise_and_step():
    """Detection of a bend (either curved law) rises with step/noise; from a ratio of 1000 kJ/mol
    on it is certain."""
    steps, noises = (5.0, 10.0, 20.0, 40.0), (0.005, 0.01, 0.02, 0.05)
    seen = np.empty((len(steps), len(noises)))
    for i, step in enumerate(steps):
        for j, noise in enumerate(noises):
            shares = laws(200, 10, step=step, noise=noise, seed=2)
            seen[i, j] = 1 - shares.get("Arrhenius", 0.0)
            print(step, noise, shares)
            if step / noise >= 1000:
                assert shares.get("two Arrhenius regimes", 0.0) >= 0.95
    assert (np.diff(seen, axis=0) >= -0.1).all()
    assert (np.diff(seen, axis=1) <= 0.1).all()
