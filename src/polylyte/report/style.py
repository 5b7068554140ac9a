"""The one style of every figure: colours, markers, sizes, fonts.

Colours are those of Okabe and Ito, which the colour-blind tell apart; each comes with its own
marker and, in a second round, its own dashes, so that no series depends on colour alone.
"""

from __future__ import annotations

from typing import Any, Literal

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK, YELLOW = "#E69F00", "#56B4E9", "#000000", "#F0E442"

PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK, YELLOW)
"""Yellow comes last: on white it is the hardest to see."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")
PLOTLY_MARKERS = (
    "circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x", "hexagon"
)  # fmt: skip
DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
PLOTLY_DASHES = ("solid", "dash", "dot", "dashdot")
HATCHES = ("", "///", "...", "\\\\\\", "xxx", "---", "++", "ooo")

INK = "#1c2430"
GREY = "#7a8490"
FAINT = "#d5dae0"

MM = 1 / 25.4
WIDTHS = {"single": 85 * MM, "double": 170 * MM}
"""Inches, of one and of two columns of a journal page."""

PNG_DPI = 300
DRAWN_POINTS = 20_000
"""A line in a PDF keeps at most so many points; more cannot be seen at 170 mm."""
SHOWN_POINTS = 2_000
"""A figure on the page keeps about so many points over all its series."""

RC: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # comes with Matplotlib: the same bytes on every machine
    "font.size": 7.5,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.unicode_minus": True,
    "axes.formatter.limits": (-4, 5),
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.minor.size": 1.6,
    "ytick.minor.size": 1.6,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "legend.borderaxespad": 0.6,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.6,
    "lines.markeredgewidth": 0.6,
    "errorbar.capsize": 1.6,
    "hatch.linewidth": 0.4,
    "mathtext.fontset": "dejavusans",
    "pdf.fonttype": 42,  # TrueType outlines that journals accept
    "ps.fonttype": 42,
    "svg.hashsalt": "polylyte",
    "figure.dpi": 100,
    "savefig.dpi": PNG_DPI,
    "path.simplify": True,
}


def color(index: int) -> str:
    """A colour of the palette; it begins again at its end."""
    return PALETTE[index % len(PALETTE)]


def turn(index: int) -> int:
    """How often the palette was used up before ``index``: picks the dashes."""
    return index // len(PALETTE)


def panel_grid(panels: int, width: Literal["single", "double"]) -> tuple[int, int]:
    """Rows and columns: one column in a narrow figure, up to three in a wide one."""
    columns = 1 if width == "single" else max(1, min(panels, 3 if panels != 4 else 2))
    return max(1, -(-panels // columns)), columns
