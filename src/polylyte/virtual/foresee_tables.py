"""Tables of a forecast: every quantity, every change, every draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from polylyte.core.tables import Table
from polylyte.virtual.foresee_draws import Change, Draw, Forecast, weak


def forecast_table(found: Mapping[str, Forecast], bound: Mapping[str, float]) -> Table:
    """One row per quantity."""
    each = list(found.values())
    return Table.of(
        {
            "quantity": [f.name for f in each],
            "unit": [f.unit for f in each],
            "truth": [f.truth for f in each],
            "expected_uncertainty": [f.expected for f in each],
            "relative_uncertainty": [None if f.relative is None else 100 * f.relative
                                     for f in each],
            "realised_uncertainty": [f.realised for f in each],
            "fisher_uncertainty": [bound.get(f.name) for f in each],
            "bias": [f.bias for f in each],
            "coverage": [None if f.coverage is None else 100 * f.coverage for f in each],
            "refused": [100 * f.refused for f in each],
            "reason": [f.reasons[0][0] if f.reasons else "" for f in each],
        },
        {"relative_uncertainty": "%", "coverage": "%", "refused": "%"},
        note="each quantity's numbers are in the unit named in its row",
    )  # fmt: skip


def change_table(ordered: Sequence[Change], one: Forecast, theory: bool) -> Table:
    """One row per change, in the order given."""
    expected = one.expected or 1.0
    return Table.of(
        {
            "parameter": [c.parameter for c in ordered],
            "now": [c.before for c in ordered],
            "changed": [c.after for c in ordered],
            "factor": [float(c.factor) for c in ordered],
            "uncertainty": [c.expected for c in ordered],
            "ratio": [None if c.expected is None else c.expected / expected for c in ordered],
            "refused": [100 * c.refused for c in ordered],
            "by": [c.how for c in ordered],
            "note": [c.note for c in ordered],
        },
        {"uncertainty": one.unit, "refused": "%"},
        note=f"of {one.name}" + ("; Fisher: Cramér–Rao bound" if theory else ""),
    )


def draw_table(made: Sequence[Draw], one: Forecast) -> Table:
    """One row per virtual experiment."""
    values = [draw.found.get(one.name) for draw in made]
    kept = [None if v is None or v.value is None else v.to(one.unit) for v in values]
    truths = [draw.truths.get(one.name) for draw in made]
    return Table.of(
        {
            "draw": list(range(1, len(made) + 1)),
            "value": [None if v is None else v.value for v in kept],
            "std": [None if v is None else v.std for v in kept],
            "truth": [None if t is None else t.to(one.unit).value for t in truths],
            "not_counted": [
                draw.refused or weak(value) for draw, value in zip(made, values, strict=True)
            ],
        },
        {"value": one.unit, "std": one.unit, "truth": one.unit},
        note=one.name,
    )
