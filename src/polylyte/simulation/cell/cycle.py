"""Cycles of a lithium cell: discharge, rest, charge at constant current, then voltage, rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import (
    AnyQuantity,
    ArealCapacity,
    CellVoltage,
    CRate,
    Duration,
    MolarEnergy,
    Ratio,
    Temperature,
)
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, from_si, q
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.materials.cells import Cell
from polylyte.simulation.cell import model as models
from polylyte.simulation.cell.build import built
from polylyte.simulation.cell.discharge import DOYLE_1993
from polylyte.simulation.cell.heat import HeatOptions
from polylyte.simulation.cell.model import Model, Outcome
from polylyte.simulation.cell.protocol import (
    Done,
    Step,
    run_steps,
    steps_table,
    trace,
    worst_error,
)

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
    ocp: Table | None = None,
    like: str = "",
    heat_transfer: AnyQuantity | None = None,
    heat_capacity: AnyQuantity | None = None,
    ambient: Temperature | None = None,
    conductivity_activation: MolarEnergy | None = None,
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
        lower_cutoff: default the card's, else that of the material
        upper_cutoff: default the card's, else that of the material
        ocp: open-circuit potential, as in ``cell.discharge``
        like: material of the library whose kinetics are used with ``ocp``
        heat_transfer: heat lost per cooled area and kelvin; without it the cell is isothermal
        heat_capacity: of the cell per electrode area; default from the masses on the card
        ambient: temperature of what cools; default that of the cell at the start
        conductivity_activation: activation energy of the electrolyte's conductivity
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
    model = built(
        cell, temperature=temperature, lower_cutoff=lower_cutoff, upper_cutoff=upper_cutoff,
        ocp=ocp, like=like, grid=grid, needs_cathode=True,
        heat=HeatOptions(transfer=heat_transfer, capacity=heat_capacity, ambient=ambient,
                         conductivity_activation=conductivity_activation),
    )  # fmt: skip
    cathode = model.cathode
    assert cathode is not None
    per_rate = cathode.nominal / 3600
    charging = -charge_rate.si * per_rate
    steps: Steps = [
        ("discharge", {"current": discharge_rate.si * per_rate, "lower": cathode.lower}),
        ("rest", {"duration": rest.si}),
        ("charge", {"current": charging, "upper": cathode.upper}),
        ("hold", {"voltage": cathode.upper, "until_current": until.si * per_rate}),
        ("rest", {"duration": rest.si}),
    ]
    plan = [Step(name, n, given) for n in range(1, cycles + 1) for name, given in steps]
    model = models.fitted(model, discharge_rate.si * per_rate)
    done = list(run_steps(model, plan))
    return _result(done, model, discharge_rate, charge_rate, until, cycles)


def _energy(outcomes: list[Outcome]) -> float:
    return float(sum(abs(np.trapezoid(o.series[:, 1], o.series[:, 3])) for o in outcomes))


def _result(
    done: list[Done],
    model: Model,
    discharge_rate: Quantity,
    charge_rate: Quantity,
    until: Quantity,
    cycles: int,
) -> Cycling:
    last = [d for d in done if d.step.number == done[-1].step.number]
    out_steps = [d.outcome for d in last if d.step.name == "discharge"]
    in_steps = [d.outcome for d in last if d.step.name in ("charge", "hold")]
    given, taken = (
        abs(sum(float(o.series[-1, 3]) for o in group)) for group in (out_steps, in_steps)
    )
    energy = _energy(in_steps)
    worst = worst_error(d.outcome for d in done)
    finished = len(done) == 5 * cycles
    assert model.cathode is not None
    said = [text for layer in model.layers for text in layer.assumptions]
    ranges = {text for d in done for text in d.outcome.ranges}
    return Cycling(
        discharge_capacity=from_si(given, "mAh/cm^2", how="simulated"),
        charge_capacity=from_si(taken, "mAh/cm^2", how="simulated"),
        energy_efficiency=from_si(
            _energy(out_steps) / energy if energy else float("nan"), "1", how="simulated"
        ),
        worst_error=from_si(worst, "1", how="simulated"),
        trace=trace(model, done, number="cycle", sign=-1.0),
        steps=steps_table(done, number="cycle"),
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
