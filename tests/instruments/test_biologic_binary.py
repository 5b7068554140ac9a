"""BioLogic .mpr: every generation of its modules, unknown columns, loops, damage."""

import struct

import numpy as np
import pytest

from polylyte.core.errors import FileError, InputError
from polylyte.core.tables import Table
from polylyte.instruments.biologic_columns import COLUMNS, layout
from polylyte.instruments.biologic_ranges import CURRENTS, LIMITS, potential_step
from polylyte.instruments.biologic_resolution import resolution, with_resolution
from polylyte.instruments.reading import read, read_bytes
from polylyte.instruments.recordings import Recording
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


FULL_PEIS = (32, 37, 38, 36, 35, 4, 77, 76, 39, 33, 34)
"""f, Re, -Im, |Z|, phase, time, <Ewe>, <I>, I Range, |Ewe|, |I|: float but the range's number."""


def log(low, high):
    return ("VMP LOG", bytes(0x1F8) + struct.pack("<ff", low, high) + bytes(0x100))


def ranged(ranges, amplitudes, limits=(-10.0, 10.0)):
    """A spectrum of 100 ohm at 0 and 60 degrees in turn; the current follows from |Ewe|."""
    rows = []
    for k, (number, e) in enumerate(zip(ranges, amplitudes, strict=True)):
        z = 100 * np.exp(-1j * np.radians(60 * (k % 2)))
        rows.append(struct.pack("<fffffdffHff", 1e3 / (k + 1), z.real, -z.imag, 100.0,
                                -60.0 * (k % 2), k, 3.2, 1e-3, number, e, e / 100))  # fmt: skip
    return mpr(FULL_PEIS, rows, others=[log(*limits)] if limits else [])


def test_resolution_of_known_ranges():
    # 40, 39: 1 and 10 mA. 20 V / 2^16 = 305.2 uV; 0.004 % of 1 mA = 40 nA.
    recording = read_bytes(ranged([40, 39, 40], [0.01, 0.02, 0.01]), "x")
    potential, current = resolution(recording, "potential"), resolution(recording, "current")
    assert potential.step == pytest.approx(305.176e-6, rel=1e-5)
    assert current.step == pytest.approx([40e-9, 400e-9, 40e-9], rel=1e-5)
    assert potential.std == pytest.approx(305.176e-6 / np.sqrt(12), rel=1e-5)
    assert potential.source == "potential range of 20 V in the log, 16 bits"
    assert current.source == "current range of each row (0.001 to 0.01 A), 0.004 %"
    # 305.2 uV of 10 mV, 40 nA of 100 uA; 305.2 uV of 20 mV, 400 nA of 200 uA.
    relative = [np.hypot(0.0305176, 4e-4), np.hypot(0.0152588, 2e-3), np.hypot(0.0305176, 4e-4)]
    for name in ("z_real", "z_imaginary", "z_modulus"):
        assert resolution(recording, name).step == pytest.approx(100 * np.array(relative), rel=1e-5)
    assert resolution(recording, "z_phase").step == pytest.approx(np.degrees(relative), rel=1e-5)


def test_resolution_is_beside_the_columns_only_where_asked_for():
    recording = read_bytes(ranged([40, 39, 40], [0.01, 0.02, 0.01]), "x")
    plain, table = recording.table("impedance"), with_resolution(recording)
    assert not any("|" in name for name in plain.frame.columns)
    assert table.columns == plain.columns
    assert table.frame.select(plain.columns).equals(plain.frame)
    std = [40e-9 / np.sqrt(12), 400e-9 / np.sqrt(12), 40e-9 / np.sqrt(12)]
    assert table.std("current") == pytest.approx(std, rel=1e-5)
    assert table.std("current_range") is None
    first, second, _ = table.quantities("current")
    assert set(first.components).isdisjoint(second.components)  # independent from row to row


def test_standard_uncertainty_is_that_of_a_converter():
    step = 5 / 2**16
    true = np.random.default_rng(1).uniform(0, 5, 20_000)
    stored = np.round(true / step) * step
    rows = [struct.pack("<dfH", k, v, 40) for k, v in enumerate(stored)]
    recording = read_bytes(mpr((4, 6, 39), rows, 3, 0x0B, others=[log(0, 5)]), "x")
    read_back = recording.table("series").frame["potential"].to_numpy()
    spread = np.sqrt(np.mean((read_back - true) ** 2))
    assert resolution(recording, "potential").std == pytest.approx(spread, rel=0.02)


def test_impedance_of_rounded_amplitudes():
    # Real and imaginary parts of both amplitudes within half a step: 100 ohm at -60 degrees.
    recording = read_bytes(ranged([40, 40], [0.01, 0.01], (-2.5, 2.5)), "x")
    rng = np.random.default_rng(2)
    e, i = 5 / 2**16, 40e-9
    off = rng.uniform(-0.5, 0.5, (4, 40_000))
    turn = np.exp(1j * np.radians(17))
    potential = 0.01 * turn + e * (off[0] + 1j * off[1])
    current = 1e-4 * turn * np.exp(1j * np.radians(60)) + i * (off[2] + 1j * off[3])
    z = potential / current
    for name, values in (("z_real", z.real), ("z_imaginary", z.imag), ("z_modulus", abs(z)),
                         ("z_phase", np.degrees(np.angle(z)))):  # fmt: skip
        assert resolution(recording, name).std[1] == pytest.approx(np.std(values), rel=0.03)
    f = 500.0
    series, parallel = -1 / (2 * np.pi * f * z.imag), (1 / z).imag / (2 * np.pi * f)
    ids = (*FULL_PEIS, 169, 172)
    cut = [struct.pack("<fffffdffHffff", f, 50, 86.602540, 100, -60, 0, 3.2, 0, 40, 0.01, 1e-4,
                       series.mean() * 1e6, parallel.mean() * 1e6)]  # fmt: skip
    recording = read_bytes(mpr(ids, cut, others=[log(-2.5, 2.5)]), "x")
    for name, values in (("series_capacitance", series), ("parallel_capacitance", parallel)):
        assert resolution(recording, name).std[0] == pytest.approx(np.std(values), rel=0.03)


def test_charge_adds_up_the_steps_of_its_current_from_where_it_began():
    # 1 mA range: 40 nA; two seconds, then a new half cycle of two more.
    ids = (4, 8, 13, 467, 468, 39)
    rows = [struct.pack("<dfddIH", t, 0.5, 0, 0, h, 40) for t, h in enumerate((0, 0, 0, 1, 1))]
    recording = read_bytes(mpr(ids, rows, technique=0x04), "x")
    total = resolution(recording, "charge")
    assert total.step == pytest.approx([0, 40e-9, 80e-9, 120e-9, 160e-9])
    assert total.source.endswith("as if every conversion erred alike")
    half = resolution(recording, "half_cycle_charge").step
    assert half == pytest.approx([0, 40e-9, 80e-9, 40e-9, 80e-9])


def test_what_was_set_comes_before_the_log():
    told = {LIMITS: "-10 V to 10 V"}
    assert potential_step({}) is None
    assert potential_step(told)[0] == pytest.approx(20 / 2**16)
    told |= {"set: potential range, low": "0 V", "set: potential range, high": "5 V; 10 V"}
    step, source = potential_step(told)
    assert (step, source) == (10 / 2**16, "potential range of 10 V in the settings, 16 bits")
    # Nothing is measured over less than 5 V.
    step, source = potential_step({LIMITS: "-0.1 V to 0.1 V"})
    assert step == 5 / 2**16
    assert source.startswith("potential range of 0.2 V in the log (measured over 5 V")


@pytest.mark.parametrize("number", [15, 200, 43], ids=["auto", "unknown", "exceeded"])
def test_a_range_that_is_not_understood_is_not_guessed(number):
    # 43 is 1 uA, in which 0.1 mA cannot have been measured.
    recording = read_bytes(ranged([number, number], [0.01, 0.0125], None), "x")
    current = resolution(recording, "current_amplitude")
    assert current.step == pytest.approx(0.0025 / 100, rel=1e-5)
    assert current.source == (
        "finest step between values: the numbers of its current ranges are not understood"
    )
    potential = resolution(recording, "potential")
    assert potential.source == "finest step between values: no potential range is stated"
    assert potential.step == pytest.approx(3.2 * 2**-23, rel=0.5)  # all are equal
    impedance = resolution(recording, "z_real")
    assert impedance.source.startswith("rounding of the stored number alone: what it derives")
    assert impedance.step[0] == 100 * 2.0**-23


def test_amplitudes_of_zero_resolve_nothing():
    recording = read_bytes(ranged([40, 40], [0.01, 0.0]), "x")
    assert np.isinf(resolution(recording, "z_real").step).tolist() == [False, True]
    assert resolution(recording, "z_phase").step[1] == 360.0
    table = with_resolution(recording)
    assert table.frame["z_real|resolution[*]"].is_null().to_list() == [False, True]
    # Rows of a technique that records a spectrum between other things: all is zero there.
    ids = (*FULL_PEIS, 169, 172)
    records = [(*[0] * 8, 40, *[0] * 4), (10, 3, 4, 5, 0, 1, 3, 0, 40, 0.01, 1e-4, 1, 1)]
    rows = [struct.pack("<fffffdffHffff", *record) for record in records]
    table = with_resolution(read_bytes(mpr(ids, rows, technique=0x7F, others=[log(0, 5)]), "x"))
    for name in ("z_real", "series_capacitance", "parallel_capacitance"):
        assert table.frame[f"{name}|resolution[*]"].is_null().to_list() == [True, False]
    assert not any(table.frame[name].is_nan().any() for name in table.frame.columns)


def test_resolution_of_what_was_not_measured_or_is_of_another_maker():
    recording = read_bytes(ranged([40], [0.01]), "x")
    with pytest.raises(InputError, match="no measured column 'current_range'"):
        resolution(recording, "current_range")
    other = Recording(format="x.txt", instrument="", technique="", tables={
        "series": Table.of({"potential": [1.0, 1.25, 3.0], "time": [0.0, 1.0, 2.0]})})  # fmt: skip
    found = resolution(other, "potential")
    assert (set(found.step), found.source) == ({0.25}, "finest step between values")


def test_numbers_of_current_ranges():
    # EC-Lab's list.
    assert [CURRENTS[n] for n in range(37, 46)] == [
        1,
        0.1,
        0.01,
        1e-3,
        1e-4,
        1e-5,
        1e-6,
        1e-7,
        1e-8,
    ]
    assert (CURRENTS[115], CURRENTS[116], CURRENTS[14], CURRENTS[81]) == (0.01, 1e-3, 1e-5, 64)
    assert not {0, 15, 28, 122, 123} & set(CURRENTS)  # Auto, PAC, Auto Limited, Unset


def test_real_files_move_in_parts_of_the_steps_stated(data):
    # The finest moves are a quarter of a potential's step, half of a current's; the calibration
    # of a channel stretches them by up to 3 %.
    cycling = read(data / "instruments/bdf/GCPL-0.mpr")
    spectrum = read(data / "instruments/bdf/PEIS-0.mpr")
    for recording, span, where in ((cycling, 5, "settings"), (spectrum, 10, "log")):
        found = resolution(recording, "potential")
        assert found.source == f"potential range of {span} V in the {where}, 16 bits"
        assert found.step == pytest.approx(span / 2**16, rel=1e-3)
        frame = next(iter(recording.tables.values())).frame
        moved = np.diff(np.unique(frame["potential"]))
        assert moved.min() / found.step[0] == pytest.approx(0.25, rel=0.05)
    current, frame = resolution(spectrum, "current").step, spectrum.table("impedance").frame
    assert set(np.round(current, 12)) == {4e-8, 4e-7}
    for step in (4e-8, 4e-7):
        values = np.unique(frame["current"].to_numpy()[np.round(current, 12) == step])
        # All are whole multiples of one quantum, to a twentieth of it; evenly spread numbers
        # leave a third.
        quanta = np.linspace(0.48, 0.50, 20_001)[:, None] * step
        multiples = (values - values[0]) / quanta
        assert abs(multiples - np.round(multiples)).max(axis=1).min() < 0.05


def test_every_measured_column_of_the_real_files_has_a_resolution(data):
    for path in sorted((data / "instruments").rglob("*.mpr")):
        table = with_resolution(read(path))
        assert {"time", "potential"} <= {c for c in table.columns if table.std(c)}
        for name in table.columns:
            std = np.array(table.std(name) or [0.0])
            assert np.isfinite(std).all(), (path.name, name)
            if name in ("potential", "current", "z_real", "z_modulus", "z_phase"):
                assert (std > 0).all()
