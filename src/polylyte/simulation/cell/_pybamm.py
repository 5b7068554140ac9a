"""PyBaMM, an optional extra: loaded with its telemetry off, and our cell as its half-cell model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, MachineError
from polylyte.simulation.cell.model import Model

SULZER_2021 = Citation(
    "Sulzer2021",
    "Sulzer, V.; Marquis, S. G.; Timms, R.; Robinson, M.; Chapman, S. J.",
    "Python Battery Mathematical Modelling (PyBaMM)",
    "Journal of Open Research Software",
    2021,
    "9",
    "14",
    "10.5334/jors.309",
)


def pybamm() -> Any:
    """The library, with telemetry switched off before it is imported.

    Raises:
        MachineError: it is not installed.
    """
    os.environ["PYBAMM_DISABLE_TELEMETRY"] = "true"
    try:
        library = import_module("pybamm")
    except ImportError:
        raise MachineError(
            "this method runs in PyBaMM, which is not installed",
            remedy='install the extra: pip install "polylyte[pybamm]"',
        ) from None
    library.set_logging_level("ERROR")
    return library


def parameters(model: Model, *, where: str) -> Any:
    """Our model's functions and numbers as PyBaMM's parameter values of a half-cell whose
    current ("Current function [A]") is per square metre.

    Raises:
        InputError: what PyBaMM's half-cell cannot represent.
    """
    library = pybamm()
    c = model.cathode
    if c is None:
        raise InputError("PyBaMM's half-cell needs a cathode", where=where)
    if len(model.layers) > 1:
        raise InputError(
            "PyBaMM's half-cell has one electrolyte layer, this card has several",
            where=where,
            remedy="use cell.discharge",
        )
    if model.layers[0].transference_number >= 1:
        raise InputError(
            "PyBaMM's half-cell has no single-ion mode", where=where, remedy="use cell.discharge"
        )
    film = model.layers[0]
    grid = np.linspace(0.0, film.top, film.table.shape[1])
    reduced, diffusivity, transference, thermodynamic = film.table

    def of_salt(values: Any) -> Any:
        return lambda ce, *_: library.Interpolant(grid, values, ce)

    x = np.linspace(c.low, c.high, c.ocp.shape[1])
    shares = np.linspace(0.0, 1.0, max(2, len(c.solid)))
    solid = c.diffusivity * np.broadcast_to(c.solid, shares.shape)
    values = library.lithium_ion.DFN(
        {"working electrode": "positive"}
    ).default_parameter_values.copy()
    values.update(
        {
            "Separator thickness [m]": film.thickness,
            "Separator porosity": film.porosity,
            "Separator Bruggeman coefficient (electrolyte)": _exponent(
                film.geometry, film.porosity
            ),
            "Positive electrode thickness [m]": c.thickness,
            "Positive electrode porosity": c.porosity,
            "Positive electrode active material volume fraction": c.active,
            "Positive particle radius [m]": c.radius,
            "Positive particle diffusivity [m2.s-1]": lambda s, _: library.Interpolant(
                shares, solid, s
            ),
            "Maximum concentration in positive electrode [mol.m-3]": c.maximum,
            "Initial concentration in positive electrode [mol.m-3]": c.start * c.maximum,
            "Positive electrode conductivity [S.m-1]": c.sigma,
            "Positive electrode Bruggeman coefficient (electrode)": 0.0,
            "Positive electrode Bruggeman coefficient (electrolyte)": _exponent(
                c.geometry, c.porosity
            ),
            "Positive electrode OCP [V]": lambda s: library.Interpolant(x, c.ocp[0], s),
            "Positive electrode exchange-current density [A.m-2]": lambda ce, cs, cm, _: (
                c.rate_constant * ce**0.5 * cs**0.5 * (cm - cs) ** 0.5
            ),
            "Exchange-current density for lithium metal electrode [A.m-2]": lambda ce, *_: (
                model.anode_exchange * (ce / 1000) ** 0.5
            ),
            "Initial concentration in electrolyte [mol.m-3]": film.concentration,
            "Cation transference number": of_salt(transference),
            "Thermodynamic factor": of_salt(thermodynamic / (1.0 - transference)),
            "Electrolyte diffusivity [m2.s-1]": of_salt(diffusivity),
            "Electrolyte conductivity [S.m-1]": of_salt(reduced * grid),
            "Ambient temperature [K]": model.temperature,
            "Reference temperature [K]": model.temperature,
            "Initial temperature [K]": model.temperature,
            "Electrode height [m]": 1.0,
            "Electrode width [m]": 1.0,
            "Lower voltage cut-off [V]": c.lower,
            "Upper voltage cut-off [V]": c.upper + 1.0,
            "Current function [A]": "[input]",
        },
        check_already_exists=False,
    )
    return values


def _exponent(geometry: float, porosity: float) -> float:
    return float(np.log(geometry) / np.log(porosity)) if porosity < 1.0 else 1.5


def summary(solution: Any, names: Mapping[str, str]) -> dict[str, list[float]]:
    """Summary variables of an experiment, renamed."""
    return {
        ours: [float(value) for value in solution.summary_variables[theirs]]
        for ours, theirs in names.items()
    }
