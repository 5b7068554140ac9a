"""Compiled inner loops of the circuit fit: a stack machine for circuits, and the descent.

Import this module inside functions only: it needs numba. One program of integers stands for
a circuit, so that the machine code is the same for all circuits and is kept on disk.
"""

from __future__ import annotations

import cmath
import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from polylyte.analysis.impedance.compiling import compiled
from polylyte.core.compiling import alone

Real = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

SERIES, PARALLEL, R, C, L, W, CPE, WO, WS, G, TLM = range(11)
OPERATIONS = {
    "series": SERIES,
    "parallel": PARALLEL,
    "R": R,
    "C": C,
    "L": L,
    "CPE": CPE,
    "W": W,
    "Wo": WO,
    "Ws": WS,
    "G": G,
    "TLM": TLM,
}
LONGEST_STEP = 3.0


def grid_of(omega: Real) -> Real:
    """omega, ln omega, then Z of R, C, L, W of value 1: real parts and imaginary parts."""
    none, one = np.zeros_like(omega), np.ones_like(omega)
    root = 1.0 / np.sqrt(omega)
    real = [one, none, none, root]
    imaginary = [none, -1.0 / omega, omega, -root]
    return np.array([omega, np.log(omega), *real, *imaginary])


@compiled
def _coth(u: float, v: float) -> complex:
    """coth(u + jv), u > 0."""
    if u > 20.0:
        return complex(1.0, 0.0)
    s, t = math.sinh(u), math.sin(v)
    below = s * s + t * t
    return complex(s * math.cosh(u) / below, -t * math.cos(v) / below)


@compiled
def _leaf(op: int, p: Real, at: int, grid: Real, zr: Real, zi: Real, jr: Real, ji: Real) -> None:
    """Impedance of an element, and its rows of dZ/d ln(parameter); see ``elements``."""
    points = grid.shape[1]
    if op == CPE:
        n, angle = p[at + 1], -0.5 * np.pi * p[at + 1]
        cosine, sine = math.cos(angle), math.sin(angle)
        for i in range(points):
            size = math.exp(-n * grid[1, i]) / p[at]
            zr[i], zi[i] = size * cosine, size * sine
            jr[at, i], ji[at, i] = -zr[i], -zi[i]
            slope = -n * grid[1, i]
            jr[at + 1, i] = slope * zr[i] - angle * zi[i]
            ji[at + 1, i] = slope * zi[i] + angle * zr[i]
    elif op > CPE:
        for i in range(points):
            z, first, second, third = _diffusion(op, p, at, grid[0, i], grid[1, i])
            zr[i], zi[i] = z.real, z.imag
            jr[at, i], ji[at, i] = first.real, first.imag
            jr[at + 1, i], ji[at + 1, i] = second.real, second.imag
            if op == TLM:
                jr[at + 2, i], ji[at + 2, i] = third.real, third.imag
    else:
        # R, C, L and W: p (a + j b) times a power of omega
        real, imaginary, tr, ti = grid[2 + op - R], grid[6 + op - R], jr[at], ji[at]
        sign = -1.0 if op == C else 1.0
        size = 1.0 / p[at] if op == C else p[at]
        for i in range(points):
            zr[i] = size * real[i]
            zi[i] = size * imaginary[i]
            tr[i] = sign * zr[i]
            ti[i] = sign * zi[i]


@compiled
def _diffusion(
    op: int, p: Real, at: int, omega: float, log_omega: float
) -> tuple[complex, complex, complex, complex]:
    """Wo, Ws, G, TLM: impedance and derivatives."""
    none = complex(0.0, 0.0)
    if op == G:
        s_tau = complex(0.0, omega * p[at + 1])
        z = p[at] / cmath.sqrt(1.0 + s_tau)
        return z, z, -0.5 * z * s_tau / (1.0 + s_tau), none
    if op == TLM:
        size = math.sqrt(p[at] * p[at + 1]) * math.exp(0.5 * p[at + 2] * log_omega)
        angle = 0.25 * np.pi * p[at + 2]
    else:
        size, angle = math.sqrt(p[at + 1] * omega), 0.25 * np.pi
    x = complex(size * math.cos(angle), size * math.sin(angle))
    coth = _coth(x.real, x.imag)
    if op == WS:
        tanh = 1.0 / coth
        z = p[at] * tanh / x
        return z, z, 0.5 * (p[at] * (1.0 - tanh * tanh) - z), none
    z = p[at] * coth / x
    half = 0.5 * (p[at] * (1.0 - coth * coth) - z)
    if op == WO:
        return z, z, half, none
    slope = p[at + 2] * complex(log_omega, 0.5 * np.pi)
    return z, z + half, half, half * slope


@compiled
def evaluate(
    program: Integers, p: Real, grid: Real, zr: Real, zi: Real, jr: Real, ji: Real, span: Integers
) -> None:
    """Z into the first row of ``zr`` and ``zi``, dZ/d ln(p) into ``jr`` and ``ji``.

    ``program``: (N, 3): operation, first parameter, number of parameters or of branches;
    branches come before what joins them. ``grid`` is that of :func:`grid_of`.
    ``zr``, ``zi`` (N + 1, F), ``jr``, ``ji`` (P, F) and ``span`` (N, 2) are overwritten.
    """
    points, top = grid.shape[1], -1
    for k in range(program.shape[0]):
        op, first, count = program[k, 0], program[k, 1], program[k, 2]
        if op > PARALLEL:
            top += 1
            span[top, 0], span[top, 1] = first, first + count
            _leaf(op, p, first, grid, zr[top], zi[top], jr, ji)
            continue
        base = top - count + 1
        if op == SERIES:
            for c in range(base + 1, top + 1):
                for i in range(points):
                    zr[base, i] += zr[c, i]
                    zi[base, i] += zi[c, i]
        else:
            _join(base, top, zr, zi, jr, ji, span)
        span[base, 1] = span[top, 1]
        top = base


@compiled
def _join(base: int, top: int, zr: Real, zi: Real, jr: Real, ji: Real, span: Integers) -> None:
    """Branches base … top in parallel; their Jacobians are scaled by (Z/Z_branch)²."""
    points = zr.shape[1]
    tr, ti = zr[-1], zi[-1]
    tr[:] = 0.0
    ti[:] = 0.0
    for c in range(base, top + 1):
        br, bi = zr[c], zi[c]
        for i in range(points):
            inverse = 1.0 / (br[i] * br[i] + bi[i] * bi[i])
            # the branch is replaced by its admittance
            br[i] *= inverse
            bi[i] *= -inverse
            tr[i] += br[i]
            ti[i] += bi[i]
    for i in range(points):
        inverse = 1.0 / (tr[i] * tr[i] + ti[i] * ti[i])
        tr[i] *= inverse
        ti[i] *= -inverse
    for c in range(base, top + 1):
        br, bi = zr[c], zi[c]
        for i in range(points):
            a = tr[i] * br[i] - ti[i] * bi[i]
            b = tr[i] * bi[i] + ti[i] * br[i]
            br[i], bi[i] = a * a - b * b, 2.0 * a * b
        for m in range(span[c, 0], span[c, 1]):
            mr, mi = jr[m], ji[m]
            for i in range(points):
                real = mr[i] * br[i] - mi[i] * bi[i]
                mi[i] = mr[i] * bi[i] + mi[i] * br[i]
                mr[i] = real
    zr[base, :] = tr
    zi[base, :] = ti


@compiled
def _step(
    normal: Real, gradient: Real, damping: float, resting: Flags, factor: Real, step: Real
) -> bool:
    """Solve the damped normal equations of the parameters that do not rest, by Cholesky's
    method on a unit diagonal; False where they are not positive definite."""
    count = len(gradient)
    largest = 0.0
    for a in range(count):
        largest = max(largest, normal[a, a])
    floor = 1e-14 * largest + 1e-300
    scale = np.empty(count)
    for a in range(count):
        own = normal[a, a] + damping * max(normal[a, a], floor) + floor
        scale[a] = 1.0 if resting[a] else 1.0 / math.sqrt(own)
    for a in range(count):
        for b in range(a + 1):
            total = 0.0
            if a == b:
                total = 1.0
            elif not (resting[a] or resting[b]):
                total = normal[a, b] * scale[a] * scale[b]
            for c in range(b):
                total -= factor[a, c] * factor[b, c]
            if a == b:
                if not total > 1e-300:
                    return False
                factor[a, a] = math.sqrt(total)
            else:
                factor[a, b] = total / factor[b, b]
    for a in range(count):
        total = 0.0 if resting[a] else -gradient[a] * scale[a]
        for c in range(a):
            total -= factor[a, c] * step[c]
        step[a] = total / factor[a, a]
    longest = 0.0
    for a in range(count - 1, -1, -1):
        total = step[a]
        for c in range(a + 1, count):
            total -= factor[c, a] * step[c]
        step[a] = total / factor[a, a]
    for a in range(count):
        step[a] *= scale[a]
        longest = max(longest, abs(step[a]))
    if longest > LONGEST_STEP:
        for a in range(count):
            step[a] *= LONGEST_STEP / longest
    return math.isfinite(longest)


@compiled
def _residuals(data: Real, z: tuple[Real, Real], residual: tuple[Real, Real]) -> float:
    """Weighted residuals in place; the sum of squares, infinite where undefined.

    ``data``: real part, imaginary part, weight of each (4, F).
    """
    zr, zi = z[0][0], z[1][0]
    rr, ri = residual
    cost = 0.0
    for i in range(len(rr)):
        rr[i] = (zr[i] - data[0, i]) * data[2, i]
        ri[i] = (zi[i] - data[1, i]) * data[3, i]
        cost += rr[i] * rr[i] + ri[i] * ri[i]
    return cost if math.isfinite(cost) else np.inf


@compiled
def _normal(
    data: Real,
    j: tuple[Real, Real],
    residual: tuple[Real, Real],
    normal: Real,
    gradient: Real,
) -> None:
    """JᵀJ and Jᵀr of the weighted Jacobian, which is left weighted."""
    jr, ji = j
    rr, ri = residual
    wr, wi = data[2], data[3]
    count, points = jr.shape
    sound = True
    for a in range(count):
        ar, ai = jr[a], ji[a]
        total = 0.0
        for i in range(points):
            ar[i] *= wr[i]
            ai[i] *= wi[i]
        for i in range(points):
            total += ar[i] * rr[i] + ai[i] * ri[i]
        gradient[a] = total
        sound = sound and math.isfinite(total)
        for b in range(a + 1):
            br, bi = jr[b], ji[b]
            total = 0.0
            for i in range(points):
                total += ar[i] * br[i] + ai[i] * bi[i]
            normal[a, b] = normal[b, a] = total
            sound = sound and math.isfinite(total)
    if not sound:
        gradient[:] = 0.0
        normal[:] = 0.0
        for a in range(count):
            normal[a, a] = 1.0


@compiled
def minimize(
    program: Integers,
    grid: Real,
    data: Real,
    which: Integers,
    x: Real,
    lower: Real,
    upper: Real,
    frozen: Flags,
    iterations: int,
    tolerance: float,
    cost: Real,
    converged: Flags,
) -> None:
    """Levenberg–Marquardt from every row of ``x`` (S, P), in place; see ``least_squares``.

    ``data`` (N, 4, F), ``lower`` and ``upper`` (N, P) hold N spectra on one grid; ``which`` (S,)
    says whose each row is.
    """
    rows, count = x.shape
    points, depth = grid.shape[1], program.shape[0] + 1
    z = (np.empty((depth, points)), np.empty((depth, points)))
    j = (np.empty((count, points)), np.empty((count, points)))
    residual = (np.empty(points), np.empty(points))
    span = np.empty((depth, 2), np.int64)
    normal, factor = np.empty((count, count)), np.empty((count, count))
    gradient, step = np.empty(count), np.empty(count)
    trial, values = np.empty(count), np.empty(count)
    resting = np.empty(count, np.bool_)
    for row in range(rows):
        here, own, low, high = x[row], data[which[row]], lower[which[row]], upper[which[row]]
        for a in range(count):
            here[a] = trial[a] = min(max(here[a], low[a]), high[a])
        now, damping, growth, moved = np.inf, 1e-2, 2.0, 1.0
        converged[row] = False
        # the first round evaluates the start, every other one a step
        for turn in range(iterations + 1):
            for a in range(count):
                values[a] = math.exp(trial[a])
            evaluate(program, values, grid, z[0], z[1], j[0], j[1], span)
            new = _residuals(own, z, residual)
            flat = abs(now - new) <= tolerance * now
            done = turn > 0 and (flat or moved < 1e-10 or damping > 1e14)
            if new < now or turn == 0:
                here[:] = trial
                now = new
                if now <= 1e-300:
                    done = True
                _normal(own, j, residual, normal, gradient)
                if turn > 0:
                    damping = max(damping * 0.2, 1e-12)
                growth = 2.0
            else:
                damping *= growth
                growth = min(growth * 2.0, 64.0)
            if done:
                converged[row] = True
                break
            for a in range(count):
                resting[a] = (
                    frozen[row, a]
                    or (here[a] <= low[a] and gradient[a] > 0.0)
                    or (here[a] >= high[a] and gradient[a] < 0.0)
                )
            while not _step(normal, gradient, damping, resting, factor, step) and damping < 1e14:
                damping *= 10.0
            moved = 0.0
            for a in range(count):
                trial[a] = min(max(here[a] + step[a], low[a]), high[a])
                moved = max(moved, abs(trial[a] - here[a]))
        cost[row] = now


@cache
def ready() -> None:
    """Compile, or read what was compiled before. One process at a time: workers that start
    together on a fresh installation wait for the first instead of all compiling."""
    with alone(getattr(minimize, "stats", None)):
        one, box = np.ones((1, 1)), np.zeros((1, 1))
        program = np.array([[R, 0, 1]], dtype=np.int64)
        data, nobody = np.ones((1, 4, 2)), np.zeros(1, np.int64)
        held, cost, converged = np.ones((1, 1), bool), np.empty(1), np.empty(1, bool)
        grid = grid_of(np.ones(2))
        minimize(program, grid, data, nobody, one, box, box, held, 1, 1e-9, cost, converged)
