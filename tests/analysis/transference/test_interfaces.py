"""Film and interface told apart in spectra of known elements."""

import numpy as np
import pytest

from polylyte.analysis.transference.interfaces import interface_resistance
from polylyte.core.errors import InputError, NotAnswerable

FREQUENCY = np.geomspace(1e6, 0.1, 71)


def spectrum(*, film=50.0, film_c=1e-10, interface=120.0, c=5e-6, n=0.85, warburg=0.0, lead=0.0):
    s = 2j * np.pi * FREQUENCY
    z = film / (1 + s * film * film_c) + interface / (1 + (s * interface * c) ** n) + s * lead
    return z + warburg / np.sqrt(s)


def noisy(z, level=1e-3, seed=0):
    rng = np.random.default_rng(seed)
    return z * (1 + level * (rng.standard_normal(z.size) + 1j * rng.standard_normal(z.size)))


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"film_c": 2e-9, "film": 800.0},  # the film's own arc lies in the range
        {"warburg": 20.0},
        {"lead": 5e-6},
        {"n": 0.7, "c": 2e-5},
    ],
    ids=["series", "film arc", "diffusion", "leads", "depressed"],
)
def test_film_and_interface(change):
    found = interface_resistance(FREQUENCY, noisy(spectrum(**change)))
    assert found.resistance == pytest.approx(120.0, abs=max(4 * found.resistance_std, 0.1))
    assert found.bulk == pytest.approx(change.get("film", 50.0), abs=max(4 * found.bulk_std, 0.1))
    assert found.resistance_std < 0.05 * 120.0


def test_two_interface_arcs_are_added():
    s = 2j * np.pi * FREQUENCY
    z = 20 + 60 / (1 + s * 60 * 2e-7) + 90 / (1 + (s * 90 * 2e-5) ** 0.9)
    found = interface_resistance(FREQUENCY, noisy(z))
    assert found.resistance == pytest.approx(150.0, rel=0.01)
    assert found.circuit.count("CPE") == 2


def test_the_circuit_may_be_named():
    found = interface_resistance(FREQUENCY, noisy(spectrum()), circuit="R0-p(R1,CPE1)")
    assert found.circuit == "R0-p(R1,CPE1)"
    assert found.resistance == pytest.approx(120.0, rel=0.01)


def test_a_circuit_without_an_arc_is_an_input_error():
    with pytest.raises(InputError, match=r"no arc.*p\(R1,CPE1\)"):
        interface_resistance(FREQUENCY, spectrum(), circuit="R0-CPE1")


def test_a_blocking_cell_has_no_interface_resistance():
    z = 50 + 1 / (1e-5 * (2j * np.pi * FREQUENCY) ** 0.9)
    with pytest.raises(NotAnswerable, match="no interface arc"):
        interface_resistance(FREQUENCY, noisy(z))


def test_errors_are_those_of_the_noise():
    pulls = []
    for seed in range(25):
        found = interface_resistance(FREQUENCY, noisy(spectrum(warburg=10.0), seed=seed))
        pulls.append((found.resistance - 120.0) / found.resistance_std)
    assert 0.6 < np.std(pulls) < 1.4
    assert abs(np.mean(pulls)) < 0.7


def test_a_circuit_that_cannot_tell_the_film_does_not_blur_it():
    """With a short film arc, R0-p(R1,CPE1)-Ws1 fits as well but puts Ws1 in the film's place."""
    frequency = np.geomspace(7e6, 0.1, 79)
    s = 2j * np.pi * frequency
    z = 6 / (1 + s * 6 * 3.5e-11) + 7.8 / (1 + (s * 7.8 * 1e-5) ** 0.85)
    found = interface_resistance(frequency, noisy(z, seed=32))
    assert found.bulk == pytest.approx(6.0, abs=4 * found.bulk_std)
    assert found.bulk_std < 0.01
