"""What was set for a technique, from the settings module of a BioLogic ``.mpr``.

The parameters follow a count of sequences and one of parameters, packed without gaps. Where each
stands was found from public files beside their text exports: before EC-Lab 11.50 the reference of
a potential or current is one byte, since then four. A unit is stored as a number; only
numbers that were seen beside their text are believed, and what is not certain is kept as it stands.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import NamedTuple

_PLACES = (0x0572, 0x1845, 0x1846, 0x1847)
_NEW = 0x1847
"""Where the parameters of the newer layout begin."""
_FREQUENCY = {0: "MHz", 1: "kHz", 2: "Hz", 3: "mHz"}
_CURRENT = {0: "A", 1: "mA", 2: "µA"}
_RATE = {1: "mV/s"}
_SHOWN = 96
_MOST = 100
_SPAN = 12.0
"""No potentiostat of this maker has a range of more volts either way but boosters: 60."""


class Parameter(NamedTuple):
    """A 32-bit number of a technique: name, bytes in the older and the newer layout, its unit.

    ``unit`` is a text, or the codes of the byte after the number.
    """

    name: str
    old: int | None
    new: int | None
    unit: str | Mapping[int, str]


_P = Parameter
_TECHNIQUES: Mapping[int, tuple[tuple[int, ...], tuple[Parameter, ...]]] = {
    0x1D: ((52,), (  # PEIS
        _P("potential", 1, 1, "V"), _P("duration at potential", 6, 9, "s"),
        _P("frequency, first", 20, 23, _FREQUENCY), _P("frequency, last", 25, 28, _FREQUENCY),
        _P("amplitude", 36, 39, "mV"), _P("potential range, low", 92, 95, "V"),
        _P("potential range, high", 96, 99, "V"))),
    0x1E: ((55,), (  # GEIS
        _P("current", 1, 1, _CURRENT), _P("duration at current", 7, 10, "s"),
        _P("frequency, first", 20, 23, _FREQUENCY), _P("frequency, last", 25, 28, _FREQUENCY),
        _P("amplitude", 37, 40, _CURRENT), _P("potential range, low", 98, 101, "V"),
        _P("potential range, high", 102, 105, "V"))),
    0x0B: ((6, 7), (  # OCV
        _P("duration", 0, 0, "s"),)),
    0x18: ((25,), (  # CA
        _P("potential", 0, 0, "V"), _P("duration", 5, 8, "s"),
        _P("potential range, low", 43, 46, "V"), _P("potential range, high", 47, 50, "V"))),
    0x19: ((16,), (  # CP
        _P("current", 0, 0, _CURRENT), _P("duration", 6, 9, "s"),
        _P("potential limit", 10, 13, "V"), _P("potential range, low", 28, 31, "V"),
        _P("potential range, high", 32, 35, "V"))),
    0x06: ((21,), (  # CV
        _P("potential, first", 0, 0, "V"), _P("scan rate", 5, 8, _RATE),
        _P("potential 1", 10, 13, "V"), _P("potential 2", 33, 39, "V"))),
    0x6C: ((23,), (  # LSV
        _P("scan rate", 16, 16, _RATE), _P("potential, first", 21, 21, "V"),
        _P("potential, last", 26, 29, "V"), _P("potential range, low", 46, 52, "V"),
        _P("potential range, high", 50, 56, "V"))),
    0x04: ((33,), (  # GCPL
        _P("current", None, 1, _CURRENT), _P("duration", None, 18, "s"),
        _P("potential limit", None, 32, "V"), _P("potential range, low", None, 50, "V"),
        _P("potential range, high", None, 54, "V"))),
}  # fmt: skip
_SIZES = {0x04: (None, 108), 0x19: (46, None)}
"""Bytes of a sequence in both layouts, where there can be several."""


def settings_of(data: bytes) -> dict[str, str]:
    """Parameters as ``name: value unit``; several sequences are parted by ``; ``.

    An empty dictionary where there is no block of parameters; ``parameters as stored``, in
    hexadecimal digits, where the technique is not known here or a value cannot be one.
    """
    block = _block(data)
    if block is None:
        return {}
    begin, sequences, count, new = block
    raw = {"parameters as stored": data[begin : begin + _SHOWN].hex()}
    counts, parameters = _TECHNIQUES.get(data[0], ((), ()))
    if count not in counts:
        return raw
    size = _SIZES.get(data[0], (None, None))[new]
    steps = sequences if size else 1
    told: dict[str, list[str]] = {}
    for step in range(min(steps, _MOST)):
        here = begin + step * (size or 0)
        for parameter in parameters:
            at = parameter.new if new else parameter.old
            if at is None:
                continue
            text = _text(data, here + at, parameter)
            if text is None:
                return raw
            told.setdefault(parameter.name, []).append(text)
    if not told:
        return raw
    found = {name: values[0] if len(set(values)) == 1 else "; ".join(values)
             for name, values in told.items() if any(values)}  # fmt: skip
    if sequences > 1:
        found["sequences"] = str(sequences)
        if not size:
            found |= raw
    return found


def _block(data: bytes) -> tuple[int, int, int, bool] | None:
    """Where the first sequence begins, how many there are, of how many parameters, which layout."""
    known = _TECHNIQUES.get(data[0] if data else -1, ((), ()))[0]
    found = []
    for place in _PLACES:
        if place + 8 > len(data):
            continue
        sequences, count = struct.unpack_from("<HH", data, place)
        if 0 < sequences <= _MOST and 3 < count < 200 and len(data) > place + 4 + 2 * count:
            found.append((place + 4, sequences, count, place == _NEW))
    sure = [one for one in found if one[2] in known]
    best = sure or found
    return best[0] if best else None


def _text(data: bytes, at: int, parameter: Parameter) -> str | None:
    """``0.38 mA``, an empty text where it was left open, None where it can be no such value."""
    if at + 5 > len(data):
        return None
    (value,) = struct.unpack_from("<f", data, at)
    if math.isnan(value):
        return ""
    unit = parameter.unit if isinstance(parameter.unit, str) else parameter.unit.get(data[at + 4])
    if unit is None or not math.isfinite(value) or not _plausible(value, unit, parameter.name):
        return None
    return f"{value:.6g} {unit}"


def _plausible(value: float, unit: str, name: str) -> bool:
    size = abs(value)
    if unit == "V":
        return size == 0 or 1e-6 < size <= 5 * _SPAN
    if unit == "s":
        return value == 0 or 1e-6 < value < 1e9
    if name.startswith(("frequency", "scan", "amplitude")):
        return 1e-7 < value < 1e7
    return size == 0 or 1e-6 < size < 1e6
