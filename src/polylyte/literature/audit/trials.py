"""How good is the audit? Consistent papers at random, a slip planted in each, and what is found.

The truth is drawn first, every number is then rounded as it would be printed. Which relations a
number takes part in, and how far its digits reach, is worked out here again, apart from the engine:
a slip counts as beyond the printed precision when it moves a relation by more than half a unit of
the last digit of every number in it (and what the engine grants as nominal).
"""

from __future__ import annotations

import copy
import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from polylyte.core.units import unit
from polylyte.literature.audit.checks import Check
from polylyte.literature.audit.drafts import Draft, Path, Relation, random_paper
from polylyte.literature.audit.engine import run
from polylyte.literature.audit.paper import Paper

KINDS = ("digits transposed", "wrong digit", "unit", "factor of ten")
_SLIPS = {"mAh": "Ah", "mg": "g", "um": "mm", "g/cm^3": "mg/cm^3", "mA": "A", "g/mol": "kg/mol"}


@dataclass(frozen=True)
class Slip:
    """What was changed; ``beyond`` is in units of what the printed digits allow."""

    kind: str
    path: Path
    was: str
    now: str
    beyond: float


def plant(draft: Draft, seed: int) -> tuple[dict[str, Any], Slip]:
    """One random slip in a random number that some relation uses."""
    draw = random.Random(seed)
    paths = sorted({p for r in draft.relations for p in (r.printed, *r.inputs) if p}, key=str)
    while True:
        path, kind = draw.choice(paths), draw.choice(KINDS)
        content = copy.deepcopy(draft.content)
        made = _change(content, path, kind, draw)
        if made is None:
            continue
        was, now = made
        moved = max(_moved(draft.content, content, r) for r in draft.relations)
        return content, Slip(kind, path, was, now, moved)


def _get(content: Any, path: Path) -> Any:
    for step in path:
        content = content[step]
    return content


def _put(content: Any, path: Path, value: Any) -> None:
    _get(content, path[:-1])[path[-1]] = value


def _change(
    content: dict[str, Any], path: Path, kind: str, draw: random.Random
) -> tuple[str, str] | None:
    raw = _get(content, path)
    number, _, unit_text = str(raw).partition(" ")
    if kind == "unit":
        return _change_unit(content, path, number, unit_text)
    changed = {"digits transposed": _transposed, "wrong digit": _wrong, "factor of ten": _tenfold}[
        kind
    ](number, draw, isinstance(raw, int))
    if changed is None or float(changed) == float(number):
        return None
    new: Any = int(changed) if isinstance(raw, int) else f"{changed} {unit_text}".strip()
    _put(content, path, new)
    return str(raw), str(new)


def _change_unit(
    content: dict[str, Any], path: Path, number: str, unit_text: str
) -> tuple[str, str] | None:
    """In a table the unit stands in the heading, and every row changes."""
    heading = path[-2] if "columns" in path else ""
    column_unit = str(heading).partition(" / ")[2]
    old = column_unit or unit_text
    slip = next((a for a in _SLIPS if old.startswith(a)), None)
    if slip is None:
        return None
    new = _SLIPS[slip] + old[len(slip) :]
    if column_unit:
        columns = _get(content, path[:-2])
        renamed = {k.replace(f" / {old}", f" / {new}") if k == heading else k: v
                   for k, v in columns.items()}  # fmt: skip
        columns.clear()
        columns.update(renamed)
        return heading, f"{str(heading).partition(' / ')[0]} / {new}"
    _put(content, path, f"{number} {new}")
    return f"{number} {old}", f"{number} {new}"


def _transposed(number: str, draw: random.Random, whole: bool) -> str | None:
    places = [
        (i, j)
        for i, j in _neighbours(number)
        if number[i] != number[j] and not (i == 0 and number[j] == "0")
    ]
    if not places:
        return None
    i, j = draw.choice(places)
    digits = list(number)
    digits[i], digits[j] = digits[j], digits[i]
    return "".join(digits)


def _neighbours(number: str) -> list[tuple[int, int]]:
    places = [i for i, c in enumerate(number) if c.isdigit()]
    return list(pairwise(places))


def _wrong(number: str, draw: random.Random, whole: bool) -> str | None:
    places = [i for i, c in enumerate(number) if c.isdigit()]
    i = draw.choice(places)
    options = [c for c in "0123456789" if c != number[i] and not (i == 0 and c == "0")]
    return number[:i] + draw.choice(options) + number[i + 1 :]


def _tenfold(number: str, draw: random.Random, whole: bool) -> str | None:
    up = draw.random() < 0.5
    if whole:
        return f"{number}0" if up or not number.endswith("0") else number[:-1]
    value = Decimal(number).scaleb(1 if up else -1)
    return f"{value:f}"


def _si(content: dict[str, Any], path: Path) -> tuple[float, float]:
    """Value and half a unit of its last digit, in SI."""
    heading = path[-2] if "columns" in path else ""
    try:
        raw = _get(content, path)
    except KeyError:  # the heading changed with its unit
        base = str(heading).partition(" / ")[0]
        columns = _get(content, path[:-2])
        heading = next(k for k in columns if k.partition(" / ")[0] == base)
        raw = columns[heading][path[-1]]
    number, _, unit_text = str(raw).partition(" ")
    factor = float(unit(str(heading).partition(" / ")[2] or unit_text or "1").factor)
    if isinstance(raw, int):
        return raw * factor, 0.0
    decimals = len(number.partition(".")[2])
    return float(number) * factor, 0.5 * 10.0**-decimals * factor


def _moved(before: dict[str, Any], after: dict[str, Any], relation: Relation) -> float:
    """How far the slip moves a relation, in units of the precision it is printed to."""
    old, new = _residual(before, relation), _residual(after, relation)
    if old is None or new is None:
        return math.inf
    return abs(new[0] - old[0]) / max(old[1], new[1], 1e-12 * abs(new[2]))


def _residual(content: dict[str, Any], relation: Relation) -> tuple[float, float, float] | None:
    inputs = [_si(content, p) for p in relation.inputs]
    values = [v for v, _ in inputs]
    try:
        exact = relation.equation(*values)
        tolerance = relation.slack * abs(exact)
        for i, (value, half) in enumerate(inputs):
            if half:
                up, down = ([*values[:i], value + s * half, *values[i + 1 :]] for s in (1, -1))
                tolerance += abs(relation.equation(*up) - relation.equation(*down)) / 2
    except ZeroDivisionError:
        return None
    printed, half = _si(content, relation.printed) if relation.printed else (0.0, 0.0)
    return printed - exact, tolerance + half, exact


@dataclass(frozen=True)
class Outcome:
    """Counts over many papers. A clean paper's warning or error is a false alarm."""

    papers: int
    clean_checks: int
    false_alarms: int
    found: Counter[str]
    missed: Counter[str]
    as_note: Counter[str]
    within_precision: int
    found_within: int
    examples: tuple[Slip, ...]

    @property
    def share_found(self) -> float:
        beyond = self.found.total() + self.missed.total() + self.as_note.total()
        return self.found.total() / beyond if beyond else 0.0

    @property
    def share_false(self) -> float:
        return self.false_alarms / self.clean_checks if self.clean_checks else 0.0

    def __str__(self) -> str:
        lines = [
            f"{self.papers} papers, {self.clean_checks} checks of clean ones: "
            f"{self.false_alarms} false alarms ({100 * self.share_false:.2f} %)",
            f"slips beyond the printed precision: {100 * self.share_found:.1f} % found",
        ]
        for kind in KINDS:
            found, note, missed = self.found[kind], self.as_note[kind], self.missed[kind]
            lines.append(f"  {kind}: {found} found, {note} only a note, {missed} missed")
        lines.append(
            f"slips within the printed precision: {self.within_precision}, "
            f"of which {self.found_within} found all the same"
        )
        return "\n".join(lines)


def trial(papers: int, *, slips_each: int = 2, seed: int = 0) -> Outcome:
    """Audit ``papers`` consistent papers, clean and with ``slips_each`` slips, one at a time."""
    counts = {name: Counter[str]() for name in ("found", "missed", "as_note")}
    checks = alarms = within = found_within = 0
    examples: list[Slip] = []
    for number in range(seed, seed + papers):
        draft = random_paper(number)
        clean = run(Paper.of(draft.content, where="clean"))
        checks += sum(c.severity != "unchecked" for c in clean)
        alarms += sum(c.severity in ("error", "warning") for c in clean)
        for n in range(slips_each):
            content, slip = plant(draft, 1_000_003 * number + n)
            outcome = _judge(clean, run(Paper.of(content, where="slipped")))
            if slip.beyond <= 1:
                within += 1
                found_within += outcome == "found"
                continue
            counts[outcome][slip.kind] += 1
            if outcome == "missed":
                examples.append(slip)
    return Outcome(papers, checks, alarms, counts["found"], counts["missed"], counts["as_note"],
                   within, found_within, tuple(examples))  # fmt: skip


def _judge(clean: Sequence[Check], slipped: Sequence[Check]) -> str:
    """Findings that the clean paper has not."""
    before = {(c.relation, c.at, c.of, c.severity) for c in clean}
    new = {c.severity for c in slipped if (c.relation, c.at, c.of, c.severity) not in before}
    if new & {"error", "warning"}:
        return "found"
    return "as_note" if "note" in new else "missed"
