"""What of a cell card can be varied, and how the rest follows.

A change keeps what is made of what: a thicker coating has the same composition, porosity and
capacity per mass; a stated E/C or filling goes along with the capacity or the pores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from polylyte.core.errors import InputError, nearest
from polylyte.core.quantities import Quantity, q
from polylyte.design import bill, energy, layers
from polylyte.materials.cells import Cell, Electrode, Layer, Liquid, Package

Part = TypeVar("Part", Electrode, Layer)


@dataclass(frozen=True)
class Variable:
    """``read`` gives the card's value (None where it has none), ``put`` the card with another.
    ``first`` and ``last`` bound the search where the user does not."""

    words: str
    unit: str
    first: str
    last: str
    read: Callable[[Cell], Quantity | None]
    put: Callable[[Cell, Quantity], Cell]


def variable(name: str, where: str = "") -> Variable:
    """The variable called ``name``.

    Raises:
        InputError: there is none; names the nearest.
    """
    if name not in VARIABLES:
        raise InputError(
            f"'{name}' cannot be varied", where=where or None, remedy=nearest(name, VARIABLES)
        )
    return VARIABLES[name]


def _need(cell: Cell, value: Quantity | None, what: str, part: str) -> Quantity:
    if value is None or not value.value:
        raise InputError(
            f"{what} cannot be varied: the card does not tell it",
            where=f"{cell.where} {part}".strip(),
            remedy="state it, or vary something else",
        )
    return value


def _ratio(new: Quantity, old: Quantity) -> Quantity:
    return (new.to(old.unit) / old).to("1")


def _scaled(part: Part, ratio: Quantity) -> Part:
    """As much more of the same material per area."""
    names = ("loading", "areal_mass", "thickness", "areal_capacity")
    stated = {name: getattr(part, name, None) for name in names}
    return replace(part, **{n: (v * ratio).to(v.unit) for n, v in stated.items() if v is not None})


def _cathode(cell: Cell) -> Electrode:
    if cell.cathode is None:
        raise InputError("the card has no cathode", where=cell.where, remedy="add cathode = { … }")
    return cell.cathode


def _put_capacity(cell: Cell, value: Quantity) -> Cell:
    grown = _scaled(_cathode(cell), _ratio(value, bill.areal_capacity(cell)))
    return replace(cell, cathode=replace(grown, areal_capacity=value))


def _grow(cell: Cell, ratio: Quantity) -> Cell:
    capacity = bill.areal_capacity(cell)
    return replace(
        cell,
        cathode=replace(
            _scaled(_cathode(cell), ratio), areal_capacity=(capacity * ratio).to(capacity.unit)
        ),
    )


def _thickness(cell: Cell) -> Quantity | None:
    return layers.coating_thickness(cell.cathode) if cell.cathode else None


def _put_thickness(cell: Cell, value: Quantity) -> Cell:
    return _grow(cell, _ratio(value, _need(cell, _thickness(cell), "its thickness", "cathode")))


def _loading(cell: Cell) -> Quantity | None:
    return layers.coating_mass(cell.cathode) if cell.cathode else None


def _put_loading(cell: Cell, value: Quantity) -> Cell:
    return _grow(cell, _ratio(value, _need(cell, _loading(cell), "its loading", "cathode")))


def _porosity(cell: Cell) -> Quantity | None:
    return layers.coating_porosity(cell.cathode) if cell.cathode else None


def _put_porosity(cell: Cell, value: Quantity) -> Cell:
    cathode = _cathode(cell)
    if cathode.density is not None and layers.coating_mass(cathode) is not None:
        # Without a mass of its own the coating would lose the solids that it gains in pores.
        mass = layers.coating_mass(cathode) if cathode.loading is None else None
        dense = replace(cathode, thickness=None, porosity=value, areal_mass=mass)
        return replace(cell, cathode=replace(dense, thickness=layers.coating_thickness(dense)))
    old = _need(cell, _porosity(cell), "the porosity", "cathode")
    ratio = (layers.ONE - old) / (layers.ONE - value)
    thick = _need(cell, cathode.thickness, "the thickness", "cathode")
    return replace(
        cell,
        cathode=replace(cathode, porosity=value, thickness=(thick * ratio).to(thick.unit)),
    )


def _specific(cell: Cell) -> Quantity | None:
    cathode = cell.cathode
    if cathode is None or cathode.specific_capacity is not None:
        return cathode.specific_capacity if cathode else None
    mass, fraction = cathode.loading, cathode.active_fraction
    if mass is not None and cathode.loading_of == "coating":
        mass = None if fraction is None else mass * fraction
    if mass is None:
        return None
    return (bill.areal_capacity(cell).to("C/m^2") / mass.to("kg/m^2")).to("mAh/g")


def _put_specific(cell: Cell, value: Quantity) -> Cell:
    old = _need(cell, _specific(cell), "the specific capacity", "cathode")
    areal = bill.areal_capacity(cell)
    grown = (areal * _ratio(value, old)).to(areal.unit)
    cathode = replace(_cathode(cell), areal_capacity=grown, specific_capacity=value)
    return replace(cell, cathode=cathode)


def _lithium(cell: Cell) -> Quantity | None:
    if cell.anode_free:
        return Quantity(0.0, "um")
    if cell.anode is None:
        return None
    return next(i.thickness for i in bill.items(cell) if i.component == "anode")


def _put_lithium(cell: Cell, value: Quantity) -> Cell:
    if not value.value:
        return replace(cell, anode=None, anode_free=True)
    if cell.anode is None:
        return replace(cell, anode=Electrode(material="Li", thickness=value), anode_free=None)
    old = _need(cell, _lithium(cell), "the thickness", "anode")
    anode = replace(_scaled(cell.anode, _ratio(value, old)), thickness=value)
    return replace(cell, anode=anode)


def _np(cell: Cell) -> Quantity | None:
    found: Quantity = energy.energies(cell)["np_ratio"]
    return found if found.value is not None else None


def _put_np(cell: Cell, value: Quantity) -> Cell:
    if not value.value or cell.anode is None:
        sheet = energy.plated(bill.areal_capacity(cell)) * value
        return _put_lithium(cell, sheet.to("um"))
    old = _need(cell, _np(cell), "N/P", "anode")
    return replace(cell, anode=_scaled(cell.anode, _ratio(value, old)))


def _film(cell: Cell, name: str) -> Quantity | None:
    layer: Layer | None = getattr(cell, name)
    return layer.thickness if layer else None


def _put_film(cell: Cell, value: Quantity, name: str) -> Cell:
    old = _need(cell, _film(cell, name), "its thickness", name)
    layer = replace(_scaled(getattr(cell, name), _ratio(value, old)), thickness=value)
    return (
        replace(cell, electrolyte=layer)
        if name == "electrolyte"
        else replace(cell, separator=layer)
    )


def _liquid(cell: Cell) -> Quantity | None:
    if cell.liquid is None:
        return None
    if cell.liquid.electrolyte_to_capacity is not None:
        return cell.liquid.electrolyte_to_capacity
    found: Quantity = energy.energies(cell)["ec_ratio_liquid"]
    return found


def _put_liquid(cell: Cell, value: Quantity) -> Cell:
    bare = replace(cell.liquid or Liquid(), areal_volume=None, areal_mass=None, filling=None)
    return replace(cell, liquid=replace(bare, electrolyte_to_capacity=value))


def _share(cell: Cell) -> Quantity | None:
    if cell.package is None:
        return None
    if cell.package.mass_share is not None:
        return cell.package.mass_share
    found = energy.energies(cell)
    package, whole = found.get("packaging_mass"), found.get("cell_mass")
    return None if package is None or whole is None else (package / whole).to("1")


def _put_share(cell: Cell, value: Quantity) -> Cell:
    bare = replace(cell.package or Package(), mass=None, tabs_mass=None)
    return replace(cell, package=replace(bare, mass_share=value.to("1")))


VARIABLES = {
    "areal_capacity": Variable(
        "areal capacity", "mAh/cm^2", "0.5 mAh/cm^2", "12 mAh/cm^2",
        lambda cell: bill.areal_capacity(cell), _put_capacity,
    ),
    "loading": Variable(
        "loading of the coating", "mg/cm^2", "1 mg/cm^2", "60 mg/cm^2",
        _loading, _put_loading,
    ),
    "cathode_thickness": Variable(
        "thickness of the coating", "um", "5 um", "300 um", _thickness, _put_thickness
    ),
    "cathode_porosity": Variable(
        "porosity of the coating", "1", "0.05", "0.6", _porosity, _put_porosity
    ),
    "specific_capacity": Variable(
        "specific capacity of the active material", "mAh/g", "50 mAh/g", "500 mAh/g",
        _specific, _put_specific,
    ),
    "average_voltage": Variable(
        "average voltage", "V", "1 V", "6 V",
        lambda cell: cell.average_voltage,
        lambda cell, value: replace(cell, average_voltage=value),
    ),
    "electrolyte_thickness": Variable(
        "thickness of the electrolyte film", "um", "1 um", "300 um",
        lambda cell: _film(cell, "electrolyte"),
        lambda cell, value: _put_film(cell, value, "electrolyte"),
    ),
    "separator_thickness": Variable(
        "thickness of the separator", "um", "1 um", "300 um",
        lambda cell: _film(cell, "separator"),
        lambda cell, value: _put_film(cell, value, "separator"),
    ),
    "electrolyte_to_capacity": Variable(
        "E/C of the liquid", "g/Ah", "0.1 g/Ah", "20 g/Ah",
        _liquid, _put_liquid,
    ),
    "lithium_thickness": Variable(
        "thickness of the anode", "um", "0 um", "250 um", _lithium, _put_lithium
    ),
    "np_ratio": Variable("N/P", "1", "0", "20", _np, _put_np),
    "packaging_share": Variable(
        "packaging share", "1", "0", "0.6", _share, _put_share
    ),
}  # fmt: skip


def bounds(chosen: Variable, first: Quantity | None, last: Quantity | None) -> tuple[float, float]:
    """The range to look in, in the variable's unit.

    Raises:
        InputError: a bound of another kind, or an empty range.
    """
    low = (first or q(chosen.first)).to(chosen.unit).value
    high = (last or q(chosen.last)).to(chosen.unit).value
    assert low is not None
    assert high is not None
    if not 0 <= low < high:
        raise InputError(
            f"there is no range from {low:g} to {high:g} {chosen.unit}",
            where="first, last",
            remedy="first is 0 or more and below last",
        )
    return low, high
