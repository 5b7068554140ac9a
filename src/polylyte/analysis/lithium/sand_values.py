"""Sand times of several polarisations, and the transport of salt that follows from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from polylyte.analysis.cycling.cycles import student
from polylyte.analysis.lithium.critical_current_cells import spread_interval
from polylyte.analysis.lithium.sand_fit import Divergence, collapse, divergence
from polylyte.analysis.lithium.shorts import Short
from polylyte.analysis.lithium.symmetric_halves import Half, halves_of
from polylyte.analysis.lithium.symmetric_words import unlike
from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity, derive, from_si, require
from polylyte.core.results import Finding, Verdict
from polylyte.instruments.cycling import CyclingRecord

FARADAY = 96485.33212
NOT_MET = 0.05
"""D τ/L² up to which the two diffusion layers have not met: Sand's law is off by 0.2 %."""
NEAR = 0.1
"""How near to -2 the slope of a Sand plot is -2."""


@dataclass(frozen=True, eq=False)
class Case:
    """One record: its first polarisation, its Sand time and its short."""

    name: str
    area: Quantity
    half: Half
    found: Divergence | None
    short: Short | None
    later: int

    @classmethod
    def of(cls, name: str, record: CyclingRecord, area: Quantity) -> Case:
        """Read a record.

        Raises:
            NotAnswerable: unlike electrodes, or no current.
        """
        halves = halves_of(record, area.si)
        unlike(halves, record)
        half = halves[0]
        short = collapse(half)
        found = divergence(half, math.inf if short is None else short.after)
        return cls(name, area, half, found, short, len(halves) - 1)

    @property
    def reached(self) -> bool:
        """Whether the record goes to its Sand time."""
        return self.found is not None and self.found.reached

    @property
    def short_after(self) -> float | None:
        """Time of the short since the current began, s."""
        return None if self.short is None else self.short.time - self.half.begin

    def time(self) -> Quantity:
        """Sand time; the duration, a lower bound, where it is not reached."""
        if self.found is not None and self.found.reached:
            parts = {f"~fit of the divergence of {self.name}": self.found.std}
            return from_si(self.found.time, "s", {s: p for s, p in parts.items() if p},
                           how="measured")  # fmt: skip
        end = self.short_after or self.half.duration
        return from_si(end, "s", how="measured", flags=("lower bound", "no divergence"))

    def findings(self) -> list[Finding]:
        """What was left out, and why there is no Sand time."""
        made = []
        if self.later:
            text = f"{self.later} later half cycles do not begin with even salt and are left out"
            made.append(Finding(text, where=self.name))
        if not self.reached:
            text = f"the potential does not diverge within {self.half.duration:.4g} s"
            if self.short is not None:
                text = f"shorted after {self.short_after:.4g} s, before the potential diverges"
            made.append(Finding(text, where=self.name))
        if self.half.spread > 0.02:
            made.append(Finding("the current is not constant", "warning", where=self.name))
        return made


def possible(
    concentration: Quantity | None,
    fraction: Quantity | None,
    diffusivity: Quantity | None,
    thickness: Quantity | None,
) -> None:
    """Refuse what cannot be.

    Raises:
        InputError: a wrong dimension, or a number out of its range.
    """
    for name, value, unit in (
        ("salt_concentration", concentration, "mol/m^3"),
        ("salt_diffusivity", diffusivity, "m^2/s"),
        ("thickness", thickness, "m"),
    ):
        if value is not None and require(value, unit, where=name).si <= 0:
            raise InputError("must be positive", where=name)
    if fraction is not None and not 0 <= fraction.si < 1:
        raise InputError(
            "must lie between 0 and 1: salt depletes only below 1", where="transference_number"
        )


def constant(good: Sequence[Case], area: Quantity, gain: float) -> Quantity:
    """Geometric mean of τ J²; its scatter from three records on, else the fits' errors."""
    shown = "s mA^2/cm^4"
    if not good:
        return Quantity(None, shown, flags=("no divergence",))
    logs = np.array([math.log(c.found.time * c.half.density**2) for c in good if c.found])
    own = np.array([c.found.std / c.found.time for c in good if c.found])
    n = logs.size
    value = math.exp(float(logs.mean()))
    error = math.sqrt(float(own @ own)) / n
    if n >= 3:
        error = float(logs.std(ddof=1)) / math.sqrt(n) * student(n - 1)
    parts = {"~scatter of Sand times": error * value, "~ammeter": 2 * gain * value}
    for source, part in area.si_components.items():
        if all(source in c.area.components for c in good):
            parts[source] = parts.get(source, 0.0) - 2 * value * part / area.si
    return from_si(value, shown, {s: p for s, p in parts.items() if p}, how="measured")


def exponent(good: Sequence[Case]) -> Quantity:
    """Slope of ln τ over ln J."""
    if len(good) < 3:
        return Quantity(None, "1", flags=("fewer than three Sand times",))
    x = np.log([c.half.density for c in good])
    y = np.log([c.found.time for c in good if c.found])
    away = x - x.mean()
    spread = float(away @ away)
    if spread < 1e-6:
        return Quantity(None, "1", flags=("one current density",))
    slope = float(away @ y) / spread
    rest = y - y.mean() - slope * away
    freedom = len(good) - 2
    error = math.sqrt(float(rest @ rest) / freedom / spread) * student(freedom)
    return from_si(slope, "1", {"~scatter of Sand times": error} if error else {}, how="measured")


def transport(
    constant: Quantity,
    concentration: Quantity | None,
    fraction: Quantity | None,
    diffusivity: Quantity | None,
    thickness: Quantity | None,
) -> dict[str, Quantity]:
    """D, c and the limiting current density, as far as what is given goes."""
    missing = Quantity(None, "cm^2/s", flags=("salt_concentration or t+ not given",))
    made = {
        "salt_diffusivity": diffusivity or missing,
        "salt_concentration": concentration
        or Quantity(None, "mol/L", flags=("salt_diffusivity or t+ not given",)),
        "limiting_current_density": Quantity(
            None, "mA/cm^2", flags=("thickness, c, D or t+ not given",)
        ),
    }
    if fraction is None:
        return made
    if concentration is not None:
        made["salt_diffusivity"] = derive(
            lambda K, c, t: 4 * K * (1 - t) ** 2 / (math.pi * (FARADAY * c) ** 2),
            "cm^2/s", K=constant, c=concentration, t=fraction,
        )  # fmt: skip
    elif diffusivity is not None:
        made["salt_concentration"] = derive(
            lambda K, D, t: 2 * (1 - t) / FARADAY * math.sqrt(K / (math.pi * D)),
            "mol/L", K=constant, D=diffusivity, t=fraction,
        )  # fmt: skip
    if thickness is not None:
        made["limiting_current_density"] = derive(
            lambda c, D, t, L: 2 * FARADAY * c * D / ((1 - t) * L),
            "mA/cm^2", c=made["salt_concentration"], D=made["salt_diffusivity"], t=fraction,
            L=thickness,
        )  # fmt: skip
    return made


def slope_verdict(slope: Quantity) -> Verdict:
    """Whether the slope is that of Sand's law, -2; None where it is too scattered to tell."""
    name = "τ falls as 1/J²"
    if slope.value is None:
        return Verdict(name, None, "fewer than three Sand times at different currents")
    away = abs(slope.value + 2)
    passed: bool | None = away <= NEAR
    if not passed and away <= 1.959964 * (slope.std or 0.0):
        passed = None
    return Verdict(name, passed, f"slope of ln τ over ln J {slope}, by Sand's law −2")


def lawful(
    good: Sequence[Case], diffusivity: Quantity, thickness: Quantity | None
) -> Sequence[Case]:
    """The records whose diffusion layers had not met at their Sand time; all where unknown."""
    if diffusivity.value is None or thickness is None:
        return good
    limit = NOT_MET * thickness.si**2 / diffusivity.si
    return [c for c in good if c.found and c.found.time <= limit]


def met(good: Sequence[Case], diffusivity: Quantity, thickness: Quantity | None) -> Verdict:
    """Whether the longest Sand time is short against L²/D."""
    name = "diffusion layers have not met"
    if not good or diffusivity.value is None or thickness is None:
        return Verdict(name, None, "needs thickness, salt_concentration and transference_number")
    longest = max(c.found.time for c in good if c.found)
    share = diffusivity.si * longest / thickness.si**2
    return Verdict(
        name, share <= NOT_MET,
        f"D τ/L² is {share:.2g} at the longest Sand time (Sand's law needs less than {NOT_MET})",
    )  # fmt: skip


def short_time(case: Case) -> Quantity:
    """Time of a hard short since the current began; anywhere between two samples."""
    assert case.short is not None
    low, high = (v - case.half.begin for v in (case.short.after, case.short.before))
    made = from_si(
        (low + high) / 2, "h", {"~interval between samples": (high - low) / math.sqrt(12)},
        how="measured",
    ).given(current_density=f"{case.half.density / 10:.4g} mA cm⁻²")  # fmt: skip
    ends = spread_interval(low, high, 0.0)
    return replace(made, interval=(ends[0] / 3600, ends[1] / 3600))


def named(cases: Sequence[Case]) -> dict[str, Quantity]:
    """By current density; a number is added where two are alike."""
    made: dict[str, Quantity] = {}
    for case in cases:
        at = f"{case.half.density / 10:.4g}mA/cm2"
        if f"sand_time@{at}" in made:
            at += f"#{sum(k.startswith(f'sand_time@{at}') for k in made) + 1}"
        made[f"sand_time@{at}"] = case.time()
        if case.short is not None:
            made[f"short_circuit_time@{at}"] = short_time(case)
    return made
