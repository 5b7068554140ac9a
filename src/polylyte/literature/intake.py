"""One stated value of a paper as the columns of its table: number, unit, qualifier, decimals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from polylyte.core import units
from polylyte.core.errors import FileError, InputError, nearest
from polylyte.core.numbers import Printed, parse_number
from polylyte.literature.schema import Field, Schema

QUALIFIERS = {"≥": ">=", "≤": "<=", "≈": "~", "∼": "~", "ca.": "~", "about": "~", "=": "="}
_QUALIFIED = re.compile(r"^\s*(>=|<=|>|<|~|=|≥|≤|≈|∼|ca\.|about)?\s*(.*?)\s*$", re.DOTALL)
_RANGE = re.compile(r"^([\d.]+)\s*(?:-|–|to)\s*([\d.]+)\s*(.*)$")
_COMMA = re.compile(r"\d,\d")
_RATE = re.compile(r"^(?:([\d.]+)\s*)?C(?:\s*/\s*([\d.]+))?$")
SILENT = {
    "not mentioned": "not_mentioned",
    "not_mentioned": "not_mentioned",
    "not stated": "not_mentioned",
    "not reported": "not_mentioned",
    "n/a": "not_mentioned",
    "-": "not_mentioned",
    "–": "not_mentioned",
}


def columns_of(wanted: Schema, name: str, where: str) -> list[Field]:
    """The columns that ``name`` fills: a column of its own, or those of a quantity.

    Raises:
        FileError: there is none; names the nearest.
    """
    if name in wanted.fields and not wanted.fields[name].decimals_of:
        return [wanted.fields[name]]
    found = [f for f in wanted.fields.values() if f.quantity == name]
    if not found:
        known = {f.quantity or f.name for f in wanted.printed}
        raise FileError(
            f"'{name}' is no column of {wanted.name}", where=where, remedy=nearest(name, known)
        )
    return found


def fill(
    wanted: Schema, name: str, raw: Any, where: str, row: Mapping[str, Any], unit: str = ""
) -> dict[str, Any]:
    """The columns that one stated value fills; ``unit`` is that of a table's heading.

    Raises:
        FileError: no unit, a wrong one, a decimal comma, a bound where none can be kept.
    """
    fields = columns_of(wanted, name, where)
    first = fields[0]
    try:
        if first.type == "boolean" or isinstance(raw, bool):
            raise InputError(f"{raw!r} is not a value that a paper prints")
        if first.type == "string":
            return _text(wanted, first, raw, row, unit)
        if isinstance(raw, str) and raw.strip().lower() in SILENT:
            return _not_there(first, SILENT[raw.strip().lower()])
        # A column spelled with its unit takes a bare number.
        header = unit or (first.unit if name == first.name and name != first.quantity else "")
        return _number(wanted, fields, str(raw), row, header)
    except InputError as error:
        place = f"{where}: {error.where}" if error.where else where
        raise FileError(error.what, where=place, remedy=error.remedy) from None


def _text(wanted: Schema, f: Field, raw: Any, row: Mapping[str, Any], unit: str) -> dict[str, Any]:
    text = str(raw).strip()
    if not f.unit_field:
        return {f.name: text or None}
    qualifier, number = split_qualifier(text)
    return {
        f.name: number,
        f.unit_field: unit or row.get(f.unit_field),
        **({f.qualifier_field: qualifier} if f.qualifier_field else {}),
    }


def _not_there(f: Field, word: str) -> dict[str, Any]:
    return {f.name: None, **({f.qualifier_field: word} if f.qualifier_field else {})}


def split_qualifier(text: str) -> tuple[str, str]:
    """``>= 90 %`` is ``>=`` and ``90 %``; nothing in front means ``=``."""
    match = _QUALIFIED.match(text)
    assert match is not None
    sign = match[1] or "="
    return QUALIFIERS.get(sign, sign), match[2]


def _number(
    wanted: Schema, fields: list[Field], text: str, row: Mapping[str, Any], header: str
) -> dict[str, Any]:
    if _COMMA.search(text):
        raise InputError(
            f"'{text}' has a comma inside a number",
            remedy="write a decimal point, and thousands without a mark",
        )
    qualifier, number = split_qualifier(text)
    between = _RANGE.match(number)
    if between and len(fields) > 1:
        ends = [between[1], between[2]]
        unit = between[3]
        qualifier = "range"
    elif between:
        raise InputError(
            f"'{text}' is a range, and {wanted.name} keeps one number of "
            f"{fields[0].quantity or fields[0].name}",
            remedy="give one number, and the range in note",
        )
    else:
        ends, unit = [number] * len(fields), ""
    filled: dict[str, Any] = {}
    for f, end in zip(fields, ends, strict=True):
        filled |= _one(wanted, f, f"{end} {unit}".strip(), row, header)
    return filled | _qualified(wanted, fields[0], qualifier, text)


def _qualified(wanted: Schema, f: Field, qualifier: str, text: str) -> dict[str, Any]:
    keeper = wanted.fields.get(f.qualifier_field)
    if keeper is None:
        if qualifier == "=":
            return {}
        raise InputError(
            f"'{text}' is a bound, and {wanted.name} keeps none for {f.quantity or f.name}",
            remedy="leave it out and say it in note",
        )
    allowed = keeper.constraints.get("enum")
    if allowed and qualifier not in allowed:
        qualifier = qualifier.rstrip("=") or "="
    return {keeper.name: qualifier}


def _one(
    wanted: Schema, f: Field, text: str, row: Mapping[str, Any], header: str
) -> dict[str, Any]:
    rate = _RATE.match(text) if f.unit == "C-rate" else None
    if rate:
        return {f.name: float(rate[1] or 1) / float(rate[2] or 1)}
    printed = parse_number(text)
    if printed.uncertainty is not None:
        raise InputError(
            f"'{text}' states an uncertainty, which {wanted.name} cannot keep",
            remedy="give the number, and the uncertainty in note",
        )
    stated = printed.unit or header
    target, keeps = _target(wanted, f, row, stated)
    if not stated and target not in ("", "1"):
        raise InputError(
            f"'{text}' has no unit", remedy=f"write it as '{text} {units.pretty(target)}'"
        )
    value, places = _converted(printed, stated or target, target)
    if f.type == "integer" and value != int(value):
        raise InputError(f"'{text}' is not a whole number")
    filled: dict[str, Any] = {f.name: int(value) if f.type == "integer" else value, **keeps}
    counter = f"{f.name}_decimals"
    return filled | ({counter: places} if counter in wanted.fields else {})


def _target(
    wanted: Schema, f: Field, row: Mapping[str, Any], stated: str
) -> tuple[str, dict[str, Any]]:
    """The unit to keep the number in, and the column that says so where it varies."""
    if not f.unit_field:
        return f.unit, {}
    keeper = wanted.fields[f.unit_field]
    fixed = wanted.units.get(str(row.get(wanted.property_field, "")), "")
    choices = [fixed] if fixed else [str(u) for u in keeper.constraints.get("enum", ())]
    if not choices:
        said = stated or str(row.get(keeper.name) or "")
        return said, {keeper.name: said or None}
    dimension = units.unit(stated).dimension if stated else None
    fitting = [u for u in choices if units.unit(u).dimension == dimension]
    if stated and not fitting:
        raise InputError(f"'{stated}' does not fit", remedy=f"give it in {' or '.join(choices)}")
    chosen = fitting[0] if fitting else choices[0]
    return chosen, {keeper.name: chosen}


def _converted(printed: Printed, stated: str, target: str) -> tuple[float, int]:
    """The number in ``target`` and how many of its decimals are printed ones."""
    places = -int(Decimal(str(printed.resolution)).adjusted())
    if stated == target:
        return float(printed.value), places
    value = units.convert(float(printed.value), stated, target)
    ratio = units.unit(stated).factor / units.unit(target).factor
    return float(f"{value:.12g}"), places - int(ratio.adjusted())
