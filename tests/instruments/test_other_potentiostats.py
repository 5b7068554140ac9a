"""AMETEK, Autolab and the older ZPlot layout: files of the documented and published layouts."""

import numpy as np
import pytest

from polylyte.core.errors import FileError
from polylyte.instruments.reading import formats, read_bytes, recognised
from polylyte.instruments.spectra import ImpedanceSpectrum

F = np.logspace(5, -1, 13)
Z = 10 + 100 / (1 + 2j * np.pi * F * 1e-3)
DEFINITION = (
    "Definition=Segment #, Point #, E(V), I(A), Elapsed Time(s), ADC Sync Input(V), Current Range, "
    "Status, E Applied(V), Frequency(Hz), E Real, E Imag, I Real, I Imag, Z Real, Z Imag, "
    "E2 Status, E2(V), E2 Real, E2 Imag, Z2 Real, Z2 Imag, ActionId, AC Amplitude, 0"
)
HEAD = """<Application>
Name=VersaStudio
Version=2.52.3.0
</Application>

<Instrument>
Type=VersaSTAT4
</Instrument>

<Experiment>
TimeAcquired=9:40:30 AM
DateAcquired=Thursday, July 19, 2018
</Experiment>

<Action0>
Name=Common
</Action0>

<Action1>
Amplitude (mV RMS)=20
Name={name}
</Action1>
"""


def par(rows, name="Potentiostatic EIS", segment=1):
    return (
        f"{HEAD.format(name=name)}\n<Segment{segment}>\nType=2\nVersion=3\n{DEFINITION}\n"
        + "\n".join(rows)
        + f"\n</Segment{segment}>\n\n<Graph1>\nShow=True\n</Graph1>\n"
    )


def row(point, e, i, t, f=0.0, z=0j, segment=0):
    return (f"{segment},{point},{e:.7E},{i:.7E},{t},0,5,5,0,{f!r},0,0,0,0,{z.real!r},{z.imag!r},"
            "0,0,0,0,0,0,1,0.02")  # fmt: skip


def spectrum_of(raw):
    recording = read_bytes(raw, "file")
    (spectrum,) = ImpedanceSpectrum.from_recording(recording)
    return recording, spectrum


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_versastudio_spectrum_with_rows_of_direct_current(end):
    rows = [row(k, 0.1, 1e-3, k) for k in range(3)]
    rows += [row(3 + k, 0.1, 1e-3, 3 + k, float(f), complex(z))
             for k, (f, z) in enumerate(zip(F, Z, strict=True))]  # fmt: skip
    recording, spectrum = spectrum_of(par(rows).replace("\n", end).encode())
    assert (recording.format, recording.technique) == ("ametek.versastudio", "impedance")
    assert recording.instrument == "AMETEK VersaSTAT4"
    assert recording.conditions["amplitude"].value == 20
    assert recording.conditions["amplitude"].conditions["as"] == "rms"
    assert len(recording.table("series")) == 3
    np.testing.assert_allclose(spectrum.frequency, F)
    np.testing.assert_allclose(spectrum.impedance, Z)


def test_versastudio_of_other_techniques():
    rows = [row(k, 0.1 * k, 1e-3, k) for k in range(5)]
    recording = read_bytes(par(rows, "Cyclic Voltammetry").encode(), "x.par")
    assert recording.technique == "voltammetry"
    assert recording.table("series").frame["potential"].to_list() == pytest.approx(
        [0, 0.1, 0.2, 0.3, 0.4]
    )


def test_versastudio_with_binary_data_is_refused_with_the_remedy():
    raw = HEAD.format(name="x").replace("TimeAcquired", "DataFormat=Binary\nTimeAcquired")
    with pytest.raises(FileError, match="holds its data as binary; save it from VersaStudio"):
        read_bytes(raw.encode(), "x.par")


def test_parstat_text():
    names = ("Potential (V)", "Current (A)", "Elapsed Time (s)", "Frequency (Hz)", "Zre (ohms)",
             "Zim (ohms)", "|Vac| (V)", "|Iac| (A)")  # fmt: skip
    lines = ["\t".join(names) + "\t"]
    lines += [f"3.49\t-0.15\t{10 * k}\t0\t0\t0\t0\t0\t" for k in range(4)]
    lines += [f"3.5\t0.02\t{100 + k}\t{f!r}\t{z.real!r}\t{z.imag!r}\t0.001\t0.02\t"
              for k, (f, z) in enumerate(zip(F.tolist(), Z.tolist(), strict=True))]  # fmt: skip
    recording, spectrum = spectrum_of(("\n".join(lines) + "\n").encode())
    assert recording.format == "ametek.parstat"
    assert (recording.rows_read, recording.rows_dropped) == (17, 0)
    np.testing.assert_allclose(spectrum.impedance, Z)
    assert len(recording.table("series")) == 4


@pytest.mark.parametrize("omega", ["\u03a9", "\u2126", "?"])
@pytest.mark.parametrize(("mark", "comma"), [(";", True), (";", False), ("\t", True), (",", False)])
def test_nova_spectrum(mark, comma, omega):
    names = ("Index", "Frequency (Hz)", f"Z' ({omega})", f"-Z'' ({omega})", f"Z ({omega})",
             "-Phase (°)", "Time (s)")  # fmt: skip
    lines = [mark.join(names)]
    for k, (f, z) in enumerate(zip(F, Z, strict=True)):
        cells = (k + 1, f, z.real, -z.imag, abs(z), -np.degrees(np.angle(z)), 1.5 * k)
        line = mark.join(f"{c:.9E}" for c in cells)
        lines.append(line.replace(".", ",") if comma else line)
    recording, spectrum = spectrum_of(("\ufeff" + "\r\n".join(lines) + "\r\n").encode())
    assert recording.format == "autolab.nova"
    assert recording.unknown_columns == ()
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-8)
    phase = recording.table("impedance").frame["z_phase"].to_numpy()
    np.testing.assert_allclose(phase, np.degrees(np.angle(Z)), rtol=1e-6)


def test_nova_voltammogram():
    names = ("Potential applied (V)", "Time (s)", "WE(1).Current (A)", "WE(1).Potential (V)",
             "Scan", "Index", "Q+")  # fmt: skip
    lines = [";".join(names)]
    lines += [f"{0.01 * k:.5f};{k};{1e-6 * k:.6E};{0.0101 * k:.5f};1;{k + 1};0.1" for k in range(9)]
    recording = read_bytes("\n".join(lines).encode() + b"\n", "x.txt")
    frame = recording.table("series").frame
    assert recording.technique == "voltammetry"
    assert recording.unknown_columns == ("Q+",)
    assert frame["current"][-1] == pytest.approx(8e-6)
    assert frame["potential"][-1] == pytest.approx(0.0808)


@pytest.mark.parametrize("first", ["Z60W Data File: Version 1.1", "ZPlotW Data File: Version 3.2c"])
def test_older_zview_layout(first):
    # As in Autolab's and ZPlot's own: quoted comments, the number of points, quoted names.
    lines = [
        f'"{first}"',
        '""',
        '"Sweep Frequency: Control Voltage"',
        "0,2,0,1,0.1,10000",
        "13",
        "\"  Freq (Hz)    Ampl     Bias   Time(Sec)   Z'(a)    Z''(b)    GD   Err   Range\"",
    ]
    lines += [f"{f!r},0,0,0,{z.real!r},{z.imag!r},0,0,0"
              for f, z in zip(F.tolist(), Z.tolist(), strict=True)]  # fmt: skip
    recording, spectrum = spectrum_of(("\ufeff" + "\n".join(lines) + "\n").encode())
    assert recording.format == "zplot.z"
    assert (recording.rows_read, recording.rows_dropped) == (13, 0)
    np.testing.assert_allclose(spectrum.impedance, Z)
    cut = read_bytes(("\n".join(lines[:-3]) + "\n").encode(), "x.z")
    assert any("declares 13 points; the file holds 10" in f.text for f in cut.findings)


def test_powersuite_columns():
    lines = ["Frequency\t Zre\t Zimg"]
    lines += [f"{f:.7g}\t {z.real:.8g}\t {z.imag:.8g}" for f, z in zip(F, Z, strict=True)]
    recording, spectrum = spectrum_of("\r\r\n".join(lines).encode())
    assert recording.format == "impedance.csv"
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)


def test_text_is_not_taken_for_a_known_format():
    assert recognised(b"<Application>\nName=Other\n</Application>\n") is None
    assert recognised(b"Frequency of visits (Hz); nothing\n1;2\n") is None
    assert len(formats()) == len(set(formats()))
