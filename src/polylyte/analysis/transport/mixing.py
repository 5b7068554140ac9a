"""Effective conductivity of layers and of mixtures of phases; plain functions of SI floats."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence


def series(conductivities: Sequence[float], fractions: Sequence[float]) -> float:
    """1/σ = Σ φ_i/σ_i: layers across the current; the lower Wiener bound.

    Raises:
        ZeroDivisionError: a phase that does not conduct.
    """
    return 1.0 / sum(phi / sigma for sigma, phi in zip(conductivities, fractions, strict=True))


def parallel(conductivities: Sequence[float], fractions: Sequence[float]) -> float:
    """σ = Σ φ_i σ_i: layers along the current; the upper Wiener bound."""
    return sum(phi * sigma for sigma, phi in zip(conductivities, fractions, strict=True))


def maxwell(conductivities: Sequence[float], fractions: Sequence[float]) -> float:
    """Spheres (all phases but the first) in the first phase.

    (σ − σ_m)/(σ + 2 σ_m) = Σ φ_i (σ_i − σ_m)/(σ_i + 2 σ_m)
    [Maxwell 1873]; exact for few, well separated spheres, a good estimate up to φ ≈ 0.4. For two
    phases it is a Hashin–Shtrikman bound.
    """
    matrix = conductivities[0]
    strength = sum(
        phi * (sigma - matrix) / (sigma + 2 * matrix)
        for sigma, phi in zip(conductivities[1:], fractions[1:], strict=True)
    )
    return matrix * (1 + 2 * strength) / (1 - strength)


def bruggeman(conductivities: Sequence[float], fractions: Sequence[float]) -> float:
    """Symmetric effective medium: Σ φ_i (σ_i − σ)/(σ_i + 2σ) = 0.

    [Bruggeman 1935, doi:10.1002/andp.19354160705; Landauer 1952, doi:10.1063/1.1702301]. Every
    phase is grains in the effective medium; a phase that conducts alone percolates at φ = 1/3.
    Solved by bisection between the smallest and the largest σ.
    """
    low, high = min(conductivities), max(conductivities)
    for _ in range(200):
        middle = 0.5 * (low + high)
        lack = sum(
            phi * (sigma - middle) / (sigma + 2 * middle)
            for sigma, phi in zip(conductivities, fractions, strict=True)
            if sigma + middle > 0
        )
        low, high = (middle, high) if lack > 0 else (low, middle)
    return 0.5 * (low + high)


def porous(conductivities: Sequence[float], fractions: Sequence[float], exponent: float) -> float:
    """σ = σ_1 φ_1^α: the first phase in the pores of others that do not conduct.

    α = 1.5 is Bruggeman's for packed spheres; MacMullin number N_M = φ^−α, tortuosity φ^(1−α).
    """
    return float(conductivities[0] * fractions[0] ** exponent)


def hashin_shtrikman(
    conductivities: Sequence[float], fractions: Sequence[float]
) -> tuple[float, float]:
    """The narrowest bounds for an isotropic mixture of known fractions.

    A(s) − 2s with A(s) = 1/Σ φ_i/(σ_i + 2s), at s = min σ_i and s = max σ_i
    [Hashin & Shtrikman 1962, doi:10.1063/1.1728579], for any number of phases.
    """

    def bound(s: float) -> float:
        terms = [
            phi / (sigma + 2 * s) if sigma + 2 * s > 0 else float("inf")
            for sigma, phi in zip(conductivities, fractions, strict=True)
            if phi > 0
        ]
        return 1.0 / sum(terms) - 2 * s

    return max(bound(min(conductivities)), 0.0), bound(max(conductivities))


def solve(
    model: Callable[[float], float], effective: float, low: float = 1e-30, high: float = 1e30
) -> float:
    """The one argument at which a rising ``model`` gives ``effective``, by bisection in ln.

    Raises:
        ValueError: no argument does.
    """
    if not model(low) <= effective <= model(high):
        raise ValueError("no value gives this")
    for _ in range(300):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if model(middle) < effective else (low, middle)
    return math.sqrt(low * high)
