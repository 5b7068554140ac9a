"""Steps one after the other: each goes on from the state in which the one before ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from polylyte.core.errors import InputError
from polylyte.core.tables import Table
from polylyte.simulation.cell import model as models
from polylyte.simulation.cell.model import Model, Outcome, State
from polylyte.simulation.cell.transport import FARADAY

BROKEN = ("no convergence", "salt depleted", "too many time steps")
"""Events after which no protocol goes on."""
FULL = 0.999


@dataclass(frozen=True)
class Step:
    """``arguments`` are those of :func:`model.run`. A step that ends with one of ``stops`` is the
    last; ``number`` is that of its cycle, pulse or row."""

    name: str
    number: int
    arguments: dict[str, Any]
    stops: tuple[str, ...] = ()


@dataclass(frozen=True)
class Done:
    """One step as it went; it began at ``began`` with ``passed`` delivered before."""

    step: Step
    outcome: Outcome
    began: float
    passed: float


def run_steps(model: Model, steps: Iterable[Step], state: State | None = None) -> Iterator[Done]:
    """Every step, up to one that cannot be finished. A voltage or power step begins with the
    current that the step before ended with."""
    last = began = passed = 0.0
    for step in steps:
        arguments = step.arguments
        if "voltage" in arguments:
            arguments = {**arguments, "current": last}
        outcome = models.run(model, state=state, **arguments)
        state = outcome.state
        yield Done(step, outcome, began, passed)
        if outcome.event in (*BROKEN, *step.stops) or not len(outcome.series):
            return
        last = float(outcome.series[-1, 2])
        began += float(outcome.series[-1, 0])
        passed += float(outcome.series[-1, 3])


def charged_to(model: Model, fraction: float) -> State:
    """At rest with this share of the capacity still to be delivered.

    Raises:
        InputError: not a share.
    """
    if not 0 <= fraction <= 1:
        raise InputError(
            f"a state of charge of {fraction:g} is not between 0 and 1", remedy="1 is charged"
        )
    state = models.initial(model)
    c = model.cathode
    if c is None:
        return state
    sites = FARADAY * c.maximum * c.active * c.thickness
    filled = min(FULL, c.start + (1.0 - fraction) * c.nominal / sites)
    return replace(state, filling=np.full_like(state.filling, filled))


def trace(model: Model, done: list[Done], *, number: str, sign: float) -> Table:
    """One row per time step: what a cycler would write. ``sign`` 1: positive current
    discharges."""
    names = (number, "time", "voltage", "current", "capacity")
    columns: dict[str, list[float]] = {name: [] for name in names}
    units = {"time": "s", "voltage": "V", "current": "mA/cm^2", "capacity": "mAh/cm^2"}
    if model.thermal is not None:
        columns |= {"temperature": [], "heat_rate": []}
        units |= {"temperature": "degC", "heat_rate": "mW/cm^2"}
    for one in done:
        series = one.outcome.series
        columns[number] += [float(one.step.number)] * len(series)
        columns["time"] += list(one.began + series[:, 0])
        columns["voltage"] += list(series[:, 1])
        columns["current"] += list(sign * series[:, 2] / 10)
        columns["capacity"] += list((one.passed + series[:, 3]) / 36_000)
        if model.thermal is not None:
            columns["temperature"] += list(series[:, 4] - 273.15)
            columns["heat_rate"] += list(series[:, 5] / 10)
    return Table.of(columns, units)


def steps_table(done: list[Done], *, number: str) -> Table:
    """One row per step, with the event that ended it."""
    return Table.of(
        {
            number: [one.step.number for one in done],
            "step": [one.step.name for one in done],
            "duration": [_last(one, 0) for one in done],
            "capacity": [_last(one, 3) / 36_000 for one in done],
            "final_voltage": [_last(one, 1) if len(one.outcome.series) else None for one in done],
            "event": [one.outcome.event for one in done],
        },
        {"duration": "s", "capacity": "mAh/cm^2", "final_voltage": "V"},
    )


def _last(one: Done, column: int) -> float:
    return float(one.outcome.series[-1, column]) if len(one.outcome.series) else 0.0


def worst_error(outcomes: Iterable[Outcome]) -> float:
    """Largest relative error of salt, lithium, charge or heat in any step."""
    return max(max(o.salt_error, o.lithium_error, o.charge_error, o.energy_error) for o in outcomes)
