"""Energy per mass and volume of a cell stack, and where mass and thickness go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, PolylyteError, nearest
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import (
    AnyQuantity,
    Area,
    ArealCapacity,
    ArealMass,
    ArealVolume,
    Capacity,
    CellVoltage,
    ElectrolyteToCapacity,
    EnergyDensity,
    Length,
    Mass,
    Percentage,
    Ratio,
    SpecificEnergy,
)
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Result
from polylyte.core.tables import Table
from polylyte.design import bill, energy, notes
from polylyte.design.bill import Item
from polylyte.materials.cells import Cell, Electrode

BETZ_2019 = Citation(
    "Betz2019",
    "Betz, J.; Bieker, G.; Meister, P.; Placke, T.; Winter, M.; Schmuch, R.",
    "Theoretical versus practical energy: a plea for more transparency in the energy "
    "calculation of different rechargeable battery systems",
    "Advanced Energy Materials",
    2019,
    "9",
    "1803170",
    "10.1002/aenm.201803170",
)
_BAND = ("stack_mass", "packaging_mass")


@dataclass(frozen=True, kw_only=True)
class StackEnergy(Result):
    """``more`` holds each quantity of each variant of the card, as ``specific_energy@NAME``, and
    ``stack_mass@lowest`` and ``@highest`` over the card and its variants of equal capacity."""

    specific_energy: SpecificEnergy = out("of the stack, without package")
    energy_density: EnergyDensity = out("of the stack, without package")
    areal_mass: ArealMass = out("of everything on the card, per cell face")
    thickness: Length = out("of everything on the card, per cell face")
    areal_capacity: ArealCapacity = out("of the cathode face")
    np_ratio: Ratio = out("areal capacity of the anode over that of the cathode, as stated")
    ec_ratio: ElectrolyteToCapacity = out("liquid and solid electrolyte over capacity")
    ec_ratio_liquid: ElectrolyteToCapacity = out("liquid alone over capacity")
    areal_cost: AnyQuantity = out("of everything on the card, per area")
    breakdown: Table = out("mass, thickness and their shares by component")
    np_ratio_from_mass: Ratio | None = out("with the anode's capacity from its mass", default=None)
    electrode_area: Area | None = out("cathode faces together, for the capacity", default=None)
    stack_mass: Mass | None = out("bill of materials of the whole cell", default=None)
    cell_mass: Mass | None = out("stack and package, or from the stated energy", default=None)
    packaging_mass: Mass | None = out("package and tabs; by difference if not given", default=None)
    cell_specific_energy: SpecificEnergy | None = out("package included", default=None)
    variants: Table | None = out("the card's variants side by side", default=None)
    thickness_charged: Length | None = out(
        "with the cathode's lithium plated, or the anode swollen", default=None
    )
    energy_density_charged: EnergyDensity | None = out("at that thickness", default=None)
    pore_volume: ArealVolume | None = out("of all pores, per cell face", default=None)
    filling: Ratio | None = out("volume of liquid over that of the pores", default=None)
    cell_capacity: Capacity | None = out("of the whole cell", default=None)
    cell_energy_density: EnergyDensity | None = out("over the outer volume", default=None)
    stack_volume_share: Percentage | None = out("of the outer volume", default=None)
    cost_per_energy: AnyQuantity | None = out("materials of the stack", default=None)
    cell_cost: AnyQuantity | None = out("materials and package of the cell", default=None)
    prices: Table | None = out("each price with its source and date", default=None)


def figure(result: StackEnergy) -> list[Figure]:
    """Bars of mass and thickness by component."""
    table = result.breakdown
    names = table.column("component")
    places = [float(i) for i in range(len(names))]
    figures = []
    for column, unit in (("areal_mass", "mg/cm^2"), ("thickness", "um")):
        values = zip(places, table.quantities(column), strict=True)
        known = [(i, q.value, q.std or 0.0) for i, q in values if q.value is not None]
        errors = [std for _, _, std in known]
        bars = Series(
            [place for place, _, _ in known],
            [value for _, value, _ in known],
            style="bars",
            y_error=errors if any(errors) else None,
            names=[names[int(place)] for place, _, _ in known],
        )
        label = column.replace("_", " ")
        figures.append(
            Figure(
                f"{column}_breakdown",
                [Panel([bars], "component", label, y_unit=unit)],
                f"Share of each component in the {label} of one cell face.",
                "The tallest bar that stores no charge is where energy is gained.",
            )
        )
    return figures


@dataclass(frozen=True)
class _Computed:
    """The numbers of one design, without tables and words."""

    cell: Cell
    answer: dict[str, Quantity]
    beside: dict[str, dict[str, Quantity]]
    more: dict[str, Quantity]


def _computed(
    cell: Cell,
    average_voltage: Quantity | None = None,
    areal_capacity: Quantity | None = None,
    variant: str = "",
) -> _Computed:
    changed = _with(_chosen(cell, variant), average_voltage, areal_capacity)
    others = {
        name: _with(other, average_voltage, areal_capacity)
        for name, other in cell.variants.items()
        if name != variant
    }
    answer = energy.energies(changed)
    beside = {name: energy.energies(other) for name, other in others.items()}
    named = {f"{q}@{name}": v[q] for name, v in beside.items() for q in _COMPARED if q in v}
    return _Computed(changed, answer, beside, named | _band(changed, answer, others, beside))


def batch(designs: Sequence[Mapping[str, Any]]) -> list[StackEnergy | PolylyteError]:
    """``stack_energy`` of many designs: the same quantities, no tables and no words."""
    return [_design(design) for design in designs]


_NO_TABLE = Table.of({})


def _design(arguments: Mapping[str, Any]) -> StackEnergy | PolylyteError:
    try:
        made = _computed(**arguments)
    except PolylyteError as error:
        return error
    answer: dict[str, Any] = made.answer
    return StackEnergy(**answer, breakdown=_NO_TABLE, more=made.more)


@method(
    "stack.energy",
    version=2,
    cites=[BETZ_2019],
    figure=figure,
    batch=batch,
    prose="Energies of the stack were computed from areal capacity, an average voltage of "
    "{voltage} and the areal masses and thicknesses of its components ({counted}): "
    "{specific_energy} and {energy_density}. Not included: {omitted}.",
)
def stack_energy(
    *,
    cell: Cell,
    average_voltage: CellVoltage | None = None,
    areal_capacity: ArealCapacity | None = None,
    variant: str = "",
) -> StackEnergy:
    """Specific energy and energy density of one cell face and of the cell.

    e_m = q V / sum(m_i), e_V = q V / sum(d_i), with q the areal capacity of the cathode, m_i and
    d_i the mass per area and the thickness of each component. A foil coated on both sides counts
    half. Liquid lies in pores and adds no thickness. N/P is the anode's areal capacity over the
    cathode's; E/C counts liquid and solid electrolyte. With the cell's capacity Q, the electrode
    area is Q/q and the stack's mass m Q/q; with a specific energy stated for the whole cell, its
    mass is Q V over that and the package follows by difference; a package may also be stated as
    mass and tabs, or as a share of the cell's mass. A wound cell has the cathode area
    pi (D^2 - d^2) h / (4 sum(d_i)); a coin cell one face.

    Lithium metal, and the copper of an anode-free cell, grow by q M / (F rho) when charged
    (4.85 um per mAh/cm2), other anodes by their swelling; the energy density at that thickness is
    given too. Pores are d (1 - m / (rho d)), and the filling is the volume of liquid over theirs.
    Costs are those of materials, from prices on the card or of the study's substances alone; where
    one is missing, the cost is null and names it.

    Uncertainties are carried to first order.

    Parameters:
        cell: the areal cell card; its variants are computed beside it
        average_voltage: replaces that of the card
        areal_capacity: replaces that of the card's cathode
        variant: name of the variant that takes the place of the card

    Raises:
        InputError: no average voltage, no areal capacity, or a component without mass.

    References:
        Betz et al. 2019, doi:10.1002/aenm.201803170.
    """
    made = _computed(cell, average_voltage, areal_capacity, variant)
    found = bill.items(made.cell)
    closures = tuple(bill.closures(made.cell))
    left_out = notes.omitted(made.cell)
    label = variant or "as stated"
    answer: dict[str, Any] = made.answer
    return StackEnergy(
        **answer,
        breakdown=_breakdown(found),
        variants=_side_by_side(label, made.answer, made.beside) if made.beside else None,
        prices=notes.prices(found, made.cell),
        more=made.more,
        verdicts=(*closures, *notes.fits(made.answer)),
        findings=(
            *notes.findings(made.cell, made.answer, left_out),
            *notes.too_heavy({label: made.answer, **made.beside}),
            *notes.unsourced(found),
            *(Finding(v.text, "warning") for v in closures if not v.passed),
        ),
        text={
            "voltage": str(energy.average_voltage(made.cell)),
            "counted": ", ".join(item.component for item in found),
            "omitted": ", ".join(left_out) or "nothing",
        },
    )


def _chosen(cell: Cell, variant: str) -> Cell:
    if variant and variant not in cell.variants:
        raise InputError(
            f"the card has no variant '{variant}'",
            where=cell.where,
            remedy=nearest(variant, cell.variants),
        )
    return cell.variants[variant] if variant else cell


def _with(cell: Cell, voltage: Quantity | None, capacity: Quantity | None) -> Cell:
    if voltage is not None:
        cell = replace(cell, average_voltage=voltage)
    if capacity is not None:
        cathode = cell.cathode or Electrode()
        # The loading's capacity would contradict the one that replaces it.
        cell = replace(
            cell, cathode=replace(cathode, areal_capacity=capacity, specific_capacity=None)
        )
    return cell


def _breakdown(found: list[Item]) -> Table:
    mass = bill.add([item.areal_mass for item in found], "mg/cm^2")
    thickness = energy.total_thickness(found)
    unknown = Quantity(None, "um")
    no_share = Quantity(None, "%")
    shares = [
        no_share if item.thickness is None or thickness.value is None
        else (item.thickness.to("m") / thickness).to("%")
        for item in found
    ]  # fmt: skip
    return Table.of_quantities(
        {"component": [i.component for i in found], "material": [i.material for i in found]},
        {
            "areal_mass": [i.areal_mass for i in found],
            "mass_share": [(i.areal_mass / mass).to("%") for i in found],
            "thickness": [i.thickness or unknown for i in found],
            "thickness_share": shares,
        },
    )


_COMPARED = (
    "specific_energy", "energy_density", "areal_mass", "thickness", "np_ratio", "ec_ratio",
    "stack_mass", "cell_mass", "packaging_mass",
)  # fmt: skip


def _side_by_side(
    label: str, answer: Mapping[str, Quantity], beside: Mapping[str, Mapping[str, Quantity]]
) -> Table:
    rows = {label: answer, **beside}
    columns = {}
    for name in _COMPARED:
        known = next((row[name] for row in rows.values() if name in row), None)
        if known is not None:
            columns[name] = [row.get(name, Quantity(None, known.unit)) for row in rows.values()]
    return Table.of_quantities({"variant": list(rows)}, columns)


def _band(
    cell: Cell,
    answer: Mapping[str, Quantity],
    others: Mapping[str, Cell],
    beside: Mapping[str, Mapping[str, Quantity]],
) -> dict[str, Quantity]:
    """Lowest and highest of what the card leaves open, over variants of the same cell."""
    same = [
        beside[name]
        for name, other in others.items()
        if other.capacity == cell.capacity and other.specific_energy == cell.specific_energy
    ]
    band = {}
    for name in _BAND:
        values = [row[name] for row in (answer, *same) if name in row]
        if same and values:
            band[f"{name}@lowest"] = min(values, key=lambda value: value.si)
            band[f"{name}@highest"] = max(values, key=lambda value: value.si)
    return band
