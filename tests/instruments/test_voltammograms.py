"""Voltammograms: sweeps, scan rate, files."""

import numpy as np
import pytest

from polylyte.core.errors import FileError, InputError
from polylyte.core.quantities import q
from polylyte.instruments.reading import read_bytes
from polylyte.instruments.voltammetry_writer import write_biologic_sweep, write_gamry_lsv
from polylyte.instruments.voltammograms import Voltammogram


def triangle(noise=0.0, cycles=2):
    up = np.arange(0, 1, 0.01)
    potential = np.tile(np.concatenate([up, 2 - up - 1]), cycles)
    rng = np.random.default_rng(0)
    time = 10.0 * np.arange(len(potential))
    return time, potential, potential + noise * rng.standard_normal(len(potential))


@pytest.mark.parametrize("noise", [0.0, 3e-3])
def test_sweeps(noise):
    time, _, potential = triangle(noise)
    own = Voltammogram(time, potential * 1e-3, potential)
    assert [s.direction for s in own.sweeps()] == [1, -1, 1, -1]
    assert [s.first for s in own.sweeps()][1:] == pytest.approx([100, 199, 300], abs=2)
    assert own.scan_rate(own.sweeps()[0]) == pytest.approx(1e-3, rel=0.02)
    with pytest.raises(ValueError, match="read-only"):
        own.current[0] = 1.0


def test_the_applied_potential_tells_sweeps_where_the_measured_one_is_noisy():
    time, applied, potential = triangle(0.05)
    own = Voltammogram(time, potential, potential, applied=applied)
    assert [s.direction for s in own.sweeps()] == [1, -1, 1, -1]


@pytest.mark.parametrize("write", [write_gamry_lsv, write_biologic_sweep])
@pytest.mark.parametrize("comma", [False, True])
def test_round_trip(write, comma):
    time = np.arange(50.0)
    potential, current = 2 + 1e-3 * time, 1e-6 * np.sin(time)
    raw = write(time, potential, current, decimal_comma=comma, temperature=30.0)
    recording = read_bytes(raw, "x")
    assert recording.technique == "voltammetry"
    assert recording.simulated
    own = Voltammogram.from_recording(recording, {"sample": q("1")})
    assert own.potential == pytest.approx(potential, rel=1e-6)
    assert own.current == pytest.approx(current, rel=1e-5, abs=1e-15)
    assert own.time == pytest.approx(time)
    assert own.applied is not None
    assert own.conditions["temperature"].value == pytest.approx(30)
    assert len(own.sweeps()) == 1
    with pytest.raises(InputError, match="by the file's name but"):
        Voltammogram.from_recording(recording, {"temperature": q("60 degC")})


def test_bad_arrays():
    with pytest.raises(InputError, match="different lengths"):
        Voltammogram([0, 1], [0], [0, 1])
    with pytest.raises(InputError, match="no data points"):
        Voltammogram([], [], [])


def test_real_file(data):
    own = Voltammogram.read(data / "instruments/gamry/cv_data.dta")
    assert len(own) == 50
    assert own.potential[0] == pytest.approx(0.49, abs=5e-3)
    assert own.applied is not None
    with pytest.raises(FileError, match="not a voltammogram"):
        Voltammogram.read(data / "instruments/cp/neware_uio.csv")
