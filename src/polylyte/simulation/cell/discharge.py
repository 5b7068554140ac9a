"""Constant-current discharge of a lithium cell by the porous-electrode (Newman) model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, PolylyteError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import (
    AnyQuantity,
    ArealCapacity,
    CellVoltage,
    CRate,
    CurrentDensity,
    Duration,
    Length,
    Molarity,
    Ratio,
    SpecificCapacity,
    Temperature,
    Time,
)
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, from_si, q
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.materials.cells import Cell
from polylyte.simulation.cell import model as models
from polylyte.simulation.cell.cathode import cathode_of
from polylyte.simulation.cell.model import Model, Outcome

DOYLE_1993 = Citation(
    "Doyle1993",
    "Doyle, M.; Fuller, T. F.; Newman, J.",
    "Modeling of Galvanostatic Charge and Discharge of the Lithium/Polymer/Insertion Cell",
    "Journal of The Electrochemical Society",
    1993,
    "140",
    "1526–1533",
    "10.1149/1.2221597",
)
SNAPSHOTS = 9
LITHIUM = ("Li", "Cu")
SYMMETRIC_LIMIT = 1.0
"""Volt over a cell without cathode at which its run ends."""


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
    return [
        first,
        Figure(
            "profiles",
            panels,
            "Simulated profiles from the lithium (left) to the current collector (right).",
            "Concentration that touches zero inside the cathode marks the part that no longer "
            "takes part.",
            "double",
        ),
    ]


def _lines(table: Table, name: str) -> list[Series]:
    times = table.column("time")
    x, y = table.column("position"), table.column(name)
    lines = []
    for time in dict.fromkeys(times):
        rows = [i for i, value in enumerate(times) if value == time]
        lines.append(
            Series([x[i] for i in rows], [y[i] for i in rows], f"{time / 3600:.3g} h", "line")
        )
    return lines


def batch(designs: Sequence[dict[str, Any]]) -> list[Result | Exception]:
    """Many discharges at once, for sweeps; profiles are not kept."""
    prepared: list[Any] = []
    for arguments in designs:
        try:
            prepared.append(_prepare(**arguments))
        except PolylyteError as error:
            prepared.append(error)
    jobs = [item for item in prepared if not isinstance(item, Exception)]
    outcomes = iter(models.many([(job.model, job.step) for job in jobs]))
    answers: list[Result | Exception] = []
    for item in prepared:
        if isinstance(item, Exception):
            answers.append(item)
            continue
        outcome = next(outcomes)
        answers.append(outcome if isinstance(outcome, Exception) else _result(item, outcome))
    return answers


@method(
    "cell.discharge",
    version=1,
    cites=[DOYLE_1993],
    figure=figure,
    batch=batch,
    origin="simulated",
    prose="Discharge at {current_density} and {temperature} was simulated with the porous-"
    "electrode model of Doyle, Fuller and Newman [Doyle1993], finite volumes in space and "
    "second-order variable steps in time; it delivered {areal_capacity} at {average_voltage} on "
    "average and ended with: {event}.",
)
def discharge(
    *,
    cell: Cell,
    rate: CRate | None = None,
    current: CurrentDensity | None = None,
    temperature: Temperature | None = None,
    lower_cutoff: CellVoltage | None = None,
    upper_cutoff: CellVoltage | None = None,
    capacity: ArealCapacity | None = None,
    ocp: Table | None = None,
    like: str = "",
    film_resistance: AnyQuantity = q("0 ohm cm^2"),
    grid: int = 40,
) -> Discharge:
    """Discharge of Li | electrolyte | porous cathode at constant current, until an event.

    eps dc/dt = -dN/dx,  N = -D dc/dx - (1 - t+) i/F
    i = -kappa (dphi/dx - (2RT/F)(1 - t+)(1 + dlnf/dlnc) dlnc/dx),  di/dx = -a j
    j = 2 i0 sinh(-F (phi_s - phi - U)/2RT),  i0 = k sqrt(c cs (cmax - cs))
    and diffusion in spherical particles; see docs/cell-model.md. Isothermal. It starts at rest at
    the upper cut-off. A card whose stack is Li | X | Li or Li | X | Cu and that has no cathode is
    plated instead, until ``capacity`` has passed or 1 V is reached. Valid for a binary salt (or,
    with a transference number of 1, a single-ion conductor), constant diffusivity in the
    particles, and lithium that neither roughens nor runs out.

    Parameters:
        cell: the card; its electrolyte states conductivity and transference number, or names one
            of the parameter library
        rate: C-rate; 1C delivers the card's areal capacity (else that of the loading) in an hour
        current: current per area, instead of the rate
        temperature: of the cell; default the card's, else 25 degC
        lower_cutoff: voltage that ends the discharge; default that of the material
        upper_cutoff: open-circuit voltage at which it starts; default that of the material
        capacity: charge after which the run ends, if no cut-off comes before
        ocp: open-circuit potential, columns ``stoichiometry`` and ``potential``
        like: material of the library whose kinetics and density are used with ``ocp``
        film_resistance: of the lithium's interphase, times area
        grid: cells in the cathode

    Raises:
        InputError: a card that lacks something, or is not possible.
        MachineError: salt, lithium or charge not conserved to 1e-6.

    References:
        Doyle, Fuller & Newman 1993, doi:10.1149/1.2221597
    """
    job = _prepare(
        cell=cell, rate=rate, current=current, temperature=temperature, lower_cutoff=lower_cutoff,
        upper_cutoff=upper_cutoff, capacity=capacity, ocp=ocp, like=like,
        film_resistance=film_resistance, grid=grid,
    )  # fmt: skip
    return _result(job, models.run(job.model, **job.step, profiles=True))


@dataclass(frozen=True)
class _Job:
    model: Model
    step: dict[str, Any]
    current: float
    reference: str


def _prepare(
    *,
    cell: Cell,
    rate: Quantity | None = None,
    current: Quantity | None = None,
    temperature: Quantity | None = None,
    lower_cutoff: Quantity | None = None,
    upper_cutoff: Quantity | None = None,
    capacity: Quantity | None = None,
    ocp: Table | None = None,
    like: str = "",
    film_resistance: Quantity | None = None,
    grid: int = 40,
) -> _Job:
    where = cell.where or f"cell.{cell.name}"
    given = temperature or cell.temperature
    kelvin = given.si if given else 298.15
    film = film_resistance.si if film_resistance else 0.0
    cathode = None
    if cell.cathode is not None:
        cathode = cathode_of(
            cell.cathode, temperature=kelvin, lower=lower_cutoff, upper=upper_cutoff, ocp=ocp,
            like=like, where=f"{where} cathode",
        )  # fmt: skip
    elif not (cell.stack and cell.stack[0] == "Li" and cell.stack[-1] in LITHIUM):
        raise InputError(
            "the card has no cathode",
            where=where,
            remedy='add cathode = { … }, or stack = ["Li", "…", "Li"] for a symmetric cell',
        )
    model = models.model_of(cell, temperature=kelvin, cathode=cathode, cells=grid, film=film)
    amps, reference = _current(model, rate, current)
    step: dict[str, Any] = {"current": amps}
    if cathode is not None:
        step |= {"lower": cathode.lower, "upper": cathode.upper + 1.0}
    else:
        step |= {"lower": -SYMMETRIC_LIMIT, "upper": SYMMETRIC_LIMIT}
        if capacity is None:
            raise InputError(
                "a cell without cathode needs the capacity to plate",
                where=where,
                remedy='set capacity = "1 mAh/cm^2"',
            )
    if capacity is not None:
        step["duration"] = capacity.si / amps
    return _Job(model, step, amps, reference)


def _current(model: Model, rate: Quantity | None, current: Quantity | None) -> tuple[float, str]:
    """Current per area, and what 1C means."""
    if (rate is None) == (current is None):
        raise InputError("give either rate or current", remedy='set rate = "0.5 C-rate"')
    asked = current if rate is None else rate
    assert asked is not None
    if asked.si <= 0:
        raise InputError(f"a discharge at {asked} does not discharge", remedy="give more than zero")
    if current is not None:
        return current.si, ""
    if model.cathode is None:
        raise InputError(
            "a cell without cathode has no C-rate", remedy='set current = "0.5 mA/cm^2"'
        )
    nominal = model.cathode.nominal
    return asked.si * nominal / 3600, f"1C is {nominal / 36_000:.4g} mA/cm^2"


def _simulated(value: float, unit: str) -> Quantity:
    return from_si(value, unit, how="simulated")


def _result(job: _Job, outcome: Outcome) -> Discharge:
    model, series = job.model, outcome.series
    if not len(series):
        raise InputError(
            f"no state carries {job.current / 10:.3g} mA/cm^2 even at the start",
            remedy="lower the current",
        )
    time, voltage, _, charge = series.T
    passed = float(charge[-1])
    energy = float(np.trapezoid(voltage, charge) + voltage[0] * charge[0])
    limit = models.limiting_current(model)
    findings = [Finding(text) for layer in model.layers for text in layer.assumptions]
    if job.reference:
        findings.append(Finding(job.reference))
    if model.cathode is not None:
        findings += [Finding(text) for text in model.cathode.assumptions]
    findings.append(Finding("lithium: exchange current 1 mA/cm^2 at 1 mol/L assumed"))
    warnings = list(outcome.ranges)
    if outcome.depleted_at is not None and outcome.depleted_where is not None:
        warnings.append(
            f"salt depleted after {outcome.depleted_at:.3g} s, {outcome.depleted_where * 1e6:.3g} "
            "um from the lithium; the run went on to its end"
        )
    if limit is not None and job.current > limit:
        warnings.append(
            f"{job.current / 10:.3g} mA/cm^2 is above the film's steady limiting current of "
            f"{limit / 10:.3g} mA/cm^2"
        )
    own: dict[str, Any] = {}
    if model.cathode is not None:
        own["specific_capacity"] = _simulated(passed / model.cathode.loading, "mAh/g")
        own["capacity_fraction"] = _simulated(passed / model.cathode.nominal, "1")
    if limit is not None:
        own["limiting_current"] = _simulated(limit, "mA/cm^2")
    if outcome.depleted_at is not None and outcome.depleted_where is not None:
        own["depletion_time"] = _simulated(outcome.depleted_at, "s")
        own["depletion_place"] = _simulated(outcome.depleted_where, "um")
    worst = max(outcome.salt_error, outcome.lithium_error, outcome.charge_error)
    return Discharge(
        areal_capacity=_simulated(passed, "mAh/cm^2"),
        current_density=_simulated(job.current, "mA/cm^2"),
        duration=_simulated(float(time[-1]), "h"),
        final_voltage=_simulated(float(voltage[-1]), "V"),
        average_voltage=_simulated(energy / passed, "V"),
        areal_energy=_simulated(energy, "mWh/cm^2"),
        lowest_salt=_simulated(outcome.lowest, "mol/L"),
        highest_salt=_simulated(outcome.highest, "mol/L"),
        salt_error=_simulated(outcome.salt_error, "1"),
        lithium_error=_simulated(outcome.lithium_error, "1"),
        charge_error=_simulated(outcome.charge_error, "1"),
        curve=Table.of(
            {"time": time, "voltage": voltage, "capacity": charge / 36_000},
            {"time": "s", "voltage": "V", "capacity": "mAh/cm^2"},
        ),
        profiles=_profiles(outcome),
        verdicts=(
            Verdict(
                "conserved",
                worst <= models.CONSERVED,
                f"salt {outcome.salt_error:.0e}, lithium {outcome.lithium_error:.0e}, charge "
                f"{outcome.charge_error:.0e}",
            ),
            Verdict("ended", outcome.event != "no convergence", f"ended with: {outcome.event}"),
        ),
        findings=tuple(findings),
        warnings=tuple(warnings),
        text={"event": outcome.event, "temperature": f"{model.temperature - 273.15:g} °C"},
        **own,
    )


def _profiles(outcome: Outcome) -> Table:
    """Nine moments, evenly spread over the charge."""
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
