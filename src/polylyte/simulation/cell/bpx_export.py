"""A cell card as a BPX file."""

from __future__ import annotations

from dataclasses import dataclass

from polylyte.core.citations import Citation
from polylyte.core.kinds import Capacity, Temperature
from polylyte.core.methods import method, out
from polylyte.core.quantities import from_si
from polylyte.core.results import Finding, Result
from polylyte.materials.cells import Cell
from polylyte.simulation.cell.bpx_cell import bpx_of_model
from polylyte.simulation.cell.build import built

BPX_2022 = Citation(
    "BPX2022",
    "The authors of the BPX standard",
    "Battery Parameter eXchange (BPX)",
    "https://bpxstandard.com",
    2022,
)


@dataclass(frozen=True, kw_only=True)
class Exported(Result):
    """``files`` holds the BPX file."""

    nominal_capacity: Capacity = out("of the file's electrode area")


@method(
    "cell.bpx",
    version=1,
    cites=[BPX_2022],
    prose="The cell's parameters were written as a BPX file ({name}) [BPX2022].",
)
def bpx(*, cell: Cell, temperature: Temperature | None = None) -> Exported:
    """The card's cathode, electrolyte and separator as a partial BPX 1.0 file.

    Functions are written as tables, at the stated temperature; the lithium's exchange current
    density is under User-defined. Valid for one electrolyte layer with one transference number
    and a thermodynamic factor of 1: BPX has no place for the rest.

    Parameters:
        cell: the card; its area, else 1 m^2, is the file's
        temperature: of the functions; default the card's, else 25 degC

    Raises:
        InputError: a card that lacks something, or that BPX cannot represent.

    References:
        Battery Parameter eXchange, https://bpxstandard.com
    """
    model = built(cell, temperature=temperature, needs_cathode=True)
    area = cell.area.si if cell.area else 1.0
    document = bpx_of_model(model, title=cell.name, area=area)
    assert model.cathode is not None
    said = [text for layer in model.layers for text in layer.assumptions]
    said += model.cathode.assumptions
    if cell.area is None:
        said.append("the card has no area: the file is of 1 m^2")
    name = f"{cell.name}.bpx.json"
    return Exported(
        nominal_capacity=from_si(model.cathode.nominal * area, "Ah", how="derived"),
        files={name: document.to_bytes()},
        findings=tuple(Finding(text) for text in said),
        text={"name": name},
    )
