"""Non-negative quadratic programmes by block principal pivoting, for many right sides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Flags = NDArray[np.bool_]


def nonnegative(H: Real, b: Real, start: Flags | None = None) -> tuple[Real, Flags]:
    """Minimise xᵀHx/2 − bᵀx over x ≥ 0; H is symmetric and positive definite.

    Returns x and which entries are free (not held at zero). All entries of the wrong sign change
    sides at once as long as that makes fewer of them, then the last alone: exact after finitely
    many steps [Portugal, Júdice & Vicente 1994, doi:10.1090/S0025-5718-1994-1250776-4].

    Parameters:
        H: shape (N, N)
        b: shape (N,)
        start: entries guessed to be free; all, if None
    """
    count = len(b)
    free = np.ones(count, bool) if start is None else start.copy()
    slack = 1e-12 * float(np.abs(b).max() or 1.0)
    fewest, patience = count + 1, 3
    x = np.zeros(count)
    for _ in range(20 * count):
        x = np.zeros(count)
        if free.any():
            x[free] = np.linalg.solve(H[np.ix_(free, free)], b[free])
        gradient = H @ x - b
        wrong = np.where(free, x < 0, gradient < -slack)
        number = int(wrong.sum())
        if not number:
            break
        if number < fewest:
            fewest, patience = number, 3
        elif patience:
            patience -= 1
        else:
            wrong[: np.flatnonzero(wrong)[-1]] = False
        free = free ^ wrong
    return np.maximum(x, 0.0), free
