"""Rows of a table that say the same thing twice, or two things of one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from polylyte.literature.audit.checks import Check
from polylyte.literature.audit.entries import PaperTable
from polylyte.literature.audit.paper import Paper
from polylyte.literature.audit.values import Value
from polylyte.literature.audit.vocabulary import RESULTS


def checks(paper: Paper) -> Iterator[Check]:
    """Rows that agree in every condition agree in every result; rows of one key agree in all."""
    for table in paper.tables:
        indices = [i for i in range(len(next(iter(table.columns.values())))) if i != table.total]
        passed = True
        for i, j in combinations(indices, 2):
            found = _pair(table, i, j)
            if found is not None:
                passed = False
                yield found
        if passed and len(indices) > 1 and _comparable(table):
            yield Check("rows", table.at, "", "no row contradicts another", "passed")


def _comparable(table: PaperTable) -> bool:
    return bool(table.key) or any(name in table.columns for name in RESULTS)


def _pair(table: PaperTable, i: int, j: int) -> Check | None:
    conditions = table.key or tuple(n for n in table.columns if n not in RESULTS)
    rest = [n for n in table.columns if n not in conditions]
    if any(not _same(table, n, i, j) for n in conditions) or _all_empty(table, conditions, i):
        return None
    different = [n for n in rest if _both(table, n, i, j) and not _same(table, n, i, j)]
    uses = [c for n in different for c in (table.columns[n][i], table.columns[n][j])]
    label = _text(table.columns[next(iter(table.columns))][i])
    if different:
        shown = "; ".join(
            f"{n.replace('_', ' ')} {_text(table.columns[n][i])} and {_text(table.columns[n][j])}"
            for n in different
        )
        return Check(
            "rows", f"{table.at}, rows {i + 1} and {j + 1}", label,
            f"rows of the same {', '.join(table.key) or 'conditions'} contradict each other",
            "warning", shown, "one value",
            cause="two systems under one name, or a copied row",
            remedy="say what differs, or delete one",
            uses=tuple(c for c in uses if isinstance(c, Value)),
        )  # fmt: skip
    if not table.key and rest and all(_same(table, n, i, j) for n in rest):
        return Check("rows", f"{table.at}, rows {i + 1} and {j + 1}", label,
                     "the row is printed twice", "note", remedy="delete one")  # fmt: skip
    return None


def _text(cell: Value | str | None) -> str:
    return cell.text if isinstance(cell, Value) else cell or ""


def _same(table: PaperTable, name: str, i: int, j: int) -> bool:
    return _text(table.columns[name][i]) == _text(table.columns[name][j])


def _both(table: PaperTable, name: str, i: int, j: int) -> bool:
    return bool(_text(table.columns[name][i]) and _text(table.columns[name][j]))


def _all_empty(table: PaperTable, names: tuple[str, ...], i: int) -> bool:
    return not any(_text(table.columns[n][i]) for n in names)
