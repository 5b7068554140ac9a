"""From text and TOML values to a method's arguments, with messages that name the key."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from polylyte.core import units
from polylyte.core.errors import InputError, nearest
from polylyte.core.kinds import Kind
from polylyte.core.methods import Parameter
from polylyte.core.numbers import parse_number
from polylyte.core.quantities import Quantity, q

_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)"
_C_RATE = re.compile(
    rf"^\s*(?:(?P<a>{_NUMBER})\s*(?:/\s*(?P<b>{_NUMBER})\s*)?C|C\s*/\s*(?P<over>{_NUMBER}))\s*$"
)


def quantity(raw: Any, kind: Kind, *, where: str, source: str) -> Quantity:
    """A quantity of the right kind from text (or from a plain number, where the kind allows it).

    Raises:
        InputError: no number, an unknown unit, or the wrong dimension; names the unit expected.
    """
    if isinstance(raw, Quantity):
        return _of_kind(raw, kind, where)
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise InputError(
            f"{raw!r} is not a quantity", where=where, remedy=f"write it as in '{kind.example()}'"
        )
    if isinstance(raw, int | float):
        if not kind.plain_number:
            raise InputError(
                f"{raw} has no unit", where=where, remedy=f"write it as '{kind.example(raw)}'"
            )
        if not math.isfinite(raw):
            raise InputError(f"{raw} is not a number", where=where, remedy="give a finite one")
        return Quantity(float(raw), "1")
    rate = _C_RATE.match(raw) if kind.si == "C-rate" else None
    if rate:
        over = float(rate["over"] or rate["b"] or 1)
        if not over:
            raise InputError(f"'{raw}' divides by zero", where=where, remedy="write it as in 'C/5'")
        return Quantity(float(rate["a"] or 1) / over, "C-rate")
    try:
        if not kind.plain_number and not parse_number(raw).unit:
            raise InputError(f"'{raw}' has no unit", remedy=f"write it as '{kind.example(raw)}'")
        return _of_kind(q(raw, source=source), kind, where)
    except InputError as error:
        raise error if error.where else error.at(where) from None


def _of_kind(value: Quantity, kind: Kind, where: str) -> Quantity:
    if not kind.si:
        return value
    expected = units.unit(kind.si).dimension
    actual = units.unit(value.unit).dimension
    if actual == expected:
        return value
    if kind.name == "temperature difference" and actual == units.unit("K").dimension:
        # "5 degC" means a difference of five degrees here, not 278.15 K.
        step = value if units.unit(value.unit).offset else value.to("K")
        return replace(step, unit="delta_degC")
    if kind.name == "potential against lithium" and actual == units.unit("V").dimension:
        volts = value.to("V")
        return Quantity(volts.value, "V vs Li/Li+", volts.components, volts.how)
    if kind.plain_number and value.unit == "1":
        return value
    raise InputError(
        f"'{value}' is not a {kind.name}",
        where=where,
        remedy=_remedy(kind),
    )


def _remedy(kind: Kind) -> str:
    if kind.plain_number:
        return "give a plain number as in '0.5', or a percentage as in '50 %'"
    return f"give it in {kind.example('').strip()} or another unit of {kind.name}"


def value(parameter: Parameter, raw: Any, *, where: str, source: str) -> Any:
    """One argument that is neither a file, a section nor a reference to a step.

    Raises:
        InputError: not what the parameter takes.
    """
    if raw is None and parameter.optional:
        return None
    match parameter.type:
        case "quantity":
            return quantity(
                raw, parameter.kind or Kind("quantity", "", ""), where=where, source=source
            )
        case "number" | "integer":
            return _number(raw, parameter.type, where)
        case "flag":
            if str(raw).lower() in ("true", "false"):
                return str(raw).lower() == "true"
            raise InputError(f"{raw!r} is neither true nor false", where=where)
        case "choice":
            if str(raw) not in parameter.choices:
                raise InputError(
                    f"'{raw}' is not a choice here",
                    where=where,
                    remedy=nearest(str(raw), parameter.choices),
                )
            return str(raw)
        case "text":
            if not isinstance(raw, str):
                raise InputError(f"{raw!r} is not text", where=where, remedy="put it in quotes")
            return raw
        case "list":
            return _items(parameter, raw, where, source)
        case "mapping":
            if not isinstance(raw, Mapping):
                raise InputError(f"{raw!r} is not a table", where=where)
            return raw
        case _:
            raise InputError(
                f"{raw!r} does not fit",
                where=where,
                remedy="refer to a step: { step = …, table = … }",
            )


def _number(raw: Any, wanted: str, where: str) -> float | int:
    try:
        number = float(raw)
        if isinstance(raw, bool) or not math.isfinite(number):
            raise ValueError
        if wanted == "number":
            return number
        if number != int(number):
            raise ValueError
        return int(number)
    except (TypeError, ValueError):
        kind = "a whole number" if wanted == "integer" else "a number"
        raise InputError(f"{raw!r} is not {kind}", where=where) from None


def _items(parameter: Parameter, raw: Any, where: str, source: str) -> list[Any]:
    if isinstance(raw, str):
        raw = [part.strip() for part in raw.split(",")]
    if not isinstance(raw, Sequence):
        raise InputError(f"{raw!r} is not a list", where=where, remedy="write it as [a, b]")
    if parameter.kind is not None:
        return [
            quantity(item, parameter.kind, where=f"{where}[{i}]", source=f"{source}[{i}]")
            for i, item in enumerate(raw)
        ]
    if parameter.target in (float, int):
        wanted = "number" if parameter.target is float else "integer"
        return [_number(item, wanted, f"{where}[{i}]") for i, item in enumerate(raw)]
    choices = tuple(map(str, get_args(parameter.target)))
    for item in raw:
        if choices and str(item) not in choices:
            raise InputError(
                f"'{item}' is not a choice", where=where, remedy=nearest(str(item), choices)
            )
    return list(raw)
