"""A discharge whose profiles are written as a page, a moving picture and a table."""

from __future__ import annotations

from dataclasses import replace

from polylyte.core.kinds import CellVoltage, CRate, CurrentDensity, Temperature
from polylyte.core.methods import method
from polylyte.materials.cells import Cell
from polylyte.simulation.cell import _moving
from polylyte.simulation.cell.answer import Discharge, figure
from polylyte.simulation.cell.discharge import DOYLE_1993, discharge


@method(
    "cell.animate",
    version=1,
    cites=[DOYLE_1993],
    figure=figure,
    origin="simulated",
    prose="Profiles of salt, potential, reaction and filling during a discharge at "
    "{current_density} were simulated with the porous-electrode model of Doyle, Fuller and Newman "
    "[Doyle1993] and are given as an animation with its data.",
)
def animate(
    *,
    cell: Cell,
    rate: CRate | None = None,
    current: CurrentDensity | None = None,
    temperature: Temperature | None = None,
    lower_cutoff: CellVoltage | None = None,
    upper_cutoff: CellVoltage | None = None,
    grid: int = 40,
) -> Discharge:
    """``cell.discharge``, with its profiles over time as files.

    ``files``: a page with a slider that needs nothing else (HTML), an animated picture (PNG) and
    the table that both show (CSV). Valid as ``cell.discharge`` is.

    Parameters:
        cell: the card
        rate: C-rate, as in ``cell.discharge``
        current: current per area, instead of the rate
        temperature: of the cell; default the card's, else 25 degC
        lower_cutoff: ends the discharge; default the card's, else that of the material
        upper_cutoff: where it starts; default the card's, else that of the material
        grid: cells in the cathode

    Raises:
        InputError: a card that lacks something, or is not possible.
        MachineError: salt, lithium or charge not conserved to 1e-6.

    References:
        Doyle, Fuller & Newman 1993, doi:10.1149/1.2221597
    """
    result = discharge(
        cell=cell, rate=rate, current=current, temperature=temperature, lower_cutoff=lower_cutoff,
        upper_cutoff=upper_cutoff, grid=grid,
    )  # fmt: skip
    files = {
        "profiles.html": _moving.page(result.profiles, f"Discharge of {cell.name}"),
        "profiles.png": _moving.picture(result.profiles),
        "profiles.csv": _moving.data(result.profiles),
    }
    return replace(result, files=files)
