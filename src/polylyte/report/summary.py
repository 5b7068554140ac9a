"""The short table that a terminal shows after a run."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from polylyte.core import methods
from polylyte.core.methods import Method
from polylyte.core.runs import Run
from polylyte.report.methods_text import Lookup
from polylyte.report.outcome import outcome
from polylyte.report.quantities import Row, key_rows, recoveries
from polylyte.report.text import with_unit

_HEADER = ("quantity", "ours", "published", "Δ/u", "")


def summary_table(run: Run, *, lookup: Lookup = methods.get) -> str:
    """Quantity, our value, the published one, and whether they agree; aligned plain text.

    Simulated and virtual values are marked, recovered inputs stand apart, and every step that did
    not answer says why in its own line.
    """
    known: dict[str, Method] = {}
    for step in run.steps:
        try:
            known.setdefault(step.method, lookup(step.method))
        except Exception:  # a plug-in that is gone: its numbers are still shown
            continue
    rows = [
        (item.row.name, _ours(item.row), item.published, item.deviation,
         ", ".join(filter(None, (item.verdict, item.row.origin, *item.row.flags))))
        for item in key_rows(run, known)
    ]  # fmt: skip
    again = [
        (item.row.name, _ours(item.row), item.given, item.deviation, item.verdict)
        for item in recoveries(run, known)
    ]
    parts = [aligned([_HEADER, *rows])] if rows else []
    if again:
        header = ("recovered input (virtual)", "found", "put in", "Δ/u", "")
        parts.append(aligned([header, *again]))
    lacking = [
        f"{step.name}: {step.status}{': ' if step.reason else ''}{step.reason}"
        for step in run.steps
        if step.status in ("refused", "failed", "skipped")
    ]
    if lacking:
        parts.append("\n".join(lacking))
    result = outcome(run)
    parts.append(f"{result.steps_sentence} {result.comparison_sentence}".rstrip())
    return "\n\n".join(parts) + "\n"


def _ours(row: Row) -> str:
    return with_unit(row.value, row.unit) if row.value != "–" else row.value


def _width(text: str) -> int:
    """Columns that a terminal needs."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns of one width each, separated by two spaces; a rule below the header."""
    widths = [max(_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
    rule = "  ".join("─" * width for width in widths if width)
    return "\n".join([lines[0], rule, *lines[1:]])
