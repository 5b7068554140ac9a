"""Reference pages, written from the declarations: nothing here names a method, a unit or a room.

Each function gives the Markdown of one page. ``hooks.py`` hands them to MkDocs; tests read them
without it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from inspect import getdoc
from pathlib import Path
from typing import Any, get_args, get_origin

from docstring import dois, plain, plain_piece, prose, sections_of, summary_of

from polylyte.core import discovery, kinds, methods, units
from polylyte.core.citations import Citation
from polylyte.core.kinds import Kind
from polylyte.core.methods import Method, Parameter
from polylyte.core.quantities import Quantity

REPOSITORY = Path(__file__).parents[1]
Rows = Iterable[Sequence[str]]


def table(header: Sequence[str], rows: Rows) -> str:
    """A Markdown table; an empty text without rows."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    if not lines:
        return ""
    return "\n".join(["| " + " | ".join(header) + " |", "|" + " --- |" * len(header), *lines])


def room_of(id: str) -> str:
    """The room that declares a method; for a third party's, its package."""
    parts = discovery.module_of("method", id).split(".")
    return parts[1] if parts[0] == "polylyte" else parts[0]


def rooms() -> dict[str, list[str]]:
    """Ids of methods by room, in the order of the import contract, third parties last."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    order = [name for layer in reversed(layers) for name in re.findall(r"\w+", layer)]
    found: dict[str, list[str]] = {name: [] for name in order}
    for id in discovery.names("method"):
        found.setdefault(room_of(id), []).append(id)
    return {room: ids for room, ids in found.items() if ids}


# -- one method ------------------------------------------------------------------------------


def page(method: Method) -> str:
    """The reference page of one method."""
    parts = sections_of(method.doc)
    declared = method.declared
    blocks = [
        f"# {method.id}",
        f"{plain(summary_of(method.doc))}\n{{ .lead }}",
        _badges(method),
        prose(parts.pop("")),
        f"## Inputs\n\n{_inputs(method) or 'None.'}",
        f"## Results\n\n{_results(method)}",
        *_answers_not(parts.pop("Raises", "")),
        f"## Use\n\n{_use(method)}",
        f"## In the Methods text\n\n> {_sentence(declared.prose, declared.cites)}",
    ]
    parts.pop("Parameters", None)
    references = parts.pop("References", "")
    blocks += [f"## {title}\n\n{prose(text)}" for title, text in parts.items()]
    blocks.append(_references(declared.cites, references))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _badges(method: Method) -> str:
    declared = method.declared
    words = [f"version {declared.version}", room_of(method.id)]
    if declared.origin:
        words.append(f"{declared.origin}: not a measurement")
    if declared.batch is not None:
        words.append("answers sweeps in batches")
    if any(p.type == "task" for p in method.parameters.values()):
        words.append("resumes when stopped")
    if declared.threads > 1:
        words.append(f"{declared.threads} threads")
    return " ".join(f'<span class="badge">{word}</span>' for word in words)


def _shown(method: Method) -> list[Parameter]:
    return [p for p in method.parameters.values() if p.type != "task"]


def _inputs(method: Method) -> str:
    rows = (
        (
            f"`{p.name}`",
            type_text(p),
            unit_text(p.kind),
            default_text(p),
            plain(p.description),
        )
        for p in _shown(method)
    )
    return table(("name", "takes", "unit", "default", "what it is"), rows)


def type_text(p: Parameter) -> str:
    """What a parameter takes, in words."""
    match p.type:
        case "quantity":
            return f"{p.kind.name}" if p.kind else "quantity"
        case "choice":
            return " or ".join(f"`{choice}`" for choice in p.choices)
        case "data":
            what = _words(p.target.__name__)
            return (
                f"[files](../formats.md): {what}, one or more"
                if p.many
                else (f"[file](../formats.md): {what}")
            )
        case "section":
            kind = p.target.__polylyte__[1]
            return f"[{kind}](../sections.md#{kind})" + (", one or more" if p.many else "")
        case "list":
            of = p.kind.name if p.kind else getattr(p.target, "__name__", "value")
            return f"list of {of}"
        case "flag":
            return "true or false"
        case "integer":
            return "whole number"
        case "mapping":
            return "table of names and values"
        case "table":
            return "table of a step, or CSV file"
        case other:
            return other


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def unit_text(kind: Kind | None) -> str:
    """A kind's display unit for print."""
    return plain(units.pretty(kind.display)) if kind else ""


def default_text(p: Parameter) -> str:
    """A parameter's default for print; ``needed`` where it has none."""
    if p.required:
        return "**needed**"
    if p.default is None or p.default == "":
        return "–"
    if isinstance(p.default, Quantity):
        return quantity_text(p.default)
    if isinstance(p.default, bool):
        return f"`{str(p.default).lower()}`"
    if isinstance(p.default, list | tuple):
        return (
            ", ".join(quantity_text(v) if isinstance(v, Quantity) else f"`{v}`" for v in p.default)
            or "–"
        )
    return f"`{p.default}`"


def quantity_text(value: Quantity) -> str:
    """A quantity with all its digits and no rounding."""
    if value.value is None or value.std is not None:
        return plain(str(value))
    return plain(f"{value.value:g} {units.pretty(value.unit)}")


def _results(method: Method) -> str:
    quantities = [o for o in method.outputs.values() if o.type == "quantity"]
    tables = [o for o in method.outputs.values() if o.type == "table"]
    rows = ((f"`{o.name}`", unit_text(o.kind), plain(o.description)) for o in quantities)
    kept = [
        table(("quantity", "unit", "what it is"), rows),
        table(("table", "what it holds"), ((f"`{o.name}`", plain(o.description)) for o in tables)),
    ]
    return "\n\n".join(block for block in kept if block) or (
        "Quantities whose names are known only at run time."
    )


def _answers_not(text: str) -> Iterator[str]:
    """Raises as a list: what ends in exit code 2 and what in 3."""
    items = [
        f"- **{name}**: {prose(' '.join(rest.split()))}"
        for name, rest in re.findall(r"^(\w+): (.*(?:\n[ ]{2,}.*)*)", text, re.MULTILINE)
    ]
    if items:
        yield "## When it does not answer\n\n" + "\n".join(items)


# -- how to ask for it -------------------------------------------------------------------------


def _use(method: Method) -> str:
    return (
        f'=== "Study"\n\n{_indented(_fence("toml", snippet(method)))}\n\n'
        f'=== "Command line"\n\n{_indented(_fence("sh", command(method)))}\n\n'
        f'=== "Notebook"\n\n{_indented(_fence("python", notebook(method)))}'
    )


def _fence(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())


def example(p: Parameter) -> str:
    """A value of a parameter as it is written in TOML."""
    default = None if p.default is MISSING else p.default
    if isinstance(default, Quantity):
        return (
            f'"{default.value:g} {default.unit}"' if default.unit != "1" else f"{default.value:g}"
        )
    if default and isinstance(default, list | tuple):
        texts = (f'"{v.value:g} {v.unit}"' if isinstance(v, Quantity) else repr(v) for v in default)
        return f"[{', '.join(texts)}]"
    match p.type:
        case "quantity":
            plain_number = p.kind is not None and p.kind.display in ("", "1")
            return "0.5" if plain_number or p.kind is None else f'"1 {p.kind.display}"'
        case "data":
            return '"raw/*"' if p.many else '"raw/FILE"'
        case "section":
            return '["NAME"]' if p.many else '"NAME"'
        case "table":
            return '{ step = "STEP", table = "TABLE" }'
        case "number" | "integer":
            return str(default if default is not None else 1)
        case "flag":
            return str(bool(default)).lower()
        case "list":
            unit = p.kind.display if p.kind else ""
            return f'["1 {unit}", "2 {unit}"]' if unit not in ("", "1") else "[1, 2]"
        case "mapping":
            return "{ name = 1 }"
        case "choice":
            return f'"{default or p.choices[0]}"'
        case _:
            return f'"{default or "…"}"'


def snippet(method: Method) -> str:
    """The step in a study file: what is needed, and the rest commented out."""
    shown = _shown(method)
    asked = _asked(method)
    lines = [f"[step.{method.id.rpartition('.')[2]}]", f'method = "{method.id}"']
    lines += [f"{p.name} = {example(p)}" for p in shown if p in asked]
    lines += [f"# {p.name} = {example(p)}" for p in shown if p not in asked]
    return "\n".join(lines)


def _asked(method: Method) -> list[Parameter]:
    """What a first call gives: all that is needed, or else the files, or else the quantities."""
    shown = _shown(method)
    for first in (
        [p for p in shown if p.required],
        [p for p in shown if p.type == "data"],
        [p for p in shown if p.type in ("section", "table")],
        [p for p in shown if p.type == "quantity" and p.default is None],
    ):
        if first:
            return first
    return []


def command(method: Method) -> str:
    """The line that runs the method on its own."""
    words = [f"polylyte call {method.id}"]
    for p in _asked(method):
        value = example(p).strip('"')
        if p.type == "data":
            words.append(f"--in {p.name}='{value}'")
        elif p.type == "section":
            words.append(f"--in {p.name}='{p.target.__polylyte__[1]}s.toml#NAME'")
        elif p.type == "table":
            words.append(f"--in {p.name}='{p.name}.csv'")
        else:
            words.append(f"--set {p.name}='{value}'")
    return " \\\n    ".join(words)


def notebook(method: Method) -> str:
    """The import and the call in Python."""
    module, name = discovery.module_of("method", method.id), method.function.__name__
    asked = _asked(method)
    imports = {f"from {module} import {name}"}
    if any(p.type == "quantity" for p in asked):
        imports.add("from polylyte.core.quantities import q")
    made = []
    for p in asked:
        if p.type not in ("data", "section"):
            continue
        cls = p.target.__name__
        imports.add(f"from {p.target.__module__} import {cls}")
        if p.type == "section":
            made.append(f'{p.name} = {cls}.from_toml({{…}}, where="notebook", name="NAME")')
        elif p.many:
            imports.add("from pathlib import Path")
            made.append(f'{p.name} = [{cls}.read(path) for path in sorted(Path("raw").iterdir())]')
        else:
            imports.add("from pathlib import Path")
            made.append(f'{p.name} = {cls}.read(Path("raw/FILE"))')
    given = ", ".join(f"{p.name}={_python(p)}" for p in asked)
    order = sorted(imports, key=lambda line: ("polylyte" in line, line))
    return "\n".join([*order, "", *made, f"result = {name}({given})"])


def _python(p: Parameter) -> str:
    if p.type == "quantity":
        text = example(p)
        return f"q({text})" if text.startswith('"') else f'q("{text}")'
    return p.name if p.type in ("data", "section", "table", "list", "mapping") else example(p)


# -- words and references ------------------------------------------------------------------------


def _sentence(text: str, cites: Sequence[Citation]) -> str:
    """The prose, its places to fill in set apart, its citations linked."""
    known = {c.key for c in cites}

    def cited(match: re.Match[str]) -> str:
        keys = [key.strip() for key in match[1].split(";")]
        if not set(keys) <= known:
            return match[0]
        return "[" + "; ".join(f"[{key}](#{key.lower()})" for key in keys) + "]"

    pieces = re.split(r"(\{\w+\}|\[[^\]]+\])", text)
    made = []
    for piece in pieces:
        if piece.startswith("{"):
            made.append(f'<span class="value">{piece[1:-1].replace("_", " ")}</span>')
        elif piece.startswith("["):
            made.append(re.sub(r"\[([^\]]+)\]", cited, piece))
        else:
            made.append(plain_piece(piece))
    return "".join(made)


def _references(cites: Sequence[Citation], more: str) -> str:
    if not cites and not more:
        return ""
    if not cites:
        return f"## References\n\n{prose(more)}"
    items = [f'- <span id="{c.key.lower()}"></span>{reference(c)}' for c in cites]
    if dois(more) - {c.doi for c in cites}:
        items += ["", f"Also: {prose(more)}"]
    bibtex = _fence("bibtex", "\n\n".join(c.bibtex() for c in cites))
    items += ["", '??? note "BibTeX"', "", _indented(bibtex)]
    return "## References\n\n" + "\n".join(items)


def reference(c: Citation) -> str:
    """One citation with its DOI as a link; the key is the anchor."""
    place = ", ".join(part for part in (c.volume, c.pages) if part)
    doi = f" [doi:{c.doi}](https://doi.org/{c.doi})" if c.doi else ""
    words = [f"{plain(c.authors.rstrip('.'))}. {plain(c.title)}.", f"*{plain(c.journal)}*", place]
    return " ".join(word for word in words if word) + f" ({c.year}).{doi} `{c.key}`"


# -- pages over all of them ------------------------------------------------------------------------


def index() -> str:
    """Every method by room."""
    count = sum(map(len, rooms().values()))
    blocks = [
        "# Methods",
        f"{count} methods, each one file. Each has the same three doors: a step of a "
        "[study](../study-file.md), `polylyte call` and a plain function for notebooks. "
        "`polylyte methods` prints this list; `polylyte methods --json` gives it to a program.",
    ]
    for room, ids in rooms().items():
        rows = ((f"[{id}]({id}.md)", plain(methods.get(id).summary)) for id in ids)
        blocks.append(f"## {room}\n\n" + table(("method", "what it gives"), rows))
    return "\n\n".join(blocks) + "\n"


def kinds_page() -> str:
    """Units by kind of quantity."""
    named: dict[str, Kind] = {}
    for name, hint in vars(kinds).items():
        for extra in get_args(hint)[1:] if get_origin(hint) is not None else ():
            if isinstance(extra, Kind):
                named[name] = extra
    rows = (
        (
            kind.name,
            unit_text(kind) or "–",
            plain(units.pretty(kind.si)) or "–",
            f"`{name}`",
            "yes" if kind.plain_number else "",
        )
        for name, kind in sorted(named.items(), key=lambda item: item[1].name)
    )
    return (
        "\n\n".join(
            (
                "# Units",
                "What a parameter or a result can measure. Any unit of its dimension is accepted; "
                "results are shown in the unit of the second column. "
                "[Quantities](quantities.md) has the notation.",
                table(("measures", "shown in", "SI inside", "annotation", "plain number"), rows),
            )
        )
        + "\n"
    )


def sections_page() -> str:
    """What the sections of a study hold."""
    blocks = [
        "# Sections of a study",
        "Each section is a type that claims its name; a new one is found like a method. "
        "[The study file](study-file.md) shows them at work.",
    ]
    for name in discovery.names("section"):
        cls = discovery.load("section", name)
        used = [
            f"[{id}](methods/{id}.md)"
            for id in discovery.names("method")
            if any(p.target is cls for p in methods.get(id).parameters.values())
        ]
        blocks += [f"## {name}", f"`[{name}.NAME]`", prose(getdoc(cls) or "")]
        blocks += [f"### {title}\n\n{rows}" for title, rows in _entries(cls)]
        if used:
            blocks.append("Taken by " + ", ".join(used) + ".")
    return "\n\n".join(block for block in blocks if block) + "\n"


def _entries(cls: Any) -> Iterator[tuple[str, str]]:
    """Tables of a card's entries, those of the cards inside it after its own."""
    # A type that must have an entry is written in its own way, not as a table of entries.
    if not is_dataclass(cls) or any(_must(f) for f in fields(cls) if f.name != "name"):
        return
    cards: list[Any] = [cls]
    for card in cards:
        shown = [f for f in fields(card) if f.name not in ("name", "where")]
        rows = [(f"`{f.name}`", _annotation(str(f.type)), _entry_default(f.default)) for f in shown]
        yield _words(card.__name__), table(("entry", "holds", "default"), rows)
        inner = [each for f in shown for each in _inner(card, str(f.type))]
        cards += [each for each in dict.fromkeys(inner) if each not in cards]


def _must(f: Field[Any]) -> bool:
    return f.default is MISSING and f.default_factory is MISSING


def _entry_default(value: Any) -> str:
    if isinstance(value, Quantity):
        return quantity_text(value)
    return "" if value in (MISSING, None, "", ()) else plain(str(value))


def _annotation(text: str) -> str:
    choices = re.search(r"Literal\[(.*)\]", text)
    if choices:
        return " or ".join(f"`{c}`" for c in re.findall(r"[\"']([^\"']+)", choices[1]) if c != ", ")
    text = re.sub(r"ClassVar|\s*\|\s*None|'|\"", "", text)
    text = re.sub(r"tuple\[(\w+), \.\.\.\]", r"list of \1", text)
    text = re.sub(r"Mapping\[str, (\w+)\]", r"named \1", text)
    for name, word in (("str", "text"), ("int", "whole number"), ("bool", "true or false"),
                       ("Quantity", "quantity"), ("float", "number")):  # fmt: skip
        text = re.sub(rf"\b{name}\b", word, text)
    return plain(_words(text))


def _inner(card: Any, text: str) -> list[Any]:
    module = __import__(card.__module__, fromlist=["x"])
    found = (getattr(module, name, None) for name in re.findall(r"[A-Z]\w+", text))
    return [each for each in found if is_dataclass(each) and each is not Quantity]


def formats_page() -> str:
    """Every raw format that can be read."""
    rows = []
    for name in discovery.names("reader"):
        function = discovery.load("reader", name)
        rows.append((f"`{name}`", plain(summary_of(getdoc(function) or ""))))
    return (
        "\n\n".join(
            (
                "# File formats",
                "A file is recognised by its bytes, never by its name. Every reader says which "
                "rows it dropped and why; the report lists them with the file's hash.",
                table(("format", "what it is"), rows),
            )
        )
        + "\n"
    )


def command_page() -> str:
    """Every command with its options, from the parser itself."""
    from polylyte import cli

    parser = cli._parser()
    commands: Mapping[str, Any] = next(
        action.choices for action in parser._actions if isinstance(action.choices, dict)
    )
    blocks = [
        "# Command line",
        "Exit codes: **0** answered; **2** bad input (one line on stderr: what, where, what to "
        "do); **3** not answerable from this input; **4** internal, or the machine's fault.",
    ]
    for name, each in commands.items():
        each.prog = f"polylyte {name}"
        help = each.format_help().removeprefix("usage: ")
        blocks.append(f"## {name}\n\n" + _fence("text", help.strip()))
    return "\n\n".join(blocks) + "\n"


def studies_page(folder: Path) -> str:
    """Every example study: what it says of itself, and its file."""
    blocks = [
        "# Example studies",
        "Each folder of `examples/` with a `study.toml` is a study; `polylyte run examples/NAME` "
        "runs it.",
    ]
    for path in sorted(folder.glob("*/study.toml")):
        text = path.read_text("utf-8")
        content = tomllib.loads(text)
        about = content.get("study", {})
        used = sorted({step["method"] for step in content.get("step", {}).values()})
        links = ", ".join(f"[{id}](methods/{id}.md)" for id in used)
        blocks += [
            f"## {about.get('title', path.parent.name)}",
            plain(about.get("description", "")),
            f"`polylyte run examples/{path.parent.name}`: {links}",
            f'??? example "examples/{path.parent.name}/study.toml"\n\n'
            + _indented(_fence("toml", text.rstrip())),
        ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def pages() -> dict[str, str]:
    """Every generated page by its path in the site's sources."""
    made = {
        "methods/index.md": index(),
        "units.md": kinds_page(),
        "sections.md": sections_page(),
        "formats.md": formats_page(),
        "command-line.md": command_page(),
        "studies.md": studies_page(REPOSITORY / "examples"),
    }
    return made | {f"methods/{id}.md": page(methods.get(id)) for id in discovery.names("method")}
