"""Conductivity from blocking-cell impedance: the rule for R, replicates, geometry, refusals."""

from math import pi

import numpy as np
import pytest

from polylyte.analysis.impedance.circuits import parse
from polylyte.analysis.transport.conductivity import conductivity, figure
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.methods import get
from polylyte.core.quantities import q
from polylyte.instruments.spectra import ImpedanceSpectrum
from polylyte.materials.cells import Cell, Layer

FREQUENCY = np.logspace(6, 0, 61)


def spectrum(circuit, values, celsius=None, name="", noise=0.005, seed=0, frequency=FREQUENCY):
    z = parse(circuit).impedance(np.array(values), frequency)
    rng = np.random.default_rng(seed)
    error = rng.normal(size=len(z)) + 1j * rng.normal(size=len(z))
    conditions = {} if celsius is None else {"temperature": q(f"{celsius} degC")}
    return ImpedanceSpectrum(frequency, z + noise * np.abs(z) * error, conditions, name)


def spike(R=100.0, **options):
    return spectrum("R0-CPE1", [R, 1e-6, 0.9], **options)


def test_declared():
    method = get("transport.conductivity")
    assert method.parameters["spectra"].many
    assert method.parameters["cell"].type == "section"
    assert all(parameter.description for parameter in method.parameters.values())


def test_conductivity_by_hand():
    """60 µm over 100 ohm and 2 cm²: 0.03 mS/cm and 200 ohm cm²; the errors add in squares."""
    result = conductivity(
        spectra=[spike(celsius=25)], thickness=q("60(2) um"), area=q("2.00(3) cm^2")
    )
    sigma = result["conductivity@25degC"]
    assert sigma.unit == "mS/cm"
    assert sigma.value == pytest.approx(0.03, rel=0.01)
    relative = np.hypot(2 / 60, 0.03 / 2)
    R = result["resistance@25degC"]
    assert sigma.std / sigma.value == pytest.approx(np.hypot(relative, R.std / R.value), rel=1e-3)
    specific = result["area_specific_resistance@25degC"]
    assert specific.unit == "ohm cm^2"
    assert specific.value == pytest.approx(200, rel=0.01)
    assert specific.std / specific.value == pytest.approx(0.015, rel=0.05)
    assert sigma.conditions["temperature"] == "25 degC"


def test_shared_geometry_cancels_in_a_ratio():
    """Two temperatures of one cell: the ratio keeps only the two fits' noise."""
    result = conductivity(
        spectra=[spike(200.0, celsius=25), spike(50.0, celsius=60, seed=1)],
        thickness=q("60(2) um"),
        area=q("2.00(3) cm^2"),
    )
    cold, warm = result["conductivity@25degC"], result["conductivity@60degC"]
    ratio = warm / cold
    noise = np.hypot(result["resistance@25degC"].std / 200, result["resistance@60degC"].std / 50)
    assert ratio.std / ratio.value == pytest.approx(noise, rel=0.05)
    # the table tells the same story
    first, second = result.conductivity.quantities("conductivity")
    assert (second / first).std == pytest.approx(ratio.std, rel=1e-6)
    assert cold.components == pytest.approx(first.components)


def test_the_solid_electrolyte_without_geometry(data):
    path = data / "instruments" / "hdrt" / "PEIS_LPSCl_IonBlocking_-25C.txt"
    read = ImpedanceSpectrum.read(path, {"temperature": q("-25 degC")})
    result = conductivity(spectra=[read], f_min=q("100 Hz"), f_max=q("5 MHz"))
    sigma = result["conductivity@-25degC"]
    assert sigma.value is None
    assert "needs thickness and area" in sigma.flags
    assert result["resistance@-25degC"].value == pytest.approx(1456, rel=0.02)
    assert result.conductivity.column("conductance")[0] == pytest.approx(1e3 / 1456, rel=0.02)
    assert result.conductivity.column("conductivity") == [None]
    remedies = [finding.remedy for finding in result.findings]
    assert "--set thickness=… area=…" in remedies
    # 92 pF: the bulk's arc, not an interface's; the other reading is told
    assert result.conductivity.column("arc_capacitance")[0] == pytest.approx(9.2e-11, rel=0.05)
    assert any("without it R would be 209" in finding.text for finding in result.findings)
    assert "an arc is counted as electrolyte" in result["resistance@-25degC"].flags
    assert result.models.column("outcome")[-1] == "taken"


def test_an_interface_arc_is_not_counted():
    """2 µF belongs to an electrode interface (Irvine 1990, Table 1: 1e-7 F and above)."""
    values = [50, 400, 2e-6, 0.95, 1e-3, 0.9]
    wide = np.logspace(6, -2, 81)
    made = spectrum("R0-p(R1,CPE1)-CPE2", values, celsius=25, frequency=wide)
    result = conductivity(spectra=[made])
    assert result["resistance@25degC"].value == pytest.approx(50, rel=0.02)
    assert any("is taken for an interface" in finding.text for finding in result.findings)
    assert "an arc is left out as interface" in result["resistance@25degC"].flags
    every = conductivity(spectra=[made], resistance="all")
    assert every["resistance@25degC"].value == pytest.approx(450, rel=0.02)
    bulk = spectrum("R0-p(R1,CPE1)-CPE2", [50, 400, 2e-9, 0.95, 1e-6, 0.9], celsius=25)
    assert conductivity(spectra=[bulk])["resistance@25degC"].value == pytest.approx(450, rel=0.02)
    only = conductivity(spectra=[bulk], resistance="R0")["resistance@25degC"]
    assert only.value == pytest.approx(50, rel=0.05)


@pytest.mark.parametrize(
    ("circuit", "values"),
    [
        ("R0-CPE1", [100, 1e-6, 0.9]),
        ("p(R1,CPE1)-CPE2", [3e3, 1e-10, 1.0, 1e-6, 0.9]),
        ("R0-p(R1,CPE1)-CPE2", [100, 900, 2e-9, 0.9, 1e-6, 0.9]),
        ("L1-R0-CPE1", [3e-5, 100, 1e-6, 0.9]),
    ],
)
def test_the_circuit_is_found(circuit, values):
    result = conductivity(spectra=[spectrum(circuit, values, celsius=25)])
    assert result.conductivity.column("circuit") == [circuit]
    truth = parse(circuit).series_resistance(np.array(values))
    R = result["resistance@25degC"]
    assert abs(R.value - truth) < 4 * R.std
    assert result.models.column("outcome").count("taken") == 1
    assert all(result.models.column("outcome"))


def test_replicates():
    made = [spike(R, celsius=25, seed=seed) for seed, R in enumerate((98, 100, 102))]
    result = conductivity(spectra=made, thickness=q("60 um"), area=q("2 cm^2"))
    mean = result["conductivity@25degC"]
    assert mean.conditions["replicates"] == "3"
    row = result.replicates
    assert row.column("spectra") == [3]
    assert row.column("resistance_mean")[0] == pytest.approx(100, rel=2e-3)
    assert row.column("resistance_standard_deviation")[0] == pytest.approx(2, rel=0.15)
    # the scatter, 2/sqrt(3) %, is far above the fits' own error
    assert mean.std / mean.value == pytest.approx(0.02 / np.sqrt(3), rel=0.15)
    assert len(result.conductivity) == 3


def test_one_bad_file_does_not_stop_the_rest():
    bad = spike(celsius=40, name="broken", frequency=FREQUENCY[:3])
    result = conductivity(spectra=[spike(celsius=25, name="good"), bad])
    assert len(result.conductivity) == 1
    (finding,) = [finding for finding in result.findings if finding.severity == "error"]
    assert finding.where == "broken"
    assert "3 points" in finding.text
    with pytest.raises(NotAnswerable, match="broken"):
        conductivity(spectra=[bad])
    with pytest.raises(NotAnswerable, match="no spectra"):
        conductivity(spectra=[])


def test_electrodes_that_do_not_block_are_flagged():
    """A lithium cell: an arc that closes, no spike."""
    lithium = spectrum("R0-p(R1,CPE1)", [10, 100, 2e-6, 0.9], celsius=25)
    result = conductivity(spectra=[lithium], circuit="R0-p(R1,CPE1)", resistance="R0")
    assert "not blocking" in result["resistance@25degC"].flags
    assert {v.name: v.passed for v in result.verdicts}["electrodes block"] is False
    assert {v.name: v.passed for v in conductivity(spectra=[spike()]).verdicts}["electrodes block"]


def test_names_without_temperature():
    assert "conductivity" in conductivity(spectra=[spike(name="a")]).quantities
    both = conductivity(spectra=[spike(name="a"), spike(name="b", seed=1)])
    assert {"resistance@a", "resistance@b"} <= set(both.quantities)
    assert any("no temperature for a, b" in finding.text for finding in both.findings)


def test_the_cell_and_what_overrides_it():
    cell = Cell(
        name="blocking",
        thickness=q("60(2) um"),
        area=(q("16 mm") * q("16 mm")) * (pi / 4),
        separator=Layer(material="cellulose"),
    )
    result = conductivity(spectra=[spike(celsius=25)], cell=cell)
    expected = 60e-4 / (100 * 2.0106) * 1e3
    assert result["conductivity@25degC"].value == pytest.approx(expected, rel=0.01)
    assert any("effective one of the composite" in finding.text for finding in result.findings)
    thin = conductivity(spectra=[spike(celsius=25)], cell=cell, thickness=q("30 um"))
    assert thin["conductivity@25degC"].value == pytest.approx(expected / 2, rel=0.01)
    with pytest.raises(InputError, match="no area"):
        conductivity(spectra=[spike(celsius=25)], area=q("0 cm^2"))


def test_area_alone_gives_the_area_specific_resistance():
    result = conductivity(spectra=[spike(celsius=25)], area=q("2 cm^2"))
    assert result["conductivity@25degC"].value is None
    assert result["area_specific_resistance@25degC"].value == pytest.approx(200, rel=0.01)
    assert "--set thickness=…" in [finding.remedy for finding in result.findings]


def test_figures():
    result = conductivity(spectra=[spike(celsius=25), spike(50.0, celsius=60)])
    nyquist, over_temperature = figure(result)
    assert len(nyquist.panels[0].series) == 4
    assert over_temperature.panels[0].series[0].x == pytest.approx([1e3 / 298.15, 1e3 / 333.15])


def test_conductance_without_geometry():
    """1/100 ohm is 10 mS; its relative error is that of the resistance."""
    result = conductivity(spectra=[spike(100.0, celsius=25)])
    G, R = result["conductance@25degC"], result["resistance@25degC"]
    assert G.unit == "mS"
    assert G.value == pytest.approx(10.0, rel=0.01)
    assert (G.value / 1e3) * R.value == pytest.approx(1.0)
    assert G.std / G.value == pytest.approx(R.std / R.value, rel=1e-6)
    assert (G * R).std == pytest.approx(0.0, abs=1e-9)
