"""Overpotential of Li|electrolyte|Li under a current that changes in steps.

One model serves every virtual symmetric cell: ohmic drop of film and interfaces, concentration
polarisation of a binary electrolyte between two electrodes (closed form, with its memory over
earlier half cycles), the spike of nucleation, and shorts in parallel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from polylyte.virtual.samples import Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FARADAY = 96485.33212
MODES = 200
"""Terms of the series of diffusion; what they leave out (8/(π² n²) beyond) acts at once."""
MOST_DEPLETED = 0.999999
"""Share of the salt whose loss at one electrode counts as all: the potential diverges there."""


@dataclass(frozen=True)
class SymmetricCell:
    """Per area, SI. ``limiting_current`` is 2 F c D/((1 - t₊) L); infinite without diffusion."""

    film: float
    interface: float
    concentration: float
    """Small-signal resistance of the concentration gradient in its steady state, Ω m²."""
    diffusion_time: float
    """L²/D, s."""
    limiting_current: float

    @property
    def direct(self) -> float:
        """Resistance of the steady state at small currents, Ω m²."""
        return self.film + self.interface + self.concentration


def symmetric_cell(sample: Sample, temperature: float, salt: float) -> SymmetricCell:
    """The cell of ``sample`` at ``temperature`` (K) with ``salt`` in mol/m³.

    The gradient's resistance is R_film (1 - t₊)/t₊, as in :mod:`polylyte.virtual.symmetric_cell`.
    """
    film = sample.bulk_resistance_at(temperature) * sample.area.si
    interface = sample.interface_resistance_at(temperature) * sample.area.si
    fraction = sample.transference_number.si
    whole = 4 * sample.diffusion_time_at(temperature)
    length = sample.thickness.si
    limit = math.inf
    if fraction < 1:
        limit = 2 * FARADAY * salt * (length**2 / whole) / ((1 - fraction) * length)
    return SymmetricCell(film, interface, film * (1 - fraction) / fraction, whole, limit)


@dataclass
class Salt:
    """Concentration at the electrodes, its modes relaxing toward the current.

    Under a constant J the surface concentration departs from its mean by the fraction
    u = (J/J_lim) [1 - (8/π²) Σ_{n odd} exp(-n²π² D t/L²)/n²].
    """

    cell: SymmetricCell
    state: Floats = field(default_factory=lambda: np.zeros(MODES))

    def advance(self, current: float, time: Floats) -> Floats:
        """``u`` at ``time`` (s) after ``current`` (A/m², signed) began; goes on to the last."""
        if not math.isfinite(self.cell.limiting_current):
            return np.zeros_like(time)
        n = 2 * np.arange(MODES) + 1.0
        weight = 8 / (math.pi * n) ** 2
        decay = np.exp(-np.outer(time, (n * math.pi) ** 2) / self.cell.diffusion_time)
        modes = current + (self.state - current) * decay
        self.state = modes[-1]
        beyond = (1 - weight.sum()) * current
        return np.asarray((modes @ weight + beyond) / self.cell.limiting_current)

    def overpotential(self, depletion: Floats) -> Floats:
        """V of the gradient: (R_d J_lim/2) ln[(1 + u)/(1 - u)]; R_d J where u is small."""
        if not self.cell.concentration:
            return np.zeros_like(depletion)
        u = np.clip(depletion, -MOST_DEPLETED, MOST_DEPLETED)
        scale = self.cell.concentration * self.cell.limiting_current
        return np.asarray(scale * np.arctanh(u))


class Segment(NamedTuple):
    """A constant current: sample times from its begin (s), potential without noise (V)."""

    time: Floats
    current: float
    potential: Floats


def spike(charge: Floats, height: float, tip: float) -> Floats:
    """Overpotential of nucleation: rises to ``height`` at the charge ``tip`` and fades, V."""
    x = charge / tip
    return np.asarray(height * x * np.exp(1 - x))


def sampled(duration: float, interval: float) -> Floats:
    """Times of samples; the last is the one at which the step ends."""
    return np.append(np.arange(interval, duration - 1e-6 * interval, interval), duration)
