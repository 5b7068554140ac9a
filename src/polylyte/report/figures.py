"""The figures of a step: rebuilt from the stored result, drawn, and kept small on the page."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from polylyte.core.figures import Figure
from polylyte.core.methods import Method
from polylyte.core.runs import Stored
from polylyte.report.draw import Drawn, draw, thumbnail
from polylyte.report.plotly_spec import plotly
from polylyte.report.rebuild import DoesNotFit, rebuild
from polylyte.report.redraw import fingerprint
from polylyte.report.text import file_name, unused


@dataclass
class Shown:
    """One figure on the page. ``spec`` is Plotly's JSON, ``image`` the picture behind it."""

    id: str
    number: int
    caption: str
    reading: str
    notes: list[str]
    wide: bool
    stem: str
    image: str
    spec: dict[str, Any] | None

    @property
    def weight(self) -> int:
        """Bytes on the page."""
        return len(self.image) + (len(json.dumps(self.spec)) if self.spec else 0)


@dataclass
class Space:
    """Bytes left on the page, and the figures drawn so far by their file names."""

    left: int
    drawn: dict[str, Drawn] = field(default_factory=dict)
    prints: dict[str, str] = field(default_factory=dict)
    """Fingerprint of each figure."""
    earlier: Callable[[str, Figure], Drawn | None] = lambda stem, figure: None
    """The files of the last report, where nothing of a figure changed."""


def specifications(stored: Stored, method: Method) -> tuple[list[Figure], str]:
    """What the method would draw, and a note where it cannot."""
    if method.declared.figure is None:
        return [], ""
    try:
        made = method.declared.figure(rebuild(stored, method))
    except DoesNotFit as error:
        return [], f"No figure: {error}; the result comes from another version of the method."
    except Exception as error:  # a figure must never cost the report
        return [], f"No figure: {type(error).__name__}: {error}"
    return ([made] if isinstance(made, Figure) else list(made)), ""


def show(
    step: str,
    figures: Sequence[Figure],
    space: Space,
    link: Callable[[str], str] = lambda stem: f"figures/{stem}.png",
) -> tuple[list[Shown], list[str]]:
    """Draw the figures of one step; later ones give up being interactive when space runs out."""
    shown, problems = [], []
    for figure in figures:
        stem = unused(file_name(step, figure.name), space.drawn)
        try:
            drawn = space.earlier(stem, figure) or draw(figure)
            spec = plotly(figure)
            space.prints[stem] = fingerprint(figure)
        except Exception as error:  # a figure must never cost the report
            problems.append(f"Figure '{figure.name}' not drawn: {type(error).__name__}: {error}")
            continue
        space.drawn[stem] = drawn
        item = Shown(
            id=f"figure.{stem}",
            number=len(space.drawn),
            caption=figure.caption,
            reading=figure.reading,
            notes=[*figure.notes, *drawn.notes],
            wide=figure.width == "double",
            stem=stem,
            image=_embedded(drawn.png),
            spec={"data": spec["data"], "layout": spec["layout"]},
        )
        _fit(item, spec["notes"], space, link)
        shown.append(item)
    return shown, problems


def _embedded(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(thumbnail(png)).decode()


def _fit(item: Shown, notes: list[str], space: Space, link: Callable[[str], str]) -> None:
    if item.weight > space.left:
        item.spec = None
        item.notes.append("Shown as a picture alone, to keep this page small.")
    else:
        item.notes += notes
    if item.weight > space.left:
        item.image = link(item.stem)
    space.left -= item.weight
