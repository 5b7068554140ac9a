"""What a summary of cycles says about its input."""

from __future__ import annotations

import numpy as np

from polylyte.analysis.cycling.summary_cells import Cell, Scalars
from polylyte.core.results import Finding, Verdict

COUNTER_AGREEMENT = 0.005
"""Relative difference of counter and integration in a complete cycle."""
SAME_RATE = 0.05
"""Relative difference of two currents of one rate."""


def counter(cell: Cell) -> Verdict:
    """The instrument's charge against the integral of its current."""
    name = f"counter against integral{cell.mark}"
    found = cell.found
    if not cell.record.has_counter:
        return Verdict(name, None, "the file has no counter of charge: charges are integrals")
    whole = found.complete
    pairs = (
        (found.charge[whole], found.integrated_charge[whole]),
        (found.discharge[whole], found.integrated_discharge[whole]),
    )
    differences = np.max([np.abs(b / a - 1) for a, b in pairs], axis=0)
    worst, at = float(differences.max()), int(found.number[whole][differences.argmax()])
    text = (
        f"the cycler's charge and the integral of its current differ by at most "
        f"{100 * worst:.2g} %, in cycle {at} (limit {100 * COUNTER_AGREEMENT:.2g} %; the integral "
        "is the poorer one where a half cycle has few samples)"
    )
    return Verdict(name, worst <= COUNTER_AGREEMENT, text)


def plausible(cell: Cell) -> Verdict:
    """No cycle gives back more than it took."""
    a, b = cell.efficiency.split("/")
    whole = cell.found.complete
    over = int((cell.passed(a)[whole] > cell.passed(b)[whole] * (1 + 2 * cell.accuracy)).sum())
    count = int(whole.sum())
    text = (
        f"{over} of {count} complete cycles have a Coulombic efficiency ({cell.efficiency}) "
        "above 100 %"
    )
    if over > count / 2:
        text += "; if the working electrode takes up lithium first, turn efficiency around"
    return Verdict(f"efficiency not above 100 %{cell.mark}", over == 0, text)


def one_rate(cell: Cell, own: Scalars) -> Verdict:
    """The reference and the last cycle run at one current."""
    found = cell.found
    current = found.discharge_current if cell.capacity == "discharge" else found.charge_current
    first, last = float(current[own.reference]), float(current[own.last])
    text = (
        f"the {cell.capacity} current is {1e3 * first:.4g} mA in the reference and "
        f"{1e3 * last:.4g} mA in the last cycle"
    )
    same = abs(last / first - 1) <= SAME_RATE if first > 0 else False
    if not same:
        text += ": this retention is not of one rate, see cycling.rate"
    return Verdict(f"one rate{cell.mark}", same, text)


def findings_of(cell: Cell, own: Scalars) -> list[Finding]:
    """The cycle rule, and what is missing or summed up."""
    found, where = cell.found, cell.name
    notes = [Finding(f"cycle rule: {found.rule}", where=where)]
    for k in np.flatnonzero(~found.complete):
        text = f"cycle {found.number[k]} is not complete and counts in no mean and no decay"
        notes.append(Finding(text, where=where))
    many = found.number[(found.halves > 2) & found.complete]
    if len(many):
        text = (
            f"{len(many)} cycles (the first: {many[0]}) hold more than one charge and one "
            "discharge, summed up"
        )
        notes.append(Finding(text, "warning", where, "set cycle_rule to tell them apart"))
    several = found.number[found.several_steps & (found.halves <= 2)]
    if len(several) and "all steps" in found.rule:
        text = (
            f"{len(several)} cycles (the first: {several[0]}) have several steps of one "
            "direction, summed up; a counter that restarts with each step shows the largest alone"
        )
        notes.append(Finding(text, "note", where, "set steps to 'largest' for that number"))
    missing = int(found.number[-1] - found.number[0] + 1 - len(found))
    if missing:
        notes.append(Finding(f"{missing} cycle numbers are missing", "warning", where))
    if cell.scatter is None:
        text = "fewer than six complete cycles: the scatter between cycles is not known"
        notes.append(Finding(text, where=where))
    if not cell.record.has_counter:
        notes.append(Finding("no counter in the file: charges are integrals", where=where))
    return notes
