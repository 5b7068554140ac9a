"""Numbers as chemists print them: ``60(2) um``, ``1.03(4)e-3 S/cm``, ``10 ± 0.5 mV``.

Number, uncertainty and unit are split here and nowhere else; a unit library is
silently wrong on this notation. Values stay decimal so that 60 um and 0.06 mm
are the same key.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import NamedTuple

from polylyte.core.errors import InputError

_NUMBER = r"[-+\u2212]?(?:\d+(?:\.\d*)?|\.\d+)"
_TEXT = re.compile(
    rf"""^\s*(?P<number>{_NUMBER})
        (?:\((?P<digits>\d+(?:\.\d+)?)\))?
        (?:\s*(?:[eE]|[x×]\s*10\^?)(?P<exponent>[-+\u2212]?\d+))?
        (?:\s*(?:±|\+/-|\+-)\s*(?P<plus_minus>{_NUMBER}(?:[eE][-+]?\d+)?))?
        \s*(?P<unit>\S.*?)?\s*$""",
    re.VERBOSE,
)


class Printed(NamedTuple):
    """A printed number: its value, its stated uncertainty (or None), its unit's text."""

    value: Decimal
    uncertainty: Decimal | None
    unit: str
    resolution: Decimal
    """One unit of the last printed digit."""


def parse_number(text: str) -> Printed:
    """Split ``text`` into value, uncertainty and unit.

    Raises:
        InputError: the text does not begin with a number, or holds a decimal comma.
    """
    match = _TEXT.match(text)
    if match is None:
        raise InputError(
            f"'{text}' is not a number with a unit", remedy="write it as in '60(2) um' or '10 mV'"
        )
    unit = match["unit"] or ""
    if re.match(r",\d", unit):
        raise InputError(f"'{text}' has a decimal comma", remedy="write a decimal point")
    if re.match(r"[\d.(]", unit):
        raise InputError(
            f"'{text}' is not a number with a unit", remedy="write it as in '60(2) um' or '10 mV'"
        )
    number = Decimal(match["number"].replace("\u2212", "-"))
    power = Decimal(1).scaleb(int((match["exponent"] or "0").replace("\u2212", "-")))
    last_digit = Decimal(1).scaleb(int(number.as_tuple().exponent))
    uncertainty = None
    if match["digits"]:
        digits = Decimal(match["digits"])
        uncertainty = (digits if "." in match["digits"] else digits * last_digit) * power
    if match["plus_minus"]:
        if uncertainty is not None:
            raise InputError(f"'{text}' states its uncertainty twice", remedy="keep one of them")
        uncertainty = abs(Decimal(match["plus_minus"].replace("\u2212", "-")))
    return Printed(number * power, uncertainty, unit, last_digit * power)


def canonical(value: Decimal) -> str:
    """The one spelling of a decimal value: ``0.060`` and ``6e-2`` both give ``6E-2``."""
    if value == 0:
        return "0"
    sign, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    shift = int(exponent) + len(digits) - len(text)
    return f"{'-' if sign else ''}{text}E{shift}"


def format_number(value: float, std: float | None) -> str:
    """Concise notation, one significant digit of uncertainty (two if it begins with 1).

    >>> format_number(1.0312, 0.042)
    '1.03(4)'
    >>> format_number(1253.4, 12)
    '1253(12)'
    """
    if not math.isfinite(value):
        return str(value)
    if std is None or std <= 0 or not math.isfinite(std):
        return f"{value:.6g}" if value == 0 or 1e-4 <= abs(value) < 1e6 else f"{value:.4e}"
    if value and not 1e-3 <= abs(value) < 1e6:
        power = math.floor(math.log10(max(abs(value), std)))
        return f"{format_number(value / 10.0**power, std / 10.0**power)}e{power}"
    place = math.floor(math.log10(std))
    if round(std / 10.0**place) >= 10:
        place += 1
    if round(std / 10.0 ** (place - 1)) < 20:
        place -= 1
    decimals = max(0, -place)
    shown = round(std / 10.0**place) if place < 0 else round(std, -place)
    rounded = round(value, -place) if place > 0 else value
    return f"{rounded:.{decimals}f}({shown:.0f})"
