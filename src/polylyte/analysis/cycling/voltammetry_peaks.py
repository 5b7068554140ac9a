"""Peaks of single sweeps, and quantities from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polylyte.analysis.stability.local import line, root, smooth
from polylyte.core.errors import NotAnswerable
from polylyte.core.quantities import Quantity, from_si
from polylyte.instruments.voltammograms import Sweep, Voltammogram

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LITHIUM = "V vs Li/Li+"
STARTS = (0.05, 0.2)
"""Part of each sweep's range that is its baseline."""
SIGNIFICANT = 5.0


@dataclass(frozen=True)
class Peak:
    """Potential in V (iR removed), current over the baseline in A, signed, and their errors."""

    potential: float
    potential_std: float
    current: float
    current_std: float
    total: float
    """Current without the baseline taken off, A: what iR is made of."""

    @classmethod
    def of(
        cls, data: Voltammogram, sweep: Sweep, ohm: float, baseline: str, width: float
    ) -> Peak | None:
        """The highest peak of a sweep; None where the current has none inside its range."""
        rows = slice(sweep.first, sweep.last + 1)
        sign = sweep.direction
        current = data.current[rows]
        x, y = sign * (data.potential[rows] - current * ohm), sign * current
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
        start, span = float(x[0]), float(np.ptp(x))
        first = (x >= start + STARTS[0] * span) & (x <= start + STARTS[1] * span)
        base = line(x[first], y[first]) if baseline == "line" and first.sum() >= 4 else None
        net = y if base is None else y - base.at(x)
        try:
            curve = smooth(x, net, width)
            top = _inner_maximum(curve, x, width)
            if top is None:
                return None
            place, found = root(x, net, 0.0, float(x[top]), width, slope=True)
            slopes = smooth(x, net, width, 1)
        except NotAnswerable:
            return None
        ends = np.interp([place - width / 2, place + width / 2], x, slopes)
        curvature = float(ends[0] - ends[1]) / width
        noise = float(np.std(net - curve))
        if curvature <= 0 or found.value - float(curve.min()) < SIGNIFICANT * noise:
            return None
        off = 0.0 if base is None else base.variance(place)
        total = found.value + (0.0 if base is None else float(base.at(np.array([place]))[0]))
        return cls(
            sign * place,
            found.slope_std / curvature,
            sign * found.value,
            math.hypot(found.value_std, math.sqrt(off)),
            sign * total,
        )


def _inner_maximum(curve: Floats, x: Floats, width: float) -> int | None:
    """The highest row that is a maximum and no end of the sweep."""
    inside = (x > x[0] + width) & (x < x[-1] - width)
    rises = np.concatenate([[False], (curve[1:-1] >= curve[:-2]) & (curve[1:-1] > curve[2:]),
                            [False]])  # fmt: skip
    at = np.flatnonzero(inside & rises)
    return int(at[np.argmax(curve[at])]) if len(at) else None


@dataclass(frozen=True)
class Maker:
    """Quantities from peaks, with all their sources of uncertainty."""

    shift: float
    potential_accuracy: float
    current_accuracy: float
    area: Quantity | None
    resistance: Quantity | None

    @property
    def unit(self) -> str:
        return "mA" if self.area is None else "mA/cm^2"

    def _ohmic(self, total: float) -> dict[str, float]:
        parts = {} if self.resistance is None else self.resistance.si_components
        return {source: -total * part for source, part in parts.items()}

    def potential(self, peak: Peak | None, name: str) -> Quantity:
        if peak is None:
            return Quantity(None, LITHIUM, flags=("no peak",))
        parts = {f"~noise, {name}": peak.potential_std, "~potential": self.potential_accuracy}
        parts |= self._ohmic(peak.total)
        return _quantity(peak.potential + self.shift, LITHIUM, parts)

    def separation(self, anodic: Peak | None, cathodic: Peak | None) -> Quantity:
        """The voltmeter's error drops out of the difference."""
        if anodic is None or cathodic is None:
            return Quantity(None, "mV", flags=("no peak",))
        parts = {"~noise, anodic": anodic.potential_std, "~noise, cathodic": cathodic.potential_std}
        parts |= self._ohmic(anodic.total - cathodic.total)
        return _quantity(anodic.potential - cathodic.potential, "mV", parts)

    def midpoint(self, anodic: Peak | None, cathodic: Peak | None) -> Quantity:
        if anodic is None or cathodic is None:
            return Quantity(None, LITHIUM, flags=("no peak",))
        parts = {
            "~noise, anodic": anodic.potential_std / 2,
            "~noise, cathodic": cathodic.potential_std / 2,
            "~potential": self.potential_accuracy,
        } | self._ohmic((anodic.total + cathodic.total) / 2)
        mean = (anodic.potential + cathodic.potential) / 2
        return _quantity(mean + self.shift, LITHIUM, parts)

    def current(self, peak: Peak | None, name: str) -> Quantity:
        if peak is None:
            return Quantity(None, self.unit, flags=("no peak",))
        size = 1.0 if self.area is None else self.area.si
        value = peak.current / size
        parts = {
            f"~noise, {name} current": peak.current_std / size,
            "~ammeter": self.current_accuracy * value,
        }
        if self.area is not None:
            for source, part in self.area.si_components.items():
                parts[source] = parts.get(source, 0.0) - value * part / size
        return _quantity(value, self.unit, parts)

    def ratio(self, anodic: Peak | None, cathodic: Peak | None) -> Quantity:
        """The ammeter's error and the area drop out."""
        if anodic is None or cathodic is None or cathodic.current == 0:
            return Quantity(None, "1", flags=("no peak",))
        value = abs(anodic.current / cathodic.current)
        parts = {
            "~noise, anodic current": value * anodic.current_std / abs(anodic.current),
            "~noise, cathodic current": value * cathodic.current_std / abs(cathodic.current),
        }
        return _quantity(value, "1", parts)


def _quantity(value: float, unit: str, parts: dict[str, float]) -> Quantity:
    return from_si(value, unit, {s: p for s, p in parts.items() if p}, how="measured")
