"""A circuit of three arcs fitted from eight starts, against impedance.py from one.

R0-p(R1,C1)-p(R2,C2)-W1 over 71 points, noise 0.1 % of the modulus, 1000 spectra in one call on one
thread. impedance.py fits the first twelve of them in the same process, handed the truth times a
random factor between 1/3 and 3; ours draws its own starts. Both give standard errors.
``at_minimum`` is the share of fits within 1 % of the noise floor's cost. The first call compiles,
or reads what an earlier one compiled, and is not timed; how long it took is printed.
"""

from __future__ import annotations

import json
import time
import warnings

import numpy as np
from impedance.models.circuits import CustomCircuit

from polylyte.analysis.impedance.batch import fit_many

TARGET = 150.0
CIRCUIT = "R0-p(R1,C1)-p(R2,C2)-W1"
SPECTRA = 1000
PEER_SPECTRA = 12
TRUTH = np.array([10.0, 40.0, 1e-6, 90.0, 1e-4, 25.0])


def exact(frequency: np.ndarray) -> np.ndarray:
    w = 1j * 2 * np.pi * frequency
    R0, R1, C1, R2, C2, sigma = TRUTH
    return R0 + R1 / (1 + w * R1 * C1) + R2 / (1 + w * R2 * C2) + sigma / np.sqrt(w)


def cost(z: np.ndarray, fitted: np.ndarray) -> float:
    return float(np.sum(np.abs((fitted - z) / z) ** 2))


def peer_fit(frequency: np.ndarray, z: np.ndarray, guess: np.ndarray) -> float:
    """Cost where impedance.py ends; infinite where it gives up."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        circuit = CustomCircuit(CIRCUIT, initial_guess=list(guess))
        try:
            circuit.fit(frequency, z, weight_by_modulus=True)
        except RuntimeError:
            return float("inf")
        return cost(z, circuit.predict(frequency))


def main() -> None:
    rng = np.random.default_rng(0)
    frequency = np.logspace(5, -2, 71)
    clean = exact(frequency)
    noise = rng.standard_normal((SPECTRA, 71)) + 1j * rng.standard_normal((SPECTRA, 71))
    spectra = clean + 1e-3 * np.abs(clean) * noise
    floor = np.array([cost(z, clean) for z in spectra])

    began = time.perf_counter()
    fit_many(frequency, spectra[:2], CIRCUIT, starts=8)
    compiling = time.perf_counter() - began
    theirs, peer_found = 0.0, 0
    rounds = []
    for turn in range(3):
        began = time.perf_counter()
        fits = fit_many(frequency, spectra, CIRCUIT, starts=8)
        rounds.append(time.perf_counter() - began)
        # a third of the peer's spectra between our rounds: both feel the same machine
        for z, low in list(zip(spectra, floor, strict=True))[turn:PEER_SPECTRA:3]:
            guess = TRUTH * 3.0 ** rng.uniform(-1, 1, len(TRUTH))
            # impedance.py writes its Warburg element as sigma (1 - j)/sqrt(omega).
            guess[-1] /= np.sqrt(2)
            began = time.perf_counter()
            end = peer_fit(frequency, z, guess)
            theirs += time.perf_counter() - began
            peer_found += end <= 1.01 * low
    found = float(np.mean(fits.sum_of_squares <= 1.01 * floor))
    ours, peer = float(np.median(rounds)) / SPECTRA, theirs / PEER_SPECTRA
    print(f"first call: {compiling:.1f} s")
    print(f"at the minimum: ours {found:.1%}, impedance.py {peer_found} of {PEER_SPECTRA}")
    print(
        json.dumps(
            {
                "name": "impedance fit, R-RC-RC-W, 8 starts, 71 points, 1000 spectra",
                "ratio": round(peer / ours, 1),
                "target": TARGET,
                "ours": round(ours, 6),
                "peer": round(peer, 6),
                "at_minimum": found,
            }
        )
    )


if __name__ == "__main__":
    main()
