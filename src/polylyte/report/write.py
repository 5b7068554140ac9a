"""The report as files: one page that opens offline, figures, tables, Methods text and a summary."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from polylyte.core import methods
from polylyte.core.runs import Run
from polylyte.report.figures import Space
from polylyte.report.methods_text import Lookup, spans
from polylyte.report.page import Page, page
from polylyte.report.quantities import origin_of, plain
from polylyte.report.redraw import before, earlier, record
from polylyte.report.text import anchor, dotted, quantity_text

HERE = Path(__file__).parent
PAGE = "report.html"
LARGEST = 4_600_000
"""Bytes for script and figures; the rest of a page below 5 MB is text."""


def write_report(
    run: Run, folder: Path, *, lookup: Lookup = methods.get, reuse: Path | None = None
) -> Path:
    """Write ``report.html`` and what it links to into ``folder``; gives the page's path.

    A run that failed is written just the same. Files of an earlier report in the same folder
    that this one no longer has are removed; nothing else is touched. Figures of which nothing
    changed are taken from the report in ``reuse``, or else from the earlier one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    last = before(folder)
    known = before(reuse) if reuse else last
    space = Space(
        LARGEST - len(asset("plotly-basic.min.js")),
        earlier=lambda stem, figure: earlier(reuse or folder, stem, figure, known.get("figures")),
    )
    view = page(run, lookup, space)
    made: dict[str, bytes] = {}
    for stem, drawn in space.drawn.items():
        made[f"figures/{stem}.pdf"] = drawn.pdf
        made[f"figures/{stem}.png"] = drawn.png
        made[f"figures/{stem}.csv"] = drawn.csv.encode()
    made |= {f"tables/{name}": text.encode() for name, text in tables(run, view).items()}
    made["methods.md"] = view.methods.markdown.encode()
    made["methods.tex"] = view.methods.latex.encode()
    made["references.bib"] = view.methods.bibtex.encode()
    made[PAGE] = html(view).encode()
    told = summary(run, view, [*made, "summary.json"])
    made["summary.json"] = _json({**told, "figures": record(space.drawn, space.prints)}).encode()
    _forget_old(folder, last.get("files"), made)
    for name, content in made.items():
        _write(folder / name, content)
    return folder / PAGE


def asset(name: str) -> str:
    """A script or style that goes into the page."""
    return (HERE / "assets" / name).read_text("utf-8")


def environment() -> Any:
    """The templates, every value escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.filters |= {"anchor": anchor, "dot": dotted, "spans": spans}
    return made


def html(view: Page) -> str:
    """The page as one text, scripts and style inside."""
    from markupsafe import Markup

    interactive = any(figure.spec for step in view.steps for figure in step.figures)
    # Our own files, not a user's text: they go in as they are.
    style, script = Markup(asset("report.css")), Markup(asset("report.js"))
    plotly = Markup(asset("plotly-basic.min.js")) if interactive else ""
    template = environment().get_template("report.html.j2")
    return str(template.render(page=view, style=style, script=script, plotly=plotly))


def tables(run: Run, view: Page) -> dict[str, str]:
    """CSV texts by file name: every table of every step, and the tables of the page."""
    made = {f"{stem}.csv": table.to_csv() for stem, table in view.tables.items()}
    made["quantities.csv"] = _csv(
        ("quantity", "value", "standard uncertainty", "unit", "n", "origin", "flags", "conditions"),
        (
            (
                f"{step.name}.{name}", q.value, q.std, q.unit, q.conditions.get("n", ""),
                origin_of(step, q), "; ".join(q.flags),
                "; ".join(f"{key}={value}" for key, value in q.conditions.items()),
            )
            for step in run.steps
            if step.result is not None
            for name, q in step.result.quantities.items()
        ),
    )  # fmt: skip
    made["published.csv"] = _csv(
        ("quantity", "ours", "published", "qualifier", "deviation / u", "verdict", "source"),
        (
            (
                c.expected.quantity, quantity_text(c.ours) if c.ours else "",
                quantity_text(c.expected.value), c.expected.qualifier, c.deviation, c.verdict,
                c.expected.source,
            )
            for c in run.comparisons
        ),
    )  # fmt: skip
    made["raw_files.csv"] = _csv(
        ("file", "format", "instrument", "sha256", "rows read", "rows dropped", "steps"),
        (
            (f.file, f.format, f.instrument, f.sha256, f.rows_read, f.rows_dropped,
             " ".join(f.steps))
            for f in view.raw_files
        ),
    )  # fmt: skip
    return made


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return target.getvalue()


def summary(run: Run, view: Page, files: Sequence[str]) -> dict[str, Any]:
    """What a program would want to know of the run."""
    result = view.outcome
    return {
        "quantities": {
            f"{step.name}.{name}": {**plain(q), "origin": origin_of(step, q)}
            for step in run.steps
            if step.result is not None
            for name, q in step.result.quantities.items()
        },
        "title": run.title,
        "authors": list(run.authors),
        "steps": [
            {
                "name": s.name,
                "method": s.method,
                "status": s.status,
                "reason": s.reason,
                "figures": [figure.stem for figure in s.figures],
                "tables": [table.stem for table in s.tables],
            }
            for s in view.steps
        ],
        "notes": view.notes,
        "answered": result.answered,
        "agreements": result.agreements,
        "differences": result.differences,
        "recovered": result.comparisons["recovered"],
        "comparisons": [
            {
                "quantity": c.expected.quantity,
                "ours": plain(c.ours) if c.ours else None,
                "published": plain(c.expected.value),
                "qualifier": c.expected.qualifier,
                "source": c.expected.source,
                "verdict": c.verdict,
                "deviation": c.deviation,
            }
            for c in run.comparisons
        ],
        "notices": [asdict(notice) for notice in view.notices],
        "errata": [erratum.id for erratum in view.errata],
        "started": run.started,
        "seconds": run.seconds,
        "command": run.command,
        "environment": dict(run.environment),
        "files": sorted(files),
    }


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: a reader never sees half a file."""
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def _forget_old(folder: Path, listed: Any, made: Iterable[str]) -> None:
    """Remove figures and tables that an earlier report listed and this one lacks."""
    known = {name.lower() for name in made}
    for name in listed if isinstance(listed, list) else ():
        room, _, file = str(name).partition("/")
        ours = room in ("figures", "tables") and file not in ("", "..") and "/" not in file
        if ours and "\\" not in file and str(name).lower() not in known:
            (folder / room / file).unlink(missing_ok=True)
