"""The compiled model: one cell, one step of a protocol, up to the event that ends it.

The equations and their discretisation are derived in ``docs/cell-model.md``. Unknowns are ln c in
every cell and the interfacial current density j in the cathode's cells; potentials and particles
are eliminated. Everything is in SI and passed as plain arrays. A compiled function does not see
that another file changed: after editing one of them, remove ``__pycache__`` or touch all of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from polylyte.simulation.cell import _particles
from polylyte.simulation.cell._newton import newton
from polylyte.simulation.cell._parts import (
    AMBIENT,
    CHARGE,
    CLOSE,
    COOLING,
    CURRENT,
    CURRENT_REACHED,
    HEAT,
    HEAT_CAPACITY,
    HEAT_SUM,
    LOSS_SUM,
    REFERENCE,
    RUNNING,
    SALT,
    SHOWN,
    SIGMA,
    STUCK,
    TEMPERATURE,
    TIME,
    TIME_REACHED,
    TOO_MANY_STEPS,
    VOLTAGE,
    VOLTAGE_REACHED,
    WARMED,
    WARMING,
    cell_voltage,
    heat,
    jit,
    spheres,
    warm,
)


@jit
def run(
    given: Any, mode: int, target: float, ramp: float, time_limit: float, v_low: float,
    v_high: float, current_limit: float, scale_time: float, first: float, accuracy: float, h: Any,
    eps: Any, geometry: Any, which: Any, tables: Any, tops: Any, energies: Any, ocp: Any,
    solid: Any, cathode: int, u: Any, j: Any, filling: Any, kelvin: float, series: Any,
    profiles: Any, extremes: Any,
) -> tuple[int, int, int, float, float]:  # fmt: skip
    """One step of a protocol. ``mode`` 0: the current is ``target + ramp t``; 1: the voltage;
    2: the power per area.

    ``u``, ``j`` and ``filling`` (stoichiometry by particle and shell) are the state, changed in
    place; it begins at ``kelvin``. ``series`` receives the columns of ``_parts``; ``profiles`` (if
    it has rows) c, the electrolyte's potential, j and the surface stoichiometry; ``extremes``
    keeps the lowest and the highest c. Returns the event, the number of points, of Newton
    iterations, and when and where salt first fell below 0.1 % of its start.
    """
    n = len(u)
    sep = n - cathode
    shells = filling.shape[1]
    sphere = spheres(shells)
    p = given.copy()
    factors = np.ones((len(tables), 2))
    kelvin1 = kelvin2 = expected = kelvin
    heats = np.zeros(3)
    heat1 = heat2 = loss1 = loss2 = 0.0
    warm(p, given, kelvin, energies, factors)
    work = np.zeros((17, n))
    half = 0.5 * h / geometry
    grain = (tables.shape[1] - 1) / tops
    coefficient = np.zeros((n, 8))
    psi = np.zeros(max(cathode, 1))
    ionic = np.zeros(max(cathode, 1))
    phi = np.zeros(n)
    particular_surface = np.zeros(max(cathode, 1))
    unit = np.zeros((shells, max(cathode, 1)))
    response = np.zeros(max(cathode, 1))
    lines = (np.zeros(shells), np.zeros(shells), np.zeros(shells))
    past = np.zeros(n)
    # History: values at the last three times.
    c1, c2, c3 = np.exp(u), np.exp(u), np.exp(u)
    s1, s2, s3 = np.zeros(cathode), np.zeros(cathode), np.zeros(cathode)
    # Particles side by side, so that the shells of all of them are solved at once.
    f1, f2 = filling.T.copy(), filling.T.copy()
    trial = f1.copy()
    u_new, c_new, j_new = u.copy(), np.exp(u), j.copy()
    j1, j2, j3 = j.copy(), j.copy(), j.copy()
    u2, u3 = u.copy(), u.copy()
    charge1 = charge2 = 0.0
    t = 0.0
    dt = first * scale_time
    d1 = d2 = 0.0
    current = target if mode == 0 else series[0, CURRENT]
    points = 0
    iterations = 0
    steps = 0
    depleted_time, depleted_place = -1.0, -1.0
    voltage1 = voltage2 = 0.0
    for m in range(cathode):
        s1[m] = filling[m, shells - 1]
    floor = 1e-7 * dt
    event = RUNNING
    seeking = False
    v_goal = 0.0
    hi_dt = lo_dt = hi_v = lo_v = 0.0
    final = False
    while event == RUNNING:
        if points >= series.shape[0]:
            event = TOO_MANY_STEPS
            break
        if dt >= time_limit - t:
            dt = time_limit - t
            final = True
        else:
            final = False
        if steps == 0:
            a0, a1, a2 = 1.0, 1.0, 0.0
        else:
            w = dt / d1
            a0 = (1.0 + 2.0 * w) / (1.0 + w)
            a1 = 1.0 + w
            a2 = -w * w / (1.0 + w)
        rate = a0 / dt
        ahead = dt / d1 if steps else 0.0
        if given[HEAT_CAPACITY] > 0.0:
            expected = kelvin1 + ahead * (kelvin1 - kelvin2)
            warm(p, given, expected, energies, factors)
        warmer = expected - p[REFERENCE] if ocp.shape[0] > 2 else 0.0
        if cathode and len(solid) == 1:
            _particles.even(
                p, (a0, a1, a2), dt, sphere, f1, f2, trial, unit, response, lines
            )  # fmt: skip
        elif cathode:
            _particles.uneven(
                p, (a0, a1, a2), dt, ahead, solid, sphere, f1, f2, trial, unit, response, lines
            )
        for m in range(cathode):
            particular_surface[m] = trial[shells - 1, m]
        for k in range(n):
            past[k] = (a1 * c1[k] + a2 * c2[k]) / a0
        # A first guess from a parabola through the last three times, or a line through two.
        if steps >= 2:
            w = dt / d1
            for k in range(n):
                u_new[k] = u[k] + min(1.0, max(-1.0, w * (u[k] - u2[k])))
            for m in range(cathode):
                j_new[m] = j1[m] + w * (j1[m] - j2[m])
            if steps >= 3 and not seeking:
                bend = dt * (dt + d1) / (d1 + d2)
                for k in range(n):
                    curve = bend * ((u[k] - u2[k]) / d1 - (u2[k] - u3[k]) / d2)
                    u_new[k] += min(0.5, max(-0.5, curve))
                for m in range(cathode):
                    j_new[m] += bend * ((j1[m] - j2[m]) / d1 - (j2[m] - j3[m]) / d2)
        else:
            u_new[:] = u
            j_new[:] = j
        for m in range(cathode):
            s = particular_surface[m] + response[m] * j_new[m]
            before = s1[m]
            if s > before + 0.9 * (1.0 - before):
                j_new[m] = (before + 0.9 * (1.0 - before) - particular_surface[m]) / response[m]
            elif s < 0.1 * before:
                j_new[m] = (0.1 * before - particular_surface[m]) / response[m]
        for k in range(n):
            c_new[k] = np.exp(u_new[k])
        made = 0
        voltage = 0.0
        goal = target + ramp * (t + dt)
        tries = 1 if mode == 0 else 30
        # A secant needs what it is drawn through more exactly than a time step does.
        close = CLOSE if mode == 0 else 0.01 * CLOSE
        trial_current = goal if mode == 0 else current
        i_a = v_a = 0.0
        done = False
        for attempt in range(tries):
            made = newton(
                p, trial_current, rate, c_new, j_new, past, particular_surface, response, h, eps,
                half, which, tables, factors, grain, ocp, warmer, cathode, coefficient, work, psi,
                ionic, close,
            )  # fmt: skip
            if made < 0:
                break
            iterations += made
            for k in range(n):
                u_new[k] = np.log(c_new[k])
            voltage = cell_voltage(
                p, trial_current, u_new, coefficient, h, geometry, which, cathode, psi[0], phi
            )
            for m in range(1, cathode):
                k = sep + m
                drop = trial_current - ionic[m - 1]
                gap = 0.5 * (h[k] + h[k - 1]) / p[SIGMA]
                phi[k] = phi[k - 1] + psi[m - 1] - psi[m] - drop * gap
            if cathode:
                voltage += phi[n - 1] + psi[cathode - 1] - phi[sep] - psi[0]
                voltage -= trial_current * 0.5 * h[n - 1] / p[SIGMA]
            if mode == 0:
                done = True
                break
            miss = voltage - goal if mode == 1 else voltage * trial_current - goal
            if abs(miss) < (1e-7 if mode == 1 else 1e-9 * max(1.0, abs(goal))):
                done = True
                break
            if attempt == 0:
                i_a, v_a = trial_current, miss
                trial_current += 1e-3 * max(abs(trial_current), 1e-6)
            else:
                slope = (miss - v_a) / (trial_current - i_a)
                i_a, v_a = trial_current, miss
                trial_current -= miss / slope
                if not abs(trial_current) < 1e9:
                    made = -1
                    break
        if made < 0 or not done or not np.isfinite(voltage):
            dt *= 0.25
            seeking = False
            if dt < floor:
                event = STUCK
            continue
        # The error of this step, from a parabola through the last three times.
        error = 0.0
        if steps >= 3:
            w = dt
            b1 = (w + d1) * (w + d1 + d2) / (d1 * (d1 + d2))
            b2 = -w * (w + d1 + d2) / (d1 * d2)
            b3 = w * (w + d1) / ((d1 + d2) * d2)
            size = (w + d1) * w / (w * (w + d1) + (2.0 * w + d1) * (w + d1 + d2))
            for k in range(n):
                guess = b1 * c1[k] + b2 * c2[k] + b3 * c3[k]
                error = max(error, abs(c_new[k] - guess) / p[SALT])
            for m in range(cathode):
                guess = b1 * s1[m] + b2 * s2[m] + b3 * s3[m]
                s = particular_surface[m] + response[m] * j_new[m]
                error = max(error, abs(s - guess))
            error *= size / accuracy
        heat(p, trial_current, voltage, expected, c_new, j_new, psi, h, ocp, response,
             particular_surface, cathode, coefficient, geometry, heats)  # fmt: skip
        warmth = kelvin1
        if given[HEAT_CAPACITY] > 0.0:
            cooled = dt * p[COOLING] / p[HEAT_CAPACITY]
            warmth = a1 * kelvin1 + a2 * kelvin2 + dt * heats[0] / p[HEAT_CAPACITY]
            warmth = (warmth + cooled * p[AMBIENT]) / (a0 + cooled)
            if steps >= 2:
                allowed = WARMED + WARMING * abs(warmth - kelvin)
                error = max(error, (abs(warmth - expected) / allowed) ** 1.5)
        # Linear interpolation between the rows of ``series`` must show the voltage.
        if steps >= 2:
            straight = voltage1 + (voltage1 - voltage2) * dt / d1
            bend = 0.25 * dt / (dt + d1) * abs(voltage - straight) / SHOWN
            bend = min(bend, 30.0)
            error = max(error, bend * np.sqrt(bend))
        if error > 2.0 and not seeking:
            dt *= max(0.3, 0.9 * error ** (-1.0 / 3.0))
            continue
        # Does a voltage limit fall into this step? Then find its time.
        beyond = (voltage < v_low) or (voltage > v_high)
        if mode != 1 and points > 0:
            if beyond and not seeking:
                seeking = True
                v_goal = v_low if voltage < v_low else v_high
                lo_dt, lo_v = 0.0, voltage1 - v_goal
                hi_dt, hi_v = dt, voltage - v_goal
                dt = regula(lo_dt, lo_v, hi_dt, hi_v)
                continue
            if seeking and abs(voltage - v_goal) > 1e-5 and hi_dt - lo_dt > 1e-11 * t:
                if (voltage - v_goal) * hi_v > 0.0:
                    hi_dt, hi_v = dt, voltage - v_goal
                    lo_v *= 0.6
                else:
                    lo_dt, lo_v = dt, voltage - v_goal
                    hi_v *= 0.6
                dt = regula(lo_dt, lo_v, hi_dt, hi_v)
                continue
        # The step stands.
        current = trial_current
        t += dt
        charge = (dt * current + a1 * charge1 + a2 * charge2) / a0
        charge2, charge1 = charge1, charge
        summed = (dt * heats[0] + a1 * heat1 + a2 * heat2) / a0
        lost = (dt * p[COOLING] * (warmth - p[AMBIENT]) + a1 * loss1 + a2 * loss2) / a0
        heat2, heat1, loss2, loss1 = heat1, summed, loss1, lost
        kelvin2, kelvin1 = kelvin1, warmth
        for k in range(n):
            c3[k], c2[k] = c2[k], c1[k]
            c1[k] = c_new[k]
            u3[k], u2[k] = u2[k], u[k]
            u[k] = u_new[k]
            extremes[0] = min(extremes[0], c1[k])
            extremes[1] = max(extremes[1], c1[k])
            if depleted_time < 0.0 and c1[k] < 1e-3 * p[SALT]:
                depleted_time = t
                depleted_place = k
        for m in range(cathode):
            s3[m], s2[m] = s2[m], s1[m]
            s1[m] = particular_surface[m] + response[m] * j_new[m]
            j3[m], j2[m], j1[m] = j2[m], j1[m], j_new[m]
            j[m] = j_new[m]
        for i in range(shells if cathode else 0):
            for m in range(cathode):
                f2[i, m] = f1[i, m]
                f1[i, m] = trial[i, m] + unit[i, m] * j_new[m]
        voltage2, voltage1 = voltage1, voltage
        series[points, TIME] = t
        series[points, VOLTAGE] = voltage
        series[points, CURRENT] = current
        series[points, CHARGE] = charge
        series[points, TEMPERATURE] = warmth
        series[points, HEAT : HEAT + 3] = heats
        series[points, HEAT_SUM] = summed
        series[points, LOSS_SUM] = lost
        if points < profiles.shape[0]:
            for k in range(n):
                profiles[points, 0, k] = c1[k]
                profiles[points, 1, k] = phi[k]
                profiles[points, 2, k] = j[k - sep] if k >= sep else 0.0
                profiles[points, 3, k] = s1[k - sep] if k >= sep else 0.0
        points += 1
        steps += 1
        d2, d1 = d1, dt
        if mode != 1 and (seeking or beyond):
            event = VOLTAGE_REACHED
        elif mode == 1 and abs(current) <= current_limit:
            event = CURRENT_REACHED
        elif final:
            event = TIME_REACHED
        grow = 2.0 if error <= 0.0 else min(2.0, max(0.4, 0.9 * error ** (-1.0 / 3.0)))
        dt = min(dt * grow, 0.1 * scale_time)
    filling[:, :] = f1.T
    return event, points, iterations, depleted_time, depleted_place


@jit
def regula(x1: float, y1: float, x2: float, y2: float) -> float:
    """Where the line through two points of opposite sign crosses zero, kept inside."""
    part = y1 / (y1 - y2) if y1 != y2 else 0.5
    return x1 + min(0.98, max(0.02, part)) * (x2 - x1)
