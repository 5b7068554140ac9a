"""Equivalent circuits, compiled from their text to impedance and analytic Jacobian.

:mod:`~polylyte.analysis.impedance.notation` says how to write one,
:mod:`~polylyte.analysis.impedance.elements` what the elements are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polylyte.analysis.impedance.elements import BLOCKING, ELEMENTS, Complex, Grid, Node, Real
from polylyte.analysis.impedance.notation import tree


@dataclass(frozen=True)
class Circuit:
    """A compiled circuit. Its text is canonical: ``R(RQ)Q`` is ``R0-p(R1,CPE1)-CPE2``."""

    root: Node
    names: tuple[str, ...] = field(default=())
    units: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        return str(self.root)

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def exponents(self) -> NDArray[np.bool_]:
        """Which parameters are exponents n, bounded by 1."""
        return np.array([name.endswith("_n") for name in self.names])

    def impedance(self, parameters: Real, frequency: Real) -> Complex:
        """Z at ``frequency`` / Hz.

        ``parameters``: (…, P) in SI, in the order of ``names``; returns (…, F) in ohm.
        """
        values = np.atleast_2d(np.asarray(parameters, dtype=float))
        z, _ = self.evaluate(values, Grid(2 * np.pi * np.asarray(frequency, dtype=float)))
        return z[0] if np.ndim(parameters) == 1 else z

    def evaluate(self, parameters: Real, grid: Grid) -> tuple[Complex, Complex]:
        """Z, shape (S, F), and dZ/d ln(parameter), shape (S, P, F), of a batch (S, P)."""
        jacobian = np.empty((len(parameters), len(self.names), len(grid.omega)), complex)
        return _evaluate(self.root, parameters, grid, jacobian), jacobian

    def series_resistance(self, parameters: Real) -> float:
        """Resistance of the path for direct current, blocking parts in series left out.

        W and Wo count as zero (the plateau before diffusion), Ws and G by their R.
        """
        parts = self.root.children if self.root.kind == "series" else (self.root,)
        found = (_direct(part, parameters) for part in parts)
        return float(sum(value for value in found if np.isfinite(value)))

    def ordered(self, parameters: Real) -> Real:
        """The same impedance with equal sub-circuits sorted by time constant, fastest first."""
        return _ordered(self.root, np.array(parameters, dtype=float))


def _evaluate(node: Node, values: Real, grid: Grid, jacobian: Complex) -> Complex:
    if node.kind == "series":
        z = _evaluate(node.children[0], values, grid, jacobian)
        for child in node.children[1:]:
            z += _evaluate(child, values, grid, jacobian)
        return z
    if node.kind == "parallel":
        branches = [_evaluate(child, values, grid, jacobian) for child in node.children]
        total = np.asarray(1.0 / np.sum([1.0 / branch for branch in branches], axis=0))
        for child, branch in zip(node.children, branches, strict=True):
            jacobian[:, child.own] *= ((total / branch) ** 2)[:, None, :]
        return total
    return ELEMENTS[node.kind].rule(values[:, node.own], grid, jacobian[:, node.own])


def _direct(node: Node, values: Real) -> float:
    if node.kind == "series":
        return float(sum(_direct(child, values) for child in node.children))
    if node.kind == "parallel":
        branches = [_direct(child, values) for child in node.children]
        return 0.0 if 0.0 in branches else 1.0 / (sum(1.0 / b for b in branches) or 1e-300)
    if node.kind in BLOCKING:
        return float("inf")
    return float(values[node.first]) if node.kind in ("R", "Ws", "G") else 0.0


def time_constant(node: Node, values: Real) -> float:
    """(R Q)^(1/n) of the node's first resistance and first capacitance, or its own tau."""
    resistance = capacitance = None
    exponent = 1.0
    for leaf in node.leaves():
        own = values[leaf.own]
        if leaf.kind in ("Wo", "Ws", "G"):
            if resistance is None or capacitance is None:
                return float(own[1])
        elif leaf.kind == "R" and resistance is None:
            resistance = float(own[0])
        elif leaf.kind in ("C", "CPE") and capacitance is None:
            capacitance, exponent = float(own[0]), float(own[1]) if leaf.kind == "CPE" else 1.0
    if resistance is None or capacitance is None:
        return float(values[node.first])
    with np.errstate(over="ignore"):
        return float((resistance * capacitance) ** (1.0 / exponent))


def _ordered(node: Node, values: Real) -> Real:
    for child in node.children:
        values = _ordered(child, values)
    shapes: dict[tuple[Any, ...], list[Node]] = {}
    for child in node.children:
        shapes.setdefault(child.shape, []).append(child)
    for equal in shapes.values():
        # R0-R1 and C1-C2 in series are one element: there is nothing to sort by
        if len(equal) > 1 and len(list(equal[0].leaves())) > 1:
            ranked = sorted(equal, key=lambda child: time_constant(child, values))
            blocks = [values[child.own].copy() for child in ranked]
            for child, block in zip(equal, blocks, strict=True):
                values[child.own] = block
    return values


@cache
def parse(text: str) -> Circuit:
    """Compile a circuit's text.

    Raises:
        InputError: an unknown element, an unbalanced bracket, a name used twice; with position.
    """
    return Circuit(*tree(text))
