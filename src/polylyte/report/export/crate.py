"""A run as an RO-Crate: everything that is needed to read it, check it and run it again."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from polylyte.core import study as studies
from polylyte.core.encoding import quantity_json
from polylyte.core.errors import InputError
from polylyte.core.plan import Plan, plan
from polylyte.core.runs import Run, Stored
from polylyte.core.session import from_store, last_run
from polylyte.core.store import Store
from polylyte.core.study import Study
from polylyte.report.export import battinfo, bdf, machine, package, surroundings
from polylyte.report.export.entities import (
    METADATA,
    SCHEMA,
    Crate,
    Link,
    fragment,
    licence,
    licence_address,
    person,
)
from polylyte.report.export.inputs import STUDY, RawFile, absolute, cards, named, raw_files
from polylyte.report.export.steps import Made, actions, house
from polylyte.report.export.writing import appearing, refuse_existing
from polylyte.report.quantities import origin_of
from polylyte.report.text import file_name, unused
from polylyte.report.write import write_report

PACKAGE = "datapackage.json"
QUANTITIES = "quantities.json"
CELLS = "battinfo.jsonld"
_TEXTS = {".csv", ".html", ".json", ".md", ".tex", ".toml", ".bib", ".txt"}


@dataclass(frozen=True)
class Exported:
    """What was written. ``warnings`` say what its reader will not find, or should not."""

    path: Path
    files: int
    size: int
    warnings: tuple[str, ...]


@dataclass
class _Work:
    """A crate that is being written."""

    study: Study
    run: Run
    store: Store
    crate: Crate
    moment: datetime
    steps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What ``summary.json`` says of each step: the file names of its figures and tables."""
    resources: list[dict[str, Any]] = field(default_factory=list)
    made: dict[str, Made] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def write(self, path: str, content: bytes, **properties: Any) -> Link:
        target = self.crate.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return self.crate.file(path, **properties)

    def json(self, path: str, content: Any, **properties: Any) -> Link:
        text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
        return self.write(path, text.encode(), **properties)

    def tabular(self, path: str, schema: list[package.Field], about: str = "") -> None:
        content = (self.crate.folder / path).read_bytes()
        taken = [item["name"] for item in self.resources]
        if schema:
            self.resources.append(package.resource(path, content, schema, taken, about))


def export(
    path: Path, store: Store, target: Path, *, raw: bool = True, cells: bool = False
) -> Exported:
    """Write the last run of a study as an RO-Crate: a folder, or an archive if it ends in ``.zip``.

    ``raw=False`` names the raw files and their digests, and leaves their bytes out. ``cells=True``
    describes the study's cells in BattINFO besides.

    Raises:
        InputError: never run, or changed since; a raw file is missing or has changed; ``target``
            exists; cells are asked for and the study has none.
        MachineError: it cannot be written; nothing is left.
    """
    refuse_existing(target)
    study = studies.load(path)
    run = from_store(path, store)
    planned = plan(study, store)
    files = raw_files(run, planned, wanted=raw)
    _refuse_stale(planned, last_run(store, study.path))
    described = _cells(run) if cells else None
    with appearing(target) as folder:
        work = _Work(study, machine.portable(run, files), store, Crate(folder), datetime.now(UTC))
        _fill(work, files, described)
        count = sum(entry.is_file() for entry in folder.rglob("*"))
        size = sum(entry.stat().st_size for entry in folder.rglob("*") if entry.is_file())
    if target.is_file():
        size = target.stat().st_size
    return Exported(target, count, size, tuple(work.warnings))


def _refuse_stale(planned: Plan, record: Mapping[str, Any]) -> None:
    """A study that no longer gives the numbers beside it would be a wrong crate."""
    seen = record["steps"]
    changed = [
        name
        for name, item in planned.steps.items()
        if name not in seen
        or (item.key and seen[name]["key"] and item.key.result != seen[name]["key"])
    ]
    changed += [name for name in seen if name not in planned.steps]
    if changed:
        raise InputError(
            f"study, files or methods have changed since the last run ({named(changed)})",
            where=str(planned.study.path),
            remedy=f"run it again: polylyte run {planned.study.path}",
        )


def _cells(run: Run) -> battinfo.Described:
    described = battinfo.describe(run)
    if described is None:
        raise InputError(
            "the study has no [cell.NAME], so there is nothing to describe",
            where=str(run.path),
            remedy="leave --battinfo out, or declare a cell",
        )
    return described


def _fill(work: _Work, files: list[RawFile], cells: battinfo.Described | None) -> None:
    # The report that a run writes beside its study: drawing again would take most of the time.
    drawn = work.study.folder / "report"
    page = write_report(work.run, work.crate.folder, reuse=drawn)
    summary = json.loads((work.crate.folder / "summary.json").read_text("utf-8"))
    work.steps = {step["name"]: step for step in summary["steps"]}
    raw, study = _inputs(work, files)
    for step in work.run.steps:
        if step.result is not None:
            work.made[step.name] = _outcome(work, step.name, step.result)
    quantities = work.json(
        QUANTITIES, _quantities(work.run), description="every quantity with its sources of error"
    )
    work.json("sections.json", _sections(work.run), description="recipes, cells, …")
    if cells is not None:
        about = "the cells in the terms of BattINFO"
        if cells.left_out:
            left_out = ", ".join(cells.left_out)
            about += f"; without a unit there, so left out: {left_out}"
            work.warnings.append(f"{CELLS} has no unit for {named(cells.left_out)}")
        work.json(CELLS, cells.document, description=about)
    _surroundings(work)
    _series(work, files)
    actions(work.crate, work.run, raw, work.made, study)
    _report(work, page.name, summary["files"], [study, quantities])
    _describe(work)
    _look_for_folders(work)


def _inputs(work: _Work, files: list[RawFile]) -> tuple[dict[RawFile, Link], Link]:
    """The study and the files it names, as they are; then what its steps read."""
    study = work.study
    content = studies.read_toml(study.path)
    path = f"{STUDY}/{study.path.name}"
    link = work.write(path, study.path.read_bytes(), description="the study, as it was run")
    for card in cards(content, study.folder):
        inside = f"{STUDY}/{card.as_posix()}"
        work.write(inside, (study.folder / card).read_bytes(), description="named by the study")
    if found := absolute(content):
        work.warnings.append(f"{study.path.name} names folders of this machine: {named(found)}")
    raw = {file: _raw(work, file) for file in files}
    outside = [file.name for file in files if file.source and not file.path.startswith(STUDY)]
    if outside:
        work.warnings.append(
            f"not beside the study, so laid in inputs/ ({named(outside)}); to run it again from "
            "the crate, say there where they are"
        )
    if absent := [file.name for file in files if not file.source]:
        work.warnings.append(f"raw files are left out, their digests are given: {named(absent)}")
    return raw, link


def _raw(work: _Work, file: RawFile) -> Link:
    said = [str(file.about.get(key) or "") for key in ("format", "instrument")]
    notes = [*(text for text in said if text), *map(str, file.about.get("findings") or ())]
    about = {"name": file.name, "description": "; ".join(["raw file", *notes])}
    if file.source is None:
        size = "" if file.size is None else str(file.size)
        id = fragment("raw", file.name, file.sha256[:12])
        absent = {**about, "description": f"{about['description']}; not in this crate"}
        return work.crate.add(id, "CreativeWork", **absent, contentSize=size, sha256=file.sha256)
    renamed = file.path.rpartition("/")[2] != file.name
    target = work.crate.folder / file.path
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.source, target)
    if file.sha256 and _sha256(target) != file.sha256:
        raise InputError("changed while it was copied", where=str(file.source), remedy="try again")
    return work.crate.file(file.path, **about, alternateName=file.name if renamed else "")


def _outcome(work: _Work, step: str, stored: Stored) -> Made:
    """Tables as the store has them, their CSV, the files and the figures of a step."""
    told = work.steps[step]
    tables: dict[str, Link] = {}
    others: list[Link] = []
    for (name, table), stem in zip(stored.tables.items(), told["tables"], strict=True):
        stem = f"tables/{stem}"
        about = table.note or f"table '{name}' of step {step}"
        parquet = work.store.table_file(stored.key, name).read_bytes()
        tables[name] = work.write(f"{stem}.parquet", parquet, description=about)
        others.append(work.crate.file(f"{stem}.csv", description=about))
        work.tabular(f"{stem}.csv", package.fields(table), about)
    for figure in told["figures"]:
        others += [
            work.crate.file(f"figures/{figure}.{suffix}", description=f"figure of step {step}")
            for suffix in ("pdf", "png", "csv")
        ]
    taken: list[str] = []
    files: dict[str, Link] = {}
    for name, source in stored.files.items():
        taken.append(unused(file_name(name), taken))
        path = f"files/{file_name(step)}/{taken[-1]}"
        files[name] = work.write(path, source.read_bytes(), name=name)
    return Made(tables, others, files)


def _quantities(run: Run) -> dict[str, Any]:
    return {
        f"{step.name}.{name}": {
            **quantity_json(quantity),
            "std": quantity.std,
            "origin": origin_of(step, quantity),
        }
        for step in run.steps
        if step.result is not None
        for name, quantity in step.result.quantities.items()
    }


def _sections(run: Run) -> dict[str, Any]:
    return {
        section: {n: thing.to_key() if hasattr(thing, "to_key") else thing
                  for n, thing in things.items()}
        for section, things in run.sections.items()
    }  # fmt: skip


def _surroundings(work: _Work) -> None:
    about = surroundings.surroundings(work.run)
    installed = "".join(f"{name}=={v}\n" for name, v in surroundings.installed().items())
    if installed:
        work.write("environment/installed.txt", installed.encode(),
                   description="versions installed where the crate was written")  # fmt: skip
    lock = surroundings.lock(about["packages"])
    if lock is not None:
        work.write(f"environment/{lock.name}", lock.read_bytes(),
                   description="the lock of the checkout")  # fmt: skip
        differing = surroundings.not_as_locked(about["packages"], lock.read_text("utf-8"))
        about |= {"lock": lock.name, "not_as_locked": differing}
        if differing:
            work.warnings.append(f"not in the versions of {lock.name}: {named(differing)}")
    work.json("environment/environment.json", about, description="what the steps ran with")


def _series(work: _Work, files: list[RawFile]) -> None:
    """Raw files, files of steps and tables that are time series of a cell, in BDF."""
    taken: list[str] = []
    for file in files:
        if file.source is not None:
            made = bdf.of_bytes((work.crate.folder / file.path).read_bytes(), file.name)
            _bdf(work, Path(file.name).stem, made, file.name, taken)
    for step in work.run.steps:
        for name, path in step.result.files.items() if step.result else ():
            _bdf(work, f"{step.name}.{Path(name).stem}", bdf.of_bytes(path.read_bytes(), name),
                 f"{name} of step {step.name}", taken)  # fmt: skip
        for name, table in step.result.tables.items() if step.result else ():
            found = bdf.series(table)
            about = f"table '{name}' of step {step.name}"
            _bdf(work, f"{step.name}.{name}", [found] if found else [], about, taken)


def _bdf(work: _Work, name: str, made: list[bdf.Series], source: str, taken: list[str]) -> None:
    for series in made:
        taken.append(unused(file_name(name), taken))
        path = f"bdf/{taken[-1]}.bdf.csv"
        about = f"{source} in the Battery Data Format"
        if series.left_out:
            about += f"; columns without a term there are left out: {', '.join(series.left_out)}"
        work.write(path, series.csv().encode(), description=about)
        work.tabular(path, package.bdf_fields(series), about)


def _report(work: _Work, page: str, files: list[str], used: list[Link]) -> None:
    """What the report wrote besides, as made by the program itself."""
    for path in sorted(files):
        if path.startswith("tables/") and not any(r["path"] == path for r in work.resources):
            text = (work.crate.folder / path).read_text("utf-8")
            work.tabular(path, package.guessed(text) if text.strip() else [])
    told = {page: "the report", "methods.md": "Methods text", "methods.tex": "Methods text",
            "references.bib": "references of the Methods text"}  # fmt: skip
    before = set(work.crate.entities)
    links = [work.crate.file(path, description=told.get(path, "")) for path in sorted(files)]
    own = [link for link in links if link["@id"] not in before]
    work.crate.act(
        "#report",
        name="the report of the run",
        description=work.run.command,
        instrument=house(work.crate, work.run),
        endTime=work.moment.isoformat(timespec="seconds"),
        actionStatus=f"{SCHEMA}/CompletedActionStatus",
        object=used,
        result=own,
    )


def _describe(work: _Work) -> None:
    """The descriptors of the data package and of the crate, last of all."""
    study = work.study
    about = {
        "name": study.folder.resolve().name,
        "title": study.title,
        "description": study.description,
        "created": work.moment.isoformat(timespec="seconds"),
        "authors": study.authors,
    }
    address = licence_address(study.licence)
    terms = {"path": address, "title": study.licence} if address else {}
    descriptor = package.descriptor(about, terms, work.resources)
    work.json(PACKAGE, descriptor, description="Frictionless data package of the CSV tables")
    authors = [person(work.crate, text) for text in study.authors]
    root: dict[str, Any] = {
        "name": study.title,
        "description": " ".join(study.description.split()) or f"A run of {study.path.name}.",
        "datePublished": work.moment.date().isoformat(),
        "license": licence(work.crate, study.licence),
    }
    root |= {"author": authors} if authors else {}
    content = json.dumps(work.crate.document(root), ensure_ascii=False, indent=1, allow_nan=False)
    (work.crate.folder / METADATA).write_text(f"{content}\n", "utf-8")


def _look_for_folders(work: _Work) -> None:
    """Texts of the crate that still name this machine's folders; raw files are as they are."""
    names = "|".join(map(re.escape, machine.folders(work.study.folder)))
    ours = re.compile(f"(?:{names})(?![\\w-])".encode())
    found = [
        path.relative_to(work.crate.folder).as_posix()
        for path in sorted(work.crate.folder.rglob("*"))
        if path.suffix in _TEXTS and ours.search(path.read_bytes())
    ]
    inputs = (f"{STUDY}/", "inputs/")
    own = [path for path in found if not path.startswith(inputs)]
    if own:
        work.warnings.append(f"folders of this machine are named in {named(own)}")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
