"""A plain table is impedance only where it says so or is self-evidently so."""

import numpy as np
import pytest

from polylyte.core.errors import FileError
from polylyte.instruments.reading import read_bytes

F = np.logspace(4, -1, 31)
Z = 10 + 100 / (1 + 2j * np.pi * F * 1e-2) + 5 / np.sqrt(2j * np.pi * F)


def text(columns, *, head="", mark=",", comma=False):
    rows = [mark.join(f"{x:.7g}" for x in row) for row in zip(*columns, strict=True)]
    body = "\n".join(rows) + "\n"
    return (head + (body.replace(".", ",") if comma else body)).encode()


def spectrum(raw):
    frame = read_bytes(raw, "x.csv").table("impedance").frame
    return frame["frequency"].to_numpy(), frame["z_real"].to_numpy() + 1j * frame[
        "z_imaginary"
    ].to_numpy()


@pytest.mark.parametrize(
    ("mark", "comma"), [(",", False), (";", True), ("\t", True), ("\t", False), (" ", False)]
)
def test_evident_without_names(mark, comma):
    f, z = spectrum(text([F, Z.real, Z.imag], mark=mark, comma=comma))
    np.testing.assert_allclose(f, F, rtol=1e-6)
    np.testing.assert_allclose(z, Z, rtol=1e-6)


def test_evident_with_the_other_sign():
    recording = read_bytes(text([F, Z.real, -Z.imag]), "x.csv")
    np.testing.assert_allclose(recording.table("impedance").frame["z_imaginary"], Z.imag, rtol=1e-6)
    assert any("taken for -Z''" in f.text and f.severity == "warning" for f in recording.findings)


@pytest.mark.parametrize(
    "columns",
    [
        [F, abs(Z), np.degrees(np.angle(Z))],  # a Bode table
        [F, 50 + 0 * F, 0 * F],  # a resistor: no sign can be told
        [np.arange(31.0), Z.real, Z.imag],  # a counter, beginning at zero
        [F[:4], Z.real[:4], Z.imag[:4]],
        [np.linspace(100, 131, 31), Z.real, Z.imag],  # less than a decade
        [F, np.sin(F), np.cos(F)],
    ],
)
def test_ambiguous_is_refused_with_a_remedy(columns):
    with pytest.raises(FileError) as caught:
        read_bytes(text(columns), "x.csv")
    if len(columns[0]) >= 5:
        assert "not evidently frequency" in str(caught.value)
        assert "name the columns in a first line" in str(caught.value)


@pytest.mark.parametrize(
    ("head", "sign", "scale"),
    [
        ("Freq/Hz,Z'/ohm,Z''/ohm\n", 1, 1),
        ("frequency (Hz),Re(Z) (Ohm),-Im(Z) (Ohm)\n", -1, 1),
        ("f,Zreal,Zimag\n", 1, 1),
        ("# a comment\n# f,Z',-Z''\n", -1, 1),
        ("freq [kHz],z_real,z_imag\n", 1, 1e3),
    ],
)
def test_named_columns_are_believed(head, sign, scale):
    f, z = spectrum(text([F, Z.real, sign * Z.imag], head=head))
    np.testing.assert_allclose(f, scale * F, rtol=1e-6)
    np.testing.assert_allclose(z, Z, rtol=1e-6)


def test_further_named_columns_are_kept_and_listed():
    recording = read_bytes(text([F, Z.real, Z.imag, F], head="f,Z',Z'',extra\n"), "x.csv")
    assert recording.unknown_columns == ("extra",)
    np.testing.assert_allclose(recording.table("impedance").frame["extra"], F, rtol=1e-6)


def test_the_example_of_impedance_py(data):
    # Its 66 points run from capacitive to inductive; the sign is evident from the whole.
    recording = read_bytes((data / "instruments/impy/exampleData.csv").read_bytes(), "x.csv")
    imaginary = recording.table("impedance").frame["z_imaginary"]
    assert (imaginary[0], imaginary[-1]) == (-0.02043869854441892481, 0.01015747456493823649)
