"""The method: quantities, tables, verdicts and findings of a fit."""

import numpy as np
import pytest

from polylyte.analysis.impedance import reporting
from polylyte.analysis.impedance.circuits import parse
from polylyte.analysis.impedance.fit import figure, fit
from polylyte.core.methods import get
from polylyte.core.quantities import q
from polylyte.instruments.spectra import ImpedanceSpectrum


def made(circuit, values, noise=0.01, seed=0, points=61):
    frequency = np.logspace(6, 0, points)
    z = parse(circuit).impedance(np.array(values), frequency)
    rng = np.random.default_rng(seed)
    error = rng.normal(size=points) + 1j * rng.normal(size=points)
    return ImpedanceSpectrum(frequency, z + noise * np.abs(z) * error, name="made")


def test_declared():
    method = get("impedance.fit")
    assert set(method.parameters) == {"spectrum", "circuit", "f_min", "f_max", "weighting"}
    assert method.parameters["weighting"].choices == ("modulus", "unit", "proportional")
    assert all(parameter.description for parameter in method.parameters.values())
    assert {"R_total", "relative_rms", "fit", "parameters"} <= set(method.outputs)


def test_the_solid_electrolyte(data):
    spectrum = ImpedanceSpectrum.read(
        data / "instruments" / "hdrt" / "PEIS_LPSCl_IonBlocking_-25C.txt"
    )
    result = fit(spectrum=spectrum, f_min=q("100 Hz"), f_max=q("5 MHz"))
    assert result["R1"].value == pytest.approx(1246.6, rel=0.02)
    assert result.R_total.value == pytest.approx(1456, rel=0.02)
    assert result.relative_rms.value <= 0.0132
    assert result.share_of_starts.value >= 0.3
    # R0 and R1 trade against each other: their sum is known better than either
    assert result.R_total.std < result["R0"].std
    assert (result["R0"] + result["R1"]).std == pytest.approx(result.R_total.std, rel=1e-4)
    assert any("32 points outside" in finding.text for finding in result.findings)
    named = {verdict.name: verdict.passed for verdict in result.verdicts}
    assert named["starts agree"]
    assert named["parameters identifiable"]
    assert named["residuals without structure"] is False


def test_noise_alone_passes_every_test():
    result = fit(spectrum=made("R0-p(R1,CPE1)-CPE2", [20, 300, 2e-8, 0.85, 2e-6, 0.9]))
    assert all(verdict.passed for verdict in result.verdicts)
    assert result.text["circuit_fitted"] == "R0-p(R1,CPE1)-CPE2"
    assert result.text["weighting"] == "modulus"
    assert result["R1"].interval[0] < 300 < result["R1"].interval[1]
    assert result["R1"].unit == "ohm"
    assert len(result.fit) == 61
    table = result.parameters
    assert table.column("parameter") == list(parse("R(RQ)Q").names)
    assert table.column("standard_error")[1] == pytest.approx(result["R1"].std)


def test_a_parameter_without_a_value_is_null_and_flagged():
    result = fit(spectrum=made("R0-CPE1", [20, 2e-6, 0.9]), circuit="R0-p(R1,CPE1)")
    assert result["R1"].value is None
    assert {"unbounded", "not identifiable"} <= set(result["R1"].flags)
    assert result.R_total.value is None
    assert "unbounded" in result.R_total.flags
    row = result.parameters.column("parameter").index("R1")
    assert result.parameters.column("value")[row] is None
    assert result.parameters.column("upper")[row] is None
    assert result.parameters.column("lower")[row] > 1e4
    assert any(f.text.startswith("only a limit: R1 >") for f in result.findings)
    for column in result.parameters.columns:
        assert not any(
            isinstance(v, float) and np.isnan(v) for v in result.parameters.column(column)
        )


def test_inductive_points_without_an_inductor_are_named():
    spectrum = made("L1-R0-p(R1,C1)", [1e-5, 20, 30, 1e-6])
    result = fit(spectrum=spectrum, circuit="R0-p(R1,C1)")
    assert any("inductive" in finding.text for finding in result.findings)
    better = fit(spectrum=spectrum, circuit="L1-R0-p(R1,C1)")
    assert not any("no inductor" in finding.text for finding in better.findings)
    assert better.aicc.value < result.aicc.value


def test_figures_show_the_fit():
    result = fit(spectrum=made("R0-p(R1,C1)", [20, 300, 2e-6]), circuit="R(RC)")
    nyquist, bode = figure(result)
    assert nyquist.panels[0].equal
    assert max(nyquist.panels[0].series[0].y) > 100  # the arc points up
    assert len(bode.panels) == 3


def test_runs_test_by_hand():
    """Six signs in two runs: of the 20 ways to order +++---, 2 have two runs: p = 0.1."""
    assert reporting.runs_test(np.array([1, 1, 1, -1, -1, -1.0])) == pytest.approx(0.1, abs=0.04)
    assert reporting.runs_test(np.array([1, -1] * 20)) > 0.99
    assert reporting.runs_test(np.ones(20)) < 1e-5
