"""Equations as text: their dimension and their value, without ever executing the text."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from polylyte.core.errors import InputError
from polylyte.core.units import unit

Dimension = dict[str, Fraction]

_PART = re.compile(r"(\[[^\]]+\])(?:\^(-?[\d.]+))?")
_PURE = {"[ratio]", "[mass fraction]", "[amount fraction]", "[atom fraction]",
         "[volume fraction]"}  # fmt: skip
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "exp": math.exp, "ln": math.log, "log": math.log, "log10": math.log10, "sqrt": math.sqrt,
}  # fmt: skip
CONSTANTS = {
    "pi": ("1", math.pi), "R_gas": ("J/(mol*K)", 8.31446261815324),
    "F_const": ("C/mol", 96485.33212), "k_B": ("J/K", 1.380649e-23),
}  # fmt: skip


def of_unit(text: str) -> Dimension:
    """Powers of the base dimensions of a unit."""
    found: Dimension = {}
    for name, power in _PART.findall(unit(text).dimension):
        if name not in _PURE:
            found[name] = Fraction(power or 1).limit_denominator(100)
    return found


def spell(dimension: Dimension) -> str:
    """``m^2/s`` for a person, from powers of base dimensions."""
    names = {"[length]": "m", "[mass]": "kg", "[time]": "s", "[current]": "A",
             "[temperature]": "K", "[substance]": "mol"}  # fmt: skip
    above = [_power(names.get(n, n), p) for n, p in sorted(dimension.items()) if p > 0]
    below = [_power(names.get(n, n), -p) for n, p in sorted(dimension.items()) if p < 0]
    if not above and not below:
        return "1"
    return " ".join(above or ["1"]) + ("".join(f"/{b}" for b in below))


def _power(name: str, power: Fraction) -> str:
    return name if power == 1 else f"{name}^{power}"


def parse(text: str, *, where: str) -> ast.expr:
    """The tree of an expression such as ``exp(-E_a / (R T))`` with ``*`` written out.

    Raises:
        InputError: not an expression of numbers, names, ``+ - * / ^`` and a few functions.
    """
    try:
        tree = ast.parse(text.replace("^", "**").replace("·", "*").strip(), mode="eval").body
    except SyntaxError:
        raise _not_an_expression(text, where) from None
    for node in ast.walk(tree):
        if not isinstance(
            node,
            ast.BinOp | ast.UnaryOp | ast.Call | ast.Name | ast.Constant | ast.operator
            | ast.unaryop | ast.Load,
        ):  # fmt: skip
            raise _not_an_expression(text, where)
        if isinstance(node, ast.Constant) and (
            isinstance(node.value, bool) or not isinstance(node.value, int | float)
        ):
            raise _not_an_expression(text, where)
        if isinstance(node, ast.Call) and not (
            isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS
            and len(node.args) == 1 and not node.keywords
        ):  # fmt: skip
            raise _not_an_expression(text, where)
        if isinstance(node, ast.BinOp) and not isinstance(
            node.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow
        ):
            raise _not_an_expression(text, where)
    return tree


def _not_an_expression(text: str, where: str) -> InputError:
    return InputError(
        f"'{text}' is not an equation's side",
        where=where,
        remedy="write it as in 'A * exp(-E_a / (R_gas * T))'",
    )


def names(tree: ast.expr) -> set[str]:
    """Symbols of an expression, without functions and constants."""
    called = {n.func.id for n in ast.walk(tree)
              if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}  # fmt: skip
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - called - set(CONSTANTS)


@dataclass
class Problem:
    """``excess`` is the dimension that should not be there."""

    text: str
    excess: Dimension = field(default_factory=dict)


def dimension(
    tree: ast.expr, symbols: Mapping[str, Dimension], problems: list[Problem]
) -> Dimension:
    """Dimension of an expression; what does not fit is added to ``problems``."""
    match tree:
        case ast.Constant():
            return {}
        case ast.Name(id=name):
            return dict(symbols[name]) if name in symbols else of_unit(CONSTANTS[name][0])
        case ast.UnaryOp(operand=inner):
            return dimension(inner, symbols, problems)
        case ast.Call(func=ast.Name(id=name), args=[inner]):
            return _called(name, dimension(inner, symbols, problems), inner, problems)
        case ast.BinOp(left=left, op=op, right=right):
            a = dimension(left, symbols, problems)
            b = dimension(right, symbols, problems)
            return _combined(a, op, b, tree, problems)
    raise TypeError(ast.dump(tree))  # parse lets nothing else through


def _called(name: str, inner: Dimension, tree: ast.expr, problems: list[Problem]) -> Dimension:
    if name == "sqrt":
        return {n: p / 2 for n, p in inner.items()}
    if inner:
        problems.append(
            Problem(f"the argument of {name} has the dimension of {spell(inner)}", inner)
        )
    return {}


def _combined(
    a: Dimension, op: ast.operator, b: Dimension, tree: ast.BinOp, problems: list[Problem]
) -> Dimension:
    match op:
        case ast.Mult():
            return times(a, b, 1)
        case ast.Div():
            return times(a, b, -1)
        case ast.Pow():
            power = _number(tree.right)
            if b or (a and power is None):
                problems.append(Problem("an exponent is not a plain number", b))
                return {}
            return {n: p * (power or 1) for n, p in a.items() if p * (power or 1)}
    if a != b:
        word = "added to" if isinstance(op, ast.Add) else "subtracted from"
        problems.append(
            Problem(
                f"{ast.unparse(tree.right)} ({spell(b)}) is {word} "
                f"{ast.unparse(tree.left)} ({spell(a)})",
                times(b, a, -1),
            )
        )
    return a


def times(a: Dimension, b: Dimension, power: int) -> Dimension:
    """a · b**power."""
    found = dict(a)
    for name, p in b.items():
        found[name] = found.get(name, Fraction(0)) + power * p
    return {name: p for name, p in found.items() if p}


def _number(tree: ast.expr) -> Fraction | None:
    try:
        return Fraction(value(tree, {})).limit_denominator(100)
    except KeyError:
        return None


def value(tree: ast.expr, symbols: Mapping[str, float]) -> float:
    """Value of an expression in SI."""
    match tree:
        case ast.Constant(value=number):
            return float(number)  # type: ignore[arg-type]
        case ast.Name(id=name):
            return symbols[name] if name in symbols else CONSTANTS[name][1]
        case ast.UnaryOp(op=op, operand=inner):
            found = value(inner, symbols)
            return -found if isinstance(op, ast.USub) else found
        case ast.Call(func=ast.Name(id=name), args=[inner]):
            return _FUNCTIONS[name](value(inner, symbols))
        case ast.BinOp(left=left, op=op, right=right):
            a, b = value(left, symbols), value(right, symbols)
            match op:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.Div():
                    return a / b
            return float(a**b)
    raise TypeError(ast.dump(tree))
