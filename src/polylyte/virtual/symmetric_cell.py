"""Impedance of a virtual cell as a function of s, and the current after a potential step.

One function gives both the spectrum, Z(iω), and the transient, the inverse Laplace transform of
ΔV/(s Z(s)): the files of one sample agree with one another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from polylyte.analysis.transference.laplace import inverse_laplace
from polylyte.virtual.samples import Sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Complexes = NDArray[np.complex128]
    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cell:
    """Lumped elements in SI; an element whose resistance is 0 is absent.

    Z(s) = s L_lead + R_b/(1 + s R_b C_b) + R_i/(1 + (s τ_i)^α) + R_d tanh(√(s τ_d))/√(s τ_d)
           + 1/(Q s^β)
    """

    bulk_resistance: float
    bulk_capacitance: float
    interface_resistance: float = 0.0
    interface_time: float = 1.0
    interface_exponent: float = 1.0
    diffusion_resistance: float = 0.0
    diffusion_time: float = 1.0
    blocking_admittance: float = math.inf
    blocking_exponent: float = 1.0
    inductance: float = 0.0

    def impedance(self, s: ArrayLike) -> Complexes:
        """Z at complex frequencies ``s`` (1/s), any shape; ohm."""
        s = np.asarray(s, complex)
        bulk = self.bulk_resistance
        z = s * self.inductance + bulk / (1 + s * bulk * self.bulk_capacitance)
        z = z + self.interface_resistance / (
            1 + (s * self.interface_time) ** self.interface_exponent
        )
        if self.diffusion_resistance:
            root = np.sqrt(s * self.diffusion_time)
            z = z + self.diffusion_resistance * np.tanh(root) / root
        if math.isfinite(self.blocking_admittance):
            z = z + 1 / (self.blocking_admittance * s**self.blocking_exponent)
        return np.asarray(z)

    @property
    def direct_resistance(self) -> float:
        """Resistance of the steady state, Ω."""
        return self.bulk_resistance + self.interface_resistance + self.diffusion_resistance

    def with_leads(self, inductance: float) -> Cell:
        """The same cell behind leads of ``inductance`` (H)."""
        return replace(self, inductance=inductance)

    def spectrum(self, frequency: ArrayLike) -> Complexes:
        """Z at ``frequency`` in Hz."""
        return self.impedance(2j * math.pi * np.asarray(frequency, float))

    def step_current(self, time: ArrayLike, bias: float) -> Floats:
        """Current (A) at ``time`` > 0 (s) after a step of ``bias`` (V); leads left out.

        The inverse Laplace transform of ΔV/(s Z(s)).
        """
        bare = self.with_leads(0.0)
        return inverse_laplace(lambda s: bias / (s * bare.impedance(s)), time)


def lithium(sample: Sample, temperature: float, *, drift: float = 0.0) -> Cell:
    """Li|film|Li at ``temperature`` (K), its interface grown by the fraction ``drift``.

    In an ideal dilute binary electrolyte the steady concentration gradient adds
    R_d = R_b (1 - t₊)/t₊, so that the ohmic current ΔV/(R_b + R_i) falls to
    ΔV/(R_b/t₊ + R_i): the equation of Bruce and Vincent then returns t₊ exactly. The salt
    relaxes from both electrodes, τ_d = (L/2)²/D (short, transmissive diffusion element).
    """
    bulk = sample.bulk_resistance_at(temperature)
    fraction = sample.transference_number.si
    interface = sample.interface_resistance_at(temperature) * (1 + drift)
    return Cell(
        bulk_resistance=bulk,
        bulk_capacitance=sample.bulk_capacitance,
        interface_resistance=interface,
        interface_time=interface * sample.interface_capacitance.si * sample.area.si,
        interface_exponent=sample.interface_exponent.si,
        diffusion_resistance=bulk * (1 - fraction) / fraction,
        diffusion_time=sample.diffusion_time_at(temperature),
    )


def blocking(sample: Sample, temperature: float) -> Cell:
    """Steel|film|steel at ``temperature`` (K)."""
    return Cell(
        bulk_resistance=sample.bulk_resistance_at(temperature),
        bulk_capacitance=sample.bulk_capacitance,
        blocking_admittance=sample.blocking_capacitance.si * sample.area.si,
        blocking_exponent=sample.blocking_exponent.si,
    )


def series_current(cell: Cell, time: ArrayLike, bias: float, terms: int = 200) -> Floats:
    """The diffusion transient alone, as its eigenfunction series (the check of the above).

    I(t) = I_ss + Σ 2 ΔV / [R_d (1 + ρ + ρ² b²)] exp(-b² t/τ_d), tan b = -ρ b, ρ = R/R_d,
    with R = R_b + R_i and b in ((n - ½)π, nπ). Charging of the capacitances is left out.
    """
    from scipy.optimize import brentq

    t = np.asarray(time, float)
    resistance = cell.bulk_resistance + cell.interface_resistance
    ratio = resistance / cell.diffusion_resistance
    total = np.full_like(t, bias / (resistance + cell.diffusion_resistance))
    for n in range(1, terms + 1):
        b = brentq(
            lambda b: math.sin(b) + ratio * b * math.cos(b), (n - 0.5) * math.pi, n * math.pi
        )
        amplitude = 2 * bias / (cell.diffusion_resistance * (1 + ratio + (ratio * b) ** 2))
        total += amplitude * np.exp(-(b**2) * t / cell.diffusion_time)
    return total
