"""The table of coverage in the docs, written by the slow tests that count it.

A test of a thousand draws calls :func:`record` for each quantity; the row with that name in
``docs/coverage.md`` is put in or replaced. Fewer draws than a thousand leave the page alone.
"""

import fcntl
import re
import tempfile
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"
BEGIN, END = "<!-- coverage: begin -->", "<!-- coverage: end -->"
HEAD = (
    "| analysis | quantity | draws | refused | 95 % intervals that hold the truth |\n"
    "| --- | --- | ---: | ---: | ---: |\n"
)
LEAST = 1000
LOWEST, HIGHEST = 0.93, 0.97
_ROW = re.compile(
    r"^\| `(?P<analysis>[^`]+)` \| (?P<quantity>[^|]+) \| (?P<draws>\d+) \| (?P<refused>\d+) \| "
    r"(?P<covered>\d+) of \d+ \([\d.]+ %\) \|$",
    re.MULTILINE,
)


class Row(NamedTuple):
    """One line of the table; ``covered`` counts among the draws that were not refused."""

    analysis: str
    quantity: str
    draws: int
    refused: int
    covered: int

    @property
    def share(self) -> float:
        return self.covered / max(self.draws - self.refused, 1)

    def __str__(self) -> str:
        answered = self.draws - self.refused
        return (
            f"| `{self.analysis}` | {self.quantity} | {self.draws} | {self.refused} | "
            f"{self.covered} of {answered} ({100 * self.share:.1f} %) |"
        )


def record(analysis: str, quantity: str, *, draws: int, covered: int, refused: int = 0) -> None:
    """Put one row into the page; ``quantity`` may carry words after a comma."""
    row = Row(analysis, quantity, draws, refused, covered)
    if draws < LEAST:
        return
    # Workers of one run write in turn.
    with (Path(tempfile.gettempdir()) / f"polylyte-{PAGE.parent.stat().st_ino}.lock").open(
        "w"
    ) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        known = {(r.analysis, r.quantity): r for r in rows()}
        known[analysis, quantity] = row
        write(sorted(known.values()))


def rows() -> list[Row]:
    """The rows that the page has."""
    text = PAGE.read_text()
    table = text[text.index(BEGIN) : text.index(END)]
    return [
        Row(m["analysis"], m["quantity"], int(m["draws"]), int(m["refused"]), int(m["covered"]))
        for m in _ROW.finditer(table)
    ]


def write(table: list[Row]) -> None:
    """Replace the table of the page."""
    text = PAGE.read_text()
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    body = HEAD + "".join(f"{row}\n" for row in table)
    PAGE.write_text(f"{before}{BEGIN}\n{body}{after}")
