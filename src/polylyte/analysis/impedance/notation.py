"""The text of a circuit, read into a tree.

Two notations are read and may be mixed: ``R0-p(R1,CPE1)-CPE2`` (series by ``-``, branches of
``p(...)`` by ``,``) and the circuit description code of Boukamp, ``R(RQ)Q`` or ``R(Q[RW])``,
where a bracket in a series is a parallel group and a bracket in a parallel group is a series.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NamedTuple

from polylyte.analysis.impedance.elements import ALIASES, ELEMENTS, Node
from polylyte.core.errors import InputError


class Tree(NamedTuple):
    """The circuit's root, and its parameters' names and units in order."""

    root: Node
    names: tuple[str, ...]
    units: tuple[str, ...]


def tree(text: str) -> Tree:
    """Read a circuit's text.

    Raises:
        InputError: an unknown element, an unbalanced bracket, a name used twice; with position.
    """
    return _placed(_Parser(text).circuit())


_WORD = re.compile(r"[A-Za-z]+")
_NUMBER = re.compile(r"_?(\d+)")


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


def _placed(root: Node) -> Tree:
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

    return Tree(place(root), tuple(names), tuple(units))
