"""Layouts of public files that were met after the readers were written, made up anew."""

from __future__ import annotations

import cmath
import math
import struct

import pytest

from polylyte.core.errors import FileError
from polylyte.instruments.biologic_names import column
from polylyte.instruments.neware_blocks import block_findings
from polylyte.instruments.reading import read_bytes
from polylyte.instruments.spectra import ImpedanceSpectrum
from tests.fuzz.samples import spectrum

F, Z = spectrum(30)
POINTS = list(zip(F.tolist(), Z.tolist(), strict=True))


def degrees(z: complex) -> float:
    return math.degrees(cmath.phase(z))


MPT = "EC-Lab ASCII FILE\r\nNb header lines : 4\r\n\r\n"


def test_eclab_times_as_dates():
    head = "time/s\tEcell/V\tI/mA\t(Q-Qo)/mA.h\t\r\n"
    rows = "".join(f"11/20/2024 23:59:{58 + k:02d}.500\t3.6\t1\t0.1\t\r\n" for k in range(2))
    rows += "11/21/2024 00:00:02.500\t3.6\t1\t0.2\t\r\n"
    recording = read_bytes((MPT + head + rows).encode("latin-1"), "x")
    assert recording.table("series").frame["time"].to_list() == [0.0, 1.0, 4.0]
    assert recording.started == "11/20/2024 23:59:58.500"
    assert any("the times are dates" in f.text for f in recording.findings)


def test_eclab_names_columns_without_values_behind_an_empty_name():
    head = "freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\t<Ewe-Ece>/V\t\tEwe-Ece/V\t\r\n"
    rows = "".join(f"{f:.7E}\t{z.real:.7E}\t{-z.imag:.7E}\t0.5\t\r\n" for f, z in POINTS)
    frame = read_bytes((MPT + head + rows).encode("latin-1"), "x").table("impedance").frame
    assert frame["z_imaginary"].to_numpy() == pytest.approx(Z.imag, rel=1e-6)
    assert len(frame) == len(F)


def test_eclab_headings():
    assert column("<Ewe/V>").name == "potential"
    assert column("Energy we charge/W.h").name == "charge_energy"
    assert column("Re(C)/nF") == column("Re(C)/nF")
    assert column("Re(C)/nF").factor == 1e-9
    assert column("THD Ewe/%").known
    assert column("Phase(Conductivity)/deg").known


@pytest.mark.parametrize(
    ("heading", "rows"),
    [
        (",Freq,Real,Imag", lambda k, f, z: f"{k},{f!r},{z.real!r},{z.imag!r}"),
        ("freq/Hz,|Z|/Ohm,Phase(Z)/deg", lambda k, f, z: f"{f!r},{abs(z)!r},{degrees(z)!r}"),
        ("some text\nof two lines\n\nfrequency,|Z|,-phase",
         lambda k, f, z: f"{f!r},{abs(z)!r},{-degrees(z)!r}"),
        ("f;|Z|/ohm;Phase/rad", lambda k, f, z: f"{f!r};{abs(z)!r};{cmath.phase(z)!r}"),
        ("f,-Z',-Z''", lambda k, f, z: f"{f!r},{-z.real!r},{-z.imag!r}"),
        ("RelaxIS 3.0 export\nDate: 1/2/2024\nData: Frequency\tData: Z'\tData: Z''\nDC=0\t\t",
         lambda k, f, z: f"{f!r}\t{z.real!r}\t{z.imag!r}"),
    ],
)  # fmt: skip
def test_named_tables_of_impedance(heading, rows):
    lines = [
        heading,
        *(rows(k, f, z) for k, (f, z) in enumerate(POINTS)),
    ]
    recording = read_bytes(("\n".join(lines) + "\n").encode(), "x.csv")
    frame = recording.table("impedance").frame
    assert recording.format == "impedance.csv"
    assert frame["z_real"].to_numpy() == pytest.approx(Z.real)
    assert frame["z_imaginary"].to_numpy() == pytest.approx(Z.imag, abs=1e-9)
    assert recording.rows_dropped == 0


def test_a_small_phase_without_a_unit_is_refused():
    text = "f,|Z|,phase\n" + "".join(f"{f!r},{abs(z)!r},{cmath.phase(z)!r}\n" for f, z in POINTS)
    with pytest.raises(FileError, match=r"degrees or radians\?.*Phase/deg"):
        read_bytes(text.encode(), "x.csv")


def test_sweeps_that_follow_one_another_are_spectra_of_their_own():
    rows = [f"{f!r},{k * z.real!r},{k * z.imag!r}" for k in (1, 2, 3) for f, z in POINTS]
    raw = ("f/Hz,Z'/ohm,Z''/ohm\n" + "\n".join(rows) + "\n").encode()
    spectra = ImpedanceSpectrum.from_recording(read_bytes(raw, "x.csv"))
    assert [len(s.frequency) for s in spectra] == [30, 30, 30]
    assert spectra[2].impedance == pytest.approx(3 * spectra[0].impedance)


def maccor(names: str, time, factor: float = 1.0) -> bytes:
    rows = "".join(
        f"{k}\t1\t1\t{time(k)}\t{time(k)}\t{factor * 0.5 * k / 3600:.8f}\t{factor * 0.5:.4f}\t"
        f"3.6{k % 10}\tC\t06/05/2021 11:{23 + k:02d}:46\n" for k in range(20)
    )  # fmt: skip
    return f"Today's Date\t1\tDate of Test:\t2\n{names}\n{rows}".encode()


def test_maccor_minutes_are_told_by_the_dates():
    names = "Rec#\tCyc#\tStep\tTestTime\tStepTime\tAmp-hr\tAmps\tVolts\tState\tDPT Time"
    recording = read_bytes(maccor(names, lambda k: f"{k}.0000"), "x")
    assert recording.table("series").frame["time"].to_list()[:2] == [0.0, 60.0]
    assert recording.table("series").frame["step_time"].to_list()[1] == 60.0
    assert any("by its dates it is in minutes" in f.text for f in recording.findings)


def test_maccor_in_milliamperes():
    names = "Rec#\tCyc#\tStep\tTestTime\tStepTime\tmAmp-hr\tmAmps\tVolts\tState\tDPT Time"
    recording = read_bytes(maccor(names, lambda k: f"0d 00:{k:02d}:00.00", 1e3), "x")
    frame = recording.table("series").frame
    assert frame["current"].to_list()[3] == pytest.approx(0.5)
    assert frame["capacity"].to_list()[3] == pytest.approx(0.5 * 3)
    assert not any("names no units" in f.text for f in recording.findings)


def test_maccor_without_units_says_what_speaks_for_them():
    names = "Rec#\tCyc#\tStep\tTest Time (sec)\tStep Time (sec)\tCapacity\tCurrent\tVoltage\tState"
    names += "\tDPT Time"
    raw = maccor(names, lambda k: f"{k * 60}.0000")
    (finding,) = [f for f in read_bytes(raw, "x").findings if "names no units" in f.text]
    assert "times the integral of its current" in finding.text  # 0.5 A s a minute is no 0.5 A


def test_rows_above_the_column_names_are_counted():
    names = "Rec#\tCyc#\tStep\tTestTime\tStepTime\tAmp-hr\tAmps\tVolts\tState\tDPT Time"
    lines = maccor(names, lambda k: f"0d 00:{k:02d}:00.00").decode().splitlines()
    lines.insert(1, lines.pop(2))
    recording = read_bytes(("\n".join(lines) + "\n").encode(), "x")
    assert recording.rows_dropped == 1
    assert any("rows stand before the column names" in f.text for f in recording.findings)


def test_the_battery_data_format():
    for names in ("test_time_second,voltage_volt,current_ampere,charging_capacity_ah",
                  "Test Time / s,Voltage / V,Current / A,Charging Capacity / Ah"):  # fmt: skip
        rows = "".join(f"{k}.5,3.6,0.1,{k / 36000!r}\n" for k in range(12))
        recording = read_bytes(f"{names}\n{rows}".encode(), "x.bdf.csv")
        # Read as nobody's table, or by a reader of the format's own; never as some vendor's.
        assert recording.format in ("timeseries.csv", "alliance.bdf")
        (table,) = recording.tables.values()
        assert table.frame["potential"].to_list() == [3.6] * 12


def test_pec_is_not_maccor():
    names = ("Test,Cell,Step,Cycle,Total Time (Seconds),Load On Time (Seconds),Voltage (mV),"
             "Current (mA),Charge Capacity (mAh),Discharge Capacity (mAh),"
             "Cycle Charge Time (Seconds)")  # fmt: skip
    rows = "".join(f"1,1,0,0,{k},0,3600,10,0,0,{k}\n" for k in range(12))
    recording = read_bytes(f"Request Year:,2019\nTest:,187\n{names}\n{rows}".encode(), "x")
    assert recording.format == "pec.csv"
    assert recording.table("series").frame["potential"].to_list()[0] == pytest.approx(3.6)


def nda(kinds: list[int], extra: int = 0) -> bytes:
    begin, length = 1024, 86 * len(kinds)
    head = bytearray(begin)
    head[:6] = b"NEWARE"
    head[14] = 29
    head[64:72] = struct.pack("<II", begin, length)
    return bytes(head) + b"".join(bytes([k]) + bytes(85) for k in kinds) + bytes(extra)


def test_neware_records_that_no_one_reads_are_counted():
    assert block_findings(nda([170, 85, 85, 85]), 3) == ()
    (longer,) = block_findings(nda([170, 85, 85, 85], extra=64), 3)
    assert "64 bytes longer" in longer.text
    (unknown,) = block_findings(nda([170, 85, 84, 85]), 2)
    assert "1 records are of no known kind" in unknown.text
    assert unknown.where == f"offset {1024 + 2 * 86}"
    (fewer,) = block_findings(nda([170, 85, 85, 85]), 2)
    assert "3 records are marked as data, and 2 could be read" in fewer.text


def test_a_phase_decides_on_the_sign_of_the_imaginary_part():
    # PalmSens' own table: "neg. Phase" is named, "Z''" is written without its minus.
    head = "Measurement:,EIS\nfreq / Hz,neg. Phase / °,Z / Ohm,Z' / Ohm,Z'' / Ohm,\n"
    rows = "".join(
        f"{f:.6f},{-degrees(z):.3f},{abs(z):.4f},{z.real:.4f},{-z.imag:.4f},\n" for f, z in POINTS
    )
    recording = read_bytes((head + rows).encode("utf-16"), "x.csv")
    frame = recording.table("impedance").frame
    assert frame["z_imaginary"].to_numpy() == pytest.approx(Z.imag, abs=1e-3)
    assert any("sign of -Z'' by the phase" in f.text for f in recording.findings)


@pytest.mark.parametrize(
    ("lines", "area", "mass"),
    [
        ("Electrode surface area : 113.100 mm²\r\nCharacteristic mass : 5.544 mg\r\n",
         113.1e-6, 5.544e-6),
        ("Electrode surface area : 1,130 cm²\r\nCharacteristic mass : 0,002 g\r\n", 1.13e-4, 2e-6),
        ("Electrode surface area : 0.001 cm²\r\nCharacteristic mass : 0.001 g\r\n", None, None),
    ],
)  # fmt: skip
def test_eclab_writes_area_and_mass_with_a_unit(lines, area, mass):
    head = MPT.replace(": 4", ": 6") + lines + "time/s\tEwe/V\tI/mA\t\r\n"
    rows = "".join(f"{k}.0\t3.6\t1.0\t\r\n" for k in range(3))
    told = read_bytes((head + rows).encode("latin-1"), "x").conditions
    assert (told["area"].si if "area" in told else None) == (area and pytest.approx(area))
    assert (told["mass"].si if "mass" in told else None) == (mass and pytest.approx(mass))
