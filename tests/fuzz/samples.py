"""Made-up files of formats of which the corpus of real files has none."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Z = NDArray[np.complex128]


def spectrum(points: int = 40) -> tuple[NDArray[np.float64], Z]:
    """Frequency from high to low and Z of 10 ohm + 90 ohm parallel to 10 uF."""
    f = np.logspace(5, -1, points)
    return f, 10 + 90 / (1 + 2j * np.pi * f * 90 * 1e-5)


def zahner_ism(f: NDArray[np.float64], z: Z, start: float = 1.2e9) -> bytes:
    """A Zahner ``.ism``."""
    head = (0xFFFFFFFE).to_bytes(6, "big") + (len(f) - 1).to_bytes(6, "big")
    columns = (f, abs(z), np.angle(z), start + np.arange(len(f)))
    numbers = b"".join(np.asarray(c, dtype=">f8").tobytes() for c in columns)
    marks = np.ones(len(f), dtype=">i2").tobytes()
    words = ("010120", "zENNIUM", "0.5 v", "0 a", "25", "1", "made up", "", "", "", "1.0")
    texts = b"".join(struct.pack(">h", len(t)) + t.encode() for t in words)
    return head + numbers + marks + texts + bytes(40)


def ivium_idf(spectra: Sequence[tuple[NDArray[np.float64], Z]], method: str = "Impedance") -> bytes:
    """An Ivium ``.idf`` of one or several spectra."""
    text = "Peaks=false\r\nCorrosion=false\r\nstarttime=01/02/2024 10:00:00\r\nserialnumber=B1\r\n"
    text += f"Mconfig=0\r\nMethod={method}\r\nTechnique=Constant E\r\nTitle=made up\r\n"
    made = bytes(16) + struct.pack("<I", len(text)) + b"\r\n" + text.encode()
    for f, z in spectra:
        rows = "".join(
            f"{a.real:.5E}  {a.imag:.5E}\t{x:.5E}\r\n" for x, a in zip(f, z, strict=True)
        )
        made += f"primary_data    \r\n3         \r\n{len(f):<10d}\r\n{rows}".encode()
    return made


def palmsens(
    measurements: Sequence[tuple[str, dict[str, Sequence[float]]]], lower: bool = True
) -> bytes:
    """A PSTrace session: titles and columns named by ``description|unit``."""

    def key(name: str) -> str:
        return name.lower() if lower else name

    def values(columns: dict[str, Sequence[float]]) -> list[object]:
        return [{key("ArrayType"): 0, key("Description"): name.split("|")[0],
                 key("Unit"): {key("Type"): f"PalmSens.Units.{name.split('|')[1]}"},
                 key("DataValues"): [{key("V"): v} for v in numbers]}
                for name, numbers in columns.items()]  # fmt: skip

    session = {
        key("Type"): "PalmSens.DataFiles.SessionFile", key("CoreVersion"): "5.11.0.0",
        key("Measurements"): [
            {key("Title"): title, key("TimeStamp"): 638895739666773365,
             key("DeviceSerial"): "ES4", key("Method"): "#PSTrace",
             key("DataSet"): {key("Type"): "DataSet", key("Values"): values(columns)},
             key("Curves"): []}
            for title, columns in measurements
        ],
    }  # fmt: skip
    return json.dumps(session).encode("utf-16") + "\ufeff".encode("utf-16-le")


def palmsens_spectrum(f: NDArray[np.float64], z: Z, lower: bool = True) -> bytes:
    """A session of one spectrum; imaginary part and phase with PalmSens' sign."""
    columns = {"Frequency|Hertz": f, "ZRe|ZRe": z.real, "ZIm|ZIm": -z.imag, "Z|Z": abs(z),
               "Phase|Phase": -np.degrees(np.angle(z)), "Idc|MicroAmpere": np.ones(len(f)),
               "time|Time": np.arange(len(f), dtype=float)}  # fmt: skip
    rows = {name: [float(v) for v in values] for name, values in columns.items()}
    return palmsens([("Impedance Spectroscopy", rows)], lower)


def autolab_dfr(f: NDArray[np.float64], z: Z) -> bytes:
    """An Eco Chemie ``.dfr``."""
    lines = ["VERSION8.0", f" {len(f)}", " 1"]
    for x, a in zip(f, z, strict=True):
        lines += [f" {float(v)!r}" for v in (x, a.real, -a.imag)] + [" 0.0"] * 6
    return "\r\n".join([*lines, ""]).encode()


def made_up() -> dict[str, bytes]:
    """One file of each."""
    f, z = spectrum()
    return {
        "made up/a.ism": zahner_ism(f, z),
        "made up/a.idf": ivium_idf([(f, z), (f, 2 * z)]),
        "made up/a.pssession": palmsens_spectrum(f, z),
        "made up/a.dfr": autolab_dfr(np.asarray(f), z),
    }
