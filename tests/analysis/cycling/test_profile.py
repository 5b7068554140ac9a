"""Voltage profiles: polarisation and dQ/dV of a known curve."""

import math

import numpy as np
import pytest

from polylyte.analysis.cycling.cycles import Curve
from polylyte.analysis.cycling.differential import differential
from polylyte.analysis.cycling.profile import figure, profile
from polylyte.core.errors import InputError
from polylyte.core.quantities import q
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.reading import read_bytes
from polylyte.virtual.cycling import cycling
from polylyte.virtual.samples import Sample


def made(**more):
    options = {"samples": 500, "cycles": 3, "noise": q("0.2 mV")} | more
    files = cycling(sample=Sample(name="s"), **options).files
    ((name, raw),) = files.items()
    return CyclingRecord.from_recording(read_bytes(raw, name))


def test_peaks_lie_at_the_plateaus():
    found = profile(data=[made(polarisation=q("60 mV"))], smoothing=q("5 mV"))
    assert found.polarisation.value == pytest.approx(60, abs=2)
    peaks = found.peaks.frame
    for direction, shift in (("charge", 0.03), ("discharge", -0.03)):
        own = peaks.filter((peaks["direction"] == direction) & (peaks["cycle"] == 1))
        assert own["potential"].to_list() == pytest.approx([3.45 + shift, 3.7 + shift], abs=4e-3)
    assert found.peak_separation.value == pytest.approx(60, abs=3)
    assert len(figure(found).panels[0].series) == 6


def test_height_and_area_of_the_kernel():
    # Q = 1/(1 + exp(-(E - 3.5)/w)): a peak of 1/(4w), widened by the kernel; its area is Q.
    width, kernel = 0.03, 0.005
    volts = np.linspace(3.0, 4.0, 20_001)
    charge = 1 / (1 + np.exp(-(volts - 3.5) / width))
    found = differential(
        Curve(charge, volts, np.diff(charge, prepend=0.0), np.ones_like(volts)), kernel
    )
    (peak,) = found.peaks
    assert peak.potential == pytest.approx(3.5, abs=1e-6)
    # second derivative of the peak is -(1/(8 w³)); the kernel takes off h²/2 of it
    assert peak.height == pytest.approx(1 / (4 * width) - kernel**2 / (16 * width**3), rel=1e-3)
    step = found.potential[1] - found.potential[0]
    assert float(found.value.sum() * step) == pytest.approx(1.0, rel=1e-3)


def test_held_potentials_are_left_out():
    volts = np.concatenate([np.linspace(3.0, 4.0, 400), np.full(100, 4.0)])
    flow = np.concatenate([np.full(400, 1.0), np.linspace(0.9, 0.05, 100)])
    back = volts[:400][::-1]
    current = np.concatenate([flow, -np.ones(400)])
    data = CyclingRecord(
        time=np.arange(900.0), current=current, potential=np.concatenate([volts, back])
    )
    found = profile(data=[data])
    assert any("at held potentials are left out" in f.text for f in found.findings)
    # A ramp has no peak; the hold would be a high one at 4 V.
    charge = found.differentials.frame
    charge = charge.filter(charge["direction"] == "charge")["differential"].to_numpy()
    assert charge.max() < 1.05 * np.median(charge)


def test_samples_too_far_apart_are_told():
    found = profile(data=[made(samples=30)], smoothing=q("0.5 mV"))
    (verdict,) = found.verdicts
    assert verdict.passed is False
    assert math.isfinite(found.polarisation.value)


def test_refusals():
    data = made(samples=30)
    with pytest.raises(InputError, match="chosen_cycles: there is no cycle 7"):
        profile(data=[data], chosen_cycles=[7])
    with pytest.raises(InputError, match="smoothing: must be positive"):
        profile(data=[data], smoothing=q("0 mV"))
    assert profile(data=[data], chosen_cycles=[2]).number_of_profiles.value == 1


def test_real_file(data):
    # A graphite electrode: de-lithiation plateaus of stages 2 and 1, 0.10 to 0.25 V against Li
    record = CyclingRecord.read(data / "instruments/cp/neware_uio.csv")
    found = profile(data=[record], chosen_cycles=[2])
    assert 0 < found.polarisation.value < 1000
    figure(found)
