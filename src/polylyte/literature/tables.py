"""The published results as tables, and questions to them in SQL.

>>> table("cells").height, query("SELECT count(*) AS n FROM cells WHERE retention_pct >= 90")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from threading import Timer
from typing import TYPE_CHECKING, Any

from polylyte.core.errors import InputError, MachineError
from polylyte.literature.data import FOLDER
from polylyte.literature.own import Paper, own_papers
from polylyte.literature.schema import frame, schema, schemas

if TYPE_CHECKING:
    import polars

ORIGIN = "origin"
"""Column that says where a row comes from: ``polylyte``, or the file of a paper of your own."""
SHIPPED = "polylyte"
_ROWS_SHOWN_BY_TYPES = ("SELECT", "EXPLAIN")


@cache
def shipped(name: str) -> polars.DataFrame:
    """One table exactly as it is in the package.

    Raises:
        InputError: no such table; names the nearest.
    """
    import polars

    return polars.read_parquet(FOLDER / f"{schema(name).name}.parquet")


def table(name: str, papers: Sequence[Paper] = ()) -> polars.DataFrame:
    """One table with the rows of further papers after the package's own.

    Raises:
        InputError: no such table; names the nearest.
    """
    import polars

    parts = [shipped(name).with_columns(polars.lit(SHIPPED).alias(ORIGIN))]
    for paper in papers:
        rows = paper.rows.get(name, ())
        if rows:
            origin = polars.lit(paper.file_record["name"]).alias(ORIGIN)
            parts.append(frame(rows, schema(name)).with_columns(origin))
    return polars.concat(parts)


def sources(papers: Sequence[Paper]) -> polars.DataFrame:
    """Where the rows come from: the package, and each file of your own with its digest."""
    import polars

    rows = [
        {
            ORIGIN: paper.file_record["name"],
            "key": paper.key,
            "citation": paper.citation,
            "path": paper.file_record["path"],
            "sha256": paper.file_record["sha256"],
            "rows": sum(map(len, paper.rows.values())),
        }
        for paper in papers
    ]
    kinds = dict.fromkeys((ORIGIN, "key", "citation", "path", "sha256"), polars.String)
    return polars.DataFrame(rows, schema={**kinds, "rows": polars.Int64})


def query(
    sql: str, papers: Sequence[Paper] | None = None, *, seconds: float = 30.0
) -> polars.DataFrame:
    """Ask the tables in SQL (DuckDB): one SELECT, which can neither read nor write files.

    Every table of the package goes by its name, with the column ``origin``; ``papers`` lists the
    files of your own. Without ``papers``, those of :func:`~polylyte.literature.own.own_folder`
    are merged.

    Raises:
        InputError: not one SELECT, or SQL that does not fit the tables.
        MachineError: DuckDB is not installed, or the answer took longer than ``seconds``.
    """
    merged = own_papers() if papers is None else papers
    duckdb = _duckdb()
    import polars

    connection = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "1GB"})
    try:
        _one_select(connection, duckdb, sql)
        _fill(connection, {**{n: table(n, merged) for n in schemas()}, "papers": sources(merged)})
        connection.execute("SET enable_external_access=false").fetchall()
        connection.execute("SET lock_configuration=true").fetchall()
        timer = Timer(seconds, connection.interrupt)
        timer.start()
        try:
            answer = connection.sql(sql)
            return polars.DataFrame() if answer is None else polars.DataFrame(answer)
        except duckdb.InterruptException:
            raise MachineError(
                f"the query took longer than {seconds:g} s", remedy="ask for less"
            ) from None
        except (duckdb.Error, polars.exceptions.PolarsError) as error:
            raise InputError(_first_line(error), where="SQL", remedy=_tables_hint()) from None
        finally:
            timer.cancel()
    finally:
        connection.close()


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        raise MachineError(
            "queries need DuckDB, which is not installed", remedy="pip install duckdb"
        ) from None
    return duckdb


def _one_select(connection: Any, duckdb: Any, sql: str) -> None:
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise InputError(_first_line(error), where="SQL", remedy=_tables_hint()) from None
    kinds = [str(statement.type).rpartition(".")[2] for statement in statements]
    if len(kinds) != 1 or kinds[0] not in _ROWS_SHOWN_BY_TYPES:
        raise InputError(
            f"takes one SELECT, not {', '.join(kinds) or 'nothing'}",
            where="SQL",
            remedy="write SELECT … FROM cells",
        )


class _Stream:
    """A table as an Arrow stream: what DuckDB reads without a further library."""

    def __init__(self, frame: polars.DataFrame) -> None:
        self.frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.frame.__arrow_c_stream__(requested_schema)


def _fill(connection: Any, tables: Mapping[str, polars.DataFrame]) -> None:
    for name, content in tables.items():
        connection.register("incoming", _Stream(content))
        connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM incoming').fetchall()
        connection.unregister("incoming")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _tables_hint() -> str:
    # "references" is a word of SQL.
    names = [f'"{name}"' if name == "references" else name for name in schemas()]
    return f"tables: {', '.join(names)}, papers"
