"""One implicit time step: Newton's method on ln c and j, block by block."""

from __future__ import annotations

from typing import Any

import numpy as np

from polylyte.simulation.cell._parts import (
    AREA,
    FARADAY,
    OCP_HIGH,
    OCP_LOW,
    RATE_CONSTANT,
    SIGMA,
    THERMAL_VOLTAGE,
    WALL,
    jit,
    logarithm,
    open_circuit,
    path,
    straight,
    transport,
)


@jit
def newton(
    p: Any, current: float, rate: float, c: Any, j: Any, past: Any, particular: Any,
    response: Any, h: Any, eps: Any, half: Any, which: Any, tables: Any, factors: Any, per: Any,
    ocp: Any, warmer: float, cathode: int, coefficient: Any, work: Any, psi: Any, ionic: Any,
    tolerance: float,
) -> int:  # fmt: skip
    """Solve one time step: eps rate (c - past) + dN/dx = 0 and di/dx = -a j.

    The unknowns' changes are those of ln c and j; small ones are made in c itself, in which salt
    is conserved exactly at every iteration. ``rate`` is the leading coefficient of the time
    formula over the step; ``warmer`` the kelvins above the temperature at which ``ocp`` holds.
    Returns the number of iterations, or -1.
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
    for k in range(sep, n):
        u[k] = np.log(c[k])
    for iteration in range(14):
        for k in range(n):
            transport(tables, factors, which[k], per[which[k]], c[k], coefficient, k)
        for m in range(cathode):
            k = sep + m
            s = particular[m] + response[m] * j[m]
            value, slope = open_circuit(ocp, p[OCP_LOW], p[OCP_HIGH], s)
            if warmer != 0.0:
                entropy, bend = straight(ocp[2], p[OCP_LOW], p[OCP_HIGH], s)
                value += warmer * entropy
                slope += warmer * bend
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
            dlog = 0.5 * (above - below) * response[m]
            dpsi_j[m] = slope * response[m] - 2.0 * vt * flat * (exchange - x * dlog)
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
            u[k] = logarithm(u[k], du, c[k])
            s = particular[m] + response[m] * j[m]
            goal = s + response[m] * dj
            goal = min(goal, s + 0.9 * (1.0 - s))
            goal = max(goal, 0.1 * s)
            if goal == s + response[m] * dj:
                j[m] += dj
            else:
                worst = 1.0
                j[m] = (goal - particular[m]) / response[m]
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
