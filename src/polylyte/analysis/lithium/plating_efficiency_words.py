"""What a conventional efficiency says of itself: tests, findings, and the other protocol."""

from __future__ import annotations

from polylyte.analysis.lithium.plating_efficiency_cell import CellReading
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Verdict

COUNTER_AGREEMENT = 0.005
MOST = 3
"""Cycles that a text names one by one."""


def verdicts_of(cell: CellReading, named: bool) -> list[Verdict]:
    """Tests that the analysis made of one cell."""
    mark = f" ({cell.name})" if named else ""
    efficiency = cell.quantities["coulombic_efficiency"]
    every = cell.found.every
    hinted = [c for c in every if c.hints]
    open_ = [c.number for c in every if not c.complete]
    worst = max(
        abs(half.integrated / half.charge - 1) for c in every for half in (c.plate, c.strip)
    )
    return [
        Verdict(
            f"not above 100 %{mark}",
            (efficiency.value or 0) <= 100,
            f"efficiency {efficiency} over cycles {cell.counted}",
        ),
        Verdict(
            f"no hint of a soft short{mark}",
            not hinted,
            _hints(cell)
            if hinted
            else "the plateaus neither collapse nor jump, nor does the efficiency",
        ),
        Verdict(
            f"strips complete{mark}",
            not open_,
            f"cycles {_some(open_)} stop before the cut-off and are not counted"
            if open_
            else "every strip meets the cut-off",
        ),
        Verdict(
            f"counter against integral{mark}",
            worst <= COUNTER_AGREEMENT,
            f"the instrument's charge and the integral of its current differ by at most "
            f"{100 * worst:.2g} % in any half cycle",
        ),
    ]


def _hints(cell: CellReading) -> str:
    hinted = [c for c in cell.found.every if c.hints]
    first = "; ".join(f"cycle {c.number}: {c.hints[0]}" for c in hinted[:MOST])
    more = f" and {len(hinted) - MOST} more cycles" if len(hinted) > MOST else ""
    included = [c.number for c in hinted if c.number in cell.chosen]
    said = " (counted all the same, as asked)" if included else " (not counted, nor any after it)"
    return f"hints of a soft short: {first}{more}{said}"


def _some(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:MOST]))
    return shown + (f" and {len(numbers) - MOST} more" if len(numbers) > MOST else "")


def findings_of(
    cell: CellReading, modified: Quantity | None, efficiency: Quantity
) -> list[Finding]:
    """What is counted, what is not, and which protocol this is."""
    every = cell.found.every
    first = cell.chosen[0]
    found = [
        Finding(
            f"conventional protocol: {len(every)} cycles, each plated on bare copper; the mean is "
            f"over cycles {cell.counted} ({len(cell.chosen)} of them)"
            + (f", without cycle{'s' if first > 2 else ''} "
               f"{'1' if first == 2 else f'1 to {first - 1}'}, which condition the copper"
               if first > 1 else ""),
            where=cell.name,
        ),
    ]  # fmt: skip
    if modified is not None:
        found.append(
            Finding(
                f"by the modified Aurbach protocol it is {modified}, {modified - efficiency} more: "
                "that one plates on lithium, this one on copper each time",
                where=cell.name,
            )
        )
    odd = [c.number for c in every if not c.alike]
    if odd:
        text = f"cycles {_some(odd)} plate another charge than most and are not counted"
        found.append(Finding(text, "warning", cell.name))
    if cell.found.left_over:
        found.append(Finding("the last plating is not stripped: left out", where=cell.name))
    if cell.area is None:
        text = "no area is known: charges are those of the cell"
        found.append(Finding(text, where=cell.name, remedy="give area"))
    spike = every[0].plating.spike
    if spike is not None and not spike.resolved:
        found.append(
            Finding(
                "the samples do not resolve the top of the first nucleation spike: its "
                "overpotential is a lower bound",
                "warning",
                cell.name,
                "sample the first minute more densely",
            )
        )
    return found
