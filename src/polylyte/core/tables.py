"""A table: columns with units, and where the uncertainty of each column comes from.

``conductivity|cell.blocking.area`` holds the signed contribution of that source to each value
of ``conductivity``. A source that ends in ``[*]`` is independent from row to row.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from polylyte.core import parquet
from polylyte.core.errors import InputError, nearest
from polylyte.core.quantities import Quantity
from polylyte.core.units import convert, unit

if TYPE_CHECKING:
    import polars

PER_ROW = "[*]"
_METADATA = "polylyte"
"""The key under which a Parquet file says the units and the note of its table."""


@dataclass(frozen=True)
class Table:
    """``frame`` is a polars DataFrame; ``units`` gives the unit of each numeric column."""

    frame: polars.DataFrame
    units: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    @staticmethod
    def of(
        columns: Mapping[str, Sequence[Any]], units: Mapping[str, str] | None = None, note: str = ""
    ) -> Table:
        """A table from plain columns (lists or arrays)."""
        import polars

        return Table(polars.DataFrame(dict(columns), strict=False), dict(units or {}), note)

    @staticmethod
    def of_quantities(
        plain: Mapping[str, Sequence[Any]],
        quantities: Mapping[str, Sequence[Quantity]],
        units: Mapping[str, str] | None = None,
        note: str = "",
    ) -> Table:
        """A table whose ``quantities`` columns keep their components.

        A source found in one row alone becomes the column's independent part: name it with
        ``[*]``, or share one name between rows where the error is shared.
        """
        columns: dict[str, Sequence[Any]] = dict(plain)
        all_units = dict(units or {})
        for name, values in quantities.items():
            unit = values[0].unit if values else "1"
            shown = [value.to(unit) for value in values]
            all_units[name] = unit
            columns[name] = [value.value for value in shown]
            for source in dict.fromkeys(s for value in shown for s in value.components):
                columns[f"{name}|{source}"] = [v.components.get(source, 0.0) for v in shown]
        return Table.of(columns, all_units, note)

    @staticmethod
    def read(path: Path, conditions: Mapping[str, Quantity] | None = None) -> Table:
        """A table from Parquet, or from CSV headed ``name / unit`` (``u(name) / unit`` beside).

        Raises:
            InputError: not a table, or a column that is not a number where a unit says it is.
        """
        import polars

        try:
            if path.suffix == ".parquet":
                return Table.from_parquet(io.BytesIO(path.read_bytes()))
            frame = polars.read_csv(path, comment_prefix="#", infer_schema_length=None)
        except (polars.exceptions.PolarsError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"is not a table ({reason})", where=str(path)) from None
        columns: dict[str, Any] = {}
        units: dict[str, str] = {}
        for label in frame.columns:
            name, unit = _heading(label)
            if name.startswith("u(") and name.endswith(")"):
                name = f"{name[2:-1].strip()}|stated in {path.name}{PER_ROW}"
            if name in columns:
                raise InputError(f"has two columns '{name}'", where=str(path))
            if unit and not frame[label].dtype.is_numeric() and frame[label].drop_nulls().len():
                raise InputError(
                    f"column '{label}' holds text", where=str(path), remedy="give numbers alone"
                )
            columns[name] = frame[label]
            units[name] = unit
        for name, column in columns.items():
            of, bar, _ = name.partition("|")
            if bar and units[name] and units[name] != units.get(of, ""):
                factor = convert(1.0, units[name], units.get(of) or "1")
                columns[name] = column * factor
        given = {name: unit for name, unit in units.items() if unit and "|" not in name}
        return Table(polars.DataFrame(columns), given)

    @staticmethod
    def from_parquet(content: BinaryIO) -> Table:
        """A table from Parquet, with units and note where :meth:`to_parquet` wrote it."""
        import polars

        frame = polars.read_parquet(content)
        content.seek(0)
        about = json.loads(polars.read_parquet_metadata(content).get(_METADATA, "{}"))
        return Table(frame, about.get("units", {}), about.get("note", ""))

    def to_parquet(self, stream: BinaryIO) -> None:
        """Write the table as Parquet, units and note in the file's metadata."""
        about = json.dumps({"units": dict(self.units), "note": self.note}, ensure_ascii=False)
        small = parquet.encode(self.frame, {_METADATA: about})
        if small is not None:
            stream.write(small)
        else:
            self.frame.write_parquet(stream, compression="zstd", metadata={_METADATA: about})

    @property
    def columns(self) -> list[str]:
        """Names of the value columns (without the columns of uncertainty parts)."""
        return [name for name in self.frame.columns if "|" not in name]

    def __len__(self) -> int:
        return int(self.frame.height)

    def column(self, name: str) -> list[Any]:
        """The values of one column.

        Raises:
            InputError: no such column.
        """
        if name not in self.frame.columns:
            raise InputError(
                f"the table has no column '{name}'", remedy=nearest(name, self.columns)
            )
        return list(self.frame[name].to_list())

    def quantities(self, name: str) -> list[Quantity]:
        """One column as quantities; ``[*]`` sources become one source per row."""
        values = self.column(name)
        parts = {c.split("|", 1)[1]: self.column(c) for c in self._parts(name)}
        made = []
        for row, value in enumerate(values):
            components = {
                source.replace(PER_ROW, f"[{row}]"): float(column[row])
                for source, column in parts.items()
                if column[row]
            }
            made.append(Quantity(value, self.units.get(name, "1"), components, "derived"))
        return made

    def std(self, name: str) -> list[float] | None:
        """Standard uncertainty of a column, or None if none is known."""
        names = self._parts(name)
        if not names:
            return None
        columns = [self.column(part) for part in names]
        return [sum(float(x or 0.0) ** 2 for x in row) ** 0.5 for row in zip(*columns, strict=True)]

    def _parts(self, name: str) -> list[str]:
        return [c for c in self.frame.columns if c.startswith(f"{name}|")]

    def rename_sources(self, names: Mapping[str, str]) -> Table:
        """The same table with its uncertainty sources renamed."""
        new = {
            c: "|".join((c.split("|", 1)[0], names[c.split("|", 1)[1]]))
            for c in self.frame.columns
            if "|" in c and c.split("|", 1)[1] in names
        }
        return Table(self.frame.rename(new), self.units, self.note) if new else self

    def sources(self) -> Iterable[str]:
        return {c.split("|", 1)[1] for c in self.frame.columns if "|" in c}

    def to_csv(self) -> str:
        """Values with units in the header, and one ``u(...)`` column per uncertain column."""
        import polars

        shown: dict[str, Any] = {}
        for name in self.columns:
            unit = self.units.get(name, "")
            label = f"{name} / {unit}" if unit not in ("", "1") else name
            shown[label] = self.frame[name]
            std = self.std(name)
            if std is not None:
                shown[f"u({name})" + (f" / {unit}" if unit not in ("", "1") else "")] = std
        return str(polars.DataFrame(shown).write_csv())


def _heading(label: str) -> tuple[str, str]:
    """Name and unit of ``name / unit``; a heading such as ``O/Li`` is all name."""
    name, slash, text = (part.strip() for part in label.partition("/"))
    try:
        return name, unit(text).text if slash else ""
    except InputError:
        return label.strip(), ""
