"""Zahner, Ivium, PalmSens and FRA files made up in the layouts of public ones."""

from __future__ import annotations

import numpy as np
import pytest

from polylyte.core.errors import FileError
from polylyte.instruments.reading import read_bytes, recognised
from polylyte.instruments.spectra import ImpedanceSpectrum
from tests.fuzz.samples import (
    autolab_dfr,
    ivium_idf,
    palmsens,
    palmsens_spectrum,
    spectrum,
    zahner_ism,
)

F, Z = spectrum()


def impedance(recording, name="impedance"):
    frame = recording.table(name).frame
    return frame["frequency"].to_numpy(), (
        frame["z_real"].to_numpy() + 1j * frame["z_imaginary"].to_numpy()
    )


@pytest.mark.parametrize(
    ("raw", "format", "accuracy"),
    [
        (zahner_ism(F, Z), "zahner.ism", 1e-12),
        (ivium_idf([(F, Z)]), "ivium.idf", 1e-5),
        (palmsens_spectrum(F, Z), "palmsens.pssession", 1e-12),
        (palmsens_spectrum(F, Z, lower=False), "palmsens.pssession", 1e-12),
        (autolab_dfr(F, Z), "autolab.dfr", 1e-12),
    ],
)
def test_a_spectrum_reads_to_its_values(raw, format, accuracy):
    assert recognised(raw) == format
    recording = read_bytes(raw, "made up")
    frequency, z = impedance(recording)
    assert recording.technique == "impedance"
    assert np.allclose(frequency, F, rtol=accuracy)
    assert (abs(z - Z) <= 2 * accuracy * abs(Z)).all()
    assert not recording.findings


def test_zahner_keeps_what_comes_before_the_turn_apart():
    f = np.concatenate([F[10::-1][:10], F[0:]])  # up from the middle, then down from the top
    z = 10 + 90 / (1 + 2j * np.pi * f * 90 * 1e-5)
    recording = read_bytes(zahner_ism(f, z, start=1.4e9), "made up")
    frequency, _ = impedance(recording)
    assert frequency == pytest.approx(F)
    assert len(recording.table("overlap")) == len(f) - len(F)
    assert recording.started.startswith("2024-05-12")
    assert recording.metadata["system"] == "Zennium"


def test_ivium_holds_several_spectra_and_refuses_other_methods():
    spectra = ImpedanceSpectrum.from_recording(
        read_bytes(ivium_idf([(F, Z), (F, 2 * Z)]), "made up")
    )
    assert [round(s.impedance[0].real / spectra[0].impedance[0].real) for s in spectra] == [1, 2]
    with pytest.raises(FileError, match=r"method 'CyclicVoltammetry'; only impedance .* export"):
        read_bytes(ivium_idf([(F, Z)], method="CyclicVoltammetry"), "made up")


def test_a_palmsens_session_of_scans():
    n = 30
    v = np.concatenate([np.linspace(0, 1, n), np.linspace(1, 0, n)])
    columns = {"time|Time": np.arange(2 * n) * 0.1, "scan1|Volt": v, "scan1|MicroAmpere": 5 * v,
               "scan1|MicroCoulomb": np.arange(2 * n + 1), "scan2|Volt": v,
               "scan2|MicroAmpere": 7 * v}  # fmt: skip
    rows = {name: [float(x) for x in values] for name, values in columns.items()}
    recording = read_bytes(palmsens([("Cyclic Voltammetry", rows)]), "made up")
    assert list(recording.tables) == ["CURVE", "CURVE 2"]
    assert recording.technique == "voltammetry"
    assert recording.table("CURVE").frame["current"].to_numpy() == pytest.approx(5e-6 * v)
    assert recording.table("CURVE 2").frame["current"].to_numpy() == pytest.approx(7e-6 * v)
    assert recording.table("CURVE").frame["time"].to_list()[:2] == [0.0, 0.1]


@pytest.mark.parametrize(
    "raw",
    [zahner_ism(F, Z), ivium_idf([(F, Z)]), palmsens_spectrum(F, Z), autolab_dfr(F, Z)],
)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_file_is_refused_or_says_so(raw, share):
    cut = raw[: int(share * len(raw)) // 2 * 2]
    try:
        said = [f.text for f in read_bytes(cut, "cut").findings]
    except FileError as error:
        said = [str(error)]
    assert said


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"EC-LAB SETTING FILE\r\n", r"settings .* \(.mps\), which is not read; .*\.mpr"),
        (b"BT-Lab LOG FILE\r\n", r"log of a BioLogic experiment .*; .*\.mpr file"),
        (b"\x00\x01\x00\x00Standard Jet DB\x00" + bytes(99), r"Arbin's \.res.*MITS Pro"),
        (b"VFP600\r\nTAG\tVFP600\r\n", r"Gamry virtual front panel .*\.DTA"),
        (b"Digatron Battery Manager 4\r\n", r"Digatron.* \.csv"),
        ("\ufeff#PSTrace 5.8\r\n".encode("utf-16-le"), r"method of PalmSens.*\.pssession"),
    ],
)  # fmt: skip
def test_known_and_not_read_names_what_to_export(raw, words):
    with pytest.raises(FileError, match=words):
        read_bytes(raw, "x")
