"""Impedance of a lithium cell from the porous-electrode model, linearised in PyBaMM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import (
    AnyQuantity,
    ArealResistance,
    Frequency,
    Ratio,
    Temperature,
)
from polylyte.core.methods import method, out
from polylyte.core.quantities import from_si, q, require
from polylyte.core.results import Finding, Result
from polylyte.core.tables import Table
from polylyte.materials.cells import Cell
from polylyte.simulation.cell._pybamm import SULZER_2021, parameters, pybamm
from polylyte.simulation.cell.build import built
from polylyte.simulation.cell.discharge import DOYLE_1993
from polylyte.simulation.cell.transport import FARADAY

PER_DECADE = 10


@dataclass(frozen=True, kw_only=True)
class CellImpedance(Result):
    """Times area; ``spectrum`` has one row per frequency."""

    high_frequency_resistance: ArealResistance = out("real part at the highest frequency")
    low_frequency_resistance: ArealResistance = out("real part at the lowest frequency")
    spectrum: Table = out("frequency, real and imaginary part")


def figure(result: CellImpedance) -> Figure:
    """Nyquist plot."""
    real, imaginary = result.spectrum.column("z_real"), result.spectrum.column("z_imag")
    line = Series(real, [-value for value in imaginary], style="line+points")
    return Figure(
        "impedance",
        [Panel([line], "Z'", "-Z''", "ohm cm^2", "ohm cm^2", equal=True)],
        "Simulated impedance of the cell.",
        "Arcs are the charge transfers; the slope at low frequency is diffusion of salt and of "
        "lithium in the particles.",
    )


@method(
    "cell.impedance",
    version=1,
    cites=[DOYLE_1993, SULZER_2021],
    figure=figure,
    origin="simulated",
    prose="The impedance at a state of charge of {state} was computed from the porous-electrode "
    "model of Doyle, Fuller and Newman [Doyle1993], linearised in PyBaMM [Sulzer2021].",
)
def impedance(
    *,
    cell: Cell,
    state_of_charge: Ratio = q("0.5"),
    lowest: Frequency = q("1 mHz"),
    highest: Frequency = q("100 kHz"),
    double_layer: AnyQuantity = q("0.2 F/m^2"),
    temperature: Temperature | None = None,
    grid: int = 20,
) -> CellImpedance:
    """Z(omega) = -dV/di of the porous-electrode model at rest, by linearising it.

    (i omega M - J) x = b is solved at each frequency with PyBaMM's EIS; the model is that of
    ``cell.discharge`` with a double layer on both electrodes. Valid for one electrolyte layer of a
    binary salt, at rest, small signals.

    Parameters:
        cell: the card
        state_of_charge: share of the capacity in the cell
        lowest: frequency
        highest: frequency
        double_layer: capacitance per surface of particles and of lithium
        temperature: of the cell; default the card's, else 25 degC
        grid: cells in the cathode, and in the film

    Raises:
        InputError: a card that it cannot represent; a share outside
            0 to 1; frequencies in the wrong order.
        MachineError: PyBaMM is not installed.

    References:
        Doyle, Fuller & Newman 1993, doi:10.1149/1.2221597; Sulzer et al. 2021,
        doi:10.5334/jors.309
    """
    where = cell.where or f"cell.{cell.name}"
    if not 0 < state_of_charge.si < 1:
        raise InputError(f"a state of charge of {state_of_charge} is not between 0 and 1")
    if not 0 < lowest.si < highest.si:
        raise InputError("the lowest frequency must be above zero and below the highest")
    library = pybamm()
    model = built(cell, temperature=temperature, grid=grid, needs_cathode=True)
    c = model.cathode
    assert c is not None
    values = parameters(model, where=where)
    capacitance = require(double_layer, "F/m^2", where="double_layer").si
    sites = FARADAY * c.maximum * c.active * c.thickness
    filled = c.start + (1 - state_of_charge.si) * c.nominal / sites
    values.update(
        {
            "Initial concentration in positive electrode [mol.m-3]": filled * c.maximum,
            "Positive electrode double-layer capacity [F.m-2]": capacitance,
            "Negative electrode double-layer capacity [F.m-2]": capacitance,
            "Current function [A]": 0.0,
        },
        check_already_exists=False,
    )
    options = {"working electrode": "positive", "surface form": "differential"}
    points = {"x_n": grid, "x_s": grid, "x_p": grid, "r_n": grid, "r_p": grid}
    simulation = library.EISSimulation(
        library.lithium_ion.DFN(options), parameter_values=values, var_pts=points
    )
    decades = np.log10(highest.si / lowest.si)
    frequency = np.geomspace(highest.si, lowest.si, max(2, int(decades * PER_DECADE) + 1))
    z = np.asarray(simulation.solve(frequency).impedance)
    said = [text for layer in model.layers for text in layer.assumptions] + list(c.assumptions)
    said.append("no resistance of the lithium's interphase")
    return CellImpedance(
        high_frequency_resistance=from_si(float(z[0].real), "ohm cm^2", how="simulated"),
        low_frequency_resistance=from_si(float(z[-1].real), "ohm cm^2", how="simulated"),
        spectrum=Table.of(
            {
                "frequency": frequency.tolist(),
                "z_real": (z.real * 1e4).tolist(),
                "z_imag": (z.imag * 1e4).tolist(),
            },
            {"frequency": "Hz", "z_real": "ohm cm^2", "z_imag": "ohm cm^2"},
        ),
        findings=tuple(Finding(text) for text in said),
        text={"state": str(state_of_charge)},
    )
