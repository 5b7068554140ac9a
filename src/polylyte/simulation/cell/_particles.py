"""Diffusion in the particles within one implicit time step: linear in the reaction j."""

from __future__ import annotations

from typing import Any

from polylyte.simulation.cell._parts import FILLING, PARTICLE_RATE, jit, straight


@jit
def even(
    p: Any, a: tuple[float, float, float], dt: float, spheres: Any, now: Any, before: Any,
    trial: Any, unit: Any, response: Any, work: Any,
) -> None:  # fmt: skip
    """One diffusivity for all: ``trial`` is what the shells would hold without reaction, ``unit``
    what a unit of j adds to each, ``response`` what it adds at the surface."""
    volumes, between, skin = spheres
    shells, cathode = now.shape
    diagonal, factor, back = work
    rate, old, older = a[0] / dt, a[1] / dt, a[2] / dt
    g = p[PARTICLE_RATE]
    for i in range(shells):
        diagonal[i] = rate * volumes[i]
        if i:
            diagonal[i] += g * between[i - 1]
        if i < shells - 1:
            diagonal[i] += g * between[i]
    for i in range(1, shells):
        factor[i] = g * between[i - 1] / diagonal[i - 1]
        diagonal[i] -= factor[i] * g * between[i - 1]
    for i in range(shells - 1):
        back[i] = g * between[i] / diagonal[i]
    last = shells - 1
    unit[last, 0] = p[FILLING] / diagonal[last]
    for i in range(last - 1, -1, -1):
        unit[i, 0] = back[i] * unit[i + 1, 0]
    reach = unit[last, 0] + p[FILLING] / (3.0 * g) * skin
    for m in range(cathode):
        response[m] = reach
    for i in range(shells):
        for m in range(cathode):
            unit[i, m] = unit[i, 0]
        here, then, carried = old * volumes[i], older * volumes[i], factor[i]
        if i:
            for m in range(cathode):
                trial[i, m] = here * now[i, m] + then * before[i, m] + carried * trial[i - 1, m]
        else:
            for m in range(cathode):
                trial[i, m] = here * now[i, m] + then * before[i, m]
    for i in range(last, -1, -1):
        per = 1.0 / diagonal[i]
        if i < last:
            for m in range(cathode):
                trial[i, m] = trial[i, m] * per + back[i] * trial[i + 1, m]
        else:
            for m in range(cathode):
                trial[i, m] *= per


@jit
def uneven(
    p: Any, a: tuple[float, float, float], dt: float, ahead: float, solid: Any, spheres: Any,
    now: Any, before: Any, trial: Any, unit: Any, response: Any, work: Any,
) -> None:  # fmt: skip
    """The same where the diffusivity depends on the stoichiometry: ``solid`` is its factor on an
    even grid from 0 to 1, taken at the filling extrapolated to the end of the step (``ahead`` is
    the step over the last one), which keeps the step linear and of second order."""
    volumes, between, skin = spheres
    shells, cathode = now.shape
    diagonal, link, back = work
    rate, old, older = a[0] / dt, a[1] / dt, a[2] / dt
    g = p[PARTICLE_RATE]
    last = shells - 1
    for m in range(cathode):
        inner = now[0, m] + ahead * (now[0, m] - before[0, m])
        for i in range(last):
            outer = now[i + 1, m] + ahead * (now[i + 1, m] - before[i + 1, m])
            link[i] = g * between[i] * straight(solid, 0.0, 1.0, 0.5 * (inner + outer))[0]
            inner = outer
        rim = g * straight(solid, 0.0, 1.0, inner)[0]
        for i in range(shells):
            diagonal[i] = rate * volumes[i]
            value = old * volumes[i] * now[i, m] + older * volumes[i] * before[i, m]
            if i < last:
                diagonal[i] += link[i]
            if i:
                factor = link[i - 1] / diagonal[i - 1]
                diagonal[i] += link[i - 1] - factor * link[i - 1]
                value += factor * trial[i - 1, m]
            trial[i, m] = value
        trial[last, m] /= diagonal[last]
        unit[last, m] = p[FILLING] / diagonal[last]
        for i in range(last - 1, -1, -1):
            back[i] = link[i] / diagonal[i]
            trial[i, m] = trial[i, m] / diagonal[i] + back[i] * trial[i + 1, m]
            unit[i, m] = back[i] * unit[i + 1, m]
        response[m] = unit[last, m] + p[FILLING] / (3.0 * rim) * skin
