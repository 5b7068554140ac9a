"""``polylyte literature``: ask the published results in SQL, add papers of your own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def declare(command: Any) -> None:
    """Add the two sub-commands to ``polylyte literature``."""
    verbs = command.add_subparsers(required=True, metavar="VERB", parser_class=type(command))
    made = verbs.add_parser("query", help="one SELECT over the tables")
    made.add_argument("sql", metavar="SQL", help='such as "SELECT cathode, cycles FROM cells"')
    made.add_argument("--csv", action="store_true", help="print CSV")
    made.set_defaults(command=query)
    made = verbs.add_parser(
        "add", help="check a paper (TOML or CSV) and keep it in your own folder"
    )
    made.add_argument("file", type=Path, metavar="FILE")
    made.set_defaults(command=add)
    made = verbs.add_parser("tables", help="list the tables and their columns")
    made.set_defaults(command=tables)


def query(options: argparse.Namespace) -> int:
    """Print the answer of one SELECT."""
    from polylyte.literature.tables import query

    frame = query(options.sql)
    if options.csv:
        print(frame.write_csv(), end="")
        return 0
    import polars

    with polars.Config(tbl_rows=200, tbl_cols=40, fmt_str_lengths=60, tbl_width_chars=160):
        print(frame)
    return 0


def add(options: argparse.Namespace) -> int:
    """Keep a checked paper."""
    from polylyte.literature.own import add, own_folder

    paper = add(options.file)
    for finding in paper.findings:
        print(finding)
    print(f"kept in {own_folder()}")
    return 0


def tables(options: argparse.Namespace) -> int:
    """Name every table with its columns."""
    from polylyte.literature.schema import schemas
    from polylyte.literature.tables import table

    for name in schemas():
        print(f"{name}: {', '.join(table(name).columns)}")
    return 0
