"""One circuit fitted to many spectra in one call: :func:`fit_many`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polylyte.analysis.impedance.circuits import Circuit, parse
from polylyte.analysis.impedance.descent import Found, Spectra, search
from polylyte.analysis.impedance.elements import Complex, Grid, Real
from polylyte.analysis.impedance.fitting import STARTS, CircuitFit, finished
from polylyte.analysis.impedance.problem import Problem, Weighting, draw, select, weights
from polylyte.analysis.impedance.profiles import covariances
from polylyte.analysis.impedance.structured import LEVEL, durbin_watson, inflation
from polylyte.core.errors import InputError

CHUNK = 64
"""Spectra per call of the kernel: their Jacobians fit into the processor's cache."""


@dataclass(frozen=True)
class CircuitFits:
    """Fits of N spectra with one circuit of P parameters; NaN rows for those not fitted.

    ``fits[k]`` is the whole :class:`CircuitFit` of spectrum k, its profile intervals included;
    it is made when asked for.
    """

    circuit: Circuit
    values: Real
    """(N, P), SI, in the order of ``circuit.names``."""
    relative_error: Real
    """Standard errors of the logarithms by noise alone, (N, P)."""
    inflation: Real
    """How much longer they are with what the circuit misses, (N, P); see :class:`CircuitFit`."""
    sum_of_squares: Real
    relative_rms: Real
    share_of_starts: Real
    noise_probability: Real
    """Of residuals so like their neighbours by noise alone; below 1 % the errors include what the
    circuit misses."""
    converged: NDArray[np.bool_]
    not_fitted: dict[int, str]
    """Why, for each spectrum without a fit."""
    frequency: Real
    impedance: Complex
    weighting: Weighting
    starts: int
    seed: int

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> CircuitFit:
        return self.fit(index)

    def fit(self, index: int, *, intervals: bool = True) -> CircuitFit:
        """The whole fit of one spectrum; ``intervals`` False skips the profiles.

        Raises:
            InputError: it was not fitted.
        """
        index = range(len(self))[index]
        if index in self.not_fitted:
            raise InputError(
                f"spectrum {index + 1} was not fitted: {self.not_fitted[index]}",
                remedy="see not_fitted",
            )
        data = select(self.frequency, self.impedance[index], None, None)
        model = Problem(self.circuit, data, self.weighting)
        return finished(
            model,
            np.log(self.values[index]),
            float(self.share_of_starts[index]),
            bool(self.converged[index]),
            self.starts,
            self.seed,
            intervals,
        )

    def __iter__(self) -> Iterator[CircuitFit]:
        return (self[index] for index in range(len(self)))

    def std(self, name: str) -> Real:
        """Standard errors of a parameter, SI, the circuit's own error included, shape (N,)."""
        place = self.circuit.names.index(name)
        error = self.inflation[:, place] * self.relative_error[:, place]
        return np.asarray(error * self.values[:, place])


def fit_many(
    frequency: ArrayLike,
    impedances: ArrayLike,
    circuit: str | Circuit,
    *,
    weighting: Weighting = "modulus",
    f_min: float | None = None,
    f_max: float | None = None,
    starts: int = STARTS,
    seed: int = 0,
    threads: int = 1,
    progress: Callable[[float], None] | None = None,
) -> CircuitFits:
    """Fit one circuit to many spectra, each exactly as :func:`fit_circuit` would.

    Spectra that miss different points are fitted in groups. One that cannot be fitted does not
    stop the others: its rows are NaN and ``not_fitted`` says why.

    Parameters:
        frequency: Hz, shape (F,), common to all
        impedances: ohm, complex, shape (N, F)
        circuit: ``R0-p(R1,CPE1)-CPE2`` or ``R(RQ)Q``
        weighting: as in :func:`fit_circuit`
        f_min: lowest frequency fitted, Hz
        f_max: highest frequency fitted, Hz
        starts: per spectrum
        seed: of the starts
        threads: that share the work; the result is the same for any number
        progress: called with the share done

    Raises:
        InputError: shapes that differ, an unknown element.
    """
    compiled = parse(circuit) if isinstance(circuit, str) else circuit
    f = np.asarray(frequency, dtype=float)
    z = np.atleast_2d(np.asarray(impedances, dtype=complex))
    if f.ndim != 1 or z.ndim != 2 or z.shape[1] != len(f):
        raise InputError(
            f"{len(f)} frequencies, but impedances of shape {z.shape}",
            remedy="give shape (spectra, frequencies)",
        )
    usable = np.isfinite(z) & (np.abs(z) > 0) & np.isfinite(f) & (f > 0)
    usable &= (f >= (f_min or 0.0)) & (f <= (np.inf if f_max is None else f_max))
    number, count = len(z), len(compiled)
    made = CircuitFits(
        circuit=compiled,
        values=np.full((number, count), np.nan),
        relative_error=np.full((number, count), np.nan),
        inflation=np.ones((number, count)),
        sum_of_squares=np.full(number, np.nan),
        relative_rms=np.full(number, np.nan),
        share_of_starts=np.full(number, np.nan),
        noise_probability=np.full(number, np.nan),
        converged=np.zeros(number, bool),
        not_fitted={},
        frequency=f,
        impedance=np.where(usable, z, np.nan),
        weighting=weighting,
        starts=starts,
        seed=seed,
    )
    jobs = []
    masks, group = np.unique(usable, axis=0, return_inverse=True)
    for place, mask in enumerate(masks):
        rows = np.flatnonzero(group.ravel() == place)
        points = int(mask.sum())
        if points < count + 2:
            told = f"{points} usable points, {count + 2} are needed for {compiled}"
            made.not_fitted.update(dict.fromkeys(rows.tolist(), told))
            continue
        keep = np.flatnonzero(mask)[np.argsort(-f[mask], kind="stable")]
        for first in range(0, len(rows), CHUNK):
            jobs.append(partial(_fit_chunk, made, rows[first : first + CHUNK], keep))
    _run(jobs, threads, progress)
    return made


def _run(jobs: list[partial[None]], threads: int, progress: Callable[[float], None] | None) -> None:
    def done(place: int) -> None:
        if progress is not None:
            progress((place + 1) / len(jobs))

    if threads == 1:
        for place, job in enumerate(jobs):
            job()
            done(place)
        return
    with ThreadPoolExecutor(threads) as pool:
        for place, _ in enumerate(pool.map(lambda job: job(), jobs)):
            done(place)


def _fit_chunk(made: CircuitFits, rows: NDArray[np.intp], keep: NDArray[np.intp]) -> None:
    """Fit ``rows`` over the points ``keep`` and write what is found into ``made``."""
    f, z = made.frequency[keep], np.ascontiguousarray(made.impedance[np.ix_(rows, keep)])
    spectra = Spectra.of(made.circuit, f, z, made.weighting)
    found = search(spectra, draw(made.circuit, spectra.scales, made.starts, made.seed))
    x = np.take_along_axis(found.x, made.circuit.order(np.exp(found.x)), axis=1)
    made.values[rows] = np.exp(x)
    made.share_of_starts[rows], made.converged[rows] = found.share, found.converged
    _errors(made, rows, spectra, found, x, f, z)


def _errors(
    made: CircuitFits,
    rows: NDArray[np.intp],
    spectra: Spectra,
    found: Found,
    x: Real,
    f: Real,
    z: Complex,
) -> None:
    """Standard errors and root mean squares of a chunk."""
    with np.errstate(all="ignore"):
        fitted, jacobian = made.circuit.evaluate(np.exp(x), Grid(2 * np.pi * f))
    weight = weights(z, made.weighting)
    weighted = jacobian.view(float) * weight[:, None, :]
    freedom = 2 * len(f) - len(made.circuit)
    free = (x > spectra.lower + 1e-9) & (x < spectra.upper - 1e-9)
    covariance = covariances(weighted, free, found.cost / freedom)
    diagonal = np.einsum("npp->np", covariance)
    made.relative_error[rows] = np.sqrt(diagonal)
    residual = (fitted - z).view(float) * weight
    _, made.noise_probability[rows] = durbin_watson(residual, weighted, free)
    for k in np.flatnonzero(made.noise_probability[rows] < LEVEL):
        own = free[k : k + 1]
        unscaled = covariances(weighted[k : k + 1], own, np.ones(1))[0]
        used = np.where(own[0][:, None], weighted[k], 0.0)
        _, longer = inflation(f, residual[k], used, covariance[k], unscaled)
        made.inflation[rows[k]] = longer
    made.sum_of_squares[rows] = found.cost
    made.relative_rms[rows] = np.sqrt(np.mean(np.abs((fitted - z) / z) ** 2, axis=1))
