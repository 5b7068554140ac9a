"""Capacity over a staircase of rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from polylyte.analysis.cycling.basis import Basis, basis, stated
from polylyte.analysis.cycling.cycles import CycleRule, Cycles, Steps, cycles, student
from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import AnyQuantity, Area, Charge, CRate, Mass, Percentage, Ratio
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, from_si, q
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.instruments.cycling import CyclingRecord

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TIAN_2019 = Citation(
    "Tian2019",
    "Tian, R.; Park, S.-H.; King, P. J.; Cunningham, G.; Coelho, J.; Nicolosi, V.; Coleman, J. N.",
    "Quantifying the factors limiting rate performance in battery electrodes",
    "Nat. Commun.",
    2019,
    "10",
    "1933",
    "10.1038/s41467-019-09792-9",
)
SAME = 0.05
"""Relative difference of currents of one rate step."""
NEAR = 0.1
"""Relative difference from a rate that is asked for."""


@dataclass(frozen=True, kw_only=True)
class RateCapability(Result):
    """``capacity@1C`` and ``rate_retention@1C`` of each rate are in ``more``."""

    rate_retention: Percentage = out("capacity at the faster over that at the slower rate")
    fast_capacity: AnyQuantity = out("capacity at the faster rate")
    slow_capacity: AnyQuantity = out("capacity at the slower rate")
    recovery: Percentage = out("capacity on return to an earlier rate over that before")
    number_of_steps: Ratio = out("rate steps")
    staircase: Table = out("rate, capacity and efficiency of each step")
    cycles: Table = out("current and capacity of every cycle")


def figure(result: RateCapability) -> Figure:
    """Capacity over cycles, one colour per step, and over the rate."""
    cycle, step = result.cycles.frame, result.staircase.frame
    series = []
    for color, (number, rate) in enumerate(
        zip(step["step"].to_list(), step["rate"].to_list(), strict=True)
    ):
        own = cycle.filter(cycle["step"] == number)
        series.append(
            Series(own["cycle"].to_list(), own["capacity"].to_list(), _label(rate), color=color)
        )
    unit = result.staircase.units["capacity"]
    errors = result.staircase.std("capacity")
    over = Series(step["rate"].to_list(), step["capacity"].to_list(), y_error=errors)
    return Figure(
        "rate",
        [
            Panel(series, "Cycle", "Capacity", "", unit),
            Panel([over], "C-rate", "Capacity", "", unit, x_scale="log"),
        ],
        f"Rate staircase: rate retention {result.rate_retention} "
        f"({result.text['fast']} over {result.text['slow']}), recovery {result.recovery}.",
        "Good: steps that are flat, and the first capacity again on return to the first rate. Bad: "
        "steps that slope (fade mixed with rate) or no recovery.",
        "double",
    )


@method(
    "cycling.rate",
    version=1,
    cites=[TIAN_2019],
    figure=figure,
    prose="The rate capability [Tian2019] was taken from a staircase of {number_of_steps} "
    "steps ({rule}), each the mean of its complete cycles, with 1C = {one_c}. The {capacity} "
    "capacity was {slow_capacity} at {slow} and {fast_capacity} at {fast}, a rate retention of "
    "{rate_retention} (not a retention over cycling); on return to {returned} the cell recovered "
    "{recovery}.",
)
def rate(
    *,
    data: CyclingRecord,
    active_mass: Mass | None = None,
    area: Area | None = None,
    nominal_capacity: Charge | None = None,
    fast: CRate | None = None,
    slow: CRate | None = None,
    cycle_rule: CycleRule = "cycler",
    steps: Steps = "all",
    capacity: Literal["discharge", "charge"] = "discharge",
    charge_accuracy: Ratio = q("0.05 %"),
) -> RateCapability:
    """Mean capacity of each rate step, rate retention and recovery.

    rate_retention = C(fast)/C(slow)

    A step is a run of complete cycles whose mean current (over the charge) is within 5 % of its
    first one's. Rates are current over ``nominal_capacity``; without it over the capacity of the
    slowest step, which is said. Without ``fast`` and ``slow`` the steps at 1C and 0.1C are
    compared where there are both, else the fastest and the slowest. The counter's error and the
    mass drop out of the ratio; the scatter of a single cycle about its step is pooled over all
    steps. A rate retention is not comparable with a retention over cycles.

    Parameters:
        data: record of the cell, positive current charges
        active_mass: what capacities are divided by
        area: what they are divided by where no mass is given
        nominal_capacity: charge that flows in one hour at 1C
        fast: the faster rate
        slow: the slower rate
        cycle_rule: "cycler" takes the cycler's numbers, the others begin a cycle with each charge
            or discharge
        steps: sum all steps of a direction in a cycle, or take the largest alone
        capacity: direction whose capacity and current are followed
        charge_accuracy: relative standard uncertainty of the charge counter (assumed)

    Raises:
        InputError: no step has the rate asked for; a quantity that is not positive.
        NotAnswerable: fewer than two rates in the record.
    """
    found = cycles(data, rule=cycle_rule, steps=steps)
    passed = found.discharge if capacity == "discharge" else found.charge
    current = found.discharge_current if capacity == "discharge" else found.charge_current
    member = _members(current, found.complete)
    if member.max(initial=-1) < 1:
        raise NotAnswerable(
            "the current is the same in all complete cycles: no rate staircase",
            where=data.name or None,
            remedy="give the record of a rate test",
        )
    mass, own_area = active_mass, area
    if mass is None and own_area is None:
        mass, own_area = stated(data, "mass"), stated(data, "area")
    base = basis(mass, own_area)
    stairs = _Stairs.of(found, passed, current, member, nominal_capacity, charge_accuracy.si)
    quick, gentle, said = stairs.pair(fast, slow)
    recovered, returned = stairs.recovery()
    more: dict[str, Quantity] = {}
    for k in range(len(stairs.rate)):
        label = _label(stairs.rate[k])
        if f"capacity@{label}" not in more:
            more[f"capacity@{label}"] = stairs.capacity(k, base)
            more[f"rate_retention@{label}"] = stairs.ratio(k, gentle)
    verdicts = [stairs.flat()]
    findings = [Finding(f"cycle rule: {found.rule}"), *said]
    if nominal_capacity is None:
        findings.append(
            Finding(
                f"1C is the current that passes the slowest step's capacity, "
                f"{stairs.nominal / 3.6:.4g} mAh, in one hour",
                remedy="give nominal_capacity for the rates as they were set",
            )
        )
    return RateCapability(
        rate_retention=stairs.ratio(quick, gentle),
        fast_capacity=stairs.capacity(quick, base),
        slow_capacity=stairs.capacity(gentle, base),
        recovery=recovered,
        number_of_steps=Quantity(float(len(stairs.rate)), "1"),
        staircase=stairs.table(base, gentle),
        cycles=_cycle_table(found, passed, current, member, base),
        more=more,
        verdicts=tuple(verdicts),
        findings=tuple(findings),
        warnings=tuple(v.text for v in verdicts if v.passed is False),
        text={
            "rule": found.rule,
            "one_c": f"{1e3 * stairs.nominal / 3600:.4g} mA",
            "fast": _label(stairs.rate[quick]),
            "slow": _label(stairs.rate[gentle]),
            "returned": returned or "an earlier rate (there was none)",
        },
    )


def _label(value: float) -> str:
    return f"{value:.3g}C"


def _members(current: Floats, complete: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The step of each cycle, -1 where it is not complete."""
    member = np.full(len(current), -1, dtype=np.int64)
    step, level = -1, 0.0
    for k in np.flatnonzero(complete):
        if step < 0 or abs(current[k] / level - 1) > SAME:
            step, level = step + 1, float(current[k])
        member[k] = step
    return member


@dataclass(frozen=True, eq=False)
class _Stairs:
    """One value per step; charges in C, currents in A."""

    rate: Floats
    current: Floats
    charge: Floats
    count: NDArray[np.int64]
    first: Sequence[int]
    last: Sequence[int]
    slope: Floats
    """Change over the step, relative to its mean."""
    spread: float | None
    """Relative standard deviation of one cycle about its step, widened for few of them."""
    nominal: float
    accuracy: float

    @classmethod
    def of(
        cls,
        found: Cycles,
        passed: Floats,
        current: Floats,
        member: NDArray[np.int64],
        nominal: Quantity | None,
        accuracy: float,
    ) -> _Stairs:
        groups = [np.flatnonzero(member == k) for k in range(int(member.max()) + 1)]
        mean = np.array([passed[g].mean() for g in groups])
        flow = np.array([current[g].mean() for g in groups])
        if nominal is not None and (nominal.value is None or nominal.si <= 0):
            raise InputError("must be positive", where="nominal_capacity")
        own = float(mean[flow.argmin()]) if nominal is None else nominal.si
        rest = np.concatenate([passed[g] / passed[g].mean() - 1 for g in groups])
        degrees = len(rest) - len(groups)
        spread = float(np.sqrt(rest @ rest / degrees)) * student(degrees) if degrees > 1 else None
        return cls(
            rate=flow / (own / 3600),
            current=flow,
            charge=mean,
            count=np.array([len(g) for g in groups]),
            first=[int(found.number[g[0]]) for g in groups],
            last=[int(found.number[g[-1]]) for g in groups],
            slope=np.array([passed[g[-1]] / passed[g[0]] - 1 for g in groups]),
            spread=spread,
            nominal=own,
            accuracy=accuracy,
        )

    def _parts(self, k: int) -> dict[str, float]:
        spread = self.spread or 0.0
        return {f"~scatter of step {k + 1}": spread / float(np.sqrt(self.count[k]))}

    def capacity(self, k: int, base: Basis) -> Quantity:
        value = float(self.charge[k])
        parts = {"~counter": self.accuracy} | self._parts(k)
        own = from_si(value, "mAh", {s: value * p for s, p in parts.items() if p}, how="measured")
        return base.divide(own.given(rate=_label(self.rate[k])), base.unit)

    def ratio(self, k: int, to: int) -> Quantity:
        """The counter and the mass multiply both alike and drop out."""
        value = float(self.charge[k] / self.charge[to])
        parts = {} if k == to else self._parts(k) | {s: -p for s, p in self._parts(to).items()}
        made = from_si(value, "%", {s: value * p for s, p in parts.items() if p})
        return made.given(rate=_label(self.rate[k]), reference=_label(self.rate[to]))

    def pair(self, fast: Quantity | None, slow: Quantity | None) -> tuple[int, int, list[Finding]]:
        """Places of the two steps that are compared.

        Raises:
            InputError: no step has that rate.
        """
        if fast is None and slow is None:
            one, tenth = self._near(1.0), self._near(0.1)
            if one is not None and tenth is not None:
                return one, tenth, []
            text = "no steps at both 1C and 0.1C: the fastest is compared with the slowest"
            return int(self.rate.argmax()), int(self.rate.argmin()), [Finding(text)]
        chosen = []
        for name, wanted, default in (
            ("fast", fast, int(self.rate.argmax())),
            ("slow", slow, int(self.rate.argmin())),
        ):
            place = default if wanted is None else self._near(wanted.si)
            if place is None:
                rates = ", ".join(_label(r) for r in self.rate)
                raise InputError("no step has this rate", where=name, remedy=f"there are {rates}")
            chosen.append(place)
        return chosen[0], chosen[1], []

    def _near(self, wanted: float) -> int | None:
        off = np.abs(self.rate / wanted - 1)
        return int(off.argmin()) if off.min() <= NEAR else None

    def recovery(self) -> tuple[Quantity, str]:
        """The last step over the first one of its rate."""
        last = len(self.rate) - 1
        same = np.flatnonzero(np.abs(self.rate[:-1] / self.rate[last] - 1) <= SAME)
        if not len(same):
            return Quantity(None, "%", flags=("not identifiable",)), ""
        return self.ratio(last, int(same[0])), _label(self.rate[last])

    def flat(self) -> Verdict:
        worst = int(np.abs(self.slope).argmax())
        limit = 0.05
        return Verdict(
            "steps are flat",
            bool(abs(self.slope[worst]) <= limit),
            f"within a step the capacity changes by at most {100 * self.slope[worst]:+.2g} % "
            f"({_label(self.rate[worst])}; limit {100 * limit:.0f} %)",
        )

    def table(self, base: Basis, gentle: int) -> Table:
        n = range(len(self.rate))
        return Table.of_quantities(
            {
                "step": [k + 1 for k in n],
                "first_cycle": list(self.first),
                "last_cycle": list(self.last),
                "current": (1e3 * self.current).tolist(),
                "rate": self.rate.tolist(),
            },
            {
                "capacity": [_by_row(self.capacity(k, base), k, gentle) for k in n],
                "rate_retention": [_by_row(self.ratio(k, gentle), k, gentle) for k in n],
            },
            {"current": "mA", "rate": "C-rate"},
        )


def _by_row(value: Quantity, k: int, gentle: int) -> Quantity:
    """The scatter of a row's own step is independent from row to row."""
    names = {
        f"~scatter of step {gentle + 1}": "~scatter of the slower step",
        f"~scatter of step {k + 1}": "~scatter of the step[*]",
    }
    return replace(value, components={names.get(s, s): p for s, p in value.components.items()})


def _cycle_table(
    found: Cycles, passed: Floats, current: Floats, member: NDArray[np.int64], base: Basis
) -> Table:
    from polylyte.core.units import unit

    factor = base.size * float(unit(base.unit).factor)
    return Table.of(
        {
            "cycle": found.number.tolist(),
            "step": [int(m) + 1 if m >= 0 else None for m in member],
            "current": (1e3 * current).tolist(),
            "capacity": (passed / factor).tolist(),
        },
        {"current": "mA", "capacity": base.unit},
    )
