"""Retention, fade per cycle, reductions and Coulombic efficiency."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from polylyte.literature.audit.checks import Check, closes, same_kind, verdict
from polylyte.literature.audit.entries import PaperTable, Record
from polylyte.literature.audit.paper import Paper
from polylyte.literature.audit.values import Value

MAH_PER_G = 3600.0
"""SI (C/kg) of 1 mAh/g."""


def checks(paper: Paper) -> Iterator[Check]:
    """retention = final/initial; decay by every definition in use; reduction = 1 - after/before."""
    for record in paper.every_record():
        yield from _retention(record)
        if record.has("before", "after", "reduction"):
            yield closes(
                "reduction", lambda a, b: 1 - b / a, record["reduction"],
                [record["before"], record["after"]], of=record.of, at=record.at,
                says="reduction = 1 - after/before",
            )  # fmt: skip
        yield from _aurbach(record)
        if record.kind != "row":
            yield from _decay([record], record.at)
    for table in paper.tables:
        yield from _decay(_rows(table), table.at)


def _rows(table: PaperTable) -> list[Record]:
    return list(table.rows)


def _retention(record: Record) -> Iterator[Check]:
    if not record.has("initial_capacity", "final_capacity"):
        return
    first, last = record["initial_capacity"], record["final_capacity"]
    if record.has("retention"):
        yield closes(
            "retention", lambda a, b: b / a, record["retention"], [first, last], of=record.of,
            at=record.at, says="retention = final / initial capacity",
        )  # fmt: skip
    elif first.si > 0:
        yield verdict(
            "retention", last.bound or first.bound or last.si <= first.si * 1.02,
            says="capacity grows over cycling", of=record.of, at=record.at,
            printed=f"{first.text}, then {last.text}",
            recomputed=f"{100 * last.si / first.si:.0f} %", uses=(first, last),
            remedy="the two are of different rates or cells, or one is wrong",
        )  # fmt: skip


def _aurbach(record: Record) -> Iterator[Check]:
    """CE = (n q + Q4)/(Q1 + n q): the last strip lies between nothing and the reservoir."""
    if not record.has("ce_aurbach", "reservoir_capacity", "cycled_capacity", "ce_cycles"):
        return
    ce, q1 = record["ce_aurbach"].si, record["reservoir_capacity"].si
    cycled = record["ce_cycles"].number * record["cycled_capacity"].si
    last = ce * (q1 + cycled) - cycled
    yield verdict(
        "aurbach", 0 <= last <= q1, says="the last strip lies between zero and the reservoir",
        of=record.of, at=record.at, printed=record["ce_aurbach"].text,
        recomputed=f"last strip {last / 36:.4f} mAh/cm^2", severity="error",
        uses=[record[n] for n in ("ce_aurbach", "reservoir_capacity", "cycled_capacity")],
    )  # fmt: skip


Definition = tuple[str, str, tuple[str, ...], Callable[..., float]]

_PER_CYCLE: tuple[Definition, ...] = (
    ("(1 - retention)/cycles, in % per cycle", "%",
     ("retention", "cycles"), lambda r, n: (1 - r) / n),
    ("1 - retention^(1/cycles), in % per cycle", "%",
     ("retention", "cycles"), lambda r, n: 1 - r ** (1 / n)),
)  # fmt: skip
_IN_CAPACITY: tuple[Definition, ...] = (
    ("capacity (1/retention - 1)/cycles, the capacity being the last, in mAh/g per cycle", "mAh/g",
     ("retention", "cycles", "specific_capacity"), lambda r, n, c: c * (1 / r - 1) / n),
    ("capacity (1 - retention)/cycles, the capacity being the first, in mAh/g per cycle", "mAh/g",
     ("retention", "cycles", "specific_capacity"), lambda r, n, c: c * (1 - r) / n),
)  # fmt: skip
_SCALES = ((1.0, ""), (0.01, "1e-2 "), (0.001, "1e-3 "), (10.0, "10 "), (100.0, "100 "))


def _decay(records: Sequence[Record], at: str) -> Iterator[Check]:
    """All rows of a table follow one definition; the one that fits tells the unit.

    A unit that is printed and fits by any definition passes. If none fits with the printed unit
    but one fits in another, for all rows, the unit is what is wrong.
    """
    full = [r for r in records if r.has("decay", "retention", "cycles") and not r["decay"].bound]
    if not full:
        return
    fitting = [d for d in (*_PER_CYCLE, *_IN_CAPACITY) if _has(full, d) and _fits_unit(full, d)]
    for name, _, inputs, equation in fitting:
        made = [_one(r, name, inputs, equation) for r in full]
        if all(c.severity in ("passed", "note") for c in made):
            yield from made
            return
    others = [
        (f"{prefix}{unit}: {name}", scale, inputs, equation)
        for name, unit, inputs, equation in (*_IN_CAPACITY, *_PER_CYCLE)
        for scale, prefix in _SCALES
        if _has(full, (name, unit, inputs, equation))
    ]
    for name, scale, inputs, equation in others:
        unit = MAH_PER_G if "mAh/g" in name else 0.01
        if all(_matches(r, equation, inputs, scale * unit) for r in full):
            yield _wrong_unit(full, at, name, fitting)
            return
    if fitting:
        name, _, inputs, equation = fitting[0]
        yield from (_one(r, name, inputs, equation) for r in full)


def _has(records: Sequence[Record], definition: Definition) -> bool:
    return all(r.has(*definition[2]) for r in records)


def _fits_unit(records: Sequence[Record], definition: Definition) -> bool:
    return all(same_kind(r["decay"], definition[1]) for r in records)


def _one(
    record: Record, name: str, inputs: tuple[str, ...], equation: Callable[..., float]
) -> Check:
    return closes(
        "decay", equation, record["decay"], [record[n] for n in inputs], of=record.of,
        at=record.at, says=f"decay = {name}",
    )  # fmt: skip


def _matches(
    record: Record, equation: Callable[..., float], inputs: tuple[str, ...], unit: float
) -> bool:
    """Whether the printed number, read in another unit, is what the definition gives."""
    decay = record["decay"]
    bare = Value(decay.text, decay.number * unit, "1", decay.half * unit,
                 decay.resolution * unit, decay.qualifier, decay.at, decay.name)  # fmt: skip
    made = closes("decay", equation, bare, [record[n] for n in inputs])
    return made.severity in ("passed", "note")


def _wrong_unit(
    records: Sequence[Record], at: str, name: str, fitting: Sequence[Definition]
) -> Check:
    first = records[0]
    recomputed = ""
    if fitting:
        _, _, inputs, equation = fitting[0]
        values = [equation(*(r[n].si for n in inputs)) for r in records]
        recomputed = ", ".join(r["decay"].show(r["decay"].from_si(v), 3)
                               for r, v in zip(records, values, strict=True))  # fmt: skip
    return Check(
        "decay", at, "all rows" if len(records) > 1 else first.of,
        f"the decay is not in '{first['decay'].unit}'", "error",
        ", ".join(r["decay"].text for r in records), recomputed, first["decay"].unit,
        cause=f"all values are {name}", remedy="print the unit and the definition",
        uses=tuple(r[n] for r in records for n in ("decay", "retention", "cycles")),
    )  # fmt: skip
