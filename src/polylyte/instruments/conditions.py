"""Conditions of a measurement: from the file's name, from its header, from its sensor."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding
from polylyte.core.tables import Table

TEMPERATURE_CLASH = 1.0
"""K by which a name and a header may differ."""
RELATIVE_CLASH = 0.01
"""Relative difference by which they may differ in anything else."""
STEADY = 1.0
"""K within which a recorded temperature counts as one condition."""

_CELSIUS = re.compile(
    r"(?P<before>^|[^A-Za-z0-9.])(?P<sign>[-\u2212+]?)(?P<number>\d{1,3}(?:[.p]\d+)?)"
    r"\s*(?P<unit>°\s*C|º\s*C|℃|deg\s*C|degree?s?\s*C|[cC]elsius|C)(?![A-Za-z0-9])"
)
_KELVIN = re.compile(r"(?:^|[^A-Za-z0-9.])(?P<number>\d{3}(?:[.p]\d+)?)\s*K(?![A-Za-z0-9])")


class Recorded(NamedTuple):
    """What a temperature sensor in the file says."""

    conditions: Mapping[str, Quantity]
    findings: tuple[Finding, ...]


def merge(
    from_name: Mapping[str, Quantity], from_header: Mapping[str, Quantity], *, where: str
) -> dict[str, Quantity]:
    """Both together; what the name says wins where they agree.

    Raises:
        InputError: they contradict each other (a temperature by more than 1 K, anything else
            by more than 1 %), or measure different things under one name.
    """
    for name in sorted(set(from_name) & set(from_header)):
        said, read = from_name[name], from_header[name]
        if said.value is not None and read.value is not None and _clash(said, read):
            raise InputError(
                f"{name} is {said.value:g} {said.unit} by the file's name but "
                f"{read.value:g} {read.unit} by its header",
                where=where,
                remedy="rename the file, or leave that condition out of the name's template",
            )
    return {**from_header, **from_name}


def _clash(a: Quantity, b: Quantity) -> bool:
    there = a.to(b.unit)  # raises where they do not measure the same thing
    if a.unit in ("K", "degC") or b.unit in ("K", "degC"):
        return abs(there.si - b.si) > TEMPERATURE_CLASH
    return not math.isclose(there.si, b.si, rel_tol=RELATIVE_CLASH, abs_tol=0.0)


def temperature_from_name(name: str) -> Quantity | None:
    """A guess of the temperature that a file's name states: ``_25C``, ``-25degC``, ``298K``.

    A minus sign counts at the beginning or after a separator (``cell_-25C``), not after a letter
    or digit (``cell-25C`` is 25 degC). A bare ``C`` below 10 may be a C-rate and
    is no guess; nor are two different temperatures.
    """
    found: set[float] = set()
    position = 0
    while (match := _CELSIUS.search(name, position)) is not None:
        # The next one may begin with the separator at which this one ends.
        position = match.end()
        value = _celsius(match, name)
        if value is not None:
            found.add(value)
    for match in _KELVIN.finditer(name):
        kelvin = float(match["number"].replace("p", "."))
        if 150.0 <= kelvin <= 600.0:
            found.add(round(kelvin - 273.15, 6))
    return Quantity(found.pop(), "degC") if len(found) == 1 else None


def _celsius(match: re.Match[str], name: str) -> float | None:
    value = float(match["number"].replace("p", "."))
    before, sign = match["before"], match["sign"]
    if before in ("-", "\u2212") and not sign:
        # "_-25C": the dash was taken for the separator.
        preceding = name[: match.start()][-1:]
        if not preceding or not preceding.isalnum():
            sign = before
    if sign in ("-", "\u2212"):
        return -value
    return None if match["unit"] == "C" and value < 10 else value


def steady_temperature(tables: Mapping[str, Table]) -> Recorded:
    """The mean of a recorded temperature as a condition, or a finding that it was not steady."""
    values = [
        float(value)
        for table in tables.values()
        if "temperature" in table.columns and table.units.get("temperature") == "degC"
        for value in table.column("temperature")
        if isinstance(value, int | float)
    ]
    if not values:
        return Recorded({}, ())
    low, high = min(values), max(values)
    if high - low > 2 * STEADY:
        text = f"the recorded temperature runs from {low:.1f} to {high:.1f} degC"
        return Recorded({}, (Finding(text, "warning"),))
    mean = math.fsum(values) / len(values)
    return Recorded({"temperature": Quantity(mean, "degC", how="measured")}, ())
