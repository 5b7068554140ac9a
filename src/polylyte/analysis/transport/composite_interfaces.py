"""Resistance of the interfaces between layers in series: given, or what the whole has over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.quantities import Quantity, derive

NOT_SIGNIFICANT = "not significant"
SURE = 2.0
"""Standard uncertainties by which an interface's resistance exceeds zero."""


def checked(
    interfaces: Sequence[Quantity] | None,
    thicknesses: Sequence[Quantity] | None,
    arrangement: str,
    count: int,
) -> list[Quantity]:
    """One resistance per interface; a single one counts for all.

    Raises:
        InputError: interfaces without layers in series, another number of them, or one below 0.
    """
    if not interfaces:
        return []
    if arrangement != "series" or thicknesses is None:
        raise InputError(
            "interfaces are between layers in series, of given thicknesses",
            where="interfaces",
            remedy="give thicknesses and arrangement = 'series'",
        )
    given = list(interfaces) * (count - 1) if len(interfaces) == 1 else list(interfaces)
    if len(given) != count - 1:
        raise InputError(
            f"{count} layers have {count - 1} interfaces, but {len(given)} are given",
            where="interfaces",
            remedy="give one for each, or one for all",
        )
    for value in given:
        if value.value is None or value.value < 0:
            raise InputError(f"'{value}' is no resistance", where="interfaces")
    return given


def with_interfaces(
    layers: Quantity, thicknesses: Sequence[Quantity], interfaces: Sequence[Quantity]
) -> Quantity:
    """Conductivity of the stack: 1/σ = 1/σ_layers + ΣR/L."""
    if not interfaces:
        return layers

    def of(sigma: float, **parts: float) -> float:
        return 1.0 / (1.0 / sigma + _sum(parts, "R") / _sum(parts, "L"))

    return derive(of, "mS/cm", sigma=layers, **_named(thicknesses, interfaces))


def without_interfaces(
    whole: Quantity, thicknesses: Sequence[Quantity], interfaces: Sequence[Quantity]
) -> Quantity:
    """Conductivity of the layers alone, from that of the stack.

    Raises:
        NotAnswerable: the interfaces alone have more resistance than the stack.
    """
    if not interfaces:
        return whole
    arguments = _named(thicknesses, interfaces)

    def left(sigma: float, **parts: float) -> float:
        return 1.0 / sigma - _sum(parts, "R") / _sum(parts, "L")

    if left(whole.si, **{name: value.si for name, value in arguments.items()}) <= 0:
        raise NotAnswerable(
            f"the interfaces alone have more resistance than the stack of {whole}",
            where="transport.composite",
            remedy="check the interfaces, the thicknesses and the unit of the conductivity",
        )
    return derive(lambda **values: 1.0 / left(**values), "mS/cm", sigma=whole, **arguments)


def backed_out(
    whole: Quantity, layers: Sequence[Quantity], thicknesses: Sequence[Quantity]
) -> dict[str, Quantity]:
    """All interfaces together, and each if they are alike: R = L/σ − Σ L_i/σ_i.

    An uncertainty that the whole and a layer share counts once, as everywhere.
    """
    arguments = _named(thicknesses, [])
    arguments |= {f"S{place}": value for place, value in enumerate(layers)}

    def of(sigma: float, **parts: float) -> float:
        own = sum(parts[f"L{place}"] / parts[f"S{place}"] for place in range(len(layers)))
        return _sum(parts, "L") / sigma - own

    total = derive(of, "ohm cm^2", sigma=whole, **arguments)
    weak = (total.value or 0.0) <= SURE * (total.std or 0.0)
    total = total.flagged(*((NOT_SIGNIFICANT,) if weak else ()))
    each = derive(lambda R: R / (len(layers) - 1), "ohm cm^2", R=total)
    return {
        "interface_resistance": total,
        "interface_resistance_each": each.flagged(*((NOT_SIGNIFICANT,) if weak else ())),
    }


def _named(thicknesses: Sequence[Quantity], interfaces: Sequence[Quantity]) -> dict[str, Any]:
    found = {f"L{place}": value for place, value in enumerate(thicknesses)}
    return found | {f"R{place}": value for place, value in enumerate(interfaces)}


def _sum(values: dict[str, float], letter: str) -> float:
    return sum(value for name, value in values.items() if name.startswith(letter))
