"""Cycles of a lithium cell: discharge, rest, charge at constant current, then voltage, rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import (
    ArealCapacity,
    CellVoltage,
    CRate,
    Duration,
    Ratio,
    Temperature,
)
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, from_si, q
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.materials.cells import Cell
from polylyte.simulation.cell import model as models
from polylyte.simulation.cell.cathode import cathode_of
from polylyte.simulation.cell.discharge import DOYLE_1993
from polylyte.simulation.cell.model import Model, Outcome

Steps = list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Cycling(Result):
    """``steps`` has one row per step of the protocol with the event that ended it."""

    discharge_capacity: ArealCapacity = out("of the last cycle")
    charge_capacity: ArealCapacity = out("of the last cycle, constant voltage included")
    energy_efficiency: Ratio = out("energy delivered over energy taken, last cycle")
    worst_error: Ratio = out("largest relative error of salt, lithium or charge in any step")
    trace: Table = out("time, voltage, current and capacity passed")
    steps: Table = out("one row per step")


def figure(result: Cycling) -> Figure:
    """Voltage and current over time."""
    time = [value / 3600 for value in result.trace.column("time")]
    panels = [
        Panel([Series(time, result.trace.column(name), style="line")], "time", name, "h", unit)
        for name, unit in (("voltage", "V"), ("current", "mA/cm^2"))
    ]
    return Figure(
        "cycle",
        panels,
        "Simulated voltage and current; positive current charges.",
        "The voltage that a rest gives back is polarisation.",
        "double",
    )


@method(
    "cell.cycle",
    version=1,
    cites=[DOYLE_1993],
    figure=figure,
    origin="simulated",
    prose="{count} cycles were simulated with the porous-electrode model of Doyle, Fuller and "
    "Newman [Doyle1993]: discharge at {discharge_rate}, rest, charge at {charge_rate} to the upper "
    "cut-off and at that voltage until the current had fallen to {until}; the last cycle "
    "delivered {discharge_capacity}.",
)
def cycle(
    *,
    cell: Cell,
    discharge_rate: CRate = q("0.5 C-rate"),
    charge_rate: CRate = q("0.5 C-rate"),
    until: CRate = q("0.05 C-rate"),
    cycles: int = 1,
    rest: Duration = q("0.5 h"),
    temperature: Temperature | None = None,
    lower_cutoff: CellVoltage | None = None,
    upper_cutoff: CellVoltage | None = None,
    grid: int = 40,
) -> Cycling:
    """Discharge, rest, CC-CV charge and rest, repeated, from the charged state at rest.

    The model is that of ``cell.discharge``; each step goes on from the state of the one before.
    There is no loss of lithium or of active material, so the coulombic efficiency is one by
    construction and is not reported. Valid as ``cell.discharge`` is.

    Parameters:
        cell: the card
        discharge_rate: constant current to the lower cut-off
        charge_rate: constant current to the upper cut-off
        until: rate to which the current falls at the upper cut-off
        cycles: how many
        rest: after each discharge and each charge
        temperature: of the cell; default the card's, else 25 degC
        lower_cutoff: default that of the material
        upper_cutoff: default that of the material
        grid: cells in the cathode

    Raises:
        InputError: a card that lacks something, or a rate that is not above zero.
        MachineError: salt, lithium or charge not conserved to 1e-6.

    References:
        Doyle, Fuller & Newman 1993, doi:10.1149/1.2221597
    """
    where = cell.where or f"cell.{cell.name}"
    if min(discharge_rate.si, charge_rate.si, until.si) <= 0 or cycles < 1 or rest.si <= 0:
        raise InputError("rates, rest and the number of cycles must be above zero", where=where)
    if cell.cathode is None:
        raise InputError("the card has no cathode", where=where, remedy="add cathode = { … }")
    given = temperature or cell.temperature
    kelvin = given.si if given else 298.15
    cathode = cathode_of(
        cell.cathode, temperature=kelvin, lower=lower_cutoff, upper=upper_cutoff, ocp=None,
        like="", where=f"{where} cathode",
    )  # fmt: skip
    model = models.model_of(cell, temperature=kelvin, cathode=cathode, cells=grid)
    per_rate = cathode.nominal / 3600
    charging = -charge_rate.si * per_rate
    steps: Steps = [
        ("discharge", {"current": discharge_rate.si * per_rate, "lower": cathode.lower}),
        ("rest", {"duration": rest.si}),
        ("charge", {"current": charging, "upper": cathode.upper}),
        ("hold", {"voltage": cathode.upper, "until_current": until.si * per_rate}),
        ("rest", {"duration": rest.si}),
    ]
    done = list(_run(model, steps, cycles))
    return _result(done, model, discharge_rate, charge_rate, until, cycles)


def _run(model: Model, steps: Steps, cycles: int) -> Iterator[tuple[int, str, Outcome]]:
    """Every step; a hold begins with the current that the step before ended with."""
    state = None
    for number in range(1, cycles + 1):
        last = 0.0
        for name, arguments in steps:
            if name == "hold":
                arguments = {**arguments, "current": last}
            outcome = models.run(model, state=state, **arguments)
            state = outcome.state
            yield number, name, outcome
            if outcome.event in ("no convergence", "salt depleted", "too many time steps"):
                return
            last = float(outcome.series[-1, 2])


def _energy(outcomes: list[Outcome]) -> float:
    return float(sum(abs(np.trapezoid(o.series[:, 1], o.series[:, 3])) for o in outcomes))


def _result(
    done: list[tuple[int, str, Outcome]],
    model: Model,
    discharge_rate: Quantity,
    charge_rate: Quantity,
    until: Quantity,
    cycles: int,
) -> Cycling:
    columns: dict[str, list[float]] = {
        name: [] for name in ("cycle", "time", "voltage", "current", "capacity")
    }
    began = passed = 0.0
    for number, _, outcome in done:
        time, voltage, current, charge = outcome.series.T
        columns["cycle"] += [float(number)] * len(time)
        columns["time"] += list(began + time)
        columns["voltage"] += list(voltage)
        columns["current"] += list(-current / 10)
        columns["capacity"] += list((passed + charge) / 36_000)
        began, passed = began + float(time[-1]), passed + float(charge[-1])
    last = [(name, o) for number, name, o in done if number == done[-1][0]]
    out_steps = [o for name, o in last if name == "discharge"]
    in_steps = [o for name, o in last if name in ("charge", "hold")]
    given, taken = (
        abs(sum(float(o.series[-1, 3]) for o in group)) for group in (out_steps, in_steps)
    )
    energy = _energy(in_steps)
    worst = max(max(o.salt_error, o.lithium_error, o.charge_error) for _, _, o in done)
    finished = len(done) == 5 * cycles
    assert model.cathode is not None
    said = [text for layer in model.layers for text in layer.assumptions]
    ranges = {text for _, _, o in done for text in o.ranges}
    return Cycling(
        discharge_capacity=from_si(given, "mAh/cm^2", how="simulated"),
        charge_capacity=from_si(taken, "mAh/cm^2", how="simulated"),
        energy_efficiency=from_si(
            _energy(out_steps) / energy if energy else float("nan"), "1", how="simulated"
        ),
        worst_error=from_si(worst, "1", how="simulated"),
        trace=Table.of(
            columns, {"time": "s", "voltage": "V", "current": "mA/cm^2", "capacity": "mAh/cm^2"}
        ),
        steps=Table.of(
            {
                "cycle": [number for number, _, _ in done],
                "step": [name for _, name, _ in done],
                "duration": [float(o.series[-1, 0]) for _, _, o in done],
                "capacity": [float(o.series[-1, 3]) / 36_000 for _, _, o in done],
                "event": [o.event for _, _, o in done],
            },
            {"duration": "s", "capacity": "mAh/cm^2"},
        ),
        verdicts=(
            Verdict("conserved", worst <= models.CONSERVED, f"{worst:.0e} at most"),
            Verdict("ended", finished, f"{len(done)} steps of {5 * cycles}"),
        ),
        findings=tuple(Finding(text) for text in (*said, *model.cathode.assumptions)),
        warnings=tuple(sorted(ranges)[:3]),
        text={
            "count": str(cycles),
            "discharge_rate": str(discharge_rate),
            "charge_rate": str(charge_rate),
            "until": str(until),
        },
    )
