"""How the numbers of a column are written: a cell unlike all others has lost or gained digits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from polylyte.core.results import Finding
from polylyte.instruments.text import line_list

if TYPE_CHECKING:
    import polars

_FEWEST = 8
_DIGITS = 4
"""A point and three digits: fewer are written by hand, or vary with the number."""
_ODD = 2


def odd_cells(texts: Sequence[str]) -> list[int]:
    """Indices of cells with another number of characters behind the point than all others.

    A machine writes a column in one way (``1.2345E+003``, ``3.6680``); a cell that is unlike the
    others was not written by it. Where a column's numbers vary in length there is nothing to see.
    """
    if len(texts) < _FEWEST:
        return []
    sample = _usual([texts[i] for i in range(0, len(texts), max(1, len(texts) // _SAMPLE))])
    if sample is None or _all_alike(texts, sample):
        return []
    tails = Counter(map(_tail, texts))
    (usual, count), *rest = tails.most_common()
    odd = len(texts) - count
    if not rest or usual[0] < _DIGITS or odd > max(_ODD, 0.003 * len(texts)):
        return []
    if not any(_padded(t) for t in texts if _tail(t) == usual):
        # This writer leaves out zeros at the end: its numbers vary in length by themselves.
        return []
    return [i for i, t in enumerate(texts) if _tail(t) != usual and t.strip() not in _PLAIN]


_SAMPLE = 64


def _usual(sample: Sequence[str]) -> tuple[int, int, bool] | None:
    """How most cells of a sample are written; None where they vary, or end before three digits."""
    (usual, count), *_ = Counter(map(_tail, sample)).most_common(1)
    return usual if usual[0] >= _DIGITS and count >= len(sample) - _ODD else None


def _all_alike(texts: Sequence[str], usual: tuple[int, int, bool]) -> bool:
    """The same for all cells, quickly: each has its point where the usual one has it."""
    behind, before, scientific = usual
    try:
        if {text[-behind] for text in texts} != {"."}:
            return False
    except IndexError:
        return False
    return not scientific or max(map(len, texts)) <= behind + before + 1


def odd_in_series(series: polars.Series) -> bool:
    """Whether :func:`odd_cells` has to look at a column of text at all."""
    if len(series) < _FEWEST:
        return False
    step = max(1, len(series) // _SAMPLE)
    sample = _usual(series.gather_every(step).fill_null("").to_list())
    if sample is None:
        return False
    points = series.str.strip_chars().str.slice(-sample[0], 1)
    return not bool((points == ".").all()) or sample[2]


_PLAIN = frozenset({"", "0", "0.0", "nan", "NaN"})


def _tail(text: str) -> tuple[int, int, bool]:
    """Characters from the point on, digits before it where an exponent follows, an exponent."""
    clean = text.strip()
    point = clean.find(".")
    if point < 0:
        return 0, 0, False
    scientific = "e" in clean or "E" in clean
    return len(clean) - point, len(clean[:point].lstrip("+-")) if scientific else 0, scientific


def _padded(text: str) -> bool:
    """Whether the digits end in a zero that says nothing, behind one that does."""
    digits = text.strip().lower().partition("e")[0]
    return digits.endswith("0") and bool(digits.strip("+-0."))


def shape_finding(name: str, texts: Sequence[str], lines: Sequence[int]) -> Finding | None:
    """A warning that names the lines of cells that are written unlike the rest of a column."""
    odd = odd_cells(texts)
    if not odd:
        return None
    where = line_list([int(lines[i]) for i in odd])
    shown = texts[odd[0]].strip()[:24]
    text = f"column '{name}': '{shown}' is written unlike its other cells ({where})"
    return Finding(text, "warning", where=where, remedy="look whether a digit is lost there")
