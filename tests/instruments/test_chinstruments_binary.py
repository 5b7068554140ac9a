"""CH Instruments .bin beside its text export, whole and cut."""

import numpy as np
import pytest

from polylyte.core.errors import FileError
from polylyte.instruments.reading import read, read_bytes
from polylyte.instruments.spectra import ImpedanceSpectrum


def test_equals_its_text(data):
    folder = data / "instruments/eism"
    binary = ImpedanceSpectrum.read(folder / "Ag_EIS_OCV.bin")
    text = ImpedanceSpectrum.read(folder / "Ag_EIS_OCV.txt")
    assert len(binary) == len(text) == 85
    # design/measurement.md: within 5e-4 (the text has four digits).
    np.testing.assert_allclose(binary.frequency, text.frequency, rtol=5e-4)
    np.testing.assert_allclose(binary.impedance.real, text.impedance.real, rtol=5e-4)
    np.testing.assert_allclose(binary.impedance.imag, text.impedance.imag, rtol=5e-4)


def test_a_cut_file_says_so(data):
    raw = (data / "instruments/eism/Ag_EIS_OCV.bin").read_bytes()
    whole = read(data / "instruments/eism/Ag_EIS_OCV.bin").table("impedance").frame
    recording = read_bytes(raw[:-40], "x.bin")
    assert (recording.rows_read, recording.rows_dropped) == (82, 3)
    assert recording.table("impedance").frame.equals(whole.head(82))
    assert any("3 of 85 points are missing" in f.text for f in recording.findings)


def test_another_header_length_is_found_from_the_end(data):
    raw = (data / "instruments/eism/Ag_EIS_OCV.bin").read_bytes()
    longer = raw[:1600] + bytes(100) + raw[1600:]
    assert read_bytes(longer, "x.bin").rows_read == 85


@pytest.mark.parametrize("stop", [64, 606, 640, 1682, 1690])
def test_no_records(data, stop):
    raw = (data / "instruments/eism/Ag_EIS_OCV.bin").read_bytes()
    with pytest.raises(FileError):
        read_bytes(raw[:stop], "x.bin")
