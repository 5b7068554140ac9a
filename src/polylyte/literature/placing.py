"""Published results in strata: what may be compared with what, and who stands where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polylyte.core.errors import NotAnswerable
from polylyte.literature.conditions import Condition, fits, klass, spelled
from polylyte.literature.entries import Entry
from polylyte.literature.ranking import Place, front, ranks
from polylyte.literature.views import View


@dataclass(frozen=True)
class Placed:
    """One entry with its stratum, or the reason why it has none."""

    entry: Entry
    stratum: str | None
    why: str = ""
    rank: tuple[int, int] | None = None
    of: int = 0
    place: Place | None = None


def within(entries: Sequence[Entry], asked: Mapping[str, Any]) -> tuple[list[Entry], list[Placed]]:
    """The entries that meet every condition, and those that do not say.

    Raises:
        NotAnswerable: none is known to meet them.
    """
    kept, silent = [], []
    for entry in entries:
        met = {name: fits(name, value, _of(entry, name)) for name, value in asked.items()}
        if any(answer is False for answer in met.values()):
            continue
        missing = [name for name, answer in met.items() if answer is None]
        if missing:
            silent.append(Placed(entry, None, _why(entry, missing)))
        else:
            kept.append(entry)
    if not kept:
        said = ", ".join(f"{name} = {value}" for name, value in asked.items())
        raise NotAnswerable(
            f"no published result is known to have {said} ({len(silent)} do not say)",
            remedy="ask for less",
        )
    return kept, silent


def _of(entry: Entry, name: str) -> Condition:
    return entry.conditions.get(name, Condition(None))


def _why(entry: Entry, names: Sequence[str]) -> str:
    return "; ".join(f"{spelled(name)}: {_reason(entry, name)}" for name in names)


def _reason(entry: Entry, name: str) -> str:
    condition = _of(entry, name)
    if condition.value is None:
        return str(condition.why)
    return f"given in {condition.unit}, and no density to convert it"


def place(entries: Sequence[Entry], view: View, by: Sequence[str]) -> list[Placed]:
    """Every entry in its stratum, ranked there; one that lacks a condition is in none.

    Raises:
        NotAnswerable: not one entry states every condition of ``by``.
    """
    strata: dict[str, list[Entry]] = {}
    outside: list[Placed] = []
    for entry in entries:
        if entry.why:
            outside.append(Placed(entry, None, entry.why))
            continue
        classes = {name: klass(name, _of(entry, name)) for name in by}
        missing = [name for name, found in classes.items() if found is None]
        if missing:
            outside.append(Placed(entry, None, _why(entry, missing)))
        else:
            strata.setdefault(" · ".join(str(c) for c in classes.values()), []).append(entry)
    if not strata:
        raise NotAnswerable(
            f"not one of {len(entries)} results states {', '.join(by)}",
            remedy="stratify by fewer conditions",
        )
    placed = [one for name, group in strata.items() for one in _rank(name, group, view)]
    placed.sort(key=lambda p: (-p.of, p.stratum or "", p.rank or (0, 0)))
    return placed + outside


def _rank(name: str, group: Sequence[Entry], view: View) -> list[Placed]:
    found = ranks([entry.merit.interval for entry in group], view.merit[2])
    places = front([(e.x.interval, e.y.interval) for e in group], [view.x[2], view.y[2]])
    return [
        Placed(entry, name, "", rank, len(group), where)
        for entry, rank, where in zip(group, found, places, strict=True)
    ]
