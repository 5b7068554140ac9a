"""From the arguments of a method to a model: what discharges, cycles and profiles share."""

from __future__ import annotations

from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity
from polylyte.core.tables import Table
from polylyte.materials.cells import Cell
from polylyte.simulation.cell import model as models
from polylyte.simulation.cell.cathode import cathode_of
from polylyte.simulation.cell.heat import HeatOptions, with_heat
from polylyte.simulation.cell.model import Model

LITHIUM = ("Li", "Cu")
ROOM = 298.15


def built(
    cell: Cell,
    *,
    temperature: Quantity | None = None,
    lower_cutoff: Quantity | None = None,
    upper_cutoff: Quantity | None = None,
    ocp: Table | None = None,
    diffusivity: Table | None = None,
    like: str = "",
    film_resistance: Quantity | None = None,
    grid: int = 40,
    heat: HeatOptions | None = None,
    needs_cathode: bool = False,
) -> Model:
    """The card as a model; a stack Li | X | Li or Li | X | Cu needs no cathode.

    Raises:
        InputError: a card that lacks something, or is not possible.
    """
    where = cell.where or f"cell.{cell.name}"
    given = temperature or cell.temperature
    kelvin = given.si if given else ROOM
    cathode = None
    if cell.cathode is not None:
        cathode = cathode_of(
            cell.cathode, temperature=kelvin, lower=lower_cutoff or cell.lower_cutoff,
            upper=upper_cutoff or cell.upper_cutoff, ocp=ocp, like=like,
            where=f"{where} cathode", diffusivity=diffusivity,
        )  # fmt: skip
    elif needs_cathode or not (cell.stack and cell.stack[0] == "Li" and cell.stack[-1] in LITHIUM):
        raise InputError(
            "the card has no cathode",
            where=where,
            remedy="add cathode = { … }"
            if needs_cathode
            else 'add cathode = { … }, or stack = ["Li", "…", "Li"] for a symmetric cell',
        )
    elif ocp is not None or diffusivity is not None:
        raise InputError("an OCP or diffusivity without a cathode", where=where)
    film = film_resistance.si if film_resistance else 0.0
    model = models.model_of(cell, temperature=kelvin, cathode=cathode, cells=grid, film=film)
    return with_heat(model, cell, heat or HeatOptions())
