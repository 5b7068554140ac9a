"""Equivalent circuits as text, compiled to impedance and analytic Jacobian.

Two notations are read and may be mixed: ``R0-p(R1,CPE1)-CPE2`` (series by ``-``, branches of
``p(...)`` by ``,``) and the circuit description code of Boukamp, ``R(RQ)Q`` or ``R(Q[RW])``,
where a bracket in a series is a parallel group and a bracket in a parallel group is a series.

Elements, with s = jω and their parameters (all positive; 0 < n <= 1):

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

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polylyte.core.errors import InputError

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


# ---------------------------------------------------------------------------- the notation

_WORD = re.compile(r"[A-Za-z]+")
_NUMBER = re.compile(r"_?(\d+)")


@cache
def parse(text: str) -> Circuit:
    """Compile a circuit's text.

    Raises:
        InputError: an unknown element, an unbalanced bracket, a name used twice; with position.
    """
    root = _Parser(text).circuit()
    root, names, units = _placed(root)
    return Circuit(root, names, units)


class _Parser:
    """Recursive descent over the text; nodes still lack numbers and places."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.separated = bool(re.search(r"[-,]", text))
        self.named: set[str] = set()

    def fail(self, what: str, remedy: str, at: int | None = None) -> InputError:
        place = (self.at if at is None else at) + 1
        return InputError(what, where=f"circuit '{self.text}', position {place}", remedy=remedy)

    def peek(self) -> str:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.text[self.at] if self.at < len(self.text) else ""

    def circuit(self) -> Node:
        if not self.text.strip():
            raise self.fail("the circuit is empty", "write it as in 'R0-p(R1,CPE1)-CPE2'")
        node = _series(self.items(stop=""))
        if self.peek():
            raise self.fail(f"'{self.peek()}' closes nothing", "remove it")
        return node

    def items(self, stop: str, inside: str = "series") -> list[Node]:
        """Items in a row, with or without ``-`` between them, up to one of ``stop``."""
        found: list[Node] = []
        expected = True
        while (char := self.peek()) and char not in ")],":
            if char == "-":
                if expected:
                    raise self.fail("an element is missing before '-'", "remove the '-'")
                self.at += 1
                expected = True
                continue
            found.extend(self.item(inside))
            expected = False
        if expected:
            raise self.fail("an element is missing here", "add it, or remove the separator")
        if not char and stop:
            raise self.fail(f"a bracket is not closed: '{stop}' is missing", f"add '{stop}'")
        return found

    def item(self, inside: str) -> list[Node]:
        char, start = self.peek(), self.at
        if char == "p" and self.text[start + 1 :].lstrip()[:1] == "(":
            self.at = self.text.index("(", start)
            return [self.group("parallel")]
        if char == "[":
            return [self.group("series")]
        if char == "(":
            return [self.group("series" if inside == "parallel" else "parallel")]
        return self.elements()

    def group(self, kind: str) -> Node:
        closing = "]" if self.peek() == "[" else ")"
        self.at += 1
        branches: list[Node] = []
        commas = False
        while True:
            row = self.items(closing, inside=kind)
            char = self.peek()
            commas = commas or char == ","
            branches.extend([_series(row)] if commas else row)
            if char != ",":
                break
            self.at += 1
        if char != closing:
            raise self.fail(f"'{char}' closes a bracket opened otherwise", f"write '{closing}'")
        self.at += 1
        # commas always part the branches of a parallel group: R0-(R1,C1)
        return _parallel(branches) if kind == "parallel" or commas else _series(branches)

    def elements(self) -> list[Node]:
        start = self.at
        word = _WORD.match(self.text, start)
        if word is None:
            raise self.fail(f"'{self.text[start]}' is not part of a circuit", "remove it")
        symbols = self.split(word[0], start)
        self.at = word.end()
        number = _NUMBER.match(self.text, self.at)
        if number:
            self.at = number.end()
        nodes = [Node(ALIASES.get(symbol, symbol)) for symbol in symbols]
        if number:
            name = f"{nodes[-1].kind}{int(number[1])}"
            if name in self.named:
                raise self.fail(f"'{name}' is there twice", "number the elements apart", start)
            self.named.add(name)
            nodes[-1] = Node(nodes[-1].kind, name)
        return nodes

    def split(self, word: str, start: int) -> list[str]:
        """``RQ`` of a circuit description code is R and Q; ``Wo`` is one element."""
        known = {*ELEMENTS, *ALIASES}
        if word in known:
            return [word]
        symbols: list[str] = []
        rest = word
        while rest and not self.separated:
            symbol = next((rest[:n] for n in (3, 2, 1) if rest[:n] in known), None)
            if symbol is None:
                break
            symbols.append(symbol)
            rest = rest[len(symbol) :]
        if not rest:
            return symbols
        raise self.fail(f"unknown element '{word}'", _suggest(word, known), start)


def _suggest(word: str, known: set[str]) -> str:
    folded = {name.lower(): name for name in sorted(known)}
    close = get_close_matches(word.lower(), folded, n=1, cutoff=0.5)
    if close:
        return f"did you mean '{folded[close[0]]}'?"
    return f"known: {', '.join(ELEMENTS)}"


def _series(nodes: Sequence[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else _flat("series", nodes)


def _parallel(nodes: Sequence[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else _flat("parallel", nodes)


def _flat(kind: str, nodes: Sequence[Node]) -> Node:
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.children if node.kind == kind else (node,))
    return Node(kind, children=tuple(flat))


def _placed(root: Node) -> tuple[Node, tuple[str, ...], tuple[str, ...]]:
    """Number the nameless elements and give every node its place in the parameter vector."""
    taken = {leaf.name for leaf in root.leaves() if leaf.name}
    top = root.children if root.kind == "series" else (root,)
    in_series = any(child.kind == "R" for child in top)
    next_number = dict.fromkeys(ELEMENTS, 1) | {"R": 0 if in_series else 1}
    names: list[str] = []
    units: list[str] = []

    def place(node: Node) -> Node:
        first = len(names)
        if node.children:
            children = tuple(place(child) for child in node.children)
            return Node(node.kind, "", first, len(names) - first, children)
        name = node.name
        while not name or (not node.name and name in taken):
            name = f"{node.kind}{next_number[node.kind]}"
            next_number[node.kind] += 1
        for suffix, unit in ELEMENTS[node.kind].parameters:
            names.append(f"{name}_{suffix}" if suffix else name)
            units.append(unit)
        return Node(node.kind, name, first, len(names) - first)

    return place(root), tuple(names), tuple(units)
