"""Arrhenius, VTF and two regimes against laws of known parameters."""

import numpy as np
import pytest

from polylyte.analysis.transport.activation import activation, figure
from polylyte.analysis.transport.laws import GAS_CONSTANT, arrhenius, extra_scatter
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.methods import get
from polylyte.core.quantities import Quantity
from polylyte.core.tables import Table

T = np.arange(273.15, 363.16, 10.0)


def table(temperature, y, noise=0.01, shared=0.03, name="conductivity", unit="S/cm", seed=0):
    rng = np.random.default_rng(seed)
    y = y * np.exp(noise * rng.normal(size=len(y)))
    rows = [
        Quantity(float(v), unit, {"sigma~fit[*]": float(v) * 0.01, "area": float(v) * shared})
        for v in y
    ]
    celsius = [Quantity(float(t) - 273.15, "degC") for t in temperature]
    return Table.of_quantities({}, {"temperature": celsius, name: rows})


def exponential(E, A=100.0, temperature=T):
    return A * np.exp(-E / (GAS_CONSTANT * temperature))


def vogel(A=0.05, B=800.0, T0=200.0, temperature=T):
    return A * temperature**-0.5 * np.exp(-B / (temperature - T0))


def test_declared():
    method = get("transport.activation")
    assert all(parameter.description for parameter in method.parameters.values())
    assert {"activation_energy", "prefactor", "fit", "laws"} <= set(method.outputs)


def test_exact_arrhenius_by_hand():
    """Two decades over known temperatures: E = R ln(100) / (1/T1 − 1/T2)."""
    result = activation(conductivity=table(T, exponential(30e3), noise=0.0))
    assert result.activation_energy.value == pytest.approx(30.0, rel=1e-9)
    assert result.activation_energy.unit == "kJ/mol"
    assert result["activation_energy_eV"].value == pytest.approx(30 / 96.48533, rel=1e-6)
    assert result.prefactor.value == pytest.approx(100, rel=1e-6)
    assert result.prefactor.unit == "S/cm"
    assert result.text["law"] == "Arrhenius"


def test_both_forms_differ_by_about_RT():
    result = activation(conductivity=table(T, exponential(30e3), noise=0.0))
    difference = (
        result["activation_energy_ln_sigma_T"].value - result["activation_energy_ln_sigma"].value
    )
    assert difference == pytest.approx(GAS_CONSTANT * 318e-3, rel=0.02)
    headline = activation(conductivity=table(T, exponential(30e3)), form="ln_sigma_T")
    assert headline.activation_energy.value == headline["activation_energy_ln_sigma_T"].value
    assert headline.prefactor.unit == "S K/cm"


def test_weighted_line_against_the_normal_equations():
    rng = np.random.default_rng(5)
    weight = rng.uniform(0.5, 3, len(T))
    y = np.log(exponential(40e3)) + 0.02 * rng.normal(size=len(T))
    law = arrhenius(T, y, weight)
    # textbook sums of a weighted straight line
    x, W = -1 / (GAS_CONSTANT * T), weight**2
    mean_x, mean_y = (W * x).sum() / W.sum(), (W * y).sum() / W.sum()
    Sxx = (W * (x - mean_x) ** 2).sum()
    slope = (W * (x - mean_x) * (y - mean_y)).sum() / Sxx
    residual = y - mean_y - slope * (x - mean_x)
    variance = (W * residual**2).sum() / (len(T) - 2)
    assert law.values["activation_energy"] == pytest.approx(slope, rel=1e-9)
    assert law.std("activation_energy") == pytest.approx(np.sqrt(variance / Sxx), rel=1e-6)
    at = np.array([300.0])
    expected = variance * (1 / W.sum() + (-1 / (GAS_CONSTANT * 300) - mean_x) ** 2 / Sxx)
    assert law.band(at)[0] == pytest.approx(np.sqrt(expected), rel=1e-6)


def test_three_points_use_students_t():
    """One degree of freedom: t = 12.706, so ±1.96 u spans what t spans."""
    three = T[::4]
    y = np.log(exponential(30e3, temperature=three))
    y[1] += 0.01
    rows = Table.of(
        {"temperature": three - 273.15, "conductivity": np.exp(y)},
        {"temperature": "degC", "conductivity": "S/m"},
    )
    result = activation(conductivity=rows)
    law = arrhenius(three, y, np.ones(3))
    low, high = result.activation_energy.interval
    assert (high - low) / 2 == pytest.approx(12.706e-3 * law.std("activation_energy"), rel=1e-3)
    assert 1.96 * result.activation_energy.std == pytest.approx((high - low) / 2, rel=1e-3)


def test_shared_geometry_moves_the_prefactor_alone():
    result = activation(conductivity=table(T, exponential(30e3), shared=0.03))
    assert "area" not in result.activation_energy.components
    part = result.prefactor.components["area"] / result.prefactor.value
    assert part == pytest.approx(0.03, rel=1e-6)


def test_resistance_gives_the_same_energy():
    exact = 1e-2 / exponential(30e3)
    by_R = activation(resistance=table(T, exact, name="resistance", unit="ohm", noise=0))
    assert by_R.activation_energy.value == pytest.approx(30, rel=1e-9)
    assert by_R.prefactor.unit == "S"
    assert by_R.prefactor.value == pytest.approx(1e4, rel=1e-6)
    # a conductivity table without geometry: its conductivity is null, its resistance is used
    celsius = [Quantity(float(t) - 273.15, "degC") for t in T]
    nothing = [Quantity(None, "mS/cm")] * len(T)
    R = [Quantity(float(v), "ohm") for v in exact]
    mixed = Table.of_quantities(
        {}, {"temperature": celsius, "conductivity": nothing, "resistance": R}
    )
    result = activation(conductivity=mixed)
    assert result.activation_energy.value == pytest.approx(30, rel=1e-9)
    assert any("from 1/R" in finding.text for finding in result.findings)


def test_vogel_is_found_and_chosen():
    result = activation(conductivity=table(T, vogel()))
    assert result.text["law"] == "VTF"
    assert result["vtf_temperature"].interval[0] < 200 < result["vtf_temperature"].interval[1]
    B = result["vtf_pseudo_activation_energy"]
    assert abs(B.value - 800 * GAS_CONSTANT / 1e3) < 2 * B.std
    assert any("curved" in flag for flag in result.activation_energy.flags)
    exact = activation(conductivity=table(T, vogel(), noise=0.0))
    assert exact["vtf_temperature"].value == pytest.approx(200, rel=1e-4)
    assert exact["vtf_prefactor"].value == pytest.approx(0.05, rel=1e-3)


def test_two_regimes_are_found_and_chosen():
    """60 kJ/mol steeper below 330 K, as where PEO crystallises; 95 % intervals over 60 draws,
    at least 52 of which hold the truth (three binomial standard deviations below 57)."""
    bend = np.maximum(0, 1 / T - 1 / 330)
    y = exponential(30e3) * np.exp(-60e3 / GAS_CONSTANT * bend)
    truth = {
        "break_temperature": 330.0,
        "activation_energy_below_break": 90.0,
        "activation_energy_above_break": 30.0,
    }
    inside = dict.fromkeys(truth, 0)
    for seed in range(60):
        result = activation(conductivity=table(T, y, seed=seed))
        assert result.text["law"] == "two Arrhenius regimes"
        assert "AICc is lower by" in result.text["choice"]
        for name, value in truth.items():
            inside[name] += abs(result[name].value - value) <= 1.96 * result[name].std
    assert min(inside.values()) >= 52, inside


def test_arrhenius_data_stay_arrhenius():
    """A margin of 4 in AICc over two more laws is crossed by chance in few draws."""
    laws = [
        activation(conductivity=table(T, exponential(30e3), seed=seed)).text["law"]
        for seed in range(30)
    ]
    assert laws.count("Arrhenius") >= 27


def test_what_few_points_cannot_tell():
    with pytest.raises(NotAnswerable, match="three temperatures, there are 2"):
        activation(conductivity=table(T[:2], exponential(30e3)[:2]))
    four = activation(conductivity=table(T[:4], vogel()[:4]))
    assert four["vtf_temperature"].value is None
    assert "not identifiable" in four["vtf_temperature"].flags
    assert four.text["law"] == "Arrhenius"
    close = activation(
        conductivity=table(T[:3] * 0 + [298.15, 303.15, 308.15], exponential(3e4)[:3])
    )
    assert "small temperature span" in close.activation_energy.flags


def test_bad_tables():
    with pytest.raises(InputError, match="neither conductivity nor resistance is given"):
        activation()
    with pytest.raises(InputError, match="neither conductivity nor resistance"):
        activation(conductivity=Table.of({"temperature": [1.0], "sigma": [1.0]}))
    rows = Table.of(
        {"temperature": [0, 20, 40, None, 60], "conductivity": [1.0, 2.0, 4.0, 5.0, -1.0]},
        {"temperature": "degC", "conductivity": "S/m"},
    )
    result = activation(conductivity=rows)
    assert any("rows 4, 5" in finding.text for finding in result.findings)


def test_scatter_beyond_the_stated_errors_is_found():
    rng = np.random.default_rng(8)
    many = np.linspace(273.15, 363.15, 200)
    own = np.full(200, 0.01)
    y = np.log(exponential(30e3, temperature=many)) + 0.05 * rng.normal(size=200)
    assert extra_scatter(many, y, own) == pytest.approx(np.sqrt(0.05**2 - 0.01**2), rel=0.15)
    quiet = np.log(exponential(30e3, temperature=many))
    assert extra_scatter(many, quiet, own) == 0.0


def test_figure_and_tables():
    result = activation(conductivity=table(T, exponential(30e3)))
    panel = figure(result).panels[0]
    low, high = panel.series[1].band
    assert all(a < b < c for a, b, c in zip(low, panel.series[1].y, high, strict=True))
    measured = result.fit.column("measured")
    assert measured == pytest.approx(list(exponential(30e3)), rel=0.05)
    assert result.fit.units["measured"] == "S/cm"
    assert result.laws.column("outcome").count("taken") == 1
