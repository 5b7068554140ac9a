"""The compiled model's pieces: functions of one cell, one face, one particle."""

from __future__ import annotations

from typing import Any

import numpy as np

from polylyte.core.compiling import kept

FARADAY = 96485.33212

# The parameters of one cell, in this order.
(
    THERMAL_VOLTAGE,  # RT/F
    SALT,  # initial concentration, for scales
    AREA,  # particle surface per volume of coating
    SIGMA,  # effective electronic conductivity
    RATE_CONSTANT,  # i0 = k sqrt(c) sqrt(s (1 - s))
    PARTICLE_RATE,  # solid diffusivity over radius squared
    FILLING,  # ds/dt of a particle per j: 3/(F c_max R), volume average
    ANODE_EXCHANGE,  # i0 of lithium per sqrt(c)
    FILM,  # areal resistance of the lithium's interphase
    CONTACT,  # areal resistance of contacts and leads
    OCP_LOW,  # stoichiometry where the OCP table begins
    OCP_HIGH,
    REFERENCE,  # temperature at which all of these hold
    RATE_ENERGY,  # activation energies over the gas constant, K: reaction,
    SOLID_ENERGY,  # diffusion in the particles,
    ANODE_ENERGY,  # reaction of the lithium
    HEAT_CAPACITY,  # per area; zero holds the temperature
    COOLING,  # heat lost per area and kelvin
    AMBIENT,  # temperature of what cools
    N_PARAMETERS,
) = range(20)

(
    TIME,
    VOLTAGE,
    CURRENT,
    CHARGE,
    TEMPERATURE,
    HEAT,  # rates per area: all,
    REACTION,  # of both charge transfers,
    ENTROPY,  # reversible
    HEAT_SUM,  # and what came and went so far
    LOSS_SUM,
    N_COLUMNS,
) = range(11)

RUNNING, VOLTAGE_REACHED, TIME_REACHED, CURRENT_REACHED, STUCK, TOO_MANY_STEPS = range(6)
SYMMETRIC = 0  # lithium at both ends: no cathode cells

CLOSE = 1e-2
"""Last change of ln c and of j (relative) in a time step; Newton squares it: 1e-4 is left."""
SHOWN = 2.5e-3
"""Volt by which a straight line between two rows of the series may miss the voltage."""
WARMED = 2e-4
"""Kelvin by which a step's temperature may miss the line through the last two, and WARMING of the
rise so far besides."""
WARMING = 1e-3
WALL = 1e-6
"""Of the term WALL (1/s + 1/(s - 1)) in every OCP: below 0.1 mV for 0.01 < s < 0.99, it keeps the
stoichiometry inside 0 to 1 where a fitted curve ends at a finite potential."""

jit = kept(
    nogil=True,
    error_model="numpy",
    fastmath={"contract", "arcp", "nsz"},
    no_cfunc_wrapper=True,
)


@jit
def warm(at: Any, p: Any, kelvin: float, energies: Any, factors: Any) -> None:
    """The parameters ``p`` at another temperature into ``at``; of each medium the factors of
    kappa and D. ``energies``: of kappa, of D, and the power of T that D has besides."""
    gap = 1.0 / p[REFERENCE] - 1.0 / kelvin
    at[:] = p
    at[THERMAL_VOLTAGE] = p[THERMAL_VOLTAGE] * kelvin / p[REFERENCE]
    at[RATE_CONSTANT] = p[RATE_CONSTANT] * np.exp(p[RATE_ENERGY] * gap)
    at[PARTICLE_RATE] = p[PARTICLE_RATE] * np.exp(p[SOLID_ENERGY] * gap)
    at[ANODE_EXCHANGE] = p[ANODE_EXCHANGE] * np.exp(p[ANODE_ENERGY] * gap)
    for i in range(len(factors)):
        factors[i, 0] = np.exp(energies[i, 0] * gap)
        ratio = (kelvin / p[REFERENCE]) ** energies[i, 2]
        factors[i, 1] = np.exp(energies[i, 1] * gap) * ratio


@jit
def transport(
    tables: Any, factors: Any, which: int, per: float, c: float, out: Any, k: int
) -> None:
    """kappa/c, D, t+ and (1 - t+) (1 + dlnf/dlnc) at c, with their slopes: out[k, 0:4], [4:8]."""
    last = tables.shape[1] - 1
    place = c * per
    i = int(place)
    if i >= last:
        for m in range(4):
            out[k, m] = tables[which, last, m]
            out[k, 4 + m] = 0.0
    else:
        part = place - i
        for m in range(4):
            a = tables[which, i, m]
            step = tables[which, i + 1, m] - a
            out[k, m] = a + part * step
            out[k, 4 + m] = step * per
    out[k, 0] *= factors[which, 0]
    out[k, 4] *= factors[which, 0]
    out[k, 1] *= factors[which, 1]
    out[k, 5] *= factors[which, 1]


@jit
def straight(values: Any, low: float, high: float, s: float) -> tuple[float, float]:
    """Linear interpolation on an even grid, with its slope; constant beyond the ends."""
    last = len(values) - 1
    if last == 0 or s <= low:
        return values[0], 0.0
    if s >= high:
        return values[last], 0.0
    per = last / (high - low)
    place = (s - low) * per
    i = min(int(place), last - 1)
    step = values[i + 1] - values[i]
    return values[i] + (place - i) * step, step * per


@jit
def open_circuit(table: Any, low: float, high: float, s: float) -> tuple[float, float]:
    """Potential and slope by cubic Hermite interpolation; linear beyond the ends."""
    last = table.shape[1] - 1
    per = last / (high - low)
    width = 1.0 / per
    if s <= low:
        return table[0, 0] + (s - low) * table[1, 0], table[1, 0]
    if s >= high:
        return table[0, last] + (s - high) * table[1, last], table[1, last]
    place = (s - low) * per
    i = min(int(place), last - 1)
    t = place - i
    y0, y1 = table[0, i], table[0, i + 1]
    d0, d1 = table[1, i] * width, table[1, i + 1] * width
    a = 2.0 * (y0 - y1) + d0 + d1
    b = 3.0 * (y1 - y0) - 2.0 * d0 - d1
    return y0 + t * (d0 + t * (b + t * a)), (d0 + t * (2.0 * b + t * 3.0 * a)) * per


@jit
def spheres(count: int) -> tuple[Any, Any, Any]:
    """Shell volumes (sum 1), conductances between shells, distance of the last centre to the
    surface, for a unit sphere with shells that get thin towards the surface."""
    faces = np.sin(0.5 * np.pi * np.arange(count + 1) / count)
    centres = 0.5 * (faces[1:] + faces[:-1])
    volumes = faces[1:] ** 3 - faces[:-1] ** 3
    between = 3.0 * faces[1:-1] ** 2 / (centres[1:] - centres[:-1])
    return volumes, between, 1.0 - centres[-1]


@jit
def path(ra: float, rb: float, ka: float, kb: float) -> tuple[float, float, float]:
    """Resistance between two cell centres and its slopes by both conductivities.

    1/kappa integrated along a straight line of kappa between the centres: (ra + rb) over the
    logarithmic mean. It stays right where salt, and with it kappa, runs out in one of the two.
    """
    m = 0.5 * (ka + kb)
    d = (kb - ka) / m
    length = ra + rb
    if abs(d) < 0.2:
        e = d * d
        flat = length / (m * m)
        return (
            length / m * (1.0 + e / 12.0 + e * e / 80.0),
            -flat * (0.5 + d / 6.0 + e / 8.0),
            -flat * (0.5 - d / 6.0 + e / 8.0),
        )
    gap = kb - ka
    log = np.log(kb / ka)
    return (
        length * log / gap,
        length * (log - gap / ka) / (gap * gap),
        length * (gap / kb - log) / (gap * gap),
    )


@jit
def logarithm(before: float, change: float, value: float) -> float:
    """ln ``value`` = ``before`` + ln(1 + ``change``), by a series where the change is small."""
    if abs(change) > 0.01:
        return float(np.log(value))
    rest = 1.0 - change * 0.75 * (1.0 - change * 0.8)
    return before + change * (1.0 - change * 0.5 * (1.0 - change * (2.0 / 3.0) * rest))


@jit
def edge(c: float, slope: float) -> float:
    """Concentration at a boundary, half a cell away: linear, and positive whatever the slope."""
    ratio = slope / c
    return c * (1.0 + ratio) if ratio >= 0.0 else c / (1.0 - ratio)


@jit
def surface(medium: Any, c: float, current: float, width: float, geometry: float) -> float:
    """Concentration at the lithium that ``current`` leaves."""
    if medium[2] >= 1.0:
        return c
    return edge(c, (1.0 - medium[2]) * current / FARADAY * 0.5 * width / (medium[1] * geometry))


@jit
def cell_voltage(
    p: Any, current: float, u: Any, coefficient: Any, h: Any, geometry: Any, which: Any,
    cathode: int, psi: float, phi: Any,
) -> float:  # fmt: skip
    """The voltage, and the electrolyte's potential in every cell, lithium at zero."""
    n = len(u)
    vt = p[THERMAL_VOLTAGE]
    c = np.exp(u[0])
    half = 0.5 * h[0]
    kappa = coefficient[0, 0] * c * geometry[0]
    at = surface(coefficient[0], c, current, h[0], geometry[0])
    over = 2.0 * vt * np.arcsinh(0.5 * current / (p[ANODE_EXCHANGE] * np.sqrt(at)))
    now = -over - current * (p[FILM] + half / kappa)
    now += 2.0 * vt * coefficient[0, 3] * (u[0] - np.log(at))
    phi[0] = now
    sep = n - cathode
    for k in range(1, sep + 1 if cathode else n):
        ka, kb = coefficient[k - 1, 0] * np.exp(u[k - 1]), coefficient[k, 0] * np.exp(u[k])
        ra, rb = 0.5 * h[k - 1] / geometry[k - 1], 0.5 * h[k] / geometry[k]
        # Between different media each half has its own conductivity.
        ohm = path(ra, rb, ka, kb)[0] if which[k] == which[k - 1] else ra / ka + rb / kb
        beta = 0.5 * (coefficient[k - 1, 3] + coefficient[k, 3])
        now += 2.0 * vt * beta * (u[k] - u[k - 1]) - current * ohm
        phi[k] = now
    if cathode == SYMMETRIC:
        c = np.exp(u[n - 1])
        half = 0.5 * h[n - 1]
        last = coefficient[n - 1]
        kappa = last[0] * c * geometry[n - 1]
        at = surface(last, c, -current, h[n - 1], geometry[n - 1])
        now += 2.0 * vt * last[3] * (np.log(at) - u[n - 1]) - current * half / kappa
        over = 2.0 * vt * np.arcsinh(0.5 * current / (p[ANODE_EXCHANGE] * np.sqrt(at)))
        return float(now - over - current * (p[FILM] + p[CONTACT]))
    return float(now + psi - current * p[CONTACT])


@jit
def heat(
    p: Any, current: float, voltage: float, kelvin: float, c: Any, j: Any, psi: Any, h: Any,
    ocp: Any, response: Any, particular: Any, cathode: int, coefficient: Any, geometry: Any,
    out: Any,
) -> None:  # fmt: skip
    """Heat per area and time: all of it, that of both charge transfers, the reversible part.

    All is sum(a h j U) - I V - sum(a h j T dU/dT): what the reaction could deliver less what the
    cell did, so that ohmic heat is the rest of it.
    """
    n = len(c)
    sep = n - cathode
    free = reaction = entropy = 0.0
    for m in range(cathode):
        s = particular[m] + response[m] * j[m]
        value, _ = open_circuit(ocp, p[OCP_LOW], p[OCP_HIGH], s)
        passed = p[AREA] * h[sep + m] * j[m]
        if ocp.shape[0] > 2:
            slope, _ = straight(ocp[2], p[OCP_LOW], p[OCP_HIGH], s)
            value += (kelvin - p[REFERENCE]) * slope
            entropy -= passed * kelvin * slope
        value += WALL * (1.0 / s - 1.0 / (1.0 - s))
        free += passed * value
        reaction += passed * (value - psi[m])
    vt = p[THERMAL_VOLTAGE]
    at = surface(coefficient[0], c[0], current, h[0], geometry[0])
    over = 2.0 * vt * np.arcsinh(0.5 * current / (p[ANODE_EXCHANGE] * np.sqrt(at)))
    reaction += current * over
    if cathode == SYMMETRIC:
        at = surface(coefficient[n - 1], c[n - 1], -current, h[n - 1], geometry[n - 1])
        over = 2.0 * vt * np.arcsinh(0.5 * current / (p[ANODE_EXCHANGE] * np.sqrt(at)))
        reaction += current * over
    out[0] = free - current * voltage + entropy
    out[1] = reaction
    out[2] = entropy
