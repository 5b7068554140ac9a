"""Elements of equivalent circuits: impedance and its derivatives by the logarithms.

With s = jω and all parameters positive, 0 < n <= 1:

====  =========================================  ===========================================
R     R                                          resistor
C     1 / (C s)                                  capacitor
L     L s                                        inductor
CPE   1 / (Q s^n)                                constant-phase element; also ``Q``
W     A (1 - j) / sqrt(ω)                        semi-infinite diffusion
Wo    R coth(sqrt(s tau)) / sqrt(s tau)          finite diffusion, reflecting end; also ``T``
Ws    R tanh(sqrt(s tau)) / sqrt(s tau)          finite diffusion, absorbing end; also ``O``
G     R / sqrt(1 + s tau)                        Gerischer
TLM   R coth(x) / x, x = sqrt(R Q s^n)           blocking pore (transmission line of de Levie)
====  =========================================  ===========================================

Q is numerically the modulus of the CPE's admittance at 1 rad/s, so its unit here is S.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

HALF_PI_J = 0.5j * np.pi


class Grid:
    """Powers of the angular frequency that the elements need, computed once per spectrum."""

    def __init__(self, omega: Real) -> None:
        self.omega = omega
        self.s = np.asarray(1j * omega, dtype=np.complex128)
        self.log_s = np.asarray(np.log(omega) + HALF_PI_J, dtype=np.complex128)
        self.sqrt_s: Complex = np.sqrt(self.s)
        self.warburg = np.asarray((1.0 - 1j) / np.sqrt(omega), dtype=np.complex128)


# Each element fills its rows of the Jacobian d Z / d ln(parameter), shape (starts, own
# parameters, frequencies), and returns Z, shape (starts, frequencies).
Rule = Callable[[Real, Grid, Complex], Complex]


def _resistor(p: Real, grid: Grid, jacobian: Complex) -> Complex:
    jacobian[:] = p[:, :, None]
    return np.array(jacobian[:, 0])


def _capacitor(p: Real, grid: Grid, jacobian: Complex) -> Complex:
    z = np.asarray(1.0 / (p * grid.s))
    jacobian[:, 0] = -z
    return z


def _inductor(p: Real, grid: Grid, jacobian: Complex) -> Complex:
    z = np.asarray(p * grid.s)
    jacobian[:, 0] = z
    return z


def _constant_phase(p: Real, grid: Grid, jacobian: Complex) -> Complex:
    slope = p[:, 1:] * grid.log_s
    z = np.asarray(np.exp(-slope) / p[:, :1], dtype=np.complex128)
    jacobian[:, 0] = -z
    jacobian[:, 1] = -slope * z
    return z


def _warburg(p: Real, grid: Grid, jacobian: Complex) -> Complex:
    z = np.asarray(p * grid.warburg)
    jacobian[:, 0] = z
    return z


def _coth_over(R: Real, x: Complex) -> tuple[Complex, Complex]:
    """R coth(x)/x and its derivative by ln(x)."""
    coth = 1.0 / np.tanh(x)
    z = R * coth / x
    return z, R * (1.0 - coth * coth) - z


def _open_diffusion(p: Real, grid: Grid, jacobian: Complex) -> Complex:
    z, by_log_x = _coth_over(p[:, :1], np.sqrt(p[:, 1:]) * grid.sqrt_s)
    jacobian[:, 0] = z
    jacobian[:, 1] = 0.5 * by_log_x
    return z


def _short_diffusion(p: Real, grid: Grid, jacobian: Complex) -> Complex:
    x = np.sqrt(p[:, 1:]) * grid.sqrt_s
    tanh = np.tanh(x)
    z: Complex = p[:, :1] * tanh / x
    jacobian[:, 0] = z
    jacobian[:, 1] = 0.5 * (p[:, :1] * (1.0 - tanh * tanh) - z)
    return z


def _gerischer(p: Real, grid: Grid, jacobian: Complex) -> Complex:
    s_tau = p[:, 1:] * grid.s
    z = np.asarray(p[:, :1] / np.sqrt(1.0 + s_tau), dtype=np.complex128)
    jacobian[:, 0] = z
    jacobian[:, 1] = -0.5 * z * s_tau / (1.0 + s_tau)
    return z


def _pore(p: Real, grid: Grid, jacobian: Complex) -> Complex:
    slope = p[:, 2:] * grid.log_s
    x = np.sqrt(p[:, :1] * p[:, 1:2]) * np.exp(0.5 * slope)
    z, by_log_x = _coth_over(p[:, :1], x)
    jacobian[:, 0] = z + 0.5 * by_log_x
    jacobian[:, 1] = 0.5 * by_log_x
    jacobian[:, 2] = 0.5 * by_log_x * slope
    return z


@dataclass(frozen=True)
class Element:
    """``parameters`` are (suffix, unit); one without a suffix bears the element's own name."""

    symbol: str
    parameters: tuple[tuple[str, str], ...]
    rule: Rule


_DIFFUSION = (("R", "ohm"), ("tau", "s"))
ELEMENTS = {
    element.symbol: element
    for element in (
        Element("R", (("", "ohm"),), _resistor),
        Element("C", (("", "F"),), _capacitor),
        Element("L", (("", "H"),), _inductor),
        Element("CPE", (("Q", "S"), ("n", "1")), _constant_phase),
        Element("W", (("", "ohm/s^0.5"),), _warburg),
        Element("Wo", _DIFFUSION, _open_diffusion),
        Element("Ws", _DIFFUSION, _short_diffusion),
        Element("G", _DIFFUSION, _gerischer),
        Element("TLM", (("R", "ohm"), ("Q", "S"), ("n", "1")), _pore),
    )
}
ALIASES = {"Q": "CPE", "T": "Wo", "O": "Ws"}
BLOCKING = frozenset({"C", "CPE", "TLM"})
"""Elements without a path for direct current."""


@dataclass(frozen=True)
class Node:
    """``kind`` is an element's symbol, "series" or "parallel"."""

    kind: str
    name: str = ""
    first: int = 0
    """Index of the node's first parameter; a node's parameters are contiguous."""
    count: int = 0
    children: tuple[Node, ...] = ()

    @property
    def own(self) -> slice:
        return slice(self.first, self.first + self.count)

    @property
    def shape(self) -> tuple[Any, ...]:
        """The node without its names: equal shapes may swap places."""
        return (self.kind, *(child.shape for child in self.children))

    def leaves(self) -> Iterator[Node]:
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()

    def __str__(self) -> str:
        if self.kind == "series":
            return "-".join(map(str, self.children))
        if self.kind == "parallel":
            return f"p({','.join(map(str, self.children))})"
        return self.name
