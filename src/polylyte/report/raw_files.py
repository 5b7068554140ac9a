"""The instrument files behind a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polylyte.core.runs import Run
from polylyte.report.prose import file_of
from polylyte.report.text import size_text


@dataclass(frozen=True)
class RawFile:
    """One instrument file of the run and the steps that read it."""

    file: str
    format: str
    instrument: str
    size: str
    sha256: str
    rows_read: str
    rows_dropped: str
    steps: tuple[str, ...]
    findings: tuple[str, ...]


def raw_files(run: Run) -> list[RawFile]:
    """Every instrument file that a step read, once."""
    records: dict[tuple[str, str], tuple[Mapping[str, Any], list[str]]] = {}
    for step in run.steps:
        if step.result is None:
            continue
        for record in step.result.provenance.get("inputs", ()):
            key = (file_of(record), str(record.get("sha256", "")))
            used = records.setdefault(key, (record, []))[1]
            if step.name not in used:
                used.append(step.name)
    return [
        RawFile(
            file=file,
            format=str(record.get("format") or ""),
            instrument=str(record.get("instrument") or ""),
            size=size_text(int(record["size"])) if record.get("size") is not None else "",
            sha256=sha,
            rows_read=_number(record.get("rows_read")),
            rows_dropped=_number(record.get("rows_dropped")),
            steps=tuple(steps),
            findings=tuple(map(str, record.get("findings") or ())),
        )
        for (file, sha), (record, steps) in records.items()
    ]


def _number(value: Any) -> str:
    return "" if value is None else str(value)
