"""Real files of each vendor against what independent tools read from them (truth.json)."""

import json

import numpy as np
import pytest

from polylyte.core import discovery
from polylyte.core.errors import FileError
from polylyte.instruments.reading import formats, read
from polylyte.instruments.spectra import ImpedanceSpectrum
from polylyte.instruments.text import HEAD

# file, format, and whose reading in truth.json: (tool, sign of its imaginary part).
SPECTRA = [
    ("impy/exampleData.csv", "impedance.csv", "impedance.py", 1),
    ("impy/exampleDataBioLogic.mpt", "biologic.mpt", "impedance.py", 1),
    ("hdrt/PEIS_LPSCl_IonBlocking_-25C.txt", "biologic.mpt", "plain text", -1),
    ("impy/exampleDataGamry.DTA", "gamry.dta", "impedance.py", 1),
    ("gamry/eispot_data.dta", "gamry.dta", "impedance.py", 1),
    ("impy/exampleDataCHInstruments.txt", "chinstruments.txt", "impedance.py", 1),
    ("eism/Ag_EIS_OCV.txt", "chinstruments.txt", "plain text", 1),
    ("impy/exampleDataZPlot.z", "zplot.z", "impedance.py", 1),
    ("impy/Circuit1_EIS_1.z", "zplot.z", "impedance.py", 1),
]
OTHERS = [
    ("gamry/cv_data.dta", "gamry.dta"),
    ("gamry/chronoa_data.dta", "gamry.dta"),
    ("pp/Sample_data_biologic_no_header.mpt", "biologic.mpt"),
]


@pytest.fixture(scope="module")
def folder(data):
    return data / "instruments"


@pytest.fixture(scope="module")
def truth(folder):
    entries = json.loads((folder / "truth.json").read_text())
    return {entry["file"]: entry for entry in entries}


@pytest.mark.parametrize(("file", "format", "tool", "sign"), SPECTRA)
def test_spectrum_as_other_tools_read_it(folder, truth, file, format, tool, sign):
    recording = read(folder / file)
    spectrum = ImpedanceSpectrum.read(folder / file)
    expected = truth[file]["truth"][tool]
    f, z = spectrum.frequency, spectrum.impedance
    top = z[np.argmax(f)]
    assert recording.format == format
    assert recording.technique == "impedance"
    assert recording.size == truth[file]["size"]
    assert len(spectrum) == expected["n"]
    assert recording.rows_dropped == 0
    assert recording.unknown_columns == ()
    # truth.json prints seven digits.
    assert f.max() == pytest.approx(expected["fmax"], rel=1e-6)
    assert f.min() == pytest.approx(expected["fmin"], rel=1e-6)
    assert top.real == pytest.approx(expected["Z_at_fmax"][0], rel=1e-6)
    assert top.imag == pytest.approx(sign * expected["Z_at_fmax"][1], rel=1e-6)
    assert z.real.min() == pytest.approx(expected["Re_min"], rel=1e-6)
    assert z.real.max() == pytest.approx(expected["Re_max"], rel=1e-6)


def test_every_file_has_one_reader(folder):
    for file, format, *_ in [*SPECTRA, *OTHERS]:
        head = (folder / file).read_bytes()[:HEAD]
        claims = [id for id in formats() if discovery.load("reader", id).recognise(head)]
        assert claims == [format], file


def test_biologic_text_equals_its_binary_twin(folder, truth):
    # The .mpr of the same measurement, as galvani reads it, also has mean potential and time.
    twin = truth["hdrt/PEIS_LPSCl_IonBlocking_-25C.mpr"]["truth"]["galvani"]
    recording = read(folder / "hdrt/PEIS_LPSCl_IonBlocking_-25C.txt")
    table = recording.table("impedance").frame
    for ours, theirs in (("potential", "<Ewe>/V"), ("time", "time/s")):
        expected = twin[theirs]
        assert table[ours][0] == pytest.approx(expected["first"], rel=1e-6)
        assert table[ours][-1] == pytest.approx(expected["last"], rel=1e-6)
        assert table[ours].min() == pytest.approx(expected["min"], rel=1e-6)
        assert table[ours].max() == pytest.approx(expected["max"], rel=1e-6)
    assert (table["z_imaginary"] < 0).all()  # an ion-blocking cell is capacitive
    assert recording.instrument == "BioLogic SP-300 (SN 1787)"
    assert recording.started == "05/15/2025 01:18:45.867"
    assert "area" not in recording.conditions  # 0.001 cm2 is EC-Lab's default, not a statement


@pytest.mark.parametrize("file", ["impy/exampleDataGamry.DTA", "gamry/eispot_data.dta"])
def test_gamry_impedance_rows(folder, truth, file):
    expected = truth[file]["truth"]["gamry_parser"]
    frame = read(folder / file).table("impedance").frame
    columns = ["time", "frequency", "z_real", "z_imaginary", "signal", "z_modulus"]
    assert frame[columns].row(0) == pytest.approx(expected["first"], rel=1e-6)
    if file.startswith("impy"):
        assert frame[columns].row(-1) == pytest.approx(expected["last"], rel=1e-6)
    else:
        # gamry_parser shifts this row, which has blanks for tabs: "  9 11 .5<tab>226.885 …".
        assert frame[columns].row(-1) == (11, 0.5, 226.885, -7.053867, 1, 226.9946)


def test_gamry_open_circuit_record_without_thermocouple(folder):
    recording = read(folder / "impy/exampleDataGamry.DTA")
    before = recording.table("OCVCURVE")
    assert len(before) == 387  # "OCVCURVE TABLE 387"
    assert recording.rows_read == 387 + 72
    assert before.frame["temperature"].null_count() == 387  # -327.67 degC on every row
    assert before.frame["potential"][-1] == -0.291980
    assert "temperature" not in recording.conditions
    assert "no sensor was connected (-327.67)" in recording.findings[0].text
    assert recording.conditions["bias"].si == -0.05  # VDC -5.00000E-002 T
    assert recording.conditions["bias"].conditions["against"] == "open circuit"


def test_gamry_voltammogram_has_five_curves(folder, truth):
    expected = truth["gamry/cv_data.dta"]["truth"]["gamry_parser"]
    recording = read(folder / "gamry/cv_data.dta")
    columns = ["time", "potential", "current", "uncompensated_potential", "control",
               "auxiliary_potential"]  # fmt: skip
    assert recording.technique == "voltammetry"
    assert list(recording.tables) == [f"CURVE{i}" for i in range(1, expected["curves"] + 1)]
    assert [len(table) for table in recording.tables.values()] == expected["n"]
    first, last = recording.table("CURVE1").frame, recording.table("CURVE5").frame
    assert first[columns].row(0) == pytest.approx(expected["first"], rel=1e-6)
    assert last[columns].row(-1) == pytest.approx(expected["last"], rel=1e-6)


def test_gamry_transient(folder, truth):
    expected = truth["gamry/chronoa_data.dta"]["truth"]["gamry_parser"]
    recording = read(folder / "gamry/chronoa_data.dta")
    frame = recording.table("CURVE").frame
    columns = ["time", "potential", "current", "uncompensated_potential", "control",
               "auxiliary_potential"]  # fmt: skip
    assert frame.height == expected["n"][0]
    assert frame[columns].row(0) == pytest.approx(expected["first"], rel=1e-6)
    assert frame[columns].row(-1) == pytest.approx(expected["last"], rel=1e-6)
    assert [f.text for f in recording.findings] == [
        "the table CURVE declares 5258 rows and holds 10"
    ]


def test_biologic_without_header(folder):
    recording = read(folder / "pp/Sample_data_biologic_no_header.mpt")
    table = recording.table("series")
    assert recording.technique == "cycling"
    assert (recording.rows_read, recording.rows_dropped) == (13, 0)
    # First and last lines of the file.
    assert table.frame["time"][0] == 2.816723801174285e5
    assert table.frame["time"][-1] == 2.817925021299580e5
    assert table.frame["potential"][0] == 2.9344745
    assert table.frame["potential"][-1] == 2.9814022
    assert table.frame["control"][-1] == 1.5e3
    assert table.units["half_cycle_charge"] == "C"
    # Its degree sign was lost in a re-save (U+FFFD); the column is a temperature all the same.
    assert recording.conditions["temperature"].value == pytest.approx(24.36, abs=0.01)
    assert recording.conditions["temperature"].unit == "degC"


def test_declared_but_missing_points_are_said(folder):
    texts = [f.text for f in read(folder / "impy/exampleDataZPlot.z").findings]
    assert "the header declares 56 points; the file holds 21" in texts
    assert "the sweep stops at 3000 Hz; the header announces 1 Hz" in texts
    assert not read(folder / "impy/Circuit1_EIS_1.z").findings


def test_blank_separated_rows_are_named(folder):
    (finding,) = read(folder / "gamry/eispot_data.dta").findings
    assert finding.where == "lines 28, 29, 30, 31"


def test_sign_check_passes_on_every_real_spectrum(folder):
    for file, *_ in SPECTRA:
        assert not any("sign check" in f.text for f in read(folder / file).findings), file


def test_a_file_of_no_known_format(folder):
    with pytest.raises(FileError, match=r"known formats: .*gamry\.dta") as caught:
        read(folder / "hdrt/sample_info.txt")
    assert "is text without a known header (it begins 'CP_SSB" in str(caught.value)
