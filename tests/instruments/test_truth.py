"""Every electrochemical file of the data folder against what independent tools read from it."""

import json

import numpy as np
import pytest

from polylyte.instruments.biologic_text import column
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.reading import read
from polylyte.instruments.spectra import ImpedanceSpectrum

# truth.json prints seven digits.
SEVEN = 1e-6
FORMATS = {
    "hdrt/PEIS_LPSCl_IonBlocking_-25C.mpr": "biologic.mpr",
    "hdrt/PEIS_LPSCl_IonBlocking_-25C.txt": "biologic.mpt",
    "hdrt/Sample1_PEIS_EndOfDischarge.mpr": "biologic.mpr",
    "bdf/GCPL-0.mpr": "biologic.mpr",
    "bdf/PEIS-0.mpr": "biologic.mpr",
    "impy/exampleData.csv": "impedance.csv",
    "impy/exampleDataBioLogic.mpt": "biologic.mpt",
    "impy/exampleDataGamry.DTA": "gamry.dta",
    "impy/exampleDataCHInstruments.txt": "chinstruments.txt",
    "impy/exampleDataZPlot.z": "zplot.z",
    "impy/Circuit1_EIS_1.z": "zplot.z",
    "gamry/cv_data.dta": "gamry.dta",
    "gamry/chronoa_data.dta": "gamry.dta",
    "gamry/eispot_data.dta": "gamry.dta",
    "eism/Ag_EIS_OCV.txt": "chinstruments.txt",
    "eism/Ag_EIS_OCV.bin": "chinstruments.bin",
    "nda/test_2.ndax": "neware.ndax",
    "nda/TestFile.nda": "neware.nda",
    "nda/new_nda_file.nda": "neware.nda",
    "fnda/nda_v22.nda.zip": "neware.nda",
    "nav/00_test_04_MB_C01.mpr": "biologic.mpr",
    "nav/test.nda": "neware.nda",
    "nav/test.ndax": "neware.ndax",
    "nav/bs542_004_gr_li_50ua_50mv_1v_191020_Channel_11.xlsx": "arbin.xlsx",
    "cp/neware_uio.csv": "neware.csv",
    "pp/sample_data_arbin.csv": "arbin.csv",
    "pp/sample_data_maccor.csv": "maccor.csv",
    "pp/Sample_data_biologic_no_header.mpt": "biologic.mpt",
    "beep/2017-05-09_test-TC-contact_CH33.csv": "arbin.csv",
}
# Notes about samples and cells: no measurement.
OTHERS = {"hdrt/sample_info.txt", "pp/Experiment_Record.xlsx"}
NEEDED = {"neware.nda": "fastnda", "neware.ndax": "fastnda", "arbin.xlsx": "python_calamine"}


@pytest.fixture(scope="module")
def folder(data):
    return data / "instruments"


@pytest.fixture(scope="module")
def truth(folder):
    return {e["file"]: e for e in json.loads((folder / "truth.json").read_text())}


def test_every_file_is_here(truth):
    assert set(truth) == set(FORMATS) | OTHERS


@pytest.mark.parametrize("file", FORMATS)
def test_values(folder, truth, file):
    if FORMATS[file] in NEEDED:
        pytest.importorskip(NEEDED[FORMATS[file]])
    recording = read(folder / file)
    assert recording.format == FORMATS[file]
    assert recording.size == truth[file]["size"]
    assert recording.rows_dropped == 0
    for tool, expected in truth[file]["truth"].items():
        if not isinstance(expected, dict):
            continue
        if tool == "galvani":
            _columns(recording, expected)
            _spectrum(recording, expected.get("eis"), 1)
        elif tool == "yadg" and file.endswith(".mpr"):
            _columns(recording, {k.replace(" ", "/", 1): v for k, v in expected.items()})
        elif tool in ("fastnda", "NewareNDA"):
            _neware(recording, expected)
        elif "fmax" in expected:
            # The text twin of the .mpr was read by its own sign, -Im(Z); CHI's is +Im(Z).
            sign = -1 if file.startswith("hdrt") else 1
            _spectrum(recording, expected, sign)


def _columns(recording, expected):
    """First, last, least and greatest value of each column that the tool names."""
    (table,) = recording.tables.values()
    checked = 0
    for heading, values in expected.items():
        if not isinstance(values, dict) or "first" not in values:
            continue
        tidy = column(heading.replace("Ω", "Ohm").replace("·", "."))
        assert tidy.known, heading
        found = table.frame[tidy.name].to_numpy()
        least, greatest = sorted((values["min"] * tidy.factor, values["max"] * tidy.factor))
        assert found[0] == pytest.approx(values["first"] * tidy.factor, rel=SEVEN), heading
        assert found[-1] == pytest.approx(values["last"] * tidy.factor, rel=SEVEN), heading
        assert found.min() == pytest.approx(least, rel=SEVEN), heading
        assert found.max() == pytest.approx(greatest, rel=SEVEN), heading
        checked += 1
    assert len(table) == expected["n"]
    assert checked
    for heading in expected.get("cols", ()):
        if heading != "flags":
            assert column(heading).name in table.columns, heading


def _spectrum(recording, expected, sign):
    if expected is None:
        return
    (spectrum,) = ImpedanceSpectrum.from_recording(recording)
    f, z = spectrum.frequency, spectrum.impedance
    top = z[np.argmax(f)]
    assert len(spectrum) == expected["n"]
    assert f.max() == pytest.approx(expected["fmax"], rel=SEVEN)
    assert f.min() == pytest.approx(expected["fmin"], rel=SEVEN)
    assert top.real == pytest.approx(expected["Z_at_fmax"][0], rel=SEVEN)
    assert top.imag == pytest.approx(sign * expected["Z_at_fmax"][1], rel=SEVEN)
    assert z.real.min() == pytest.approx(expected["Re_min"], rel=SEVEN)
    assert z.real.max() == pytest.approx(expected["Re_max"], rel=SEVEN)


def _neware(recording, expected):
    record = CyclingRecord.from_recording(recording)
    assert len(record) == expected["n"]
    assert [record.cycle.min(), record.cycle.max()] == expected["cycles"]
    for ours, theirs, factor in ((record.potential, "V", 1.0), (record.current, "I_mA", 1e-3)):
        values = expected[theirs]
        assert ours[0] == pytest.approx(values["first"] * factor, rel=SEVEN)
        assert ours[-1] == pytest.approx(values["last"] * factor, rel=SEVEN)
        assert ours.min() == pytest.approx(values["min"] * factor, rel=SEVEN)
        assert ours.max() == pytest.approx(values["max"] * factor, rel=SEVEN)
    if "capacity_col_minmax" in expected:
        counter = recording.table("series").frame["capacity"]
        low, high = expected["capacity_col_minmax"]
        assert counter.min() == pytest.approx(low * 3.6, rel=SEVEN)
        assert counter.max() == pytest.approx(high * 3.6, rel=SEVEN)


def passed(record, cycle):
    """Charge into and out of the cell in one cycle, in mAh."""
    steps = np.diff(np.concatenate([[0.0], record.charge]))[record.cycle == cycle] / 3.6
    return steps[steps > 0].sum(), -steps[steps < 0].sum()


@pytest.mark.parametrize("file", ["nda/test_2.ndax", "nda/TestFile.nda", "nav/test.ndax"])
def test_cycle_capacities(folder, file):
    pytest.importorskip("fastnda")
    expected = json.loads((folder / "cycles_truth.json").read_text())[file]
    record = CyclingRecord.read(folder / file)
    assert record.has_counter
    for cycle in (c for c in (1, 2, 3) if f"cycle{c}" in expected):
        charge, discharge = passed(record, cycle)
        values = expected[f"cycle{cycle}"]
        # The file prints four decimals of 32-bit floats.
        assert charge == pytest.approx(values["Qc_NewareNDA_steps"], abs=5.1e-5, rel=SEVEN)
        assert discharge == pytest.approx(values["Qd_NewareNDA_steps"], abs=5.1e-5, rel=SEVEN)
        # Integration, beside: within 0.2 % of the counter.
        assert charge == pytest.approx(values["Qc_int"], rel=2e-3, abs=1e-4)


def test_design_numbers_of_neware(folder):
    # design/measurement.md, "Must reproduce": 0.02 %.
    pytest.importorskip("fastnda")
    record = CyclingRecord.read(folder / "nda/test_2.ndax")
    assert passed(record, 1) == pytest.approx((0.2350, 0.1006), rel=5e-4)
    assert passed(record, 2) == pytest.approx((0.0703, 0.0610), rel=5e-4)
    record = CyclingRecord.read(folder / "nda/TestFile.nda")
    assert passed(record, 2) == pytest.approx((5811.02, 5806.65), rel=2e-4)


def test_neware_csv(folder):
    recording = read(folder / "cp/neware_uio.csv")
    record = CyclingRecord.from_recording(recording)
    frame = recording.table("series").frame
    assert len(record) == 9065
    assert set(record.cycle) == {1, 2, 3, 4}
    assert (record.potential.min(), record.potential.max()) == (0.05, 2.957)
    # The design's numbers are those of the longest step of each direction ...
    first = frame.filter(frame["cycle"] == 1)
    assert first["charge_capacity"].max() / 3.6 == pytest.approx(4.24934, rel=1e-6)
    assert first["discharge_capacity"].max() / 3.6 == pytest.approx(4.68031, rel=1e-6)
    # ... and its cycle 1 has two more steps of discharge: all three count, as by integration.
    steps = first.filter(first["step_type"] == "CC DChg").partition_by("step")
    total = sum(step["discharge_capacity"][-1] for step in steps) / 3.6
    assert len(steps) == 3
    charge, discharge = passed(record, 1)
    assert charge == pytest.approx(4.24934, rel=1e-5)
    assert discharge == pytest.approx(total, rel=1e-6)
    integral = np.diff(record.integrated_charge[record.cycle == 1])
    assert discharge == pytest.approx(-integral[integral < 0].sum() / 3.6, rel=1e-3)


def test_arbin_csv(folder):
    recording = read(folder / "pp/sample_data_arbin.csv")
    record = CyclingRecord.from_recording(recording)
    # Last line of the file: 301.214 s, 2.650138 A, 3.599601 V, 4.00839E-4 Ah less 2.04379E-05 Ah.
    assert len(record) == 13
    assert (record.time[-1], record.current[-1]) == (301.214, 2.650138)
    assert record.potential[-1] == 3.599601
    counter = recording.table("series").frame["charge_capacity"]
    assert counter[-1] == pytest.approx(4.00839e-4 * 3600)
    assert record.charge[-1] == pytest.approx((4.00839e-4 - 2.04379e-5) * 3600)


def test_maccor_csv(folder):
    recording = read(folder / "pp/sample_data_maccor.csv")
    record = CyclingRecord.from_recording(recording)
    # Last line of the file: 13.06 s, .024, 28.798, 3.716; it names no units and says so.
    assert len(record) == 15
    assert (record.time[-1], record.current[-1], record.potential[-1]) == (13.06, 28.798, 3.716)
    assert record.charge[-1] == pytest.approx(0.024 * 3600)
    assert any("names no units" in f.text for f in recording.findings)
    assert recording.conditions["temperature"].value == pytest.approx(22.2591)


def test_beep_csv(folder):
    recording = read(folder / "beep/2017-05-09_test-TC-contact_CH33.csv")
    record = CyclingRecord.from_recording(recording)
    # 287 rows, the last at 1022.8913 s with 0.60827 Ah charged.
    assert len(record) == 287
    assert record.time[-1] == 1022.8913
    assert record.charge[-1] == pytest.approx(0.6082700490951538 * 3600, rel=1e-9)


def test_arbin_workbook(folder):
    pytest.importorskip("python_calamine")
    file = "nav/bs542_004_gr_li_50ua_50mv_1v_191020_Channel_11.xlsx"
    record = CyclingRecord.read(folder / file)
    # Last row of its sheet Channel_11_1.
    assert len(record) == 4526
    assert record.time[-1] == pytest.approx(1204815.8106799999)
    assert record.potential[-1] == 0.07228660583496094
    charged, discharged = 0.005702702794224024, 0.0110548976808786
    assert record.charge[-1] == pytest.approx((charged - discharged) * 3600, rel=1e-9)
    assert record.integrated_charge[-1] == pytest.approx(record.charge[-1], rel=1e-3)
