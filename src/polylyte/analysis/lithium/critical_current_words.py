"""Words, tables and figures of critical current densities."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from polylyte.analysis.lithium.critical_current_steps import Criterion, Staircase
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Verdict
from polylyte.core.tables import Table

DENSITY, CAPACITY = "mA/cm^2", "mAh/cm^2"


def step_table(cases: Sequence[Staircase]) -> Table:
    """Every step of every cell."""
    columns: dict[str, list[Any]] = {}
    for case in cases:
        for k, step in enumerate(case.steps):
            row = {
                "cell": case.name,
                "step": k + 1,
                "current_density": step.density / 10,
                "half_cycles": len(step.halves),
                "half_cycle_duration": step.duration / 3600,
                "areal_capacity": step.charge / 36e3,
                "overpotential": 1e3 * step.overpotential,
                "area_specific_resistance": 1e4 * step.resistance,
                "proportional": k < case.linear,
                "sustained": case.failing is None or k < case.failing,
                "failure": step.failure,
                "detail": step.detail,
                "begin": step.halves[0].begin / 3600,
            }
            for name, value in row.items():
                columns.setdefault(name, []).append(value)
    return Table.of(
        columns,
        {"current_density": DENSITY, "half_cycle_duration": "h", "areal_capacity": CAPACITY,
         "overpotential": "mV", "area_specific_resistance": "ohm cm^2", "begin": "h"},
    )  # fmt: skip


def cell_table(cases: Sequence[Staircase], each: Sequence[Mapping[str, Quantity]]) -> Table:
    """Each cell's own values."""
    return Table.of_quantities(
        {
            "cell": [case.name for case in cases],
            "criterion": [case.criterion or "not failed" for case in cases],
            "protocol": [case.protocol for case in cases],
        },
        {name: [own[name] for own in each] for name in each[0]},
    )


def verdicts(case: Staircase) -> list[Verdict]:
    """Whether the bracket is closed, and whether the cell failed only once."""
    mark = case.mark
    if case.failing is None:
        top = case.steps[-1].density / 10
        closed = f"no step failed up to {top:.4g} mA cm⁻²: a lower bound"
    elif case.failing == 0:
        closed = f"the first step, {case.steps[0].density / 10:.4g} mA cm⁻², failed already"
    else:
        low, high = (v / 10 for v in case.bracket)
        closed = f"between {low:.4g} and {high:.4g} mA cm⁻² ({case.criterion})"
    late = [] if case.failing is None else [
        s for s in case.steps[case.failing + 1 :] if not s.failure
    ]  # fmt: skip
    return [
        Verdict(f"failure bracketed{mark}", case.failing not in (None, 0), closed),
        Verdict(
            f"stays failed{mark}",
            None if case.failing is None else not late,
            "no step failed"
            if case.failing is None
            else "no step after the first failing one was sustained"
            if not late
            else f"{len(late)} steps after the first failing one show no failure: a short that "
            "came and went (soft), or a failure by chance",
        ),
    ]


def findings(case: Staircase, criterion: Criterion) -> list[Finding]:
    """Protocol and capacity; what was left out."""
    first, last = case.steps[0], (case.sustained or case.steps)[-1]
    made = [
        Finding(
            f"{case.protocol}: a half cycle of {_minutes(first.duration)} and "
            f"{first.charge / 36e3:.4g} mAh cm⁻² at {first.density / 10:.4g} mA cm⁻², of "
            f"{_minutes(last.duration)} and {last.charge / 36e3:.4g} mAh cm⁻² at "
            f"{last.density / 10:.4g}; a cycle is two of them{case.mark}"
        )
    ]
    if case.ignored:
        made.append(
            Finding(f"{case.ignored} half cycles after the largest current are left out{case.mark}")
        )
    if abs(case.zero) > 1e-3:
        made.append(
            Finding(f"a zero of {1e3 * case.zero:.3g} mV was taken off the potential{case.mark}")
        )
    if criterion != "any":
        made.append(Finding(f"only '{criterion}' counts as a failure here{case.mark}"))
    if case.departs is not None:
        step = case.steps[case.departs]
        made.append(
            Finding(
                f"from {step.density / 10:.4g} mA cm⁻² on the overpotential is not proportional "
                f"to the current ({1e4 * step.resistance:.4g} Ω cm²){case.mark}"
            )
        )
    return made


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.4g} min"


def words_of(cases: Sequence[Staircase], fields: Mapping[str, Quantity]) -> dict[str, str]:
    """Words of the prose."""
    protocols = list(dict.fromkeys(case.protocol for case in cases))
    criteria = list(dict.fromkeys(case.criterion for case in cases if case.criterion))
    densities = [case.steps[0].density / 10 for case in cases]
    tops = [case.steps[-1].density / 10 for case in cases]
    step = cases[0].steps[0]
    by_time = protocols[0] != "constant capacity"
    each = f"{_minutes(step.duration)}" if by_time else f"{step.charge / 36e3:.4g} mAh cm⁻²"
    critical = fields["critical_current_density"]
    low, high = cases[0].bracket
    if len(cases) > 1:
        ends = critical.interval
        inside = "" if ends is None else f" (95 %: {ends[0]:.3g} to {ends[1]:.3g} mA cm⁻²)"
        bracket = f"median {critical}{inside}"
    elif not math.isfinite(high):
        bracket = f"more than {low / 10:.4g} mA cm⁻² (no step failed)"
    else:
        bracket = f"more than {low / 10:.4g} and at most {high / 10:.4g} mA cm⁻²"
    return {
        "cell_count": "one cell" if len(cases) == 1 else f"n = {len(cases)}",
        "staircase": f"from {min(densities):.4g} to {max(tops):.4g} mA cm⁻²",
        "protocol": " and ".join(protocols),
        "half_cycle": each,
        "criterion": " and ".join(criteria) or "no failure",
        "bracket": bracket,
    }


def figures(profile: Table, steps: Table, cells: Table, caption: str) -> list[Figure]:
    """Staircase of each cell, and overpotential over current density of all."""
    made = []
    names = cells.column("cell")
    for number, cell in enumerate(names, 1):
        own = profile.frame.filter(profile.frame["cell"] == cell)
        rows = steps.frame.filter((steps.frame["cell"] == cell) & (steps.frame["failure"] != ""))
        marks = [Mark(rows["begin"][0], "first failing step")] if len(rows) else []
        hours = own["time"].to_list()
        made.append(
            Figure(
                "critical-current" if len(names) == 1 else f"critical-current-{number}",
                [
                    Panel([Series(hours, own["current_density"].to_list(), style="line")], "Time",
                          "Current density", "h", DENSITY, marks=marks,
                          title=cell if len(names) > 1 else ""),
                    Panel([Series(hours, own["potential"].to_list(), style="line")], "Time",
                          "Potential", "h", "mV", marks=marks),
                ],
                caption,
                "Good: plateaus that grow with the current, then one sudden failure. Bad: a "
                "potential that stays behind the current without a step (a creeping soft short).",
                "double",
            )
        )  # fmt: skip
    made.append(_over_current(steps, cells, names))
    return made


def _over_current(steps: Table, cells: Table, names: Sequence[str]) -> Figure:
    series: list[Series] = []
    resistance = cells.column("area_specific_resistance")
    for color, (cell, ohm) in enumerate(zip(names, resistance, strict=True)):
        own = steps.frame.filter(steps.frame["cell"] == cell)
        good = own.filter(own["sustained"])
        label = cell if len(names) > 1 else "sustained"
        x, y = good["current_density"].to_list(), good["overpotential"].to_list()
        series.append(Series(x, y, label, "points", color=color))
        bad = own.filter(~own["sustained"])
        if len(bad):
            series.append(
                Series(bad["current_density"].to_list(), bad["overpotential"].to_list(),
                       "failed" if len(names) == 1 else "", "points", color=color + 1
                       if len(names) == 1 else color)
            )  # fmt: skip
        if ohm is not None and x:
            series.append(Series([0.0, max(x)], [0.0, ohm * max(x)], "", "dashed", color=color))
    return Figure(
        "overpotential",
        [Panel(series, "Current density", "Plateau overpotential", DENSITY, "mV")],
        "Overpotential over current density; dashed: the resistance of the proportional steps.",
        "Good: points on the line up to the failure. Bad: points that bend upward (salt "
        "depletes) or downward (a growing surface or a creeping short) before it.",
    )
