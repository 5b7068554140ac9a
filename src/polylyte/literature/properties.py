"""Conductivities and runaway temperatures as entries of a view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polylyte.literature.conditions import Condition
from polylyte.literature.entries import Entry, Number, Row, rows_of
from polylyte.literature.own import Paper
from polylyte.literature.ranking import UNKNOWN


def conductivities(papers: Sequence[Paper]) -> list[Entry]:
    """Conductivity beside the transference number of the same electrolyte in the same source."""
    grouped: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows_of("transport", papers):
        if "class statement" in str(row["note"]):
            continue
        of = grouped.setdefault((row["ref_key"], row["electrolyte"]), {})
        of.setdefault(row["property"], row)
    return [
        _pair(of.get("ionic_conductivity"), of.get("transference_number_Li"))
        for of in grouped.values()
        if "ionic_conductivity" in of or "transference_number_Li" in of
    ]


def _pair(sigma: Row | None, number: Row | None) -> Entry:
    x = _value(sigma, "mS/cm")
    leading = sigma or number
    assert leading is not None
    temperature = sigma["temperature_C"] if sigma else None
    conditions = {
        "source": Condition(leading["seed"]),
        "temperature": Condition(temperature, "degC"),
    }
    return Entry(
        row_id=leading["row_id"],
        electrolyte=leading["electrolyte"],
        ref_key=leading["ref_key"],
        origin=leading["origin"],
        x=x,
        y=_value(number, ""),
        merit=x,
        conditions=conditions,
        stated={
            "conductivity": sigma is not None,
            "transference number": number is not None,
            "temperature of σ": temperature is not None,
            "temperature of t₊": bool(number)
            and number is not None
            and number["temperature_C"] is not None,
        },
        errata=leading["errata_id"] or "",
        why="" if sigma else "no conductivity is printed",
    )


def _value(row: Row | None, unit: str) -> Number:
    if row is None:
        return Number()
    return Number.of(row["value"], unit, row["value_decimals"], row["qualifier"])


def runaways(papers: Sequence[Paper]) -> list[Entry]:
    """Onset and runaway of each heated sample; criterion and instrument are part of the result."""
    grouped: dict[tuple[Any, ...], dict[str, Row]] = {}
    for row in rows_of("safety", papers):
        if row["quantity"] not in ("T_onset", "T_thermal_runaway"):
            continue
        of = (row["locator"], row["ref_key"], row["electrolyte"], row["sample"], row["instrument"])
        grouped.setdefault(of, {})[row["quantity"]] = row
    return [_heated(of.get("T_onset"), of.get("T_thermal_runaway")) for of in grouped.values()]


def _heated(onset: Row | None, runaway: Row | None) -> Entry:
    leading = runaway or onset
    assert leading is not None
    y = _value(runaway, "degC")
    word = str(runaway["qualifier"]) if runaway and y.value is None else ""
    if word:
        y = Number(None, UNKNOWN, word.replace("_", " "))
    conditions = {
        "source": Condition(leading["seed"]),
        "criterion": Condition(leading["criterion"]),
        "instrument": Condition(leading["instrument"]),
        "sample": Condition(leading["sample"]),
        "cathode": Condition(leading["cell_chemistry"]),
    }
    return Entry(
        row_id=leading["row_id"],
        electrolyte=leading["electrolyte"],
        ref_key=leading["ref_key"],
        origin=leading["origin"],
        x=_value(onset, "degC"),
        y=y,
        merit=y,
        conditions=conditions,
        stated={
            "onset": onset is not None and onset["value"] is not None,
            "runaway": y.value is not None,
            "criterion": leading["criterion"] is not None,
            "instrument": leading["instrument"] is not None,
            "state of charge": leading["soc_pct"] not in (None, "not_mentioned"),
            "cell capacity": leading["cell_capacity_Ah"] not in (None, "not_mentioned"),
        },
        errata=leading["errata_id"] or "",
        why=f"runaway: {word.replace('_', ' ')}" if word else "",
    )
