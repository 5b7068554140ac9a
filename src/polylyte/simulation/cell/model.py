"""A cell as arrays, and its simulation: Li | electrolyte layers | porous cathode or lithium."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from polylyte.core.errors import InputError, MachineError
from polylyte.materials.cells import Cell
from polylyte.simulation.cell import library
from polylyte.simulation.cell.cathode import Cathode
from polylyte.simulation.cell.transport import FARADAY, GAS_CONSTANT, Transport, layer_transport

CONSERVED = 1e-6
"""Salt, lithium and charge are conserved to this relative error, or the run is refused."""
DEPLETED = 1e-3
"""Salt counts as depleted where it is below this share of its initial concentration."""
MAXIMUM_STEPS = 20_000
TIME_ACCURACY = 2e-3
GRADING = 0.5
"""First and last cell of the cathode are 1 - GRADING and 1 + GRADING of the mean."""
EVENTS = {
    1: "cut-off voltage",
    2: "end of protocol",
    3: "cut-off current",
    4: "salt depleted",
    5: "too many time steps",
}


@dataclass(frozen=True)
class Model:
    """One cell, in SI, areal. ``cells`` and ``shells`` are the grid of each region."""

    temperature: float
    layers: tuple[Transport, ...]
    cathode: Cathode | None
    anode_exchange: float
    """Exchange current density of lithium at 1 mol/L."""
    film: float = 0.0
    contact: float = 0.0
    cells: int = 40
    shells: int = 20
    accuracy: float = TIME_ACCURACY


@dataclass(frozen=True)
class State:
    """Where a protocol's step begins and ends: ln c, reaction, particles."""

    u: Any
    j: Any
    filling: Any


@dataclass(frozen=True)
class Outcome:
    """``series``: time, voltage, current and charge per area, one row per time step.
    ``profiles``: for each row c, electrolyte potential, reaction and surface stoichiometry."""

    event: str
    series: Any
    profiles: Any
    x: Any
    state: State
    lowest: float
    highest: float
    depleted_at: float | None
    depleted_where: float | None
    salt_error: float
    lithium_error: float
    charge_error: float
    iterations: int
    ranges: tuple[str, ...] = field(default=())


def model_of(
    cell: Cell,
    *,
    temperature: float,
    cathode: Cathode | None,
    cells: int,
    shells: int = 20,
    accuracy: float = TIME_ACCURACY,
    film: float = 0.0,
) -> Model:
    """The card as a model; the electrolyte's layers from the lithium to the cathode are
    ``electrolyte`` and, where it has a thickness, ``separator``.

    Raises:
        InputError: no electrolyte, or one of which too little is known.
    """
    where = cell.where or f"cell.{cell.name}"
    if cell.electrolyte is None:
        raise InputError(
            "the card has no electrolyte",
            where=where,
            remedy="add electrolyte = { thickness, conductivity, transference_number }",
        )
    if cells < 4 or shells < 4:
        raise InputError(
            "fewer than 4 cells or shells do not resolve anything", where="grid", remedy="give 20"
        )
    named = [("electrolyte", cell.electrolyte)]
    if cell.separator is not None and cell.separator.conductivity is not None:
        named.append(("separator", cell.separator))
    layers = tuple(
        layer_transport(layer, temperature, where=f"{where} {name}") for name, layer in named
    )
    lithium = library.library()["lithium"]
    return Model(
        temperature, layers, cathode, lithium["exchange_current"], film,
        cells=cells, shells=shells, accuracy=accuracy,
    )  # fmt: skip


def limiting_current(model: Model) -> float | None:
    """Steady current per area at which the salt of the film between the electrodes runs out,
    2 F c0 / sum(L (1 - t+)/D); None for a single-ion conductor."""
    resistance = 0.0
    for layer in model.layers:
        if layer.transference_number < 1.0:
            share = 1.0 - layer.transference_number
            resistance += layer.thickness * share / (layer.geometry * layer.diffusivity)
    return 2 * FARADAY * model.layers[-1].concentration / resistance if resistance else None


@dataclass(frozen=True)
class _Grid:
    h: Any
    porosity: Any
    geometry: Any
    which: Any
    salt: Any


def _grid(model: Model) -> _Grid:
    """Even cells in each layer; in the cathode, whose pores hold the last layer's medium, they
    widen from the film on, because that is where reaction and depletion fronts are thinnest."""
    parts = []
    each = max(4, round(model.cells / 3 / len(model.layers)))
    if model.cathode is None:
        each = max(4, round(model.cells / len(model.layers)))
    for i, layer in enumerate(model.layers):
        parts.append((each, layer.thickness, layer.porosity, layer.geometry, i))
    if model.cathode is not None:
        c = model.cathode
        last = len(model.layers) - 1
        parts.append((model.cells, c.thickness, c.porosity, c.porosity**1.5, last))
    count = [p[0] for p in parts]
    which = np.repeat([p[4] for p in parts], count)
    widths = np.repeat([p[1] / p[0] for p in parts], count)
    if model.cathode is not None:
        even = np.arange(model.cells + 1) / model.cells
        faces = even * (1 - GRADING) + GRADING * even**2
        widths[-model.cells :] = np.diff(faces) * model.cathode.thickness
    return _Grid(
        widths,
        np.repeat([p[2] for p in parts], count),
        np.repeat([p[3] for p in parts], count),
        which,
        np.array([layer.concentration for layer in model.layers])[which],
    )


def _parameters(model: Model) -> Any:
    from polylyte.simulation.cell import _parts as k

    p = np.zeros(k.N_PARAMETERS)
    p[k.THERMAL_VOLTAGE] = GAS_CONSTANT * model.temperature / FARADAY
    p[k.SALT] = max(layer.concentration for layer in model.layers)
    p[k.ANODE_EXCHANGE] = model.anode_exchange / np.sqrt(1000.0)
    p[k.FILM], p[k.CONTACT] = model.film, model.contact
    c = model.cathode
    if c is not None:
        p[k.AREA] = 3 * c.active / c.radius
        p[k.SIGMA] = c.conductivity * (1 - c.porosity) ** 1.5
        p[k.RATE_CONSTANT] = c.rate_constant * c.maximum
        p[k.PARTICLE_RATE] = c.diffusivity / c.radius**2
        p[k.FILLING] = 3 / (FARADAY * c.maximum * c.radius)
        p[k.OCP_LOW], p[k.OCP_HIGH] = c.low, c.high
    return p


def _initial(model: Model, grid: _Grid) -> State:
    """At rest at the upper cut-off."""
    cathode = model.cells if model.cathode is not None else 0
    start = model.cathode.start if model.cathode is not None else 0.5
    return State(np.log(grid.salt), np.zeros(cathode), np.full((cathode, model.shells), start))


def run(
    model: Model,
    *,
    current: float = 0.0,
    voltage: float | None = None,
    duration: float = 1e15,
    lower: float = -1e9,
    upper: float = 1e9,
    until_current: float = 0.0,
    state: State | None = None,
    profiles: bool = False,
) -> Outcome:
    """One step: constant current (positive discharges) or voltage, up to the event that ends it.

    Raises:
        MachineError: salt, lithium or charge not conserved to 1e-6.
    """
    from polylyte.simulation.cell import _kernels
    from polylyte.simulation.cell import _parts as k

    grid = _grid(model)
    state = state or _initial(model, grid)
    n, cathode = len(grid.h), len(state.j)
    u, j, filling = state.u.copy(), state.j.copy(), state.filling.copy()
    p = _parameters(model)
    if cathode and voltage is None:
        j[:] = current / (p[k.AREA] * grid.h[-cathode:].sum())
    series = np.zeros((MAXIMUM_STEPS if profiles is False else 4000, 4))
    series[0, 2] = current
    kept = np.zeros((len(series) if profiles else 0, 4, n))
    extremes = np.array([np.exp(u).min(), np.exp(u).max()])
    ocp = model.cathode.ocp if model.cathode is not None else np.zeros((2, 2))
    event, points, iterations, depleted, place = _kernels.run(
        p, 0 if voltage is None else 1, current if voltage is None else voltage, duration, lower,
        upper, until_current, _time_scale(model, current, duration), model.accuracy, grid.h,
        grid.porosity, grid.geometry, grid.which,
        np.stack([layer.table for layer in model.layers]),
        np.array([layer.top for layer in model.layers]), ocp, cathode, u, j, filling, series, kept,
        extremes,
    )  # fmt: skip
    series, kept = series[:points].copy(), kept[:points].copy()
    edges = np.concatenate([[0.0], np.cumsum(grid.h)])
    x = 0.5 * (edges[1:] + edges[:-1])
    end = State(u, j, filling)
    errors = _conservation(model, grid, state, end, series)
    outcome = Outcome(
        EVENTS[event], series, kept, x, end, float(extremes[0]), float(extremes[1]),
        depleted if depleted >= 0 else None, float(x[int(place)]) if depleted >= 0 else None,
        *errors, iterations, _ranges(model, extremes),
    )  # fmt: skip
    if event == k.STUCK and extremes[0] > DEPLETED * p[k.SALT]:
        outcome = replace(outcome, event="no convergence")
    worst = max(errors)
    if worst > CONSERVED:
        raise MachineError(
            "the simulation lost salt, lithium or charge "
            f"({errors[0]:.1e}, {errors[1]:.1e}, {errors[2]:.1e})",
            remedy="report this card: the model must conserve to 1e-6",
        )
    return outcome


def many(
    models: Sequence[tuple[Model, dict[str, Any]]], *, threads: int = 1
) -> list[Outcome | MachineError]:
    """Several cells, each with its arguments of :func:`run`, on threads (the kernels release the
    interpreter)."""

    def one(job: tuple[Model, dict[str, Any]]) -> Outcome | MachineError:
        try:
            return run(job[0], **job[1])
        except MachineError as error:
            return error

    if threads <= 1 or len(models) < 2:
        return [one(job) for job in models]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, models))


def _time_scale(model: Model, current: float, duration: float) -> float:
    """About how long the step takes: what limits the largest and the first time step."""
    layer = model.layers[0]
    length = sum(part.thickness for part in model.layers)
    if model.cathode is not None:
        full = model.cathode.holds / abs(current) if current else 3600.0
    else:
        full = length**2 / layer.diffusivity if layer.diffusivity else 3600.0
    return min(full, duration)


def _conservation(
    model: Model, grid: _Grid, start: State, end: State, series: Any
) -> tuple[float, float, float]:
    """Relative errors of salt, of lithium in the cathode against the charge the model passed, and
    of that charge against the integral of the current."""
    from polylyte.simulation.cell import _parts as k

    volume = grid.h * grid.porosity
    before = float(volume @ np.exp(start.u))
    salt = abs(float(volume @ np.exp(end.u)) - before) / before
    if not len(series):
        return salt, 0.0, 0.0
    passed = float(series[-1, 3])
    lithium = 0.0
    if model.cathode is not None:
        c = model.cathode
        shells = k.spheres(model.shells)[0]
        widths = grid.h[-model.cells :]
        gain = widths @ ((end.filling - start.filling) @ shells) / widths.sum()
        stored = FARADAY * c.maximum * c.active * c.thickness * gain
        lithium = abs(stored - passed) / (FARADAY * c.maximum * c.active * c.thickness)
    current = series[:, 2]
    charge = 0.0
    if np.ptp(current) == 0.0:
        charge = abs(passed - current[0] * series[-1, 0]) / max(abs(passed), 1e-30)
    return salt, lithium, charge


def _ranges(model: Model, extremes: Any) -> tuple[str, ...]:
    said = []
    for layer in model.layers:
        if layer.span is None:
            continue
        low, high = layer.span
        if extremes[0] < low or extremes[1] > high:
            said.append(
                f"the functions of {layer.name} hold from {low:g} to {high:g} mol/m^3; this run "
                f"went from {extremes[0]:.3g} to {extremes[1]:.4g}"
            )
    return tuple(said)
