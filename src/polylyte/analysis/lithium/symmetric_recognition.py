"""Which analysis of a symmetric lithium cell a record asks for."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from polylyte.analysis.lithium.critical_current_steps import LEAST_STEPS, SAME
from polylyte.analysis.lithium.symmetric_halves import halves_of, steps_of
from polylyte.analysis.lithium.symmetric_words import LEAST_HALVES, SAME_CURRENT, unlike
from polylyte.core.errors import PolylyteError

if TYPE_CHECKING:
    from polylyte.instruments.cycling import CyclingRecord

Analysis = Literal["lithium.symmetric", "lithium.critical_current"]
DRIVEN = 0.9
"""Share of the samples under current whose potential has the current's sign."""
HIGHEST = 1.0
"""V: the median of a symmetric cell's overpotential lies below."""


def asked(record: CyclingRecord) -> Analysis | None:
    """``lithium.symmetric`` or ``lithium.critical_current``; None where it is no such cell.

    Plating and stripping in turn, the potential following the current's sign about zero; one
    current density, or three and more that grow.
    """
    try:
        halves = halves_of(record, 1.0)
        unlike(halves, record)
    except PolylyteError:
        return None
    if len(halves) < LEAST_HALVES:
        return None
    driven = np.concatenate([h.overpotential for h in halves])
    if np.mean(driven > 0) < DRIVEN or np.median(driven) > HIGHEST:
        return None
    if len(steps_of(halves, SAME_CURRENT)) == 1:
        return "lithium.symmetric"
    densities = [float(np.mean([h.density for h in step])) for step in steps_of(halves, SAME)]
    up = densities[: int(np.argmax(densities)) + 1]
    growing = len(up) >= LEAST_STEPS and all(b > a for a, b in pairwise(up))
    return "lithium.critical_current" if growing else None
