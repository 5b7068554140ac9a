"""The Methods section, assembled from the steps that ran: HTML pieces, Markdown, TeX and BibTeX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from polylyte.core.citations import Citation
from polylyte.core.methods import Method
from polylyte.core.runs import Run, Stored
from polylyte.core.study import REPLICATES
from polylyte.report.prose import fill, split_citations
from polylyte.report.quantities import origin_of
from polylyte.report.tex import tex
from polylyte.report.text import dotted, listing

Lookup = Callable[[str], Method]
Piece = str | list[int]

_CLOSING = (
    "Uncertainties are standard uncertainties (coverage factor 1); they were propagated to first "
    "order by source, so that results sharing a source stay correlated. Calculations were made "
    "with polylyte{version}."
)


@dataclass(frozen=True)
class Paragraph:
    """What one method did, in one or several steps. A list of numbers stands for citations."""

    steps: tuple[str, ...]
    method: str
    origin: str
    """"simulated" or "virtual" where the data were."""
    pieces: tuple[Piece, ...]

    @property
    def heading(self) -> str:
        return listing(self.steps) + (f" ({self.origin} data)" if self.origin else "")


@dataclass(frozen=True)
class MethodsText:
    """The whole section; ``references`` are numbered in order of appearance."""

    paragraphs: tuple[Paragraph, ...]
    closing: str
    references: tuple[Citation, ...]
    missing: tuple[str, ...] = field(default=())
    """Steps that ran but whose method is not installed here, so that it cannot speak."""

    @cached_property
    def markdown(self) -> str:
        """Markdown with numbered citations and the list of references."""
        lines = ["## Methods", ""]
        for paragraph in self.paragraphs:
            text = "".join(
                _markdown_plain(piece) if isinstance(piece, str) else cited(piece)
                for piece in paragraph.pieces
            )
            lines += [f"**{_markdown_plain(paragraph.heading)}.** {text}", ""]
        lines += [self.closing, ""]
        if self.references:
            lines += ["## References", ""]
            lines += [
                f"{n}. {reference(citation)}" for n, citation in enumerate(self.references, 1)
            ]
        return "\n".join(lines).rstrip() + "\n"

    @cached_property
    def latex(self) -> str:
        """A fragment for ``\\input``; its keys are those of ``references.bib``."""
        lines = [
            r"% For \input in a document; the keys are in references.bib.",
            r"\section*{Methods}",
            "",
        ]
        for paragraph in self.paragraphs:
            text = ""
            for piece in paragraph.pieces:
                if isinstance(piece, str):
                    text += tex(piece)
                else:
                    keys = ",".join(self.references[n - 1].key for n in piece)
                    text = f"{text.rstrip()}~\\cite{{{keys}}}"
            lines += [rf"\paragraph{{{tex(paragraph.heading)}}} {text}", ""]
        lines.append(tex(self.closing))
        return "\n".join(lines) + "\n"

    @cached_property
    def bibtex(self) -> str:
        return "\n\n".join(citation.bibtex() for citation in self.references) + "\n"


def reference(citation: Citation) -> str:
    """One entry of the list of references, in Markdown."""
    place = ", ".join(part for part in (citation.volume, citation.pages) if part)
    doi = f" <https://doi.org/{citation.doi}>" if citation.doi else ""
    plain = _markdown_plain(f"{dotted(citation.authors)} {dotted(citation.title)}")
    return f"{plain} *{citation.journal}*{f' {place}' if place else ''} ({citation.year}).{doi}"


def cited(numbers: Sequence[int]) -> str:
    """``[1,3–5]``."""
    return f"[{','.join(str(a) if a == b else f'{a}–{b}' for a, b in spans(numbers))}]"


def spans(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each stretch of three or more, all others on their own.

    >>> spans([1, 2, 4, 5, 6])
    [(1, 1), (2, 2), (4, 6)]
    """
    stretches: list[list[int]] = []
    for number in numbers:
        if stretches and number == stretches[-1][-1] + 1:
            stretches[-1].append(number)
        else:
            stretches.append([number])
    found: list[tuple[int, int]] = []
    for stretch in stretches:
        whole = [(stretch[0], stretch[-1])] if len(stretch) > 2 else [(n, n) for n in stretch]
        found += whole
    return found


def _markdown_plain(text: str) -> str:
    for sign in "\\`*_{}<>|":
        text = text.replace(sign, f"\\{sign}")
    return text


def methods_text(run: Run, lookup: Lookup) -> MethodsText:
    """What the steps that gave a result did; equal paragraphs of several steps become one."""
    numbers: dict[str, int] = {}
    references: list[Citation] = []
    merged: dict[tuple[str, str, str], list[str]] = {}
    methods: dict[str, Method] = {}
    missing: list[str] = []
    for step in run.steps:
        if step.result is None:
            continue
        if step.method == REPLICATES:
            merged.setdefault((REPLICATES, origin_of(step), _averaged(step.result)), []).append(
                step.name
            )
            continue
        try:
            method = methods.setdefault(step.method, lookup(step.method))
        except Exception:  # a plug-in that is gone, or broken: the report is still written
            missing.append(step.name)
            continue
        text = fill(method, step.result)
        merged.setdefault((step.method, origin_of(step), text), []).append(step.name)
    paragraphs = []
    for (id, origin, text), steps in merged.items():
        cites = methods[id].declared.cites if id in methods else ()
        for citation in cites:
            if citation.key not in numbers:
                references.append(citation)
                numbers[citation.key] = len(references)
        pieces = _pieces(text, cites, numbers)
        paragraphs.append(Paragraph(tuple(steps), id, origin, pieces))
    version = run.environment.get("polylyte", "")
    closing = _CLOSING.format(version=f" {version}" if version else "")
    return MethodsText(tuple(paragraphs), closing, tuple(references), tuple(missing))


def _averaged(stored: Stored) -> str:
    """What the averaging of replicates did; it is part of the core and no method."""
    n = stored.quantities.get("n")
    samples = f"{n.value:g} samples" if n is not None and n.value is not None else "the samples"
    return (
        f"Values are means over {samples}; their uncertainty is the standard error from the "
        "scatter between samples, with sources that all samples share carried in full."
    )


def _pieces(text: str, cites: Sequence[Citation], numbers: dict[str, int]) -> tuple[Piece, ...]:
    """Citations where the prose names them, the others at the end."""
    keys = {citation.key: numbers[citation.key] for citation in cites}
    pieces: list[Piece] = []
    named: set[str] = set()
    for piece in split_citations(text, keys):
        if isinstance(piece, str):
            pieces.append(piece)
        else:
            named |= set(piece)
            pieces.append(sorted(keys[key] for key in piece))
    rest = sorted(number for key, number in keys.items() if key not in named)
    if rest:
        last = str(pieces.pop()) if pieces and isinstance(pieces[-1], str) else ""
        stop = "." if last.endswith(".") else ""
        last = last.removesuffix(".")
        if not last and pieces and isinstance(pieces[-1], list):
            pieces[-1] = sorted([*pieces[-1], *rest])
        else:
            pieces += [last, " ", rest]
        pieces.append(stop)
    return tuple(piece for piece in pieces if piece)
