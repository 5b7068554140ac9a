"""The compiled model: one cell, one constant current or voltage, up to the event that ends it.

The equations and their discretisation are derived in ``docs/cell-model.md``. Unknowns are ln c in
every cell and the interfacial current density j in the cathode's cells; potentials and particles
are eliminated. Everything is in SI and passed as plain arrays.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

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
    N_PARAMETERS,
) = range(13)

RUNNING, VOLTAGE_REACHED, TIME_REACHED, CURRENT_REACHED, STUCK, TOO_MANY_STEPS = range(6)
SYMMETRIC = 0  # lithium at both ends: no cathode cells

CLOSE = 1e-3
"""Last change of ln c and of j (relative) in a time step; Newton squares it: 1e-6 is left."""
SHOWN = 2.5e-3
"""Volt by which a straight line between two rows of the series may miss the voltage."""
WALL = 1e-6
"""Of the term WALL (1/s + 1/(s - 1)) in every OCP: below 0.1 mV for 0.01 < s < 0.99, it keeps the
stoichiometry inside 0 to 1 where a fitted curve ends at a finite potential."""

jit = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "arcp", "nsz"})


@jit
def transport(tables: Any, which: int, per: float, c: float, out: Any, k: int) -> None:
    """kappa/c, D, t+ and (1 - t+) (1 + dlnf/dlnc) at c, with their slopes: out[k, 0:4], [4:8]."""
    last = tables.shape[2] - 1
    place = c * per
    i = int(place)
    if i >= last:
        for m in range(4):
            out[k, m] = tables[which, m, last]
            out[k, 4 + m] = 0.0
        return
    part = place - i
    for m in range(4):
        a = tables[which, m, i]
        step = tables[which, m, i + 1] - a
        out[k, m] = a + part * step
        out[k, 4 + m] = step * per


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
def edge(c: float, slope: float) -> float:
    """Concentration at a boundary, half a cell away: linear, and positive whatever the slope."""
    ratio = slope / c
    return c * (1.0 + ratio) if ratio >= 0.0 else c / (1.0 - ratio)


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
    slope = (1.0 - coefficient[0, 2]) * current / FARADAY * half / (coefficient[0, 1] * geometry[0])
    at = edge(c, slope) if coefficient[0, 2] < 1.0 else c
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
        slope = -(1.0 - last[2]) * current / FARADAY * half / (last[1] * geometry[n - 1])
        at = edge(c, slope) if last[2] < 1.0 else c
        now += 2.0 * vt * last[3] * (np.log(at) - u[n - 1]) - current * half / kappa
        over = 2.0 * vt * np.arcsinh(0.5 * current / (p[ANODE_EXCHANGE] * np.sqrt(at)))
        return float(now - over - current * (p[FILM] + p[CONTACT]))
    return float(now + psi - current * p[CONTACT])


@jit
def newton(
    p: Any, current: float, rate: float, c: Any, j: Any, past: Any, particular: Any,
    response: float, h: Any, eps: Any, half: Any, which: Any, tables: Any, per: Any,
    ocp: Any, cathode: int, coefficient: Any, work: Any, psi: Any, ionic: Any, tolerance: float,
) -> int:  # fmt: skip
    """Solve one time step: eps rate (c - past) + dN/dx = 0 and di/dx = -a j.

    The unknowns' changes are those of ln c and j; small ones are made in c itself, in which salt
    is conserved exactly at every iteration. ``rate`` is the leading coefficient of the time
    formula over the step. Returns the number of iterations, or -1.
    """
    n = len(c)
    sep = n - cathode
    vt = p[THERMAL_VOLTAGE]
    scale = abs(current) / (p[AREA] * np.sum(h[sep:])) if cathode else 1.0
    scale = max(scale, 1e-9)
    u = work[0]
    low, diag, up, right = work[1], work[2], work[3], work[4]
    dpsi_u, dpsi_j = work[5], work[6]
    s_low, s_up = work[7], work[8]  # d(salt flux)/dj
    q_low, q_up = work[9], work[10]  # d(ionic current)/du
    w_low, w_up = work[11], work[12]  # d(ionic current)/dj
    # Of a cell's own rows: d(salt)/dj, d(charge)/du, d(charge)/dj, and what is left of charge.
    s_own, q_own, w_own, charge = work[13], work[14], work[15], work[16]
    for iteration in range(14):
        for k in range(n):
            transport(tables, which[k], per[which[k]], c[k], coefficient, k)
        for m in range(cathode):
            k = sep + m
            u[k] = np.log(c[k])
            s = particular[m] + response * j[m]
            value, slope = open_circuit(ocp, p[OCP_LOW], p[OCP_HIGH], s)
            above, below = 1.0 / s, 1.0 / (1.0 - s)
            value += WALL * (above - below)
            slope -= WALL * (above * above + below * below)
            exchange = 0.5 / (p[RATE_CONSTANT] * np.sqrt(c[k] * s * (1.0 - s)))
            x = j[m] * exchange
            root = np.sqrt(1.0 + x * x)
            flat = 1.0 / root
            ash = np.log(x + root) if x >= 0.0 else -np.log(root - x)
            psi[m] = value - 2.0 * vt * ash
            dpsi_u[m] = vt * x * flat
            dlog = 0.5 * (above - below) * response
            dpsi_j[m] = slope * response - 2.0 * vt * flat * (exchange - x * dlog)
        # Rows: salt in every cell (diag, low, up by u), then charge in the cathode.
        for k in range(n):
            storage = eps[k] * h[k] * rate
            right[k] = -storage * (c[k] - past[k])
            diag[k] = storage * c[k]
            low[k] = 0.0
            up[k] = 0.0
        for m in range(cathode):
            s_low[m] = 0.0
            s_up[m] = 0.0
            s_own[m] = 0.0
            q_own[m] = 0.0
            w_own[m] = p[AREA] * h[sep + m]
            charge[m] = -p[AREA] * h[sep + m] * j[m]
            q_low[m] = 0.0
            q_up[m] = 0.0
            w_low[m] = 0.0
            w_up[m] = 0.0
        if cathode:
            charge[0] += current
        for k in range(n - 1):
            ra, rb = half[k], half[k + 1]
            ta, tb = 1.0 - coefficient[k, 2], 1.0 - coefficient[k + 1, 2]
            i = current
            i_ua = i_ub = i_ja = i_jb = 0.0
            m = k - sep
            if m >= 0:
                ka, kb = coefficient[k, 0] * c[k], coefficient[k + 1, 0] * c[k + 1]
                electronic = 0.5 * (h[k] + h[k + 1]) / p[SIGMA]
                ionic_path, path_a, path_b = path(ra, rb, ka, kb)
                ohm = 1.0 / (ionic_path + electronic)
                beta = 0.5 * (coefficient[k, 3] + coefficient[k + 1, 3])
                du = u[k + 1] - u[k]
                i = (psi[m + 1] - psi[m] + current * electronic + 2.0 * vt * beta * du) * ohm
                ka_u = (coefficient[k, 0] + coefficient[k, 4] * c[k]) * c[k]
                kb_u = (coefficient[k + 1, 0] + coefficient[k + 1, 4] * c[k + 1]) * c[k + 1]
                i_ua = (-dpsi_u[m] - 2.0 * vt * beta + vt * du * coefficient[k, 7] * c[k]) * ohm
                i_ua -= i * ohm * path_a * ka_u
                i_ub = (
                    dpsi_u[m + 1] + 2.0 * vt * beta + vt * du * coefficient[k + 1, 7] * c[k + 1]
                ) * ohm
                i_ub -= i * ohm * path_b * kb_u
                i_ja = -dpsi_j[m] * ohm
                i_jb = dpsi_j[m + 1] * ohm
                ionic[m] = i
                charge[m] -= i
                charge[m + 1] += i
                q_own[m] += i_ua
                w_own[m] += i_ja
                q_up[m] = i_ub
                w_up[m] = i_jb
                q_own[m + 1] -= i_ub
                w_own[m + 1] -= i_jb
                q_low[m + 1] = -i_ua
                w_low[m + 1] = -i_ja
            if coefficient[k, 1] <= 0.0 and coefficient[k + 1, 1] <= 0.0:
                conduct, anion, wa = 0.0, 0.5 * (ta + tb), 0.5
            else:
                ga, gb = coefficient[k, 1] / ra, coefficient[k + 1, 1] / rb
                conduct = ga * gb / (ga + gb)
                wa = gb / (ga + gb)
                anion = wa * ta + (1.0 - wa) * tb
            jump = c[k] - c[k + 1]
            flux = conduct * jump - anion * i / FARADAY
            f_ua = conduct * c[k]
            f_ub = -conduct * c[k + 1]
            if conduct > 0.0:
                f_ua += (
                    conduct
                    * conduct
                    * ra
                    * coefficient[k, 5]
                    / (coefficient[k, 1] * coefficient[k, 1])
                    * jump
                    * c[k]
                )
                f_ub += (
                    conduct
                    * conduct
                    * rb
                    * coefficient[k + 1, 5]
                    / (coefficient[k + 1, 1] * coefficient[k + 1, 1])
                    * jump
                    * c[k + 1]
                )
            f_ua += (wa * coefficient[k, 6] * c[k] * i - anion * i_ua) / FARADAY
            f_ub += ((1.0 - wa) * coefficient[k + 1, 6] * c[k + 1] * i - anion * i_ub) / FARADAY
            right[k] -= flux
            right[k + 1] += flux
            diag[k] += f_ua
            up[k] = f_ub
            diag[k + 1] -= f_ub
            low[k + 1] = -f_ua
            if m >= 0:
                f_ja, f_jb = -anion * i_ja / FARADAY, -anion * i_jb / FARADAY
                s_own[m] += f_ja
                s_up[m] = f_jb
                s_own[m + 1] -= f_jb
                s_low[m + 1] = -f_ja
        # Elimination from the lithium on: scalar rows, then 2 x 2 blocks.
        for k in range(1, sep if cathode else n):
            ratio = low[k] / diag[k - 1]
            diag[k] -= ratio * up[k - 1]
            right[k] -= ratio * right[k - 1]
        if cathode:
            ratio = low[sep] / diag[sep - 1]
            diag[sep] -= ratio * up[sep - 1]
            right[sep] -= ratio * right[sep - 1]
        for m in range(cathode):
            k = sep + m
            if m:
                # the lower block times the inverse of the diagonal block before
                d11, d12, d21, d22 = diag[k - 1], s_own[m - 1], q_own[m - 1], w_own[m - 1]
                inverse = 1.0 / (d11 * d22 - d12 * d21)
                l11 = (low[k] * d22 - s_low[m] * d21) * inverse
                l12 = (s_low[m] * d11 - low[k] * d12) * inverse
                l21 = (q_low[m] * d22 - w_low[m] * d21) * inverse
                l22 = (w_low[m] * d11 - q_low[m] * d12) * inverse
                diag[k] -= l11 * up[k - 1] + l12 * q_up[m - 1]
                s_own[m] -= l11 * s_up[m - 1] + l12 * w_up[m - 1]
                q_own[m] -= l21 * up[k - 1] + l22 * q_up[m - 1]
                w_own[m] -= l21 * s_up[m - 1] + l22 * w_up[m - 1]
                right[k] -= l11 * right[k - 1] + l12 * charge[m - 1]
                charge[m] -= l21 * right[k - 1] + l22 * charge[m - 1]
        worst = 0.0
        du = 0.0
        dj = 0.0
        for m in range(cathode - 1, -1, -1):
            k = sep + m
            r1, r2 = right[k], charge[m]
            if m < cathode - 1:
                r1 -= up[k] * du + s_up[m] * dj
                r2 -= q_up[m] * du + w_up[m] * dj
            d11, d12, d21, d22 = diag[k], s_own[m], q_own[m], w_own[m]
            inverse = 1.0 / (d11 * d22 - d12 * d21)
            du = (r1 * d22 - r2 * d12) * inverse
            dj = (r2 * d11 - r1 * d21) * inverse
            if not (abs(du) < 1e30 and abs(dj) < 1e30):
                return -1
            worst = max(worst, abs(du), abs(dj) / scale)
            c[k] *= 1.0 + du if abs(du) < 0.5 else np.exp(min(2.0, max(-2.0, du)))
            s = particular[m] + response * j[m]
            goal = s + response * dj
            goal = min(goal, s + 0.9 * (1.0 - s))
            goal = max(goal, 0.1 * s)
            if goal == s + response * dj:
                j[m] += dj
            else:
                worst = 1.0
                j[m] = (goal - particular[m]) / response
        last = sep - 1
        for k in range(last, -1, -1):
            r1 = right[k]
            if k < n - 1:
                r1 -= up[k] * du
            du = r1 / diag[k]
            if not abs(du) < 1e30:
                return -1
            worst = max(worst, abs(du))
            c[k] *= 1.0 + du if abs(du) < 0.5 else np.exp(min(2.0, max(-2.0, du)))
        if worst < tolerance:
            return iteration + 1
    return -1


@jit
def run(
    p: Any, mode: int, target: float, time_limit: float, v_low: float, v_high: float,
    current_limit: float, scale_time: float, accuracy: float, h: Any, eps: Any, geometry: Any,
    which: Any, tables: Any, tops: Any, ocp: Any, cathode: int, u: Any, j: Any, filling: Any,
    series: Any, profiles: Any, extremes: Any,
) -> tuple[int, int, int, float, float]:  # fmt: skip
    """One step of a protocol. ``mode`` 0: constant current ``target``; 1: constant voltage.

    ``u``, ``j`` and ``filling`` (stoichiometry by particle and shell) are the state, changed in
    place. ``series`` receives time, voltage, current and charge; ``profiles`` (if it has rows)
    c, the electrolyte's potential, j and the surface stoichiometry; ``extremes`` keeps the lowest
    and the highest c. Returns the event, the number
    of points, of Newton iterations, and when and where salt first fell below 0.1 % of its start.
    """
    n = len(u)
    sep = n - cathode
    shells = filling.shape[1]
    volumes, between, skin = spheres(shells)
    work = np.zeros((17, n))
    half = 0.5 * h / geometry
    grain = (tables.shape[2] - 1) / tops
    coefficient = np.zeros((n, 8))
    psi = np.zeros(max(cathode, 1))
    ionic = np.zeros(max(cathode, 1))
    phi = np.zeros(n)
    particular_surface = np.zeros(max(cathode, 1))
    resp = np.zeros(shells)
    diagonal = np.zeros(shells)
    factor = np.zeros(shells)
    past = np.zeros(n)
    # History: values at the last three times.
    c1, c2, c3 = np.exp(u), np.exp(u), np.exp(u)
    s1, s2, s3 = np.zeros(cathode), np.zeros(cathode), np.zeros(cathode)
    # Particles side by side, so that the shells of all of them are solved at once.
    f1, f2 = filling.T.copy(), filling.T.copy()
    trial = f1.copy()
    back = np.zeros(shells)
    u_new, c_new, j_new = u.copy(), np.exp(u), j.copy()
    j1, j2, j3 = j.copy(), j.copy(), j.copy()
    u2, u3 = u.copy(), u.copy()
    charge1 = charge2 = 0.0
    t = 0.0
    dt = 1e-5 * scale_time
    d1 = d2 = 0.0
    current = target if mode == 0 else series[0, 2]
    points = 0
    iterations = 0
    steps = 0
    depleted_time, depleted_place = -1.0, -1.0
    voltage1 = voltage2 = 0.0
    for m in range(cathode):
        s1[m] = filling[m, shells - 1]
    floor = 1e-12 * scale_time
    event = RUNNING
    seeking = False
    v_goal = 0.0
    hi_dt = lo_dt = hi_v = lo_v = 0.0
    final = False
    while event == RUNNING:
        if points >= series.shape[0]:
            return TOO_MANY_STEPS, points, iterations, depleted_time, depleted_place
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
        # Particles: response to a unit j, and what they would be without reaction.
        response = 0.0
        if cathode:
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
            resp[shells - 1] = p[FILLING] / diagonal[shells - 1]
            for i in range(shells - 2, -1, -1):
                resp[i] = back[i] * resp[i + 1]
            surface = p[FILLING] / (3.0 * g) * skin
            response = resp[shells - 1] + surface
            old, older = a1 / dt, a2 / dt
            for i in range(shells):
                now, then = old * volumes[i], older * volumes[i]
                carried = factor[i]
                if i:
                    for m in range(cathode):
                        trial[i, m] = now * f1[i, m] + then * f2[i, m] + carried * trial[i - 1, m]
                else:
                    for m in range(cathode):
                        trial[i, m] = now * f1[i, m] + then * f2[i, m]
            for i in range(shells - 1, -1, -1):
                per = 1.0 / diagonal[i]
                if i < shells - 1:
                    for m in range(cathode):
                        trial[i, m] = trial[i, m] * per + back[i] * trial[i + 1, m]
                else:
                    for m in range(cathode):
                        trial[i, m] *= per
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
            s = particular_surface[m] + response * j_new[m]
            before = s1[m]
            if s > before + 0.9 * (1.0 - before):
                j_new[m] = (before + 0.9 * (1.0 - before) - particular_surface[m]) / response
            elif s < 0.1 * before:
                j_new[m] = (0.1 * before - particular_surface[m]) / response
        for k in range(n):
            c_new[k] = np.exp(u_new[k])
        made = 0
        voltage = 0.0
        tries = 1 if mode == 0 else 30
        trial_current = current
        i_a = v_a = 0.0
        done = False
        for attempt in range(tries):
            made = newton(
                p, trial_current, rate, c_new, j_new, past, particular_surface, response, h, eps,
                half, which, tables, grain, ocp, cathode, coefficient, work, psi, ionic, CLOSE,
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
            miss = voltage - target
            if abs(miss) < 1e-7:
                done = True
                break
            if attempt == 0:
                i_a, v_a = trial_current, voltage
                trial_current += 1e-3 * max(abs(trial_current), 1e-6)
            else:
                slope = (voltage - v_a) / (trial_current - i_a)
                i_a, v_a = trial_current, voltage
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
                s = particular_surface[m] + response * j_new[m]
                error = max(error, abs(s - guess))
            error *= size / accuracy
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
        if mode == 0 and points > 0:
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
            s1[m] = particular_surface[m] + response * j_new[m]
            j3[m], j2[m], j1[m] = j2[m], j1[m], j_new[m]
            j[m] = j_new[m]
        for i in range(shells if cathode else 0):
            for m in range(cathode):
                f2[i, m] = f1[i, m]
                f1[i, m] = trial[i, m] + resp[i] * j_new[m]
        voltage2, voltage1 = voltage1, voltage
        series[points, 0] = t
        series[points, 1] = voltage
        series[points, 2] = current
        series[points, 3] = charge
        if points < profiles.shape[0]:
            for k in range(n):
                profiles[points, 0, k] = c1[k]
                profiles[points, 1, k] = phi[k]
                profiles[points, 2, k] = j[k - sep] if k >= sep else 0.0
                profiles[points, 3, k] = s1[k - sep] if k >= sep else 0.0
        points += 1
        steps += 1
        d2, d1 = d1, dt
        if mode == 0 and (seeking or beyond):
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
