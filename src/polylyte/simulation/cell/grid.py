"""Where the cells of a model are: their widths, what fills them, which medium they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from polylyte.simulation.cell.cathode import Cathode
from polylyte.simulation.cell.transport import Transport

WIDENING = 3.0
"""Last over first cell of a cathode that is used throughout."""


@dataclass(frozen=True)
class Grid:
    """One entry per cell, from the lithium on; ``which`` is the number of its layer."""

    h: Any
    porosity: Any
    geometry: Any
    which: Any
    salt: Any

    @cached_property
    def centres(self) -> Any:
        edges = np.concatenate([[0.0], np.cumsum(self.h)])
        return 0.5 * (edges[1:] + edges[:-1])


def grid_of(
    layers: Sequence[Transport], cathode: Cathode | None, cells: int, widening: float
) -> Grid:
    """Cells of each layer; in the cathode, whose pores hold the last layer's medium, they widen
    from the film on, because that is where reaction and depletion fronts are thinnest."""
    share = 3 if cathode is not None else 1
    each = max(4, round(cells / share / len(layers)))
    widths = [layer.thickness * _even(each) for layer in layers]
    porosity = [layer.porosity for layer in layers]
    geometry = [layer.geometry for layer in layers]
    medium = list(range(len(layers)))
    if cathode is not None:
        widths.append(cathode.thickness * _widening(cells, widening))
        porosity.append(cathode.porosity)
        geometry.append(cathode.geometry)
        medium.append(len(layers) - 1)
    count = [len(part) for part in widths]
    which = np.repeat(medium, count)
    return Grid(
        np.concatenate(widths),
        np.repeat(porosity, count),
        np.repeat(geometry, count),
        which,
        np.array([layer.concentration for layer in layers])[which],
    )


def _even(count: int) -> Any:
    return np.full(count, 1.0 / count)


def _widening(count: int, ratio: float) -> Any:
    """Widths in geometric progression, last over first ``ratio``, sum 1."""
    widths = np.exp(np.linspace(0.0, np.log(ratio), count))
    return widths / widths.sum()
