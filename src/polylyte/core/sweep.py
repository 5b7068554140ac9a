"""One method over many designs: a task is a chunk of a few hundred, a rerun makes missing rows.

``[step.map] over = { rate = […], cell.loading = […] }`` takes every combination. Each chunk is
one Parquet file with a key and a status per row; the step's result is one table.
"""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polylyte.core import canonical, coercion, methods
from polylyte.core.binding import Argument, Context, Value, bind, one
from polylyte.core.errors import InputError, PolylyteError, nearest
from polylyte.core.methods import Method
from polylyte.core.results import Finding, Result
from polylyte.core.store import Store, machine_errors
from polylyte.core.study import Step, Study
from polylyte.core.tables import PER_ROW, Table

if TYPE_CHECKING:
    import polars

CHUNK = 256
Design = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Swept(Result):
    """The table ``designs``: one row per design, with its status."""

    designs: Table = field(default_factory=lambda: Table.of({}))


def check(step: Step, context: Context, where: str) -> dict[str, Argument]:
    """Bind the fixed arguments, and check each value that is swept on its own.

    Raises:
        InputError: names the key and the value.
    """
    method = methods.get(step.method)
    swept = {name.partition(".")[0] for name in step.over}
    for name in swept:
        if name not in method.parameters:
            raise InputError(
                f"'{method.id}' has no input '{name}'",
                where=f"{where} map.over",
                remedy=nearest(name, method.parameters),
            )
    first = {name: values[0] for name, values in step.over.items()}
    bound = bind(
        method,
        design_arguments(step, first, method, context.study),
        context,
        where=where,
        name=step.name,
    )
    for name, values in step.over.items():
        parameter = method.parameters[name.partition(".")[0]]
        if "." in name or parameter.type == "section":
            continue
        for value in values:
            coercion.value(parameter, value, where=f"{where} map.over.{name}", source=name)
    kept = {name: argument for name, argument in bound.items() if name not in swept}
    return (
        kept
        | {f"map {name}": _plain(values) for name, values in step.over.items()}
        | {
            f"base {name}": _plain(_base(step, name, method, context.study))
            for name in swept
            if name in step.arguments
        }
    )


def _plain(value: Any) -> Value:
    return Value(value, canonical.plain(value))


def is_fixed(name: str) -> bool:
    """Whether a bound argument of a sweep goes to the method as it is."""
    return " " not in name


def _base(step: Step, name: str, method: Method, study: Study) -> Any:
    """The raw table that dotted names change: inline, or that of the section it names."""
    raw = step.arguments.get(name, {})
    parameter = method.parameters[name]
    if isinstance(raw, str) and parameter.type == "section":
        return study.sections.get(parameter.target.__polylyte__[1], {}).get(raw, raw)
    return raw


def design_arguments(step: Step, design: Design, method: Method, study: Study) -> dict[str, Any]:
    """The step's raw arguments for one design; dotted names reach into cards and recipes."""
    arguments: dict[str, Any] = dict(step.arguments)
    for name, value in design.items():
        head, dot, rest = name.partition(".")
        if dot:
            base = arguments.get(head, {})
            if not isinstance(base, dict):
                base = _base(step, head, method, study)
            arguments[head] = _merged(base if isinstance(base, dict) else {}, rest, value)
        else:
            arguments[name] = value
    return arguments


def _merged(table: Mapping[str, Any], dotted: str, value: Any) -> dict[str, Any]:
    head, dot, rest = dotted.partition(".")
    inner = table.get(head, {})
    return {
        **table,
        head: _merged(inner if isinstance(inner, dict) else {}, rest, value) if dot else value,
    }


def designs(over: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Every combination, the last name running fastest."""
    for values in itertools.product(*over.values()):
        yield dict(zip(over, values, strict=True))


def base_key(
    step: Step, arguments: Mapping[str, Argument], heads: Mapping[str, Mapping[str, Any]]
) -> str:
    """What all rows have in common."""
    from polylyte.core.keys import key_of

    fixed = {n: a for n, a in arguments.items() if not n.startswith("map ")}
    key = key_of(methods.get(step.method), fixed, heads.get)
    if key is None:
        raise InputError("a step before this sweep has no result", where=step.name)
    return canonical.digest({"sweep": sorted(step.over), "base": key.result})


def row_key(base: str, design: Design) -> str:
    return canonical.digest([base, canonical.plain(design)])[:32]


@dataclass(frozen=True)
class ChunkJob:
    """A few hundred designs for one worker."""

    step: Step
    study: Study
    arguments: Mapping[str, Argument]
    upstream: Mapping[str, str]
    base: str
    rows: Sequence[tuple[str, dict[str, Any]]]
    store: Path
    durable: bool
    signals: Path


def known_rows(store: Store, base: str) -> dict[str, dict[str, Any]]:
    """Rows that earlier runs made, by key. A file that is damaged counts as not there.

    Raises:
        MachineError: the disk does not give the bytes.
    """
    import polars

    rows: dict[str, dict[str, Any]] = {}
    folder = store.root / "sweeps" / base
    with machine_errors(folder):
        # Not by a glob, to which a folder that may not be read is an empty one.
        try:
            names = sorted(os.listdir(folder))
        except FileNotFoundError:
            return {}
        contents = [(folder / name, _bytes(folder / name)) for name in names]
    for path, content in contents:
        try:
            frame = polars.read_parquet(io.BytesIO(content)) if content is not None else None
        except polars.exceptions.PolarsError:
            path.unlink(missing_ok=True)
            continue
        if frame is not None:
            rows |= {row["key"]: row for row in frame.to_dicts()}
    return rows


def _bytes(path: Path) -> bytes | None:
    """A file's content; None where a clearing of the store was quicker."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def execute_chunk(job: ChunkJob) -> Any:
    """Answer the designs of one chunk and keep them as one file; how many were answered."""
    import polars

    from polylyte.core.worker import Ended, stop_wanted

    if stop_wanted(job.signals):
        return Ended(job.step.name, "stopped", reason="stopped; run again to go on")
    method = methods.get(job.step.method)
    rows = list(_answered(method, job))
    frame = polars.DataFrame(rows, infer_schema_length=None)
    stream = io.BytesIO()
    frame.write_parquet(stream, compression="zstd")
    name = canonical.digest([row["key"] for row in rows])[:16]
    store = Store(job.store, durable=job.durable)
    store.write_file(store.root / "sweeps" / job.base / f"{name}.parquet", stream.getvalue())
    return sum(row["status"] == "answered" for row in rows)


def _answered(method: Method, job: ChunkJob) -> Iterator[dict[str, Any]]:
    made, errors = _arguments(method, job)
    answers = _answers(method, made)
    for (key, design), error, answer in zip(job.rows, errors, answers, strict=True):
        outcome = error or answer
        row: dict[str, Any] = {"key": key, **{name: _cell(v) for name, v in design.items()}}
        if isinstance(outcome, Result):
            row |= {"status": "answered", "reason": ""}
            for name, quantity in outcome.quantities.items():
                row[name] = quantity.value
                row[f"unit of {name}"] = quantity.unit
                row[f"{name}|combined{PER_ROW}"] = quantity.std
        else:
            refused = isinstance(outcome, PolylyteError) and outcome.exit_code == 3
            row |= {"status": "refused" if refused else "failed", "reason": str(outcome)}
        yield row


def _arguments(
    method: Method, job: ChunkJob
) -> tuple[list[dict[str, Any] | None], list[Exception | None]]:
    """Python arguments per design. What does not vary is made once."""
    from polylyte.core.worker import materialise, results

    context = Context(job.study, keyless=True)
    where = f"{job.study.path} [step.{job.step.name}]"
    swept = {name.partition(".")[0] for name in job.step.over}
    fixed = {name: a for name, a in job.arguments.items() if is_fixed(name)}
    plain = materialise(method, fixed, results(Store(job.store), job.upstream), [])
    made: list[dict[str, Any] | None] = []
    errors: list[Exception | None] = []
    for _, design in job.rows:
        try:
            raw = design_arguments(job.step, design, method, job.study)
            varied = {
                name: one(
                    method.parameters[name],
                    raw[name],
                    context,
                    where=where,
                    source=f"{job.step.name}.{name}",
                )
                for name in swept
            }
            values = {name: a.value for name, a in varied.items() if isinstance(a, Value)}
            made.append({**plain, **values})
            errors.append(None)
        except PolylyteError as error:
            made.append(None)
            errors.append(error)
    return made, errors


def _answers(
    method: Method, made: Sequence[dict[str, Any] | None]
) -> list[Result | Exception | None]:
    """The batched form where the method has one; else one call each."""
    asked = [arguments for arguments in made if arguments is not None]
    if method.declared.batch is not None:
        found = iter(method.declared.batch(asked))
    else:
        found = iter([_answer(method, arguments) for arguments in asked])
    return [None if arguments is None else next(found) for arguments in made]


def _answer(method: Method, arguments: dict[str, Any]) -> Result | Exception:
    try:
        return method.function(**arguments)
    except PolylyteError as error:
        return error


def _cell(value: Any) -> Any:
    return value if isinstance(value, int | float | str | bool) else str(value)


def gather(step: Step, rows: Sequence[Mapping[str, Any]]) -> Swept:
    """The table of all designs, in their order."""
    import polars

    frame = polars.DataFrame(list(rows), infer_schema_length=None).drop("key")
    units = {}
    for column in [c for c in frame.columns if c.startswith("unit of ")]:
        found = frame[column].drop_nulls().unique().to_list()
        units[column.removeprefix("unit of ")] = found[0] if len(found) == 1 else "1"
        frame = frame.drop(column)
    empty = [c for c in frame.columns if "|" in c and frame[c].null_count() == len(frame)]
    frame = frame.drop(empty)
    counts: dict[str, int] = dict(frame["status"].value_counts().iter_rows())
    findings = tuple(
        Finding(f"{n} of {len(frame)} designs {status}: {_reason(frame, status)}", "warning")
        for status, n in sorted(counts.items())
        if status != "answered"
    )
    return Swept(designs=Table(frame, units), findings=findings)


def _reason(frame: polars.DataFrame, status: str) -> str:
    return str(frame.filter(frame["status"] == status)["reason"][0])
