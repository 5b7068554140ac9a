"""Discharge of the positive electrode of a BPX file against lithium."""

from __future__ import annotations

from typing import Literal

from polylyte.core.errors import InputError
from polylyte.core.kinds import CRate, Temperature
from polylyte.core.methods import method
from polylyte.core.quantities import q
from polylyte.simulation.cell import model as models
from polylyte.simulation.cell.answer import Discharge, answer, figure
from polylyte.simulation.cell.bpx import BatteryParameters
from polylyte.simulation.cell.bpx_cell import model_of_bpx
from polylyte.simulation.cell.discharge import DOYLE_1993


@method(
    "cell.bpx_discharge",
    version=1,
    cites=[DOYLE_1993],
    figure=figure,
    origin="simulated",
    prose="The positive electrode of a BPX parameter file was discharged against lithium at "
    "{current_density} with the porous-electrode model of Doyle, Fuller and Newman [Doyle1993]; "
    "it delivered {areal_capacity} and ended with: {event}.",
)
def bpx_discharge(
    *,
    parameters: BatteryParameters,
    rate: CRate = q("1 C-rate"),
    against: Literal["", "lithium"] = "",
    temperature: Temperature | None = None,
    grid: int = 40,
) -> Discharge:
    """The positive electrode, separator and electrolyte of a BPX file against lithium metal.

    The model is that of ``cell.discharge``; it starts at the open-circuit voltage of the file's
    upper cut-off. Valid for one active material, no hysteresis, thermodynamic factor 1.

    Parameters:
        parameters: BPX file (JSON), version 0.x or 1.x
        rate: C-rate of the file's nominal capacity
        against: lithium takes the positive electrode of a file that has a negative one as well
        temperature: of the cell; default the file's initial temperature
        grid: cells in the cathode

    Raises:
        InputError: what the model cannot represent, or what the file lacks.
        MachineError: salt, lithium or charge not conserved to 1e-6.

    References:
        Doyle, Fuller & Newman 1993, doi:10.1149/1.2221597
    """
    if rate.si <= 0:
        raise InputError(f"a discharge at {rate} does not discharge", remedy="give more than zero")
    kelvin = temperature.si if temperature else None
    model = model_of_bpx(parameters, temperature=kelvin, grid=grid, alone=bool(against))
    assert model.cathode is not None
    current = rate.si * model.cathode.nominal / 3600
    outcome = models.run(
        model, current=current, lower=model.cathode.lower, upper=model.cathode.upper + 1.0,
        profiles=True,
    )  # fmt: skip
    if not len(outcome.series):
        raise InputError("no state carries this current even at the start", remedy="lower the rate")
    reference = f"1C is {model.cathode.nominal / 36_000:.4g} mA/cm^2"
    return answer(model, outcome, current, reference, {}, None)
