"""Parts that add up to a printed total."""

from __future__ import annotations

from collections.abc import Iterator

from polylyte.literature.audit import vocabulary
from polylyte.literature.audit.checks import Check, closes
from polylyte.literature.audit.entries import PaperTable
from polylyte.literature.audit.paper import Paper
from polylyte.literature.audit.values import Value, dimension

_ADDITIVE = (
    "active_loading", "coating_loading", "areal_mass", "areal_volume", "thickness",
    "electrolyte_volume", "weight_fraction", "atomic_fraction", "amount_fraction",
    "volume_fraction", "cell_capacity",
)  # fmt: skip
_INTENSIVE = ("g/cm^3", "K", "V", "mAh/g", "S/m", "Wh/kg", "Wh/L", "1/m^3")
"""Units whose numbers never add up, whatever a column is called."""
_WHOLE = ("weight_fraction", "atomic_fraction", "amount_fraction", "volume_fraction")


def checks(paper: Paper) -> Iterator[Check]:
    """total = sum of parts: printed sums, compositions, and the total rows of tables."""
    for each in paper.sums:
        parts = list(each.parts.values())
        if len({dimension(v.unit) for v in (*parts, each.total)}) > 1:
            yield Check("sum", each.at, each.of, "the parts and the total differ in unit", "error",
                        uses=(*parts, each.total))  # fmt: skip
            continue
        yield closes("sum", _sum, each.total, parts, of=each.of, at=each.at,
                     says="the parts add up to the total")  # fmt: skip
    for table in paper.tables:
        yield from _columns(table)


def _sum(*parts: float) -> float:
    return sum(parts)


def _adds_up(name: str, cell: Value) -> bool:
    if name in vocabulary.NUMBERS:
        return name in _ADDITIVE
    return dimension(cell.unit) not in {dimension(unit) for unit in _INTENSIVE}


def _columns(table: PaperTable) -> Iterator[Check]:
    for name, column in table.columns.items():
        cells = [c for i, c in enumerate(column) if isinstance(c, Value) and i != table.total]
        if len(cells) < 2 or not _adds_up(name, cells[0]):
            continue
        total = column[table.total] if table.total is not None else None
        if isinstance(total, Value):
            yield closes("sum", _sum, total, cells, of=name, at=table.at,
                         says="the rows add up to the total row")  # fmt: skip
        elif table.total is None and name in _WHOLE:
            unit = cells[0].unit
            whole = Value(f"100 {unit}", 100.0, unit, 0.0, cells[0].resolution, "", table.at, "")
            yield closes("sum", _sum, whole, cells, of=name, at=table.at,
                         says="the fractions add up to 100 %")  # fmt: skip
