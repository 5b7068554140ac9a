"""Cycling records from arrays and files."""

import numpy as np
import pytest

from polylyte.core.errors import FileError
from polylyte.instruments.biologic_writer import write_ca, write_gcpl
from polylyte.instruments.cycling import CyclingRecord, half_cycles, integrate
from polylyte.instruments.reading import read_bytes

T = np.arange(0.0, 400.0, 1.0)
I = np.where(T < 200, 2e-3, -1e-3)  # noqa: E741


def test_arrays_alone_are_enough():
    record = CyclingRecord(T, I, 3 + 0 * T)
    assert not record.has_counter
    assert record.charge[199] == pytest.approx(199 * 2e-3)
    assert record.half_cycle[[199, 200]].tolist() == [0, 1]
    assert set(record.cycle) == {0}


def test_half_cycles_ignore_rest_and_noise_in_it():
    current = [0, 1e-3, 1e-3, 0, -1e-8, -1e-3, 1e-9, -1e-3, 0, 1e-3]
    assert half_cycles(current).tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1, 2]
    assert half_cycles([0.0, 0.0]).tolist() == [0, 0]


def test_integration_by_trapezoids():
    np.testing.assert_allclose(integrate([0, 1, 3], [0, 2, 2]), [0, 1, 5])


def test_counter_and_integration_side_by_side():
    right = CyclingRecord(T, I, 3 + 0 * T, charge=integrate(T, I))
    wrong = CyclingRecord(T, I, 3 + 0 * T, charge=1.1 * integrate(T, I))
    assert right.has_counter
    assert right.findings == ()
    assert "differ by up to" in wrong.findings[0].text
    np.testing.assert_allclose(wrong.charge, 1.1 * wrong.integrated_charge)


def test_current_from_the_charge_counter_where_there_is_none():
    lines = write_gcpl(T, I, 3 + 0 * T).decode("latin-1").split("\r\n")
    lines = [line.replace("I/mA\t", "spare\t", 1) if "I/mA\tdq" in line else line for line in lines]
    record = CyclingRecord.from_recording(read_bytes("\r\n".join(lines).encode("latin-1"), "x"))
    # The interval of the change holds half of each.
    inside = np.delete(np.arange(len(T)), 200)
    np.testing.assert_allclose(record.current[inside], I[inside], rtol=1e-6)
    assert any("no current in the file" in f.text for f in record.findings)


def test_real_file_without_header(data):
    record = CyclingRecord.read(data / "instruments/pp/Sample_data_biologic_no_header.mpt")
    assert len(record) == 13
    assert record.potential[-1] == 2.9814022
    assert not record.charge.any()
    assert record.file_record["format"] == "biologic.mpt"


def test_another_technique_is_named(data):
    with pytest.raises(FileError, match="holds a voltammogram, not a cycling record"):
        CyclingRecord.read(data / "instruments/gamry/cv_data.dta")
    recording = read_bytes(write_ca([0, 1], [0.01, 0.01], [1e-6, 1e-6]), "ca.mpt")
    with pytest.raises(FileError, match="holds a current transient, not a cycling record"):
        CyclingRecord.from_recording(recording)
