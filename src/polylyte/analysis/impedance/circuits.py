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

    @cached_property
    def program(self) -> NDArray[np.int64]:
        """The circuit for the compiled stack machine, shape (nodes, 3); see ``_kernels``."""
        from polylyte.analysis.impedance._kernels import OPERATIONS

        rows: list[tuple[int, int, int]] = []

        def write(node: Node) -> None:
            for child in node.children:
                write(child)
            count = len(node.children) or node.count
            rows.append((OPERATIONS[node.kind], node.first, count))

        write(self.root)
        return np.array(rows, dtype=np.int64)

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

    def order(self, parameters: Real) -> NDArray[np.intp]:
        """Where to find each parameter, (N, P), once equal sub-circuits are sorted by time
        constant, fastest first; the impedance stays the same."""
        places = np.tile(np.arange(len(self)), (len(parameters), 1))
        _places(self.root, parameters, places)
        return places


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


def time_constant(node: Node, values: Real) -> Real:
    """(R Q)^(1/n) of the node's first resistance and first capacitance, or its own tau;
    of parameters (…, P)."""
    resistance = capacitance = exponent = None
    for leaf in node.leaves():
        own = values[..., leaf.own]
        if leaf.kind in ("Wo", "Ws", "G"):
            if resistance is None or capacitance is None:
                return np.asarray(own[..., 1])
        elif leaf.kind == "R" and resistance is None:
            resistance = own[..., 0]
        elif leaf.kind in ("C", "CPE") and capacitance is None:
            capacitance = own[..., 0]
            exponent = own[..., 1] if leaf.kind == "CPE" else None
    if resistance is None or capacitance is None:
        return np.asarray(values[..., node.first])
    with np.errstate(over="ignore"):
        product = resistance * capacitance
        return np.asarray(product if exponent is None else product ** (1.0 / exponent))


def _places(node: Node, values: Real, places: NDArray[np.intp]) -> None:
    """Write into ``places`` (N, P) where each sorted parameter stands in ``values`` (N, P)."""
    for child in node.children:
        _places(child, values, places)
    shapes: dict[tuple[Any, ...], list[Node]] = {}
    for child in node.children:
        shapes.setdefault(child.shape, []).append(child)
    for equal in shapes.values():
        # R0-R1 and C1-C2 in series are one element: there is nothing to sort by
        if len(equal) < 2 or len(list(equal[0].leaves())) < 2:
            continue
        now = np.take_along_axis(values, places, axis=1)
        times = np.stack([time_constant(child, now) for child in equal], axis=1)
        ranks = np.argsort(times, axis=1, kind="stable")
        blocks = np.stack([places[:, child.own] for child in equal], axis=1)
        sorted_blocks = np.take_along_axis(blocks, ranks[:, :, None], axis=1)
        for place, child in enumerate(equal):
            places[:, child.own] = sorted_blocks[:, place]


@cache
def parse(text: str) -> Circuit:
    """Compile a circuit's text.

    Raises:
        InputError: an unknown element, an unbalanced bracket, a name used twice; with position.
    """
    return Circuit(*tree(text))
