"""One's own result as an entry of a view."""

from __future__ import annotations

from collections.abc import Mapping

from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.quantities import Quantity, derive
from polylyte.literature.conditions import Condition, cathode, of_quantity
from polylyte.literature.entries import Entry, Number, fade
from polylyte.literature.ranking import Interval
from polylyte.literature.views import View

OWN_ROW = "own"
_BY_X = ("conductivity_vs_transference", "energy")
"""Views that rank by what they draw to the right."""
_NEEDS: Mapping[str, tuple[str, str, bool]] = {
    # x, y, and whether both are needed
    "retention_vs_cycles": ("cycles", "retention", True),
    "decay_vs_life": ("cycles", "decay", True),
    "thickness_vs_areal_capacity": ("electrolyte_thickness", "areal_capacity", True),
    "conductivity_vs_transference": ("conductivity", "transference_number", False),
    "thermal_runaway": ("onset_temperature", "runaway_temperature", False),
    "energy": ("specific_energy", "energy_density", False),
}


def entry(
    view: View,
    label: str,
    *,
    words: Mapping[str, str],
    numbers: Mapping[str, Quantity | None],
    results: Mapping[str, Quantity | None],
) -> Entry | None:
    """The entry, or None where no result of one's own was given.

    Raises:
        InputError: half of a result, or one that the view does not show.
        NotAnswerable: a result that must not be compared.
    """
    x_name, y_name, both = _NEEDS[view.name]
    given = {name: value for name, value in results.items() if value is not None}
    strange = [name for name in given if name not in (x_name, y_name)]
    if strange:
        raise InputError(
            f"{strange[0]} does not appear in the view {view.name}",
            where=strange[0],
            remedy=f"give {x_name} and {y_name}, or choose another view",
        )
    # The areal capacity is a condition in the other views, and half a result in its own.
    if not given or (view.name == "thickness_vs_areal_capacity" and x_name not in given):
        return None
    missing = [name for name in (x_name, y_name) if name not in given]
    if missing and both:
        raise InputError(
            f"{next(iter(given))} without {missing[0]} is no result to compare",
            where=view.name,
            remedy=f"give {missing[0]}",
        )
    _comparable(view, words, given)
    x = _number(given.get(x_name), view.x[1])
    y = _number(given.get(y_name), _y_unit(view))
    return Entry(
        row_id=OWN_ROW,
        electrolyte=label,
        ref_key="",
        origin=OWN_ROW,
        x=x,
        y=y,
        merit=_merit(view, x, y),
        conditions=_conditions(words, numbers),
        stated={},
        size=_size(numbers["areal_capacity"]),
    )


def _y_unit(view: View) -> str:
    return view.merit[1] if view.name == "decay_vs_life" else view.y[1]


def _comparable(view: View, words: Mapping[str, str], given: Mapping[str, Quantity | None]) -> None:
    if view.name == "retention_vs_cycles" and words["basis"] == "rate":
        raise NotAnswerable(
            "a retention at a higher rate is no cycling result and is not ranked as one",
            where="basis",
            remedy="give the retention after cycling",
        )
    if view.name == "thermal_runaway" and "runaway_temperature" in given:
        for name in ("criterion", "instrument"):
            if not words[name]:
                raise NotAnswerable(
                    f"a runaway temperature without its {name} cannot be compared (erratum C-E24)",
                    where=view.name,
                    remedy=f"give {name}",
                )


def _number(quantity: Quantity | None, unit: str) -> Number:
    if quantity is None or quantity.value is None:
        return Number()
    shown = quantity.to(unit)
    assert shown.value is not None
    half = 2 * (shown.std or 0.0)
    low, high = shown.interval or (shown.value - half, shown.value + half)
    return Number(shown.value, Interval(low, high), str(shown))


def _merit(view: View, x: Number, y: Number) -> Number:
    if view.name == "retention_vs_cycles":
        assert x.value is not None
        if x.value <= 0:
            raise InputError(f"{x.value:g} cycles", where="cycles", remedy="give one or more")
        return fade(y, x.value)
    if view.name in _BY_X:
        return x
    return y


def merit(view: View, given: Mapping[str, Quantity | None]) -> Quantity | None:
    """The number that ranks one's own result, with its uncertainty by source."""
    unit = view.merit[1]
    if view.name == "retention_vs_cycles":
        retention, cycles = given["retention"], given["cycles"]
        if retention is None or cycles is None:
            return None
        return derive(lambda r, n: (1 - r) / n, unit, r=retention, n=cycles)
    x_name, y_name, _ = _NEEDS[view.name]
    name = x_name if view.name in _BY_X else y_name
    value = given[name]
    return None if value is None else value.to(unit)


def _size(areal: Quantity | None) -> float | None:
    return None if areal is None else areal.to("mAh/cm^2").value


def _conditions(
    words: Mapping[str, str], numbers: Mapping[str, Quantity | None]
) -> dict[str, Condition]:
    told = {
        name: Condition((cathode(text) if name == "cathode" else text) or None, why="not given")
        for name, text in words.items()
    }
    return {**told, **{name: of_quantity(name, value) for name, value in numbers.items()}}
