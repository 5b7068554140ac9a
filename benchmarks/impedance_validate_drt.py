"""Kramers–Kronig test, distribution of relaxation times and circuit fit of one spectrum.

All three of ours against the Kramers–Kronig test alone of pyimpspec, as it comes, on the same
spectrum of 71 points in the same process; and against a bound of 50 ms a spectrum, printed as
``bound_over_ours``. Timed are the plain functions: the test with its search for bad points, the
distribution with its choice of the smoothing, and a fit from the default number of starts with its
standard errors. Beside them, printed: the three methods as a study runs them, with profile
intervals, bands from draws, tables and words. Times are processor seconds, of one process each,
so that other work on the machine does not count. ``target`` is its time over the bound: a ratio
above it is the bound kept. The last line is JSON.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np
import pyimpspec
from _shared import report

from polylyte.analysis.impedance.circuits import parse
from polylyte.analysis.impedance.drt import drt
from polylyte.analysis.impedance.fit import fit
from polylyte.analysis.impedance.fitting import fit_circuit
from polylyte.analysis.impedance.kramers_kronig import kramers_kronig
from polylyte.analysis.impedance.relaxation import relaxation_times
from polylyte.analysis.impedance.validate import validate
from polylyte.instruments.spectra import ImpedanceSpectrum

BOUND = 0.05
SPECTRA = 20
CIRCUIT = "R0-p(R1,CPE1)-p(R2,CPE2)"
TRUTH = np.array([5.0, 50.0, 1e-5, 0.85, 90.0, 1e-3, 0.9])


def timed(work: Callable[[np.ndarray], object], spectra: np.ndarray) -> float:
    """Median seconds per spectrum."""
    times = []
    for z in spectra:
        began = time.process_time()
        work(z)
        times.append(time.process_time() - began)
    return float(np.median(times))


def main() -> None:
    frequency = np.logspace(6, -1, 71)
    exact = parse(CIRCUIT).impedance(TRUTH, frequency)
    rng = np.random.default_rng(0)
    error = rng.standard_normal((SPECTRA, 71)) + 1j * rng.standard_normal((SPECTRA, 71))
    spectra = exact + 2e-3 * np.abs(exact) * error

    def circuit(z: np.ndarray) -> object:
        return fit_circuit(frequency, z, CIRCUIT, intervals=False)

    def read(z: np.ndarray) -> ImpedanceSpectrum:
        return ImpedanceSpectrum(frequency, z)

    parts: dict[str, Callable[[np.ndarray], object]] = {
        "Kramers–Kronig test": lambda z: kramers_kronig(frequency, z),
        "relaxation times": lambda z: relaxation_times(frequency, z),
        "circuit fit": circuit,
    }
    methods: dict[str, Callable[[np.ndarray], object]] = {
        "impedance.validate": lambda z: validate(spectrum=read(z)),
        "impedance.drt": lambda z: drt(spectrum=read(z)),
        "impedance.fit": lambda z: fit(spectrum=read(z), circuit=CIRCUIT),
    }
    took = {}
    for name, work in (parts | methods).items():
        work(spectra[0])
        took[name] = timed(work, spectra)
        print(f"{name}: {1e3 * took[name]:.1f} ms")
    ours = sum(took[name] for name in parts)
    data = pyimpspec.DataSet(frequencies=frequency, impedances=spectra[0])
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pyimpspec.perform_kramers_kronig_test(data, num_procs=1)
    peer = time.process_time() - began
    print(f"pyimpspec's Kramers–Kronig test: {peer:.1f} s, {theirs.num_RC} elements")
    report(
        "Kramers–Kronig, relaxation times and fit, against pyimpspec's Kramers–Kronig alone",
        round(peer / BOUND, 1),
        round(ours, 5),
        round(peer, 2),
        bound_over_ours=round(BOUND / ours, 2),
    )


if __name__ == "__main__":
    main()
