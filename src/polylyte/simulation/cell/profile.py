"""A cell driven by a table: current, C-rate or power over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import (
    AnyQuantity,
    ArealCapacity,
    CellVoltage,
    Duration,
    MolarEnergy,
    Ratio,
    Temperature,
    TemperatureDifference,
    Voltage,
)
from polylyte.core.methods import method, out
from polylyte.core.quantities import from_si, q
from polylyte.core.results import Finding, Result
from polylyte.core.tables import Table
from polylyte.core.units import convert
from polylyte.materials.cells import Cell
from polylyte.simulation.cell.answer import verdicts
from polylyte.simulation.cell.build import built
from polylyte.simulation.cell.discharge import DOYLE_1993, SYMMETRIC_LIMIT
from polylyte.simulation.cell.heat import HeatOptions
from polylyte.simulation.cell.model import Model
from polylyte.simulation.cell.protocol import (
    Done,
    Step,
    charged_to,
    run_steps,
    trace,
    worst_error,
)

DRIVES = {
    "current_density": "A/m^2",
    "current": "A",
    "rate": "C-rate",
    "power_density": "W/m^2",
    "power": "W",
}
"""Columns that may drive a cell, and their SI unit."""
FIRST = 1e-3
"""First time step over the length of a row."""


@dataclass(frozen=True, kw_only=True)
class Driven(Result):
    """``text`` holds ``event``, what ended the run."""

    delivered: ArealCapacity = out("net charge, positive on discharge")
    areal_energy: AnyQuantity = out("net, delivered per cell area")
    duration: Duration = out("until the event")
    lowest_voltage: CellVoltage = out("of the whole run")
    highest_voltage: CellVoltage = out("of the whole run")
    worst_error: Ratio = out("largest relative error of salt, lithium, charge or heat in any row")
    trace: Table = out("time, voltage, current and capacity")
    temperature_rise: TemperatureDifference | None = out("highest over the start", default=None)
    voltage_difference: Voltage | None = out("rms against the table's own voltage", default=None)


def figure(result: Driven) -> Figure:
    """Voltage and current over time."""
    time = [value / 3600 for value in result.trace.column("time")]
    panels = [
        Panel([Series(time, result.trace.column(name), style="line")], "time", name, "h", unit)
        for name, unit in (("voltage", "V"), ("current", "mA/cm^2"))
    ]
    return Figure(
        "profile",
        panels,
        f"Simulated voltage under the given profile; the run ended with: {result.text['event']}.",
        "A voltage that sags more with each equal pulse is depletion of the salt.",
        "double",
    )


@method(
    "cell.profile",
    version=1,
    cites=[DOYLE_1993],
    figure=figure,
    origin="simulated",
    prose="The cell was driven by a table of {drive} over time ({between}) in the porous-electrode "
    "model of Doyle, Fuller and Newman [Doyle1993]; the run ended with: {event}.",
)
def profile(
    *,
    cell: Cell,
    table: Table,
    between: Literal["hold", "line"] = "hold",
    positive: Literal["discharge", "charge"] = "discharge",
    state_of_charge: Ratio = q("1"),
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
) -> Driven:
    """A profile of current, C-rate or power from a table, up to its end or a cut-off voltage.

    The model is that of ``cell.discharge``. ``between`` says what lies between two rows: ``hold``
    keeps a row's value until the next row's time (the last row only ends the profile), ``line``
    goes straight from one row to the next. Valid as ``cell.discharge`` is.

    Parameters:
        cell: the card
        table: columns ``time`` and one of ``current_density``, ``current`` (needs the card's
            area), ``rate``, ``power_density``, ``power``, each with its unit; with ``voltage``
            the simulated one is compared to it
        between: value held until the next row, or a straight line to it
        positive: what a positive value does
        state_of_charge: share of the capacity in the cell at the start; 1 is at rest at the upper
            cut-off
        temperature: of the cell; default the card's, else 25 degC
        lower_cutoff: ends the run; default the card's, else that of the material
        upper_cutoff: ends the run; default the card's, else that of the material
        ocp: open-circuit potential, as in ``cell.discharge``
        like: material of the library whose kinetics are used with ``ocp``
        heat_transfer: heat lost per cooled area and kelvin; without it the cell is isothermal
        heat_capacity: of the cell per electrode area; default from the masses on the card
        ambient: temperature of what cools; default that of the cell at the start
        conductivity_activation: activation energy of the electrolyte's conductivity
        grid: cells in the cathode

    Raises:
        InputError: a table without unit, not in the order of time, or with two drives; a card
            that lacks something.
        MachineError: salt, lithium, charge or heat not conserved to 1e-6.

    References:
        Doyle, Fuller & Newman 1993, doi:10.1149/1.2221597
    """
    model = built(
        cell, temperature=temperature, lower_cutoff=lower_cutoff, upper_cutoff=upper_cutoff,
        ocp=ocp, like=like, grid=grid,
        heat=HeatOptions(transfer=heat_transfer, capacity=heat_capacity, ambient=ambient,
                         conductivity_activation=conductivity_activation),
    )  # fmt: skip
    name, time, value = drive(table, cell, model)
    sign = 1.0 if positive == "discharge" else -1.0
    steps = _steps(model, time, sign * value, power=name.startswith("power"), between=between)
    done = list(run_steps(model, steps, charged_to(model, state_of_charge.si)))
    return _result(model, done, table, name, between, sign)


def drive(table: Table, cell: Cell, model: Model) -> tuple[str, Any, Any]:
    """What drives the cell, its times from zero, and its values per area in SI.

    Raises:
        InputError: a column or unit that is missing, times out of order, no number.
    """
    where = "the profile's table"
    found = [name for name in DRIVES if name in table.frame.columns]
    if "time" not in table.frame.columns or len(found) != 1:
        raise InputError(
            f"a profile has 'time' and one of {', '.join(DRIVES)}; this table has "
            f"{', '.join(table.frame.columns)}",
            where=where,
            remedy="head the columns 'time / s' and 'current_density / mA/cm^2'",
        )
    name = found[0]
    for column in ("time", name):
        if not table.units.get(column) and column != "rate":
            raise InputError(
                f"the column '{column}' has no unit",
                where=where,
                remedy=f"head it '{column} / {'s' if column == 'time' else DRIVES[name]}'",
            )
    time = np.array(table.column("time"), float) * convert(1.0, table.units["time"], "s")
    raw = np.array(table.column(name), float)
    unit = table.units.get(name, "")
    value = raw if name == "rate" and unit in ("", "1") else raw * convert(1.0, unit, DRIVES[name])
    if len(time) < 2 or not np.all(np.isfinite(time)) or not np.all(np.isfinite(value)):
        raise InputError("a profile needs two rows or more, all numbers", where=where)
    wrong = np.flatnonzero(np.diff(time) <= 0)
    if len(wrong):
        raise InputError(
            f"the time does not increase after row {wrong[0] + 1}",
            where=where,
            remedy="one row per time, in order",
        )
    if name == "rate":
        if model.cathode is None:
            raise InputError("a cell without cathode has no C-rate", where=where)
        value = value * model.cathode.nominal / 3600
    if name in ("current", "power"):
        value = value / _area(cell, where, name)
    return name, time - time[0], value


def _area(cell: Cell, where: str, name: str) -> float:
    if cell.area is None:
        raise InputError(
            f"a {name} of the whole cell needs the card's area",
            where=where,
            remedy=f"add area to the card, or give {name}_density",
        )
    return cell.area.si * (cell.layers or 1)


def _steps(model: Model, time: Any, value: Any, *, power: bool, between: str) -> list[Step]:
    c = model.cathode
    limits = (
        {"lower": c.lower, "upper": c.upper}
        if c is not None
        else {"lower": -SYMMETRIC_LIMIT, "upper": SYMMETRIC_LIMIT}
    )
    steps = []
    for i, length in enumerate(np.diff(time)):
        ramp = (value[i + 1] - value[i]) / length if between == "line" else 0.0
        arguments: dict[str, Any] = {"ramp": float(ramp), "duration": float(length), **limits}
        if power:
            # A power's current is found from a guess at about the open-circuit voltage.
            guess = value[i] if value[i] else ramp * length
            arguments |= {"power": float(value[i]), "current": float(guess) / 4.0}
        else:
            arguments["current"] = float(value[i])
        steps.append(Step("row", i + 1, {**arguments, "first": FIRST}, ("cut-off voltage",)))
    return steps


def _result(
    model: Model, done: list[Done], table: Table, name: str, between: str, sign: float
) -> Driven:
    if not len(done[0].outcome.series):
        raise InputError(
            "no state carries the first row's current", remedy="lower the current or the power"
        )
    rows = trace(model, done, number="row", sign=sign)
    voltage = np.array(rows.column("voltage"))
    time, charge = np.array(rows.column("time")), np.array(rows.column("capacity")) * 36_000
    own: dict[str, Any] = {}
    if "voltage" in table.frame.columns:
        stated = np.array(table.column("voltage"), float) * convert(
            1.0, table.units.get("voltage") or "V", "V"
        )
        at = np.array(table.column("time"), float) * convert(1.0, table.units["time"], "s")
        at = at - at[0]
        inside = at <= time[-1]
        gap = np.interp(at[inside], time, voltage) - stated[inside]
        own["voltage_difference"] = from_si(float(np.sqrt(np.mean(gap**2))), "mV", how="simulated")
    if model.thermal is not None:
        rise = max(float(one.outcome.series[:, 4].max()) for one in done) - model.temperature
        own["temperature_rise"] = from_si(rise, "K", how="simulated")
    last = done[-1]
    said = [text for layer in model.layers for text in layer.assumptions]
    said += model.cathode.assumptions if model.cathode is not None else ()
    said += model.thermal.assumptions if model.thermal is not None else ()
    ranges = {text for one in done for text in one.outcome.ranges}
    depleted = next((one for one in done if one.outcome.depleted_at is not None), None)
    if depleted is not None and depleted.outcome.depleted_at is not None:
        ranges.add(f"salt depleted after {depleted.began + depleted.outcome.depleted_at:.3g} s")

    def simulated(value: float, unit: str) -> Any:
        return from_si(value, unit, how="simulated")

    return Driven(
        delivered=simulated(float(charge[-1]), "mAh/cm^2"),
        areal_energy=simulated(float(np.trapezoid(voltage, charge)), "mWh/cm^2"),
        duration=simulated(float(time[-1]), "h"),
        lowest_voltage=simulated(float(voltage.min()), "V"),
        highest_voltage=simulated(float(voltage.max()), "V"),
        worst_error=simulated(worst_error(one.outcome for one in done), "1"),
        trace=rows,
        verdicts=verdicts(model, [one.outcome for one in done]),
        findings=tuple(Finding(text) for text in said),
        warnings=tuple(sorted(ranges)[:3]),
        text={
            "event": last.outcome.event
            + (f" in row {last.step.number}" if last.outcome.event != "end of protocol" else ""),
            "drive": name.replace("_", " "),
            "between": "held between rows" if between == "hold" else "straight lines between rows",
        },
        **own,
    )
