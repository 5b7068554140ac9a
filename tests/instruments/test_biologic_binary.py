"""BioLogic .mpr: every generation of its modules, unknown columns, loops, damage."""

import struct

import numpy as np
import pytest

from polylyte.core.errors import FileError
from polylyte.instruments.biologic_columns import COLUMNS, layout
from polylyte.instruments.reading import read, read_bytes
from polylyte.instruments.spectra import ImpedanceSpectrum

BEGIN = {0: 100, 2: 405, 3: 406, 11: 1007}
PEIS = (32, 37, 38, 4, 77, 24)
F = np.logspace(5, 1, 20)


def module(name, data, version, *, new):
    head = b"MODULE" + name[:10].encode().ljust(10) + name.encode().ljust(25)
    if new:
        return head + struct.pack("<IIII", 0xFFFFFFFF, len(data), 0, version) + b"01/02/25" + data
    return head + struct.pack("<II", len(data), version) + b"01/02/25" + data


def mpr(ids, rows, version=11, technique=0x1D, extra=b"", others=()):
    """A file of these columns; ``rows`` are tuples of packed bytes per record."""
    new = version >= 10
    head = struct.pack("<IH" if new else "<IB", len(rows), len(ids))
    head += struct.pack(f"<{len(ids)}{'H' if version >= 2 else 'B'}", *ids)
    data = head.ljust(BEGIN[version], b"\0") + b"".join(rows)
    settings = bytes([technique]).ljust(0x300, b"\0")
    made = b"BIO-LOGIC MODULAR FILE\x1a".ljust(48) + b"\0" * 4
    made += module("VMP settings", settings, 10 if new else 0, new=new)
    made += module("VMP data", data, version, new=new) + extra
    return made + b"".join(module(name, d, 0, new=new) for name, d in others)


def peis_rows(tail=b""):
    return [struct.pack("<fffdfd", f, 10 + k, 5.0 - k, k * 0.5, 3.2, 1.0) + tail
            for k, f in enumerate(F)]  # fmt: skip


@pytest.mark.parametrize("version", BEGIN)
def test_all_versions_of_the_data_module(version):
    recording = read_bytes(mpr(PEIS, peis_rows(), version), "x.mpr")
    (spectrum,) = ImpedanceSpectrum.from_recording(recording)
    assert recording.technique == "impedance"
    assert recording.unknown_columns == ()
    np.testing.assert_allclose(spectrum.frequency, F, rtol=1e-6)
    np.testing.assert_array_equal(spectrum.impedance.real, 10.0 + np.arange(20))
    np.testing.assert_array_equal(spectrum.impedance.imag, np.arange(20) - 5.0)  # -Im in the file
    assert recording.table("impedance").frame["potential"][0] == np.float32(3.2)


def test_column_215_is_the_counter_electrode():
    # galvani issues 112 and 126; the same quantity is number 471 in newer files.
    assert COLUMNS[215] == COLUMNS[471] == ("<Ece>/V", "<f4")
    rows = peis_rows(struct.pack("<f", -0.25))
    table = read_bytes(mpr((*PEIS, 215), rows, 3), "x.mpr").table("impedance")
    assert set(table.frame["counter_potential"]) == {-0.25}
    assert table.units["counter_potential"] == "V"


@pytest.mark.parametrize(("code", "value"), [("<f", 1.5), ("<d", 1.5), ("<H", 7), ("<B", 7)])
def test_one_unknown_column_by_the_size_of_the_record(code, value):
    rows = peis_rows(struct.pack(code, value))
    recording = read_bytes(mpr((*PEIS, 250), rows, 3), "x.mpr")
    assert recording.unknown_columns == ("column 250",)
    assert set(recording.table("impedance").frame["column 250"]) == {value}
    assert any("column 250" in f.text for f in recording.findings)


def test_two_unknown_columns_of_one_width():
    rows = [struct.pack("<f", 2.5) + row for row in peis_rows(struct.pack("<f", 1.5))]
    recording = read_bytes(mpr((251, *PEIS, 250), rows, 3), "x.mpr")
    frame = recording.table("impedance").frame
    assert recording.unknown_columns == ("column 251", "column 250")
    assert (frame["column 251"][0], frame["column 250"][0]) == (2.5, 1.5)
    np.testing.assert_allclose(frame["frequency"], F, rtol=1e-6)


def test_unknown_columns_that_cannot_be_told_apart_hide_only_what_lies_between():
    # 10 bytes for three columns: 4+4+2, 8+1+1, ... The others are counted from both ends.
    rows = [row[:12] + bytes(10) + row[12:] for row in peis_rows()]
    ids = (*PEIS[:3], 250, 251, 252, *PEIS[3:])
    recording = read_bytes(mpr(ids, rows, 3), "x.mpr")
    frame = recording.table("impedance").frame
    assert recording.unknown_columns == ("column 250", "column 251", "column 252")
    np.testing.assert_array_equal(frame["time"], 0.5 * np.arange(20))
    assert any("cannot be told apart" in f.text for f in recording.findings)
    assert not {"column 250", "column 251", "column 252"} & set(frame.columns)


@pytest.mark.parametrize("ids", [PEIS[:-1], (*PEIS, 250), (*PEIS, 13)])
def test_records_that_do_not_add_up_are_refused(ids):
    with pytest.raises(FileError, match=r"offset \d+: 20 records of \d columns do not fill"):
        read_bytes(mpr(ids, peis_rows(), 3), "x.mpr")


def test_flags_share_one_byte():
    # mode 2, ox/red 1, error 0, control changes 1, Ns changes 0, counter 1.
    flags = 0x02 | 0x04 | 0x10 | 0x80
    ids = (1, 2, 3, 21, 31, 65, 131, 4, 6, 8, 13)
    rows = [struct.pack("<BHdffd", flags, 3, t, 3.5, 2.0, t / 3600) for t in range(5)]
    recording = read_bytes(mpr(ids, rows, 11, 0x04), "x.mpr")
    row = recording.table("series").frame.row(2, named=True)
    assert recording.technique == "cycling"
    assert (row["mode"], row["oxidation"], row["error"]) == (2, 1, 0)
    assert (row["control_changes"], row["step_changes"], row["counter_increments"]) == (1, 0, 1)
    assert row["step"] == 3
    assert row["current"] == 2e-3
    assert row["charge"] == pytest.approx(2 / 3600 * 3.6)


def test_loops_make_several_spectra():
    loops = struct.pack("<5I", 3, 0, 8, 20, 0).ljust(268, b"\0")
    others = [("VMP expt. loop indexes", loops)]
    recording = read_bytes(mpr(PEIS, peis_rows(), 3, others=others), "x.mpr")
    spectra = ImpedanceSpectrum.from_recording(recording)
    assert [len(s) for s in spectra] == [8, 12]


def test_cut_within_the_records():
    raw = mpr(PEIS, peis_rows(), 3)
    recording = read_bytes(raw[: -2 * 32 - 5], "x.mpr")
    assert (recording.rows_read, recording.rows_dropped) == (17, 3)
    assert any("3 of 20 records are missing" in f.text for f in recording.findings)


def test_not_finite_values_are_null_or_left_out():
    rows = peis_rows()
    rows[3] = struct.pack("<f", np.nan) + rows[3][4:]
    rows[5] = rows[5][:20] + struct.pack("<f", np.inf) + rows[5][24:]
    recording = read_bytes(mpr(PEIS, rows, 11), "x.mpr")
    assert (recording.rows_read, recording.rows_dropped) == (19, 1)
    assert recording.table("impedance").frame["potential"].null_count() == 1


def test_the_layout_of_the_real_files_fills_their_records():
    # hdrt: 72 bytes, bdf/PEIS-0: 64, bdf/GCPL-0: 53, nav: 61 (length of module / points).
    hdrt = (32, 37, 38, 36, 35, 4, 77, 76, 169, 172, 24, 39, 33, 34, 131, 13)
    assert layout(hdrt, 72).hidden == ()
    assert layout(hdrt, 71) is None
    assert layout((1, 2, 3, 21, 31, 65, 131, 4, 7, 13, 5, 6, 39, 467, 468, 70), 53) is not None


def test_binary_equals_its_text_twin(data):
    folder = data / "instruments/hdrt"
    binary = read(folder / "PEIS_LPSCl_IonBlocking_-25C.mpr")
    text = read(folder / "PEIS_LPSCl_IonBlocking_-25C.txt")
    ours, theirs = binary.table("impedance").frame, text.table("impedance").frame
    assert len(theirs.columns) == 10
    for name in theirs.columns:
        # The text has eight digits of 32-bit floats.
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-7)
    assert binary.started == "2025-05-15 01:18:45.867"  # as the text's "Acquisition started on"
    assert "area" not in binary.conditions


def test_area_and_mass_of_the_form(data):
    recording = read(data / "instruments/bdf/PEIS-0.mpr")
    assert recording.conditions["area"].si == pytest.approx(1.539e-4)
    assert recording.conditions["mass"].value == pytest.approx(8.582)
    assert recording.conditions["mass"].unit == "mg"
    assert recording.metadata["electrolyte"] == "LiTFSI in EC EMC + 2.2% FEC"
    assert recording.metadata["comments"].startswith("coin cell")


def test_columns_none_of_which_is_known_are_refused():
    # The second number is in no table: a single column of bytes that could be anything.
    with pytest.raises(FileError, match=r"none of its columns .* is known here.*\.mpt"):
        read_bytes(mpr([60_001, 60_002], [b"\x01\x02\x03"] * 4), "x")


def test_column_441_is_the_counter_electrode():
    rows = [struct.pack("<dfff", k, 3.5, 1.0, 0.2) for k in range(3)]
    frame = read_bytes(mpr([4, 6, 8, 441], rows, technique=0x06), "x").table("series").frame
    assert frame["potential"].to_list() == [3.5] * 3
    assert frame["counter_potential"].to_numpy() == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("codes", "area", "mass"),
    [((2, 2), "113.1 cm²", "1.39 mg"), ((3, 1), "113.1 mm²", "1.39 g"), ((9, 9), None, None)],
)
def test_area_and_mass_have_units_of_their_own(codes, area, mass):
    settings = bytearray(0x300)
    settings[0] = 0x1D
    settings[0x211:0x215] = struct.pack("<f", 113.1)
    settings[0x24C:0x252] = struct.pack("<fBB", 1.39, *codes)
    raw = mpr([32, 37, 38, 4, 77, 11], peis_rows())
    plain = bytes([0x1D]).ljust(0x300, b"\0")
    recording = read_bytes(raw.replace(plain, bytes(settings), 1), "x")
    told = recording.conditions
    assert (str(told["area"]) if "area" in told else None) == area
    assert (str(told["mass"]) if "mass" in told else None) == mass
    assert sum("the file's header states" in f.text for f in recording.findings) == (
        2 if area else 0
    )
