"""Cycle life from lithium inventory and electrolyte, and what runs out first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import ElectrolyteToCapacity, Ratio
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, derive, from_si, q
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.design import inventory, life_inputs
from polylyte.design.layers import ONE
from polylyte.materials.cells import Cell

XIAO_2020 = Citation(
    "Xiao2020",
    "Xiao, J.; Li, Q.; Bi, Y.; Cai, M.; Dunn, B.; Glossmann, T.; Liu, J.; Osaka, T.; Sugiura, R.; "
    "Wu, B.; Yang, J.; Zhang, J.-G.; Whittingham, M. S.",
    "Understanding and applying coulombic efficiency in lithium metal batteries",
    "Nature Energy",
    2020,
    "5",
    "561–568",
    "10.1038/s41560-020-0648-z",
)
_NORMAL_95 = 1.959963984540054
_ENDS = ("cycles@lowest", "cycles@highest")


@dataclass(frozen=True, kw_only=True)
class Inventory(Result):
    """``cycles`` has a 95 % interval by transformation of that of the efficiency; its ends are in
    ``more`` as ``cycles@lowest`` and ``cycles@highest``."""

    cycles: Ratio = out("until the capacity falls to the retention, by lithium alone")
    reservoir_cycles: Ratio = out("of full capacity, until the excess lithium is used up")
    decay_cycles: Ratio = out("of falling capacity after that")
    np_ratio: Ratio = out("excess lithium over the capacity of the cathode")
    lithium_loss: Ratio = out("of the cathode's capacity per cycle, 1 - CE")
    life: Ratio = out("cycles until the first of lithium and electrolyte runs out")
    course: Table = out("capacity, lithium and electrolyte over the cycles")
    over_efficiency: Table = out("cycles over the efficiency")
    electrolyte_cycles: Ratio | None = out("until the electrolyte is used up", default=None)
    implied_efficiency: Ratio | None = out(
        "with which lithium alone would give the observed life", default=None
    )
    efficiency_gap: Ratio | None = out("measured less implied efficiency", default=None)
    unexplained_loss: Ratio | None = out(
        "loss per cycle that the implied efficiency asks for over the measured one", default=None
    )


def figure(result: Inventory) -> list[Figure]:
    """The capacity over the cycles, and the cycles over the efficiency."""
    course = result.course
    x = course.column("cycle")
    lines = [Series(x, course.column("retention"), label="by lithium inventory", style="line")]
    if "electrolyte" in course.columns:
        lines.append(
            Series(x, course.column("electrolyte"), label="electrolyte left", style="line")
        )
    seen, kept = result.more.get("observed_cycles"), result.more.get("retention")
    if seen is not None and kept is not None and seen.value is not None and kept.value is not None:
        lines.append(Series([seen.value], [kept.value], label="observed"))
    curve = result.over_efficiency
    loss = [100 * (1 - value) for value in curve.column("coulombic_efficiency")]
    marks = [Mark(100 * result.lithium_loss.si, "measured")]
    if result.implied_efficiency is not None and result.implied_efficiency.value is not None:
        marks.append(Mark(100 * (1 - result.implied_efficiency.value), "implied"))
    cycles = Series(loss, curve.column("cycles"), style="line")
    return [
        Figure(
            "course",
            [Panel(lines, "cycle", "fraction")],
            "Capacity that the lithium inventory allows over the cycles.",
            "A plateau, then a fall: the plateau is the excess lithium. An observed point far "
            "below the line means that something other than the measured efficiency ends the cell.",
        ),
        Figure(
            "cycles_over_efficiency",
            [
                Panel(
                    [cycles], "lithium lost per cycle", "cycles", x_unit="%",
                    x_scale="log", y_scale="log", marks=marks,
                )
            ],
            "Cycles until the retention over the lithium lost per cycle, 1 - CE.",
            "The steep slope is why a small error of the efficiency is a large one of the life.",
        ),
    ]  # fmt: skip


@method(
    "life.inventory",
    version=1,
    cites=[XIAO_2020],
    figure=figure,
    prose="The cycle life was estimated from the lithium inventory, n = NP/(1 - CE) + "
    "ln(ret)/ln(CE), with N/P {np_ratio}, a Coulombic efficiency of {efficiency} and a retention "
    "of {retention}: {cycles} cycles; {ending}.",
)
def life_inventory(
    *,
    coulombic_efficiency: Ratio,
    np_ratio: Ratio | None = None,
    cell: Cell | None = None,
    retention: Ratio = q("0.8"),
    observed_cycles: Ratio | None = None,
    electrolyte_to_capacity: ElectrolyteToCapacity | None = None,
    electrolyte_per_lithium: ElectrolyteToCapacity | None = None,
    electrolyte_needed: Ratio = q("0"),
    variant: str = "",
) -> Inventory:
    """Cycles that the lithium and the electrolyte of a cell allow.

    n = NP/(1 - CE) + ln(ret)/ln(CE). Each cycle loses 1 - CE of the lithium it moves. While the
    anode has excess lithium, that is Q (1 - CE) a cycle and the capacity stays: an excess of
    NP Q lasts NP/(1 - CE) cycles. From then on, each capacity is CE of the one before:
    ret = CE^n. NP counts the lithium of the anode as built, which is all excess where the cathode
    is built full of lithium (NCM, LFP, LCO); an anode-free cell has NP = 0; for a cathode built
    without lithium (sulfur) take N/P - 1.

    Valid where the efficiency is the same in every cycle and lithium (dead or in the SEI) is the
    only loss: no loss of cathode, no resistance, no short circuit. A CE from Li | Cu cells at
    another current, capacity or amount of electrolyte is another CE.

    Electrolyte: the lithium that is lost uses up ``electrolyte_per_lithium`` of electrolyte per
    charge; at ``electrolyte_needed`` of the initial amount the cell is dry. With E/C = e, that is
    after (1 - needed) e / per_lithium of lost lithium, over Q. Which runs out first is reported.

    With ``observed_cycles`` to the same retention, the efficiency that lithium loss alone would
    need is found, and its gap to the measured one.

    n is far from linear in CE: ``cycles`` carries first-order components, and a 95 % interval that
    is the transformed interval of CE alone; where that reaches 1, it is unbounded and says so.

    Parameters:
        coulombic_efficiency: of lithium plating and stripping, 0 to 1 ("99.39 %")
        np_ratio: excess lithium over the cathode's capacity; else that of the cell
        cell: the areal cell card, for N/P and E/C
        retention: of the capacity, at the end of life
        observed_cycles: cycles after which a real cell was at that retention
        electrolyte_to_capacity: else that of the cell (liquid alone)
        electrolyte_per_lithium: mass of electrolyte used up per charge of lost lithium
        electrolyte_needed: fraction of the electrolyte with which the cell stops
        variant: name of the variant that takes the place of the card

    Raises:
        InputError: an efficiency, retention or N/P that cannot be; no N/P.
        NotAnswerable: an efficiency of 1 or more: by inventory alone, such a cell never ends.

    References:
        Xiao et al. 2020, doi:10.1038/s41560-020-0648-z.
    """
    efficiency = life_inputs.efficiency(coulombic_efficiency)
    kept = life_inputs.fraction(retention, "retention", above_zero=True)
    card = life_inputs.chosen(cell, variant)
    ratio = life_inputs.excess(np_ratio, card)
    count = derive(inventory.cycles, "1", NP=ratio, CE=efficiency, retention=kept)
    ends = _ends(ratio, efficiency, kept)
    count = _interval(count, ends)
    dry = life_inputs.dry(
        card, electrolyte_to_capacity, electrolyte_per_lithium, electrolyte_needed
    )
    dry_cycles = None if dry is None else _dry_cycles(dry, ratio, efficiency)
    life, ending = _first(count, dry_cycles)
    implied = _implied(observed_cycles, ratio, kept)
    gap = None if implied is None or implied.value is None else efficiency - implied
    return Inventory(
        cycles=count,
        reservoir_cycles=derive(inventory.reservoir_cycles, "1", NP=ratio, CE=efficiency),
        decay_cycles=derive(inventory.decay_cycles, "1", retention=kept, CE=efficiency),
        np_ratio=ratio,
        lithium_loss=ONE - efficiency,
        life=life,
        electrolyte_cycles=dry_cycles,
        implied_efficiency=implied,
        efficiency_gap=gap,
        unexplained_loss=None if gap is None or implied is None else gap / (ONE - implied),
        course=_course(ratio, efficiency, kept, observed_cycles, dry),
        over_efficiency=_over(ratio, efficiency, kept, implied),
        more={
            "coulombic_efficiency": efficiency,
            **ends,
            "retention": kept,
            **({} if observed_cycles is None else {"observed_cycles": observed_cycles}),
        },
        verdicts=_verdicts(count, observed_cycles, efficiency, implied),
        findings=_findings(count, ends, dry_cycles, electrolyte_per_lithium),
        text={"efficiency": str(efficiency.to("%")), "ending": ending},
    )


def _ends(NP: Quantity, CE: Quantity, kept: Quantity) -> dict[str, Quantity]:
    """Ends of the 95 % interval, by transformation of the efficiency's: n only rises with it.

    An end at which the efficiency leaves 0 to 1 has no number of cycles.
    """
    if not CE.std:
        return {}
    ends = {}
    for name, sign in (("lowest", -1), ("highest", 1)):
        end = CE.si + sign * _NORMAL_95 * CE.std
        inside = 0 < end < 1
        count = inventory.cycles(NP.si, end, kept.si) if inside else None
        flags = () if inside else ("unbounded",)
        ends[f"cycles@{name}"] = Quantity(count, "1", how="derived", flags=flags)
    return ends


def _interval(count: Quantity, ends: Mapping[str, Quantity]) -> Quantity:
    """The number of cycles with its interval, or the flag that it has none."""
    low, high = (ends[name].value if ends else None for name in _ENDS)
    if low is None or high is None:
        return count.flagged("unbounded") if ends else count
    return replace(count, interval=(low, high))


def _dry_cycles(dry: Quantity, NP: Quantity, CE: Quantity) -> Quantity:
    value = inventory.cycles_to_lose(dry.si, NP.si, CE.si)
    if not isfinite(value):
        return Quantity(None, "1", flags=("lithium ends first",))
    return derive(inventory.cycles_to_lose, "1", amount=dry, NP=NP, CE=CE)


def _first(count: Quantity, dry: Quantity | None) -> tuple[Quantity, str]:
    if dry is None:
        return count, "lithium alone was counted"
    if dry.value is not None and count.value is not None and dry.value < count.value:
        return dry, f"the electrolyte runs out first, after {dry} cycles"
    return count, "lithium runs out before the electrolyte"


def _implied(observed: Quantity | None, NP: Quantity, kept: Quantity) -> Quantity | None:
    if observed is None:
        return None
    if observed.value is None or observed.value <= 0:
        raise InputError(f"{observed} cycles are not possible", where="observed_cycles")
    try:
        value = inventory.implied_efficiency(observed.si, NP.si, kept.si)
    except ValueError as error:
        raise NotAnswerable(
            f"{error} with N/P {NP} and a retention of {kept}", where="observed_cycles"
        ) from None
    linear = derive(inventory.implied_efficiency, "1", n=observed.to("1"), NP=NP, retention=kept)
    return from_si(value, "1", linear.si_components)


def _course(
    NP: Quantity, CE: Quantity, kept: Quantity, observed: Quantity | None, dry: Quantity | None
) -> Table:
    """200 points to a tenth beyond the end, model or observation."""
    end = inventory.cycles(NP.si, CE.si, kept.si)
    last = 1.1 * max(end, observed.si if observed is not None else 0.0, 1.0)
    cycles = [last * i / 199 for i in range(200)]
    lost = [inventory.lithium_lost(n, NP.si, CE.si) for n in cycles]
    columns = {
        "cycle": cycles,
        "retention": [inventory.retention_after(n, NP.si, CE.si) for n in cycles],
        "excess_lithium": [max(0.0, NP.si - amount) for amount in lost],
    }
    if dry is not None:
        columns["electrolyte"] = [max(0.0, 1 - amount / dry.si) for amount in lost]
    note = "excess lithium over the cathode's capacity; electrolyte as the part that may be used"
    return Table.of(columns, dict.fromkeys(columns, "1"), note)


def _over(NP: Quantity, CE: Quantity, kept: Quantity, implied: Quantity | None) -> Table:
    """Cycles over efficiencies from ten times the loss to a tenth of it."""
    losses = [1 - CE.si] + ([1 - implied.si] if implied is not None else [])
    low, high = min(losses) / 10, min(0.5, 10 * max(losses))
    values = [1 - high * (low / high) ** (i / 80) for i in range(81)]
    counts = [inventory.cycles(NP.si, value, kept.si) for value in values]
    return Table.of(
        {"coulombic_efficiency": values, "cycles": counts},
        {"coulombic_efficiency": "1", "cycles": "1"},
    )


def _verdicts(
    count: Quantity, observed: Quantity | None, CE: Quantity, implied: Quantity | None
) -> tuple[Verdict, ...]:
    if observed is None or implied is None or count.value is None or observed.value is None:
        return ()
    spread = _NORMAL_95 * (CE.std or 0.0)
    same = abs(CE.si - implied.si) <= max(spread, 0.02 * (1 - implied.si))
    more = "earlier" if observed.value < count.value else "later"
    text = (
        f"{observed} cycles observed, {count} expected of a Coulombic efficiency of "
        f"{CE.to('%')}; lithium loss alone would need {implied.to('%')}: the cell ended {more} "
        "than that efficiency says"
    )
    if same:
        text = f"{observed} cycles observed, {count} expected of {CE.to('%')}"
    return (Verdict("life agrees with the efficiency", same, text),)


def _findings(
    count: Quantity,
    ends: Mapping[str, Quantity],
    dry: Quantity | None,
    per_lithium: Quantity | None,
) -> tuple[Finding, ...]:
    findings = []
    if per_lithium is None:
        findings.append(
            Finding(
                "electrolyte is not counted",
                remedy='give electrolyte_per_lithium = "… g/Ah" to know whether it ends first',
            )
        )
    elif dry is not None and dry.value is None:
        findings.append(Finding("there is more electrolyte than all lithium can use up"))
    if "unbounded" in count.flags:
        findings.append(
            Finding(
                "the 95 % interval of the efficiency reaches 1: the number of cycles is at least "
                f"{ends['cycles@lowest']}, with no upper end",
                "warning",
                remedy="measure the efficiency over more cycles",
            )
        )
    return tuple(findings)
