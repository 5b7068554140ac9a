"""Mass, thickness and pores of one coating or film, from whichever of them the card states."""

from __future__ import annotations

from functools import cache

from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity
from polylyte.materials import substances
from polylyte.materials.cells import Cell, Electrode, Layer
from polylyte.materials.substances import Substance

ONE = Quantity(1.0, "1")


@cache
def substance(material: str) -> Substance | None:
    """What the material names; None for one of the user's own, whose mass must be on the card."""
    try:
        return substances.find(material) if material else None
    except InputError:
        return None


def density_of(stated: Quantity | None, material: str) -> Quantity | None:
    """The card's density, else that of the substance the material names."""
    named = substance(material)
    return stated if stated is not None or named is None else named.density


def is_lithium(electrode: Electrode) -> bool:
    """Whether the electrode is lithium metal."""
    named = substance(electrode.material)
    return named is not None and named.formula == "Li"


def solid_mass(
    thickness: Quantity | None, density: Quantity | None, porosity: Quantity | None
) -> Quantity | None:
    """Mass per area of a layer of a dense (or porous) material: d rho (1 - porosity)."""
    if thickness is None or density is None:
        return None
    mass = thickness.to("m") * density.to("kg/m^3")
    if porosity is not None:
        mass = mass * (ONE - porosity)
    return mass.to("mg/cm^2")


def coating_mass(electrode: Electrode) -> Quantity | None:
    """From the loading, else as stated, else from thickness, density and porosity."""
    loading = electrode.loading
    if loading is None:
        return electrode.areal_mass or solid_mass(
            electrode.thickness, electrode.density, electrode.porosity
        )
    if electrode.loading_of == "coating":
        return loading
    fraction = electrode.active_fraction
    if fraction is None or not fraction.value:
        return None
    return loading / fraction


def coating_thickness(electrode: Electrode) -> Quantity | None:
    """As stated, else m / (rho (1 - porosity)) where density and porosity are stated."""
    if electrode.thickness is not None:
        return electrode.thickness
    mass, density, porosity = coating_mass(electrode), electrode.density, electrode.porosity
    if mass is None or density is None or porosity is None:
        return None
    return (mass.to("kg/m^2") / (density.to("kg/m^3") * (ONE - porosity))).to("um")


def coating_porosity(electrode: Electrode) -> Quantity | None:
    """As stated, else 1 - m / (rho d); None where mass, density or thickness is not stated.

    Raises:
        InputError: the coating would be denser than its solids.
    """
    if electrode.porosity is not None:
        return electrode.porosity
    mass, density, thickness = coating_mass(electrode), electrode.density, electrode.thickness
    if mass is None or density is None or thickness is None:
        return None
    solid = (mass.to("kg/m^2") / (density.to("kg/m^3") * thickness.to("m"))).to("1")
    porosity = ONE - solid
    if porosity.si < 0:
        raise InputError(
            f"{mass} of {density} do not fit into {thickness}: the porosity would be {porosity}",
            where=electrode.material,
            remedy="correct loading, density or thickness",
        )
    return porosity


def pore_volume(cell: Cell) -> tuple[Quantity | None, list[str]]:
    """Volume of all pores per area, and the layers whose pores the card does not tell."""
    volume: Quantity | None = None
    unknown = []
    for name, part in _porous(cell):
        if isinstance(part, Electrode):
            thickness, porosity = coating_thickness(part), coating_porosity(part)
        else:
            thickness, porosity = part.thickness, part.porosity
        if thickness is None or porosity is None:
            unknown.append(name)
            continue
        pores = (thickness.to("m") * porosity).to("uL/cm^2")
        volume = pores if volume is None else volume + pores
    return volume, unknown


def _porous(cell: Cell) -> list[tuple[str, Electrode | Layer]]:
    """Lithium is dense, and so is a solid electrolyte unless its porosity is stated."""
    parts: list[tuple[str, Electrode | Layer]] = []
    if cell.cathode is not None:
        parts.append(("cathode", cell.cathode))
    if cell.separator is not None:
        parts.append(("separator", cell.separator))
    if cell.electrolyte is not None and cell.electrolyte.porosity is not None:
        parts.append(("electrolyte", cell.electrolyte))
    if cell.anode is not None and not is_lithium(cell.anode):
        parts.append(("anode", cell.anode))
    return parts
