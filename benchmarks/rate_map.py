"""100 discharges of a lithium cell, ten rates by ten loadings, against PyBaMM's DFN.

The same card on both sides: LFP 1.8 to 10.5 mg/cm2, 0.1 to 3C, 20 um of an electrolyte of 1 mS/cm
and t+ 0.5 at 60 degC, to 2.5 V. PyBaMM as it is fastest: one build per loading, the current as an
input, IDAKLU, its default grid of 20 cells and shells; ours on its default grid of 40 cells in the
cathode (``ratio``) and on PyBaMM's grid (``ratio_same_grid``). Times are processor seconds of one
thread in one process, so that other work on the machine does not count; imports and our
compilation are left out, PyBaMM's builds are in. The agreement is that of separate runs at tight
tolerance on 16 of the 100 points. Needs PyBaMM (>= 26.10) beside polylyte. The last line is JSON.
"""

from __future__ import annotations

import json
import logging
import os
import time
from typing import Any

os.environ["PYBAMM_DISABLE_TELEMETRY"] = "true"

import numpy as np
import pybamm

from polylyte.core.quantities import q
from polylyte.materials.cells import Cell
from polylyte.simulation.cell import model as models
from polylyte.simulation.cell.cathode import Cathode, cathode_of, scaled
from polylyte.simulation.cell.rate_map import rate_map
from polylyte.simulation.cell.transport import BLEND

TARGET = 50.0
KELVIN = 333.15
LOADINGS = np.linspace(1.8, 10.5, 10)
RATES = np.geomspace(0.1, 3.0, 10)
CARD = {
    "stack": ["Li", "film", "LFP"],
    "cathode": {
        "material": "LFP",
        "loading": "6 mg/cm^2",
        "loading_of": "active",
        "active_fraction": "90 wt%",
        "porosity": 0.35,
    },
    "electrolyte": {
        "thickness": "20 um",
        "conductivity": "1 mS/cm",
        "transference_number": 0.5,
        "salt_concentration": "1 mol/L",
    },
}


def card() -> Cell:
    return Cell.from_toml(CARD, where="[cell.benchmark]", name="benchmark")


def cathode() -> Cathode:
    electrode = card().cathode
    assert electrode is not None
    return cathode_of(
        electrode, temperature=KELVIN, lower=None, upper=None, ocp=None, like="", where="card"
    )


def peer(model: models.Model, points: int = 20, **tolerances: float) -> pybamm.Simulation:
    """Our model as PyBaMM's half-cell DFN; the current is an input."""
    c, film = model.cathode, model.layers[0]
    assert c is not None
    kappa, D = film.conductivity, film.diffusivity
    t, salt = film.transference_number, film.concentration

    def ocp(x: Any) -> Any:
        return 3.4077 - 0.020269 * x + 0.5 * pybamm.exp(-150 * x) - 0.9 * pybamm.exp(-30 * (1 - x))

    dfn = pybamm.lithium_ion.DFN({"working electrode": "positive"})
    values = dfn.default_parameter_values.copy()
    values.update(
        {
            "Separator thickness [m]": film.thickness,
            "Separator porosity": 1.0,
            "Positive electrode thickness [m]": c.thickness,
            "Positive electrode porosity": c.porosity,
            "Positive electrode active material volume fraction": c.active,
            "Positive particle radius [m]": c.radius,
            "Positive particle diffusivity [m2.s-1]": c.diffusivity,
            "Maximum concentration in positive electrode [mol.m-3]": c.maximum,
            "Initial concentration in positive electrode [mol.m-3]": c.start * c.maximum,
            "Positive electrode conductivity [S.m-1]": c.conductivity * (1 - c.porosity) ** 1.5,
            "Positive electrode Bruggeman coefficient (electrode)": 0.0,
            "Positive electrode Bruggeman coefficient (electrolyte)": 1.5,
            "Positive electrode OCP [V]": ocp,
            "Positive electrode exchange-current density [A.m-2]": lambda ce, cs, cm, _: (
                c.rate_constant * ce**0.5 * cs**0.5 * (cm - cs) ** 0.5
            ),
            "Exchange-current density for lithium metal electrode [A.m-2]": lambda ce, *_: (
                model.anode_exchange * (ce / 1000) ** 0.5
            ),
            "Initial concentration in electrolyte [mol.m-3]": salt,
            "Cation transference number": t,
            "Thermodynamic factor": 1.0,
            "Electrolyte diffusivity [m2.s-1]": lambda *_: D,
            "Electrolyte conductivity [S.m-1]": lambda ce, _: (
                kappa * (1 - pybamm.exp(-ce / (BLEND * salt)))
            ),
            "Ambient temperature [K]": model.temperature,
            "Reference temperature [K]": model.temperature,
            "Initial temperature [K]": model.temperature,
            "Electrode height [m]": 1.0,
            "Electrode width [m]": 1.0,
            "Lower voltage cut-off [V]": c.lower,
            "Upper voltage cut-off [V]": 9.0,
            "Current function [A]": "[input]",
        },
        check_already_exists=False,
    )
    grid = {"x_n": 20, "x_s": points, "x_p": points, "r_n": 20, "r_p": 20}
    solver = pybamm.IDAKLUSolver(**tolerances) if tolerances else pybamm.IDAKLUSolver()
    return pybamm.Simulation(dfn, parameter_values=values, var_pts=grid, solver=solver)


def solve(simulation: pybamm.Simulation, current: float, end: float) -> tuple[Any, Any]:
    """Charge per area and voltage, finely sampled."""
    inputs = {"Current function [A]": current}
    solution = simulation.solve([0, end], t_interp=np.linspace(0, end, 3001), inputs=inputs)
    return solution["Time [s]"].entries * current, solution["Voltage [V]"].entries


def rms(ours: tuple[Any, Any], theirs: tuple[Any, Any]) -> float:
    """Of the voltages over 98 % of the common charge, V."""
    at = np.linspace(0.002, 0.98, 300) * min(ours[0][-1], theirs[0][-1])
    return float(np.sqrt(np.mean((np.interp(at, *ours) - np.interp(at, *theirs)) ** 2)))


def theirs(base: models.Model) -> tuple[float, int]:
    """Processor seconds of the map, and how many points finished."""
    assert base.cathode is not None
    finished = 0
    began = time.process_time()
    for loading in LOADINGS:
        coating = scaled(base.cathode, loading / 100)
        simulation = peer(models.replace(base, cathode=coating))
        for rate in RATES:
            inputs = {"Current function [A]": rate * coating.nominal / 3600}
            try:
                solution = simulation.solve([0, 1.1 * 3600 / rate], inputs=inputs)
                finished += "Minimum voltage" in solution.termination
            except pybamm.SolverError:
                pass
    return time.process_time() - began, finished


def ours(grid: int) -> tuple[float, int]:
    """The same of our map; median of nine."""
    times = []
    for _ in range(9):
        began = time.process_time()
        result = rate_map(
            cell=card(),
            rates=[q(f"{rate!r} C-rate") for rate in RATES.tolist()],
            loadings=[q(f"{loading!r} mg/cm^2") for loading in LOADINGS.tolist()],
            temperature=q(f"{KELVIN} K"),
            grid=grid,
        )
        times.append(time.process_time() - began)
    return sorted(times)[4], result.designs.column("event").count("cut-off voltage")


def agreement(base: models.Model, points: int = 20) -> tuple[float, float]:
    """Largest difference of capacity, largest rms difference of voltage."""
    assert base.cathode is not None
    capacity, voltage = [], []
    for loading in LOADINGS[::3]:
        coating = scaled(base.cathode, loading / 100)
        model = models.replace(base, cathode=coating)
        simulation = peer(model, points, rtol=1e-6, atol=1e-8)
        for rate in RATES[::3]:
            current = rate * coating.nominal / 3600
            curve = solve(simulation, current, 1.1 * 3600 / rate)
            series = models.run(model, current=current, lower=coating.lower).series
            capacity.append(abs(series[-1, 3] / curve[0][-1] - 1))
            voltage.append(rms((series[:, 3], series[:, 1]), curve))
    return max(capacity), max(voltage)


def main() -> None:
    logging.disable(logging.WARNING)
    base = models.model_of(card(), temperature=KELVIN, cathode=cathode(), cells=40)
    assert base.cathode is not None
    models.run(base, current=10.0, lower=base.cathode.lower)  # compiles
    (fine, finished), (same, _) = ours(40), ours(20)
    peer_time, peer_finished = theirs(base)
    capacity, voltage = agreement(base)
    print(f"ours {fine:.3f} s ({same:.3f} s on PyBaMM's grid), PyBaMM {peer_time:.2f} s")
    print(f"finished: ours {finished} of 100, PyBaMM {peer_finished} of 100")
    print(f"capacity within {capacity:.3%}, voltage rms within {1e3 * voltage:.2f} mV")
    print(
        json.dumps(
            {
                "name": "rate map, 10 rates x 10 loadings, LFP, against PyBaMM's DFN",
                "ratio": round(peer_time / fine, 1),
                "ratio_same_grid": round(peer_time / same, 1),
                "target": TARGET,
                "ours": round(fine, 4),
                "peer": round(peer_time, 3),
                "finished": finished,
                "peer_finished": peer_finished,
                "capacity_difference": round(capacity, 5),
                "voltage_rms": round(voltage, 5),
            }
        )
    )


if __name__ == "__main__":
    main()
