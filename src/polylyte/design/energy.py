"""Energy, ratios and whole-cell masses that follow from one cell card."""

from __future__ import annotations

from typing import Any

from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity
from polylyte.design import bill
from polylyte.design.bill import Item
from polylyte.design.layers import ONE, density_of, is_lithium, pore_volume
from polylyte.materials.cells import Cell, Roll, disc
from polylyte.materials.formulas import molar_mass


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
        "specific_energy": ratio(energy, mass.to("kg/m^2"), "Wh/kg"),
        "energy_density": ratio(energy, thickness, "Wh/L"),
        "areal_mass": mass,
        "thickness": thickness.to("um"),
        "areal_capacity": capacity,
        **_ratios(cell, capacity, found),
        "areal_cost": (cost := _cost(found)),
        "cost_per_energy": None
        if cost.value is None
        else ratio(cost, energy, f"{cost.unit.split('/')[0]}/kWh"),
        **_charged(cell, capacity, energy, thickness),
        **_filling(cell, found),
        **_whole(cell, capacity, voltage, mass, thickness, cost),
    }
    return {name: value for name, value in answer.items() if value is not None}


def ratio(above: Quantity, below: Quantity, unit: str) -> Quantity:
    """above / below in ``unit``; the texts of V C/m^2 and J are different, their SI is not."""
    if below.value is None or above.value is None:
        return Quantity(None, unit, flags=below.flags or above.flags)
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
    if cell.anode_free:
        ratios["np_ratio"] = Quantity(0.0, "1", how="derived")
        return ratios
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


def _charged(
    cell: Cell, capacity: Quantity, energy: Quantity, thickness: Quantity
) -> dict[str, Quantity]:
    """With the lithium of the cathode plated, or the anode swollen; nothing where neither is so."""
    anode = cell.anode
    if cell.anode_free or (anode is not None and is_lithium(anode)):
        grown = plated(capacity)
    elif anode is not None and anode.swelling is not None:
        bare = next(i.thickness for i in bill.items(cell) if i.component == "anode")
        if bare is None:
            return {}
        grown = bare.to("m") * (anode.swelling.to("1") - ONE)
    else:
        return {}
    charged = thickness + grown
    return {
        "thickness_charged": charged.to("um"),
        "energy_density_charged": ratio(energy, charged, "Wh/L"),
    }


def plated(capacity: Quantity) -> Quantity:
    """Thickness of dense lithium of this areal capacity, in metres: q M / (F rho)."""
    density = density_of(None, "Li")
    assert density is not None
    per_charge = Quantity(molar_mass("Li") / bill.FARADAY, "kg/C")
    return (capacity.to("C/m^2") * per_charge).to("kg/m^2") / density.to("kg/m^3")


def _filling(cell: Cell, found: list[Item]) -> dict[str, Quantity]:
    """Pores per area, and liquid over pores; nothing where the card tells no pores."""
    volume, unknown = pore_volume(cell)
    if volume is None or unknown:
        return {}
    liquid = cell.liquid
    if liquid is None:
        return {"pore_volume": volume}
    held = liquid.areal_volume
    if held is None and liquid.density is not None:
        mass = next(item.areal_mass for item in found if item.component == "liquid")
        held = mass.to("kg/m^2") / liquid.density.to("kg/m^3")
    if held is None or not volume.value:
        return {"pore_volume": volume}
    return {"pore_volume": volume, "filling": ratio(held.to("m"), volume.to("m"), "1")}


def _capacity(cell: Cell, areal: Quantity, thickness: Quantity) -> Quantity | None:
    """Of the whole cell: as stated, of its faces, or of its roll."""
    if cell.capacity is not None:
        return cell.capacity
    if cell.roll is not None and thickness.value is not None:
        faces = roll_area(cell.roll, thickness)
        return (areal.to("C/m^2") * faces.to("m^2")).to("C")
    layers = cell.layers or (1 if cell.format == "coin" else None)
    area = _face(cell)
    if area is not None and layers is not None:
        return (areal.to("C/m^2") * area.to("m^2")).to("C") * float(layers)
    return None


def _face(cell: Cell) -> Quantity | None:
    """One cathode face: the cathode's own area, else that of the cell."""
    cathode = cell.cathode
    if cathode is not None and cathode.area is not None:
        return cathode.area
    if cathode is not None and cathode.diameter is not None:
        return disc(cathode.diameter)
    return cell.area


def roll_area(roll: Roll, thickness: Quantity) -> Quantity:
    """Cathode faces of a wound stack: pi (D^2 - d^2) / 4 times its width, over the thickness that
    goes with one face."""
    ring = disc(roll.diameter) - disc(roll.core_diameter)
    return (ring.to("m^2") * roll.width.to("m")).to("m^3") / thickness.to("m")


def _whole(
    cell: Cell,
    areal: Quantity,
    voltage: Quantity,
    mass: Quantity,
    thickness: Quantity,
    cost: Quantity,
) -> dict[str, Quantity | None]:
    """What follows for the whole cell, where its capacity or area is on the card."""
    given = cell.package
    capacity = _capacity(cell, areal, thickness)
    if capacity is None:
        return _by_share(cell, areal, voltage, mass)
    area = (capacity.to("C") / areal.to("C/m^2")).to("cm^2")
    stack = (mass.to("kg/m^2") * area.to("m^2")).to("g")
    energy = capacity.to("C") * voltage.to("V")
    parts = [m for m in ((given.mass, given.tabs_mass) if given else ()) if m is not None]
    package = bill.add([part.to("g") for part in parts], "g") if parts else None
    whole: Quantity | None = None
    if cell.specific_energy is not None:
        whole = ratio(energy, cell.specific_energy.to("J/kg"), "g")
        package = package or whole - stack
    elif package is not None:
        whole = stack + package
    elif given is not None and given.mass_share is not None:
        whole = stack / (ONE - given.mass_share)
        package = whole - stack
    return {
        "cell_capacity": capacity.to("Ah"),
        "electrode_area": area,
        "stack_mass": stack,
        "cell_mass": whole,
        "packaging_mass": package,
        "cell_specific_energy": None if whole is None else ratio(energy, whole.to("kg"), "Wh/kg"),
        **_outside(cell, energy, area, thickness),
        "cell_cost": _cell_cost(cell, cost, area),
    }


def _by_share(
    cell: Cell, areal: Quantity, voltage: Quantity, mass: Quantity
) -> dict[str, Quantity | None]:
    """A share of the mass needs no size of the cell."""
    share = cell.package.mass_share if cell.package else None
    if share is None:
        return {}
    energy = areal.to("C/m^2") * voltage.to("V")
    whole = mass.to("kg/m^2") / (ONE - share)
    return {"cell_specific_energy": ratio(energy, whole, "Wh/kg")}


def _outside(
    cell: Cell, energy: Quantity, area: Quantity, thickness: Quantity
) -> dict[str, Quantity]:
    """Energy over the outer volume, and how much of that volume the stack takes."""
    outer = cell.package.volume if cell.package else None
    if outer is None:
        return {}
    found = {"cell_energy_density": ratio(energy, outer.to("m^3"), "Wh/L")}
    if thickness.value is not None:
        stack = (area.to("m^2") * thickness.to("m")).to("m^3")
        found["stack_volume_share"] = (stack / outer.to("m^3")).to("1").to("%")
    return found


def _cell_cost(cell: Cell, areal_cost: Quantity, area: Quantity) -> Quantity | None:
    """Materials of the whole cell; None where no price is on the card at all."""
    package = cell.package
    priced = package is not None and package.cost is not None
    if areal_cost.value is None:
        return Quantity(None, "USD", flags=areal_cost.flags) if priced else None
    money = areal_cost.unit.split("/")[0]
    stack = (areal_cost * area.to("m^2")).to(money)
    if package is None:
        return stack.flagged("without package")
    if package.cost is None:
        return Quantity(None, money, flags=("price of package unknown",))
    if package.cost.unit != money:
        return Quantity(None, money, flags=("prices in two currencies",))
    return stack + package.cost
