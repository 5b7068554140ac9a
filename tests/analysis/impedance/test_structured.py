"""Errors of fits whose residuals have structure, on virtual spectra with a known model error.

Each spectrum is of one circuit and is fitted with another, its parameters drawn anew. Noise is
0.1 or 1 % of |Z|. What is counted is how often ±t·(standard error) holds R0, R1 and their sum.
"""

import math

import numpy as np
import pytest

from polylyte.analysis.impedance.batch import fit_many
from polylyte.analysis.impedance.circuits import parse
from polylyte.analysis.impedance.fit import fit
from polylyte.analysis.impedance.fitting import fit_circuit
from polylyte.analysis.impedance.profiles import student
from polylyte.analysis.impedance.structured import LEVEL, durbin_watson
from polylyte.instruments.spectra import ImpedanceSpectrum

FREQUENCY = np.logspace(6, -1, 57)


def drawn(rng, kind):
    """True circuit, its parameters, circuit fitted, true R0 and R1."""
    R1 = 10 ** rng.uniform(1, 3)
    R0 = R1 * 10 ** rng.uniform(-1, 0)
    tau, n = 10 ** rng.uniform(-4, -2), rng.uniform(0.75, 0.97)
    if kind == "right":
        return "R0-p(R1,CPE1)", [R0, R1, tau**n / R1, n], "R0-p(R1,CPE1)", (R0, R1)
    if kind == "CPE as C":
        return "R0-p(R1,CPE1)", [R0, R1, tau**n / R1, n], "R0-p(R1,C1)", (R0, R1)
    if kind == "two arcs as one":
        share, slower = 10 ** rng.uniform(-1, 0), 10 ** rng.uniform(0.5, 2)
        R2, m = R1 * share, rng.uniform(0.8, 0.98)
        values = [R0, R1, tau**n / R1, n, R2, (tau * slower) ** m / R2, m]
        return "R0-p(R1,CPE1)-p(R2,CPE2)", values, "R0-p(R1,CPE1)", (R0, R1 + R2)
    m, tail = rng.uniform(0.75, 0.95), tau * 10 ** rng.uniform(1.5, 3)
    values = [R0, R1, tau**n / R1, n, tail**m / R1, m]
    return "R0-p(R1,CPE1)-CPE2", values, "R0-p(R1,C1)-CPE2", (R0, R1)


WRONG = ("CPE as C", "two arcs as one", "blocking, CPE as C")


def noisy(rng, z, noise):
    size = noise * np.abs(z)
    return z + size * (rng.normal(size=len(z)) + 1j * rng.normal(size=len(z)))


def covered(kinds, draws, seed):
    """Shares held with all errors and with those of noise alone (R0, R1, sum), and how often
    structure was found."""
    rng = np.random.default_rng(seed)
    full, alone, found = np.zeros(3), np.zeros(3), 0
    for index in range(draws):
        kind = kinds[index % len(kinds)]
        circuit, values, fitted, (R0, R1) = drawn(rng, kind)
        z = parse(circuit).impedance(np.array(values), FREQUENCY)
        noise = (1e-3, 1e-2)[(index // len(kinds)) % 2]
        made = fit_circuit(FREQUENCY, noisy(rng, z, noise), fitted, starts=8, intervals=False)
        slopes = np.zeros((3, len(made.values)))
        slopes[0, 0] = slopes[2, 0] = made["R0"]
        slopes[1, 1] = slopes[2, 1] = made["R1"]
        off = np.abs([made["R0"] - R0, made["R1"] - R1, made["R0"] + made["R1"] - R0 - R1])
        t = student(made.degrees_of_freedom)
        for counted, matrix in ((full, made.full_covariance), (alone, made.covariance)):
            counted += off <= t * np.sqrt(np.diag(slopes @ matrix @ slopes.T))
        found += made.structure.found
    return full / draws, alone / draws, found / draws


def test_a_wrong_circuit_states_errors_that_hold_the_truth():
    """Of 90 draws at least 80 % each, which noise alone does in less than half."""
    full, alone, found = covered(WRONG, 90, seed=101)
    assert (full >= 0.80).all(), full
    assert (alone < 0.5).all(), alone
    assert found > 0.9


def test_a_right_circuit_keeps_its_errors():
    """Structure is found in about one of a hundred: at most 6 of 150 (p < 0.005 by chance)."""
    full, alone, found = covered(("right",), 150, seed=102)
    assert found <= 6 / 150
    assert (full >= alone).all()
    assert (full > 0.89).all(), full


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_wrong_circuit_over_600_draws():
    full, alone, found = covered(WRONG, 600, seed=103)
    print(f"held {full}, by noise alone {alone}, structure found {found}")
    assert (full >= 0.90).all(), full
    assert (alone < 0.4).all(), alone


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_right_circuit_over_1000_draws():
    full, _, found = covered(("right",), 1000, seed=104)
    print(f"held {full}, structure found {found}")
    assert ((full >= 0.93) & (full <= 0.97)).all(), full
    # 1 % by design; the normal approximation of the statistic leaves a little
    assert found <= 0.02


def test_durbin_watson_against_drawn_noise():
    """The probability of the statistic is uniform in noise: mean 1/2, deciles a tenth each
    (400 draws, three standard deviations)."""
    rng = np.random.default_rng(7)
    jacobian = np.repeat(rng.normal(size=(1, 4, 80)), 400, axis=0)
    basis = np.linalg.qr(jacobian[0].T)[0]
    noise = rng.normal(size=(400, 80))
    residual = noise - noise @ basis @ basis.T
    d, p = durbin_watson(residual, jacobian, np.ones((400, 4), bool))
    assert p.mean() == pytest.approx(0.5, abs=3 * math.sqrt(1 / 12 / 400))
    assert (p < 0.1).mean() == pytest.approx(0.1, abs=3 * math.sqrt(0.09 / 400))
    own = residual[0].reshape(-1, 2).T
    by_hand = sum(np.sum(np.diff(part) ** 2) for part in own) / np.sum(residual[0] ** 2)
    assert d[0] == pytest.approx(by_hand)
    wave = np.repeat(np.sin(np.linspace(0, 6, 40)), 2)[None]
    assert durbin_watson(wave, jacobian[:1], np.ones((1, 4), bool))[1][0] < 1e-6


def test_one_by_one_as_in_a_batch():
    rng = np.random.default_rng(5)
    circuit, values, fitted, _ = drawn(rng, "CPE as C")
    z = parse(circuit).impedance(np.array(values), FREQUENCY)
    spectra = np.array([noisy(rng, z, 1e-3) for _ in range(3)])
    many = fit_many(FREQUENCY, spectra, fitted, starts=8)
    for k in range(3):
        one = many[k]
        assert many.noise_probability[k] == pytest.approx(one.structure.probability)
        np.testing.assert_allclose(many.inflation[k], one.inflation, rtol=1e-6)
        assert many.std("R1")[k] == pytest.approx(one.std("R1"), rel=1e-6)
        assert one.inflation[1] > 2
        low, high = one.interval("R1")
        assert math.log(high / one["R1"]) == pytest.approx(
            one.inflation[1] * math.log(one.upper[1] / one["R1"])
        )
        assert low < one["R1"] < high


def test_what_is_stated():
    rng = np.random.default_rng(6)
    circuit, values, fitted, _ = drawn(rng, "CPE as C")
    z = parse(circuit).impedance(np.array(values), FREQUENCY)
    spectrum = ImpedanceSpectrum(FREQUENCY, noisy(rng, z, 1e-3), name="made")
    result = fit(spectrum=spectrum, circuit=fitted)
    assert "structured residuals" in result["R1"].flags
    assert "structured residuals" in result.R_total.flags
    noise_only = result.parameters.column("noise_error")[1]
    assert result["R1"].std > 2 * noise_only
    (verdict,) = [v for v in result.verdicts if v.name == "residuals without structure"]
    assert verdict.passed is False
    assert "not the whole story" in verdict.text
    right = fit(spectrum=spectrum, circuit="R0-p(R1,CPE1)")
    assert not right["R1"].flags
    assert right["R1"].std == pytest.approx(right.parameters.column("noise_error")[1], rel=1e-6)
    assert LEVEL == 0.01
