"""The compiled descent of circuit fits: many starts of many spectra on one grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polylyte.analysis.impedance.circuits import Circuit
from polylyte.analysis.impedance.elements import Complex, Real
from polylyte.analysis.impedance.least_squares import Minima
from polylyte.analysis.impedance.problem import Problem, Scales, Weighting, box, weights

SAME_OPTIMUM = 1e-3
"""Starts whose sum of squares is within this fraction of the least one reached it."""
EARLY = 40
"""Iterations that every start gets."""
FAR_BEHIND = 4.0
"""A start whose sum of squares is then larger by more than this is given up."""
LATE = 150


@dataclass(frozen=True)
class Spectra:
    """Spectra on one grid, as the kernel takes them: N spectra, F points, P parameters."""

    circuit: Circuit
    grid: Real
    packed: Real
    """Real part, imaginary part and their weights, shape (N, 4, F)."""
    scales: Scales
    lower: Real
    upper: Real

    @staticmethod
    def of(circuit: Circuit, frequency: Real, impedance: Complex, weighting: Weighting) -> Spectra:
        """From frequencies (F,) in Hz and impedances (N, F)."""
        from polylyte.analysis.impedance._kernels import grid_of

        weight = weights(impedance, weighting)
        parts = [impedance.real, impedance.imag, weight[:, 0::2], weight[:, 1::2]]
        scales = Scales.of(frequency, impedance)
        lower, upper = box(circuit, scales)
        grid = grid_of(2 * np.pi * frequency)
        return Spectra(circuit, grid, np.stack(parts, axis=1), scales, lower, upper)

    def minimize(
        self,
        start: Real,
        which: NDArray[np.intp],
        *,
        frozen: NDArray[np.bool_] | None = None,
        iterations: int = LATE,
        tolerance: float = 1e-9,
    ) -> Minima:
        """Levenberg–Marquardt from every row of ``start`` (S, P); row k is of spectrum
        ``which[k]``. The rules are those of :func:`least_squares.minimize`."""
        from polylyte.analysis.impedance import _kernels

        _kernels.ready()
        x = np.array(start, dtype=float, order="C")
        cost, converged = np.empty(len(x)), np.empty(len(x), bool)
        _kernels.minimize(
            self.circuit.program,
            self.grid,
            self.packed,
            np.asarray(which, dtype=np.int64),
            x,
            self.lower,
            self.upper,
            np.zeros(x.shape, bool) if frozen is None else frozen,
            iterations,
            tolerance,
            cost,
            converged,
        )
        return Minima(x, cost, converged)


def of_problem(model: Problem) -> Spectra:
    """The one spectrum of a problem."""
    data = model.data
    return Spectra.of(model.circuit, data.frequency, data.impedance[None], model.weighting)


@dataclass(frozen=True)
class Found:
    """The best of all starts per spectrum: x (N, P), cost, share of starts there, converged."""

    x: Real
    cost: Real
    share: Real
    converged: NDArray[np.bool_]


def search(spectra: Spectra, start: Real) -> Found:
    """From all starts (N, S, P) for a while, from those not far behind the best to the end,
    and the best of each spectrum to full precision."""
    number, starts, count = start.shape
    which = np.repeat(np.arange(number), starts)
    early = spectra.minimize(start.reshape(-1, count), which, iterations=EARLY)
    x, cost = early.x, early.cost
    least = cost.reshape(number, starts).min(axis=1)
    hopeful = (cost <= FAR_BEHIND * least[which]) & ~early.converged
    late = spectra.minimize(x[hopeful], which[hopeful])
    x[hopeful], cost[hopeful] = late.x, late.cost
    table = cost.reshape(number, starts)
    best = np.argmin(table, axis=1) + starts * np.arange(number)
    end = spectra.minimize(x[best], np.arange(number), iterations=100, tolerance=1e-14)
    share = (table <= end.cost[:, None] * (1 + SAME_OPTIMUM)).mean(axis=1)
    return Found(end.x, end.cost, share, end.converged)
