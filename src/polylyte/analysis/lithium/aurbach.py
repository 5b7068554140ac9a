"""Coulombic efficiency of lithium by the modified Aurbach protocol."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from polylyte.analysis.lithium.half_cycles import HalfCycle, Protocol, half_cycles, protocol
from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import AnyQuantity, CellVoltage, Percentage, Ratio
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, derive, from_si, q
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.core.units import unit
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

REACHED = 0.98
"""Share of the cut-off that the last sample of the final strip must have reached."""
SOFT_SHORT_FALL = 0.5
"""A plateau below this share of the median of the earlier ones hints at a soft short."""
SOFT_SHORT_DROP = 0.3
"""So does a fall between neighbouring samples by this share of the plateau."""
COUNTER_AGREEMENT = 0.005


@dataclass(frozen=True, kw_only=True)
class AurbachEfficiency(Result):
    """Average Coulombic efficiency with the charges behind it."""

    coulombic_efficiency: Percentage = out("average Coulombic efficiency per plating")
    reservoir: AnyQuantity = out("charge of the reservoir, Q1")
    cycled_plating: AnyQuantity = out("charge plated in all cycles, Q2")
    cycled_stripping: AnyQuantity = out("charge stripped in all cycles, Q3")
    final_stripping: AnyQuantity = out("charge of the final strip, Q4")
    cycles: Ratio | None = out("number of cycles", default=None)
    conditioning_efficiency: Percentage | None = out(
        "efficiency of the conditioning cycle, not counted", default=None
    )
    half_cycles: Table | None = out("every half cycle, its charge and its part", default=None)
    profile: Table | None = out("potential over time", default=None)


def efficiency(
    *, reservoir: float, cycled_plating: float, cycled_stripping: float, final_stripping: float
) -> float:
    """CE = (Q3 + Q4) / (Q1 + Q2)."""
    return (cycled_stripping + final_stripping) / (reservoir + cycled_plating)


def figure(result: AurbachEfficiency) -> Sequence[Figure]:
    """Potential over time with the parts of the protocol, and the charges."""
    if result.half_cycles is None or result.profile is None:
        return []
    table = result.half_cycles
    parts, begins = table.column("part"), table.column("begin")
    marks = []
    for part, words in (
        ("reservoir", "reservoir"),
        ("cycle", "cycles"),
        ("final strip", "final strip"),
    ):
        at = next(b for p, b in zip(parts, begins, strict=True) if p == part)
        marks.append(Mark(at / 3600, words))
    profile = result.profile
    hours = [t / 3600 for t in profile.column("time")]
    top = Panel(
        [Series(hours, profile.column("potential"), style="line")],
        "Time",
        "Potential",
        "h",
        "V",
        marks=marks,
    )
    charges = [c / 3.6 for c in table.column("charge")]
    numbers = list(range(1, len(charges) + 1))
    kinds = [
        Series(
            [n for n, k in zip(numbers, table.column("kind"), strict=True) if k == kind],
            [c for c, k in zip(charges, table.column("kind"), strict=True) if k == kind],
            kind,
            "bars",
        )
        for kind in ("plating", "stripping")
    ]
    bottom = Panel(kinds, "Half cycle", "Charge", "", "mAh")
    return [
        Figure(
            "aurbach",
            [top, bottom],
            f"Modified Aurbach protocol: Coulombic efficiency {result.coulombic_efficiency}.",
            "Good: flat plateaus, and a final strip that ends steeply at the cut-off. Bad: "
            "plateaus that collapse (a soft short), or a final strip that stops early.",
            "double",
        )
    ]


@method(
    "lithium.aurbach",
    version=1,
    cites=[ADAMS_2018],
    figure=figure,
    prose="The Coulombic efficiency of lithium was determined by the modified Aurbach protocol "
    "[Adams2018], CE = (Q3 + Q4)/(Q1 + Q2), with the reservoir {reservoir}, {cycled_plating} "
    "plated and {cycled_stripping} stripped in cycles and {final_stripping} in the final strip "
    "to {cut_off}{conditioning}: {coulombic_efficiency}.",
)
def aurbach(
    *,
    data: CyclingRecord | None = None,
    reservoir: AnyQuantity | None = None,
    cycled_plating: AnyQuantity | None = None,
    cycled_stripping: AnyQuantity | None = None,
    final_stripping: AnyQuantity | None = None,
    cut_off: CellVoltage = q("1 V"),
    charge_accuracy: Ratio = q("0.05 %"),
) -> AurbachEfficiency:
    """Average Coulombic efficiency of lithium plated on copper.

    CE = (Q3 + Q4)/(Q1 + Q2): a reservoir Q1 is plated, a smaller charge is stripped (Q3 in
    all) and plated again (Q2 in all) n times, and what is left (Q4) is stripped to the cut-off. A
    first plating and stripping that conditions the copper is recognised and not counted.
    Each plating keeps the fraction CE, so that the average is over n + 1 platings.

    Valid while the reservoir lasts and no lithium is stripped chemically or by a short.

    The four charges may be given instead, all as charges or all per area.

    Parameters:
        data: record of the Li|Cu cell; plating comes first, whatever its sign
        reservoir: Q1, overrides the record
        cycled_plating: Q2, the sum over all cycles; overrides the record
        cycled_stripping: Q3, the sum over all cycles; overrides the record
        final_stripping: Q4, overrides the record
        cut_off: potential at which the final strip ends
        charge_accuracy: relative standard uncertainty of the charge counter, one error shared
            by all platings and another shared by all strips (assumed; see the cycler's manual)

    Raises:
        InputError: a charge is missing, or they are not all of one kind.
        NotAnswerable: the record follows another protocol.
    """
    read = None if data is None else _Reading.of(data, charge_accuracy.si, cut_off.si)
    measured = read.charges if read else {}
    charges = _Charges(
        reservoir=_charge("reservoir", reservoir, measured),
        cycled_plating=_charge("cycled_plating", cycled_plating, measured),
        cycled_stripping=_charge("cycled_stripping", cycled_stripping, measured),
        final_stripping=_charge("final_stripping", final_stripping, measured),
    ).of_one_kind()
    return _result(charges, read)


_SHOWN = {unit(text).dimension: text for text in ("mAh", "mAh/cm^2")}


@dataclass(frozen=True)
class _Charges:
    reservoir: Quantity
    cycled_plating: Quantity
    cycled_stripping: Quantity
    final_stripping: Quantity

    def of_one_kind(self) -> _Charges:
        """All in mAh or all in mAh/cm².

        Raises:
            InputError: charges and charges per area are mixed.
        """
        kinds = {unit(getattr(self, f.name).unit).dimension for f in fields(self)}
        if len(kinds) > 1:
            raise InputError(
                "charges and charges per area are mixed", remedy="give all four in one kind"
            )
        shown = _SHOWN[kinds.pop()]
        return _Charges(
            self.reservoir.to(shown),
            self.cycled_plating.to(shown),
            self.cycled_stripping.to(shown),
            self.final_stripping.to(shown),
        )


def _charge(name: str, given: Quantity | None, measured: Mapping[str, Quantity]) -> Quantity:
    """The charge given, else the one measured.

    Raises:
        InputError: it is missing, negative or no charge.
    """
    value = given or measured.get(name)
    if value is None or value.value is None:
        raise InputError(f"{name} is missing", remedy=f"give data (a file) or {name}")
    if unit(value.unit).dimension not in _SHOWN:
        raise InputError(
            f"'{value}' is neither a charge nor a charge per area",
            where=name,
            remedy="give it in mAh or mAh/cm^2",
        )
    if value.value < 0:
        raise InputError(f"'{value}' is negative", where=name, remedy="give its size")
    return value


def _result(charges: _Charges, read: _Reading | None) -> AurbachEfficiency:
    if charges.reservoir.si + charges.cycled_plating.si == 0:
        raise InputError("no lithium was plated", where="reservoir")
    ratio = derive(
        efficiency,
        "%",
        reservoir=charges.reservoir,
        cycled_plating=charges.cycled_plating,
        cycled_stripping=charges.cycled_stripping,
        final_stripping=charges.final_stripping,
    )
    verdicts = [Verdict("not above 100 %", (ratio.value or 0) <= 100, f"efficiency {ratio}")]
    findings: tuple[Finding, ...] = ()
    if (ratio.value or 0) > 100:
        ratio = ratio.flagged("outside range")
    if read is not None:
        verdicts += read.verdicts
        findings = tuple(read.findings)
        if not read.stripped_out:
            ratio = ratio.flagged("lower bound")
    return AurbachEfficiency(
        coulombic_efficiency=ratio,
        reservoir=charges.reservoir,
        cycled_plating=charges.cycled_plating,
        cycled_stripping=charges.cycled_stripping,
        final_stripping=charges.final_stripping,
        cycles=None if read is None else Quantity(len(read.parts.strips), "1", how="measured"),
        conditioning_efficiency=None if read is None else read.conditioning,
        half_cycles=None if read is None else read.table(),
        profile=None if read is None else read.profile,
        verdicts=tuple(verdicts),
        findings=findings,
        warnings=tuple(v.text for v in verdicts if v.passed is False),
        text={
            "conditioning": ", after a conditioning cycle that is not counted"
            if read is not None and read.conditioning is not None
            else ""
        },
    )


@dataclass(frozen=True)
class _Reading:
    """The record, cut and understood."""

    halves: Sequence[HalfCycle]
    parts: Protocol
    charges: dict[str, Quantity]
    conditioning: Quantity | None
    stripped_out: bool
    verdicts: list[Verdict]
    findings: list[Finding]
    profile: Table

    @classmethod
    def of(cls, data: CyclingRecord, accuracy: float, cut_off: float) -> _Reading:
        halves = half_cycles(data)
        parts = protocol(halves)
        last = halves[parts.final]
        stripped_out = last.end_potential >= REACHED * cut_off
        verdicts = [
            Verdict(
                "final strip complete",
                stripped_out,
                f"the final strip ended at {last.end_potential:.3g} V, cut-off {cut_off:.3g} V"
                + ("" if stripped_out else ": lithium is left, the efficiency is a lower bound"),
            ),
            _counter_verdict(halves),
            _soft_shorts(halves, parts),
        ]
        return cls(
            halves,
            parts,
            _charges(halves, parts, accuracy, cut_off),
            _conditioning(halves, parts, accuracy),
            stripped_out,
            verdicts,
            [_seen(halves, parts)],
            Table.of(
                {"time": data.time.tolist(), "potential": data.potential.tolist()},
                {"time": "s", "potential": "V"},
            ),
        )

    def table(self) -> Table:
        parts = self.parts
        roles = {parts.reservoir: "reservoir", parts.final: "final strip"}
        roles |= dict.fromkeys(parts.conditioning, "conditioning")
        rows = range(len(self.halves))
        return Table.of(
            {
                "part": [roles.get(k, "cycle") for k in rows],
                "kind": ["plating" if half.plating else "stripping" for half in self.halves],
                "charge": [half.charge for half in self.halves],
                "integrated_charge": [half.integrated for half in self.halves],
                "begin": [half.begin for half in self.halves],
                "end": [half.end for half in self.halves],
                "end_potential": [half.end_potential for half in self.halves],
                "plateau": [half.plateau for half in self.halves],
            },
            {"charge": "C", "integrated_charge": "C", "begin": "s", "end": "s"}
            | {"end_potential": "V", "plateau": "V"},
        )


def _charges(
    halves: Sequence[HalfCycle], parts: Protocol, accuracy: float, cut_off: float
) -> dict[str, Quantity]:
    def total(indices: Sequence[int], source: str, off: float = 0.0) -> Quantity:
        charge = math.fsum(halves[k].charge for k in indices)
        components = {source: accuracy * charge, "~end of the final strip": off}
        return from_si(charge, "mAh", {k: v for k, v in components.items() if v}, how="measured")

    return {
        "reservoir": total([parts.reservoir], "~counter, plating"),
        "cycled_plating": total(parts.platings, "~counter, plating"),
        "cycled_stripping": total(parts.strips, "~counter, stripping"),
        "final_stripping": total(
            [parts.final], "~counter, stripping", _past_cut_off(halves[parts.final], cut_off)
        ),
    }


def _past_cut_off(final: HalfCycle, cut_off: float) -> float:
    """Charge between the last sample and the cut-off, by the slope at the end, C."""
    missed = abs(cut_off - final.end_potential)
    if missed < final.last_rise:
        return final.last_interval * missed / final.last_rise
    return final.last_interval if missed else 0.0


def _conditioning(halves: Sequence[HalfCycle], parts: Protocol, accuracy: float) -> Quantity | None:
    if not parts.conditioning:
        return None
    plated, stripped = (halves[k].charge for k in parts.conditioning)
    ratio = stripped / plated
    sources = {"~counter, plating": -accuracy * ratio, "~counter, stripping": accuracy * ratio}
    return from_si(ratio, "%", {k: v for k, v in sources.items() if v}, how="measured")


def _counter_verdict(halves: Sequence[HalfCycle]) -> Verdict:
    worst = max(abs(half.integrated / half.charge - 1) for half in halves)
    return Verdict(
        "counter against integral",
        worst <= COUNTER_AGREEMENT,
        f"the instrument's charge and the integral of its current differ by at most "
        f"{100 * worst:.2g} % in any half cycle",
    )


def _soft_shorts(halves: Sequence[HalfCycle], parts: Protocol) -> Verdict:
    """Plateaus that collapse, or fall within a half cycle; a hint, not a proof."""
    counted = [k for k in range(parts.reservoir, parts.final) if k not in parts.conditioning]
    hints = []
    for place, k in enumerate(counted):
        earlier = [halves[j].plateau for j in counted[:place]]
        if len(earlier) >= 2 and halves[k].plateau < SOFT_SHORT_FALL * float(np.median(earlier)):
            hints.append(f"half cycle {k + 1} runs at {1e3 * halves[k].plateau:.3g} mV")
        elif halves[k].largest_drop > SOFT_SHORT_DROP:
            share = 100 * halves[k].largest_drop
            hints.append(f"half cycle {k + 1} falls by {share:.0f} % at once")
    if not hints:
        return Verdict("no hint of a soft short", True, "the plateaus neither collapse nor jump")
    more = f" and {len(hints) - 3} more" if len(hints) > 3 else ""
    return Verdict(
        "no hint of a soft short",
        False,
        f"hints of a soft short: {'; '.join(hints[:3])}{more}",
    )


def _seen(halves: Sequence[HalfCycle], parts: Protocol) -> Finding:
    cycled = halves[parts.strips[0]].charge / 3.6
    before = "a conditioning cycle, " if parts.conditioning else ""
    return Finding(
        f"recognised {before}a reservoir of {halves[parts.reservoir].charge / 3.6:.4g} mAh, "
        f"{len(parts.strips)} cycles of {cycled:.4g} mAh and a final strip",
        where="data",
    )
