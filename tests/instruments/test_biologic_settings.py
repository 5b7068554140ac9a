"""Parameters of techniques at the bytes where EC-Lab keeps them; anything else stays as stored."""

from __future__ import annotations

import struct

import pytest

from polylyte.instruments.biologic_settings import settings_of


def settings(technique: int, count: int, new: bool, places: dict[int, bytes], sequences=1) -> bytes:
    begin = 0x1847 if new else 0x1845
    data = bytearray(begin + 4 + 400)
    data[0] = technique
    data[begin : begin + 4] = struct.pack("<HH", sequences, count)
    for at, stored in places.items():
        data[begin + 4 + at : begin + 4 + at + len(stored)] = stored
    return bytes(data)


def f4(value: float, unit: int | None = None) -> bytes:
    return struct.pack("<f", value) + (b"" if unit is None else bytes([unit]))


@pytest.mark.parametrize(("new", "shift"), [(False, 0), (True, 3)])
def test_an_impedance_measurement(new, shift):
    data = settings(0x1D, 52, new, {
        1: f4(0.1), 6 + shift: f4(30), 20 + shift: f4(200, 1), 25 + shift: f4(1, 2),
        36 + shift: f4(10), 92 + shift: f4(-10), 96 + shift: f4(10)})  # fmt: skip
    assert settings_of(data) == {
        "potential": "0.1 V", "duration at potential": "30 s", "frequency, first": "200 kHz",
        "frequency, last": "1 Hz", "amplitude": "10 mV", "potential range, low": "-10 V",
        "potential range, high": "10 V"}  # fmt: skip


def test_a_sweep_and_a_rest():
    cv = settings(0x06, 21, True, {0: f4(0.285), 8: f4(50, 1), 13: f4(0.715), 39: f4(0.285)})
    assert settings_of(cv)["scan rate"] == "50 mV/s"
    assert settings_of(cv)["potential 1"] == "0.715 V"
    assert settings_of(settings(0x0B, 7, False, {0: f4(7200)})) == {"duration": "7200 s"}


def test_several_sequences():
    places = {k * 108 + at: stored for k, current in enumerate((0.0, 137.0, -137.0))
              for at, stored in {1: f4(current, 2), 18: f4(60), 32: f4(4.2), 50: f4(0),
                                 54: f4(5)}.items()}  # fmt: skip
    found = settings_of(settings(0x04, 33, True, places, sequences=3))
    assert found["current"] == "0 µA; 137 µA; -137 µA"
    assert found["duration"] == "60 s"
    assert found["sequences"] == "3"


def test_what_is_not_certain_stays_as_stored():
    for data in (
        settings(0x7F, 70, True, {0: b"\x04"}),  # Modulo Bat
        settings(0x1D, 51, True, {}),  # another count of parameters
        settings(0x1D, 52, True, {23: f4(200, 9)}),  # a unit never seen
        settings(0x0B, 7, True, {0: f4(1e30)}),  # no duration
    ):
        assert list(settings_of(data)) == ["parameters as stored"]
    assert settings_of(b"\x1d" + bytes(100)) == {}
