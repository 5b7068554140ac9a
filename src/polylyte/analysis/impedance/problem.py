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
        self.lower, self.upper = box(circuit, data)

    def __call__(self, x: Real) -> tuple[Real, Real]:
        with np.errstate(all="ignore"):
            z, jacobian = self.circuit.evaluate(np.exp(x), self.grid)
            return (
                (z.view(float) - self.measured) * self.weight,
                jacobian.view(float) * self.weight,
            )


def weights(z: Complex, weighting: Weighting) -> Real:
    modulus = np.abs(z)
    if weighting == "unit":
        return np.ones(2 * len(z))
    if weighting == "modulus":
        return np.repeat(1.0 / modulus, 2)
    parts = np.abs(z.view(float))
    return np.asarray(1.0 / np.maximum(parts, 0.01 * np.repeat(modulus, 2)))


def scales(data: Data) -> tuple[float, float, float, float]:
    """Smallest and largest |Z|, lowest and highest angular frequency."""
    modulus = np.abs(data.impedance)
    omega = 2 * np.pi * data.frequency
    return float(modulus.min()), float(modulus.max()), float(omega.min()), float(omega.max())


def box(circuit: Circuit, data: Data) -> tuple[Real, Real]:
    """Bounds of ln(parameter), so wide that only a parameter without influence reaches them."""
    small, large, slow, fast = scales(data)
    lower, upper = np.empty(len(circuit)), np.empty(len(circuit))
    wide = BOX
    for index, (name, unit) in enumerate(zip(circuit.names, circuit.units, strict=True)):
        low, high = {
            "ohm": (small / wide, large * wide),
            "ohm/s^0.5": (small * slow**0.5 / wide, large * fast**0.5 * wide),
            "F": (1 / (large * fast * wide), wide / (small * slow)),
            "H": (small / (fast * wide), large * wide / slow),
            "S": (1 / (large * max(fast, 1.0) * wide), wide / (small * min(slow, 1.0))),
            "s": (1 / (fast * wide), wide / slow),
            "1": (0.05, 1.0),
        }[unit]
        if name.endswith("_n"):
            low, high = 0.05, 1.0
        lower[index], upper[index] = math.log(low), math.log(high)
    return lower, upper


def draw(circuit: Circuit, data: Data, starts: int, rng: np.random.Generator) -> Real:
    """Start points (S, P) in ln(parameter).

    A resistance is drawn between a hundredth of the smallest and thrice the largest |Z|; a
    reactive element by the angular frequency where it matches the nearest resistance, inside
    the measured range. So every start has its features where there are data.
    """
    small, large, slow, fast = scales(data)
    span = float(np.ptp(data.impedance.real)) or large
    x = np.empty((starts, len(circuit)))

    def uniform(low: float, high: float) -> Real:
        return rng.uniform(math.log(low), math.log(high), starts)

    def reactive(node: Node, near: Real, omega: Real) -> None:
        own = x[:, node.own]
        if node.kind in ("CPE", "TLM"):
            own[:, -1] = np.log(rng.uniform(0.5, 1.0, starts))
            own[:, -2] = -near - np.exp(own[:, -1]) * omega
        elif node.kind == "C":
            own[:, 0] = -near - omega
        elif node.kind == "L":
            own[:, 0] = near - omega
        elif node.kind == "W":
            own[:, 0] = near + 0.5 * omega
        elif node.kind in ("Wo", "Ws", "G"):
            own[:, -1] = -omega

    for leaves in _neighbourhoods(circuit.root):
        near = uniform(max(0.01 * span, 0.01 * small), 3 * large)
        for node in leaves:
            if node.kind in ("R", "Wo", "Ws", "G", "TLM"):
                x[:, node.first] = uniform(max(0.01 * span, 0.01 * small), 3 * max(span, small))
                if node.kind == "R":
                    near = x[:, node.first]
        for node in leaves:
            reactive(node, near, uniform(slow, fast))
    return x


def _neighbourhoods(root: Node) -> Iterator[list[Node]]:
    """The leaves that belong together: one list per member of the top series."""
    for part in root.children if root.kind == "series" else (root,):
        yield list(part.leaves())
