"""The spectrum class: arrays, files, conditions, bad data by name."""

import numpy as np
import pytest

from polylyte.core.errors import FileError, InputError
from polylyte.core.quantities import q
from polylyte.instruments.biologic_writer import write_peis
from polylyte.instruments.gamry_writer import write_chronoa, write_eispot
from polylyte.instruments.spectra import ImpedanceSpectrum

F = np.logspace(5, 0, 26)
Z = 10 + 100 / (1 + 2j * np.pi * F * 1e-3)


def test_lists_are_enough():
    spectrum = ImpedanceSpectrum([1.0, 10.0], [2 - 1j, 1 - 0.5j])
    assert len(spectrum) == 2
    assert spectrum.impedance.dtype == complex
    assert spectrum.findings == ()
    with pytest.raises(ValueError, match="read-only"):
        spectrum.frequency[0] = 5.0


@pytest.mark.parametrize(
    ("frequency", "impedance", "words"),
    [
        ([1.0, 2.0], [1 + 1j], "different lengths: frequency 2, impedance 1"),
        ([], [], "no data points"),
        ([1.0, np.nan], [1j, 1j], "'frequency' holds values that are not finite"),
        ([1.0], ["a"], "not an array of numbers"),
        ([[1.0]], [[1j]], "2 dimensions"),
    ],
)
def test_bad_arrays_are_refused(frequency, impedance, words):
    with pytest.raises(InputError, match=words):
        ImpedanceSpectrum(frequency, impedance)


@pytest.mark.parametrize(
    ("frequency", "impedance", "words"),
    [
        ([1, 1, 2], [1 - 1j] * 3, "1 frequencies are repeated"),
        ([0, -1, 2], [1 - 1j] * 3, "2 points have a frequency of zero or below"),
        ([1, 2, 3], [1, 2, 3], "the imaginary part is zero throughout"),
        ([1, 2, 3], [-1j, -2j, -3j], "the real part is zero throughout"),
        ([1, 2, 3], [1 + 1j, 1 + 1j, 1 - 1j], "67 % of the points are inductive"),
        ([1, 2, 3], [-1 - 1j, 1 - 1j, 1 - 1j], "1 points have a negative real part"),
    ],
)
def test_bad_data_are_kept_and_named(frequency, impedance, words):
    spectrum = ImpedanceSpectrum(frequency, impedance)
    assert len(spectrum) == 3
    assert any(words in finding.text for finding in spectrum.findings)


def test_half_inductive_is_not_suspicious():
    assert not ImpedanceSpectrum([1, 2], [1 + 1j, 1 - 1j]).findings


def test_conditions_of_the_name_join_those_of_the_header(tmp_path):
    path = tmp_path / "SL2_25C.DTA"
    path.write_bytes(write_eispot(F, Z, temperature=25.4))
    spectrum = ImpedanceSpectrum.read(path, {"temperature": q("25 degC"), "area": q("2 cm^2")})
    assert spectrum.conditions["temperature"].value == 25.0
    assert spectrum.conditions["area"].value == 2.0
    assert spectrum.conditions["amplitude"].unit == "mV"
    assert spectrum.name == "SL2_25C"
    with pytest.raises(InputError, match=r"35 degC by the file's name but 25.4 degC by its header"):
        ImpedanceSpectrum.read(path, {"temperature": q("35 degC")})


def test_one_of_several_is_never_chosen_in_silence(tmp_path):
    path = tmp_path / "loops.mpt"
    path.write_bytes(write_peis(np.tile(F, 2), np.tile(Z, 2), cycle=np.repeat([1, 2], 26)))
    assert len(ImpedanceSpectrum.read_many(path)) == 2
    with pytest.raises(FileError, match="holds 2 spectra, and one is wanted"):
        ImpedanceSpectrum.read(path)


def test_loops_told_in_the_header_alone(tmp_path):
    raw = write_peis(np.tile(F, 2), np.tile(Z, 2)).decode("latin-1")
    loops = "Number of loops : 2\r\nLoop 0 from point number 0 to 25\r\n"
    loops += "Loop 1 from point number 26 to 51\r\n"
    path = tmp_path / "loops.mpt"
    path.write_text(raw.replace("freq/Hz", loops + "freq/Hz"), encoding="latin-1", newline="")
    assert [len(s) for s in ImpedanceSpectrum.read_many(path)] == [26, 26]


def test_another_technique_is_named(tmp_path, data):
    path = tmp_path / "transient.DTA"
    path.write_bytes(write_chronoa([0, 1], [0.01, 0.01], [1e-5, 1e-5]))
    with pytest.raises(FileError, match="holds a current transient, not an impedance spectrum"):
        ImpedanceSpectrum.read(path)
    with pytest.raises(FileError, match="holds a voltammogram, not an impedance spectrum"):
        ImpedanceSpectrum.read(data / "instruments/gamry/cv_data.dta")


def test_the_other_sign_is_suspected(tmp_path):
    path = tmp_path / "flipped.DTA"
    path.write_bytes(write_eispot(F, Z.conj()))
    (finding,) = ImpedanceSpectrum.read(path).findings
    assert finding.text.startswith("sign check: 100 % of the points are inductive")
