"""The reference page of one method, from its declaration and its docstring."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from asking import use
from docstring import dois, plain, plain_piece, prose, sections_of, summary_of
from wording import default_text, fence, indented, inputs_of, room_of, table, type_text, unit_text

from polylyte.core.citations import Citation
from polylyte.core.methods import Method


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
        f"## Use\n\n{use(method)}",
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


def _inputs(method: Method) -> str:
    rows = (
        (
            f"`{p.name}`",
            type_text(p),
            unit_text(p.kind),
            default_text(p),
            plain(p.description),
        )
        for p in inputs_of(method)
    )
    return table(("name", "takes", "unit", "default", "what it is"), rows)


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
    bibtex = fence("bibtex", "\n\n".join(c.bibtex() for c in cites))
    items += ["", '??? note "BibTeX"', "", indented(bibtex)]
    return "## References\n\n" + "\n".join(items)


def reference(c: Citation) -> str:
    """One citation with its DOI as a link; the key is the anchor."""
    place = ", ".join(part for part in (c.volume, c.pages) if part)
    doi = f" [doi:{c.doi}](https://doi.org/{c.doi})" if c.doi else ""
    words = [f"{plain(c.authors.rstrip('.'))}. {plain(c.title)}.", f"*{plain(c.journal)}*", place]
    return " ".join(word for word in words if word) + f" ({c.year}).{doi} `{c.key}`"
