"""From a step's raw table to checked arguments: values, files, sections, references to steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polylyte.core import canonical, coercion, files, sections
from polylyte.core.errors import InputError, nearest
from polylyte.core.methods import Method, Parameter
from polylyte.core.study import Study, read_toml

_REFERENCE = ("step", "quantity", "table", "file", "at")


@dataclass(frozen=True)
class Value:
    """A checked value; ``key`` is its canonical content."""

    value: Any
    key: Any


@dataclass(frozen=True)
class Files:
    """Input files with their digests and the conditions that their names state."""

    found: Sequence[files.InputFile]
    digests: Sequence[str]

    @property
    def key(self) -> Any:
        return [
            [found.path.name, digest, canonical.plain(found.conditions)]
            for found, digest in zip(self.found, self.digests, strict=True)
        ]

    @property
    def records(self) -> list[dict[str, str]]:
        """What is known of each file before it is read."""
        return [
            {"name": found.path.name, "path": str(found.path), "sha256": digest}
            for found, digest in zip(self.found, self.digests, strict=True)
        ]


@dataclass(frozen=True)
class Reference:
    """Part of another step's result."""

    step: str
    part: str
    """"quantities", "tables" or "files"."""
    name: str
    """Name of the quantity or table; for files a glob or a template."""
    where: str


Argument = Value | Files | Reference
Digest = Callable[[Path], str]


@dataclass(frozen=True)
class Context:
    """Where raw values come from: the study's folder and sections, and how files are digested."""

    study: Study
    digest: Digest = files.sha256
    built: dict[tuple[str, str], Any] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)
    """Digests of built objects by identity: a card that a thousand steps share is digested once."""

    keyless: bool = False
    """Of designs of a sweep, whose rows have keys of their own, nothing is digested."""

    def section(self, kind: str, name: str, where: str) -> Any:
        """The object that ``[kind.name]`` declares."""
        known = self.study.sections.get(kind, {})
        if name not in known:
            raise InputError(
                f"there is no [{kind}.{name}]", where=where, remedy=nearest(name, known)
            )
        if (kind, name) not in self.built:
            place = f"{self.study.path} [{kind}.{name}]"
            self.built[kind, name] = self.build(kind, known[name], name, place)
        return self.built[kind, name]

    def key(self, item: Any) -> str:
        """Digest of an object's content; remembered for those the study names."""
        if self.keyless:
            return ""
        known = self.keys.get(id(item))
        if known is None:
            known = canonical.digest(item.to_key())
            if any(item is named for named in self.built.values()):
                self.keys[id(item)] = known
        return known

    def build(self, kind: str, table: Mapping[str, Any], name: str, where: str) -> Any:
        """An object of a section from its raw table."""
        cls = sections.get(kind)
        if getattr(cls, "needs_study", False):
            return cls.from_toml(
                table, where=where, name=name, lookup=lambda k, n: self.section(k, n, where)
            )
        return cls.from_toml(table, where=where, name=name)

    def all_sections(self) -> dict[str, dict[str, Any]]:
        """Every section of the study, built and so checked."""
        return {
            kind: {name: self.section(kind, name, str(self.study.path)) for name in tables}
            for kind, tables in self.study.sections.items()
        }


def bind(
    method: Method, raw: Mapping[str, Any], context: Context, *, where: str, name: str
) -> dict[str, Argument]:
    """Check a step's arguments against its method's signature.

    Raises:
        InputError: a misspelt key (names the nearest), a missing one, a wrong value.
    """
    known = {n: p for n, p in method.parameters.items() if p.type != "task"}
    for key in raw:
        if key not in known:
            raise InputError(
                f"'{method.id}' has no input '{key}'", where=where, remedy=nearest(key, known)
            )
    missing = [n for n, p in known.items() if p.required and n not in raw]
    if missing:
        raise InputError(
            f"'{method.id}' needs {', '.join(missing)}", where=where, remedy=_how(known[missing[0]])
        )
    return {
        key: one(known[key], value, context, where=f"{where} {key}", source=f"{name}.{key}")
        for key, value in raw.items()
    }


def _how(parameter: Parameter) -> str:
    if parameter.type == "data":
        return f'give it a file: {parameter.name} = "raw/…"'
    if parameter.type == "quantity" and parameter.kind is not None:
        return f'give it: {parameter.name} = "{parameter.kind.example()}"'
    return f"give it: {parameter.name} = …"


def one(parameter: Parameter, raw: Any, context: Context, *, where: str, source: str) -> Argument:
    """One argument, checked.

    Raises:
        InputError: names file, key and what was expected.
    """
    if isinstance(raw, Mapping) and "step" in raw:
        return reference(parameter, raw, context.study, where=where)
    if parameter.type == "data" or (parameter.type == "table" and isinstance(raw, str)):
        return _files(parameter, raw, context, where)
    if parameter.type == "section":
        return _section(parameter, raw, context, where, source)
    value = coercion.value(parameter, raw, where=where, source=source)
    return Value(value, canonical.plain(value))


def reference(
    parameter: Parameter, raw: Mapping[str, Any], study: Study, *, where: str
) -> Reference:
    """``{ step, quantity | table | file, at }``, checked against the study.

    Raises:
        InputError: an unknown step, or a part that does not fit the parameter.
    """
    for key in raw:
        if key not in _REFERENCE:
            raise InputError(f"unknown key '{key}'", where=where, remedy=nearest(key, _REFERENCE))
    step = str(raw["step"])
    if step not in study.steps:
        raise InputError(
            f"there is no step '{step}'", where=where, remedy=nearest(step, study.steps)
        )
    wanted = {"table": "table", "data": "file"}.get(parameter.type, "quantity")
    given = [part for part in ("quantity", "table", "file") if part in raw]
    if given != [wanted]:
        raise InputError(
            f"takes a {wanted}, not a {given[0] if given else 'whole step'}",
            where=where,
            remedy=f'write {{ step = "{step}", {wanted} = "…" }}',
        )
    name = str(raw[wanted])
    if "at" in raw:
        name = f"{name}@{raw['at']}"
    part = {"quantity": "quantities", "table": "tables", "file": "files"}[wanted]
    return Reference(step, part, name, where)


def _files(parameter: Parameter, raw: Any, context: Context, where: str) -> Files:
    patterns = [raw] if isinstance(raw, str) else raw
    if not isinstance(patterns, list) or not all(isinstance(p, str) for p in patterns):
        raise InputError(f"{raw!r} is not a file name or a list of them", where=where)
    found = [
        f for pattern in patterns for f in files.find(pattern, context.study.folder, where=where)
    ]
    _no_file_twice(found, where)
    if len(found) > 1 and not parameter.many:
        raise InputError(
            f"takes one file, but {len(found)} match", where=where, remedy="narrow the pattern"
        )
    return Files(found, [context.digest(f.path) for f in found])


def _no_file_twice(found: Sequence[files.InputFile], where: str) -> None:
    seen: set[Path] = set()
    for file in found:
        path = file.path.resolve()
        if path in seen:
            raise InputError(
                f"'{file.path.name}' is matched by two patterns of the list",
                where=where,
                remedy="narrow one of them, so that no file counts twice",
            )
        seen.add(path)


def _section(parameter: Parameter, raw: Any, context: Context, where: str, source: str) -> Value:
    kind = parameter.target.__polylyte__[1]
    if parameter.many and isinstance(raw, list):
        items = [_one_section(kind, item, context, where, source) for item in raw]
        return Value(items, [context.key(item) for item in items])
    value = _one_section(kind, raw, context, where, source)
    return Value([value] if parameter.many else value, context.key(value))


def _one_section(kind: str, raw: Any, context: Context, where: str, source: str) -> Any:
    if isinstance(raw, Mapping):
        return context.build(kind, raw, source, where)
    if not isinstance(raw, str):
        raise InputError(f"{raw!r} names no {kind}", where=where)
    path, mark, name = raw.partition("#")
    if mark or path.endswith(".toml"):
        return _from_file(kind, context.study.folder / path, name, where)
    return context.section(kind, raw, where)


def _from_file(kind: str, path: Path, name: str, where: str) -> Any:
    from polylyte.core.study import build

    content = read_toml(path)
    if not name and kind not in content:
        return Context(build({}, path)).build(kind, content, path.stem, str(path))
    tables = content.get(kind, {})
    if not name and len(tables) == 1:
        name = next(iter(tables))
    if name not in tables:
        raise InputError(
            f"there is no [{kind}.{name}] in {path}", where=where, remedy=nearest(name, tables)
        )
    only_sections = {k: v for k, v in content.items() if k not in ("step", "expect")}
    return Context(build(only_sections, path)).section(kind, name, where)
