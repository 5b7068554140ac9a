"""Time series of a cell in the Battery Data Format: the way out; ``instruments.bdf`` is the way
in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polylyte.core.errors import PolylyteError
from polylyte.core.tables import Table
from polylyte.core.units import convert
from polylyte.instruments import reading
from polylyte.instruments.bdf import REQUIRED, TERMS, Term

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class Series:
    """One table in the format. ``left_out`` names columns that it has no term for."""

    frame: polars.DataFrame
    terms: tuple[Term, ...]
    left_out: tuple[str, ...]

    def csv(self) -> str:
        """The text of a ``.bdf.csv`` file; floats come back bit for bit."""
        return str(self.frame.write_csv())


def series(table: Table) -> Series | None:
    """The table in the format, or None where it lacks time, potential or current."""
    import polars

    made: dict[Term, polars.Series] = {}
    for term in TERMS:
        if term.column in table.columns:
            column = _column(table, term)
            if column is not None:
                made[term] = column
    if any(term not in made for term in REQUIRED) or not len(table):
        return None
    frame = polars.DataFrame({term.heading: column for term, column in made.items()})
    used = {term.column for term in made}
    left_out = tuple(name for name in table.columns if name not in used)
    return Series(frame, tuple(made), left_out)


def _column(table: Table, term: Term) -> polars.Series | None:
    import polars

    column = table.frame[term.column]
    if not term.unit and not term.whole:
        return column.cast(polars.String) if column.null_count() < len(column) else None
    if not column.dtype.is_numeric():
        return None
    if term.whole:
        known = column.drop_nulls()
        if not len(known) or bool((known != known.round()).any()) or bool((known < 0).any()):
            return None
        return column.cast(polars.Int64)
    unit = table.units.get(term.column, "")
    if unit == term.unit:
        return column
    try:
        zero = convert(0.0, unit, term.unit)
        return column * (convert(1.0, unit, term.unit) - zero) + zero
    except PolylyteError:  # another dimension: not this quantity
        return None


def of_bytes(raw: bytes, name: str) -> list[Series]:
    """The time series of a raw file; none where the file is of another kind."""
    try:
        recording = reading.read_bytes(raw, Path(name))
    except PolylyteError:  # the run read it by other means: a table, a paper, a card
        return []
    tables = [*recording.like("CURVE").values(), *recording.like("series").values()]
    return [made for table in tables if (made := series(table)) is not None]
