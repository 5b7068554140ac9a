"""One temperature for the whole cell: what it stores, what it loses, what gets faster with it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from polylyte.core.errors import InputError
from polylyte.core.package_data import package_data
from polylyte.core.quantities import Quantity, require
from polylyte.materials import substances
from polylyte.materials.cells import Cell, Layer
from polylyte.simulation.cell.cathode import Cathode
from polylyte.simulation.cell.transport import Transport

if TYPE_CHECKING:
    from polylyte.simulation.cell.model import Model

FACES = 2
"""Of a stack: both are cooled where the card or the user says nothing else."""


@dataclass(frozen=True)
class Thermal:
    """Per area of the electrodes, in SI."""

    capacity: float
    """Heat capacity, J/(m^2 K)."""
    cooling: float
    """Heat lost per kelvin above ``ambient``, W/(m^2 K)."""
    ambient: float
    anode_activation: float = 0.0
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class HeatOptions:
    """What a method is asked about heat. ``transfer`` turns the temperature loose."""

    transfer: Quantity | None = None
    capacity: Quantity | None = None
    cooled_area: Quantity | None = None
    ambient: Quantity | None = None
    conductivity_activation: Quantity | None = None
    entropic_coefficient: Quantity | None = None


@cache
def _read(content: bytes) -> Mapping[str, Any]:
    return tomllib.loads(content.decode())


def specific_heats() -> Mapping[str, Any]:
    """J/(kg K) by material, with where they come from."""
    return _read(package_data("simulation/cell/heat.toml"))


def with_heat(model: Model, cell: Cell, options: HeatOptions) -> Model:
    """The model with the temperature dependences and, where a heat transfer coefficient is
    given, its own temperature.

    Raises:
        InputError: something about heat without the coefficient, or a negative one.
    """
    where = cell.where or f"cell.{cell.name}"
    activation = options.conductivity_activation
    if options.transfer is None:
        asked = [
            name
            for name, value in vars(options).items()
            if value is not None and name != "entropic_coefficient"
        ]
        if asked:
            raise InputError(
                f"{asked[0].replace('_', ' ')} without a heat transfer coefficient",
                where=where,
                remedy='add heat_transfer = "10 W/(m^2 K)", or remove it',
            )
        return _with_entropy(model, options, where)
    transfer = require(options.transfer, "W/(m^2 K)", where="heat_transfer").si
    if transfer < 0:
        raise InputError("a negative heat transfer coefficient", where="heat_transfer")
    said: list[str] = []
    if options.capacity is None:
        capacity, said = heat_capacity(cell, model)
    else:
        capacity = require(options.capacity, "J/(m^2 K)", where="heat_capacity").si
    if capacity <= 0:
        raise InputError("a heat capacity is above zero", where="heat_capacity")
    faces = FACES / (cell.layers or 1)
    if options.cooled_area is not None:
        faces = options.cooled_area.si
    else:
        said.append(f"cooled area {faces:g} of that of the electrodes (both faces of the stack)")
    energy = require(activation, "J/mol", where="conductivity_activation").si if activation else 0.0
    layers = tuple(_warmed(layer, energy, said) for layer in model.layers)
    ambient = options.ambient.si if options.ambient else model.temperature
    thermal = Thermal(capacity, transfer * faces, ambient, assumptions=tuple(said))
    made = replace(model, layers=layers, thermal=thermal)
    return _with_entropy(made, options, where)


def _warmed(layer: Transport, energy: float, said: list[str]) -> Transport:
    """D by the closure goes as kappa T; a tabulated one is taken to have kappa's activation."""
    own = energy or layer.conductivity_activation
    if not own:
        said.append(f"{layer.name}: kappa does not depend on temperature (no activation stated)")
    elif layer.span is not None and not layer.diffusion_activation:
        said.append(f"{layer.name}: D has the activation energy of kappa")
    return replace(
        layer,
        conductivity_activation=own,
        diffusion_activation=layer.diffusion_activation or own,
        diffusion_power=1.0 if layer.span is None else 0.0,
    )


def _with_entropy(model: Model, options: HeatOptions, where: str) -> Model:
    """One entropic coefficient for all stoichiometries, where none is tabulated."""
    if options.entropic_coefficient is None:
        return model
    if model.cathode is None:
        raise InputError("an entropic coefficient without a cathode", where=where)
    value = require(options.entropic_coefficient, "V/K", where="entropic_coefficient").si
    return replace(
        model, cathode=entropic(model.cathode, np.full(model.cathode.ocp.shape[1], value))
    )


def entropic(cathode: Cathode, values: Any) -> Cathode:
    """The cathode with dU/dT on the grid of its open-circuit potential."""
    return replace(cathode, ocp=np.stack([cathode.ocp[0], cathode.ocp[1], values]))


def heat_capacity(cell: Cell, model: Model) -> tuple[float, list[str]]:
    """J/(m^2 K) of one pair of electrodes from the masses on the card, and what was assumed or
    left out."""
    heats = specific_heats()
    said = ["specific heats of the package's table, see cell-model"]
    total = 0.0
    for name, part in (("electrolyte", cell.electrolyte), ("separator", cell.separator)):
        if part is not None:
            total += _layer_mass(part, name, said) * heats["polymer"]["specific_heat"]
    if model.cathode is not None and cell.cathode is not None:
        c, fraction = model.cathode, cell.cathode.active_fraction
        total += c.loading / (fraction.si if fraction else 1.0) * heats["coating"]["specific_heat"]
        filling = cell.separator or cell.electrolyte
        assert filling is not None
        pores = c.porosity * c.thickness * _density(filling, "pores", said)
        total += pores * heats["polymer"]["specific_heat"]
    if cell.anode is not None and cell.anode.thickness is not None:
        total += cell.anode.thickness.si * _metal("Li", heats)
    else:
        said.append("the lithium's thickness is not stated: its heat capacity is left out")
    for foil in cell.foils:
        if foil.thickness is not None and foil.material in heats:
            total += foil.thickness.si * _metal(foil.material, heats) / foil.sides
        else:
            said.append(f"the foil of {foil.material} is left out of the heat capacity")
    if not cell.foils:
        said.append("no current collectors on the card: left out of the heat capacity")
    said.append("package and tabs are left out of the heat capacity")
    return total, said


def _metal(name: str, heats: Mapping[str, Any]) -> float:
    """J/(m^3 K)."""
    density = substances.find(name).density
    assert density is not None
    return float(density.si * heats[name]["specific_heat"])


def _layer_mass(layer: Layer, name: str, said: list[str]) -> float:
    if layer.areal_mass is not None:
        return layer.areal_mass.si
    assert layer.thickness is not None
    return layer.thickness.si * _density(layer, name, said)


def _density(layer: Layer, name: str, said: list[str]) -> float:
    if layer.density is not None:
        return layer.density.si
    assumed = float(specific_heats()["polymer"]["density"])
    said.append(f"density of the {name}: {assumed:g} kg/m^3 assumed")
    return assumed
