"""Fit an equivalent circuit to an impedance spectrum, without initial guesses.

A plain function for notebooks, sweeps and the methods of this room: :func:`fit_circuit`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polylyte.analysis.impedance.circuits import Circuit, Complex, Grid, Node, Real, parse
from polylyte.analysis.impedance.least_squares import Minima, minimize
from polylyte.core.errors import InputError, NotAnswerable

Weighting = Literal["modulus", "unit", "proportional"]
STARTS = 64
SAME_OPTIMUM = 1e-3
"""Starts whose sum of squares is within this fraction of the least one reached it."""
NOT_IDENTIFIABLE = "not identifiable"
UNBOUNDED = "unbounded"
AT_BOUND = "at its bound"
_BOX = 1e8
"""How far a parameter may leave the range of the data; a profile that reaches it is open."""


@dataclass(frozen=True)
class Data:
    """What is fitted, sorted by falling frequency; what was left out is counted."""

    frequency: Real
    impedance: Complex
    outside_range: int
    not_usable: int
    """Points that are not finite, or whose frequency is not positive."""


@dataclass(frozen=True)
class CircuitFit:
    """The best of all starts.

    ``covariance`` is that of the logarithms of the parameters, from (JᵀJ)⁻¹ and the residual
    variance. ``lower`` and ``upper`` bound the 95 % profile-likelihood interval; NaN where the
    profile does not close. ``relative_error`` is the standard error of each logarithm.
    """

    circuit: Circuit
    data: Data
    weighting: Weighting
    values: Real
    covariance: Real
    relative_error: Real
    lower: Real
    upper: Real
    flags: tuple[tuple[str, ...], ...]
    fitted: Complex
    relative_rms: float
    """sqrt(mean(|Z_fit - Z|²/|Z|²)), whatever the weighting."""
    rms: float
    """Root mean square of Z_fit - Z per real and per imaginary part, ohm."""
    sum_of_squares: float
    degrees_of_freedom: int
    aicc: float
    share_of_starts: float
    starts: int
    seed: int
    converged: bool

    def __getitem__(self, name: str) -> float:
        return float(self.values[self.circuit.names.index(name)])

    @property
    def residuals(self) -> Complex:
        """(Z_fit - Z) / |Z|, real and imaginary."""
        return np.asarray((self.fitted - self.data.impedance) / np.abs(self.data.impedance))

    def std(self, name: str) -> float:
        """Standard error of a parameter, in its SI unit."""
        index = self.circuit.names.index(name)
        return float(self.relative_error[index] * self.values[index])

    def interval(self, name: str) -> tuple[float | None, float | None]:
        """The 95 % profile-likelihood interval; None on a side that is open."""
        index = self.circuit.names.index(name)
        ends = (float(self.lower[index]), float(self.upper[index]))
        return tuple(end if math.isfinite(end) else None for end in ends)  # type: ignore[return-value]


def fit_circuit(
    frequency: ArrayLike,
    impedance: ArrayLike,
    circuit: str | Circuit,
    *,
    weighting: Weighting = "modulus",
    f_min: float | None = None,
    f_max: float | None = None,
    starts: int = STARTS,
    seed: int = 0,
    intervals: bool = True,
    where: str | None = None,
) -> CircuitFit:
    """Complex nonlinear least squares from many starts.

    Minimises Σ |w (Z_fit − Z)|² over the logarithms of the parameters. Starts are drawn
    log-uniformly from ranges that the data give; ``seed`` makes them the same every time.
    Equal sub-circuits come back sorted by time constant, the fastest first.

    Parameters:
        frequency: Hz, shape (F,)
        impedance: ohm, complex, shape (F,); a negative imaginary part is capacitive
        circuit: ``R0-p(R1,CPE1)-CPE2`` or ``R(RQ)Q``
        weighting: w is 1/|Z| (modulus), 1 (unit), or 1/|Re Z| and 1/|Im Z| (proportional,
            each no larger than 100/|Z|)
        f_min: lowest frequency fitted, Hz
        f_max: highest frequency fitted, Hz
        intervals: False skips the profile likelihood (the bounds are NaN then)
        where: what to name in an error (the file)

    Raises:
        InputError: shapes that differ, an unknown element.
        NotAnswerable: too few points for the circuit.
    """
    compiled = parse(circuit) if isinstance(circuit, str) else circuit
    data = select(frequency, impedance, f_min, f_max, where=where)
    _enough(data, compiled, where)
    model = _Model(compiled, data, weighting)
    rng = np.random.default_rng(seed)
    minima = minimize(model, _draw(compiled, data, starts, rng), model.lower, model.upper)
    x, cost, closed = _best(model, minima)
    share = float(np.mean(minima.cost <= cost * (1 + SAME_OPTIMUM)))
    if intervals:
        x, cost, lower, upper = _profiles(model, x, cost)
    else:
        lower = upper = np.full(len(compiled), np.nan)
    return _assembled(model, x, lower, upper, share, starts, seed, closed, intervals)


def select(
    frequency: ArrayLike,
    impedance: ArrayLike,
    f_min: float | None,
    f_max: float | None,
    *,
    where: str | None = None,
) -> Data:
    """The points to fit, and how many were left out for which reason."""
    f = np.asarray(frequency, dtype=float).ravel()
    z = np.asarray(impedance, dtype=complex).ravel()
    if f.shape != z.shape:
        raise InputError(
            f"{len(f)} frequencies but {len(z)} impedances", where=where, remedy="pair them"
        )
    usable = np.isfinite(f) & np.isfinite(z) & (f > 0) & (np.abs(z) > 0)
    inside = (f >= (f_min or 0.0)) & (f <= (math.inf if f_max is None else f_max))
    keep = usable & inside
    order = np.argsort(-f[keep], kind="stable")
    return Data(f[keep][order], z[keep][order], int((usable & ~inside).sum()), int((~usable).sum()))


def _enough(data: Data, circuit: Circuit, where: str | None) -> None:
    needed = len(circuit) + 2
    if len(data.frequency) < needed:
        left_out = data.outside_range + data.not_usable
        raise NotAnswerable(
            f"{len(data.frequency)} points ({left_out} left out) cannot fit the {len(circuit)} "
            f"parameters of {circuit}: at least {needed} are needed",
            where=where,
            remedy="widen f_min and f_max, or choose a simpler circuit",
        )


class _Model:
    """Residuals and Jacobian over x = ln(parameters), real and imaginary parts interleaved."""

    def __init__(self, circuit: Circuit, data: Data, weighting: Weighting) -> None:
        self.circuit, self.data, self.weighting = circuit, data, weighting
        self.grid = Grid(2 * np.pi * data.frequency)
        self.measured = data.impedance.view(float)
        self.weight = _weights(data.impedance, weighting)
        self.lower, self.upper = _box(circuit, data)

    def __call__(self, x: Real) -> tuple[Real, Real]:
        with np.errstate(all="ignore"):
            z, jacobian = self.circuit.evaluate(np.exp(x), self.grid)
            return (
                (z.view(float) - self.measured) * self.weight,
                jacobian.view(float) * self.weight,
            )


def _weights(z: Complex, weighting: Weighting) -> Real:
    modulus = np.abs(z)
    if weighting == "unit":
        return np.ones(2 * len(z))
    if weighting == "modulus":
        return np.repeat(1.0 / modulus, 2)
    parts = np.abs(z.view(float))
    return np.asarray(1.0 / np.maximum(parts, 0.01 * np.repeat(modulus, 2)))


def _scales(data: Data) -> tuple[float, float, float, float]:
    """Smallest and largest |Z|, lowest and highest angular frequency."""
    modulus = np.abs(data.impedance)
    omega = 2 * np.pi * data.frequency
    return float(modulus.min()), float(modulus.max()), float(omega.min()), float(omega.max())


def _box(circuit: Circuit, data: Data) -> tuple[Real, Real]:
    """Bounds of ln(parameter), so wide that only a parameter without influence reaches them."""
    small, large, slow, fast = _scales(data)
    lower, upper = np.empty(len(circuit)), np.empty(len(circuit))
    wide = _BOX
    for index, (name, unit) in enumerate(zip(circuit.names, circuit.units, strict=True)):
        low, high = {
            "ohm": (small / wide, large * wide),
            "ohm/s^0.5": (small * slow**0.5 / wide, large * fast**0.5 * wide),
            "F": (1 / (large * fast * wide), wide / (small * slow)),
            "H": (small / (fast * wide), large * wide / slow),
            "S": (1 / (large * max(fast, 1.0) * wide), wide / (small * min(slow, 1.0))),
            "s": (1 / (fast * wide), wide / slow),
            "1": (0.05, 1.0),
        }[unit]
        if name.endswith("_n"):
            low, high = 0.05, 1.0
        lower[index], upper[index] = math.log(low), math.log(high)
    return lower, upper


# --------------------------------------------------------------------------------- starts


def _draw(circuit: Circuit, data: Data, starts: int, rng: np.random.Generator) -> Real:
    """Start points (S, P) in ln(parameter).

    A resistance is drawn between a hundredth of the smallest and thrice the largest |Z|; a
    reactive element by the angular frequency where it matches the nearest resistance, inside
    the measured range. So every start has its features where there are data.
    """
    small, large, slow, fast = _scales(data)
    span = float(np.ptp(data.impedance.real)) or large
    x = np.empty((starts, len(circuit)))

    def uniform(low: float, high: float) -> Real:
        return rng.uniform(math.log(low), math.log(high), starts)

    def reactive(node: Node, near: Real, omega: Real) -> None:
        own = x[:, node.own]
        if node.kind in ("CPE", "TLM"):
            own[:, -1] = np.log(rng.uniform(0.5, 1.0, starts))
            own[:, -2] = -near - np.exp(own[:, -1]) * omega
        elif node.kind == "C":
            own[:, 0] = -near - omega
        elif node.kind == "L":
            own[:, 0] = near - omega
        elif node.kind == "W":
            own[:, 0] = near + 0.5 * omega
        elif node.kind in ("Wo", "Ws", "G"):
            own[:, -1] = -omega

    for leaves in _neighbourhoods(circuit.root):
        near = uniform(max(0.01 * span, 0.01 * small), 3 * large)
        for node in leaves:
            if node.kind in ("R", "Wo", "Ws", "G", "TLM"):
                x[:, node.first] = uniform(max(0.01 * span, 0.01 * small), 3 * max(span, small))
                if node.kind == "R":
                    near = x[:, node.first]
        for node in leaves:
            reactive(node, near, uniform(slow, fast))
    return x


def _neighbourhoods(root: Node) -> Iterator[list[Node]]:
    """The leaves that belong together: one list per member of the top series."""
    for part in root.children if root.kind == "series" else (root,):
        yield list(part.leaves())


def _best(model: _Model, minima: Minima) -> tuple[Real, float, bool]:
    """The least of all starts, followed to full precision."""
    best = int(np.argmin(minima.cost))
    polished = _polish(model, minima.x[best : best + 1])
    return polished.x[0], float(polished.cost[0]), bool(polished.converged[0])


def _polish(model: _Model, x: Real) -> Minima:
    return minimize(model, x, model.lower, model.upper, iterations=100, tolerance=1e-14)


# ------------------------------------------------------------------- uncertainty


def _free(model: _Model, x: Real) -> NDArray[np.bool_]:
    """Parameters that do not rest on a bound of the box."""
    return np.asarray((x > model.lower + 1e-9) & (x < model.upper - 1e-9))


def _covariance(model: _Model, x: Real, freedom: int) -> Real:
    """Covariance of the logarithms. A direction that the data do not see gets a huge variance,
    not an infinite one; a parameter on its bound gets none."""
    residual, jacobian = model(x[None])
    free = _free(model, x)
    variance = float(residual[0] @ residual[0]) / freedom
    covariance = np.zeros((len(x), len(x)))
    if not free.any():
        return covariance
    own = jacobian[0][free]
    scale = np.sqrt((own * own).sum(axis=1))
    scale[scale == 0] = 1e-300
    unit = own / scale[:, None]
    eigenvalues, vectors = np.linalg.eigh(unit @ unit.T)
    inverse = (vectors / np.maximum(eigenvalues, 1e-15)) @ vectors.T
    covariance[np.ix_(free, free)] = variance * inverse / np.outer(scale, scale)
    return covariance


def student(freedom: int, probability: float = 0.95) -> float:
    """Two-sided quantile of Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + probability / 2))


def _profiles(model: _Model, x: Real, cost: float) -> tuple[Real, float, Real, Real]:
    """95 % profile-likelihood bounds; the optimum too, in case a profile found a better one."""
    for _ in range(3):
        found = _profile(model, x, cost)
        if isinstance(found, np.ndarray):
            polished = _polish(model, found[None])
            x, cost = polished.x[0], float(polished.cost[0])
            continue
        return x, cost, *found
    nothing = np.full(len(x), np.nan)
    return x, cost, nothing, nothing


def _profile(model: _Model, x: Real, cost: float) -> tuple[Real, Real] | Real:
    """ln of the bounds (NaN where open), or a point lower than ``cost``.

    One parameter is held at a distance from its optimum and all others are fitted again; the
    bound is where sqrt((S − S_min)/s²) reaches Student's t. All parameters and both sides run
    as one batch; the distance is found by a bracketed secant.
    """
    count = len(x)
    freedom = 2 * len(model.data.frequency) - count
    target = student(freedom)
    variance = max(cost, 1e-300) / freedom
    error = np.sqrt(np.diag(_covariance(model, x, freedom)))
    index = np.tile(np.arange(count), 2)
    side = np.repeat([-1.0, 1.0], count)
    room = np.where(side < 0, x[index] - model.lower[index], model.upper[index] - x[index])
    frozen = np.zeros((2 * count, count), bool)
    frozen[np.arange(2 * count), index] = True
    near, far = np.zeros(2 * count), np.full(2 * count, np.inf)
    z_near, z_far = np.zeros(2 * count), np.full(2 * count, np.inf)
    guess = np.where(error[index] > 0, target * error[index], 0.1)
    distance = np.minimum(np.minimum(guess, 1.0), room)
    nuisance = np.repeat(x[None], 2 * count, axis=0)
    open_ended = room < 1e-9
    todo = np.flatnonzero(~open_ended)
    bound = np.full(2 * count, np.nan)
    for _ in range(25):
        if not len(todo):
            break
        start = nuisance[todo]
        start[np.arange(len(todo)), index[todo]] = x[index[todo]] + side[todo] * distance[todo]
        minima = minimize(
            model, start, model.lower, model.upper, frozen=frozen[todo], iterations=60
        )
        lowest = int(np.argmin(minima.cost))
        if minima.cost[lowest] < cost * (1 - 1e-6):
            return np.array(minima.x[lowest])
        nuisance[todo] = minima.x
        z = np.sqrt(np.maximum(minima.cost - cost, 0.0) / variance)
        done = np.abs(z - target) < 0.005 * target
        bound[todo[done]] = distance[todo[done]]
        below = z < target
        rows = todo[below]
        near[rows], z_near[rows] = distance[rows], z[below]
        rows = todo[~below]
        far[rows], z_far[rows] = distance[rows], z[~below]
        exhausted = below & (distance[todo] >= room[todo] * (1 - 1e-12))
        todo = todo[~(done | exhausted)]
        distance[todo] = _next(near[todo], far[todo], z_near[todo], z_far[todo], target)
        distance[todo] = np.minimum(distance[todo], room[todo])
    bound[todo] = distance[todo]
    ends = x[index] + side * bound
    return ends[:count], ends[count:]


def _next(near: Real, far: Real, z_near: Real, z_far: Real, target: float) -> Real:
    """The next distance to try: outward while there is no bracket, then inside it."""
    outward = np.where(
        z_near > 0, near * np.clip(target / np.maximum(z_near, 1e-12), 1.1, 4.0), near * 4 + 1e-6
    )
    with np.errstate(all="ignore"):
        inside = near + (far - near) * (target - z_near) / (z_far - z_near)
        inside = np.clip(inside, near + 0.05 * (far - near), far - 0.05 * (far - near))
    return np.asarray(np.where(np.isfinite(far), inside, outward))


def _assembled(
    model: _Model,
    x: Real,
    lower: Real,
    upper: Real,
    share: float,
    starts: int,
    seed: int,
    converged: bool,
    profiled: bool,
) -> CircuitFit:
    circuit, data = model.circuit, model.data
    count, points = len(circuit), len(data.frequency)
    freedom = 2 * points - count
    ranks = _order(circuit, x)
    x, lower, upper = x[ranks], lower[ranks], upper[ranks]
    residual, _ = model(x[None])
    cost = float(residual[0] @ residual[0])
    covariance = _covariance(model, x, freedom)
    error = np.sqrt(np.diag(covariance))
    z = circuit.impedance(np.exp(x), data.frequency)
    misfit = np.abs(z - data.impedance)
    lower, upper = np.exp(lower), np.exp(upper)
    return CircuitFit(
        circuit=circuit,
        data=data,
        weighting=model.weighting,
        values=np.exp(x),
        covariance=covariance,
        relative_error=error,
        lower=lower,
        upper=upper,
        flags=_flags(model, x, error, lower, upper, profiled),
        fitted=z,
        relative_rms=float(np.sqrt(np.mean((misfit / np.abs(data.impedance)) ** 2))),
        rms=float(np.sqrt(np.mean(misfit**2) / 2)),
        sum_of_squares=cost,
        degrees_of_freedom=freedom,
        aicc=corrected_aic(cost, 2 * points, count + 1),
        share_of_starts=share,
        starts=starts,
        seed=seed,
        converged=converged,
    )


def _order(circuit: Circuit, x: Real) -> NDArray[np.intp]:
    """Places of the sorted parameters in the unsorted vector."""
    values = np.exp(x)
    # a tag too small to matter tells equal values apart
    tagged = values * (1 + 1e-13 * np.arange(len(x)))
    sorted_values = circuit.ordered(tagged)
    return np.array([int(np.flatnonzero(tagged == value)[0]) for value in sorted_values])


def _flags(
    model: _Model, x: Real, error: Real, lower: Real, upper: Real, profiled: bool
) -> tuple[tuple[str, ...], ...]:
    free = _free(model, x)
    values = np.exp(x)
    widest = math.exp(student(2 * len(model.data.frequency) - len(x)))
    found = []
    for index in range(len(x)):
        flags = []
        bounded_by_one = bool(model.circuit.exponents[index]) and not free[index]
        if not free[index]:
            flags.append(AT_BOUND)
        # a profile wider than that of a relative error of 1 says the same
        wide = max(upper[index] / values[index], values[index] / lower[index]) > widest
        if (error[index] > 1.0 or wide or not free[index]) and not bounded_by_one:
            flags.append(NOT_IDENTIFIABLE)
        ends = (lower[index], upper[index])
        # an exponent's upper bound of 1 is physics, not a lack of data
        if model.circuit.exponents[index]:
            ends = (ends[0], 1.0)
        if profiled and not all(map(math.isfinite, ends)):
            flags.append(UNBOUNDED)
        found.append(tuple(flags))
    return tuple(found)


def corrected_aic(sum_of_squares: float, points: int, parameters: int) -> float:
    """AICc of a least-squares fit [Hurvich & Tsai 1989, doi:10.1093/biomet/76.2.297].

    n ln(S/n) + 2k + 2k(k+1)/(n−k−1), k counting the variance; infinite where n <= k + 1.
    """
    spare = points - parameters - 1
    if spare <= 0:
        return math.inf
    fit = points * math.log(max(sum_of_squares, 1e-300) / points)
    return fit + 2 * parameters + 2 * parameters * (parameters + 1) / spare
