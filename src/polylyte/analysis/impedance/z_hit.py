"""Modulus of the impedance from its phase, by the logarithmic Hilbert transform (Z-HIT)."""

from __future__ import annotations

import math

import numpy as np

from polylyte.analysis.impedance.elements import Complex, Real

SECOND_TERM = -math.pi / 6


def z_hit(frequency: Real, impedance: Complex) -> Real:
    """|Z| that the phase alone implies, ohm, shape (F,).

    ln|Z(ω)| ≈ c + (2/π) ∫ φ d ln ω' − (π/6) dφ/d ln ω
    The phase hardly feels slow drift, the modulus does: where the two part at low frequency the
    sample changed during the sweep. Valid to 1–2 % where the phase changes slowly over a decade.
    c makes both agree over the middle half of the range of ln ω.

    Parameters:
        frequency: Hz, falling or rising, shape (F,)
        impedance: ohm, shape (F,)

    References:
        Schiller, Richter, Gülzow & Wagner 2001, doi:10.1039/b007678n
    """
    order = np.argsort(frequency, kind="stable")
    log_omega = np.log(2 * np.pi * frequency[order])
    phase = np.unwrap(np.angle(impedance[order]))
    distinct = np.concatenate([[True], np.diff(log_omega) > 1e-9])
    x, phi = log_omega[distinct], phase[distinct]
    area = np.concatenate([[0.0], np.cumsum(0.5 * (phi[1:] + phi[:-1]) * np.diff(x))])
    reconstructed = 2 / math.pi * area + SECOND_TERM * np.gradient(phi, x)
    log_modulus = np.log(np.abs(impedance[order]))
    quarter = 0.25 * (x[-1] - x[0])
    middle = (x >= x[0] + quarter) & (x <= x[-1] - quarter)
    reconstructed += float(np.median((log_modulus[distinct] - reconstructed)[middle]))
    found = np.empty(len(frequency))
    found[order] = np.exp(np.interp(log_omega, x, reconstructed))
    return found
