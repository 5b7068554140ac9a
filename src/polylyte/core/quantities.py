"""A value with its unit, and where each part of its uncertainty comes from.

Uncertainty is kept by source: ``components = {source: signed contribution}``. Two results
that share a source stay correlated, so x - x is 0 +- 0 and the ratio of two conductivities
of one cell drops the error of its area. Propagation is linear (first order), in SI.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

from polylyte.core import units
from polylyte.core.errors import InputError
from polylyte.core.numbers import format_number, parse_number

How = Literal["given", "measured", "derived", "simulated", "virtual", "published", "assumed"]
LOCAL = "~"
"""A source that begins so belongs to the run that made it; the run's name replaces the mark."""


def _frozen(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(mapping))


@dataclass(frozen=True)
class Quantity:
    """``value`` is None where a method could not determine it; ``flags`` say why."""

    value: float | None
    unit: str = "1"
    components: Mapping[str, float] = field(default_factory=dict)
    how: How = "given"
    conditions: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    interval: tuple[float, float] | None = None
    """95 % interval where it is not symmetric (profile likelihood)."""

    def __post_init__(self) -> None:
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"a quantity is finite or None, not {self.value}")
        if not all(map(math.isfinite, (*self.components.values(), *(self.interval or ())))):
            raise ValueError(f"an uncertainty is finite or not stated: {dict(self.components)}")
        object.__setattr__(self, "components", _frozen(self.components))
        object.__setattr__(self, "conditions", _frozen(self.conditions))

    def __reduce__(self) -> tuple[Any, ...]:
        state = (self.value, self.unit, dict(self.components), self.how)
        return Quantity, (*state, dict(self.conditions), self.flags, self.interval)

    @property
    def std(self) -> float | None:
        """Standard uncertainty in ``unit``; None where no part of it is known."""
        if self.value is None or not self.components:
            return None
        return math.sqrt(math.fsum(part * part for part in self.components.values()))

    @property
    def si(self) -> float:
        """The value in SI base units (kelvin for temperatures).

        Raises:
            ValueError: the value is not known.
        """
        if self.value is None:
            raise ValueError(f"no value: {', '.join(self.flags) or 'not determined'}")
        return float(units.unit(self.unit).to_si(Decimal(repr(float(self.value)))))

    @property
    def si_components(self) -> dict[str, float]:
        factor = float(units.unit(self.unit).factor)
        return {source: part * factor for source, part in self.components.items()}

    def to(self, unit: str) -> Quantity:
        """The same quantity in another unit.

        Raises:
            InputError: the units do not measure the same thing.
        """
        if unit == self.unit:
            return self
        ratio = float(units.unit(self.unit).factor / units.unit(unit).factor)
        value = None if self.value is None else units.convert(self.value, self.unit, unit)
        return replace(
            self,
            value=value,
            unit=unit,
            components={source: part * ratio for source, part in self.components.items()},
            interval=self.interval
            and (
                units.convert(self.interval[0], self.unit, unit),
                units.convert(self.interval[1], self.unit, unit),
            ),
        )

    def flagged(self, *flags: str) -> Quantity:
        return replace(self, flags=(*self.flags, *flags))

    def given(self, **conditions: str) -> Quantity:
        """The same quantity with more conditions (temperature="25 degC")."""
        return replace(self, conditions={**self.conditions, **conditions})

    def __str__(self) -> str:
        if self.value is None:
            return f"not determined ({', '.join(self.flags)})" if self.flags else "not determined"
        number = format_number(self.value, self.std)
        if number.startswith("-"):
            number = number.replace("-", "\u2212")
        return f"{number} {units.pretty(self.unit)}".strip()

    def __add__(self, other: Quantity) -> Quantity:
        return self._linear(other, 1.0)

    def __sub__(self, other: Quantity) -> Quantity:
        return self._linear(other, -1.0)

    def _absolute(self) -> Quantity:
        """Arithmetic on temperatures is done in kelvin: 30 degC - 25 degC is 5 K."""
        return self.to("K") if units.unit(self.unit).offset else self

    def _linear(self, other: Quantity, sign: float) -> Quantity:
        if units.unit(self.unit).offset:
            return self._absolute()._linear(other, sign)
        other = other.to(self.unit)
        if self.value is None or other.value is None:
            return Quantity(None, self.unit, flags=(*self.flags, *other.flags))
        parts = dict(self.components)
        for source, part in other.components.items():
            parts[source] = parts.get(source, 0.0) + sign * part
        return Quantity(self.value + sign * other.value, self.unit, parts, "derived")

    def __mul__(self, other: Quantity | float) -> Quantity:
        if isinstance(other, Quantity):
            return _product(self, other, 1)
        return self._scaled(float(other))

    __rmul__ = __mul__

    def __truediv__(self, other: Quantity | float) -> Quantity:
        if isinstance(other, Quantity):
            return _product(self, other, -1)
        return self._scaled(1.0 / float(other))

    def _scaled(self, factor: float) -> Quantity:
        if units.unit(self.unit).offset:
            return self._absolute()._scaled(factor)
        value = None if self.value is None else self.value * factor
        parts = {source: part * factor for source, part in self.components.items()}
        return replace(self, value=value, components=parts, interval=None, how="derived")


def _product(a: Quantity, b: Quantity, power: int) -> Quantity:
    a, b = a._absolute(), b._absolute()
    unit = units.multiply(a.unit, b.unit, power)
    if a.value is None or b.value is None:
        return Quantity(None, unit, flags=(*a.flags, *b.flags))
    value = a.value * b.value if power > 0 else a.value / b.value
    parts = {s: part * (b.value if power > 0 else 1 / b.value) for s, part in a.components.items()}
    slope = a.value if power > 0 else -a.value / b.value**2
    for source, part in b.components.items():
        parts[source] = parts.get(source, 0.0) + slope * part
    return Quantity(value, unit, parts, "derived")


def q(text: str, *, source: str = "", how: How = "given") -> Quantity:
    """Read a quantity as it is printed: ``q("60(2) um")``, ``q("1.03 mS/cm")``.

    ``source`` names the uncertainty, so that two results that use it stay correlated.
    The sign of a bracketed uncertainty is +.

    Raises:
        InputError: not a number, or an unknown unit.
    """
    printed = parse_number(text)
    units.unit(printed.unit)
    parts = {}
    if printed.uncertainty is not None:
        parts[source or f"stated in '{text.strip()}'"] = float(printed.uncertainty)
    return Quantity(float(printed.value), printed.unit or "1", parts, how)


def derive(
    equation: Callable[..., float],
    unit: str,
    *,
    how: How = "derived",
    conditions: Mapping[str, str] | None = None,
    **arguments: Quantity,
) -> Quantity:
    """Evaluate an equation on quantities and carry each source of uncertainty through it.

    ``equation`` takes and returns SI floats; the result is given in ``unit``. The slopes are
    central differences with a relative step of 1e-6 of the value (or of the uncertainty where
    the value is zero), so their error is far below the first-order approximation itself.
    Where the equation has no finite value there (a division by zero, the root of a negative
    number), or no slope that an uncertainty needs, the quantity is null, flagged "outside range".

    >>> derive(lambda L, R: L / R, "m/ohm", L=q("60(2) um"), R=q("10 ohm")).std
    2e-07
    """
    missing = {name: arg for name, arg in arguments.items() if arg.value is None}
    if missing:
        flags = tuple(flag for arg in missing.values() for flag in arg.flags)
        return Quantity(None, unit, flags=flags or tuple(f"{name} unknown" for name in missing))
    try:
        value, parts = _propagated(equation, arguments)
    except (ArithmeticError, ValueError):
        return Quantity(None, unit, flags=("outside range",), conditions=conditions or {})
    return from_si(value, unit, parts, how=how, conditions=conditions)


def _propagated(
    equation: Callable[..., float], arguments: Mapping[str, Quantity]
) -> tuple[float, dict[str, float]]:
    """Value and components in SI.

    Raises:
        ArithmeticError: the equation has no finite real value, or no slope.
        ValueError: so, as the ``math`` module says it.
    """
    si = {name: arg.si for name, arg in arguments.items()}
    value = equation(**si)
    parts: dict[str, float] = {}
    for name, arg in arguments.items():
        components = arg.si_components
        if not components:
            continue
        step = 1e-6 * (abs(si[name]) or max(map(abs, components.values()))) or 1e-6
        slope = (
            equation(**{**si, name: si[name] + step}) - equation(**{**si, name: si[name] - step})
        ) / (2 * step)
        for source, part in components.items():
            parts[source] = parts.get(source, 0.0) + slope * part
    for number in (value, *parts.values()):
        if isinstance(number, complex) or not math.isfinite(number):
            raise ArithmeticError(f"{number} is no finite real number")
    return value, parts


def from_si(
    value: float,
    unit: str,
    components: Mapping[str, float] | None = None,
    *,
    how: How = "derived",
    conditions: Mapping[str, str] | None = None,
    flags: tuple[str, ...] = (),
) -> Quantity:
    """A quantity from SI floats, shown in ``unit``; a value that is not finite is flagged."""
    resolved = units.unit(unit)
    if not math.isfinite(value):
        return Quantity(None, unit, flags=(*flags, "not finite"), conditions=conditions or {})
    shown = float((Decimal(repr(float(value))) - resolved.offset) / resolved.factor)
    factor = float(resolved.factor)
    parts = {source: part / factor for source, part in (components or {}).items()}
    return Quantity(shown, unit, parts, how, conditions or {}, flags)


def require(quantity: Quantity, unit: str, *, where: str) -> Quantity:
    """The quantity itself, if it measures what ``unit`` measures.

    Raises:
        InputError: wrong dimension; names the unit expected.
    """
    if units.unit(quantity.unit).dimension != units.unit(unit).dimension:
        raise InputError(
            f"'{quantity}' has the wrong dimension",
            where=where,
            remedy=f"give it in {unit}" if unit != "1" else "give a plain number",
        )
    return quantity
