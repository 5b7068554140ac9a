"""Numbers as chemists print them: ``60(2) um``, ``1.03(4)e-3 S/cm``, ``10 ± 0.5 mV``.

Number, uncertainty and unit are split here and nowhere else; a unit library is
silently wrong on this notation. Values stay decimal so that 60 um and 0.06 mm
are the same key.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from functools import lru_cache
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


@lru_cache(maxsize=4096)
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
    exponent = int((match["exponent"] or "0").replace("\u2212", "-"))
    if abs(exponent) > 300 or abs(number.adjusted() + exponent) > 300:
        raise InputError(f"'{text}' is beyond any number here", remedy="check the exponent")
    power = Decimal(1).scaleb(exponent)
    last_digit = Decimal(1).scaleb(int(number.as_tuple().exponent))
    uncertainty = None
    if match["digits"]:
        digits = Decimal(match["digits"])
        uncertainty = (digits if "." in match["digits"] else digits * last_digit) * power
    if match["plus_minus"]:
        if uncertainty is not None:
            raise InputError(f"'{text}' states its uncertainty twice", remedy="keep one of them")
        uncertainty = abs(Decimal(match["plus_minus"].replace("\u2212", "-")))
    if uncertainty is not None and uncertainty.adjusted() > 300:
        raise InputError(f"'{text}' is beyond any number here", remedy="check the exponent")
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
    # An uncertainty below 1e-15 of the value is less than the number itself resolves.
    if std is None or not abs(value) * 1e-15 < std < math.inf:
        return f"{value:.6g}" if value == 0 or 1e-4 <= abs(value) < 1e6 else f"{value:.4e}"
    exact, spread = Decimal(repr(float(value))), Decimal(repr(float(std)))
    place = spread.adjusted()
    if round(spread.scaleb(1 - place)) < 20:
        place -= 1
    number, shown = Decimal(round(exact.scaleb(-place))), round(spread.scaleb(-place))
    scale = max(abs(number), Decimal(shown)).scaleb(place)
    if Decimal("1e-3") <= scale < 1_000_000:
        return f"{number.scaleb(place):.{max(0, -place)}f}({shown * 10 ** max(0, place)})"
    power = scale.adjusted()
    return f"{number.scaleb(place - power):.{power - place}f}({shown})e{power}"
