"""A figure as data: what to draw, not how. The report draws it in the house style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Numbers = Sequence[float]


@dataclass(frozen=True)
class Series:
    """One set of points or one line. ``y_error`` and ``x_error`` are standard uncertainties;
    ``band`` is a pair (lower, upper) drawn as a shaded region."""

    x: Numbers
    y: Numbers
    label: str = ""
    style: Literal["points", "line", "line+points", "dashed", "steps", "bars"] = "points"
    y_error: Numbers | None = None
    x_error: Numbers | None = None
    band: tuple[Numbers, Numbers] | None = None
    color: int | None = None
    """Index into the house palette; None takes the next one. Same index, same colour."""
    names: Sequence[str] | None = None
    """A name per point or bar, shown on hover or as the category."""
    sizes: Sequence[float | None] | None = None
    """What the area of each point shows (bubbles); None draws a small dot."""
    hover: Sequence[str] | None = None
    """What a page says of each bar, where its name says too little."""
    thin: bool = False
    """A line among so many that only their crowd is to be seen."""


@dataclass(frozen=True)
class Mark:
    """A vertical or horizontal line with a label."""

    at: float
    label: str = ""
    axis: Literal["x", "y"] = "x"


@dataclass(frozen=True)
class Panel:
    """One pair of axes. Labels carry the quantity; units are printed after a slash."""

    series: Sequence[Series]
    x_label: str
    y_label: str
    x_unit: str = ""
    y_unit: str = ""
    x_scale: Literal["linear", "log"] = "linear"
    y_scale: Literal["linear", "log"] = "linear"
    equal: bool = False
    """One unit of x as long as one of y (Nyquist plots)."""
    marks: Sequence[Mark] = ()
    title: str = ""


@dataclass(frozen=True)
class Figure:
    """``reading`` says in a sentence or two what good and bad look like."""

    name: str
    panels: Sequence[Panel]
    caption: str
    reading: str = ""
    width: Literal["single", "double"] = "single"
    notes: Sequence[str] = field(default_factory=tuple)
