"""A run as everything its page shows: one plain object, handed to the templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from polylyte.core.errors import InputError
from polylyte.core.methods import Method
from polylyte.core.results import Verdict
from polylyte.core.runs import Run, StepOutcome
from polylyte.core.study import REPLICATES
from polylyte.core.tables import Table
from polylyte.literature.errata import Erratum, errata
from polylyte.report.cards import Card, card
from polylyte.report.figures import Shown, Space, show, specifications
from polylyte.report.methods_text import Lookup, MethodsText, Piece, methods_text
from polylyte.report.outcome import Outcome, outcome
from polylyte.report.prose import file_of, heading
from polylyte.report.quantities import (
    KeyRow,
    Recovery,
    Row,
    key_rows,
    origin_of,
    recoveries,
    row,
)
from polylyte.report.raw_files import RawFile, raw_files
from polylyte.report.text import (
    anchor,
    file_name,
    given_text,
    number_text,
    seconds_text,
    unit_text,
    unused,
    words,
)

_TITLES = {REPLICATES: "Mean, standard deviation and n of the replicates"}
_PREVIEW_ROWS = 12
_PREVIEW_COLUMNS = 9


@dataclass(frozen=True)
class Notice:
    """Something a reader should see: where, what, what to do. ``tone``: bad, warn or note."""

    tone: str
    kind: str
    steps: tuple[str, ...]
    text: str
    where: str = ""
    remedy: str = ""


_TONES = ("bad", "warn", "note")
_URGENT = ("failed", "refused", "skipped")


def gathered(notices: Iterable[Notice]) -> list[Notice]:
    """The gravest first; what several steps say alike is said once."""
    steps: dict[Notice, tuple[str, ...]] = {}
    for notice in notices:
        bare = replace(notice, steps=())
        steps[bare] = (*steps.get(bare, ()), *notice.steps)
    found = [replace(bare, steps=named) for bare, named in steps.items()]
    return sorted(found, key=lambda n: (_TONES.index(n.tone), n.kind not in _URGENT))


@dataclass(frozen=True)
class Preview:
    """The first rows of a table; the CSV has all of it."""

    name: str
    stem: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int
    left_out: int
    """Columns that are only in the CSV."""
    note: str


@dataclass
class StepView:
    """One step on the page."""

    name: str
    anchor: str
    method: str
    status: str
    reason: str
    title: str
    time: str
    origin: str
    pieces: tuple[Piece, ...] = ()
    rows: list[Row] = field(default_factory=list)
    verdicts: Sequence[Verdict] = ()
    notices: list[Notice] = field(default_factory=list)
    figures: list[Shown] = field(default_factory=list)
    tables: list[Preview] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    why: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    upstream: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def member(self) -> bool:
        """One sample of several: ``sigma[A]``."""
        return self.name.endswith("]") and "[" in self.name


@dataclass(frozen=True)
class Page:
    """The whole report."""

    title: str
    description: str
    authors: Sequence[str]
    study: str
    started: str
    time: str
    command: str
    environment: Mapping[str, str]
    outcome: Outcome
    key: list[KeyRow]
    recovered: list[Recovery]
    notices: list[Notice]
    notes: int
    """How many mere notes the steps hold besides."""
    steps: list[StepView]
    cards: list[tuple[str, list[Card]]]
    methods: MethodsText
    raw_files: list[RawFile]
    errata: list[Erratum]
    simulated: list[str]
    virtual: list[str]
    tables: Mapping[str, Table]
    """Every table of every step by the name of its CSV."""


def page(run: Run, lookup: Lookup, space: Space) -> Page:
    """Everything that the templates show of ``run``; figures are drawn into ``space``."""
    known = _methods(run, lookup)
    text = methods_text(run, lookup)
    said = {name: paragraph for paragraph in text.paragraphs for name in paragraph.steps}
    steps = []
    tables: dict[str, Table] = {}
    for step in run.steps:
        paragraph = said.get(step.name)
        pieces = paragraph.pieces if paragraph else ()
        steps.append(_step(step, known.get(step.method), pieces, space, tables))
    found, unknown = _errata(run.errata)
    notices = gathered([*(notice for step in steps for notice in step.notices), *unknown])
    return Page(
        title=run.title,
        description=run.description,
        authors=run.authors,
        study=Path(run.path).name,
        started=run.started,
        time=seconds_text(run.seconds),
        command=run.command,
        environment=run.environment,
        outcome=outcome(run),
        key=key_rows(run, known),
        recovered=recoveries(run, known),
        notices=[notice for notice in notices if notice.tone != "note"],
        notes=sum(notice.tone == "note" for notice in notices),
        steps=steps,
        cards=[
            (words(section), [card(name, thing) for name, thing in things.items()])
            for section, things in run.sections.items()
            if things
        ],
        methods=text,
        raw_files=raw_files(run),
        errata=found,
        simulated=[step.name for step in steps if step.origin == "simulated"],
        virtual=[step.name for step in steps if step.origin == "virtual"],
        tables=tables,
    )


def _methods(run: Run, lookup: Lookup) -> dict[str, Method]:
    found = {}
    for id in dict.fromkeys(step.method for step in run.steps):
        try:
            found[id] = lookup(id)
        except Exception:  # a plug-in that is gone or broken: its numbers are still shown
            continue
    return found


def _errata(ids: Iterable[str]) -> tuple[list[Erratum], list[Notice]]:
    found, unknown = [], []
    for id in ids:
        try:
            found += errata([id])
        except InputError as error:
            unknown.append(Notice("warn", "erratum", (), error.what, "", error.remedy or ""))
    return found, unknown


def _step(
    step: StepOutcome,
    method: Method | None,
    pieces: tuple[Piece, ...],
    space: Space,
    tables: dict[str, Table],
) -> StepView:
    stored = step.result
    view = StepView(
        name=step.name,
        anchor=anchor(step.name),
        method=step.method,
        status=step.status,
        reason=step.reason,
        title=heading(method) if method else _TITLES.get(step.method, ""),
        time=seconds_text(step.seconds) if step.seconds else "",
        origin=origin_of(step),
        pieces=pieces,
    )
    view.notices = gathered(_notices(step))
    if stored is None:
        return view
    view.rows = [row(step, name, value, method) for name, value in stored.quantities.items()]
    view.verdicts = stored.verdicts
    if method is not None:
        figures, problem = specifications(stored, method)
        view.figures, problems = show(step.name, figures, space)
        for text in [problem, *problems]:
            if text:
                view.notices.append(Notice("warn", "figure", (step.name,), text))
    for name, table in stored.tables.items():
        stem = unused(file_name(step.name, name), tables)
        tables[stem] = table
        view.tables.append(preview(name, stem, table))
    view.files = sorted(stored.files)
    view.why = _why(stored.provenance)
    view.upstream = [
        (str(item.get("name", "")), str(item.get("step", "")), str(item.get("part", "")))
        for item in stored.provenance.get("upstream", ())
    ]
    return view


def _notices(step: StepOutcome) -> list[Notice]:
    notices = []
    if step.status in ("failed", "refused", "skipped"):
        tone = "bad" if step.status == "failed" else "warn"
        what, _, remedy = step.reason.partition("; ")
        notices.append(Notice(tone, step.status, (step.name,), what or step.status, "", remedy))
    if step.result is None:
        return notices
    stored = step.result
    tones = {"error": "bad", "warning": "warn", "note": "note"}
    for finding in stored.findings:
        notices.append(
            Notice(
                tones[finding.severity],
                "note" if finding.severity == "note" else "finding", (step.name,),
                finding.text, finding.where, finding.remedy,
            )
        )  # fmt: skip
    notices += [Notice("warn", "warning", (step.name,), text) for text in stored.warnings]
    notices += [
        Notice("warn", "check not passed", (step.name,), f"{verdict.name}: {verdict.text}")
        for verdict in stored.verdicts
        if verdict.passed is False
    ]
    for record in stored.provenance.get("inputs", ()):
        notices += [
            Notice("warn", "raw file", (step.name,), str(text), file_of(record))
            for text in record.get("findings") or ()
        ]
    return notices


def preview(name: str, stem: str, table: Table) -> Preview:
    """The beginning of a table, values with their uncertainty."""
    columns = table.columns
    header, cells = [], []
    for column in columns[:_PREVIEW_COLUMNS]:
        unit = unit_text(table.units.get(column, ""))
        header.append(f"{words(column)} / {unit}" if unit else words(column))
        values = table.frame[column].head(_PREVIEW_ROWS).to_list()
        std = table.std(column)
        cells.append([_cell(value, std[i] if std else None) for i, value in enumerate(values)])
    return Preview(
        name=words(name),
        stem=stem,
        header=tuple(header),
        rows=tuple(zip(*cells, strict=True)),
        total=len(table),
        left_out=max(0, len(columns) - _PREVIEW_COLUMNS),
        note=table.note,
    )


def _cell(value: Any, std: float | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return str(value) if isinstance(value, int) else number_text(value, std)


def _why(provenance: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The provenance chain of a step as titled lists of name and text."""
    inputs = [
        (
            f"{item.get('name', '')}: {file_of(item)}",
            f"sha256 {item.get('sha256', 'unknown')}",
        )
        for item in provenance.get("inputs", ())
    ]
    upstream = [
        (
            f"{item.get('name', '')}: {item.get('part', '')} of step {item.get('step', '')}",
            f"result {item.get('digest', '')}",
        )
        for item in provenance.get("upstream", ())
    ]
    code = [("method", f"{provenance.get('method', '')} version {provenance.get('version', '')}")]
    if provenance.get("code"):
        code.append(("code", str(provenance["code"])))
    machine = [
        (name, str(provenance[name]))
        for name in ("python", "platform", "created")
        if provenance.get(name)
    ]
    chain = [
        ("Parameters", _pairs(provenance.get("parameters", {}))),
        ("Defaults", _pairs(provenance.get("defaults", {}))),
        ("Input files", inputs),
        ("From other steps", upstream),
        ("Cards and recipes", _cards(provenance.get("sections", {}))),
        ("Code", code),
        ("Constants and tables", _pairs(provenance.get("data", {}))),
        ("Packages", _pairs(provenance.get("packages", {}))),
        ("Made with", machine),
    ]
    return [(title, rows) for title, rows in chain if rows]


def _pairs(mapping: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(words(str(name)), given_text(str(value))) for name, value in mapping.items()]


def _cards(sections: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for name, content in sections.items():
        rows += [(f"{name} · {label}", text) for label, text in card(name, content).rows]
    return rows
