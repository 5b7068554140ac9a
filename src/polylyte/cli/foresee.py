"""``polylyte foresee``: how well would this experiment determine its quantity?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polylyte.core.tables import Table

METHOD = "foresee"


def declare(command: Any) -> None:
    """The arguments of ``polylyte foresee``."""
    command.add_argument("method", nargs="?", metavar="METHOD", help="an analysis; none: list them")
    command.add_argument(
        "--with",
        dest="settings",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the experiment, of its analysis or of the sample (sample.NAME)",
    )
    command.add_argument("--sample", metavar="FILE.toml#NAME", help="the supposed truth")
    command.add_argument("--quantity", metavar="NAME", help="the quantity that matters")
    command.add_argument("--target", metavar="SHARE", help='good enough, as in "2 %%"')
    command.add_argument("--draws", type=int, metavar="N", help="virtual experiments (default 100)")
    command.add_argument("--seed", type=int, metavar="N", help="of all random numbers (default 0)")
    command.add_argument("--json", action="store_true", help="print one line of JSON")
    command.add_argument("--out", type=Path, metavar="DIR", help="where the tables go")
    command.set_defaults(command=foresee)


def foresee(options: argparse.Namespace) -> int:
    """Print what the experiment would give, or the analyses that can be asked."""
    from polylyte.core.calling import answer

    if options.method is None:
        return _list()
    values = _values(options)
    if options.json:
        print(json.dumps(answer(METHOD, [], values, options.out), ensure_ascii=False))
        return 0
    print(_text(values))
    return 0


def _list() -> int:
    from polylyte.core.methods import get
    from polylyte.virtual.foreseeing import pairings

    for id, pair in pairings().items():
        print(f"{id:30} by {pair.virtual:28} {' '.join(get(id).summary.split())}")
    return 0


def _values(options: argparse.Namespace) -> list[tuple[str, str]]:
    """The options as arguments of the method.

    Raises:
        InputError: a setting that is not NAME=VALUE.
    """
    from polylyte.core.errors import InputError

    values = [("analysis", str(options.method))]
    for name in ("sample", "quantity", "target", "draws", "seed"):
        given = getattr(options, name)
        values += [] if given is None else [(name, str(given))]
    for text in options.settings:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InputError(f"'{text}' is not NAME=VALUE", where="--with")
        values.append((f"experiment.{name.strip()}", value))
    return values


def _text(values: Sequence[tuple[str, str]]) -> str:
    from polylyte.core import methods
    from polylyte.core.binding import Context, bind
    from polylyte.core.calling import raw, run
    from polylyte.core.study import build

    method = methods.get(METHOD)
    context = Context(build({}, Path("command line")))
    arguments = bind(method, raw(method, [], values), context, where=METHOD, name=METHOD)
    result, _, _ = run(method, arguments)
    words = result.text
    lines = [
        f"{words['draw_count']} virtual experiments by {words['virtual_id']} "
        f"with {words['settings_text']}",
        "",
        *forecast_lines(result.tables["forecast"]),
    ]
    if len(result.tables["changes"]):
        lines += ["", f"{words['quantity']} after one change", *_changes(result.tables["changes"])]
    marks = {True: "passed", False: "FAILED", None: "not tested"}
    lines += ["", *(f"{v.name}: {marks[v.passed]}: {v.text}" for v in result.verdicts)]
    lines += [finding.text for finding in result.findings]
    return "\n".join(lines)


def forecast_lines(table: Table) -> list[str]:
    """One line per quantity."""
    rows = table.frame.to_dicts()
    theory = any(row["fisher_uncertainty"] is not None for row in rows)
    heads = ["quantity", "truth", "unit", "u", "u/%", "scatter", *(["bound"] if theory else [])]
    heads += ["bias", "held/%", "refused/%"]
    names = ["quantity", "truth", "unit", "expected_uncertainty", "relative_uncertainty",
             "realised_uncertainty", *(["fisher_uncertainty"] if theory else []), "bias",
             "coverage", "refused"]  # fmt: skip
    cells = [heads, *([_cell(row[name]) for name in names] for row in rows)]
    notes = [f"  {row['quantity']}: {row['reason']}" for row in rows if row["reason"]]
    return [*_aligned(cells), *notes]


def _changes(table: Table) -> list[str]:
    cells = [["setting", "now", "changed", "u", "of now", "refused/%", "by"]]
    for row in table.frame.to_dicts():
        cells.append(
            [row["parameter"], row["now"], row["changed"], _cell(row["uncertainty"]),
             "" if row["ratio"] is None else f"{row['ratio']:.2f}", _cell(row["refused"]),
             row["by"] or row["note"]]
        )  # fmt: skip
    return _aligned(cells)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
    return [
        "  ".join(f"{c:{w}}" for c, w in zip(row, widths, strict=True)).rstrip() for row in cells
    ]
