"""The conditions of a result: what they are called, how they are asked for, how they class it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from polylyte.core import units
from polylyte.core.errors import InputError, nearest
from polylyte.core.numbers import parse_number
from polylyte.core.quantities import Quantity

_ASKED = re.compile(r"^\s*(>=|<=|>|<|≥|≤)?\s*(.+?)\s*$")
_BETWEEN = re.compile(r"^([-\d.]+)\s*(?:–|to)\s*([-\d.]+)\s*(.*)$")

CATHODES = {
    "LFP": "LiFePO4",
    "LCO": "LiCoO2",
    "LMFP": "LiMnxFe1-xPO4",
    "LNMO": "LiNi0.5Mn1.5O4",
    "LRMO": "Li-rich Mn-based layered oxide",
    **{f"{mix}811": "LiNi0.8Co0.1Mn0.1O2" for mix in ("NCM", "NMC")},
    **{f"{mix}622": "LiNi0.6Co0.2Mn0.2O2" for mix in ("NCM", "NMC")},
    **{f"{mix}111": "LiNi1/3Co1/3Mn1/3O2" for mix in ("NCM", "NMC")},
    **dict.fromkeys(("NCM532", "NMC532", "NCM523", "NMC523"), "LiNi0.5Co0.2Mn0.3O2"),
}
"""Names in use, and the one spelling of the tables (erratum C-E23)."""

NUMERIC = {
    "cut_off": "V",
    "areal_capacity": "mAh/cm^2",
    "np_ratio": "1",
    "ec_ratio": "g/Ah",
    "temperature": "degC",
    "rate": "C-rate",
    "cycles": "1",
}
WORDS = ("source", "cathode", "anode", "cell_format", "basis", "criterion", "instrument", "sample")
_CLASSES: Mapping[str, tuple[tuple[str, Callable[[float], bool]], ...]] = {
    "areal_capacity": (
        ("< 1 mAh cm⁻²", lambda v: v < 1),
        ("1 to 3 mAh cm⁻²", lambda v: v < 3),
        ("≥ 3 mAh cm⁻²", lambda v: True),
    ),
    "np_ratio": (("N/P ≤ 3", lambda v: v <= 3), ("N/P > 3", lambda v: True)),
    "ec_ratio": (
        ("E/C ≤ 3.5 g/Ah", lambda v: v <= 3.5),
        ("E/C 3.5 to 10 g/Ah", lambda v: v <= 10),
        ("E/C > 10 g/Ah", lambda v: True),
    ),
    "temperature": (
        ("below 20 °C", lambda v: v < 20),
        ("20 to 30 °C", lambda v: v <= 30),
        ("30 to 50 °C", lambda v: v <= 50),
        ("above 50 °C", lambda v: True),
    ),
    "rate": (
        ("≤ 0.2 C", lambda v: v <= 0.2),
        ("0.2 to 0.5 C", lambda v: v <= 0.5),
        ("0.5 to 1 C", lambda v: v <= 1),
        ("> 1 C", lambda v: True),
    ),
}
"""Classes by condition: the first whose test holds."""


class Condition(NamedTuple):
    """One condition of one result; ``why`` says why it is not known or cannot be used."""

    value: float | str | None
    unit: str = ""
    why: str = "not stated"


_SPELLED = {"np_ratio": "N/P", "ec_ratio": "E/C", "cut_off": "cut-off"}


def spelled(name: str) -> str:
    """A condition's name in running text."""
    return _SPELLED.get(name, name.replace("_", " "))


Conditions = Mapping[str, Condition]


def cathode(name: str) -> str:
    """The tables' spelling of a cathode's name."""
    return CATHODES.get(name.upper().strip(), name.strip())


def known_names() -> list[str]:
    """Every condition that ``within`` and ``by`` may name."""
    return [*WORDS, *NUMERIC]


def check(name: str, where: str) -> str:
    """The name itself.

    Raises:
        InputError: no such condition; names the nearest.
    """
    if name not in known_names():
        raise InputError(
            f"there is no condition '{name}'", where=where, remedy=nearest(name, known_names())
        )
    return name


def fits(name: str, asked: Any, condition: Condition) -> bool | None:
    """Whether a result meets what is asked of one condition; None where it does not say.

    Raises:
        InputError: the condition is no number with a unit, or of another dimension.
    """
    if name in WORDS:
        wanted = cathode(str(asked)) if name == "cathode" else str(asked)
        if condition.value is None:
            return None
        return str(condition.value).casefold() == wanted.casefold()
    low, high, unit = _asked(name, str(asked))
    if condition.value is None or unit_differs(condition.unit, unit):
        return None
    value = units.convert(float(condition.value), condition.unit or unit, unit)
    return low <= value <= high


def unit_differs(a: str, b: str) -> bool:
    """g/Ah and mL/Ah measure different things: no density is assumed."""
    return bool(a) and units.unit(a).dimension != units.unit(b).dimension


def _asked(name: str, text: str) -> tuple[float, float, str]:
    match = _ASKED.match(text)
    sign, rest = (match[1] or "", match[2]) if match else ("", text)
    between = _BETWEEN.match(rest)
    expected = NUMERIC[name]
    where = f"within.{name}"
    try:
        first = parse_number(f"{between[1]} {between[3]}" if between else rest)
        unit = first.unit or ("1" if expected == "1" else "")
        if not unit:
            raise InputError(f"'{text}' has no unit", remedy=f"write it as in '3 {expected}'")
        other = units.unit(unit).dimension != units.unit(expected).dimension
        if other and not (name == "ec_ratio" and unit_is_volume(unit)):
            raise InputError(f"'{text}' does not fit", remedy=f"give it in {expected}")
    except InputError as error:
        raise error.at(where) from None
    value = float(first.value)
    if between:
        return value, float(between[2]), unit
    half = float(first.resolution) / 2 if name != "cycles" else 0.0
    infinity = float("inf")
    match sign:
        case ">=" | "≥":
            return value, infinity, unit
        case ">":
            return value + 1e-12, infinity, unit
        case "<=" | "≤":
            return -infinity, value, unit
        case "<":
            return -infinity, value - 1e-12, unit
        case _:
            return value - half, value + half, unit


def unit_is_volume(unit: str) -> bool:
    """Whether an E/C is given as a volume per charge or per area."""
    return units.unit(unit).dimension in {units.unit(u).dimension for u in ("mL/Ah", "uL/cm^2")}


def klass(name: str, condition: Condition) -> str | None:
    """The class of a condition that a stratum is made of; None where it is not known."""
    value = condition.value
    if value is None:
        return None
    if name in WORDS:
        return str(value)
    number = float(value)
    if name == "ec_ratio" and unit_differs(condition.unit, "g/Ah"):
        return f"E/C in {units.pretty(condition.unit)}"
    if name in _CLASSES:
        return next(label for label, holds in _CLASSES[name] if holds(number))
    return f"{number:g} {units.pretty(NUMERIC[name])}".strip()


def of_quantity(name: str, quantity: Quantity | None) -> Condition:
    """A condition of one's own result."""
    if quantity is None or quantity.value is None:
        return Condition(None, why="not given")
    expected = NUMERIC[name]
    if name == "ec_ratio":
        if quantity.unit in ("", "1"):
            raise InputError(f"'{quantity}' has no unit", where=name, remedy="g/Ah or mL/Ah")
        if not unit_differs(quantity.unit, expected):
            return Condition(quantity.to(expected).value, expected)
        if not unit_is_volume(quantity.unit):
            raise InputError(f"'{quantity}' is no E/C", where=name, remedy="g/Ah or mL/Ah")
        return Condition(quantity.value, quantity.unit)
    return Condition(quantity.to(expected).value, expected)


def of_cell(row: Mapping[str, Any], areal: float | None) -> dict[str, Condition]:
    """The conditions of one row of ``cells``; N/P and E/C as stated, never filled in."""
    np_ratio = Condition(row["np_ratio"], "1")
    if row["np_ratio"] is not None and row["np_ratio"] < 1 and row["anode"] == "Li":
        np_ratio = Condition(None, why="printed below 1 with a lithium anode: of another meaning")
    unit = row["ec_unit"] or "g/Ah"
    return {
        "source": Condition(row["seed"]),
        "cathode": Condition(row["cathode"]),
        "anode": Condition(row["anode"]),
        "cell_format": Condition(
            None if row["cell_format"] == "not stated" else row["cell_format"]
        ),
        "basis": Condition(row["retention_basis"]),
        "cut_off": Condition(row["v_max"], "V"),
        "areal_capacity": Condition(areal, "mAh/cm^2"),
        "np_ratio": np_ratio,
        "ec_ratio": Condition(row["ec_ratio"], unit),
        "temperature": Condition(row["temperature_C"], "degC"),
        "rate": Condition(row["c_rate_charge"], "C-rate"),
        "cycles": Condition(row["cycles"], "1"),
    }
