"""What a circuit fit minimises: the points, their weights, the box, and where to start."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from polylyte.analysis.impedance.circuits import Circuit
from polylyte.analysis.impedance.elements import Complex, Grid, Node, Real
from polylyte.core.errors import InputError

Weighting = Literal["modulus", "unit", "proportional"]
BOX = 1e8
"""How far a parameter may leave the range of the data; a profile that reaches it is open."""


@dataclass(frozen=True)
class Data:
    """What is fitted, sorted by falling frequency; what was left out is counted."""

    frequency: Real
    impedance: Complex
    outside_range: int
    not_usable: int
    """Points that are not finite, or whose frequency is not positive."""


def select(
    frequency: ArrayLike,
    impedance: ArrayLike,
    f_min: float | None,
    f_max: float | None,
    *,
    where: str | None = None,
) -> Data:
    """The points to fit, and how many were left out for which reason."""
    f = np.asarray(frequency, dtype=float).ravel()
    z = np.asarray(impedance, dtype=complex).ravel()
    if f.shape != z.shape:
        raise InputError(
            f"{len(f)} frequencies but {len(z)} impedances", where=where, remedy="pair them"
        )
    usable = np.isfinite(f) & np.isfinite(z) & (f > 0) & (np.abs(z) > 0)
    inside = (f >= (f_min or 0.0)) & (f <= (math.inf if f_max is None else f_max))
    keep = usable & inside
    order = np.argsort(-f[keep], kind="stable")
    return Data(f[keep][order], z[keep][order], int((usable & ~inside).sum()), int((~usable).sum()))


class Problem:
    """Residuals and Jacobian over x = ln(parameters), real and imaginary parts interleaved."""

    def __init__(self, circuit: Circuit, data: Data, weighting: Weighting) -> None:
        self.circuit, self.data, self.weighting = circuit, data, weighting
        self.grid = Grid(2 * np.pi * data.frequency)
        self.measured = data.impedance.view(float)
        self.weight = weights(data.impedance, weighting)
        self.scales = Scales.of(data.frequency, data.impedance[None])
        lower, upper = box(circuit, self.scales)
        self.lower, self.upper = lower[0], upper[0]

    def __call__(self, x: Real) -> tuple[Real, Real]:
        with np.errstate(all="ignore"):
            z, jacobian = self.circuit.evaluate(np.exp(x), self.grid)
            return (
                (z.view(float) - self.measured) * self.weight,
                jacobian.view(float) * self.weight,
            )


def weights(z: Complex, weighting: Weighting) -> Real:
    """Weights of the real and imaginary parts in turn, shape (…, 2 F) of impedances (…, F)."""
    modulus = np.abs(z)
    if weighting == "unit":
        return np.ones((*z.shape[:-1], 2 * z.shape[-1]))
    if weighting == "modulus":
        return np.repeat(1.0 / modulus, 2, axis=-1)
    parts = np.abs(np.ascontiguousarray(z).view(float))
    return np.asarray(1.0 / np.maximum(parts, 0.01 * np.repeat(modulus, 2, axis=-1)))


@dataclass(frozen=True)
class Scales:
    """Smallest and largest |Z| and the range of Re Z of each spectrum, shape (N, 1); lowest and
    highest angular frequency."""

    small: Real
    large: Real
    span: Real
    slow: float
    fast: float

    @staticmethod
    def of(frequency: Real, impedance: Complex) -> Scales:
        """Of spectra (N, F) on one grid."""
        modulus, omega = np.abs(impedance), 2 * np.pi * frequency
        large = modulus.max(axis=1, keepdims=True)
        span = np.ptp(impedance.real, axis=1, keepdims=True)
        return Scales(
            modulus.min(axis=1, keepdims=True),
            large,
            np.where(span > 0, span, large),
            float(omega.min()),
            float(omega.max()),
        )


def box(circuit: Circuit, scales: Scales) -> tuple[Real, Real]:
    """Bounds of ln(parameter), shape (N, P), so wide that only a parameter without influence
    reaches them."""
    small, large, slow, fast = scales.small, scales.large, scales.slow, scales.fast
    one, wide = np.ones_like(small), BOX
    ranges = {
        "ohm": (small / wide, large * wide),
        "ohm/s^0.5": (small * slow**0.5 / wide, large * fast**0.5 * wide),
        "F": (1 / (large * fast * wide), wide / (small * slow)),
        "H": (small / (fast * wide), large * wide / slow),
        "S": (1 / (large * max(fast, 1.0) * wide), wide / (small * min(slow, 1.0))),
        "s": (one / (fast * wide), one * wide / slow),
        "1": (0.05 * one, one),
    }
    chosen = [ranges[unit] for unit in circuit.units]
    return (
        np.log(np.concatenate([low for low, _ in chosen], axis=1)),
        np.log(np.concatenate([high for _, high in chosen], axis=1)),
    )


def draw(circuit: Circuit, scales: Scales, starts: int, seed: int) -> Real:
    """Start points (N, S, P) in ln(parameter), from the same random numbers for each spectrum.

    A resistance is drawn between a hundredth of the smallest and thrice the largest |Z|; a
    reactive element by the angular frequency where it matches the nearest resistance, inside
    the measured range. So every start has its features where there are data.
    """
    rng = np.random.default_rng(seed)
    small, large, span = scales.small, scales.large, scales.span
    x = np.empty((len(small), starts, len(circuit)))
    least = np.log(np.maximum(0.01 * span, 0.01 * small))

    def uniform(low: Real | float, high: Real | float) -> Real:
        return np.asarray(low + (high - low) * rng.random(starts))

    def reactive(node: Node, near: Real, omega: Real) -> None:
        own = x[:, :, node.own]
        if node.kind in ("CPE", "TLM"):
            own[:, :, -1] = np.log(uniform(0.5, 1.0))
            own[:, :, -2] = -near - np.exp(own[:, :, -1]) * omega
        elif node.kind == "C":
            own[:, :, 0] = -near - omega
        elif node.kind == "L":
            own[:, :, 0] = near - omega
        elif node.kind == "W":
            own[:, :, 0] = near + 0.5 * omega
        elif node.kind in ("Wo", "Ws", "G"):
            own[:, :, -1] = -omega

    for leaves in _neighbourhoods(circuit.root):
        near = uniform(least, np.log(3 * large))
        for node in leaves:
            if node.kind in ("R", "Wo", "Ws", "G", "TLM"):
                x[:, :, node.first] = uniform(least, np.log(3 * np.maximum(span, small)))
                if node.kind == "R":
                    near = x[:, :, node.first]
        for node in leaves:
            reactive(node, near, uniform(math.log(scales.slow), math.log(scales.fast)))
    return x


def _neighbourhoods(root: Node) -> Iterator[list[Node]]:
    """The leaves that belong together: one list per member of the top series."""
    for part in root.children if root.kind == "series" else (root,):
        yield list(part.leaves())
