"""The porous cathode of a card: geometry, kinetics and open-circuit potential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity
from polylyte.core.tables import Table
from polylyte.core.units import convert
from polylyte.materials.cells import Electrode
from polylyte.simulation.cell import library
from polylyte.simulation.cell.forms import evaluate
from polylyte.simulation.cell.transport import FARADAY, GAS_CONSTANT

INERT_DENSITY = 1800.0
"""Of binder and carbon together, kg/m^3 (PVDF 1780, carbon black 1800 to 1900)."""
POINTS = 1001
SHORTEST = 5


@dataclass(frozen=True)
class Cathode:
    """In SI. ``ocp``: potential, slope and (where known) entropic coefficient dU/dT on an even
    grid from ``low`` to ``high``."""

    name: str
    thickness: float
    porosity: float
    active: float
    """Volume fraction of active material."""
    loading: float
    """Mass of active material per area."""
    radius: float
    conductivity: float
    diffusivity: float
    rate_constant: float
    maximum: float
    ocp: Any
    low: float
    high: float
    start: float
    """Stoichiometry at the upper cut-off."""
    lower: float
    upper: float
    nominal: float
    """Charge per area that one hour at 1C delivers, C/m^2."""
    assumptions: tuple[str, ...]
    rate_activation: float = 0.0
    diffusion_activation: float = 0.0
    solid: Any = field(default_factory=lambda: np.ones(1))
    """Factor of the diffusivity on an even grid of stoichiometry from 0 to 1."""
    efficiency: float | None = None
    """Effective over bulk transport in the pores; None is porosity^1.5."""
    effective_conductivity: float | None = None
    """Electronic, of the coating; None is that of the solid times its share^1.5."""

    @property
    def geometry(self) -> float:
        """Effective over bulk transport in the pores."""
        return self.porosity**1.5 if self.efficiency is None else self.efficiency

    @property
    def sigma(self) -> float:
        """Electronic conductivity of the coating."""
        stated = self.effective_conductivity
        return self.conductivity * (1 - self.porosity) ** 1.5 if stated is None else stated

    @property
    def holds(self) -> float:
        """Charge per area from the start to full stoichiometry."""
        return FARADAY * self.maximum * self.active * self.thickness * (1.0 - self.start)


def cathode_of(
    electrode: Electrode,
    *,
    temperature: float,
    lower: Quantity | None,
    upper: Quantity | None,
    ocp: Table | None,
    like: str,
    where: str,
    diffusivity: Table | None = None,
) -> Cathode:
    """The cathode of a card.

    ``ocp``: columns ``stoichiometry``, ``potential`` and, where known, ``entropic_coefficient``;
    ``diffusivity``: columns ``stoichiometry`` and ``diffusivity``; ``like`` names the library's
    material whose kinetics are used.

    Raises:
        InputError: something not stated, or not possible.
    """
    name, entry = library.electrode(like or electrode.material, where=where)
    said = [f"{name}: {entry['source']}"]
    table, low, high = _library_ocp(entry) if ocp is None else _table_ocp(ocp, where)
    v_high = upper.si if upper else entry["upper_cutoff"]
    v_low = lower.si if lower else entry["lower_cutoff"]
    start = start_of(table, low, high, v_low, v_high, stated=ocp is not None, where=where)
    density = electrode.density.si if electrode.density else entry["density"]
    thickness, porosity, active, loading = _geometry(electrode, density, said, where)
    maximum = entry["maximum_concentration"]
    full = min(high, entry["lithiated"]) if ocp is None else high
    if electrode.specific_capacity is not None:
        maximum = electrode.specific_capacity.si * density / (FARADAY * (full - start))
        said.append(
            f"utilisation fitted: {electrode.specific_capacity} between stoichiometry {start:.4f} "
            f"and {full:.4f}, so {maximum:.0f} mol/m^3 of lithium sites"
        )
    nominal = (
        electrode.areal_capacity.si
        if electrode.areal_capacity
        else FARADAY * maximum * active * thickness * (full - start)
    )

    def warmed(activation: float) -> float:
        reference = entry["reference_temperature"]
        return float(np.exp(activation / GAS_CONSTANT * (1 / reference - 1 / temperature)))

    radius = electrode.particle_radius.si if electrode.particle_radius else entry["particle_radius"]
    if electrode.particle_radius is None:
        said.append(f"particle radius {radius * 1e6:g} um from the library")
    conducts = electrode.conductivity.si if electrode.conductivity else entry["conductivity"]
    energy = entry.get("diffusion_activation", 0.0)
    solid, diffuses = np.ones(1), entry["diffusivity"] * warmed(energy)
    if diffusivity is not None:
        solid, diffuses = _diffusion(diffusivity, where)
    return Cathode(
        name, thickness, porosity, active, loading, radius, conducts, diffuses,
        entry["rate_constant"] * warmed(entry.get("rate_activation", 0.0)),
        maximum, table, low, high, start, v_low, v_high, nominal, tuple(said),
        entry.get("rate_activation", 0.0), energy, solid,
    )  # fmt: skip


def scaled(cathode: Cathode, loading: float) -> Cathode:
    """The same coating at another loading: thickness and capacity in proportion."""
    factor = loading / cathode.loading
    return replace(
        cathode,
        loading=loading,
        thickness=cathode.thickness * factor,
        nominal=cathode.nominal * factor,
    )


def _geometry(
    electrode: Electrode, density: float, said: list[str], where: str
) -> tuple[float, float, float, float]:
    """Thickness, porosity, volume fraction and mass per area of the active material."""
    if electrode.loading is None:
        raise InputError(
            "the cathode's loading is not stated",
            where=where,
            remedy='add loading = "10 mg/cm^2" and loading_of = "active"',
        )
    fraction = electrode.active_fraction.si if electrode.active_fraction else None
    if fraction is None:
        fraction = 1.0
        said.append("active fraction 1 assumed")
    active_mass = electrode.loading.si * (fraction if electrode.loading_of == "coating" else 1.0)
    inert_mass = active_mass * (1 - fraction) / fraction
    solid = active_mass / density + inert_mass / INERT_DENSITY
    if electrode.thickness is None:
        if electrode.porosity is None:
            raise InputError(
                "neither the cathode's thickness nor its porosity is stated",
                where=where,
                remedy='add porosity = "30 vol%" or thickness = "60 um"',
            )
        porosity = electrode.porosity.si
        if not 0 < porosity < 1:
            raise InputError(
                f"a porosity of {porosity:g} is not between 0 and 1",
                where=f"{where} porosity",
                remedy="give the pores' share of the coating",
            )
        thickness = solid / (1 - porosity)
    else:
        thickness = electrode.thickness.si
        porosity = electrode.porosity.si if electrode.porosity else 1 - solid / thickness
        if electrode.porosity is None:
            said.append(f"porosity {porosity:.3f} from loading, densities and thickness")
    active = active_mass / density / thickness
    if not 0 < porosity < 1 or active + porosity > 1 + 1e-9:
        raise InputError(
            f"the loading does not fit: active material fills {active:.3f} and pores "
            f"{porosity:.3f} of a coating of {thickness * 1e6:.1f} um",
            where=where,
            remedy="check loading, thickness, porosity and density",
        )
    return thickness, porosity, active, active_mass


def _library_ocp(entry: Mapping[str, Any]) -> tuple[Any, float, float]:
    low, high = entry["range"]
    x = np.linspace(low, high, POINTS)
    step = 1e-6
    value = evaluate(entry["ocp"], x)
    slope = (evaluate(entry["ocp"], x + step) - evaluate(entry["ocp"], x - step)) / (2 * step)
    return np.stack([value, slope]), float(low), float(high)


def _table_ocp(ocp: Table, where: str) -> tuple[Any, float, float]:
    """Monotone cubic interpolation of a user's table.

    Raises:
        InputError: too short, not monotonic, a stoichiometry outside 0 to 1.
    """
    from scipy.interpolate import PchipInterpolator

    x, u = _columns(ocp, "potential", "V", "OCP", where)
    wrong = np.flatnonzero((np.diff(x) <= 0) | (np.diff(u) >= 0))
    if len(wrong):
        raise InputError(
            f"the OCP table is not monotonic: potential does not fall with stoichiometry after "
            f"x = {x[wrong[0]]:g}",
            where=where,
            remedy="smooth the table, one row per stoichiometry",
        )
    even = np.linspace(x[0], x[-1], POINTS)
    curve = PchipInterpolator(x, u)
    rows = [curve(even), curve(even, 1)]
    if "entropic_coefficient" in ocp.frame.columns:
        rows.append(np.interp(even, *_columns(ocp, "entropic_coefficient", "V/K", "OCP", where)))
    return np.stack(rows), float(x[0]), float(x[-1])


def _diffusion(table: Table, where: str) -> tuple[Any, float]:
    """Factor over stoichiometry on an even grid from 0 to 1, and its geometric mean."""
    x, d = _columns(table, "diffusivity", "m^2/s", "diffusivity", where)
    if np.any(np.diff(x) <= 0) or np.any(d <= 0):
        raise InputError(
            "the diffusivity table has repeated stoichiometries, or is not above zero",
            where=where,
            remedy="one row per stoichiometry, diffusivity in m^2/s",
        )
    even = np.linspace(0.0, 1.0, POINTS)
    values = np.interp(even, x, np.log(d))
    mean = float(np.exp(values.mean()))
    return np.exp(values) / mean, mean


def _columns(table: Table, name: str, unit: str, what: str, where: str) -> tuple[Any, Any]:
    """Stoichiometry and another column in SI, sorted.

    Raises:
        InputError: a missing column, too few rows, no number, a stoichiometry outside 0 to 1.
    """
    missing = [key for key in ("stoichiometry", name) if key not in table.frame.columns]
    if missing:
        raise InputError(
            f"the {what} table has no column '{missing[0]}'",
            where=where,
            remedy=f"head its columns 'stoichiometry / 1' and '{name} / {unit}'",
        )
    stated = table.units.get(name) or unit
    scale = 1.0 if "Li" in stated else convert(1.0, stated, unit)
    x = np.array(table.column("stoichiometry"), float)
    y = np.array(table.column(name), float) * scale
    if len(x) < SHORTEST:
        raise InputError(
            f"the {what} table is too short: {len(x)} points",
            where=where,
            remedy=f"give at least {SHORTEST}",
        )
    if not np.all(np.isfinite(x)) or x.min() < 0 or x.max() > 1:
        raise InputError(
            f"the {what} table has stoichiometries outside 0 to 1",
            where=where,
            remedy="give lithium per site",
        )
    if not np.all(np.isfinite(y)):
        raise InputError(f"the {what} table has rows without a number", where=where)
    order = np.argsort(x)
    return x[order], y[order]


def start_of(
    table: Any, low: float, high: float, v_low: float, v_high: float, *, stated: bool, where: str
) -> float:
    """The stoichiometry at the upper cut-off.

    Raises:
        InputError: cut-offs outside the table, or in the wrong order.
    """
    top, bottom = float(table[0, 0]), float(table[0, -1])
    if v_low >= v_high:
        raise InputError(
            f"the lower cut-off ({v_low:g} V) is not below the upper one ({v_high:g} V)",
            where=where,
        )
    # Analytic curves of the library end where their electrode is full, above its cut-off.
    if v_high > top or v_high < bottom or (v_low < bottom and stated):
        raise InputError(
            f"the cut-offs {v_low:g} to {v_high:g} V are outside the OCP's {bottom:.3f} to "
            f"{top:.3f} V",
            where=where,
            remedy="move the cut-offs, or extend the OCP table",
        )
    x = np.linspace(low, high, table.shape[1])
    return float(np.interp(-v_high, -table[0], x))
