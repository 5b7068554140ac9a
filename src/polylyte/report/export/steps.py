"""One CreateAction for each step that ran: method, inputs, parameters, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from polylyte.core import methods
from polylyte.core.citations import Citation
from polylyte.core.runs import Run, StepOutcome, Stored
from polylyte.report.export.entities import SCHEMA, Crate, Link, fragment, links
from polylyte.report.export.inputs import RawFile
from polylyte.report.text import quantity_text

_STATUS = {"done": "Completed", "cached": "Completed", "refused": "Failed", "failed": "Failed"}


@dataclass(frozen=True)
class Made:
    """Files of one step in the crate, by the names that the result gives them."""

    tables: Mapping[str, Link]
    others: list[Link]
    """Figures, and the CSV of each table."""
    files: Mapping[str, Link]


def actions(
    crate: Crate, run: Run, raw: Mapping[RawFile, Link], made: Mapping[str, Made], study: Link
) -> None:
    """The actions of all steps that ended; one that was skipped did nothing."""
    for step in run.steps:
        if step.status in _STATUS:
            read = [link for file, link in raw.items() if step.name in file.steps]
            _action(crate, run, step, [study, *read], made)


def _action(
    crate: Crate, run: Run, step: StepOutcome, read: list[Link], made: Mapping[str, Made]
) -> None:
    stored = step.result
    status = f"{SCHEMA}/{_STATUS[step.status]}ActionStatus"
    about: dict[str, Any] = {
        "name": f"step {step.name}: {step.method}",
        "instrument": _software(crate, run, step),
        "actionStatus": status,
    }
    if stored is None:
        about |= {"description": step.status, "error": step.reason, "object": links(read)}
        crate.act(fragment("step", step.name), **about)
        return
    own = made[step.name]
    used = [*read, *_parameters(crate, step.name, stored), *_upstream(stored, made)]
    results = [*own.tables.values(), *own.others, *own.files.values()]
    quantities = _quantities(crate, step.name, stored)
    crate.act(
        fragment("step", step.name),
        **about,
        description=_described(stored),
        **_times(stored),
        object=links(used),
        result=links([*results, *quantities]),
    )


def _described(stored: Stored) -> str:
    given = {**stored.provenance.get("defaults", {}), **stored.provenance.get("parameters", {})}
    said = "; ".join(f"{name} = {value}" for name, value in given.items())
    origin = stored.provenance.get("origin", "")
    notes = [f"origin: {origin}"] if origin else []
    notes += [f"warning: {text}" for text in stored.warnings]
    notes += [f"{finding.severity}: {finding.text}" for finding in stored.findings]
    return ". ".join([said or "no parameters", *notes])


def _times(stored: Stored) -> dict[str, str]:
    try:
        ended = datetime.fromisoformat(str(stored.provenance["created"]))
    except (KeyError, ValueError):
        return {}
    began = ended - timedelta(seconds=float(stored.provenance.get("seconds", 0.0)))
    times = {"startTime": began, "endTime": ended}
    return {name: time.isoformat(timespec="seconds") for name, time in times.items()}


def _software(crate: Crate, run: Run, step: StepOutcome) -> Link:
    """The method in the version that ran, with the packages under it."""
    provenance = step.result.provenance if step.result else {}
    version = str(step.result.version if step.result else "")
    code = str(provenance.get("code", ""))
    summary, cites = _method(step.method)
    needs = [house(crate, run)]
    for name, number in provenance.get("packages", {}).items():
        if name != "polylyte":
            needs.append(_package(crate, str(name), str(number)))
    return crate.add(
        fragment("method", step.method, version, code[:12]),
        "SoftwareApplication",
        name=step.method,
        softwareVersion=version,
        description=summary,
        identifier=f"sha256:{code}" if code else "",
        citation=[_citation(crate, cite) for cite in cites],
        softwareRequirements=needs,
    )


def house(crate: Crate, run: Run) -> Link:
    """The program that ran the steps."""
    version = run.environment.get("polylyte", "")
    return crate.add("#polylyte", "SoftwareApplication", name="polylyte", softwareVersion=version)


def _package(crate: Crate, name: str, version: str) -> Link:
    address = f"pkg:pypi/{name}@{version}"  # a package URL: it names no host
    return crate.add(address, "SoftwareApplication", name=name, softwareVersion=version)


def _method(id: str) -> tuple[str, Iterable[Citation]]:
    try:
        method = methods.get(id)
    except Exception:  # a plug-in that is gone, or the averaging of the core: its numbers stand
        return "", ()
    return " ".join(method.summary.split()), method.declared.cites


def _citation(crate: Crate, cite: Citation) -> Link:
    id = f"https://doi.org/{cite.doi}" if cite.doi else fragment("citation", cite.key)
    return crate.add(
        id, "ScholarlyArticle", name=cite.title, description=str(cite), datePublished=str(cite.year)
    )


def _parameters(crate: Crate, step: str, stored: Stored) -> list[Link]:
    given = {**stored.provenance.get("defaults", {}), **stored.provenance.get("parameters", {})}
    return [
        crate.add(fragment("parameter", step, name), "PropertyValue", name=name, value=str(value))
        for name, value in given.items()
    ]


def _upstream(stored: Stored, made: Mapping[str, Made]) -> list[Link]:
    """The quantity, table or files of another step that this one used."""
    found: list[Link] = []
    for item in stored.provenance.get("upstream", ()):
        part, _, name = str(item.get("part", "")).partition(": ")
        step = str(item.get("step", ""))
        other = made.get(step)
        if part == "quantities":
            found.append({"@id": fragment("quantity", f"{step}.{name}")})
        elif other is not None and part == "tables" and name in other.tables:
            found.append(other.tables[name])
        elif other is not None and part == "files":
            found += other.files.values()
    return found


def _quantities(crate: Crate, step: str, stored: Stored) -> list[Link]:
    return [
        crate.add(
            fragment("quantity", f"{step}.{name}"),
            "PropertyValue",
            name=f"{step}.{name}",
            value=quantity.value,
            unitText=quantity.unit,
            description="; ".join([quantity_text(quantity), *quantity.flags]),
        )
        for name, quantity in stored.quantities.items()
    ]
