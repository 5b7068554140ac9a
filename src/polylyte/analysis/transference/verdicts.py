"""The assumptions behind a current fraction, tested; what makes it unanswerable is refused."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from polylyte.analysis.transference.inputs import Spectra, Transient, ohmic_current
from polylyte.analysis.transference.transients import Steady
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.quantities import Quantity, derive
from polylyte.core.results import Verdict

GAS_CONSTANT = 8.31446261815324
FARADAY = 96485.33212

WHOLE_CELL = 0.05
"""Share of ΔV left for the electrolyte below which R_0 must be the whole cell's."""
INTERFACE_DRIFT = 0.2
OHMIC_AGREEMENT = 0.05
BIAS_AGREEMENT = 0.05


def is_steady(steady: Steady, limit: float, minutes: float) -> Verdict:
    """Whether the current has come to rest within ``limit`` of its value.

    Raises:
        NotAnswerable: it drifts, or has not reached its asymptote.
    """
    size = abs(steady.value) or math.inf
    drift, left = steady.drift / size, steady.remaining / size
    drifting = abs(drift) > limit and abs(steady.drift) > 3 * steady.drift_std
    text = (
        f"over the last tenth of {minutes:.0f} min the current changed by {100 * drift:.2g} % "
        f"and is {100 * left:.2g} % from its asymptote (limit {100 * limit:.2g} %)"
    )
    # Without an asymptote in the record, what the last half still fell is all that is known.
    endless = not steady.bounded and abs(steady.fall) > limit * size
    if drifting or abs(left) > limit or endless:
        reason = f"{text}; the fall does not end within the record" if endless else text
        raise NotAnswerable(
            f"there is no steady state: {reason}",
            where="polarization",
            remedy="polarise longer, give steady_current, or raise steady_limit",
        )
    return Verdict("steady state", True, text)


def against_ohm(initial: Quantity, spectra: Spectra, bias: Quantity) -> Verdict:
    """The extrapolated initial current against Ohm's law for the spectrum before."""
    name = "initial current against Ohm's law"
    if spectra.first is None:
        return Verdict(name, None, "no spectrum before the step to compare the onset with")
    ohmic = ohmic_current(spectra, bias)
    difference = initial - ohmic if initial.si > 0 else initial * -1.0 - ohmic
    allowed = max(OHMIC_AGREEMENT * ohmic.si, 2 * (difference.to("A").std or 0.0))
    return Verdict(
        name,
        abs(difference.si) <= allowed,
        f"extrapolated {initial}, ΔV/(R_electrolyte + R_interface) = {ohmic}: "
        f"{100 * difference.si / ohmic.si:+.1f} %",
    )


def refuse_whole_cell(
    when: Literal["initial", "steady"],
    current: Quantity,
    resistance: Quantity,
    bias: Quantity,
    *,
    given: bool,
) -> None:
    """Nothing of ΔV is left for the electrolyte.

    A resistance ``given`` as a number is then that of the whole cell; one from a spectrum is the
    interface's, and the question is whether what is left can be told from nothing.
    """
    left = derive(lambda V, i, R: 1 - abs(i) * R / abs(V), "1", V=bias, i=current, R=resistance)
    share, where = left.si, f"{when}_resistance"
    if given and share < WHOLE_CELL:
        raise NotAnswerable(
            f"I·R is {100 * (1 - share):.0f} % of the bias: {resistance} is the resistance of "
            "the whole cell, not of its interfaces",
            where=where,
            remedy="give the diameter of the interface arc, without the electrolyte; if it is "
            "that, the electrolyte's share is too small for this method",
        )
    if share <= 2 * (left.std or 0.0):
        raise NotAnswerable(
            f"the interface takes {100 * (1 - share):.1f} % of the bias; the rest, {left}, "
            "cannot be told from nothing",
            where=where,
            remedy="use a thicker electrolyte or a better interface, or state a better "
            "current_accuracy and impedance_accuracy if the instrument has it",
        )


def is_linear(bias: Quantity, kelvin: float) -> Verdict:
    """Whether the bias stays below RT/F."""
    thermal = GAS_CONSTANT * kelvin / FARADAY
    return Verdict(
        "linear response",
        abs(bias.si) <= thermal,
        f"bias {bias.to('mV')}, RT/F = {1e3 * thermal:.1f} mV",
    )


def interface_held(start: Quantity, end: Quantity) -> Verdict:
    """How far the interface drifted during the polarisation."""
    change = end.si / start.si - 1 if start.si else (math.inf if end.si else 0.0)
    return Verdict(
        "interface drift",
        abs(change) <= INTERFACE_DRIFT,
        f"the interface resistance changed by {100 * change:+.1f} % "
        f"(limit {100 * INTERFACE_DRIFT:.0f} %); the equation carries it if it changed slowly",
    )


def in_range(fraction: Quantity) -> Verdict:
    """Whether the fraction is one."""
    inside = fraction.value is not None and 0 < fraction.value <= 1
    return Verdict("within 0 to 1", inside, f"current fraction {fraction}")


def bias_recorded(record: Transient | None, bias: Quantity) -> list[Verdict]:
    """The step in the file against the bias that was stated.

    Raises:
        InputError: they differ by more than a fifth.
    """
    if record is None:
        return []
    ratio = abs(record.recorded_bias / bias.si)
    text = f"the file holds a step of {1e3 * record.recorded_bias:.3g} mV, bias is {bias.to('mV')}"
    if not 0.8 <= ratio <= 1.25:
        raise InputError(text, where="bias", remedy="set bias to the step that was applied")
    return [Verdict("bias as recorded", abs(ratio - 1) <= BIAS_AGREEMENT, text)]


def flags(fraction: Quantity, verdicts: Sequence[Verdict]) -> list[str]:
    """Flags of the fraction that follow from the verdicts."""
    named = {"linear response": "bias too large", "within 0 to 1": "outside range"}
    return [named[v.name] for v in verdicts if v.passed is False and v.name in named]
