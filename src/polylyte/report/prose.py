"""A method's templated paragraph, filled in with the numbers of one step."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import MISSING
from typing import Any

from polylyte.core.methods import Method
from polylyte.core.quantities import Quantity
from polylyte.core.runs import Stored
from polylyte.report.text import NOT_DETERMINED, given_text, listing, quantity_text, words

PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_KEY = re.compile(r"\[([A-Za-z][^\[\]\s;,]*(?:[;,]\s*[A-Za-z][^\[\]\s;,]*)*)\]")


def placeholders(prose: str) -> list[str]:
    """The names in braces."""
    return PLACEHOLDER.findall(prose)


def unknown_placeholders(method: Method) -> list[str]:
    """Names in the prose that are no parameter, no output and no word of ``result.text``.

    The keys of ``text`` and ``more`` exist only at run time; a name counts as one of them where
    the method's module spells it, or one beside it that it takes something from, as a string or as
    a keyword.
    """
    known = {*method.parameters, *method.outputs}
    module = sys.modules[method.function.__module__]
    beside = module.__name__.rpartition(".")[0] + "."
    taken = {getattr(each, "__module__", None) or "" for each in vars(module).values()}
    names = {module.__name__, *(name for name in taken if name.startswith(beside))}
    texts = (inspect.getsource(sys.modules[name]) for name in sorted(names))
    source = "\n".join(texts).replace(method.declared.prose, "")
    return [
        name
        for name in placeholders(method.declared.prose)
        if name not in known and not re.search(rf"""["']{re.escape(name)}["']|\b{name}=""", source)
    ]


def fill(method: Method, stored: Stored) -> str:
    """The paragraph with every placeholder replaced; what is not known is "not determined"."""

    def value(match: re.Match[str]) -> str:
        return _value(match[1], method, stored) or NOT_DETERMINED

    return " ".join(PLACEHOLDER.sub(value, method.declared.prose).split())


def _value(name: str, method: Method, stored: Stored) -> str | None:
    provenance = stored.provenance
    if name in stored.quantities:
        return quantity_text(stored.quantities[name])
    if name in stored.text:
        return str(stored.text[name])
    given: Mapping[str, Any] = provenance.get("parameters", {})
    if name in given and given[name] not in (None, ""):
        return _plain(given[name])
    files = [file_of(item) for item in provenance.get("inputs", ()) if item.get("name") == name]
    if files:
        return listing(files) if len(files) <= 4 else f"{len(files)} files"
    upstream = [i.get("step") for i in provenance.get("upstream", ()) if i.get("name") == name]
    if upstream:
        return listing(f"step {step}" for step in upstream)
    if name in stored.tables:
        return f"{len(stored.tables[name])} rows"
    parameter = method.parameters.get(name)
    if parameter is not None and parameter.default not in (MISSING, None):
        return _plain(parameter.default)
    return None


def file_of(record: Mapping[str, Any]) -> str:
    """The name of a raw file, without its folder."""
    name = str(record.get("file") or record.get("path") or record.get("name") or "")
    return re.split(r"[/\\]", name)[-1]


def _plain(value: Any) -> str:
    if isinstance(value, Quantity):
        return quantity_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return listing(map(_plain, value))
    return given_text(str(value))


def split_citations(text: str, keys: Mapping[str, int]) -> list[str | list[str]]:
    """Text and lists of citation keys in turn; ``[Evans1987]`` is one if that key is cited."""
    pieces: list[str | list[str]] = []
    at = 0
    for match in _KEY.finditer(text):
        named = [part.strip() for part in re.split(r"[;,]", match[1])]
        if all(part in keys for part in named):
            pieces += [text[at : match.start()], named]
            at = match.end()
    return [*pieces, text[at:]]


def heading(method: Method) -> str:
    """A method's name in words, from its summary line."""
    return method.summary.rstrip(".") or words(method.id)
