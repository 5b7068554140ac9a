"""What a discharge answers: quantities, tables and figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import (
    AnyQuantity,
    ArealCapacity,
    CellVoltage,
    CurrentDensity,
    Duration,
    Length,
    Molarity,
    Ratio,
    SpecificCapacity,
    TemperatureDifference,
    Time,
)
from polylyte.core.methods import out
from polylyte.core.quantities import from_si
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.simulation.cell import model as models
from polylyte.simulation.cell.model import Model, Outcome

SNAPSHOTS = 41
"""Moments that the table of profiles keeps; the printed figure draws every fifth."""
DRAWN = 9


@dataclass(frozen=True, kw_only=True)
class Discharge(Result):
    """``text`` holds ``event``, what ended the run."""

    areal_capacity: ArealCapacity = out("delivered until the event")
    current_density: CurrentDensity = out("per cell area, positive on discharge")
    duration: Duration = out("until the event")
    final_voltage: CellVoltage = out("at the event")
    average_voltage: CellVoltage = out("energy over capacity")
    areal_energy: AnyQuantity = out("delivered per cell area")
    lowest_salt: Molarity = out("lowest salt concentration anywhere, at any time")
    highest_salt: Molarity = out("highest salt concentration anywhere, at any time")
    salt_error: Ratio = out("relative change of the salt in the cell")
    lithium_error: Ratio = out("lithium in the cathode against the charge")
    charge_error: Ratio = out("charge against the integral of the current")
    curve: Table = out("time, voltage and capacity")
    profiles: Table = out("concentration, potential and reaction across the cell")
    specific_capacity: SpecificCapacity | None = out("per active mass", default=None)
    capacity_fraction: Ratio | None = out("of the capacity that defines 1C", default=None)
    depletion_time: Time | None = out("when salt first fell below 0.1 % of its start", default=None)
    depletion_place: Length | None = out("where, from the lithium", default=None)
    limiting_current: CurrentDensity | None = out(
        "of the electrolyte film alone, at steady state", default=None
    )
    heat: AnyQuantity | None = out("made per cell area", default=None)
    temperature_rise: TemperatureDifference | None = out("highest over the start", default=None)
    energy_error: Ratio | None = out("heat made against heat stored and lost", default=None)
    sensitivities: Table | None = out("of what is delivered to each uncertain input", default=None)


def figure(result: Discharge) -> list[Figure]:
    """Discharge curve; concentration and potential across the cell."""
    curve = result.curve
    unit = curve.units["capacity"]
    drawn = Series(curve.column("capacity"), curve.column("voltage"), style="line")
    event = result.text.get("event", "")
    first = Figure(
        "discharge",
        [Panel([drawn], "capacity", "voltage", unit, "V")],
        f"Simulated voltage; the run ended with: {event}.",
        "A long slope before the end is polarisation of the electrolyte; a sharp knee far from "
        "the full capacity is depletion of the salt.",
    )
    panels = []
    for name, label, y_unit in (
        ("concentration", "salt concentration", "mol/L"),
        ("electrolyte_potential", "electrolyte potential", "V"),
    ):
        panels.append(Panel(_lines(result.profiles, name), "position", label, "um", y_unit))
    made = [first] if result.temperature_rise is None else [first, heat_figure(curve)]
    return [
        *made,
        Figure(
            "profiles",
            panels,
            "Simulated profiles from the lithium (left) to the current collector (right).",
            "Concentration that touches zero inside the cathode marks the part that no longer "
            "takes part.",
            "double",
        ),
    ]


def heat_figure(curve: Table) -> Figure:
    """Temperature and heat over time."""
    time = [value / 3600 for value in curve.column("time")]
    panels = [
        Panel([Series(time, curve.column(name), style="line")], "time", label, "h", unit)
        for name, label, unit in (
            ("temperature", "temperature", "degC"),
            ("heat_rate", "heat", "mW/cm^2"),
        )
    ]
    return Figure(
        "heat",
        panels,
        "Simulated temperature of the cell and the heat it makes per area.",
        "Heat that rises towards the end is polarisation; where it is negative, the reaction takes "
        "up heat.",
        "double",
    )


def _lines(table: Table, name: str) -> list[Series]:
    times = table.column("time")
    x, y = table.column("position"), table.column(name)
    lines = []
    moments = list(dict.fromkeys(times))
    for time in moments[:: max(1, (len(moments) - 1) // (DRAWN - 1))]:
        rows = [i for i, value in enumerate(times) if value == time]
        lines.append(
            Series([x[i] for i in rows], [y[i] for i in rows], f"{time / 3600:.3g} h", "line")
        )
    return lines


def energy(outcome: Outcome) -> float:
    """Delivered per area, J/m^2; before the first row the voltage is that of the first row."""
    voltage, charge = outcome.series[:, 1], outcome.series[:, 3]
    return float(np.trapezoid(voltage, charge) + voltage[0] * charge[0])


def delivered(model: Model, outcome: Outcome) -> dict[str, float]:
    """What a discharge delivers, in SI, by the name of its quantity."""
    series = outcome.series
    passed, joule = float(series[-1, 3]), energy(outcome)
    made = {
        "areal_capacity": passed,
        "duration": float(series[-1, 0]),
        "average_voltage": joule / passed,
        "areal_energy": joule,
    }
    if model.cathode is not None:
        # A BPX file does not tell the mass.
        if model.cathode.loading > 0:
            made["specific_capacity"] = passed / model.cathode.loading
        made["capacity_fraction"] = passed / model.cathode.nominal
    return made


UNITS = {
    "areal_capacity": "mAh/cm^2",
    "duration": "h",
    "average_voltage": "V",
    "areal_energy": "mWh/cm^2",
    "specific_capacity": "mAh/g",
    "capacity_fraction": "1",
}


def answer(
    model: Model,
    outcome: Outcome,
    current: float,
    reference: str,
    spread: dict[str, dict[str, float]],
    sensitivities: Table | None,
) -> Discharge:
    """The result of one run; ``spread`` holds the components of uncertainty by quantity."""
    series = outcome.series
    values = delivered(model, outcome)
    own: dict[str, Any] = {
        name: from_si(value, UNITS[name], components=spread.get(name, {}), how="simulated")
        for name, value in values.items()
    }

    def simulated(value: float, unit: str) -> Any:
        return from_si(value, unit, how="simulated")

    limit = models.limiting_current(model)
    if limit is not None:
        own["limiting_current"] = simulated(limit, "mA/cm^2")
    if outcome.depleted_at is not None and outcome.depleted_where is not None:
        own["depletion_time"] = simulated(outcome.depleted_at, "s")
        own["depletion_place"] = simulated(outcome.depleted_where, "um")
    if model.thermal is not None:
        own["temperature_rise"] = simulated(float(series[:, 4].max() - model.temperature), "K")
        own["heat"] = simulated(float(series[-1, 8]), "J/cm^2")
        own["energy_error"] = simulated(outcome.energy_error, "1")
    return Discharge(
        current_density=simulated(current, "mA/cm^2"),
        final_voltage=simulated(float(series[-1, 1]), "V"),
        lowest_salt=simulated(outcome.lowest, "mol/L"),
        highest_salt=simulated(outcome.highest, "mol/L"),
        salt_error=simulated(outcome.salt_error, "1"),
        lithium_error=simulated(outcome.lithium_error, "1"),
        charge_error=simulated(outcome.charge_error, "1"),
        curve=curve(model, outcome),
        profiles=_profiles(outcome),
        sensitivities=sensitivities,
        verdicts=verdicts(model, [outcome]),
        findings=(*_said(model, reference),),
        warnings=tuple(_warnings(model, outcome, current)),
        text={"event": outcome.event, "temperature": f"{model.temperature - 273.15:g} °C"},
        **own,
    )


def curve(model: Model, outcome: Outcome) -> Table:
    """Time, voltage and capacity; temperature and heat where the cell has its own."""
    series = outcome.series
    columns = {"time": series[:, 0], "voltage": series[:, 1], "capacity": series[:, 3] / 36_000}
    units = {"time": "s", "voltage": "V", "capacity": "mAh/cm^2"}
    if model.thermal is not None:
        columns |= {
            "temperature": series[:, 4] - 273.15,
            "heat_rate": series[:, 5] / 10,
            "reaction_heat_rate": series[:, 6] / 10,
            "reversible_heat_rate": series[:, 7] / 10,
        }
        heats = ("heat_rate", "reaction_heat_rate", "reversible_heat_rate")
        units |= {"temperature": "degC", **dict.fromkeys(heats, "mW/cm^2")}
    return Table.of(columns, units)


def verdicts(model: Model, outcomes: list[Outcome]) -> tuple[Verdict, ...]:
    """Whether everything was conserved, and whether the runs reached an end."""
    parts = {
        name: max(getattr(outcome, f"{name}_error") for outcome in outcomes)
        for name in ("salt", "lithium", "charge", "energy")
    }
    if model.thermal is None:
        parts.pop("energy")
    event = outcomes[-1].event
    text = ", ".join(f"{name} {value:.0e}" for name, value in parts.items())
    return (
        Verdict("conserved", bool(max(parts.values()) <= models.CONSERVED), text),
        Verdict("ended", event != "no convergence", f"ended with: {event}"),
    )


def _said(model: Model, reference: str) -> list[Finding]:
    said = [text for layer in model.layers for text in layer.assumptions]
    said += [reference] if reference else []
    said += model.cathode.assumptions if model.cathode is not None else ()
    said.append("lithium: exchange current 1 mA/cm^2 at 1 mol/L assumed")
    said += model.thermal.assumptions if model.thermal is not None else ()
    return [Finding(text) for text in said]


def _warnings(model: Model, outcome: Outcome, current: float) -> list[str]:
    warnings = list(outcome.ranges)
    if outcome.depleted_at is not None and outcome.depleted_where is not None:
        warnings.append(
            f"salt depleted after {outcome.depleted_at:.3g} s, {outcome.depleted_where * 1e6:.3g} "
            "um from the lithium; the run went on to its end"
        )
    limit = models.limiting_current(model)
    if limit is not None and current > limit:
        warnings.append(
            f"{current / 10:.3g} mA/cm^2 is above the film's steady limiting current of "
            f"{limit / 10:.3g} mA/cm^2"
        )
    return warnings


def _profiles(outcome: Outcome) -> Table:
    """Moments evenly spread over the charge."""
    units = {
        "time": "s",
        "position": "um",
        "concentration": "mol/L",
        "electrolyte_potential": "V",
        "reaction": "mA/cm^2",
        "surface_stoichiometry": "1",
    }
    kept = outcome.profiles
    charge = outcome.series[: len(kept), 3]
    picked = []
    if len(kept):
        goals = np.linspace(0.0, charge[-1], SNAPSHOTS)
        picked = sorted({int(np.argmin(abs(charge - goal))) for goal in goals})
    columns: dict[str, list[float]] = {name: [] for name in units}
    for i in picked:
        c, phi, j, s = kept[i]
        columns["time"] += [float(outcome.series[i, 0])] * len(outcome.x)
        columns["position"] += list(outcome.x * 1e6)
        columns["concentration"] += list(c / 1000)
        columns["electrolyte_potential"] += list(phi)
        columns["reaction"] += list(j / 10)
        columns["surface_stoichiometry"] += list(s)
    return Table.of(columns, units)
