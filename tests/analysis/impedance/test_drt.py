"""The distribution of relaxation times against closed forms; what it refuses."""

import numpy as np
import pytest

from polylyte.analysis.impedance.circuits import parse
from polylyte.analysis.impedance.drt import drt, figure
from polylyte.analysis.impedance.nonnegative import nonnegative
from polylyte.analysis.impedance.relaxation import relaxation_times
from polylyte.core.errors import NotAnswerable
from polylyte.core.methods import get
from polylyte.core.quantities import q
from polylyte.instruments.spectra import ImpedanceSpectrum


def arrays(circuit, values, noise=1e-3, seed=1, points=71):
    frequency = np.logspace(6, -2, points)
    z = parse(circuit).impedance(np.array(values, dtype=float), frequency)
    rng = np.random.default_rng(seed)
    error = rng.normal(size=points) + 1j * rng.normal(size=points)
    return frequency, z + noise * np.abs(z) * error


def spectrum(*args, **options):
    return ImpedanceSpectrum(*arrays(*args, **options), name="made")


def zarc(tau, R, tau0, n):
    """Distribution of R/(1 + (s tau0)^n) [Cole & Cole 1941, doi:10.1063/1.1750906]."""
    return (
        R
        / (2 * np.pi)
        * np.sin((1 - n) * np.pi)
        / (np.cosh(n * np.log(tau / tau0)) - np.cos((1 - n) * np.pi))
    )


@pytest.mark.parametrize(("noise", "allowed"), [(0.0, 0.02), (1e-3, 0.1), (1e-2, 0.2)])
def test_zarc_against_its_closed_form(noise, allowed):
    found = relaxation_times(*arrays("R0-p(R1,CPE1)", [10, 100, 1e-5, 0.8], noise))
    expected = zarc(found.tau, 100, (100 * 1e-5) ** (1 / 0.8), 0.8)
    np.testing.assert_allclose(found.gamma, expected, atol=allowed * expected.max())
    assert found.gamma.sum() * found.step == pytest.approx(100, rel=max(2 * noise, 0.002))
    assert found.resistance == pytest.approx(10, abs=0.3)
    assert (found.gamma >= 0).all()


def test_resistances_and_times_of_two_arcs():
    """L = 0.1 µH, R0 = 5, 50 ohm at 1.33 ms, 30 ohm at (0.3)^(1/0.9) = 0.262 s."""
    values = [1e-7, 5, 50, 1e-4, 0.8, 30, 1e-2, 0.9]
    result = drt(spectrum=spectrum("L1-R0-p(R1,CPE1)-p(R2,CPE2)", values))
    assert result.number_of_peaks.value == 2
    # the closed form of both arcs, cut at its valley
    tau = np.geomspace(1e-9, 1e5, 20001)
    both = zarc(tau, 50, 0.005**1.25, 0.8) + zarc(tau, 30, 0.3 ** (1 / 0.9), 0.9)
    between = (tau > 2e-3) & (tau < 0.2)
    valley = tau[between][np.argmin(both[between])]
    first = both[tau < valley].sum() * np.log(tau[1] / tau[0])
    assert result["resistance_1"].value == pytest.approx(first, rel=0.03)
    assert result["resistance_2"].value == pytest.approx(80 - first, rel=0.03)
    assert result["time_constant_1"].value == pytest.approx(0.005**1.25, rel=0.1)
    assert result["time_constant_2"].value == pytest.approx(0.3 ** (1 / 0.9), rel=0.1)
    total = result.polarization_resistance
    assert total.value == pytest.approx(80, abs=2.5 * total.std)
    assert result.series_resistance.value == pytest.approx(5, abs=3 * result.series_resistance.std)
    assert result.inductance.value == pytest.approx(1e-7, rel=0.1)
    assert all(verdict.passed for verdict in result.verdicts)
    # what noise moves from one to the other cancels in the sum
    whole = result.series_resistance + total
    assert whole.value == pytest.approx(85, abs=3 * whole.std)
    table = result.peaks
    kept = [row for row, flag in enumerate(table.column("flags")) if not flag]
    assert table.column("capacitance")[kept[0]] == pytest.approx(
        result["time_constant_1"].value / result["resistance_1"].value
    )


def test_stated_errors_hold_the_truth():
    """100 ohm in one arc, 1 % noise: within two standard errors in at least 9 of 12 spectra."""
    values, held = [10, 100, 1e-5, 0.8], 0
    for seed in range(12):
        made = drt(spectrum=spectrum("R0-p(R1,CPE1)", values, noise=0.01, seed=seed))
        total = made.polarization_resistance
        held += abs(total.value - 100) <= 2 * total.std
    assert held >= 9


def test_a_blocking_tail_is_told_from_the_arc():
    values = [20, 300, 2e-8, 0.85, 2e-6, 0.9]
    result = drt(spectrum=spectrum("R0-p(R1,CPE1)-CPE2", values))
    whole = result.series_resistance + result.polarization_resistance
    assert whole.value == pytest.approx(320, rel=0.04)
    assert result["time_constant_1"].value == pytest.approx((300 * 2e-8) ** (1 / 0.85), rel=0.15)
    assert "outside range" in result.peaks.column("flags")
    forced = drt(spectrum=spectrum("R0-p(R1,C1)", [10, 100, 1e-4]), electrodes="blocking")
    assert forced["resistance_1"].value == pytest.approx(100, rel=0.01)


def test_an_open_arc_is_flagged():
    result = drt(spectrum=spectrum("R0-p(R1,C1)-W1", [10, 90, 1e-4, 25]))
    assert "not closed" in result.polarization_resistance.flags
    assert any("lower frequencies" in finding.remedy for finding in result.findings)


def test_nonnegative_against_a_general_solver():
    from scipy.optimize import nnls

    rng = np.random.default_rng(5)
    for _ in range(20):
        A = rng.normal(size=(40, 25))
        b = rng.normal(size=40)
        x, free = nonnegative(A.T @ A, A.T @ b)
        expected, _ = nnls(A, b)
        np.testing.assert_allclose(x, expected, atol=1e-9)
        assert ((x > 0) == free).all()
        again, _ = nonnegative(A.T @ A, A.T @ b, free)
        np.testing.assert_allclose(again, x, atol=1e-12)


def test_same_answer_every_run():
    made = spectrum("R0-p(R1,CPE1)", [10, 100, 1e-5, 0.8])
    first, second = drt(spectrum=made), drt(spectrum=made)
    assert first.quantities == second.quantities


def test_refusals():
    frequency, z = arrays("R0-p(R1,C1)", [10, 90, 1e-4])
    with pytest.raises(NotAnswerable, match="fails the Kramers–Kronig test"):
        drt(spectrum=ImpedanceSpectrum(frequency, z.conj()))
    with pytest.raises(NotAnswerable, match="needs 12 points, there are 10"):
        drt(spectrum=spectrum("R0-p(R1,C1)", [10, 90, 1e-4], points=10))


def test_the_solid_electrolyte(data):
    """Series and polarisation resistance together: R0 + R1 of the circuit, 1456 ohm, and a
    little of the electrode's distribution."""
    path = data / "instruments" / "hdrt" / "PEIS_LPSCl_IonBlocking_-25C.txt"
    result = drt(spectrum=ImpedanceSpectrum.read(path), f_min=q("100 Hz"), f_max=q("5 MHz"))
    whole = result.series_resistance + result.polarization_resistance
    assert whole.value == pytest.approx(1456, rel=0.03)
    (shown,) = figure(result)
    assert len(shown.panels[0].marks) == int(result.number_of_peaks.value)


def test_the_dummy_cell(data):
    """29.13 and 46.65 ohm, 0.487 ms (its fit): what is faster than 10 kHz is in series."""
    path = data / "instruments" / "impy" / "Circuit1_EIS_1.z"
    result = drt(spectrum=ImpedanceSpectrum.read(path))
    assert result.number_of_peaks.value == 1
    assert result.series_resistance.value == pytest.approx(29.129, rel=0.02)
    assert result["resistance_1"].value == pytest.approx(46.654, rel=0.02)
    assert result["time_constant_1"].value == pytest.approx(46.654 * 1.0432e-5, rel=0.05)


def test_declared():
    method = get("impedance.drt")
    assert set(method.parameters) == {"spectrum", "f_min", "f_max", "electrodes", "seed"}
