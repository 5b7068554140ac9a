"""What a run read: raw files found again and checked by their bytes, and the study's own files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polylyte.core.binding import Files
from polylyte.core.errors import InputError
from polylyte.core.files import sha256
from polylyte.core.plan import Plan
from polylyte.core.runs import Run
from polylyte.report.prose import file_of
from polylyte.report.text import listing, unused

STUDY, OUTSIDE = "study", "inputs"
_NAMED = 5


@dataclass(frozen=True, eq=False)
class RawFile:
    """A file that steps read. ``path`` is its place in the crate, ``source`` its place here."""

    path: str
    source: Path | None
    sha256: str
    size: int | None
    steps: tuple[str, ...]
    about: Mapping[str, Any]
    """What the reader said of it: format, instrument, findings."""

    @property
    def name(self) -> str:
        return file_of(self.about)


def raw_files(run: Run, planned: Plan, *, wanted: bool) -> list[RawFile]:
    """Every file that a step read, once; ``wanted``: found again, its bytes those that were read.

    Raises:
        InputError: names the files that are missing or have changed.
    """
    found: list[RawFile] = []
    problems: list[str] = []
    for (name, digest), (record, steps) in _records(run, planned).items():
        source, state = _search(record, digest, planned.study.folder)
        if wanted and state:
            problems.append(f"'{name}' {state}")
        here = source if wanted and not state else None
        path = _place(source or Path(name), planned.study.folder, [f.path for f in found])
        found.append(RawFile(path, here, digest, _size(record, here), tuple(steps), record))
    if problems:
        more = f" and {len(problems) - _NAMED} more" if len(problems) > _NAMED else ""
        raise InputError(
            f"raw files are not what the run read: {'; '.join(problems[:_NAMED])}{more}",
            where=str(run.path),
            remedy="put them back, or run the study again",
        )
    return found


def _records(run: Run, planned: Plan) -> dict[tuple[str, str], tuple[Mapping[str, Any], list[str]]]:
    records: dict[tuple[str, str], tuple[Mapping[str, Any], list[str]]] = {}
    # What another step wrote is no raw file: it is among that step's results.
    written = {
        sha256(path) for s in run.steps if s.result is not None for path in s.result.files.values()
    }
    for step in run.steps:
        if step.result is not None:
            read: Iterable[Mapping[str, Any]] = step.result.provenance.get("inputs", ())
        else:  # refused or failed: what it would have read
            item = planned.steps.get(step.name)
            arguments = item.arguments.values() if item else ()
            read = [r for a in arguments if isinstance(a, Files) for r in a.records]
            read = [{**record, "file": record["name"]} for record in read]
        for record in read:
            if record.get("sha256") in written:
                continue
            key = (file_of(record), str(record.get("sha256", "")))
            steps = records.setdefault(key, (record, []))[1]
            if step.name not in steps:
                steps.append(step.name)
    return records


def _search(record: Mapping[str, Any], digest: str, folder: Path) -> tuple[Path | None, str]:
    """Where the file lies now, and what is wrong with it.

    Its path may be relative to where the run was started, and the study may have moved since.
    """
    stated = Path(str(record.get("path") or file_of(record)))
    parts = stated.parts[1:] if stated.is_absolute() else stated.parts
    places = [*(folder.joinpath(*parts[i:]) for i in range(len(parts))), stated]
    there = [place for place in dict.fromkeys(places) if place.is_file()]
    for place in there:
        if not digest or sha256(place) == digest:
            return place, ""
    if there:
        return there[0], f"has changed (sha256 was {digest[:12]}…)"
    return None, "is missing"


def _place(source: Path, folder: Path, taken: list[str]) -> str:
    """Beside the study as it was, so that the study runs from the crate; else by its name."""
    inside = os.path.relpath(os.path.abspath(source), os.path.abspath(folder))
    if source.is_file() and not inside.startswith(os.pardir) and not os.path.isabs(inside):
        return f"{STUDY}/{Path(inside).as_posix()}"
    stem, dot, suffix = source.name.rpartition(".")
    others = [path.removesuffix(f"{dot}{suffix}") for path in taken]
    return f"{unused(f'{OUTSIDE}/{stem if dot else suffix}', others)}{f'.{suffix}' if dot else ''}"


def _size(record: Mapping[str, Any], source: Path | None) -> int | None:
    size = record.get("size")
    return int(size) if size is not None else source.stat().st_size if source else None


def cards(content: Any, folder: Path) -> list[Path]:
    """TOML files beside the study that its text names (``card.toml#name``)."""
    named = (text.partition("#")[0] for text in _texts(content))
    paths = [Path(name) for name in dict.fromkeys(named) if name.endswith(".toml")]
    inside = [path for path in paths if not path.is_absolute() and ".." not in path.parts]
    return [path for path in inside if (folder / path).is_file()]


def absolute(content: Any) -> list[str]:
    """Absolute paths that the study's text holds."""
    return [text for text in _texts(content) if os.path.isabs(text) and os.sep in text[1:]]


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        for value in content.values():
            yield from _texts(value)
    elif isinstance(content, list):
        for value in content:
            yield from _texts(value)


def named(texts: Iterable[str]) -> str:
    """The first few of many."""
    every = list(texts)
    more = len(every) - _NAMED
    return listing([*every[:_NAMED], f"{more} more"] if more > 0 else every)
