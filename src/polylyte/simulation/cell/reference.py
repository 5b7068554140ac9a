"""A published parameter set of a whole cell, discharged in PyBaMM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from polylyte.core.errors import InputError, nearest
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import Capacity, CellVoltage, CRate, Duration, Temperature
from polylyte.core.methods import method, out
from polylyte.core.quantities import from_si, q
from polylyte.core.results import Finding, Result
from polylyte.core.tables import Table
from polylyte.simulation.cell._pybamm import SULZER_2021, pybamm


@dataclass(frozen=True, kw_only=True)
class Reference(Result):
    """``text`` holds ``event``, what ended the run."""

    capacity: Capacity = out("delivered until the event")
    average_voltage: CellVoltage = out("energy over capacity")
    duration: Duration = out("until the event")
    curve: Table = out("time, voltage and capacity")


def figure(result: Reference) -> Figure:
    """The discharge curve."""
    curve = result.curve
    line = Series(curve.column("capacity"), curve.column("voltage"), style="line")
    return Figure(
        "reference",
        [Panel([line], "capacity", "voltage", "Ah", "V")],
        f"Discharge of the parameter set {result.text['parameter_set']} in PyBaMM.",
        "A published cell to hold one's own against.",
    )


@method(
    "cell.reference",
    version=1,
    cites=[SULZER_2021],
    figure=figure,
    origin="simulated",
    prose="The published parameter set {parameter_set} was discharged at {rate} with the {model} "
    "model of PyBaMM {version} [Sulzer2021]; it delivered {capacity}.",
)
def reference(
    *,
    parameter_set: str,
    rate: CRate = q("1 C-rate"),
    model: Literal["DFN", "SPMe", "SPM"] = "DFN",
    temperature: Temperature | None = None,
) -> Reference:
    """Constant-current discharge of a parameter set of PyBaMM's library, from full to its cut-off.

    Valid where the set is.

    Parameters:
        parameter_set: as PyBaMM names it, for example Chen2020
        rate: C-rate of the set's nominal capacity
        model: Doyle-Fuller-Newman, or a single-particle model
        temperature: of cell and surroundings; default the set's

    Raises:
        InputError: no such set, a rate not above zero.
        MachineError: PyBaMM is not installed.

    References:
        Sulzer et al. 2021, doi:10.5334/jors.309
    """
    library = pybamm()
    values = parameter_values(library, parameter_set, temperature)
    if rate.si <= 0:
        raise InputError(f"a discharge at {rate} does not discharge", remedy="give more than zero")
    simulation = library.Simulation(
        getattr(library.lithium_ion, model)(), parameter_values=values, C_rate=rate.si
    )
    solution = simulation.solve([0, 2 * 3600 / rate.si])
    time = solution["Time [s]"].entries
    voltage = solution["Voltage [V]"].entries
    charge = solution["Discharge capacity [A.h]"].entries
    passed = float(charge[-1])
    mean = float(np.trapezoid(voltage, charge)) / passed
    return Reference(
        capacity=from_si(3600 * passed, "Ah", how="simulated"),
        average_voltage=from_si(mean, "V", how="simulated"),
        duration=from_si(float(time[-1]), "h", how="simulated"),
        curve=Table.of(
            {"time": time, "voltage": voltage, "capacity": charge},
            {"time": "s", "voltage": "V", "capacity": "Ah"},
        ),
        findings=(Finding(f"parameters as collected in PyBaMM {library.__version__}"),),
        text={
            "event": str(solution.termination).removeprefix("event: "),
            "parameter_set": parameter_set,
            "rate": str(rate),
            "model": model,
            "version": library.__version__,
        },
    )


def parameter_values(library: Any, name: str, temperature: Any) -> Any:
    """A set of PyBaMM's library at a temperature.

    Raises:
        InputError: there is none of that name.
    """
    known = list(library.parameter_sets)
    if name not in known:
        raise InputError(f"PyBaMM has no parameter set '{name}'", remedy=nearest(name, known))
    values = library.ParameterValues(name)
    if temperature is not None:
        values.update(
            {
                "Ambient temperature [K]": temperature.si,
                "Initial temperature [K]": temperature.si,
            }
        )
    return values
