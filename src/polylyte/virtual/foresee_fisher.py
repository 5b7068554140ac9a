"""Uncertainty of an impedance fit before it is made: the Cramér–Rao bound of its noise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from polylyte.analysis.impedance.circuits import Circuit
from polylyte.analysis.impedance.elements import Grid
from polylyte.analysis.impedance.fitting import fit_circuit
from polylyte.analysis.transport.blocking import electrolyte_resistance
from polylyte.core.errors import NotAnswerable
from polylyte.core.quantities import Quantity
from polylyte.virtual.noise import generator, noisy_impedance
from polylyte.virtual.symmetric_cell import blocking

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FLOOR = 1e-13
"""Smallest eigenvalue that rounding leaves meaning in, of a matrix with a diagonal of 1."""
HOPELESS = 1e3
"""Relative uncertainty beyond which there is no number to give."""


def covariance(circuit: Circuit, values: Floats, frequency: Floats, noise: float) -> Floats:
    """Covariance of the logarithms of the parameters, (P, P), for modulus weights.

    noise² (JᵀJ)⁻¹ with J = ∂Z/∂ln p/|Z|, real and imaginary parts; ``noise`` is the standard
    deviation of each part over |Z| [Rao 1945].
    """
    z, jacobian = circuit.evaluate(values[None], Grid(2 * np.pi * frequency))
    scaled = jacobian[0] / np.abs(z[0])
    parts = np.concatenate([scaled.real, scaled.imag], axis=1)
    information = parts @ parts.T
    size = np.sqrt(np.maximum(np.diag(information), 1e-300))
    eigen, vectors = np.linalg.eigh(information / np.outer(size, size))
    inverse = (vectors / np.maximum(eigen, FLOOR)) @ vectors.T
    return np.asarray(noise**2 * inverse / np.outer(size, size))


def of_circuit(
    circuit: Circuit, values: Floats, frequency: Floats, noise: float
) -> dict[str, float]:
    """Standard uncertainty of each parameter and of ``R_total``, SI."""
    found = covariance(circuit, values, frequency, noise)
    relative = np.sqrt(np.diag(found))
    stds = {
        name: float(error * value)
        for name, error, value in zip(circuit.names, relative, values, strict=True)
        if error < HOPELESS
    }
    total = circuit.series_resistance(values)
    slopes = np.zeros(len(values))
    for k in range(len(values)):
        moved = values.copy()
        moved[k] *= 1 + 1e-6
        slopes[k] = (circuit.series_resistance(moved) - total) / 1e-6
    error = math.sqrt(float(slopes @ found @ slopes))
    if total > 0 and error < HOPELESS * total:
        stds["R_total"] = error
    return stds


def frequencies(made: Mapping[str, Any], told: Mapping[str, Any], defaults: Any) -> Floats:
    """The frequencies that are measured and fitted, Hz; ``defaults`` gives those not stated."""
    high, low = (_si(made, n, defaults) for n in ("first_frequency", "last_frequency"))
    per_decade = made.get("points_per_decade", defaults["points_per_decade"])
    found = np.geomspace(high, low, round(math.log10(high / low) * per_decade) + 1)
    limits = (told.get("f_min"), told.get("f_max"))
    inside = np.full(len(found), True)
    if limits[0] is not None:
        inside &= found >= limits[0].si
    if limits[1] is not None:
        inside &= found <= limits[1].si
    return np.asarray(found[inside])


def _si(made: Mapping[str, Any], name: str, defaults: Any) -> float:
    value: Quantity = made.get(name, defaults[name])
    return value.si


def conductivity(
    made: Mapping[str, Any], told: Mapping[str, Any], defaults: Mapping[str, Any]
) -> dict[str, float]:
    """Of ``transport.conductivity``: resistance and conductivity at each temperature, SI.

    The circuit is the one that the analysis takes for one noisy spectrum (or the one it is told);
    its parameters are those that fit the spectrum without noise.
    """
    if told.get("weighting", "modulus") != "modulus":
        return {}
    frequency, noise = frequencies(made, told, defaults), _si(made, "noise", defaults)
    sample = made["sample"]
    found: dict[str, float] = {}
    temperatures: Sequence[Quantity] = made.get("temperatures", defaults["temperatures"])
    for temperature in temperatures:
        cell = blocking(sample, temperature.si).with_leads(_si(made, "inductance", defaults))
        exact = cell.spectrum(frequency)
        rng = generator(0, "foresee.fisher", str(temperature))
        try:
            one = electrolyte_resistance(
                frequency, noisy_impedance(exact, noise, rng), circuit=told.get("circuit")
            )
            circuit = one.fit.circuit
            fit = fit_circuit(frequency, exact, circuit, intervals=False)
        except NotAnswerable:
            continue
        errors = covariance(circuit, fit.values, frequency, noise)
        slopes = np.array(
            [v if n in one.counted else 0.0 for n, v in zip(circuit.names, fit.values, strict=True)]
        )
        resistance, error = float(slopes.sum()), math.sqrt(float(slopes @ errors @ slopes))
        if resistance <= 0 or error > HOPELESS * resistance:
            continue
        at = f"@{round(temperature.si - 273.15, 3) + 0.0:g}degC"
        found[f"resistance{at}"] = error
        sizes = [told.get(n) for n in ("thickness", "area")]
        relative = [
            error / resistance,
            *(s.std / s.value for s in sizes if s is not None and s.std),
        ]
        found[f"conductivity{at}"] = sample.conductivity_at(temperature.si) * math.hypot(*relative)
    return found
