"""What Nyquist plots share: the decades of the frequency."""

from __future__ import annotations

import math

import numpy as np

from polylyte.analysis.impedance.elements import Complex, Real
from polylyte.core.figures import Series

NEAR = 0.13
"""How far from a power of ten, in decades, its point may lie."""


def decades(frequency: Real, impedance: Complex) -> list[Series]:
    """The measured points next to powers of ten in Hz, as one series; none where there are none.

    Parameters:
        frequency: Hz, (F,)
        impedance: ohm, (F,)
    """
    logs = np.log10(frequency)
    found: dict[int, int] = {}
    for power in range(math.ceil(logs.min() - NEAR), math.floor(logs.max() + NEAR) + 1):
        nearest = int(np.argmin(np.abs(logs - power)))
        if abs(logs[nearest] - power) <= NEAR:
            found[power] = nearest
    if not found:
        return []
    rows = list(found.values())
    low, high = (_hertz(10.0**power) for power in (min(found), max(found)))
    label = f"decades, {high} to {low}" if len(found) > 1 else low
    return [
        Series(
            impedance.real[rows].tolist(),
            (-impedance.imag[rows]).tolist(),
            label,
            "points",
            color=3,
            names=[_hertz(10.0**power) for power in found],
        )
    ]


def _hertz(value: float) -> str:
    for factor, unit in ((1e6, "MHz"), (1e3, "kHz"), (1.0, "Hz"), (1e-3, "mHz")):
        if value >= factor * 0.999:
            return f"{value / factor:.3g} {unit}"
    return f"{value:.3g} Hz"
