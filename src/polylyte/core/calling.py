"""One method on its own, as the command line and the web form ask for it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
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


def answer(method_id: str, inputs: Pairs, values: Pairs, out: Path | None = None) -> dict[str, Any]:
    """Run a method on files and values given as text; the outcome as plain content.

    Tables are written as Parquet, with CSV beside, into ``out`` (or a new temporary folder).

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
        "tables": _write(result, out),
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


def _write(result: Result, out: Path | None) -> dict[str, str]:
    if not result.tables and not result.files:
        return {}
    folder = out or Path(tempfile.mkdtemp(prefix="polylyte-"))
    written = {}
    with machine_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in result.tables.items():
            path = folder / f"{name.replace('/', '_')}.parquet"
            path.write_bytes(table_bytes(table))
            path.with_suffix(".csv").write_text(table.to_csv())
            written[name] = str(path)
        for name, content in result.files.items():
            (folder / name).write_bytes(content)
    return written
