"""The Kramers–Kronig test: noise passes, drift and wrong signs fail, bad points are named."""

import numpy as np
import pytest

from polylyte.analysis.impedance.circuits import parse
from polylyte.analysis.impedance.kramers_kronig import kramers_kronig, scatter
from polylyte.analysis.impedance.validate import figure, validate
from polylyte.analysis.impedance.z_hit import z_hit
from polylyte.core.errors import NotAnswerable
from polylyte.core.methods import get
from polylyte.core.quantities import q
from polylyte.instruments.spectra import ImpedanceSpectrum

CIRCUITS = [
    ("R0-p(R1,C1)-p(R2,C2)-W1", [10, 40, 1e-6, 90, 1e-4, 25]),
    ("R0-p(R1,CPE1)-CPE2", [20, 300, 2e-8, 0.85, 2e-6, 0.9]),
    ("L1-R0-p(R1,CPE1)-Ws1", [1e-7, 5, 50, 1e-4, 0.8, 30, 5]),
    ("R0-CPE1", [100, 1e-6, 0.7]),
]


def made(circuit, values, noise=1e-3, seed=0, points=71):
    frequency = np.logspace(6, -2, points)
    z = parse(circuit).impedance(np.array(values, dtype=float), frequency)
    rng = np.random.default_rng(seed)
    return frequency, z + noise * np.abs(z) * (
        rng.normal(size=points) + 1j * rng.normal(size=points)
    )


@pytest.mark.parametrize("noise", [0.0, 1e-4, 1e-3, 1e-2, 3e-2])
@pytest.mark.parametrize(("circuit", "values"), CIRCUITS)
def test_causal_spectra_pass_and_their_noise_is_found(circuit, values, noise):
    test = kramers_kronig(*made(circuit, values, noise, seed=1))
    assert test.passed
    assert test.used.all()
    if noise >= 1e-3:
        assert test.noise == pytest.approx(noise, rel=0.25)
    assert test.systematic <= max(noise, 1e-3)


def test_false_alarms_are_rare():
    """Of 200 spectra of pure noise, one percent and its three binomial deviations may fail."""
    failed = sum(
        not kramers_kronig(*made(*CIRCUITS[seed % 4], noise=0.01, seed=seed)).passed
        for seed in range(200)
    )
    assert failed <= 6


def test_a_conjugated_spectrum_fails():
    frequency, z = made(*CIRCUITS[0])
    test = kramers_kronig(frequency, z.conj())
    assert not test.passed
    assert test.systematic > 0.1


def test_drift_of_the_resistance_fails():
    """R grows by 30 % during the sweep, most of it in the last decade."""
    frequency = np.logspace(4, -3, 71)
    time = np.cumsum(1 / frequency)
    noise = np.random.default_rng(0).normal(size=71) * 1e-3
    z = (10 + 90 * (1 + 0.3 * time / time[-1]) / (1 + 2j * np.pi * frequency * 0.09)) * (1 + noise)
    result = validate(spectrum=ImpedanceSpectrum(frequency, z, name="drift"))
    named = {verdict.name: verdict for verdict in result.verdicts}
    assert named["Kramers–Kronig"].passed is False
    assert named["stationary (Z-HIT)"].passed is False
    assert result.z_hit_deviation.value > 5
    assert any("f_min" in finding.remedy for finding in result.findings)


def test_bad_points_are_named():
    frequency, z = made(*CIRCUITS[0], seed=2)
    z[30] *= 1.03
    z[60] += 5j
    result = validate(spectrum=ImpedanceSpectrum(frequency, z, name="a.txt"))
    assert result.bad_points.value == 2
    assert result.residuals.column("used").count(False) == 2
    texts = [finding.text for finding in result.findings]
    assert any(f"{frequency[30]:.4g} Hz" in text for text in texts)
    assert any(f"{frequency[60]:.4g} Hz" in text for text in texts)
    assert {verdict.name: verdict.passed for verdict in result.verdicts}["Kramers–Kronig"]


def test_mains_are_recognised():
    frequency = np.sort(np.append(np.logspace(5, 0, 51), 50.2))[::-1]
    z = parse("R0-p(R1,C1)").impedance(np.array([10, 90, 1e-4]), frequency)
    z[np.argmin(abs(frequency - 50.2))] *= 1.05
    rng = np.random.default_rng(0)
    z *= 1 + 1e-3 * rng.normal(size=52)
    result = validate(spectrum=ImpedanceSpectrum(frequency, z))
    assert any("mains (50 Hz)" in finding.remedy for finding in result.findings)


def test_pseudo_chi_squared_by_hand():
    frequency, z = made(*CIRCUITS[1])
    result = validate(spectrum=ImpedanceSpectrum(frequency, z))
    table = result.residuals
    total = sum(
        (a - b) ** 2 / (x**2 + y**2)
        for a, b, x, y in (
            *zip(*(table.column(n) for n in ("fitted_real", "real", "real", "imaginary")),
                 strict=True),
            *zip(*(table.column(n) for n in ("fitted_imaginary", "imaginary", "real", "imaginary")),
                 strict=True),
        )
    )  # fmt: skip
    assert result.pseudo_chi_squared.value == pytest.approx(total)
    assert result.residual_rms.value == pytest.approx(100 * np.sqrt(total / 71))


def test_scatter_sees_noise_and_not_a_slope():
    rng = np.random.default_rng(1)
    noise = rng.normal(size=4000) + 1j * rng.normal(size=4000)
    slope = np.linspace(0, 50, 4000) * (1 + 2j)
    assert scatter(0.02 * noise + slope) == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize(("circuit", "values"), [CIRCUITS[1], CIRCUITS[3], ("R0", [30])])
def test_z_hit_recovers_the_modulus(circuit, values):
    frequency, z = made(circuit, values, noise=0.0)
    np.testing.assert_allclose(z_hit(frequency, z), np.abs(z), rtol=0.02)
    np.testing.assert_allclose(z_hit(frequency[::-1], z[::-1]), np.abs(z[::-1]), rtol=0.02)


def test_the_solid_electrolyte_passes(data):
    path = data / "instruments" / "hdrt" / "PEIS_LPSCl_IonBlocking_-25C.txt"
    result = validate(spectrum=ImpedanceSpectrum.read(path), f_min=q("100 Hz"), f_max=q("5 MHz"))
    assert result.verdicts[0].passed
    assert result.noise.value < 0.5
    (shown,) = figure(result)
    assert len(shown.panels) == 2


def test_refusals_and_declaration():
    with pytest.raises(NotAnswerable, match="needs 8 points, there are 5"):
        kramers_kronig(*made(*CIRCUITS[0], points=5))
    assert set(get("impedance.validate").parameters) == {"spectrum", "f_min", "f_max"}
