"""A BPX document as our model, and our model as a BPX document."""

from __future__ import annotations

from typing import Any

import numpy as np

from polylyte.core.errors import InputError
from polylyte.simulation.cell import library
from polylyte.simulation.cell.bpx import LITHIUM_KINETICS, VERSION, BatteryParameters
from polylyte.simulation.cell.cathode import POINTS, Cathode, start_of
from polylyte.simulation.cell.model import Model
from polylyte.simulation.cell.transport import FARADAY, GAS_CONSTANT, SPAN, Transport
from polylyte.simulation.cell.transport import POINTS as SALT_POINTS

POSITIVE, SALT = "Positive electrode", "Electrolyte"
HYSTERESIS = ("OCP (delithiation) [V]", "OCP (lithiation) [V]", "OCP hysteresis decay constant")
START_SALT = ("Initial electrolyte concentration [mol.m-3]", "Initial concentration [mol.m-3]")


def model_of_bpx(
    bpx: BatteryParameters, *, temperature: float | None, grid: int, alone: bool
) -> Model:
    """The positive electrode of a BPX file against lithium, with its separator and electrolyte.

    ``alone`` says that the file's own negative electrode may be left out.

    Raises:
        InputError: what the model cannot represent, or what the file lacks.
    """
    _refuse(bpx, alone)
    reference = bpx.number("Cell", "Reference temperature [K]", 298.15)
    kelvin = temperature or bpx.state(
        "Initial temperature [K]", ("Cell", "Initial temperature [K]"), reference
    )
    gap = (1 / reference - 1 / kelvin) / GAS_CONSTANT
    user = bpx.document["Parameterisation"].get("User-defined") or {}
    exchange = user.get(LITHIUM_KINETICS, library.library()["lithium"]["exchange_current"])
    return Model(
        kelvin, (_layer(bpx, gap),), _cathode(bpx, gap), float(exchange), cells=grid
    )  # fmt: skip


def _refuse(bpx: BatteryParameters, alone: bool) -> None:
    positive = bpx.part(POSITIVE)
    if "Particle" in positive:
        raise InputError(
            "its positive electrode is a blend; the model has one active material", where=bpx.where
        )
    found = [key for key in HYSTERESIS if positive.get(key) is not None]
    if found:
        raise InputError(f"'{found[0]}': the model has no hysteresis", where=bpx.where)
    if not alone and "Negative electrode" in bpx.document["Parameterisation"]:
        raise InputError(
            "its negative electrode is porous; the model has lithium",
            where=bpx.where,
            remedy='set against = "lithium" to take its positive electrode alone',
        )


def _warmed(bpx: BatteryParameters, part: str, key: str, gap: float) -> tuple[float, float]:
    energy = bpx.number(part, key, 0.0)
    return energy, float(np.exp(energy * gap))


def _layer(bpx: BatteryParameters, gap: float) -> Transport:
    c0 = bpx.state(START_SALT[0], (SALT, START_SALT[1]), 1000.0)
    top = SPAN * c0
    c = np.linspace(0.0, top, SALT_POINTS)
    kappa_energy, kappa_factor = _warmed(bpx, SALT, "Conductivity activation energy [J.mol-1]", gap)
    d_energy, d_factor = _warmed(bpx, SALT, "Diffusivity activation energy [J.mol-1]", gap)
    # A fit may leave the physical range far from where it was made: it is held positive.
    kappa = np.maximum(bpx.curve(SALT, "Conductivity [S.m-1]", c), 1e-9) * kappa_factor
    D = np.maximum(bpx.curve(SALT, "Diffusivity [m2.s-1]", c), 1e-16) * d_factor
    t = bpx.number(SALT, "Cation transference number")
    if not 0 < t <= 1:
        raise InputError(f"a transference number of {t:g} is not above 0 and at most 1",
                         where=bpx.where)  # fmt: skip
    reduced = np.empty_like(kappa)
    reduced[1:] = kappa[1:] / c[1:]
    reduced[0] = reduced[1]
    at = [float(np.interp(c0, c, values)) for values in (kappa, D)]
    return Transport(
        "the BPX electrolyte", bpx.number("Separator", "Thickness [m]"),
        bpx.number("Separator", "Porosity"), bpx.number("Separator", "Transport efficiency"),
        c0, at[0], at[1], t,
        np.stack([reduced, D, np.full(SALT_POINTS, t), np.full(SALT_POINTS, 1.0 - t)]), top, None,
        ("thermodynamic factor 1: BPX has none",), kappa_energy, d_energy,
    )  # fmt: skip


def _cathode(bpx: BatteryParameters, gap: float) -> Cathode:
    def number(key: str) -> float:
        return bpx.number(POSITIVE, key)

    low, high = number("Minimum stoichiometry"), number("Maximum stoichiometry")
    if not 0 <= low < high <= 1:
        raise InputError("its stoichiometries are not between 0 and 1 in order", where=bpx.where)
    radius, maximum = number("Particle radius [m]"), number("Maximum concentration [mol.m-3]")
    active = number("Surface area per unit volume [m-1]") * radius / 3
    thickness, porosity = number("Thickness [m]"), number("Porosity")
    x, table = _ocp(bpx, low, high)
    v_low = bpx.number("Cell", "Lower voltage cut-off [V]")
    v_high = bpx.number("Cell", "Upper voltage cut-off [V]")
    start = start_of(
        table, float(x[0]), float(x[-1]), v_low, v_high, stated=False, where=bpx.where
    ) if table[0, 0] >= v_high else float(low)  # fmt: skip
    rate_energy, rate = _warmed(
        bpx, POSITIVE, "Reaction rate constant activation energy [J.mol-1]", gap
    )
    solid_energy, solid_factor = _warmed(
        bpx, POSITIVE, "Diffusivity activation energy [J.mol-1]", gap
    )
    D = bpx.curve(POSITIVE, "Diffusivity [m2.s-1]", np.linspace(0.0, 1.0, POINTS))
    if np.any(D <= 0):
        raise InputError("its solid diffusivity is not above zero", where=bpx.where)
    mean = float(np.exp(np.log(D).mean()))
    c0 = bpx.state(START_SALT[0], (SALT, START_SALT[1]), 1000.0)
    per_pair = bpx.number("Cell", "Nominal cell capacity [A.h]") * 3600
    pairs = bpx.number(
        "Cell", "Number of electrode pairs connected in parallel to make a cell", 1.0
    )
    area = bpx.number("Cell", "Electrode area [m2]") * pairs
    return Cathode(
        "the BPX positive electrode", thickness, porosity, active, float("nan"), radius, 0.0,
        mean * solid_factor,
        number("Reaction rate constant [mol.m-2.s-1]") * rate * FARADAY / (maximum * c0**0.5),
        maximum, table, float(x[0]), float(x[-1]), start, v_low, v_high, per_pair / area, (),
        rate_energy, solid_energy,
        np.ones(1) if np.ptp(D) == 0 else D / mean,
        number("Transport efficiency"), number("Conductivity [S.m-1]"),
    )  # fmt: skip


def _ocp(bpx: BatteryParameters, low: float, high: float) -> tuple[Any, Any]:
    """Potential, slope and entropic coefficient a little beyond the stated stoichiometries."""
    margin = 0.02 * (high - low)
    x = np.linspace(max(1e-4, low - margin), min(1 - 1e-4, high + margin), POINTS)
    value = bpx.curve(POSITIVE, "OCP [V]", x)
    rows = [value, np.gradient(value, x)]
    if bpx.part(POSITIVE).get("Entropic change coefficient [V.K-1]") is not None:
        rows.append(bpx.curve(POSITIVE, "Entropic change coefficient [V.K-1]", x))
    return x, np.stack(rows)


def bpx_of_model(model: Model, *, title: str, area: float) -> BatteryParameters:
    """Our model as a partial BPX document: cell, electrolyte, separator, positive electrode; the
    lithium's kinetics under User-defined.

    Raises:
        InputError: what BPX cannot represent.
    """
    c = model.cathode
    if c is None:
        raise InputError("BPX has no cell without a positive electrode", where=title)
    if len(model.layers) > 1:
        raise InputError("BPX has one electrolyte, this card has several layers", where=title)
    layer = model.layers[0]
    reduced, D, t, thermodynamic = layer.table
    if np.ptp(t) > 0:
        raise InputError(
            "BPX has one transference number, this electrolyte's depends on concentration",
            where=title,
        )
    if np.any(abs(thermodynamic - (1 - t)) > 1e-12):
        raise InputError("BPX has no thermodynamic factor, this electrolyte has one", where=title)
    salt = np.linspace(0.0, layer.top, len(reduced))
    x = np.linspace(c.low, c.high, c.ocp.shape[1])
    sites = FARADAY * c.maximum * c.active * c.thickness
    electrode = {
        "Thickness [m]": c.thickness,
        "Porosity": c.porosity,
        "Transport efficiency": c.geometry,
        "Conductivity [S.m-1]": c.sigma,
        "Minimum stoichiometry": c.start,
        "Maximum stoichiometry": min(1.0, c.start + c.nominal / sites),
        "Maximum concentration [mol.m-3]": c.maximum,
        "Particle radius [m]": c.radius,
        "Surface area per unit volume [m-1]": 3 * c.active / c.radius,
        "Diffusivity [m2.s-1]": c.diffusivity
        if len(c.solid) == 1
        else _table(np.linspace(0, 1, len(c.solid)), c.diffusivity * c.solid),
        "Diffusivity activation energy [J.mol-1]": c.diffusion_activation,
        "OCP [V]": _table(x, c.ocp[0]),
        "Reaction rate constant [mol.m-2.s-1]": c.rate_constant
        * c.maximum
        * layer.concentration**0.5
        / FARADAY,
        "Reaction rate constant activation energy [J.mol-1]": c.rate_activation,
    }
    if c.ocp.shape[0] > 2:
        electrode["Entropic change coefficient [V.K-1]"] = _table(x, c.ocp[2])
    document = {
        "Header": {
            "BPX": VERSION,
            "Title": title,
            "Description": "Lithium-metal cell: no negative electrode but lithium",
            "Model": "Partial",
        },
        "Parameterisation": {
            "Cell": {
                "Electrode area [m2]": area,
                "Number of electrode pairs connected in parallel to make a cell": 1,
                "Lower voltage cut-off [V]": c.lower,
                "Upper voltage cut-off [V]": c.upper,
                "Nominal cell capacity [A.h]": c.nominal * area / 3600,
                "Reference temperature [K]": model.temperature,
            },
            "Electrolyte": {
                "Cation transference number": float(t[0]),
                "Diffusivity [m2.s-1]": float(D[0]) if np.ptp(D) == 0 else _table(salt, D),
                "Diffusivity activation energy [J.mol-1]": layer.diffusion_activation,
                "Conductivity [S.m-1]": _table(salt, reduced * salt),
                "Conductivity activation energy [J.mol-1]": layer.conductivity_activation,
            },
            "Separator": {
                "Thickness [m]": layer.thickness,
                "Porosity": layer.porosity,
                "Transport efficiency": layer.geometry,
            },
            POSITIVE: electrode,
            "User-defined": {LITHIUM_KINETICS: model.anode_exchange},
        },
        "State": {
            "Initial conditions": {
                START_SALT[0]: layer.concentration,
                "Initial temperature [K]": model.temperature,
            }
        },
    }
    return BatteryParameters(document)


def _table(x: Any, y: Any) -> dict[str, list[float]]:
    return {"x": [float(value) for value in x], "y": [float(value) for value in y]}
