"""Every relation, applied to a paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from polylyte.literature.audit.checks import Check
from polylyte.literature.audit.copies import explain_copies
from polylyte.literature.audit.paper import Paper
from polylyte.literature.audit.relations import (
    balance,
    batches,
    boxes,
    capacities,
    composition,
    currents,
    cycling,
    declared,
    dimensions,
    energy,
    equations,
    geometry,
    polymers,
    ranges,
    references,
    repeated,
    rows,
    totals,
)

RELATIONS: tuple[Callable[[Paper], Iterator[Check]], ...] = (
    totals.checks,
    cycling.checks,
    polymers.checks,
    composition.checks,
    batches.checks,
    boxes.checks,
    equations.checks,
    geometry.checks,
    energy.checks,
    capacities.checks,
    balance.checks,
    currents.checks,
    dimensions.checks,
    ranges.checks,
    rows.checks,
    repeated.checks,
    references.checks,
    declared.checks,
)
"""Named here, not found by a scan, so that a run's key sees the code of each."""


def run(paper: Paper) -> list[Check]:
    """Every check of a paper, in the order of the relations."""
    return explain_copies([check for relation in RELATIONS for check in relation(paper)])
