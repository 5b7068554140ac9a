"""95 % intervals hold the truth in 93–97 % of virtual spectra.

Noise is independent on both parts and proportional to |Z|, as modulus weights assume.
"""

import numpy as np
import pytest

from polylyte.analysis.impedance.circuits import parse
from polylyte.analysis.impedance.fitting import fit_circuit
from tests.virtual.recording import record

CIRCUIT = "R0-p(R1,CPE1)-CPE2"
TRUTH = np.array([20, 300, 2e-8, 0.85, 2e-6, 0.9])


def covered(draws, seed):
    """Share of draws whose profile intervals hold the truth, per parameter; and of R0 + R1."""
    frequency = np.logspace(6, 0, 61)
    circuit = parse(CIRCUIT)
    exact = circuit.impedance(TRUTH, frequency)
    rng = np.random.default_rng(seed)
    inside = np.zeros(len(TRUTH))
    total = 0
    for _ in range(draws):
        error = rng.normal(size=61) + 1j * rng.normal(size=61)
        fit = fit_circuit(frequency, exact + 0.01 * np.abs(exact) * error, circuit, starts=4)
        inside += (fit.lower <= TRUTH) & (fit.upper >= TRUTH)
        slope = np.array([fit["R0"], fit["R1"], 0, 0, 0, 0])
        std = np.sqrt(slope @ fit.covariance @ slope)
        total += abs(fit["R0"] + fit["R1"] - 320) <= 1.96 * std
    return np.array([*inside, total]) / draws


def test_coverage_of_200_draws():
    """±3 binomial standard deviations of 200 draws about 95 %: 90.4 to 99.6 %."""
    shares = covered(200, seed=11)
    assert (shares > 0.904).all(), shares
    assert (shares < 0.9965).all(), shares


@pytest.mark.slow
def test_coverage_of_1000_draws():
    shares = covered(1000, seed=12)
    for name, share in zip((*parse(CIRCUIT).names, "R0 + R1"), shares, strict=True):
        words = f"{name} of {CIRCUIT}"
        record("impedance.fit", words, draws=1000, covered=round(1000 * share))
    assert (shares >= 0.93).all(), shares
    assert (shares <= 0.97).all(), shares
