"""Input files of a step: globs, conditions read from names, digests."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from glob import escape, glob
from pathlib import Path

from polylyte.core.errors import InputError, nearest
from polylyte.core.quantities import Quantity, q

_FIELD = re.compile(r"\{(\w+)(?::([^{}]+))?\}")
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))")
_NUMBER = r"[-+]?\d+(?:[.p]\d+)?"


@dataclass(frozen=True)
class InputFile:
    """One file, with the conditions that its name states."""

    path: Path
    conditions: Mapping[str, Quantity]


def find(pattern: str, folder: Path, *, where: str) -> list[InputFile]:
    """Files that match a path, a glob or a template such as ``SL2_{temperature:degC}C.DTA``.

    ``${NAME:-otherwise}`` and ``~`` are expanded. The order is that of the conditions, then names.

    Raises:
        InputError: nothing matches, a file has no number where the template wants one, or two
            files state the same conditions by their names.
    """
    expanded = _expand(pattern, where)
    fields = _FIELD.findall(expanded)
    text = str(folder / expanded) if not os.path.isabs(expanded) else expanded
    # Brackets in the name of the study's folder are no pattern.
    above = "" if os.path.isabs(expanded) else escape(str(folder / "x")[:-1])
    shell = above + as_glob(str(Path(expanded)))
    paths = [Path(p) for p in sorted(glob(shell, recursive=True)) if os.path.isfile(p)]
    if not fields and os.path.isfile(text):
        paths = [Path(text)]
    matcher = _matcher(text)
    found = []
    for path in paths:
        match = matcher.match(str(path)) if fields else None
        if fields and match is None:
            raise InputError(
                f"'{path.name}' matches '{pattern}' but for its numbers",
                where=where,
                remedy="rename it, move it away, or list the files that are meant",
            )
        found.append(InputFile(path, _conditions(fields, match, where) if match else {}))
    if not found:
        raise InputError(
            f"no file matches '{pattern}'", where=where, remedy=_neighbours(Path(text))
        )
    _no_duplicates(found, fields, where)
    return sorted(found, key=lambda f: ([x.si for x in f.conditions.values()], str(f.path)))


def without_fields(pattern: str) -> str:
    """A template without its fields: ``SL2_{temperature:degC}C.DTA`` is ``SL2_C.DTA``."""
    return _FIELD.sub("", pattern)


def as_glob(pattern: str) -> str:
    """A template as a shell pattern."""
    return _FIELD.sub("*", pattern)


def _expand(pattern: str, where: str) -> str:
    """Variables as a shell writes them: ``$NAME``, ``${NAME}``, ``${NAME:-otherwise}``."""

    def value(match: re.Match[str]) -> str:
        name, otherwise = match[1] or match[3], match[2]
        found = os.environ.get(name) or otherwise
        if found is None:
            raise InputError(
                f"the environment has no variable {name}",
                where=where,
                remedy=f"set it: {name}=FOLDER polylyte …",
            )
        return found

    return os.path.expanduser(_VARIABLE.sub(value, pattern))


def _matcher(text: str) -> re.Pattern[str]:
    parts, last = [], 0
    for field in _FIELD.finditer(text):
        parts.append(_glob_to_regex(text[last : field.start()]))
        parts.append(f"({_NUMBER})" if field[2] else r"([^/]+?)")
        last = field.end()
    return re.compile("".join(parts) + _glob_to_regex(text[last:]) + "$")


def _glob_to_regex(text: str) -> str:
    regex = re.escape(text).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*")
    return regex.replace(r"\*", "[^/]*").replace(r"\?", "[^/]")


def _conditions(
    fields: list[tuple[str, str]], match: re.Match[str], where: str
) -> dict[str, Quantity]:
    conditions = {}
    for (name, unit), text in zip(fields, match.groups(), strict=True):
        if unit:
            try:
                conditions[name] = q(f"{text.replace('p', '.')} {unit}")
            except InputError as error:
                raise error.at(where) from None
    return conditions


def _no_duplicates(found: list[InputFile], fields: list[tuple[str, str]], where: str) -> None:
    seen: dict[tuple[float, ...], Path] = {}
    if not any(unit for _, unit in fields):
        return
    for file in found:
        state = tuple(x.si for x in file.conditions.values())
        if state in seen:
            raise InputError(
                f"'{seen[state].name}' and '{file.path.name}' state the same conditions",
                where=where,
                remedy="give replicates as { A = …, B = … } or narrow the pattern",
            )
        seen[state] = file.path


def _neighbours(path: Path) -> str:
    folder = path.parent
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    if folder != path.parent:
        return f"there is no folder '{path.parent}'"
    names = [p.name for p in folder.iterdir() if p.is_file()]
    return nearest(path.name, names[:50]) if names else "the folder is empty"


def sha256(path: Path) -> str:
    """Digest of a file's bytes.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", where=str(path)) from None
