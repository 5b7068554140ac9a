"""Arithmetic on reported cells: fade, capacity passed, how many conditions are stated.

Every number that is not in the source comes with the name of its assumption; N/P and E/C are
never filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Row = Mapping[str, Any]

SPECIFIC_CAPACITIES = {
    "LiFePO4": (170.0, "loading x 170 mAh g-1 (theoretical, A 2.6)"),
    "LiNi0.8Co0.1Mn0.1O2": (200.0, "loading x 200 mAh g-1 (A 2.6 1C)"),
    "LiNi0.6Co0.2Mn0.2O2": (175.0, "loading x 175 mAh g-1 (C ref 43: 0.7/4)"),
    "LiCoO2": (180.0, "loading x 180 mAh g-1 (C section 2 (4.45 V); 210 at 4.6 V)"),
}
"""Specific capacity in mAh/g by cathode, and the assumption in words."""

CONDITIONS = (
    "areal capacity",
    "N/P",
    "E/C",
    "temperature",
    "rate",
    "charge cut-off",
    "retention",
    "cycles",
)
"""What a reader needs to compare two cycling results."""


class Areal(NamedTuple):
    """An areal capacity in mAh/cm^2 and where it comes from."""

    value: float
    source: str


def areal_capacity(row: Row) -> Areal | None:
    """As reported, else loading times a specific capacity whose origin is named, else None."""
    if row["areal_capacity_mAh_cm2"] is not None:
        return Areal(row["areal_capacity_mAh_cm2"], "reported")
    low, high = row["loading_mg_cm2_lo"], row["loading_mg_cm2_hi"]
    assumed = SPECIFIC_CAPACITIES.get(row["cathode"])
    if low is None or high is None or assumed is None:
        return None
    return Areal((low + high) / 2 * assumed[0] / 1000, assumed[1])


def stated(row: Row) -> dict[str, bool]:
    """Which of the eight conditions a row states; a bound is stated, an assumption is not."""
    return {
        "areal capacity": row["areal_capacity_mAh_cm2"] is not None
        or row["loading_mg_cm2_lo"] is not None,
        "N/P": row["np_ratio"] is not None,
        "E/C": row["ec_ratio"] is not None,
        "temperature": row["temperature_C"] is not None,
        "rate": row["rate_raw"] is not None or row["c_rate_charge"] is not None,
        "charge cut-off": row["v_max"] is not None,
        "retention": row["retention_pct"] is not None,
        "cycles": row["cycles"] is not None,
    }


def derived(row: Row) -> dict[str, Any]:
    """One row of ``cells_derived`` from one of ``cells``."""
    areal = areal_capacity(row)
    return {
        "row_id": row["row_id"],
        "electrolyte": row["electrolyte"],
        "ref_key": row["ref_key"],
        "areal_capacity_mAh_cm2": None if areal is None else round(areal.value, 3),
        "areal_source": None if areal is None else areal.source,
        **_fade(row, areal),
        "conditions_known_of_8": sum(stated(row).values()),
        "practical_areal_ge_3": areal is not None and areal.value >= 3,
        "practical_np_1_to_3": row["np_ratio"] is not None and 1 <= row["np_ratio"] <= 3,
        "practical_ec_le_3p5": row["ec_unit"] == "g Ah-1" and row["ec_ratio"] <= 3.5,
    }


_NO_FADE: dict[str, float | None] = {
    "fade_pct_per_cycle_linear": None,
    "fade_pct_per_cycle_geometric": None,
    "cycles_to_80_linear": None,
    "cumulative_areal_capacity_mAh_cm2": None,
}


def _fade(row: Row, areal: Areal | None) -> dict[str, float | None]:
    retention, cycles = row["retention_pct"], row["cycles"]
    if retention is None or not cycles:
        return _NO_FADE
    linear = (100 - retention) / cycles
    passed = None if areal is None else areal.value * cycles * (1 + retention / 100) / 2
    return {
        "fade_pct_per_cycle_linear": round(linear, 5),
        "fade_pct_per_cycle_geometric": round(100 * (1 - (retention / 100) ** (1 / cycles)), 5),
        "cycles_to_80_linear": None if linear <= 0 else round(20 / linear, 1),
        "cumulative_areal_capacity_mAh_cm2": None if passed is None else round(passed, 2),
    }
