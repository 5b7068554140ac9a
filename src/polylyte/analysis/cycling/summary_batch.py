"""Several cells at once: one that gives no answer is left out by name, and words stay few."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Verdict
from polylyte.core.task import NO_TASK, Task

if TYPE_CHECKING:
    from polylyte.analysis.cycling.summary_cells import Cell, Scalars

T = TypeVar("T")

FEW = 8
"""Up to so many cells each has its own colour, verdicts and findings."""
LONG = 24
"""Letters of a name in a legend."""
NAMED = 5
"""Cells named one by one in a sentence."""


def answered(
    make: Callable[[int], T], names: Sequence[str], task: Task = NO_TASK
) -> tuple[list[T], list[Finding]]:
    """What ``make`` gives of every cell that has an answer; the others by name, with the reason.

    Raises:
        InputError: what the first one raises, where all fail: no such complete cycle.
        NotAnswerable: so too: no current, one direction only, or no complete cycle.
    """
    made: list[T] = []
    lost: list[Finding] = []
    first: InputError | NotAnswerable | None = None
    for place, name in enumerate(names):
        try:
            made.append(make(place))
        except (InputError, NotAnswerable) as error:
            first = first or error
            lost.append(Finding(f"left out: {error.what}", "error", name, error.remedy or ""))
        task.progress((place + 1) / len(names), f"{place + 1} of {len(names)} cells")
    if not made:
        assert first is not None
        raise first
    return made, lost


def counted(cells: int, lost: Sequence[Finding]) -> list[Verdict]:
    """Whether every record that was given counts; nothing to say of one."""
    if cells + len(lost) < 2:
        return []
    text = f"{cells} of {cells + len(lost)} cells"
    if lost:
        text += f"; left out: {spoken([note.where for note in lost])}"
    return [Verdict("all cells count", not lost, text)]


def alike(cells: Sequence[Cell], each: Sequence[Scalars]) -> list[Verdict]:
    """Means are over cells that end at one cycle; nothing to say of one cell."""
    if len(cells) < 2:
        return []
    ends = sorted({int(c.found.number[s.last]) for c, s in zip(cells, each, strict=True)})
    text = f"the last cycle counted is {ends[0]} in all cells"
    if len(ends) > 1:
        text = (
            f"the last cycle counted is {ends[0]} to {ends[-1]}, by cell: set last_cycle for a "
            "retention of one number of cycles"
        )
    return [Verdict("cells end at one cycle", len(ends) == 1, text)]


def together(verdicts: Sequence[Sequence[Verdict]], names: Sequence[str]) -> list[Verdict]:
    """The verdicts of each cell; of many cells one per test, with the cells that fail it."""
    if len(names) <= FEW:
        return [verdict for own in verdicts for verdict in own]
    made = []
    for same in zip(*verdicts, strict=True):
        title = same[0].name.removesuffix(f" ({names[0]})")
        bad = [(name, v) for name, v in zip(names, same, strict=True) if v.passed is False]
        untested = sum(v.passed is None for v in same)
        text = f"in all of {len(names)} cells" if not untested else (
            f"in {len(names) - untested} cells; {untested} could not be tested"
        )  # fmt: skip
        if bad:
            which = spoken([name for name, _ in bad])
            text = (
                f"not in {len(bad)} of {len(names)} cells ({which}); {bad[0][0]}: {bad[0][1].text}"
            )
        passed = False if bad else None if untested == len(names) else True
        made.append(Verdict(title, passed, text))
    return made


def shortened(findings: Sequence[Finding], cells: int) -> list[Finding]:
    """Of many cells the same words once, with where they hold."""
    if cells <= FEW:
        return list(findings)
    places: dict[tuple[str, str, str], list[str]] = {}
    for note in findings:
        places.setdefault((note.text, note.severity, note.remedy), []).append(note.where)
    return [
        Finding(text, severity, "all cells" if len(where) == cells else spoken(where), remedy)  # type: ignore[arg-type]
        for (text, severity, remedy), where in places.items()
    ]


def spoken(names: Sequence[str]) -> str:
    """The first few names, and how many more."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def short(names: Sequence[str]) -> dict[str, str]:
    """Names as a legend can hold them; those that would then be alike stay whole."""
    cut = {n: n if len(n) <= LONG else f"{n[: LONG - 9]}…{n[-8:]}" for n in names}
    return cut if len(set(cut.values())) == len(cut) else {n: n for n in names}


def by_row(value: Quantity, mark: str = "") -> Quantity:
    """For a table with a row per cell: its own errors are independent from row to row."""
    parts: dict[str, float] = {}
    for source, part in value.components.items():
        mine = source.startswith("~") and source.endswith(mark)
        own = f"{source.removesuffix(mark)}[*]" if mine else source
        parts[own] = math.hypot(parts[own], part) if own in parts else part
    return replace(value, components=parts)
