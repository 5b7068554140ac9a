"""What the writers write, the readers read back to the printed digits."""

import re

import numpy as np
import pytest

from polylyte.core.errors import InputError
from polylyte.instruments.biologic_writer import write_ca, write_gcpl, write_peis
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.gamry_writer import exponent, write_chronoa, write_eispot
from polylyte.instruments.reading import read, read_bytes
from polylyte.instruments.spectra import ImpedanceSpectrum
from polylyte.instruments.transients import CurrentTransient

F = np.logspace(6, -1, 57)
Z = 12.5 + 180.0 / (1 + 2j * np.pi * F * 180.0 * 2e-7) + 1 / (2j * np.pi * F * 4e-4)
T = np.linspace(0, 3600, 121)
HOW = [{}, {"decimal_comma": True}, {"newline": "\n"}, {"decimal_comma": True, "newline": "\r"}]


def spectrum(raw):
    (one,) = ImpedanceSpectrum.from_recording(read_bytes(raw, "written"))
    return one


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("write", [write_eispot, write_peis])
def test_impedance(write, how):
    raw = write(F, Z, temperature=25.0, **how)
    read_back = spectrum(raw)
    # Seven digits (Gamry) and eight (BioLogic).
    np.testing.assert_allclose(read_back.frequency, F, rtol=6e-7)
    np.testing.assert_allclose(read_back.impedance.real, Z.real, rtol=6e-7)
    np.testing.assert_allclose(read_back.impedance.imag, Z.imag, rtol=6e-7)
    assert read_back.conditions["temperature"].value == pytest.approx(25.0)
    assert read_back.file_record["rows_dropped"] == 0
    assert read_back.file_record["origin"] == "virtual"
    assert read_back.findings == ()


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("write", [write_chronoa, write_ca])
def test_transient(write, how):
    applied = np.where(T > 0, 0.01, 0.0)
    potential = applied + 1e-5 * np.sin(T)
    current = 2e-5 * (0.4 + 0.6 * np.exp(-T / 600))
    recording = read_bytes(write(T, potential, current, applied=applied, **how), "written")
    back = CurrentTransient.from_recording(recording)
    # Six digits of each number (Gamry), eight (BioLogic).
    np.testing.assert_allclose(back.time, T, rtol=1e-6)
    np.testing.assert_allclose(back.current, current, rtol=5e-6)
    np.testing.assert_allclose(back.potential, potential, rtol=5e-6, atol=1e-12)
    np.testing.assert_allclose(back.applied, applied)
    assert back.conditions["bias"].si == pytest.approx(0.01)
    assert len(back.after_step()) == len(T) - 1
    assert back.findings == ()


@pytest.mark.parametrize("how", HOW)
def test_cycling(how):
    time = np.arange(0, 4000.0, 10)
    current = np.where((time // 1000) % 2 == 0, 1e-3, -0.5e-3)
    potential = 3.7 + 0.2 * np.sin(time / 500)
    raw = write_gcpl(time, current, potential, temperature=25.0, **how)
    recording = read_bytes(raw, "written")
    back = CyclingRecord.from_recording(recording)
    np.testing.assert_allclose(back.time, time)
    np.testing.assert_allclose(back.current, current, rtol=1e-7)
    np.testing.assert_allclose(back.potential, potential, rtol=1e-7)
    np.testing.assert_allclose(back.charge, back.integrated_charge, atol=1e-12)
    np.testing.assert_array_equal(back.half_cycle, time // 1000)
    np.testing.assert_array_equal(back.cycle, time // 2000)
    assert back.has_counter
    assert back.conditions["temperature"].value == pytest.approx(25.0)
    # Each half cycle's own counter ends at its charge: 99 intervals of 10 s at 1 mA; then 99 at
    # -0.5 mA and the interval of the change, whose mean is +0.25 mA.
    ends = recording.table("series").frame["half_cycle_charge"].to_numpy()[99::100]
    np.testing.assert_allclose(ends, np.diff(back.charge[[0, 99, 199, 299, 399]]), atol=1e-12)
    np.testing.assert_allclose(ends[:2], [0.99, -0.495 + 0.0025], rtol=1e-9)


def test_several_spectra_in_one_file():
    cycles = np.repeat([1, 2, 3], len(F))
    temperature = np.repeat([25.0, 35.0, 45.0], len(F))
    raw = write_peis(np.tile(F, 3), np.concatenate([Z, 2 * Z, 3 * Z]), cycle=cycles,
                     temperature=temperature)  # fmt: skip
    spectra = ImpedanceSpectrum.from_recording(read_bytes(raw, "many.mpt"))
    assert [s.name for s in spectra] == ["many#1", "many#2", "many#3"]
    assert [s.conditions["temperature"].value for s in spectra] == pytest.approx([25, 35, 45])
    np.testing.assert_allclose(spectra[2].impedance, 3 * Z, rtol=1e-6)


def test_aborted_run_is_kept_and_said():
    recording = read_bytes(write_eispot(F, Z, header={"FREQFINAL": 0.001}, aborted=True), "x")
    texts = [f.text for f in recording.findings]
    assert "the experiment was aborted by its operator" in texts
    assert "the sweep stops at 0.1 Hz; the header announces 0.001 Hz" in texts
    assert recording.rows_read == len(F)


def test_stated_area_and_only_a_stated_one():
    assert spectrum(write_eispot(F, Z, header={"AREA": 2.01})).conditions["area"].value == 2.01
    assert "area" not in spectrum(write_eispot(F, Z)).conditions
    written = write_peis(F, Z, header={"Electrode surface area": "2.01 cm²"})
    assert spectrum(written).conditions["area"].value == 2.01


def test_unknown_header_entries_name_the_nearest():
    with pytest.raises(InputError, match="did you mean 'AREA'"):
        write_eispot(F, Z, header={"AREAS": 1.0})
    with pytest.raises(InputError, match="did you mean 'Comments'"):
        write_peis(F, Z, header={"Comment": "x"})


def test_numbers_are_written_as_instruments_write_them():
    assert exponent(1.23456e-3, 5) == "1.23456E-003"
    assert exponent(-7.0000185e6, 7) == "-7.0000185E+006"


def test_mpt_rows_equal_those_of_a_real_file(data):
    # EC-Lab's own text of a spectrum, column by column, to the last digit.
    path = data / "instruments/hdrt/PEIS_LPSCl_IonBlocking_-25C.txt"
    frame = read(path).table("impedance").frame
    z = frame["z_real"].to_numpy() + 1j * frame["z_imaginary"].to_numpy()
    ours = write_peis(frame["frequency"].to_numpy(), z, time=frame["time"].to_numpy())
    theirs = re.split("\r?\n", path.read_bytes().decode("latin-1"))
    made = ours.decode("latin-1").split("\r\n")
    heading = next(i for i, line in enumerate(made) if line.startswith("freq/Hz"))
    assert made[heading] == theirs[64]
    assert made[1] == f"Nb header lines : {heading + 1}".ljust(len(theirs[1]))
    for mine, real in zip(made[heading + 1 : -1], theirs[65:], strict=True):
        for column in (0, 1, 2, 5, 8, 9):
            assert mine.split("\t")[column] == real.split("\t")[column]


def test_dta_rows_equal_those_of_a_real_file(data):
    path = data / "instruments/impy/exampleDataGamry.DTA"
    frame = read(path).table("impedance").frame
    z = frame["z_real"].to_numpy() + 1j * frame["z_imaginary"].to_numpy()
    ours = write_eispot(frame["frequency"].to_numpy(), z, time=frame["time"].to_numpy())
    made = ours.decode("latin-1").split("\r\n")[-1 - len(z) - 2 : -1]
    theirs = path.read_bytes().decode("latin-1").splitlines()[-len(z) - 2 :]
    assert made[:2] == theirs[:2]  # names and units
    for mine, real in zip(made[2:], theirs[2:], strict=True):
        assert mine.split("\t")[:5] == real.split("\t")[:5]
