"""What a comparison says: its counts, its tables, and what a careful reader must know."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.literature.conditions import spelled
from polylyte.literature.entries import Entry
from polylyte.literature.placing import Placed
from polylyte.literature.ranking import Interval
from polylyte.literature.views import View

_CYCLING = ("retention_vs_cycles", "decay_vs_life", "thickness_vs_areal_capacity")
_LEADERS = 3


def counts(
    view: View, entries: Sequence[Entry], placed: Sequence[Placed], own: Entry | None
) -> dict[str, Any]:
    """How many results there are, how many can be ranked, how complete they are."""
    with_number = [e for e in entries if e.merit.value is not None]
    twice = sum(e.why.startswith("the same result") for e in with_number)
    ranked = [p for p in placed if p.stratum is not None and p.entry is not own]
    found = {
        "results": len(with_number),
        "distinct": len(with_number) - twice,
        "ranked": len(ranked),
        "strata": len({p.stratum for p in ranked}),
    }
    if view.name in _CYCLING:
        known = [sum(e.stated.values()) for e in with_number]
        found |= {
            "practical_areal_capacity": sum((e.size or 0) >= 3 for e in with_number),
            "temperature_stated": sum(e.stated["temperature"] for e in with_number),
            "all_conditions": sum(
                k == len(e.stated) for k, e in zip(known, with_number, strict=True)
            ),
            "most_conditions": max(known, default=0),
        }
    return {name: Quantity(float(number), "1", how="derived") for name, number in found.items()}


def rank_text(placed: Placed) -> str | None:
    """``2`` or ``1–3``."""
    if placed.rank is None:
        return None
    best, worst = placed.rank
    return f"{best}" if best == worst else f"{best}–{worst}"


def _end(value: float) -> float | None:
    return value if math.isfinite(value) else None


def entries_table(
    view: View, placed: Sequence[Placed], unsure: Sequence[Placed], own: Entry | None
) -> Table:
    """Every result, one's own first, then stratum by stratum, then those in none; ``unsure`` do
    not say whether they meet what was asked for."""
    listed = [*(p for p in placed if p.entry is own), *(p for p in placed if p.entry is not own)]
    listed += unsure
    name, unit, _ = view.merit
    interval: list[Interval] = [p.entry.merit.interval for p in listed]
    columns: dict[str, list[Any]] = {
        "electrolyte": [p.entry.electrolyte for p in listed],
        "stratum": [p.stratum for p in listed],
        "rank": [rank_text(p) for p in listed],
        "of": [p.of or None for p in listed],
        name: [p.entry.merit.value for p in listed],
        "front": [p.place for p in listed],
        "stated": [_share(p.entry) for p in listed],
        "printed": [f"{p.entry.y.text}; {p.entry.x.text}" for p in listed],
        "not_ranked_because": [p.why or None for p in listed],
        "recomputed": [p.entry.recomputed or None for p in listed],
        "errata": [p.entry.errata or None for p in listed],
        "reference": [p.entry.ref_key or None for p in listed],
        "row": [p.entry.row_id for p in listed],
        "origin": [p.entry.origin for p in listed],
        "x": [p.entry.x.value for p in listed],
        "y": [p.entry.y.value for p in listed],
        "size": [p.entry.size for p in listed],
        "asked_for": [p not in unsure for p in listed],
        "exact": [_is_exact(p.entry) for p in listed],
        "lowest": [_end(i.low) for i in interval],
        "highest": [_end(i.high) for i in interval],
        "cathode": [_word(p.entry, "cathode") for p in listed],
        "criterion": [_word(p.entry, "criterion") for p in listed],
    }
    units = {name: unit, "x": view.x[1], "y": view.y[1], "size": "mAh/cm^2"}
    units |= {"lowest": unit, "highest": unit}
    return Table.of(columns, units)


def _word(entry: Entry, name: str) -> str | None:
    found = entry.conditions.get(name)
    return None if found is None or found.value is None else str(found.value)


def _share(entry: Entry) -> str | None:
    if not entry.stated:
        return None
    return f"{sum(entry.stated.values())} of {len(entry.stated)}"


def _is_exact(entry: Entry) -> bool:
    ends = (*entry.x.interval, *entry.y.interval)
    marked = entry.x.text[:1] in "<>~" or entry.y.text[:1] in "<>~"
    return not marked and all(map(math.isfinite, ends))


def groups_table(placed: Sequence[Placed], own: Entry | None) -> Table:
    """Each stratum: how many, who may lead, who cannot be surpassed in both numbers."""
    strata: dict[str, list[Placed]] = {}
    for one in placed:
        if one.stratum is not None:
            strata.setdefault(one.stratum, []).append(one)
    return Table.of(
        {
            "stratum": list(strata),
            "results": [sum(p.entry is not own for p in group) for group in strata.values()],
            "may_be_first": [_first(group) for group in strata.values()],
            "pareto_front": [_names(group, "front") for group in strata.values()],
            "perhaps_on_the_front": [_names(group, "possible") for group in strata.values()],
            "best_stated": [_most(group) for group in strata.values()],
        }
    )


def _listed(names: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(names))
    more = len(distinct) - _LEADERS
    shown = "; ".join(distinct[:_LEADERS])
    return f"{shown}; {more} more" if more > 0 else shown


def _first(group: Sequence[Placed]) -> str:
    return _listed([p.entry.electrolyte for p in group if p.rank and p.rank[0] == 1])


def _names(group: Sequence[Placed], place: str) -> str:
    return _listed([p.entry.electrolyte for p in group if p.place == place])


def _most(group: Sequence[Placed]) -> str | None:
    best = max(group, key=lambda p: sum(p.entry.stated.values()))
    return _share(best.entry)


def completeness_table(entries: Sequence[Entry]) -> Table:
    """How many of the results state each condition, and how many state so many of them."""
    results = [e for e in entries if e.merit.value is not None]
    stated = Counter(name for e in results for name, known in e.stated.items() if known)
    names = list(dict.fromkeys(name for e in results for name in e.stated))
    return Table.of(
        {
            "condition": names,
            "stated": [stated[name] for name in names],
            "of": [len(results)] * len(names),
            "share": [100 * stated[name] / len(results) if results else None for name in names],
        },
        {"share": "%"},
    )


def findings(
    view: View,
    by: Sequence[str],
    entries: Sequence[Entry],
    placed: Sequence[Placed],
    silent: Sequence[Placed],
    own: Entry | None,
) -> list[Finding]:
    """What keeps the ranking from saying more."""
    outside = [p for p in placed if p.stratum is None and p.entry is not own]
    found = []
    if outside:
        found.append(
            Finding(
                f"{len(outside)} of {len(placed) - bool(own)} results are in no stratum: "
                f"{_reasons(outside)}",
                remedy="stratify by fewer conditions",
            )
        )
    if silent:
        found.append(
            Finding(
                f"{len(silent)} more do not state what was asked for and are neither in nor out",
                "warning",
            )
        )
    alone = sum(p.of == 1 for p in placed)
    if alone:
        told = "1 result is alone in its" if alone == 1 else f"{alone} results are alone in their"
        found.append(Finding(f"{told} stratum"))
    found += _leading(view, placed, own)
    found += _own_findings(view, placed, own)
    found += _free(view, by, entries)
    found += _particular(view, by, entries)
    return found


def _leading(view: View, placed: Sequence[Placed], own: Entry | None) -> list[Finding]:
    """Who may be first where there are most to compare, or where one's own result stands."""
    strata: dict[str, list[Placed]] = {}
    for one in placed:
        if one.stratum is not None:
            strata.setdefault(one.stratum, []).append(one)
    mine = [group for group in strata.values() if any(p.entry is own for p in group)]
    largest = sorted(strata.values(), key=len, reverse=True)[:_STRATA_TOLD]
    merit = view.merit[0].replace("_", " ")
    found = []
    for group in mine or largest:
        sure = sum(p.rank is not None and p.rank[0] == 1 for p in group) == 1
        verb = "is first" if sure else "may each be first"
        where = f"of {len(group)} by {merit} in '{group[0].stratum}'"
        if len(group) > 1:
            found.append(Finding(f"{_first(group)} {verb} {where}"))
    return found


_STRATA_TOLD = 3
_MATTERS = ("cut_off", "rate", "temperature", "np_ratio", "ec_ratio")


def _free(view: View, by: Sequence[str], entries: Sequence[Entry]) -> list[Finding]:
    """Conditions that matter and that these strata leave open."""
    if view.name != "retention_vs_cycles":
        return []
    results = [e for e in entries if e.merit.value is not None]
    silent = {
        spelled(name): sum(e.conditions[name].value is None for e in results)
        for name in _MATTERS
        if name not in by
    }
    if not silent:
        return []
    told = ", ".join(f"{name} (not stated in {n})" if n else name for name, n in silent.items())
    return [Finding(f"inside a stratum these may still differ: {told}", "warning")]


def _reasons(outside: Sequence[Placed]) -> str:
    reasons = Counter(p.why.partition(":")[0].partition(" as ")[0] for p in outside)
    return ", ".join(f"{reason} ({n})" for reason, n in reasons.most_common(4))


def standing(view: View, placed: Sequence[Placed], own: Entry | None) -> str:
    """One's own rank as the end of a sentence; "" where there is none."""
    found = next((p for p in placed if p.entry is own), None) if own is not None else None
    if own is None or found is None or found.stratum is None or found.of < 2:
        return ""
    merit = view.merit[0].replace("_", " ")
    return (
        f"; {own.electrolyte} ranks {rank_text(found)} of {found.of} by {merit} in "
        f"'{found.stratum}'"
    )


def _own_findings(view: View, placed: Sequence[Placed], own: Entry | None) -> list[Finding]:
    if own is None:
        return []
    found = next(p for p in placed if p.entry is own)
    if found.stratum is None:
        return [
            Finding(
                f"{own.electrolyte} is in no stratum ({found.why})",
                "warning",
                remedy="give the condition",
            )
        ]
    if found.of == 1:
        text = f"nothing is published in the stratum of {own.electrolyte} ({found.stratum})"
        return [Finding(text, "warning")]
    others = found.of - 1
    return [
        Finding(
            f"{own.electrolyte} ranks {rank_text(found)} of {found.of} by "
            f"{view.merit[0].replace('_', ' ')} in '{found.stratum}' ({others} published)"
        )
    ]


def _particular(view: View, by: Sequence[str], entries: Sequence[Entry]) -> list[Finding]:
    """The standing warnings of a view."""
    if view.name == "thermal_runaway":
        return [
            Finding(
                "cell chemistry, capacity and state of charge differ inside a stratum; "
                "not stated in every row",
                "warning",
            )
        ]
    if view.name == "energy":
        return [
            Finding(
                "no source but B says whether package and tabs are counted; B counts a bare stack "
                "(erratum B-E07)",
                "warning",
            )
        ]
    if view.name == "decay_vs_life":
        return [
            Finding(
                "the unit of Fig S33 is not printed; that of Table S3 is assumed (errata B-E04, "
                "B-E05)",
                "warning",
            )
        ]
    assumed = [e for e in entries if e.assumed]
    if "areal_capacity" not in by or not assumed:
        return []
    source = "loading times a specific capacity, not reported"
    return [Finding(f"the areal capacity of {len(assumed)} results is {source}")]
