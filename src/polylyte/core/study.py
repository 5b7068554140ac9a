"""The study file: names things, then steps. Parsed and checked; nothing is computed here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from polylyte.core import discovery
from polylyte.core.errors import InputError, nearest
from polylyte.core.numbers import parse_number
from polylyte.core.quantities import q
from polylyte.core.runs import Expected

REPLICATES = "core.replicates"
_NAME = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*$")
_STUDY_KEYS = ("title", "description", "authors", "licence", "errata")
_EXPECT_KEYS = ("value", "source", "qualifier")
QUALIFIERS = ("=", "~", ">", "<", ">=", "<=")


@dataclass(frozen=True)
class Step:
    """One step: its method, its raw arguments, what it is repeated over."""

    name: str
    method: str
    arguments: Mapping[str, Any]
    over: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    replicates: tuple[str, ...] = ()
    """Names of the steps this one averages (then ``method`` is ``core.replicates``)."""


@dataclass(frozen=True)
class Study:
    """A study file's content. ``sections``: section name -> name -> raw table."""

    path: Path
    title: str
    description: str
    authors: tuple[str, ...]
    errata: tuple[str, ...]
    sections: Mapping[str, Mapping[str, Mapping[str, Any]]]
    steps: Mapping[str, Step]
    expected: tuple[Expected, ...]
    licence: str = ""
    """Under which the study and its data may be used: an SPDX identifier, an address or words."""

    @property
    def folder(self) -> Path:
        return self.path.parent


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's content.

    Raises:
        InputError: missing, not text, or not TOML; names the line.
    """
    import tomli

    try:
        return tomli.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError(
            "there is no such file", where=str(path), remedy="'polylyte init FOLDER' writes a study"
        ) from None
    except IsADirectoryError:
        raise InputError(
            "is a folder", where=str(path), remedy="name the study file inside it"
        ) from None
    except UnicodeDecodeError:
        raise InputError("is not a text file in UTF-8", where=str(path)) from None
    except tomli.TOMLDecodeError as error:
        raise InputError(f"is not valid TOML: {error}", where=str(path)) from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", where=str(path)) from None


def load(path: Path) -> Study:
    """Read and check a study file (a folder stands for its ``study.toml``).

    Raises:
        InputError: names the file, the key and the nearest known name.
    """
    if path.is_dir():
        path = path / "study.toml"
    content = read_toml(path)
    if not content:
        raise InputError(
            "is empty", where=str(path), remedy="'polylyte init FOLDER' writes a study"
        )
    return build(content, path)


def build(content: Mapping[str, Any], path: Path) -> Study:
    """A study from parsed TOML; ``path`` names it in messages and anchors relative files."""
    sections = {}
    for name in content:
        if name in ("study", "step", "expect"):
            continue
        if name not in discovery.names("section"):
            known = ("study", "step", "expect", *discovery.names("section"))
            raise InputError(
                f"unknown section '{name}'", where=str(path), remedy=nearest(name, known)
            )
        sections[name] = _tables(content[name], f"{path} [{name}]")
    about = _about(content.get("study", {}), f"{path} [study]")
    steps: dict[str, Step] = {}
    for name, table in _tables(content.get("step", {}), f"{path} [step]").items():
        for step in _steps(name, table, f"{path} [step.{name}]"):
            steps[step.name] = step
    return Study(
        path=path,
        title=str(about.get("title", path.parent.name)),
        description=str(about.get("description", "")),
        authors=tuple(about.get("authors", ())),
        errata=tuple(about.get("errata", ())),
        sections=sections,
        steps=steps,
        expected=tuple(_expected(content.get("expect", {}), steps, path)),
        licence=str(about.get("licence", "")),
    )


def _about(content: Any, where: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise InputError("is not a table", where=where, remedy='write [study] and title = "…"')
    for key, value in content.items():
        if key not in _STUDY_KEYS:
            raise InputError(f"unknown key '{key}'", where=where, remedy=nearest(key, _STUDY_KEYS))
        texts = value if key in ("authors", "errata") else [value]
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            kind = "a list of texts" if key in ("authors", "errata") else "text"
            raise InputError(f"{key} is not {kind}", where=where, remedy="put it in quotes")
    return content


def _tables(content: Any, where: str) -> dict[str, dict[str, Any]]:
    if not isinstance(content, dict):
        raise InputError("is not a table", where=where)
    for name, table in content.items():
        if not _NAME.match(name):
            raise InputError(
                f"'{name}' cannot be a name", where=where, remedy="use letters, digits, . _ + -"
            )
        if not isinstance(table, dict):
            raise InputError(
                f"'{name}' is not a table",
                where=where,
                remedy=f"write it under [{where.split('[')[-1][:-1]}.NAME]",
            )
    return content


def _steps(name: str, table: Mapping[str, Any], where: str) -> list[Step]:
    if "method" not in table:
        raise InputError(
            "has no method", where=where, remedy="add method = \"…\"; see 'polylyte methods'"
        )
    method = table["method"]
    if method not in discovery.names("method"):
        raise InputError(
            f"there is no method '{method}'",
            where=where,
            remedy=nearest(str(method), discovery.names("method")),
        )
    arguments = {k: v for k, v in table.items() if k not in ("method", "map", "replicates")}
    over = _over(table.get("map"), where)
    replicates = table.get("replicates")
    if replicates is None:
        return [Step(name, method, arguments, over)]
    tables = list(replicates.values()) if isinstance(replicates, dict) else []
    if len(tables) < 2 or not all(isinstance(table, dict) for table in tables):
        raise InputError(
            "replicates needs at least two named tables",
            where=where,
            remedy="write replicates = { A = { … }, B = { … } }",
        )
    members = [
        Step(f"{name}[{label}]", method, {**arguments, **extra}, over)
        for label, extra in replicates.items()
    ]
    return [*members, Step(name, REPLICATES, {}, {}, tuple(step.name for step in members))]


def _over(table: Any, where: str) -> dict[str, Sequence[Any]]:
    if table is None:
        return {}
    over = table.get("over") if isinstance(table, dict) else None
    if not isinstance(over, dict) or not over or set(table) - {"over"}:
        raise InputError("map needs over = { parameter = [ … ] }", where=where)
    flat = dict(_flatten(over))
    for name, values in flat.items():
        if not isinstance(values, list) or not values:
            raise InputError(f"'{name}' is not a list of values", where=f"{where} map.over")
    return flat


def _flatten(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Dotted names, so that ``over = { cell.thickness = […] }`` reaches into a card."""
    items: list[tuple[str, Any]] = []
    for name, value in table.items():
        items += (
            _flatten(value, f"{prefix}{name}.")
            if isinstance(value, dict)
            else [(prefix + name, value)]
        )
    return items


def _expected(content: Any, steps: Mapping[str, Step], path: Path) -> list[Expected]:
    found = []
    if not isinstance(content, dict):
        raise InputError("is not a table", where=f"{path} [expect]")
    for name, entry in content.items():
        where = f'{path} [expect] "{name}"'
        step, dot, _ = name.partition(".")
        if not dot or step not in steps:
            raise InputError(
                f"'{name}' does not begin with a step's name",
                where=where,
                remedy=nearest(step, steps),
            )
        entry = {"value": entry} if isinstance(entry, str) else entry
        if not isinstance(entry, dict) or "value" not in entry:
            raise InputError(
                "has no value", where=where, remedy='write { value = "1.03 mS/cm", source = "…" }'
            )
        for key in entry:
            if key not in _EXPECT_KEYS:
                raise InputError(
                    f"unknown key '{key}'", where=where, remedy=nearest(key, _EXPECT_KEYS)
                )
        qualifier = entry.get("qualifier", "=")
        if qualifier not in QUALIFIERS:
            raise InputError(
                f"qualifier '{qualifier}' is not one of {' '.join(QUALIFIERS)}", where=where
            )
        try:
            text = str(entry["value"])
            value = q(text, source=f"printed value of {name}", how="published")
            resolution = float(parse_number(text).resolution)
        except InputError as error:
            raise error.at(where) from None
        found.append(Expected(name, value, resolution, qualifier, str(entry.get("source", ""))))
    return found
