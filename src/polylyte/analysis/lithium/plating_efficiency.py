"""Coulombic efficiency of lithium by conventional cycling on copper, and its nucleation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polylyte.analysis.lithium.plating_efficiency_cell import (
    Accuracy,
    CellReading,
    cell_table,
    cycle_table,
    merged,
    profile_table,
    read_cell,
)
from polylyte.analysis.lithium.plating_efficiency_words import findings_of, verdicts_of
from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import AnyQuantity, Area, CellVoltage, Percentage, Ratio, Voltage
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, q
from polylyte.core.results import Result
from polylyte.core.tables import Table
from polylyte.instruments.cycling import CyclingRecord

ADAMS_2018 = Citation(
    "Adams2018",
    "Adams, B. D.; Zheng, J.; Ren, X.; Xu, W.; Zhang, J.-G.",
    "Accurate Determination of Coulombic Efficiency for Lithium Metal Anodes and Lithium Metal "
    "Batteries",
    "Adv. Energy Mater.",
    2018,
    "8",
    "1702097",
    "10.1002/aenm.201702097",
)
YAN_2016 = Citation(
    "Yan2016",
    "Yan, K.; Lu, Z.; Lee, H.-W.; Xiong, F.; Hsu, P.-C.; Li, Y.; Zhao, J.; Chu, S.; Cui, Y.",
    "Selective deposition and stable encapsulation of lithium through heterogeneous seeded growth",
    "Nat. Energy",
    2016,
    "1",
    "16010",
    "10.1038/nenergy.2016.10",
)
PEI_2017 = Citation(
    "Pei2017",
    "Pei, A.; Zheng, G.; Shi, F.; Li, Y.; Cui, Y.",
    "Nanoscale Nucleation and Growth of Electrodeposited Lithium Metal",
    "Nano Lett.",
    2017,
    "17",
    "1132–1139",
    "10.1021/acs.nanolett.6b04755",
)


@dataclass(frozen=True, kw_only=True)
class PlatingEfficiency(Result):
    """Of several cells every quantity is the mean; ``cells`` holds each one's own."""

    coulombic_efficiency: Percentage = out("mean efficiency of the cycles that are counted")
    trend: Percentage = out("change of the efficiency per cycle, by a straight line")
    efficiency_scatter: Percentage = out("standard deviation of a cycle's efficiency")
    first_efficiency: Percentage = out("efficiency of the first cycle, not counted by default")
    first_loss: AnyQuantity = out("charge plated and not stripped in the first cycle")
    plated: AnyQuantity = out("charge of a plating, median")
    nucleation_overpotential: Voltage = out("top of the first spike less the plateau after it")
    nucleation_minimum: Voltage = out("overpotential at the top of the first spike")
    plateau_overpotential: Voltage = out("overpotential of the first plateau")
    cycles_to_drop: Ratio = out("cycles before the efficiency falls below its limit for good")
    number_of_cycles: Ratio = out("complete cycles, the fewest of any cell")
    cycles: Table = out("every cycle of every cell")
    cells: Table = out("the quantities of each cell")
    profile: Table = out("potential of the first plating, of the last one and of their strips")


def figure(result: PlatingEfficiency) -> Figure:
    """Efficiency over cycles, and the potential of the first and of the last cycle."""
    frame = result.cycles.frame
    series: list[Series] = []
    for color, name in enumerate(frame["cell"].unique(maintain_order=True).to_list()):
        own = frame.filter(frame["cell"] == name)
        label = name if result.cells.frame.height > 1 else ""
        series.append(
            Series(own["cycle"].to_list(), own["coulombic_efficiency"].to_list(), label,
                   "line+points", color=color)
        )  # fmt: skip
        bad = own.filter(own["hints"] != "")
        if bad.height:
            y = bad["coulombic_efficiency"].to_list()
            series.append(Series(bad["cycle"].to_list(), y, f"{label} short?".strip(), color=7))
    profile = result.profile.frame
    lines = []
    for color, number in enumerate(profile["cycle"].unique(maintain_order=True).to_list()):
        for kind, style in (("plating", "line"), ("stripping", "dashed")):
            own = profile.filter((profile["cycle"] == number) & (profile["kind"] == kind))
            x, y = own["charge"].to_list(), own["potential"].to_list()
            label = f"cycle {number}" if kind == "plating" else ""
            lines.append(Series(x, y, label, style, color=color))  # type: ignore[arg-type]
    marks = [
        Mark(-1e-3 * value.value, name, "y")
        for name, value in (
            ("plateau", result.plateau_overpotential.to("mV")),
            ("nucleation", result.nucleation_minimum.to("mV")),
        )
        if value.value is not None
    ]
    counted = result.coulombic_efficiency.conditions.get("cycles", "")
    unit = result.profile.units["charge"]
    return Figure(
        "plating-efficiency",
        [
            Panel(series, "Cycle", "Coulombic efficiency", "", "%"),
            Panel(lines, "Charge", "Potential", unit, "V", marks=marks),
        ],
        f"Lithium on copper, conventional protocol: efficiency {result.coulombic_efficiency} "
        f"(cycles {counted}), nucleation overpotential {result.nucleation_overpotential}.",
        "Good: an efficiency that is high, flat and without scatter, and one spike before a flat "
        "plateau. Bad: an efficiency above 100 % or one that jumps, or a plateau that collapses: "
        "a soft short, after which no efficiency means anything.",
        "double",
    )


@method(
    "lithium.plating_efficiency",
    version=1,
    cites=[ADAMS_2018, YAN_2016, PEI_2017],
    figure=figure,
    prose="The Coulombic efficiency of lithium was determined by conventional cycling on copper "
    "[Adams2018] ({cell_count}; {plated} plated in each cycle and stripped to {cut_off}): "
    "{coulombic_efficiency} over cycles {counted}, {first_efficiency} in the first cycle. "
    "The nucleation overpotential of the first plating, the top of the spike less the "
    "mass-transfer-controlled plateau [Yan2016], was {nucleation_overpotential}; the spike itself "
    "[Pei2017] was {nucleation_minimum}.",
)
def plating_efficiency(
    *,
    data: list[CyclingRecord],
    area: Area | None = None,
    cut_off: CellVoltage = q("1 V"),
    first_cycle: int = 2,
    last_cycle: int | None = None,
    efficiency_limit: Percentage = q("90 %"),
    modified: Percentage | None = None,
    charge_accuracy: Ratio = q("0.1 %"),
    charge_mismatch: Ratio = q("0.05 %"),
    potential_accuracy: Voltage = q("1 mV"),
) -> PlatingEfficiency:
    """Efficiency of each cycle that plates a fixed charge and strips to a cut-off.

    CE_n = Q_stripped/Q_plated;  η_nucleation = η_spike - η_plateau

    Protocol: conventional. Every plating begins on bare copper, so that each CE_n holds the
    losses of nucleation and of fresh interphase; the modified Aurbach protocol
    (``lithium.aurbach``) plates most of its lithium on lithium and is usually higher. The two
    are not to be compared unmarked; ``modified`` gives that of the other protocol for a difference.

    Counted are cycles ``first_cycle`` (2: the first one conditions the copper) to ``last_cycle``,
    by default the last one before the first hint of a soft short: a plateau that collapses to
    half, a potential that falls by 30 % within a plateau, an efficiency above 100 % by 2 u, or
    one that jumps by 6 robust standard deviations (and 1 %). Strips that stop before the
    cut-off and platings of another charge are listed and not counted.

    The ammeter's gain is common to plating and stripping: it drops out of CE and stays in the
    charges. The ratio of its gains for the two directions (``charge_mismatch``) does not, and is
    one error of all cycles. The scatter of the cycles about a line gives the rest, by Student's
    t; the end of a strip and the sampling are part of each cycle's own error.

    η_plateau is the mean over 50 to 95 % of the plated charge (the mass-transfer-controlled
    plateau); η_spike the top of a polynomial in the logarithm of the charge through the samples
    above four fifths of the spike. Both are of the first plating; later ones are in ``cycles``.

    Parameters:
        data: one record per cell; plating comes first, whatever its sign
        area: of the copper; by default as the files state it
        cut_off: potential that ends a strip
        first_cycle: first cycle counted
        last_cycle: last cycle counted
        efficiency_limit: an efficiency that stays below ends the cell's life
        modified: efficiency of the same electrolyte by the modified Aurbach protocol
        charge_accuracy: standard uncertainty of the charge counter's gain (assumed)
        charge_mismatch: standard uncertainty of the ratio of its gains for the two directions
            (assumed; see the cycler's manual)
        potential_accuracy: standard uncertainty of the voltmeter's zero (assumed)

    Raises:
        InputError: no record, no such cycle, or an impossible area.
        NotAnswerable: another protocol, no strip to the cut-off, or no cycle to count.

    References:
        Adams et al. 2018, doi:10.1002/aenm.201702097; Yan et al. 2016,
        doi:10.1038/nenergy.2016.10; Pei et al. 2017, doi:10.1021/acs.nanolett.6b04755
    """
    if not data:
        raise InputError("no record is given", where="data", remedy="name at least one file")
    if first_cycle < 1 or (last_cycle is not None and last_cycle < first_cycle):
        raise InputError(
            f"cycles {first_cycle} to {last_cycle} are no range",
            where="first_cycle",
            remedy="count from 1",
        )
    accuracy = Accuracy(charge_accuracy.si, charge_mismatch.si, potential_accuracy.si)
    known = [_area(record, area) for record in data]
    labels = _labels(data)
    cells = [
        read_cell(
            label, record, own, cut_off.si, (first_cycle, last_cycle), efficiency_limit.si,
            accuracy, f" ({label})" if len(data) > 1 else "",
        )
        for label, record, own in zip(labels, data, known, strict=True)
    ]  # fmt: skip
    return _result(cells, modified)


def _area(record: CyclingRecord, given: Quantity | None) -> Quantity | None:
    known = given or record.conditions.get("area")
    if known is not None and (known.value is None or known.si <= 0):
        raise InputError("must be positive", where="area")
    return known


def _labels(data: Sequence[CyclingRecord]) -> list[str]:
    names = [record.name or f"cell {k}" for k, record in enumerate(data, 1)]
    return [name if names.count(name) == 1 else f"{name} ({k})" for k, name in enumerate(names, 1)]


def _result(cells: Sequence[CellReading], modified: Quantity | None) -> PlatingEfficiency:
    quantities, more = merged([cell.quantities for cell in cells])
    if modified is not None:
        more["modified_less_conventional"] = modified - quantities["coulombic_efficiency"]
    verdicts = [verdict for cell in cells for verdict in verdicts_of(cell, len(cells) > 1)]
    efficiency = quantities["coulombic_efficiency"]
    counted = list(dict.fromkeys(cell.counted for cell in cells))
    return PlatingEfficiency(
        **quantities,  # type: ignore[arg-type]
        more=more,
        number_of_cycles=Quantity(float(min(cell.complete for cell in cells)), "1", how="measured"),
        cycles=cycle_table(cells),
        cells=cell_table(cells),
        profile=profile_table(cells[0]),
        verdicts=tuple(verdicts),
        findings=tuple(f for cell in cells for f in findings_of(cell, modified, efficiency)),
        warnings=tuple(v.text for v in verdicts if v.passed is False),
        text={
            "counted": " or ".join(counted),
            "cell_count": "one cell" if len(cells) == 1 else f"{len(cells)} cells",
            "protocol": "conventional",
        },
    )
