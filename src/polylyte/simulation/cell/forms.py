"""Functions of one variable as the parameter library writes them, evaluated on arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from polylyte.core.errors import InputError, nearest

Form = Mapping[str, Any]
KNOWN = ("polynomial", "power", "exponential", "tanh", "exp_polynomial", "over")


def evaluate(form: Form, x: Any, *, where: str = "") -> Any:
    """Sum of the terms of ``form`` at ``x``.

    polynomial: sum a_i x^i; power [a, n]: a x^n; exponential [a, b, x0]: a exp(b (x - x0));
    tanh [a, b, x0]: a tanh(b (x - x0)); exp_polynomial: exp(sum a_i x^i);
    over: the sum is divided by that form.

    Raises:
        InputError: a term that is not known.
    """
    unknown = next((name for name in form if name not in KNOWN), None)
    if unknown is not None:
        raise InputError(f"no term '{unknown}'", where=where, remedy=nearest(unknown, KNOWN))
    x = np.asarray(x, float)
    total = np.zeros_like(x)
    if "polynomial" in form:
        total += np.polynomial.polynomial.polyval(x, list(form["polynomial"]))
    for factor, power in form.get("power", ()):
        total += factor * x**power
    for height, rate, centre in form.get("exponential", ()):
        total += height * np.exp(rate * (x - centre))
    for height, rate, centre in form.get("tanh", ()):
        total += height * np.tanh(rate * (x - centre))
    if "exp_polynomial" in form:
        total += np.exp(np.polynomial.polynomial.polyval(x, list(form["exp_polynomial"])))
    if "over" in form:
        total /= evaluate(form["over"], x, where=where)
    return total
