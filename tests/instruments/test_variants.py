"""Techniques, encodings and layouts beyond the real files at hand."""

import numpy as np
import pytest

from polylyte.instruments.biologic_writer import write_ca, write_gcpl, write_peis
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.gamry_writer import write_chronoa, write_eispot
from polylyte.instruments.reading import read_bytes

F, Z = np.logspace(3, 0, 7), np.linspace(10, 20, 7) - 5j
T = np.arange(0.0, 50.0, 5.0)
SERIES = write_ca(T, 0.01 + 0 * T, 1e-6 + 0 * T)


@pytest.mark.parametrize(
    ("title", "technique"),
    [
        ("Chronopotentiometry", "chronopotentiometry"),
        ("Open Circuit Voltage", "open circuit"),
        ("Cyclic Voltammetry", "voltammetry"),
        ("Linear Sweep Voltammetry", "voltammetry"),
        ("Modulo Bat", "cycling"),
        ("Constant Current", "cycling"),
        ("Zero Resistance Ammeter", "cycling"),  # not known: told by its charge column
    ],
)
def test_biologic_techniques_by_their_title(title, technique):
    raw = SERIES.replace(b"Chronoamperometry / Chronocoulometry", title.encode())
    recording = read_bytes(raw, "x.mpt")
    assert recording.technique == technique
    assert recording.metadata["technique"] == title
    assert recording.rows_read == len(T)


def test_galvanostatic_impedance_and_bt_lab():
    raw = (
        write_peis(F, Z)
        .replace(b"Potentio Elec", b"Galvano Elec")
        .replace(b"EC-Lab A", b"BT-Lab A")
    )
    assert read_bytes(raw, "x.mpt").technique == "impedance"


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding):
    raw = write_peis(F, Z, temperature=40.0, header={"Electrode surface area": "2.01 cm²"})
    recording = read_bytes(raw.decode("latin-1").encode(encoding), "x.mpt")
    assert recording.conditions["temperature"].value == pytest.approx(40.0)
    assert recording.conditions["area"].value == 2.01
    assert recording.unknown_columns == ()


def test_a_wrong_count_of_header_lines_is_overcome():
    raw = write_peis(F, Z).replace(b"Nb header lines : ", b"Nb header lines : 9")
    assert read_bytes(raw, "x.mpt").rows_read == len(F)


def test_columns_of_a_biologic_file_that_are_not_known_are_kept():
    raw = write_peis(F, Z).replace(b"Phase(Z)/deg", b"|Odd one|/xyz")
    recording = read_bytes(raw, "x.mpt")
    assert recording.unknown_columns == ("Odd one/xyz",)
    phase = np.degrees(np.angle(Z))
    np.testing.assert_allclose(recording.table("impedance").frame["Odd one/xyz"], phase, rtol=1e-6)


@pytest.mark.parametrize(
    ("tag", "technique"),
    [("CHRONOP", "chronopotentiometry"), ("CORPOT", "open circuit"), ("NEWTHING", "newthing")],
)
def test_gamry_techniques_by_their_tag(tag, technique):
    raw = write_chronoa(T, 0.01 + 0 * T, 1e-6 + 0 * T).replace(b"CHRONOA", tag.encode())
    recording = read_bytes(raw, "x.DTA")
    assert recording.technique == technique
    if technique == "chronopotentiometry":
        record = CyclingRecord.from_recording(recording)
        assert record.charge[-1] == pytest.approx(45e-6)


def test_gamry_with_two_spectra_keeps_both():
    raw = write_eispot(F, Z).replace(b"EISPOT", b"GALVEIS")
    table = raw[raw.index(b"ZCURVE") :]
    recording = read_bytes(raw + table, "x.DTA")
    assert list(recording.tables) == ["impedance", "impedance 2"]
    assert recording.rows_read == 2 * len(F)


def test_thermocouple_that_fails_in_between():
    raw = write_eispot(F, Z, temperature=25.0).replace(b"\t25.00", b"\t-327.67", 1)
    recording = read_bytes(raw, "x.DTA")
    assert recording.table("OCVCURVE").frame["temperature"].to_list() == [None, 25.0, 25.0, 25.0]
    assert recording.conditions["temperature"].value == 25.0


def test_gcpl_at_a_drifting_temperature_has_no_one_temperature():
    raw = write_gcpl(T, 1e-3 + 0 * T, 3 + 0 * T, temperature=20 + T / 5)
    recording = read_bytes(raw, "x.mpt")
    assert "temperature" not in recording.conditions
    assert "the recorded temperature runs from 20.0 to 29.0 degC" in recording.findings[0].text


CHI = """Feb. 20, 2020   15:55:08
{title}
File: c:\\x
Instrument Model:  CHI660E

Init E (V) = 0.01

{names}

0.0, 1.0e-6
1.0, 0.9e-6
2.0, 0.8e-6
"""


@pytest.mark.parametrize(
    ("title", "names", "technique", "column"),
    [
        ("i - t Curve", "Time/sec, Current/A", "chronoamperometry", "current"),
        ("Cyclic Voltammetry", "Potential/V, Current/A", "voltammetry", "potential"),
        ("Open Circuit Potential - Time", "Time/sec, Potential/V", "open circuit", "potential"),
    ],
)
def test_chi_techniques(title, names, technique, column):
    recording = read_bytes(CHI.format(title=title, names=names).encode(), "x.txt")
    assert recording.technique == technique
    assert recording.rows_read == 3
    assert column in recording.table("series").columns
    said = any("cathodic = positive" in f.text for f in recording.findings)
    assert said == ("Current" in names)


def test_chi_rows_must_agree_with_themselves():
    rows = [(f, z.real, z.imag, abs(z), np.degrees(np.angle(z))) for f, z in zip(F, Z, strict=True)]
    right = "".join(", ".join(f"{x:.3e}" for x in row) + "\n" for row in rows)
    wrong = "".join(", ".join(f"{x:.3e}" for x in row[::-1]) + "\n" for row in rows)
    assert read_bytes(right.encode(), "x").format == "chinstruments.txt"
    with pytest.raises(Exception, match="is text without a known header"):
        read_bytes(wrong.encode(), "x")


def test_zplot_without_comments():
    head = "Freq(Hz)\tAmpl\tBias\tTime(Sec)\tZ'(a)\tZ''(b)\tGD\tErr\tRange\n"
    rows = [f"{f:.6E}\t1E-02\t0\t{i}\t{z.real}\t{z.imag}\t0\t0\t3\n"
            for i, (f, z) in enumerate(zip(F, Z, strict=True))]  # fmt: skip
    for text in (head + "".join(rows), "".join(rows)):
        recording = read_bytes(text.encode(), "x.z")
        assert recording.format == "zplot.z"
        np.testing.assert_allclose(recording.table("impedance").frame["z_imaginary"], Z.imag)
        assert "no header: the columns were told by their contents" in {
            f.text for f in recording.findings
        }
