"""A method is a plain function; its signature is the only declaration.

``@method`` leaves the function as it is and remembers id, version, citations, prose and
figure. From the signature come the CLI, the study file's keys and their checks, the web form
and the reference page.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from polylyte.core import discovery
from polylyte.core.citations import Citation
from polylyte.core.figures import Figure
from polylyte.core.kinds import Kind
from polylyte.core.quantities import Quantity
from polylyte.core.results import Result
from polylyte.core.tables import Table
from polylyte.core.task import Task

F = TypeVar("F", bound=Callable[..., Result])
Origin = Literal["", "simulated", "virtual"]


@dataclass(frozen=True)
class Declared:
    """What the decorator was told. ``origin`` marks results that are not measurements."""

    id: str
    version: int
    prose: str
    cites: Sequence[Citation]
    figure: Callable[..., Figure | Sequence[Figure]] | None
    batch: Callable[..., Any] | None
    origin: Origin
    threads: int
    memory: str
    walltime: str
    cache: Literal["code", "version"]
    length: str
    """Name of the parameter that is the run's length: no part of the scratch key."""


def method(
    id: str,
    *,
    version: int,
    prose: str,
    cites: Sequence[Citation] = (),
    figure: Callable[..., Figure | Sequence[Figure]] | None = None,
    batch: Callable[..., Any] | None = None,
    origin: Origin = "",
    threads: int = 1,
    memory: str = "1 GB",
    walltime: str = "1 h",
    cache: Literal["code", "version"] = "code",
    length: str = "",
) -> Callable[[F], F]:
    """Declare a function to be the method ``id``.

    ``prose`` is one templated paragraph for the report's Methods section; ``{name}`` stands for
    a parameter, a quantity of the result or a word of ``result.text``. ``figure`` makes figures
    from the result alone. ``batch`` answers many designs at once for sweeps.
    """
    declared = Declared(
        id,
        version,
        prose,
        tuple(cites),
        figure,
        batch,
        origin,
        threads,
        memory,
        walltime,
        cache,
        length,
    )

    def mark(function: F) -> F:
        function.__polylyte__ = ("method", id)  # type: ignore[attr-defined]
        function.__declared__ = declared  # type: ignore[attr-defined]
        return function

    return mark


ParameterType = Literal[
    "quantity",
    "number",
    "integer",
    "text",
    "choice",
    "flag",
    "data",
    "section",
    "table",
    "list",
    "mapping",
    "task",
]


@dataclass(frozen=True)
class Parameter:
    """One argument of a method, as its annotation says."""

    name: str
    type: ParameterType
    kind: Kind | None
    target: Any
    """The class read from a file (data) or from a section of the study (section)."""
    many: bool
    optional: bool
    default: Any
    choices: tuple[str, ...]
    description: str

    @property
    def required(self) -> bool:
        return self.default is MISSING


@dataclass(frozen=True)
class Output:
    """One quantity or table of the result."""

    name: str
    type: Literal["quantity", "table"]
    kind: Kind | None
    description: str


@dataclass(frozen=True)
class Method:
    """A method with its declaration resolved."""

    declared: Declared
    function: Callable[..., Result]
    parameters: Mapping[str, Parameter]
    outputs: Mapping[str, Output]
    summary: str
    doc: str

    @property
    def id(self) -> str:
        return self.declared.id


@cache
def get(id: str) -> Method:
    """The method called ``id``; only its own module is imported.

    Raises:
        InputError: there is none; names the nearest.
    """
    return describe(discovery.load("method", id))


def describe(function: Callable[..., Result]) -> Method:
    """Read a decorated function's signature and docstring."""
    declared: Declared = function.__declared__  # type: ignore[attr-defined]
    doc = inspect.getdoc(function) or ""
    hints = get_type_hints(function, include_extras=True)
    texts = _described(doc)
    parameters = {
        name: _parameter(name, hints[name], value.default, texts.get(name, ""))
        for name, value in inspect.signature(function).parameters.items()
    }
    return Method(
        declared,
        function,
        parameters,
        _outputs(hints.get("return", Result)),
        doc.split("\n\n")[0],
        doc,
    )


def _described(doc: str) -> dict[str, str]:
    """``name: text`` lines of the docstring's Parameters section, continuation lines joined."""
    texts: dict[str, str] = {}
    inside, name = False, ""
    for line in doc.splitlines():
        if line.strip().rstrip(":") in ("Parameters", "Args"):
            inside = True
        elif inside and line and not line.startswith(" "):
            inside = False
        elif inside and line.strip():
            indent = len(line) - len(line.lstrip())
            head, colon, rest = line.strip().partition(":")
            if indent <= 4 and colon and head.isidentifier():
                name, texts[head] = head, rest.strip()
            elif name:
                texts[name] = f"{texts[name]} {line.strip()}".strip()
    return texts


def _strip_optional(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (Union, types.UnionType):
        rest = [arg for arg in get_args(hint) if arg is not type(None)]
        return (rest[0] if len(rest) == 1 else Union[tuple(rest)]), len(rest) < len(get_args(hint))  # noqa: UP007
    return hint, False


def _parameter(name: str, hint: Any, default: Any, description: str) -> Parameter:
    bare, optional = _strip_optional(hint)
    kind_of, kind, target, many, choices = _resolve(bare)
    return Parameter(
        name=name,
        type=kind_of,
        kind=kind,
        target=target,
        many=many,
        optional=optional,
        default=MISSING if default is inspect.Parameter.empty else default,
        choices=choices,
        description=description,
    )


def _resolve(hint: Any) -> tuple[ParameterType, Kind | None, Any, bool, tuple[str, ...]]:
    origin = get_origin(hint)
    if origin is Annotated:
        base, *extras = get_args(hint)
        kind = next((extra for extra in extras if isinstance(extra, Kind)), None)
        return ("quantity" if base is Quantity else "text"), kind, None, False, ()
    if origin is Literal:
        return "choice", None, None, False, tuple(map(str, get_args(hint)))
    if origin in (list, tuple, Sequence) or origin is types.GenericAlias:
        inner = _resolve(get_args(hint)[0])
        if inner[0] in ("data", "section"):
            return inner[0], inner[1], inner[2], True, ()
        return "list", inner[1], inner[2] or get_args(hint)[0], True, ()
    if origin in (dict, Mapping):
        return "mapping", None, None, False, ()
    plain: dict[Any, ParameterType] = {
        float: "number", int: "integer", str: "text", bool: "flag", Table: "table", Task: "task",
        dict: "mapping", list: "list",
    }  # fmt: skip
    if hint in plain:
        return plain[hint], None, None, False, ()
    if hasattr(hint, "__polylyte__"):
        return "section", None, hint, False, ()
    if hasattr(hint, "read"):
        return "data", None, hint, False, ()
    raise TypeError(f"a method cannot take a parameter annotated {hint!r}")


def _outputs(result: Any) -> dict[str, Output]:
    base = {f.name for f in fields(Result)}
    hints = get_type_hints(result, include_extras=True)
    outputs: dict[str, Output] = {}
    for f in fields(result):
        if f.name in base:
            continue
        bare, _ = _strip_optional(hints[f.name])
        text = str(f.metadata.get("text", ""))
        if bare is Table:
            outputs[f.name] = Output(f.name, "table", None, text)
        elif get_origin(bare) is Annotated:
            kind = next((e for e in get_args(bare)[1:] if isinstance(e, Kind)), None)
            outputs[f.name] = Output(f.name, "quantity", kind, text)
    return outputs


def out(text: str, **options: Any) -> Any:
    """A result's field with its description: ``sigma: Conductivity = out("conductivity")``."""
    from dataclasses import field

    return field(metadata={"text": text}, **options)
