"""Unit names, resolved once each. pint knows the names; the notation is ours."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from polylyte.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SUPERSCRIPT_RUN = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+")
_POWER = re.compile(r"(?<=[A-Za-z\u2126\u03a9\u00b5\u03bc%])\s*\^?\s*([-+−]?\d+)")

# Names whose meaning here differs from a physics unit of the same spelling, or which
# must never be mixed with one another although all are "dimensionless".
_OWN = {
    "%": ("0.01", "[ratio]"),
    "1": ("1", "[ratio]"),
    "": ("1", "[ratio]"),
    "ppm": ("1e-6", "[ratio]"),
    "wt%": ("0.01", "[mass fraction]"),
    "mol%": ("0.01", "[amount fraction]"),
    "at%": ("0.01", "[atom fraction]"),
    "vol%": ("0.01", "[volume fraction]"),
    "C-rate": ("1", "[C-rate]"),
    "V vs Li/Li+": ("1", "[potential vs Li/Li+]"),
    "mV vs Li/Li+": ("0.001", "[potential vs Li/Li+]"),
    "EUR": ("1", "[money]"),
    "USD": ("1", "[dollar]"),
}
_SPELLINGS = {
    "\u2126": "ohm",  # the ohm sign
    "\u03a9": "ohm",  # a capital omega
    "\u03bc": "\u00b5",  # a small mu for the micro sign
    "−": "-",
    "·": "*",
    "⋅": "*",
    "°C": "degC",
}
_CYCLE = re.compile(r"\bcycles?\b")
_FRACTION = re.compile(r"(wt|mol|at|vol)\s+%")
_DEFINITIONS = ("EUR = [money]", "USD = [dollar]")


class Unit(NamedTuple):
    """SI value = value · factor + offset."""

    text: str
    factor: Decimal
    offset: Decimal
    dimension: str

    def to_si(self, value: Decimal) -> Decimal:
        return value * self.factor + self.offset


@cache
def _registry() -> Any:
    import pint

    registry: Any = pint.UnitRegistry(non_int_type=Decimal, cache_folder=None)
    for line in _DEFINITIONS:
        registry.define(line)
    return registry


def _normalise(text: str) -> str:
    text = _SUPERSCRIPT_RUN.sub(lambda run: "^" + run[0].translate(_SUPERSCRIPTS), text)
    for spelling, name in _SPELLINGS.items():
        text = text.replace(spelling, name)
    # pint's "cycle" is a turn, 2 pi; ours is one charge and discharge.
    text = _CYCLE.sub("count", text)
    text = _POWER.sub(r"**\1", text.strip())
    return re.sub(r"\s*([*/])\s*", r"\1", text).replace(" ", "*").replace("***", "**")


def _spell(dimensionality: Mapping[str, Any]) -> str:
    parts = [f"{name}^{float(power):g}" for name, power in sorted(dimensionality.items())]
    return " ".join(parts) or "[ratio]"


@cache
def unit(text: str) -> Unit:
    """Resolve a unit's text.

    Raises:
        InputError: no such unit.
    """
    clean = _FRACTION.sub(r"\1%", text.strip())
    if clean in _OWN:
        own_factor, own_dimension = _OWN[clean]
        return Unit(clean, Decimal(own_factor), Decimal(0), own_dimension)
    # "deg" per something or a difference of temperatures never carries the 273.15 offset.
    if clean in ("delta_degC", "ΔK", "ΔdegC", "Δ°C"):
        return Unit(clean, Decimal(1), Decimal(0), "[temperature difference]")
    if clean in ("degC", "°C", "℃"):
        return Unit(clean, Decimal(1), Decimal("273.15"), "[temperature]^1")
    name = _normalise(clean)
    if "degC" in name:
        name = name.replace("degC", "kelvin")
    if re.search(r"(wt|at|mol|vol)?%", name):
        name = name.replace("%", "percent")
    try:
        parsed = _registry().parse_units(name)
        base = _registry().Quantity(Decimal(1), parsed).to_base_units()
        dimension = _spell(base.dimensionality)
        factor = Decimal(base.magnitude)
    except Exception as error:  # pint raises a dozen kinds for an unknown or broken name
        raise InputError(f"'{text}' is not a unit known here") from error
    return Unit(clean, factor, Decimal(0), dimension)


def convert(value: float, source: str, target: str) -> float:
    """``value`` in ``source`` units, in ``target`` units.

    Raises:
        InputError: the two do not measure the same thing.
    """
    a, b = unit(source), unit(target)
    if a.dimension != b.dimension:
        raise InputError(f"'{source}' cannot be given in '{target}'")
    return float((Decimal(repr(float(value))) * a.factor + a.offset - b.offset) / b.factor)


_SUPERSCRIPT_OUT = str.maketrans("0123456789-.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻·")
_SYMBOLS = {
    "um": "µm",
    "uL": "µL",
    "uA": "µA",
    "uAh": "µAh",
    "uF": "µF",
    "degC": "°C",
    "delta_degC": "K",
    "ohm": "Ω",
}
_DIVISOR = re.compile(r"/\s*\(([^()/]*)\)")
_TIMES = re.compile(r"[ *·⋅]+")
_FACTOR = re.compile(r"(.*?[^\d.+-])\^?([-+]?\d+(?:\.\d+)?)?")


def factors(text: str) -> dict[str, float]:
    """Names and powers of a unit's text, in its order: ``mS/cm`` is ``{mS: 1, cm: -1}``."""
    powers: dict[str, float] = {}
    clean = _SUPERSCRIPT_RUN.sub(lambda run: "^" + run[0].translate(_SUPERSCRIPTS), text)
    clean = clean.replace("**", "^").replace("−", "-")
    clean = _DIVISOR.sub(lambda found: "/" + _TIMES.sub("/", found[1].strip()), clean)
    for index, group in enumerate(clean.split("/")):
        for position, part in enumerate(p for p in _TIMES.split(group) if p not in ("", "1")):
            match = _FACTOR.fullmatch(part)
            name, power = (match[1], float(match[2] or 1)) if match else (part, 1.0)
            sign = -1 if index and not position else 1
            powers[name] = powers.get(name, 0.0) + sign * power
    return powers


@cache
def multiply(a: str, b: str, power: int = 1) -> str:
    """The text of ``a · b**power``."""
    powers = factors(a)
    for name, exponent in factors(b).items():
        powers[name] = powers.get(name, 0.0) + power * exponent
    kept = [name if p == 1 else f"{name}^{p:g}" for name, p in powers.items() if p]
    return " ".join(kept) or "1"


def pretty(text: str) -> str:
    """A unit for print: ``mS/cm`` becomes ``mS cm⁻¹``."""
    if text in ("", "1"):
        return ""
    if " vs " in text or "%" in text:
        return text
    return " ".join(_raised(name, power) for name, power in factors(text).items())


def _raised(name: str, power: float) -> str:
    symbol = _SYMBOLS.get(name, name)
    return symbol if power == 1 else symbol + f"{power:g}".translate(_SUPERSCRIPT_OUT)
