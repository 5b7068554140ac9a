"""One method on its own, as the command line and the web form ask for it."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from polylyte.core import methods
from polylyte.core.binding import Argument, Context, bind
from polylyte.core.encoding import encode, table_bytes
from polylyte.core.errors import InputError, nearest
from polylyte.core.methods import Method
from polylyte.core.provenance import describe
from polylyte.core.results import Finding, Result
from polylyte.core.store import machine_errors
from polylyte.core.study import build
from polylyte.core.worker import materialise

Pairs = Sequence[tuple[str, str]]


KEPT = 86400.0
"""Seconds for which the tables of a call that named no folder lie in the user's cache."""


def answer(
    method_id: str, inputs: Pairs, values: Pairs, out: Path | None = None, *, write: bool = True
) -> dict[str, Any]:
    """Run a method on files and values given as text; the outcome as plain content.

    Tables are written as Parquet, with CSV beside, into ``out``. Without it they lie for a day in
    the user's cache, in a folder that the numbers name: the same answer is there once. Without
    ``write`` they are only named.

    Raises:
        InputError: an unknown name, a missing file, a wrong value.
        NotAnswerable: the method refuses.
    """
    method = methods.get(method_id)
    arguments = bind(method, raw(method, inputs, values), _here(), where=method_id, name=method_id)
    result, findings, made = run(method, arguments)
    encoded = encode(result, run_name=f"{method_id}[call]")
    provenance = describe(method, arguments, made, {}, 0.0)
    return {
        "method": method_id,
        "version": method.declared.version,
        "quantities": {
            name: {
                "value": q.value,
                "std": q.std,
                "unit": q.unit,
                "flags": list(q.flags),
                "conditions": dict(q.conditions),
            }
            for name, q in encoded.quantities.items()
        },
        "tables": (
            _write(result, out, encoded.digest)
            if write or out
            else {n: f"{len(t)} rows; --out DIR keeps it" for n, t in result.tables.items()}
        ),
        "verdicts": [asdict(v) for v in result.verdicts],
        "findings": [asdict(f) for f in (*result.findings, *findings)],
        "warnings": list(result.warnings),
        "provenance": provenance,
    }


def run(
    method: Method, arguments: Mapping[str, Argument]
) -> tuple[Result, list[Finding], dict[str, Any]]:
    """Materialise the arguments and call the method."""
    findings: list[Finding] = []
    made = materialise(method, arguments, {}, findings)
    return method.function(**made), findings, made


def _here() -> Context:
    return Context(build({}, Path("command line")))


def raw(method: Method, inputs: Pairs, values: Pairs) -> dict[str, Any]:
    """``--in`` and ``--set`` as a step's raw table; dotted names reach into cards and recipes.

    Raises:
        InputError: a name the method does not have.
    """
    table: dict[str, Any] = {}
    for name, text in inputs:
        _known(method, name)
        parameter = method.parameters[name]
        if parameter.type == "data" and parameter.many:
            table.setdefault(name, []).append(text)
        elif name in table:
            raise InputError(f"'{name}' takes one file", where="--in")
        else:
            table[name] = text
    for name, text in values:
        head, dot, rest = name.partition(".")
        _known(method, head)
        if dot:
            inner = table.get(head)
            table[head] = _put(
                inner if isinstance(inner, dict) else _card(method, head, inner), rest, text
            )
        else:
            table[name] = _parsed(method, name, text)
    return table


def _card(method: Method, head: str, text: str | None) -> dict[str, Any]:
    """The raw table behind ``file.toml#name``, so that dotted names can change it."""
    from polylyte.core.study import read_toml

    if text is None:
        return {}
    path, _, name = text.partition("#")
    content = read_toml(Path(path))
    kind = method.parameters[head].target.__polylyte__[1]
    tables = content.get(kind, {})
    if not tables:
        return content
    name = name or next(iter(tables))
    if name not in tables:
        raise InputError(f"there is no [{kind}.{name}] in {path}", remedy=nearest(name, tables))
    return dict(tables[name])


def _known(method: Method, name: str) -> None:
    known = [n for n, p in method.parameters.items() if p.type != "task"]
    if name not in known:
        raise InputError(
            f"'{method.id}' has no input '{name}'",
            where="command line",
            remedy=nearest(name, known),
        )


def _put(table: dict[str, Any], dotted: str, text: str) -> dict[str, Any]:
    head, dot, rest = dotted.partition(".")
    if not dot:
        return {**table, head: _toml(text)}
    inner = table.get(head, {})
    return {**table, head: _put(inner if isinstance(inner, dict) else {}, rest, text)}


def _parsed(method: Method, name: str, text: str) -> Any:
    """Text as it is, except where it must be a table or a list: those are written as in TOML."""
    kind = method.parameters[name].type
    if kind in ("section", "mapping", "list") and text[:1] in "[{":
        return _toml(text)
    return text


def _toml(text: str) -> Any:
    import tomli

    try:
        return tomli.loads(f"value = {text}")["value"]
    except tomli.TOMLDecodeError:
        return text


def _write(result: Result, out: Path | None, digest: str) -> dict[str, str]:
    if not result.tables and not result.files:
        return {}
    folder = out or _cached(digest)
    written = {}
    with machine_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in result.tables.items():
            path = folder / f"{name.replace('/', '_')}.parquet"
            _replace(path, table_bytes(table))
            _replace(path.with_suffix(".csv"), table.to_csv().encode())
            written[name] = str(path)
        for name, content in result.files.items():
            _replace(folder / name, content)
    return written


def _replace(path: Path, content: bytes) -> None:
    """Another call may read what is there."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(content)
    os.replace(aside, path)


def _cached(digest: str) -> Path:
    """A folder of the user's cache; those of calls of more than a day ago go."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "polylyte" / "calls"
    folder = base / digest[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
    except (OSError, RuntimeError):  # no home, or one that cannot be written
        return Path(tempfile.mkdtemp(prefix="polylyte-"))
    with suppress(OSError):
        for other in base.iterdir():
            if time.time() - other.stat().st_mtime > KEPT:
                shutil.rmtree(other, ignore_errors=True)
    return folder
