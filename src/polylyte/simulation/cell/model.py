"""A cell as arrays, and its simulation: Li | electrolyte layers | porous cathode or lithium."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from polylyte.core.compiling import ready
from polylyte.core.errors import InputError, MachineError
from polylyte.materials.cells import Cell
from polylyte.simulation.cell import library
from polylyte.simulation.cell.cathode import Cathode
from polylyte.simulation.cell.grid import WIDENING, Grid, grid_of
from polylyte.simulation.cell.heat import Thermal
from polylyte.simulation.cell.transport import FARADAY, GAS_CONSTANT, Transport, layer_transport

CONSERVED = 1e-6
"""Salt, lithium and charge are conserved to this relative error, or the run is refused."""
DEPLETED = 1e-3
"""Salt counts as depleted where it is below this share of its initial concentration."""
MAXIMUM_STEPS = 20_000
TIME_ACCURACY = 2e-3
FEWEST, PER_DEPLETION, MOST = 10.0, 10.0, 120.0
"""Cells of a cathode that runs out of salt: so many, and so many per time that its current needs
more salt than there is, but not more than so many."""
PER_VOLT, HARDEST = 340.0, 160.0
"""The same per volt of ohmic drop."""
WIDEST = 30.0
START = 1e-4
"""First time step, as a share of what a step of the protocol takes about."""
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
    widening: float = WIDENING
    thermal: Thermal | None = None

    @cached_property
    def grid(self) -> Grid:
        return grid_of(self.layers, self.cathode, self.cells, self.widening)

    @cached_property
    def media(self) -> tuple[Any, Any, Any]:
        """Of each layer: its table, where that ends, its temperature dependence."""
        return (
            np.stack([layer.rows for layer in self.layers]),
            np.array([layer.top for layer in self.layers]),
            _energies(self),
        )


@dataclass(frozen=True)
class State:
    """Where a protocol's step begins and ends: ln c, reaction, particles, temperature."""

    u: Any
    j: Any
    filling: Any
    kelvin: float


@dataclass(frozen=True)
class Outcome:
    """``series``: one row per time step, columns as in ``_parts``: time, voltage, current and
    charge per area, temperature, heat.
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
    energy_error: float
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


def fitted(model: Model, current: float) -> Model:
    """The model with a grid that resolves what this current makes of it.

    The cells asked for are enough where the salt does not run out. Where it does, the reaction is
    a front that moves through the cathode from the film on, and steps from cell to cell: there are
    more cells, and they are narrower towards the film.
    """
    if model.cathode is None or not current:
        return model
    depletion, drop = strain(model, current)
    cells = max(
        model.cells,
        round(min(MOST, FEWEST + PER_DEPLETION * depletion)),
        round(min(HARDEST, PER_VOLT * drop)),
    )
    widening = min(WIDEST, max(WIDENING, 2.0 * depletion))
    if cells == model.cells and widening == model.widening:
        return model
    return replace(model, cells=cells, widening=widening)


def strain(model: Model, current: float) -> tuple[float, float]:
    """How far the steady current asks too much of film and cathode: the concentration it would
    need over the one there is, and the ohmic drop over the whole cathode."""
    c = model.cathode
    assert c is not None
    need = 0.0
    for i, layer in enumerate(model.layers):
        length = layer.thickness / layer.geometry
        if i == len(model.layers) - 1:
            length += c.thickness / c.geometry
        share = max(0.0, 1.0 - layer.transference_number)
        if share and layer.diffusivity:
            need += share * length / layer.diffusivity
    salt = model.layers[-1].concentration
    ohmic = c.thickness / (c.geometry * model.layers[-1].conductivity)
    return abs(current) * need / (FARADAY * salt), abs(current) * ohmic


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
        p[k.SIGMA] = c.sigma
        p[k.RATE_CONSTANT] = c.rate_constant * c.maximum
        p[k.PARTICLE_RATE] = c.diffusivity / c.radius**2
        p[k.FILLING] = 3 / (FARADAY * c.maximum * c.radius)
        p[k.OCP_LOW], p[k.OCP_HIGH] = c.low, c.high
        p[k.RATE_ENERGY] = c.rate_activation / GAS_CONSTANT
        p[k.SOLID_ENERGY] = c.diffusion_activation / GAS_CONSTANT
    p[k.REFERENCE] = model.temperature
    heat = model.thermal
    if heat is not None:
        p[k.ANODE_ENERGY] = heat.anode_activation / GAS_CONSTANT
        p[k.HEAT_CAPACITY], p[k.COOLING] = heat.capacity, heat.cooling
        p[k.AMBIENT] = heat.ambient
    return p


def _energies(model: Model) -> Any:
    """Of each layer: activation energies of kappa and D over the gas constant, power of T in D."""
    return np.array(
        [
            (la.conductivity_activation / GAS_CONSTANT, la.diffusion_activation / GAS_CONSTANT,
             la.diffusion_power)
            for la in model.layers
        ]
    )  # fmt: skip


def initial(model: Model) -> State:
    """At rest at the upper cut-off."""
    grid = model.grid
    cathode = model.cells if model.cathode is not None else 0
    start = model.cathode.start if model.cathode is not None else 0.5
    filling = np.full((cathode, model.shells), start)
    return State(np.log(grid.salt), np.zeros(cathode), filling, model.temperature)


def run(
    model: Model,
    *,
    current: float = 0.0,
    ramp: float = 0.0,
    voltage: float | None = None,
    power: float | None = None,
    duration: float = 1e15,
    lower: float = -1e9,
    upper: float = 1e9,
    until_current: float = 0.0,
    state: State | None = None,
    profiles: bool = False,
    first: float = START,
) -> Outcome:
    """One step: current (positive discharges), voltage or power per area, up to the event that
    ends it. ``ramp`` is how the current or power changes with time; where the voltage or power is
    given, ``current`` is a first guess. ``first`` is the first time step over the whole.

    Raises:
        MachineError: salt, lithium, charge or heat not conserved to 1e-6.
    """
    from polylyte.simulation.cell import _kernels
    from polylyte.simulation.cell import _parts as k

    grid = model.grid
    state = state or initial(model)
    n, cathode = len(grid.h), len(state.j)
    u, j, filling = state.u.copy(), state.j.copy(), state.filling.copy()
    p = _parameters(model)
    mode = 1 if voltage is not None else 2 if power is not None else 0
    target = current if mode == 0 else power if voltage is None else voltage
    assert target is not None
    if cathode and voltage is None:
        j[:] = current / (p[k.AREA] * grid.h[-cathode:].sum())
    series = np.empty((MAXIMUM_STEPS if profiles is False else 4000, k.N_COLUMNS))
    series[0, k.CURRENT] = current
    kept = np.zeros((len(series) if profiles else 0, 4, n))
    extremes = np.array([np.exp(u).min(), np.exp(u).max()])
    c = model.cathode
    ocp, solid = (c.ocp, c.solid) if c is not None else (np.zeros((2, 2)), np.ones(1))
    arguments = (
        p, mode, target, ramp, duration, lower, upper, until_current,
        _time_scale(model, current, duration), first, model.accuracy, grid.h, grid.porosity,
        grid.geometry, grid.which,
        *model.media, ocp, solid, cathode,
        u, j, filling, state.kelvin, series, kept, extremes,
    )  # fmt: skip
    ready(_kernels.run, arguments)
    event, points, iterations, depleted, place = _kernels.run(*arguments)
    series, kept = series[:points].copy(), kept[:points].copy()
    x = grid.centres
    end = State(u, j, filling, float(series[-1, k.TEMPERATURE]) if points else state.kelvin)
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
            "the simulation lost salt, lithium, charge or heat "
            f"({', '.join(f'{error:.1e}' for error in errors)})",
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
    model: Model, grid: Grid, start: State, end: State, series: Any
) -> tuple[float, float, float, float]:
    """Relative errors of salt, of lithium in the cathode against the charge the model passed, of
    that charge against the integral of the current, and of heat: made against stored and lost."""
    from polylyte.simulation.cell import _parts as k

    volume = grid.h * grid.porosity
    before = float(volume @ np.exp(start.u))
    salt = abs(float(volume @ np.exp(end.u)) - before) / before
    if not len(series):
        return salt, 0.0, 0.0, 0.0
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
    heat = 0.0
    if model.thermal is not None:
        made, lost = series[-1, k.HEAT_SUM], series[-1, k.LOSS_SUM]
        stored = model.thermal.capacity * (end.kelvin - start.kelvin)
        heat = abs(made - lost - stored) / max(abs(made), abs(lost), model.thermal.capacity)
    return salt, lithium, charge, heat


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
