"""Constant-current discharge of a lithium cell by the porous-electrode (Newman) model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, PolylyteError
from polylyte.core.kinds import (
    AnyQuantity,
    ArealCapacity,
    ArealResistance,
    CellVoltage,
    CRate,
    CurrentDensity,
    MolarEnergy,
    Ratio,
    Temperature,
)
from polylyte.core.methods import method
from polylyte.core.quantities import Quantity, q
from polylyte.core.results import Result
from polylyte.core.tables import Table
from polylyte.materials.cells import Cell
from polylyte.simulation.cell import model as models
from polylyte.simulation.cell.answer import Discharge, answer, delivered, figure
from polylyte.simulation.cell.build import built
from polylyte.simulation.cell.heat import HeatOptions
from polylyte.simulation.cell.model import Model, Outcome
from polylyte.simulation.cell.sensitivity import propagated

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
SYMMETRIC_LIMIT = 1.0
"""Volt over a cell without cathode at which its run ends."""


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
    for arguments, item in zip(designs, prepared, strict=True):
        if isinstance(item, Exception):
            answers.append(item)
            continue
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            answers.append(outcome)
            continue
        try:
            answers.append(_answered(arguments, item, outcome))
        except PolylyteError as error:
            answers.append(error)
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
    diffusivity: Table | None = None,
    film_resistance: ArealResistance = q("0 ohm cm^2"),
    heat_transfer: AnyQuantity | None = None,
    heat_capacity: AnyQuantity | None = None,
    cooled_area: Ratio | None = None,
    ambient: Temperature | None = None,
    conductivity_activation: MolarEnergy | None = None,
    entropic_coefficient: AnyQuantity | None = None,
    grid: int = 40,
) -> Discharge:
    """Discharge of Li | electrolyte | porous cathode at constant current, until an event.

    eps dc/dt = -dN/dx,  N = -D dc/dx - (1 - t+) i/F
    i = -kappa (dphi/dx - (2RT/F)(1 - t+)(1 + dlnf/dlnc) dlnc/dx),  di/dx = -a j
    j = 2 i0 sinh(-F (phi_s - phi - U)/2RT),  i0 = k sqrt(c cs (cmax - cs))
    and diffusion in spherical particles; see docs/cell-model.md. It starts at rest at the upper
    cut-off, and is isothermal unless ``heat_transfer`` is given: then
    m cp dT/dt = sum(a j (U - T dU/dT)) - I V - h (T - T_ambient), one T for the whole cell, with
    Arrhenius laws for kappa, D, k. A card whose stack is Li | X | Li or Li | X | Cu and that has
    no cathode is plated instead, until ``capacity`` has passed or 1 V is reached. Where inputs
    have uncertainties, each is moved by its standard uncertainty up and down, and what the cell
    delivers carries the differences (linear propagation). Valid for a binary salt (or, with a
    transference number of 1, a single-ion conductor), and lithium that neither roughens nor runs
    out.

    Parameters:
        cell: the card; its electrolyte states conductivity and transference number, or names one
            of the parameter library
        rate: C-rate; 1C delivers the card's areal capacity (else that of the loading) in an hour
        current: current per area, instead of the rate
        temperature: of the cell; default the card's, else 25 degC
        lower_cutoff: voltage that ends the discharge; default the card's, else that of the
            material
        upper_cutoff: open-circuit voltage at which it starts; default the card's, else that of
            the material
        capacity: charge after which the run ends, if no cut-off comes before
        ocp: open-circuit potential, columns ``stoichiometry``, ``potential`` and, if known,
            ``entropic_coefficient``
        like: material of the library whose kinetics and density are used with ``ocp``
        diffusivity: of lithium in the particles, columns ``stoichiometry`` and ``diffusivity``
        film_resistance: of the lithium's interphase, times area
        heat_transfer: heat lost per cooled area and kelvin; without it the cell is isothermal
        heat_capacity: of the cell per electrode area; default from the masses on the card
        cooled_area: over the area of the electrodes; default both faces of the stack
        ambient: temperature of what cools; default that of the cell at the start
        conductivity_activation: activation energy of the electrolyte's conductivity
        entropic_coefficient: dU/dT against lithium, one for all stoichiometries
        grid: cells in the cathode

    Raises:
        InputError: a card that lacks something, or is not possible.
        MachineError: salt, lithium, charge or heat not conserved to 1e-6.

    References:
        Doyle, Fuller & Newman 1993, doi:10.1149/1.2221597
    """
    arguments: dict[str, Any] = {
        "cell": cell, "rate": rate, "current": current, "temperature": temperature,
        "lower_cutoff": lower_cutoff, "upper_cutoff": upper_cutoff, "capacity": capacity,
        "ocp": ocp, "like": like, "diffusivity": diffusivity, "film_resistance": film_resistance,
        "heat_transfer": heat_transfer, "heat_capacity": heat_capacity,
        "cooled_area": cooled_area, "ambient": ambient,
        "conductivity_activation": conductivity_activation,
        "entropic_coefficient": entropic_coefficient, "grid": grid,
    }  # fmt: skip
    job = _prepare(**arguments)
    return _answered(arguments, job, models.run(job.model, **job.step, profiles=True))


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
    capacity: Quantity | None = None,
    heat_transfer: Quantity | None = None,
    heat_capacity: Quantity | None = None,
    cooled_area: Quantity | None = None,
    ambient: Quantity | None = None,
    conductivity_activation: Quantity | None = None,
    entropic_coefficient: Quantity | None = None,
    **options: Any,
) -> _Job:
    heat = HeatOptions(
        transfer=heat_transfer, capacity=heat_capacity, cooled_area=cooled_area, ambient=ambient,
        conductivity_activation=conductivity_activation,
        entropic_coefficient=entropic_coefficient,
    )  # fmt: skip
    model = built(cell, heat=heat, **options)
    amps, reference = _current(model, rate, current)
    step: dict[str, Any] = {"current": amps}
    if model.cathode is not None:
        step |= {"lower": model.cathode.lower, "upper": model.cathode.upper + 1.0}
    else:
        step |= {"lower": -SYMMETRIC_LIMIT, "upper": SYMMETRIC_LIMIT}
        if capacity is None:
            raise InputError(
                "a cell without cathode needs the capacity to plate",
                where=cell.where or f"cell.{cell.name}",
                remedy='set capacity = "1 mAh/cm^2"',
            )
    if capacity is not None:
        step["duration"] = capacity.si / amps
    return _Job(models.fitted(model, amps), step, amps, reference)


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


def _answered(arguments: dict[str, Any], job: _Job, outcome: Outcome) -> Discharge:
    """The result, with the uncertainty of the inputs carried through.

    Raises:
        InputError: not even the first moment is possible.
    """
    if not len(outcome.series):
        raise InputError(
            f"no state carries {job.current / 10:.3g} mA/cm^2 even at the start",
            remedy="lower the current",
        )

    def values(changed: dict[str, Any]) -> dict[str, float]:
        moved = _prepare(**changed)
        return delivered(moved.model, models.run(moved.model, **moved.step))

    spread, table = propagated(arguments, values, delivered(job.model, outcome))
    return answer(job.model, outcome, job.current, job.reference, spread, table)
