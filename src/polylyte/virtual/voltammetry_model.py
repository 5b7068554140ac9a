"""Cyclic voltammetry of a surface-confined couple behind a resistance and a double layer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polylyte.core.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FARADAY = 96485.33212
LARGEST_EXPONENT = 300.0
FINEST = 5e-4
"""Largest step of the solution kept, V: the peaks are sought on it."""
SMALL = 1e-6
"""A smaller iR at the peak, over RT/nF, is none; a smaller double layer, over the film's own
capacitance, counts as this one within the solution, so that E stays a state of its own."""
AROUND = 12
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Film:
    """In SI units; ``slope`` is nF/RT, ``charge`` nFAΓ."""

    potential: float
    slope: float
    charge: float
    rate: float
    transfer: float
    capacitance: float
    resistance: float


@dataclass(frozen=True)
class Extreme:
    """Potential (iR removed) and faradaic current of a peak."""

    potential: float
    current: float


@dataclass(frozen=True)
class Trace:
    """Samples in the order measured, and the finer last pair of sweeps behind them."""

    time: Floats
    applied: Floats
    current: Floats
    faradaic: Floats
    cycle: NDArray[np.int64]
    ends: NDArray[np.bool_]
    last: dict[int, tuple[Floats, Floats, float]]
    """By direction: potential and current on the fine grid, and the capacitive current."""

    def peak(self, direction: int) -> Extreme:
        """Where the current is highest; there dI/dt = 0, so that dE/dt is the scan rate itself.

        Raises:
            InputError: that is at an end of the sweep.
        """
        from scipy.interpolate import make_interp_spline

        potential, current, capacitive = self.last[direction]
        top = int(np.argmax(direction * current))
        if not AROUND < top < len(current) - AROUND - 1:
            name = "oxidation" if direction > 0 else "reduction"
            raise InputError(
                f"the {name} peak lies outside the range swept",
                where="start",
                remedy="sweep farther to either side of the formal potential",
            )
        rows = slice(top - AROUND, top + AROUND + 1)
        place = np.arange(-AROUND, AROUND + 1, dtype=float)
        curve = make_interp_spline(place, current[rows], k=5)
        low, high = -1.0, 1.0
        slope = curve.derivative()
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if direction * slope(middle) > 0 else (low, middle)
        at = make_interp_spline(place, potential[rows], k=5)
        return Extreme(float(at(low)), float(curve(low)) - capacitive)


def simulate(film: Film, start: float, stop: float, rate: float, cycles: int, steps: int) -> Trace:
    """The film through ``cycles`` from ``start`` to ``stop`` and back, ``steps`` samples a sweep.

    The current is the slope of the charge C E + nFAΓ θ, because the right
    side of dθ/dt is a small difference of large terms where the couple is fast.
    """
    from scipy.interpolate import CubicSpline

    span, forth = abs(stop - start), 1 if stop > start else -1
    fine = max(math.ceil(span / steps / FINEST), 1)
    grid = np.linspace(0.0, span / rate, steps * fine + 1)
    state = np.array([_equilibrium(film, start), start])
    parts: dict[str, list[Floats]] = {n: [] for n in ("time", "applied", "current", "faradaic")}
    last: dict[int, tuple[Floats, Floats, float]] = {}
    for k in range(2 * cycles):
        way = forth if k % 2 == 0 else -forth
        origin = start if k % 2 == 0 else stop
        applied = origin + way * rate * grid
        theta, potential = _sweep(film, state, grid, origin, way * rate)
        charge = film.charge * theta + film.capacitance * potential
        current = CubicSpline(grid, charge)(grid, 1)
        faradaic = film.charge * CubicSpline(grid, theta)(grid, 1)
        last[way] = (potential, current, way * rate * film.capacitance)
        own = slice(0 if k == 0 else 1, None)
        parts["time"].append((grid[::fine] + k * span / rate)[own])
        parts["applied"].append(applied[::fine][own])
        parts["current"].append(current[::fine][own])
        parts["faradaic"].append(faradaic[::fine][own])
        state = np.array([theta[-1], potential[-1]])
    joined = {name: np.concatenate(part) for name, part in parts.items()}
    rows = np.arange(len(joined["time"]))
    return Trace(**joined, cycle=np.maximum(rows - 1, 0) // (2 * steps) + 1,
                 ends=rows % steps == 0, last=last)  # fmt: skip


def _sweep(
    film: Film, state: Floats, grid: Floats, origin: float, rate: float
) -> tuple[Floats, Floats]:
    """θ and E of one sweep, on ``grid``."""
    from scipy.integrate import odeint

    peak = film.charge * film.slope * abs(rate) / 4
    ideal = film.resistance * peak * film.slope < SMALL
    farad = max(film.capacitance, SMALL * film.charge * film.slope / 4)
    ohm = film.resistance

    # The distance from equilibrium is the state: its rate has no difference of large terms.
    def slopes(y: Floats, t: float) -> list[float]:
        applied = origin + rate * t
        at = _Place.of(film, applied if ideal else y[1])
        if ideal:
            return [-at.speed * y[0] - at.steepness * rate]
        drift = ((applied - y[1]) / ohm + film.charge * at.speed * y[0]) / farad
        return [-at.speed * y[0] - at.steepness * drift, drift]

    def jacobian(y: Floats, t: float) -> list[list[float]]:
        applied = origin + rate * t
        at = _Place.of(film, applied if ideal else y[1])
        if ideal:
            return [[-at.speed]]
        drift = ((applied - y[1]) / ohm + film.charge * at.speed * y[0]) / farad
        by_distance = film.charge * at.speed / farad
        by_potential = (film.charge * at.speed_slope * y[0] - 1 / ohm) / farad
        return [
            [
                -at.speed - at.steepness * by_distance,
                -at.speed_slope * y[0] - at.bend * drift - at.steepness * by_potential,
            ],
            [by_distance, by_potential],
        ]

    first = np.array([state[0] - _equilibrium(film, state[1]), state[1]])
    found, told = odeint(
        slopes, first[:1] if ideal else first, grid, Dfun=jacobian, rtol=TOLERANCE,
        atol=[1e-11] if ideal else [1e-11, 1e-11], mxstep=100_000, full_output=True,
    )  # fmt: skip
    if told["message"] != "Integration successful.":
        raise InputError(
            "this couple is too fast for its film to be computed",
            where="rate_constant",
            remedy="lower it: far above n F v/(RT) it changes nothing",
        )
    potential = origin + rate * grid if ideal else found[:, 1]
    return found[:, 0] + [_equilibrium(film, e) for e in potential.tolist()], potential


@dataclass(frozen=True, slots=True)
class _Place:
    """At one potential: rate of approach to equilibrium and its slope; those of θ there."""

    speed: float
    speed_slope: float
    steepness: float
    bend: float

    @classmethod
    def of(cls, film: Film, potential: float) -> _Place:
        x = film.slope * (potential - film.potential)
        x = min(max(x, -LARGEST_EXPONENT), LARGEST_EXPONENT)
        forward = film.rate * math.exp((1 - film.transfer) * x)
        back = film.rate * math.exp(-film.transfer * x)
        theta, rest = forward / (forward + back), back / (forward + back)
        steepness = film.slope * theta * rest
        return cls(
            forward + back,
            film.slope * ((1 - film.transfer) * forward - film.transfer * back),
            steepness,
            film.slope * steepness * (rest - theta),
        )


def _equilibrium(film: Film, potential: float) -> float:
    x = film.slope * (potential - film.potential)
    return 1 / (1 + math.exp(-min(max(x, -LARGEST_EXPONENT), LARGEST_EXPONENT)))
