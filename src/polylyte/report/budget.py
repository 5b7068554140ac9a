"""Where the uncertainty of a quantity comes from, as shares of its variance."""

from __future__ import annotations

import math
from dataclasses import dataclass

from polylyte.core.quantities import Quantity
from polylyte.report.text import number_text, with_unit

_LISTED = 8


@dataclass(frozen=True)
class Share:
    """One source: its part of the variance (0 to 1) and its contribution in the unit."""

    source: str
    share: float
    contribution: str

    @property
    def percent(self) -> str:
        percent = 100 * self.share
        return "<1 %" if 0 < percent < 1 else f"{percent:.0f} %"


def budget(quantity: Quantity) -> tuple[Share, ...]:
    """The sources of a quantity's uncertainty, the largest first; many small ones are summed."""
    if quantity.value is None:
        return ()
    squares = {source: part * part for source, part in quantity.components.items() if part}
    total = math.fsum(squares.values())
    if not total:
        return ()
    ordered = sorted(squares.items(), key=lambda item: (-item[1], item[0]))
    if len(ordered) > _LISTED:
        rest = ordered[_LISTED - 1 :]
        name = f"{len(rest)} further sources"
        ordered = [*ordered[: _LISTED - 1], (name, math.fsum(square for _, square in rest))]
    return tuple(
        Share(
            source,
            square / total,
            with_unit(number_text(float(f"{math.sqrt(square):.2g}")), quantity.unit),
        )
        for source, square in ordered
    )
