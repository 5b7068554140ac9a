"""Expressions in one variable, as BPX files write them: read as arithmetic, never executed."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from polylyte.core.errors import InputError

FUNCTIONS: dict[str, Callable[[Any], Any]] = {"exp": np.exp, "tanh": np.tanh, "cosh": np.cosh}
OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}
LONGEST = 20_000


def function(text: str, *, where: str) -> Callable[[Any], Any]:
    """``text`` as a function of ``x`` on arrays: numbers, + - * / **, exp, tanh, cosh.

    Raises:
        InputError: anything else in it.
    """
    try:
        if len(text) > LONGEST:
            raise ValueError(f"longer than {LONGEST} characters")
        tree = ast.parse(text.strip(), mode="eval").body
        _value(tree, np.ones(1))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InputError(
            f"'{text[:60]}' is not an expression in x ({str(error).splitlines()[0]})",
            where=where,
            remedy=f"numbers, x, + - * / ** and {', '.join(FUNCTIONS)} are known",
        ) from None

    def evaluate(x: Any) -> Any:
        x = np.asarray(x, float)
        return np.broadcast_to(np.asarray(_value(tree, x), float), x.shape).copy()

    return evaluate


def _value(node: ast.expr, x: Any) -> Any:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Name) and node.id == "x":
        return x
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return OPERATORS[type(node.op)](_value(node.left, x), _value(node.right, x))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _value(node.operand, x)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        known = FUNCTIONS.get(node.func.id)
        if known is not None and len(node.args) == 1:
            return known(_value(node.args[0], x))
    raise ValueError(f"{ast.unparse(node)[:40]} is not known")
