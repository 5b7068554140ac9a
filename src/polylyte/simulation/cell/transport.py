"""What an electrolyte layer conducts, as tables over its salt concentration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from polylyte.core.errors import InputError
from polylyte.materials.cells import Layer
from polylyte.simulation.cell import library
from polylyte.simulation.cell.forms import evaluate

FARADAY = 96485.33212
GAS_CONSTANT = 8.314462618
POINTS = 1025
SPAN = 12.0
"""Tables reach to this multiple of the initial concentration."""
BLEND = 0.05
"""A constant conductivity goes to zero as 1 - exp(-c/(BLEND c0))."""


@dataclass(frozen=True)
class Transport:
    """``table``: rows kappa/c, D, t+ and (1 - t+)(1 + dlnf/dlnc) over c from 0 to ``top``."""

    name: str
    thickness: float
    porosity: float
    geometry: float
    """Effective over bulk conductivity."""
    concentration: float
    conductivity: float
    diffusivity: float
    transference_number: float
    table: Any
    top: float
    span: tuple[float, float] | None
    """Where the functions hold; None for constants."""
    assumptions: tuple[str, ...]
    conductivity_activation: float = 0.0
    diffusion_activation: float = 0.0
    diffusion_power: float = 0.0
    """D goes as T to this power besides its activation: 1 where it follows from kappa."""

    @cached_property
    def rows(self) -> Any:
        """The table as the kernels want it: one row per concentration."""
        return np.ascontiguousarray(self.table.T)


def closure(transference: float, conductivity: float, temperature: float, c: float) -> float:
    """D = 2 t+ (1 - t+) kappa R T/(F^2 c) of an ideal binary salt."""
    t = transference
    return 2 * t * (1 - t) * conductivity * GAS_CONSTANT * temperature / (FARADAY**2 * c)


def effective(layer: Layer) -> tuple[float, float]:
    """Porosity and effective over bulk conductivity of a film: porosity over tortuosity factor,
    by Bruggeman porosity^1.5 where no tortuosity is stated, 1 for a dense film."""
    porosity = layer.porosity.si if layer.porosity else 1.0
    if layer.tortuosity:
        return porosity, porosity / layer.tortuosity.si
    return porosity, porosity**1.5


def layer_transport(layer: Layer, temperature: float, *, where: str) -> Transport:
    """The transport of one layer: the card's constants, else the library's functions.

    Raises:
        InputError: no thickness, a zero transference number, or nothing known of it.
    """
    if layer.thickness is None:
        raise InputError(
            "the layer's thickness is not stated", where=where, remedy='add thickness = "20 um"'
        )
    if layer.transference_number is not None and layer.transference_number.si <= 0:
        raise InputError(
            "a transference number of zero: no lithium moves",
            where=f"{where} transference_number",
            remedy="give one above 0; 1 is a single-ion conductor",
        )
    known = library.find("electrolyte", layer.material)
    if layer.conductivity is not None and layer.transference_number is not None:
        return _constant(layer, temperature)
    if known is None:
        missing = [n for n in ("conductivity", "transference_number") if getattr(layer, n) is None]
        raise InputError(
            f"'{layer.material or 'the electrolyte'}' is not in the parameter library and its "
            f"{' and '.join(missing)} are not stated",
            where=where,
            remedy=f"state them, or name one of: {', '.join(library.library()['electrolyte'])}",
        )
    return _functions(layer, temperature, known[0], known[1])


def _constant(layer: Layer, temperature: float) -> Transport:
    assert layer.conductivity is not None
    assert layer.transference_number is not None
    assert layer.thickness is not None
    kappa, t = layer.conductivity.si, layer.transference_number.si
    said = []
    if layer.salt_concentration is None:
        said.append(f"salt concentration of {layer.material or 'the electrolyte'}: 1 mol/L assumed")
    c0 = layer.salt_concentration.si if layer.salt_concentration else 1000.0
    D = closure(t, kappa, temperature, c0)
    top = SPAN * c0
    c = np.linspace(0.0, top, POINTS)
    if t >= 1.0:
        reduced = np.full(POINTS, kappa / c0)
    else:
        blend = BLEND * c0
        reduced = kappa / blend * np.ones(POINTS)
        reduced[1:] = -kappa * np.expm1(-c[1:] / blend) / c[1:]
        said.append(
            "constant conductivity and t+; D from 2 t+ (1 - t+) kappa RT/(F^2 c), which exceeds "
            "tabulated D of polymer electrolytes by 1.6 to 3.8 times; thermodynamic factor 1"
        )
    table = np.stack([reduced, np.full(POINTS, D), np.full(POINTS, t), np.full(POINTS, 1.0 - t)])
    porosity, geometry = effective(layer)
    return Transport(
        layer.material or "electrolyte", layer.thickness.si, porosity, geometry, c0, kappa, D, t,
        table, top, None, tuple(said),
    )  # fmt: skip


def _functions(layer: Layer, temperature: float, name: str, entry: Mapping[str, Any]) -> Transport:
    assert layer.thickness is not None
    low, high = entry["range"]
    said = [f"{name}: {entry['source']}"]
    if abs(temperature - entry["temperature"]) > 1.0:
        said.append(
            f"the functions of {name} hold at {entry['temperature'] - 273.15:g} degC and are used "
            f"at {temperature - 273.15:g} degC"
        )
    c0 = layer.salt_concentration.si if layer.salt_concentration else entry["concentration"]
    top = max(SPAN * c0, 1.5 * high)
    c = np.linspace(0.0, top, POINTS)
    held = np.clip(c, low, high)
    factor = 1.0
    if layer.conductivity is not None:
        factor = layer.conductivity.si / float(evaluate(entry["conductivity"], c0))
        said.append(f"conductivity of {name} scaled by {factor:.3g} to the stated one")
    kappa = evaluate(entry["conductivity"], held) * factor
    # Below the range in proportion to c; above it constant.
    reduced = np.where(c < low, kappa / low, kappa / np.maximum(c, low))
    D = evaluate(entry["diffusivity"], held)
    if layer.transference_number is not None:
        t = np.full(POINTS, layer.transference_number.si)
    else:
        t = evaluate(entry["transference_number"], held)
    thermodynamic = (
        evaluate(entry["thermodynamic_factor"], held)
        if "thermodynamic_factor" in entry
        else np.ones(POINTS)
    )
    porosity, geometry = effective(layer)
    at = [float(np.interp(c0, c, values)) for values in (reduced, D, t)]
    return Transport(
        name, layer.thickness.si, porosity, geometry, c0, at[0] * c0, at[1], at[2],
        np.stack([reduced, D, t, (1.0 - t) * thermodynamic]), top, (low, high), tuple(said),
    )  # fmt: skip
