"""95 % intervals of σ and E_a hold the truth, spectra to activation energy."""

import numpy as np
import pytest

from polylyte.analysis.impedance.circuits import parse
from polylyte.analysis.transport.activation import activation
from polylyte.analysis.transport.blocking import electrolyte_resistance
from polylyte.analysis.transport.conductivity import conductivity
from polylyte.analysis.transport.laws import GAS_CONSTANT
from polylyte.core.quantities import Quantity, q
from polylyte.core.tables import Table
from polylyte.instruments.spectra import ImpedanceSpectrum
from tests.virtual.recording import record

FREQUENCY = np.logspace(6, 0, 41)


def spectrum(rng, R, noise, conditions=None):
    z = parse("R0-CPE1").impedance(np.array([R, 1e-6, 0.9]), FREQUENCY)
    error = rng.normal(size=len(z)) + 1j * rng.normal(size=len(z))
    return ImpedanceSpectrum(FREQUENCY, z + noise * np.abs(z) * error, conditions or {})


def energies(draws, count, seed, scatter=0.0):
    """Share of draws whose 95 % intervals hold E_a and the prefactor."""
    rng = np.random.default_rng(seed)
    T = np.linspace(298.15, 348.15, count)
    energy = prefactor = 0
    for _ in range(draws):
        own = 0.01 * np.exp(0.2 * rng.normal(size=count))
        error = own * rng.normal(size=count) + scatter * rng.normal(size=count)
        y = 100 * np.exp(-40e3 / (GAS_CONSTANT * T) + error)
        table = Table.of(
            {"temperature": T - 273.15, "conductivity": y, "conductivity|fit[*]": y * own},
            {"temperature": "degC", "conductivity": "S/cm"},
        )
        result = activation(conductivity=table)
        E = result.activation_energy
        energy += abs(E.value - 40) <= 1.96 * E.std
        low, high = result.prefactor.interval
        prefactor += low <= 100 <= high
    return np.array([energy, prefactor]) / draws


def conductivities(draws, seed, circuit=None):
    """Thickness and area are drawn within their stated uncertainty too."""
    rng = np.random.default_rng(seed)
    inside = 0
    for _ in range(draws):
        L, A = 60 + 2 * rng.normal(), 2.0 + 0.03 * rng.normal()
        truth = L * 1e-4 / (100 * A) * 1e3
        result = conductivity(
            spectra=[spectrum(rng, 100, 0.03)],
            circuit=circuit,
            thickness=Quantity(60.0, "um", {"L": 2.0}),
            area=Quantity(2.0, "cm^2", {"A": 0.03}),
        )
        sigma = result["conductivity"]
        inside += abs(sigma.value - truth) <= 1.96 * sigma.std
    return inside / draws


def resistances(draws, seed):
    rng = np.random.default_rng(seed)
    inside = 0
    for _ in range(draws):
        one = spectrum(rng, 100, 0.01)
        R = electrolyte_resistance(one.frequency, one.impedance).resistance
        inside += abs(R.value - 100) <= 1.96 * R.std
    return inside / draws


@pytest.mark.parametrize(("count", "scatter"), [(3, 0.0), (5, 0.0), (5, 0.05)])
def test_activation_energy_of_200_draws(count, scatter):
    """±3 binomial standard deviations of 200 draws about 95 %: 90.4 to 99.6 %."""
    shares = energies(200, count, seed=count, scatter=scatter)
    assert (shares > 0.904).all(), shares
    assert (shares < 0.9965).all(), shares


def test_conductivity_of_200_draws():
    """The circuit is given here; the 1000 draws below choose it each time."""
    assert 0.904 < conductivities(200, seed=1, circuit="R0-CPE1") < 0.9965


@pytest.mark.slow
@pytest.mark.parametrize(("count", "scatter"), [(3, 0.0), (4, 0.0), (7, 0.0), (7, 0.05)])
def test_activation_energy_of_1000_draws(count, scatter):
    shares = energies(1000, count, seed=20 + count, scatter=scatter)
    for name, share in zip(("activation_energy", "prefactor"), shares, strict=True):
        words = f"{name}, {count} temperatures, {100 * scatter:g} % scatter"
        record("transport.activation", words, draws=1000, covered=round(1000 * share))
    assert (shares >= 0.93).all(), shares
    assert (shares <= 0.97).all(), shares


@pytest.mark.slow
def test_conductivity_of_1000_draws():
    share = conductivities(1000, seed=2)
    words = "conductivity, uncertain geometry"
    record("transport.conductivity", words, draws=1000, covered=round(1000 * share))
    assert 0.93 <= share <= 0.97


@pytest.mark.slow
def test_resistance_of_1000_draws():
    share = resistances(1000, seed=3)
    record("transport.conductivity", "resistance", draws=1000, covered=round(1000 * share))
    assert 0.93 <= share <= 0.97


def test_from_spectra_to_activation_energy():
    """The whole way, without geometry: spectra, table, E_a."""
    rng = np.random.default_rng(4)
    T = np.linspace(298.15, 348.15, 6)
    spectra = [
        spectrum(
            rng,
            1e-4 * np.exp(40e3 / (GAS_CONSTANT * t)),
            0.01,
            {"temperature": q(f"{t - 273.15:.2f} degC")},
        )
        for t in T
    ]
    table = conductivity(spectra=spectra).conductivity
    E = activation(conductivity=table).activation_energy
    assert abs(E.value - 40) <= 3 * E.std
    assert E.std < 0.5
