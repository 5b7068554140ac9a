"""Targets of a cell, and where along one variable of its card they are met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from polylyte.core.quantities import Quantity
from polylyte.design import energy
from polylyte.design.variables import Variable
from polylyte.materials.cells import Cell

WHOLE = {
    "specific_energy": "cell_specific_energy",
    "energy_density": "cell_energy_density",
    "capacity": "cell_capacity",
}


@dataclass(frozen=True)
class Search:
    """One variable of a card between two bounds, and the targets by name."""

    cell: Cell
    variable: Variable
    targets: Mapping[str, Quantity]
    low: float
    high: float
    whole: bool = True
    points: int = 121

    def card(self, value: float) -> Cell:
        """The card with the variable at ``value``."""
        return self.variable.put(self.cell, Quantity(value, self.variable.unit))

    def reached(self, value: float) -> dict[str, Quantity]:
        """Each target's quantity with the variable at ``value``, in the target's unit."""
        found = energy.energies(self.card(value))
        return {
            name: found[self.names(found)[name]].to(target.unit)
            for name, target in self.targets.items()
        }

    def names(self, found: Mapping[str, Quantity]) -> dict[str, str]:
        """Which quantity each target is compared with: that of the cell where it is known."""
        return {
            name: WHOLE[name] if self.whole and WHOLE[name] in found else name
            for name in self.targets
        }

    def margins(self, value: float) -> dict[str, float]:
        """Reached over target, less one; -1 where it has no value (no thickness, say)."""
        reached = self.reached(value)
        return {
            name: -1.0 if reached[name].value is None else reached[name].si / target.si - 1
            for name, target in self.targets.items()
        }

    def margin(self, value: float) -> float:
        """Of the target that is furthest from being met."""
        return min(self.margins(value).values())

    @cached_property
    def scanned(self) -> list[tuple[float, float]]:
        """The margin over the range, evenly spaced."""
        step = (self.high - self.low) / (self.points - 1)
        values = [self.low + i * step for i in range(self.points - 1)] + [self.high]
        return [(value, self.margin(value)) for value in values]

    @property
    def best(self) -> tuple[float, float]:
        """Where the margin is largest, and how large."""
        return max(self.scanned, key=lambda point: point[1])

    @property
    def monotonic(self) -> bool:
        """Whether the margin only rises or only falls over the range."""
        values = [margin for _, margin in self.scanned]
        steps = [b - a for a, b in pairwise(values)]
        slack = 1e-12
        return all(step >= -slack for step in steps) or all(step <= slack for step in steps)

    def crossings(self) -> list[float]:
        """Every value at which the targets begin or cease to be met."""
        from scipy.optimize import brentq

        found = []
        for (a, margin_a), (b, margin_b) in pairwise(self.scanned):
            if (margin_a >= 0) != (margin_b >= 0):
                found.append(float(brentq(self.margin, a, b, xtol=1e-12 * (self.high - self.low))))
        return found

    def slope(self, value: float, name: str) -> float:
        """Of one target's quantity over the variable, by central differences."""
        step = 1e-5 * (self.high - self.low)
        a, b = max(self.low, value - step), min(self.high, value + step)
        low, high = self.reached(a)[name].value, self.reached(b)[name].value
        return 0.0 if low is None or high is None else (high - low) / (b - a)

    def needed(self, value: float) -> Quantity:
        """``value`` with the uncertainty that card and target give it.

        dx = (dT - dE) / (dE/dx), with each source of E and T kept: what target and card share
        cancels.
        """
        margins = self.margins(value)
        name = min(margins, key=lambda key: margins[key])
        slope = self.slope(value, name)
        unit = self.variable.unit
        if not slope:
            return Quantity(value, unit, how="derived", flags=("no slope",))
        parts = {s: -part / slope for s, part in self.reached(value)[name].components.items()}
        for source, part in self.targets[name].components.items():
            parts[source] = parts.get(source, 0.0) + part / slope
        return Quantity(value, unit, parts, "derived")

    def at(self, variable: Variable, value: Quantity) -> Search:
        """The same search on the card with a second variable changed."""
        changed = variable.put(self.cell, value.to(variable.unit))
        return Search(
            changed, self.variable, self.targets, self.low, self.high, self.whole, points=31
        )


def bare(cell: Cell) -> Cell:
    """Without the specific energy that the card states for the whole cell: it is to be met."""
    return replace(cell, specific_energy=None, variants={})
