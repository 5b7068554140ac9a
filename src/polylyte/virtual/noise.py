"""Noise of virtual instruments; every generator is seeded, none is shared."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Complexes = NDArray[np.complex128]
    Floats = NDArray[np.float64]


def generator(seed: int, *names: str) -> np.random.Generator:
    """A generator of its own for each seed, method and sample."""
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    words = [int.from_bytes(digest[k : k + 4], "little") for k in range(0, 16, 4)]
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))


def noisy_impedance(z: Complexes, relative: float, rng: np.random.Generator) -> Complexes:
    """Independent Gaussian noise of ``relative``·|Z| on both parts."""
    noise = rng.standard_normal((2, z.size))
    return np.asarray(z + relative * np.abs(z) * (noise[0] + 1j * noise[1]))


def noisy(
    values: Floats, std: float, rng: np.random.Generator, *, resolution: float = 0.0
) -> Floats:
    """Gaussian noise of ``std``, then rounding to the converter's ``resolution``."""
    read = values + std * rng.standard_normal(values.size)
    return np.asarray(np.round(read / resolution) * resolution if resolution > 0 else read)


def current_resolution(values: Floats, bits: int) -> float:
    """One step of a converter of ``bits`` on the decade range that holds all ``values``."""
    largest = float(np.abs(values).max())
    full_scale = 10.0 ** np.ceil(np.log10(largest)) if largest > 0 else 1.0
    return float(2 * full_scale / 2**bits)
