"""Energy, ratios and whole-cell masses that follow from one cell card."""

from __future__ import annotations

from typing import Any

from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity
from polylyte.design import bill
from polylyte.design.bill import Item
from polylyte.materials.cells import Cell


def average_voltage(cell: Cell) -> Quantity:
    """That of the card.

    Raises:
        InputError: the card has none.
    """
    if cell.average_voltage is None:
        raise InputError(
            "the average voltage is not known",
            where=cell.where,
            remedy='add average_voltage = "3.8 V"',
        )
    return cell.average_voltage


def energies(cell: Cell) -> dict[str, Any]:
    """Every quantity of one card, by the names of ``StackEnergy``.

    Raises:
        InputError: no average voltage, no areal capacity, or a component without mass.
    """
    found = bill.items(cell)
    capacity, voltage = bill.areal_capacity(cell).to("mAh/cm^2"), average_voltage(cell)
    energy = capacity.to("C/m^2") * voltage.to("V")
    mass = bill.add([item.areal_mass for item in found], "mg/cm^2")
    thickness = total_thickness(found)
    answer = {
        "specific_energy": _ratio(energy, mass.to("kg/m^2"), "Wh/kg"),
        "energy_density": _ratio(energy, thickness, "Wh/L"),
        "areal_mass": mass,
        "thickness": thickness.to("um"),
        "areal_capacity": capacity,
        **_ratios(cell, capacity, found),
        "areal_cost": _cost(found),
        **_whole(cell, capacity, voltage, mass),
    }
    return {name: value for name, value in answer.items() if value is not None}


def _ratio(above: Quantity, below: Quantity, unit: str) -> Quantity:
    """above / below in ``unit``; the texts of V C/m^2 and J are different, their SI is not."""
    if below.value is None:
        return Quantity(None, unit, flags=below.flags)
    divided = above / below
    parts, value = divided.components, divided.value
    factor = bill.unit_factor(unit)
    assert value is not None
    scaled = {source: part / factor for source, part in parts.items()}
    return Quantity(value / factor, unit, scaled, "derived")


def total_thickness(found: list[Item]) -> Quantity:
    """In metres; null where a component's thickness is not on the card."""
    unknown = [item.component for item in found if item.thickness is None]
    if unknown:
        return Quantity(None, "m", flags=(f"thickness of {', '.join(unknown)} unknown",))
    return bill.add([item.thickness for item in found if item.thickness is not None], "um").to("m")


def _ratios(cell: Cell, capacity: Quantity, found: list[Item]) -> dict[str, Quantity]:
    liquid = [i.areal_mass for i in found if i.component == "liquid"]
    solid = [i.areal_mass for i in found if i.component == "electrolyte"]
    both = [(bill.add(part, "mg/cm^2") / capacity).to("g/Ah") for part in (liquid + solid, liquid)]
    ratios = {"ec_ratio": both[0], "ec_ratio_liquid": both[1]}
    stated = cell.anode.areal_capacity if cell.anode else None
    computed = bill.anode_capacity(cell)
    anode = stated if stated is not None else computed
    if anode is None:
        why = "no anode on the card" if cell.anode is None else "anode capacity unknown"
        ratios["np_ratio"] = Quantity(None, "1", flags=(why,))
        return ratios
    ratios["np_ratio"] = (anode.to("mAh/cm^2") / capacity).to("1")
    if stated is not None and computed is not None:
        ratios["np_ratio_from_mass"] = (computed / capacity).to("1")
    return ratios


def _cost(found: list[Item]) -> Quantity:
    costs = [item.areal_cost for item in found if item.areal_cost is not None]
    missing = [item.component for item in found if item.areal_cost is None]
    if missing:
        return Quantity(None, "USD/m^2", flags=(f"price of {', '.join(missing)} unknown",))
    if len({cost.unit for cost in costs}) > 1:
        return Quantity(None, "USD/m^2", flags=("prices in two currencies",))
    return bill.add(costs, costs[0].unit)


def _whole(
    cell: Cell, areal: Quantity, voltage: Quantity, mass: Quantity
) -> dict[str, Quantity | None]:
    """What follows for the whole cell, where its capacity or area is on the card."""
    capacity = cell.capacity
    if capacity is None and cell.area is not None and cell.layers is not None:
        capacity = (areal.to("C/m^2") * cell.area.to("m^2")).to("C") * float(cell.layers)
    if capacity is None:
        return {}
    area = (capacity.to("C") / areal.to("C/m^2")).to("cm^2")
    stack = (mass.to("kg/m^2") * area.to("m^2")).to("g")
    energy = capacity.to("C") * voltage.to("V")
    given = cell.package
    parts = [m for m in ((given.mass, given.tabs_mass) if given else ()) if m is not None]
    package = bill.add([part.to("g") for part in parts], "g") if parts else None
    whole: Quantity | None = None
    if cell.specific_energy is not None:
        whole = _ratio(energy, cell.specific_energy.to("J/kg"), "g")
        package = package or whole - stack
    elif package is not None:
        whole = stack + package
    return {
        "electrode_area": area,
        "stack_mass": stack,
        "cell_mass": whole,
        "packaging_mass": package,
        "cell_specific_energy": None if whole is None else _ratio(energy, whole.to("kg"), "Wh/kg"),
    }
