"""Truncated and mutated files: typed errors or flagged data, never anything else."""

import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polylyte.core.errors import InputError
from polylyte.instruments.biologic_writer import write_ca, write_gcpl, write_peis
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.gamry_writer import write_chronoa, write_eispot
from polylyte.instruments.reading import read_bytes
from polylyte.instruments.spectra import ImpedanceSpectrum
from polylyte.instruments.transients import CurrentTransient

F = np.logspace(5, 0, 26)
Z = 10 + 100 / (1 + 2j * np.pi * F * 1e-3)
T = np.linspace(0, 300, 31)
CHI = "".join(
    f"{f:.3e}, {z.real:.3e}, {z.imag:.3e}, {abs(z):.3e}, {np.degrees(np.angle(z)):.1f}\n"
    for f, z in zip(F, Z, strict=True)
).encode()
CSV = "".join(f"{f:.6e},{z.real:.6e},{z.imag:.6e}\n" for f, z in zip(F, Z, strict=True)).encode()
ZPLOT = b"".join(
    b"%.6E\t1.0000E-02\t0.0000E+00\t%.6E\t%.4E\t%.4E\t0.0000E+00\t0\t3\n" % (f, i, z.real, z.imag)
    for i, (f, z) in enumerate(zip(F, Z, strict=True))
)
WRITTEN = {
    "eispot": write_eispot(F, Z, temperature=25.0),
    "eispot comma": write_eispot(F, Z, decimal_comma=True),
    "chronoa": write_chronoa(T, 0.01 + 0 * T, np.exp(-T / 100), temperature=25.0),
    "peis": write_peis(F, Z, temperature=25.0),
    "ca": write_ca(T, 0.01 + 0 * T, np.exp(-T / 100)),
    "gcpl": write_gcpl(T, np.sign(np.sin(T / 30 + 0.1)), 3 + T / 300),
    "chi": CHI,
    "csv": CSV,
    "zplot bare": ZPLOT,
    "zplot": b"ZPLOT2 ASCII\n  Data Points:  26\n"
    b"  Freq(Hz)\tAmpl\tBias\tTime(Sec)\tZ'(a)\tZ''(b)\tGD\tErr\tRange\nEnd Comments\n" + ZPLOT,
}
REAL = [
    "impy/exampleDataGamry.DTA", "gamry/eispot_data.dta", "gamry/cv_data.dta",
    "gamry/chronoa_data.dta", "impy/exampleDataBioLogic.mpt", "impy/exampleDataZPlot.z",
    "hdrt/PEIS_LPSCl_IonBlocking_-25C.txt", "pp/Sample_data_biologic_no_header.mpt",
    "impy/exampleDataCHInstruments.txt", "eism/Ag_EIS_OCV.txt", "impy/exampleData.csv",
    "pp/sample_data_arbin.csv", "pp/sample_data_maccor.csv",
    "beep/2017-05-09_test-TC-contact_CH33.csv", "hdrt/Sample1_PEIS_EndOfDischarge.mpr",
    "bdf/GCPL-0.mpr", "bdf/PEIS-0.mpr", "nav/00_test_04_MB_C01.mpr", "eism/Ag_EIS_OCV.bin",
    "nav/test.nda", "nda/TestFile.nda", "nav/test.ndax", "fnda/nda_v22.nda.zip",
    "nav/bs542_004_gr_li_50ua_50mv_1v_191020_Channel_11.xlsx",
]  # fmt: skip
BINARY = [
    ("hdrt/Sample1_PEIS_EndOfDischarge.mpr", 64),
    ("bdf/GCPL-0.mpr", 64),
    ("bdf/PEIS-0.mpr", 64),
    ("eism/Ag_EIS_OCV.bin", 64),
    ("nav/00_test_04_MB_C01.mpr", 1024),
    ("nav/test.nda", 4096),
    ("nda/TestFile.nda", 16384),
    ("nav/test.ndax", 1024),
    ("nav/bs542_004_gr_li_50ua_50mv_1v_191020_Channel_11.xlsx", 16384),
]
LIBRARIES = {"nda": "fastnda", "ndax": "fastnda", "zip": "fastnda", "xlsx": "python_calamine"}


def bytes_of(data, file):
    """The file, where its library is installed."""
    extension = file.rpartition(".")[2]
    if extension in LIBRARIES:
        pytest.importorskip(LIBRARIES[extension])
    return (data / "instruments" / file).read_bytes()


def use(raw):
    """Read and make every class of it; None where a typed error refused."""
    try:
        recording = read_bytes(raw, "damaged")
    except InputError:
        return None
    for kind in (ImpedanceSpectrum, CurrentTransient, CyclingRecord):
        try:
            kind.from_recording(recording)
        except InputError:
            continue
    return recording


def mutate(raw, chance):
    """A copy with a few bytes changed, removed, doubled or moved."""
    data = bytearray(raw)
    for _ in range(chance.randint(1, 6)):
        here = chance.randrange(len(data)) if data else 0
        size = chance.choice((1, 1, 2, 8, 64))
        match chance.randrange(5):
            case 0:
                data[here : here + size] = chance.randbytes(size)
            case 1:
                del data[here : here + size]
            case 2:
                data[here:here] = data[here : here + size]
            case 3:
                data[here : here + 1] = chance.choice(
                    (b"\t", b"\n", b",", b".", b"-", b"e", b"nan", b"1e999", b"\x00", b";", b"_")
                )
            case _:
                there = chance.randrange(len(data)) if data else 0
                data[there:there] = data[here : here + size]
    return bytes(data)


@pytest.mark.parametrize("name", WRITTEN)
def test_written_files_are_whole(name):
    recording = use(WRITTEN[name])
    assert recording is not None
    assert recording.rows_dropped == 0


@pytest.mark.parametrize("name", ["eispot", "chronoa", "peis", "chi", "zplot", "csv"])
def test_truncation_is_refused_or_said(name):
    whole = read_bytes(WRITTEN[name], name)
    for stop in range(0, len(WRITTEN[name]) - 1, 64):
        recording = use(WRITTEN[name][:stop])
        if recording is None:
            continue
        assert recording.rows_read < whole.rows_read or recording.findings, stop
        # Gamry, BioLogic and ZPlot state what they set out to measure.
        if name in ("eispot", "chronoa", "peis", "zplot"):
            assert recording.findings, stop
        for key, table in recording.tables.items():
            kept = len(table) - (1 if "cut short" in str(recording.findings) else 0)
            assert table.frame.head(kept).equals(whole.tables[key].frame.head(kept)), stop


@pytest.mark.parametrize("file", ["impy/exampleDataGamry.DTA", "gamry/chronoa_data.dta"])
def test_real_dta_truncated_at_each_64th_byte(data, file):
    raw = (data / "instruments" / file).read_bytes()
    whole = read_bytes(raw, file)
    for stop in range(0, len(raw), 64):
        begun = time.perf_counter()
        recording = use(raw[:stop])
        assert time.perf_counter() - begun < 2.0
        if recording is not None:
            assert recording.rows_read < whole.rows_read or recording.findings
            if recording.rows_dropped:
                assert any("left out" in f.text for f in recording.findings)


def cut_everywhere(raw, step):
    """Refused, or whole records less, counted and said; quickly."""
    whole = use(raw)
    for stop in range(0, len(raw), step):
        begun = time.perf_counter()
        recording = use(raw[:stop])
        assert time.perf_counter() - begun < 2.0, stop
        if recording is None or recording.rows_read == whole.rows_read:
            continue
        assert recording.rows_dropped > 0, stop
        assert any(word in str(recording.findings) for word in ("cut", "missing")), stop
        for key, table in recording.tables.items():
            first = whole.tables[key].frame.head(len(table))
            assert table.frame["potential" if key == "series" else "frequency"].equals(
                first["potential" if key == "series" else "frequency"]
            ), stop


@pytest.mark.parametrize(("file", "step"), BINARY)
def test_binary_files_truncated(data, file, step):
    cut_everywhere(bytes_of(data, file), step)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("file", [file for file, step in BINARY if step > 64])
def test_binary_files_truncated_at_each_64th_byte(data, file):
    cut_everywhere(bytes_of(data, file), 64)


def test_a_cut_last_line_is_dropped_and_counted():
    raw = WRITTEN["eispot"].rstrip()
    recording = read_bytes(raw[: raw.rindex(b"\t") - 12], "cut.DTA")
    assert recording.rows_dropped == 1
    assert len(recording.table("impedance")) == len(F) - 1
    assert any("left out of the table" in f.text for f in recording.findings)


def test_a_last_number_cut_short_is_not_believed():
    raw = CSV[:-6]  # the last imaginary part without its exponent
    recording = read_bytes(raw, "cut.csv")
    assert len(recording.table("impedance")) == len(F) - 1
    assert recording.rows_dropped == 1


def test_spoiled_rows_are_counted_with_their_lines():
    lines = WRITTEN["peis"].split(b"\r\n")
    heading = next(i for i, line in enumerate(lines) if line.startswith(b"freq/Hz"))
    lines[heading + 3] = lines[heading + 3].replace(b"E+00", b"Q+00", 1)
    lines[heading + 5] = b"\t".join(lines[heading + 5].split(b"\t")[:4])
    recording = read_bytes(b"\r\n".join(lines), "spoiled.mpt")
    assert recording.rows_dropped == 2
    assert recording.rows_read == len(F) - 2
    where = {f.where for f in recording.findings}
    assert {f"line {heading + 4}", f"line {heading + 6}"} <= where


def test_rows_after_the_table_are_not_lost_in_silence():
    raw = WRITTEN["chronoa"] + b"EXPERIMENTABORTED\tTOGGLE\tT\tAborted\r\n\t31\t310\t0.01\r\n"
    recording = read_bytes(raw, "x.DTA")
    assert recording.rows_dropped == 1
    assert any("stand outside any table" in f.text for f in recording.findings)


@pytest.mark.parametrize("name", WRITTEN)
def test_mutations_of_written_files(name):
    chance = random.Random(f"polylyte {name}")
    for _ in range(60):
        use(mutate(WRITTEN[name], chance))


@pytest.mark.parametrize("file", REAL)
def test_mutations_of_real_files(data, file):
    raw = bytes_of(data, file)
    chance = random.Random(f"polylyte {file}")
    for _ in range(40):
        begun = time.perf_counter()
        use(mutate(raw, chance))
        assert time.perf_counter() - begun < 2.0


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes(raw):
    use(raw)


@given(
    st.sampled_from([b"NEWARE20240101", b"PK\x03\x04" + bytes(26) + b"a.nda", b"PK\x03\x04xl/",
                     b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(8) + b"IMP\x0e\0\0\0A.C. Impedance",
                     b"BIO-LOGIC MODULAR FILE\x1a".ljust(52, b"\0") + b"MODULE"]),
    st.binary(max_size=2000),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_any_bytes_after_a_known_magic(head, raw):
    pytest.importorskip("fastnda")
    pytest.importorskip("python_calamine")
    use(head + raw)


@given(
    st.sampled_from(["EXPLAIN\nTAG\tEISPOT\n", "EC-Lab ASCII FILE\nNb header lines : 4\n\n", "",
                     "ZPLOT2 ASCII\n", "\n\nInstrument Model: CHI\n",
                     "Test_Time(s),Voltage(V),Current(A),Charge_Capacity(Ah),Step_Type\n",
                     "TestTime/Sec.\t电压/V\tCurrent/mA\tCapacity/mAh\tCycle\n",
                     "~Time[h] DateTime U[V] I[A]\n", "Date,Time(h:min:s),Voltage(V),Cur(mA)\n",
                     "<Segment1>\nDefinition=Segment #, E(V), I(A), Frequency(Hz)\n",
                     "Time (s);WE(1).Potential (V);WE(1).Current (A)\n"]),
    st.text(alphabet="\t\n,;.-+eE0123456789ZCURVETABLfreq/Hz'\"()Imkohm ", max_size=300),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_text_after_a_known_first_line(head, text):
    use((head + text).encode())
