"""A number as a paper prints it: value, unit, and how far its printed digits reach."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from polylyte.core.errors import InputError
from polylyte.core.numbers import parse_number
from polylyte.core.units import unit as resolve

Qualifier = Literal["", "~", ">", "<", "range"]

_WORDS: dict[str, Qualifier] = {
    "~": "~", "≈": "~", "∼": "~", "ca.": "~", "ca": "~", "about": "~", "around": "~",
    "approximately": "~", "nearly": "~", ">": ">", "≥": ">", ">=": ">", "over": ">",
    "more than": ">", "exceeding": ">", "above": ">", "at least": ">", "<": "<", "≤": "<",
    "<=": "<", "below": "<", "less than": "<", "up to": "<", "at most": "<",
}  # fmt: skip
_QUALIFIER = re.compile(
    r"^\s*(?P<word>"
    + "|".join(
        re.escape(w) + (r"(?![A-Za-z])" if w[-1].isalpha() else "")
        for w in sorted(_WORDS, key=len, reverse=True)
    )
    + r")\s*",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"^\s*(?P<low>[-+−]?\d+(?:\.\d+)?)\s*(?:[-–—]|\bto\b|…)\s*(?P<high>\d+(?:\.\d+)?)"
    r"(?![\d.eE])\s*(?P<unit>.*)$"
)
ABOUT = 0.1
"""What "about" allows: a tenth, or one unit of the last digit where that is more."""
_FRACTIONS = {"[ratio]", "[mass fraction]", "[amount fraction]", "[atom fraction]",
              "[volume fraction]"}  # fmt: skip


@dataclass(frozen=True)
class Value:
    """``half`` is half a unit of the last printed digit (or the stated uncertainty), in ``unit``;
    for "about" and for ranges what they allow. A bound keeps its number and says so."""

    text: str
    number: float
    unit: str
    half: float
    resolution: float
    qualifier: Qualifier
    at: str
    name: str
    """Where it was encoded, for messages: ``table 'Table S1' row 2 retention``."""

    @property
    def si(self) -> float:
        return float(resolve(self.unit).to_si(Decimal(repr(self.number))))

    @property
    def si_half(self) -> float:
        return self.half * self.factor

    @property
    def factor(self) -> float:
        """SI per unit."""
        return float(resolve(self.unit).factor)

    @property
    def bound(self) -> bool:
        return self.qualifier in ("<", ">")

    @property
    def decimals(self) -> int:
        """Printed digits behind the point."""
        return max(0, -Decimal(repr(self.resolution)).adjusted())

    def from_si(self, value: float) -> float:
        resolved = resolve(self.unit)
        return (value - float(resolved.offset)) / float(resolved.factor)

    def show(self, value: float, extra: int = 1) -> str:
        """A number of the same unit, to ``extra`` digits more than are printed."""
        if value != 0 and not 1e-4 <= abs(value) < 1e7:
            return f"{value:.4g}"
        return f"{value:.{self.decimals + extra}f}"


def dimension(unit: str) -> str:
    """Dimension of a unit; all kinds of fraction count as one here."""
    found = resolve(unit).dimension
    return "[ratio]" if found in _FRACTIONS else found


def exact(number: float, unit: str = "1", name: str = "") -> Value:
    """A number that is counted or defined, not printed to digits."""
    return Value(f"{number:g}", float(number), unit, 0.0, 1.0, "", "", name)


def read(text: object, *, where: str, at: str = "", unit: str = "", given: str = "") -> Value:
    """A printed number with its qualifier.

    ``unit`` is that of a table's column, so the text holds none; ``given`` is the unit that a
    number here usually has, for the message where one is missing.

    Raises:
        InputError: no number, a decimal comma, an unknown unit, or none where there must be one.
    """
    if isinstance(text, list):
        raise InputError(
            f"{text!r} is more than one value",
            where=where,
            remedy="give each a [[record]] of its own, or both as [[statement]] of one `about`",
        )
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise InputError(
            f"{text!r} is not a printed number", where=where, remedy="put it in quotes"
        )
    whole = str(text).strip()
    bare, qualifier = _qualified(whole)
    if unit == "1":  # a column that says that its numbers have none
        unit = given = ""
    try:
        span = _RANGE.match(bare)
        if span:
            return _range(span, whole, unit, where, at, given)
        printed = parse_number(f"{bare} {unit}" if unit else bare)
        resolve(printed.unit)
    except InputError as error:
        raise (error if error.where else error.at(where)) from None
    _has_unit(printed.unit, given, whole, where)
    number, resolution = float(printed.value), float(printed.resolution)
    if number and not 1e-60 < abs(number) < 1e60:
        raise InputError(f"'{whole}' is beyond any measured number", where=where)
    half = resolution / 2 if printed.uncertainty is None else float(printed.uncertainty)
    if qualifier == "~":
        half = max(resolution, ABOUT * abs(number))
    shown = f"{whole} {unit}".strip() if unit not in ("", "1") else whole
    return Value(shown, number, printed.unit or "1", half, resolution, qualifier, at, where)


def _qualified(text: str) -> tuple[str, Qualifier]:
    found = _QUALIFIER.match(text)
    if found is None:
        return text, ""
    return text[found.end() :], _WORDS[found["word"].lower()]


def _range(span: re.Match[str], text: str, column: str, where: str, at: str, given: str) -> Value:
    low, high = (parse_number(span[end].replace("−", "-")) for end in ("low", "high"))
    unit = column or span["unit"].strip()
    resolve(unit)
    _has_unit(unit, given, text, where)
    resolution = float(max(low.resolution, high.resolution))
    middle = float(low.value + high.value) / 2
    half = abs(float(high.value - low.value)) / 2 + resolution / 2
    shown = f"{text} {column}".strip() if column not in ("", "1") else text
    return Value(shown, middle, unit or "1", half, resolution, "range", at, where)


def _has_unit(unit: str, given: str, text: str, where: str) -> None:
    # A bare "80.8" could be a fraction or a percentage: a percentage names itself.
    if not unit and given not in ("", "1"):
        remedy = f"write it as '{text} {given}'"
        raise InputError(f"'{text}' has no unit", where=where, remedy=remedy)


@dataclass(frozen=True)
class Size:
    """Lengths as printed: ``3.0 × 3.3 cm^2``; ``power`` is that of the printed unit."""

    text: str
    lengths: tuple[Value, ...]
    power: int
    at: str
    name: str


_TIMES = re.compile(r"\s*[x×*]\s*")
_LENGTH = re.compile(
    r"^(?P<number>[\d.]+)\s*(?P<unit>[A-Za-zµμÅ]*)\s*(?:\^|\*\*)?(?P<power>[23²³]?)$"
)


def read_size(text: object, *, where: str, at: str = "") -> Size:
    """``12 mm`` (a diameter), ``3.0 x 3.3 cm^2``, ``200 um x 200 um x 100 um``, ``5120 x 3840``.

    Raises:
        InputError: not lengths.
    """
    parts = [_LENGTH.match(part.strip()) for part in _TIMES.split(str(text).strip())]
    if any(part is None for part in parts):
        raise InputError(
            f"'{text}' is not a size", where=where, remedy="write it as in '3.0 x 3.3 cm^2'"
        )
    found = [part for part in parts if part is not None]
    unit = found[-1]["unit"]
    power = int({"²": "2", "³": "3"}.get(found[-1]["power"], found[-1]["power"]) or 1)
    lengths = tuple(
        read(f"{part['number']} {part['unit'] or unit}".strip(), where=where, at=at)
        for part in found
    )
    return Size(str(text), lengths, power, at, where)
