"""Numbers, units and names as they are read on a page: ``1.2(3)e-5`` becomes ``1.2(3) × 10⁻⁵``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal

from polylyte.core import units
from polylyte.core.errors import InputError
from polylyte.core.numbers import format_number, parse_number
from polylyte.core.quantities import Quantity
from polylyte.core.runs import Expected

NOT_DETERMINED = "not determined"
MINUS = "\u2212"

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_IDLE_ZEROS = re.compile(r"\.?0+e")
_EXPONENT = re.compile(r"e([-+]?\d+)")
_CHARGE = re.compile(r"(?<=[A-Za-z0-9])\+(?![\w+])")
_RATE = re.compile(r"\d+(?:\.\d+)?C")
_UNSAFE = re.compile(r"[^\w@+.=-]+")


def unit_text(unit: str) -> str:
    """A unit for print: ``mS/cm`` becomes ``mS cm⁻¹``, ``V vs Li/Li+`` gets its charge raised."""
    if unit == "C-rate":
        return "C"
    return _CHARGE.sub("⁺", units.pretty(unit))


def number_text(value: float, std: float | None = None) -> str:
    """A value with its uncertainty, a proper minus and a proper power of ten."""
    text = format_number(value, std)
    if std is None:
        text = _IDLE_ZEROS.sub("e", text)
    text = text.replace("-", MINUS, 1) if text.startswith("-") else text
    return _EXPONENT.sub(lambda m: f" × 10{str(int(m[1])).translate(_SUPERSCRIPTS)}", text)


def power_of_ten(power: int) -> str:
    """``10⁻⁵``."""
    return f"10{str(power).translate(_SUPERSCRIPTS)}"


def tick_text(value: float) -> str:
    """A number beside an axis: ``0.3``, ``20``, ``10⁻⁵``, ``2 × 10⁶``."""
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    if value == 0 or -3 <= int(exponent) < 4:
        return f"{value:g}".replace("-", MINUS)
    digits = f"{float(mantissa):g}".replace("-", MINUS)
    power = power_of_ten(int(exponent))
    return power if digits == "1" else f"{digits} × {power}"


def value_text(quantity: Quantity) -> str:
    """The value with its uncertainty, without the unit; a dash where it is not known."""
    return "–" if quantity.value is None else number_text(quantity.value, quantity.std)


def with_unit(number: str, unit: str) -> str:
    """A number and its unit; a C-rate and a percent sign are written as chemists do."""
    shown = unit_text(unit)
    return f"{number}{shown}" if unit == "C-rate" else f"{number} {shown}".strip()


def quantity_text(quantity: Quantity) -> str:
    """A quantity in running text.

    >>> quantity_text(Quantity(1.0312, "mS/cm", {"fit": 0.042}))
    '1.03(4) mS cm⁻¹'
    """
    if quantity.value is None:
        return NOT_DETERMINED
    return with_unit(number_text(quantity.value, quantity.std), quantity.unit)


def interval_text(quantity: Quantity) -> str:
    """The 95 % interval where it is not symmetric, else nothing."""
    if quantity.interval is None:
        return ""
    # Two digits beyond the interval's own width; more would be noise.
    low, high = quantity.interval
    width = abs(high - low)
    places = 1 - math.floor(math.log10(width)) if width > 0 else 3
    if max(abs(low), abs(high)) < 1e-3 or max(abs(low), abs(high)) >= 1e6:
        power = math.floor(math.log10(max(abs(low), abs(high)) or 1.0))
        shown = _ends(low / 10.0**power, high / 10.0**power, places + power)
        return f"95 %: ({shown}) × 10{str(power).translate(_SUPERSCRIPTS)}"
    return f"95 %: {_ends(low, high, places)}"


def _ends(low: float, high: float, places: int) -> str:
    texts = (f"{end:.{max(0, min(places, 9))}f}" for end in (low, high))
    return " to ".join(text.replace("-", MINUS) for text in texts)


def given_text(text: str) -> str:
    """A number with a unit as somebody wrote it, made pretty; any other text as it is.

    >>> given_text("25 degC"), given_text("1E-2 S/cm"), given_text("two regimes")
    ('25 °C', '0.01 S cm⁻¹', 'two regimes')
    """
    if _RATE.fullmatch(text):
        return text
    try:
        printed = parse_number(text)
        units.unit(printed.unit)
    except InputError:
        return text
    std = None if printed.uncertainty is None else float(printed.uncertainty)
    return with_unit(number_text(float(printed.value), std), printed.unit)


def published_text(expected: Expected, unit: str = "") -> str:
    """A published value with the digits that were printed; its unit where it is not ``unit``."""
    quantity = expected.value
    if quantity.value is None:
        return "–"
    if quantity.std is not None:
        number = number_text(quantity.value, quantity.std)
    else:
        number = printed_digits(quantity.value, expected.resolution)
    sign = "" if expected.qualifier in ("", "=") else f"{expected.qualifier}\u202f"
    shown = number if quantity.unit == unit else with_unit(number, quantity.unit)
    return f"{sign}{shown}"


def printed_digits(value: float, resolution: float) -> str:
    """``value`` rounded to the last printed digit, trailing zeros kept.

    >>> printed_digits(1.1, 0.01)
    '1.10'
    """
    if not (resolution > 0 and math.isfinite(resolution)):
        return number_text(value)
    place = Decimal(repr(resolution)).adjusted()
    if value and (abs(value) < 1e-3 or abs(value) >= 1e6):
        power = Decimal(repr(value)).adjusted()
        mantissa = printed_digits(value / 10.0**power, 10.0 ** (place - power))
        return f"{mantissa} × 10{str(power).translate(_SUPERSCRIPTS)}"
    rounded = round(Decimal(repr(value)), -place)
    return f"{rounded:.{max(0, -place)}f}".replace("-", MINUS)


def deviation_text(deviation: float | None) -> str:
    """Δ/u with its sign."""
    if deviation is None or not math.isfinite(deviation):
        return ""
    return f"{deviation:+.1f}".replace("-", MINUS)


def words(name: str) -> str:
    """A field's name in words: ``transference_number`` becomes ``transference number``."""
    return name.replace("_", " ")


def split_condition(name: str) -> tuple[str, str]:
    """``conductivity@25degC`` is ``conductivity`` at ``25 °C``."""
    base, _, condition = name.partition("@")
    return base, given_text(condition)


def seconds_text(seconds: float) -> str:
    """A duration as one reads it."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 90:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def size_text(size: int) -> str:
    """A file's size in decimal units."""
    for unit, factor in (("MB", 1_000_000), ("kB", 1000)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def dotted(text: str) -> str:
    """The text with a full stop, without a second one."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def count(number: int, singular: str, plural: str = "") -> str:
    """``1 step``, ``2 steps``."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def listing(items: Iterable[str]) -> str:
    """``a, b and c``."""
    parts = list(items)
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def anchor(name: str) -> str:
    """An id for HTML: the name itself, without spaces."""
    return re.sub(r"\s+", "_", name)


def file_name(*parts: str) -> str:
    """A name for a file that is safe on every system and stays in its folder."""
    return _UNSAFE.sub("_", ".".join(part.strip(".") or "_" for part in parts))


def unused(stem: str, taken: Iterable[str]) -> str:
    """``stem``, numbered where it is taken, on systems that ignore case too."""
    lower = {name.lower() for name in taken}
    made, number = stem, 2
    while made.lower() in lower:
        made, number = f"{stem}-{number}", number + 1
    return made
