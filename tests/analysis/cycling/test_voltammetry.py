"""Peaks of a reversible couple, computed from diffusion, and of a real file."""

import numpy as np
import pytest
from scipy.signal import fftconvolve

from polylyte.analysis.cycling.voltammetry import figure, voltammetry
from polylyte.core.errors import FileError, InputError, NotAnswerable
from polylyte.core.quantities import q
from polylyte.instruments.reading import read_bytes
from polylyte.instruments.voltammetry_writer import write_biologic_sweep
from polylyte.instruments.voltammograms import Voltammogram

THERMAL = 8.31446261815324 * 298.15 / 96485.33212


def reversible(*, rate=0.01, half=0.0, turn=0.4, resistance=0.0, noise=0.0, scale=1.0, cycles=1):
    """Nicholson and Shain's reversible wave: the semi-integral of the current is the surface
    concentration, 1/(1 + exp(-θ)); the current in units of n F A c √(D n F v/RT)."""
    step = 2e-4
    up = np.arange(-turn, turn, step)
    once = np.concatenate([up, up[::-1] + step])
    potential = np.tile(once, cycles) + half
    time = np.arange(len(potential)) * step / rate
    concentration = 1 / (1 + np.exp(-(potential - half) / THERMAL))
    # semi-derivative by Grünwald's weights
    weights = np.cumprod(np.concatenate([[1.0], (np.arange(1, len(time)) - 1.5)
                                         / np.arange(1, len(time))]))  # fmt: skip
    current = fftconvolve(concentration, weights)[: len(time)] / np.sqrt(step / THERMAL)
    rng = np.random.default_rng(1)
    current = scale * (current + noise * rng.standard_normal(len(time)))
    return Voltammogram(time, current, potential + current * resistance)


def test_a_reversible_couple():
    # Nicholson & Shain 1964, Table I: χ√π = 0.4463 at 28.50 mV/n from E½
    found = voltammetry(data=reversible(), potential_accuracy=q("0 mV"))
    assert found.anodic_peak.value == pytest.approx(0.0285, abs=5e-4)
    assert found.anodic_current.value == pytest.approx(446.3, rel=3e-3)  # mA of 1 A
    assert found.separation.value == pytest.approx(58, abs=1.5)
    assert found.midpoint.value == pytest.approx(0.0, abs=1e-3)
    assert found.scan_rate.value == pytest.approx(10, rel=1e-6)
    assert found.verdicts[0].passed
    assert found.cathodic_current.value < 0
    figure(found)


def test_resistance_is_taken_out():
    data = reversible(scale=1e-3, resistance=50.0)  # 22 mV at the peak
    wide = voltammetry(data=data)
    assert wide.separation.value > 75
    assert wide.verdicts[0].passed is False
    assert any("iR is not removed" in f.text for f in wide.findings)
    found = voltammetry(data=data, resistance=q("50 ohm"))
    assert found.separation.value == pytest.approx(58, abs=1.5)
    loose = voltammetry(data=data, resistance=q("50(5) ohm"))
    # 5 Ω · (I_pa - I_pc)
    span = loose.anodic_current.si - loose.cathodic_current.si
    assert loose.separation.std == pytest.approx(5e3 * span, rel=1e-2)


def test_baseline_area_and_cycles():
    data = reversible(cycles=2)
    assert voltammetry(data=data).text["chosen"] == "2 of 2"
    assert voltammetry(data=data, area=q("2 cm^2")).anodic_current.unit == "mA/cm^2"
    lifted = Voltammogram(data.time, data.current + 0.1, data.potential)
    plain = voltammetry(data=lifted, cycle=1)
    based = voltammetry(data=lifted, cycle=1, baseline="line")
    assert plain.anodic_current.value == pytest.approx(546.3, rel=3e-3)
    assert based.anodic_current.value == pytest.approx(446.3, rel=6e-3)
    with pytest.raises(InputError, match="cycle: there is no cycle 3"):
        voltammetry(data=data, cycle=3)


def test_noise_is_in_the_uncertainty():
    exact = voltammetry(data=reversible()).separation.value
    found = voltammetry(data=reversible(noise=2e-3), potential_accuracy=q("0 mV"))
    assert 0.05 < found.separation.std < 2
    assert abs(found.separation.value - exact) < 4 * found.separation.std


def test_through_a_file():
    data = reversible()
    raw = write_biologic_sweep(data.time, data.potential, data.current, cyclic=True)
    again = Voltammogram.from_recording(read_bytes(raw, "cv.mpt"))
    assert [s.direction for s in again.sweeps()] == [1, -1]
    found = voltammetry(data=again)
    assert found.separation.value == pytest.approx(58, abs=1.5)


def test_refusals(data):
    x = np.linspace(0, 1, 500)
    with pytest.raises(NotAnswerable, match="neither sweep of cycle 1 has a peak"):
        voltammetry(data=Voltammogram(x * 100, x, x))
    with pytest.raises(NotAnswerable, match="is not swept"):
        voltammetry(data=Voltammogram([0, 1, 2], [1, 1, 1], [0.5, 0.5, 0.5]))
    # A real file: five snippets of ten points, 0.9 to 0.889 V; no peak is in them.
    real = Voltammogram.read(data / "instruments/gamry/cv_data.dta")
    assert len(real) == 50
    with pytest.raises(NotAnswerable):
        voltammetry(data=real)
    with pytest.raises(FileError, match="not a voltammogram"):
        Voltammogram.read(data / "instruments/gamry/chronoa_data.dta")
