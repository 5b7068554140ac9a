"""The bill of materials of one cell face, per area, from a cell card."""

from __future__ import annotations

from dataclasses import dataclass

from polylyte.core import units
from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity
from polylyte.core.results import Verdict
from polylyte.design.layers import (
    coating_mass,
    coating_thickness,
    density_of,
    is_lithium,
    pore_volume,
    solid_mass,
    substance,
)
from polylyte.materials.cells import Cell, Electrode, Foil, Layer, Liquid
from polylyte.materials.formulas import molar_mass

Part = Electrode | Layer | Liquid | Foil
FARADAY = 96485.33212
"""C/mol (CODATA 2018)."""
CLOSES = 0.01
"""Two entries that say the same thing may differ by 1 %: printed numbers have 2 to 3 digits."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One component per area of one cell face; None where the card does not tell."""

    component: str
    material: str
    areal_mass: Quantity
    thickness: Quantity | None
    areal_cost: Quantity | None = None
    price: Quantity | None = None
    price_source: str = ""
    price_date: str = ""


def items(cell: Cell) -> list[Item]:
    """Every component of the stack, in the order of the card.

    Raises:
        InputError: a component whose mass cannot be found, or no component at all.
    """
    found = [
        *([_coating(cell.cathode, cell)] if cell.cathode else []),
        *([_film("electrolyte", cell.electrolyte, cell)] if cell.electrolyte else []),
        *([_film("separator", cell.separator, cell)] if cell.separator else []),
        *([_anode(cell.anode, cell)] if cell.anode else []),
        *([_liquid(cell.liquid, cell)] if cell.liquid else []),
        *(_foil(foil, cell, i) for i, foil in enumerate(cell.foils)),
    ]
    if not found:
        raise InputError(
            "the card has no cathode, electrolyte, anode or foil",
            where=cell.where,
            remedy="add cathode = { … }; see the cell card's keys",
        )
    return found


def areal_capacity(cell: Cell) -> Quantity:
    """Of the cathode face: as stated, or from its loading.

    Raises:
        InputError: there is no cathode, or neither can be found.
    """
    cathode = cell.cathode
    if cathode is None:
        raise InputError("the card has no cathode", where=cell.where, remedy="add cathode = { … }")
    found = cathode.areal_capacity or loading_capacity(cathode)
    if found is None:
        raise InputError(
            "the areal capacity is not known",
            where=f"{cell.where} cathode".strip(),
            remedy='add areal_capacity = "3.2 mAh/cm^2", or loading and specific_capacity',
        )
    return found


def loading_capacity(electrode: Electrode) -> Quantity | None:
    """Areal capacity from active mass and specific capacity."""
    loading, specific = electrode.loading, electrode.specific_capacity
    if loading is None or specific is None:
        return None
    if electrode.loading_of == "coating":
        if electrode.active_fraction is None:
            return None
        loading = loading * electrode.active_fraction
    return (loading.to("kg/m^2") * specific.to("C/kg")).to("mAh/cm^2")


def anode_capacity(cell: Cell) -> Quantity | None:
    """Areal capacity of the anode from its mass; that of lithium metal is F/M."""
    anode = cell.anode
    if anode is None:
        return None
    found = loading_capacity(anode)
    if found is not None or not is_lithium(anode):
        return found
    mass = _anode(anode, cell).areal_mass
    specific = Quantity(FARADAY / molar_mass("Li"), "C/kg")
    return (mass.to("kg/m^2") * specific).to("mAh/cm^2")


def closures(cell: Cell) -> list[Verdict]:
    """Whether entries that say the same thing agree within 1 %."""
    pairs: list[tuple[str, Quantity | None, Quantity | None]] = []
    if cell.cathode:
        pairs.append(
            ("cathode capacity", cell.cathode.areal_capacity, loading_capacity(cell.cathode))
        )
        cathode = cell.cathode
        solid = solid_mass(cathode.thickness, cathode.density, cathode.porosity)
        if cathode.loading is not None and cathode.porosity is not None:
            pairs.append(("cathode coating mass", coating_mass(cathode), solid))
    if cell.anode:
        anode = cell.anode
        density = density_of(anode.density, anode.material)
        product = solid_mass(anode.thickness, density, anode.porosity)
        pairs.append(("anode mass", anode.areal_mass, product))
        if anode.areal_capacity is not None:
            pairs.append(("anode capacity", anode.areal_capacity, anode_capacity(cell)))
    for foil in cell.foils:
        product = solid_mass(foil.thickness, density_of(foil.density, foil.material), None)
        pairs.append((f"{foil.material} foil mass", foil.areal_mass, product))
    if cell.liquid:
        liquid = cell.liquid
        pairs.append(
            (
                "liquid mass",
                liquid.areal_mass,
                solid_mass(liquid.areal_volume, liquid.density, None),
            )
        )
    return [
        _closure(name, stated, computed)
        for name, stated, computed in pairs
        if stated is not None and computed is not None
    ]


def _closure(name: str, stated: Quantity, computed: Quantity) -> Verdict:
    shown = computed.to(stated.unit)
    gap = abs(computed.si / stated.si - 1)
    text = f"{name}: {stated} stated, {shown} from the other entries ({100 * gap:.1f} % apart)"
    return Verdict(f"{name} closes", gap <= CLOSES, text)


def _missing(cell: Cell, part: str, remedy: str) -> InputError:
    where = f"{cell.where} {part}".strip()
    return InputError(f"the mass of the {part} cannot be found", where=where, remedy=remedy)


def estimated_densities(cell: Cell) -> list[str]:
    """Densities that are estimates of the table of substances, and are used."""
    parts = (cell.electrolyte, cell.separator, cell.anode, *cell.foils)
    named = [
        substance(part.material)
        for part in parts
        if part is not None and part.density is None and part.areal_mass is None
    ]
    return [
        f"{s.label} {s.density} ({s.density_source})"
        for s in named
        if s is not None and s.density is not None and s.density_grade == "estimate"
    ]


def _item(
    component: str, part: Part, mass: Quantity, thickness: Quantity | None, share: float = 1.0
) -> Item:
    price, source, date = _price(part)
    cost = None if price is None else _areal_cost(price, mass, share)
    return Item(
        component=component,
        material=part.material,
        areal_mass=mass.to("mg/cm^2"),
        thickness=None if thickness is None else thickness.to("um"),
        areal_cost=cost,
        price=price,
        price_source=source,
        price_date=date,
    )


def _areal_cost(price: Quantity, mass: Quantity, share: float) -> Quantity:
    """Of one cell face, whose ``share`` of the part has this mass; prices are per mass or area."""
    money = "EUR" if "EUR" in price.unit else "USD"
    if units.unit(price.unit).dimension == units.unit(f"{money}/m^2").dimension:
        return price.to(f"{money}/m^2") * share
    return (mass.to("kg/m^2") * price.to(f"{money}/kg")).to(f"{money}/m^2")


def _price(part: Part) -> tuple[Quantity | None, str, str]:
    """Of the card, else of the substance the material names; none is ever assumed."""
    if part.cost is not None:
        return part.cost, part.cost_source, part.cost_date
    named = substance(part.material)
    if named is None or named.cost is None:
        return None, "", ""
    return named.cost, named.cost_source, named.cost_date


def _coating(cathode: Electrode, cell: Cell) -> Item:
    mass = coating_mass(cathode)
    if mass is None:
        raise _missing(cell, "cathode", "give loading (with loading_of and active_fraction)")
    return _item("cathode coating", cathode, mass, coating_thickness(cathode))


def _anode(anode: Electrode, cell: Cell) -> Item:
    density = density_of(anode.density, anode.material)
    mass = coating_mass(anode) or solid_mass(anode.thickness, density, anode.porosity)
    if mass is None:
        raise _missing(cell, "anode", "give areal_mass, or thickness and density")
    return _item("anode", anode, mass, _anode_thickness(anode, mass, density))


def _anode_thickness(anode: Electrode, mass: Quantity, density: Quantity | None) -> Quantity | None:
    """Lithium is dense: its thickness follows from its mass."""
    if anode.thickness is None and is_lithium(anode) and density is not None:
        return (mass.to("kg/m^2") / density.to("kg/m^3")).to("um")
    return coating_thickness(anode)


def _film(name: str, layer: Layer, cell: Cell) -> Item:
    density = density_of(layer.density, layer.material)
    mass = layer.areal_mass or solid_mass(layer.thickness, density, layer.porosity)
    if mass is None:
        raise _missing(cell, name, "give areal_mass, or thickness and density")
    return _item(name, layer, mass, layer.thickness)


def _liquid(liquid: Liquid, cell: Cell) -> Item:
    volume = liquid.areal_volume
    if volume is None and liquid.filling is not None:
        volume = _filled(liquid.filling, cell)
    mass = liquid.areal_mass or solid_mass(volume, liquid.density, None)
    if mass is None and liquid.electrolyte_to_capacity is not None:
        ratio = liquid.electrolyte_to_capacity.to("kg/C")
        mass = (ratio * areal_capacity(cell).to("C/m^2")).to("mg/cm^2")
    if mass is None:
        raise _missing(
            cell,
            "liquid",
            "give areal_mass, areal_volume (or filling) and density, or electrolyte_to_capacity",
        )
    # In the pores of electrode and separator: it adds no thickness.
    return _item("liquid", liquid, mass, Quantity(0.0, "um"))


def _filled(filling: Quantity, cell: Cell) -> Quantity:
    """Volume of liquid per area that fills the pores so far."""
    pores, unknown = pore_volume(cell)
    if pores is None or unknown:
        raise InputError(
            f"a filling needs the pores of {', '.join(unknown) or 'a layer'}",
            where=f"{cell.where} liquid.filling".strip(),
            remedy="give thickness and porosity, or density and loading",
        )
    return (pores * filling).to("uL/cm^2")


def _foil(foil: Foil, cell: Cell, index: int) -> Item:
    density = density_of(foil.density, foil.material)
    mass = foil.areal_mass or solid_mass(foil.thickness, density, None)
    if mass is None:
        raise _missing(cell, f"foils[{index}]", "give areal_mass, or thickness and density")
    share = 1 / foil.sides
    thickness = None if foil.thickness is None else foil.thickness * share
    return _item(f"{foil.material} foil", foil, mass * share, thickness, share)


def unit_factor(unit: str) -> float:
    """SI value of one ``unit``."""
    return float(units.unit(unit).factor)


def add(values: list[Quantity], unit: str) -> Quantity:
    """A sum that keeps shared sources of uncertainty."""
    result = Quantity(0.0, unit, how="derived")
    for value in values:
        result = result + value
    return result
