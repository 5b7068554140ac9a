"""Steady-state current fraction from a polarised symmetric cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from polylyte.analysis.transference.interfaces import Interface, interface_resistance
from polylyte.analysis.transference.transients import (
    Charging,
    Initial,
    Steady,
    initial_current,
    steady_current,
)
from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import Area, Conductivity, Current, Length, Ratio, Resistance, Voltage
from polylyte.core.kinds import Temperature as TemperatureKind
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, derive, from_si, q
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.instruments.spectra import ImpedanceSpectrum
from polylyte.instruments.transients import CurrentTransient

if TYPE_CHECKING:
    from numpy.typing import NDArray

EVANS_1987 = Citation(
    "Evans1987",
    "Evans, J.; Vincent, C. A.; Bruce, P. G.",
    "Electrochemical measurement of transference numbers in polymer electrolytes",
    "Polymer",
    1987,
    "28",
    "2324–2328",
    "10.1016/0032-3861(87)90394-6",
)
BRUCE_1987 = Citation(
    "Bruce1987",
    "Bruce, P. G.; Vincent, C. A.",
    "Steady state current flow in solid binary electrolyte cells",
    "J. Electroanal. Chem. Interfacial Electrochem.",
    1987,
    "225",
    "1–17",
    "10.1016/0022-0728(87)80001-3",
)
BALSARA_2015 = Citation(
    "Balsara2015",
    "Balsara, N. P.; Newman, J.",
    "Relationship between Steady-State Current in Symmetric Cells and Transference Number of "
    "Electrolytes Comprising Univalent and Multivalent Ions",
    "J. Electrochem. Soc.",
    2015,
    "162",
    "A2720–A2722",
    "10.1149/2.0651514jes",
)
GALLUZZO_2019 = Citation(
    "Galluzzo2019",
    "Galluzzo, M. D.; Maslyn, J. A.; Shah, D. B.; Balsara, N. P.",
    "Ohm's law for ion conduction in lithium and beyond-lithium battery electrolytes",
    "J. Chem. Phys.",
    2019,
    "151",
    "020901",
    "10.1063/1.5109684",
)

GAS_CONSTANT = 8.31446261815324
FARADAY = 96485.33212

WHOLE_CELL = 0.05
"""Share of ΔV left for the electrolyte below which R_0 must be the whole cell's."""
INTERFACE_DRIFT = 0.2
OHMIC_AGREEMENT = 0.05
BIAS_AGREEMENT = 0.05


@dataclass(frozen=True, kw_only=True)
class TransferenceNumber(Result):
    """What the polarisation gave, and the test of each assumption behind it."""

    transference_number: Ratio = out("steady-state current fraction (t+ of an ideal electrolyte)")
    newman_number: Ratio = out("Newman's number, 1/fraction - 1")
    initial_current: Current = out("current before salt diffusion")
    steady_current: Current = out("current of the steady state")
    initial_resistance: Resistance = out("interface resistance before polarisation")
    steady_resistance: Resistance = out("interface resistance after polarisation")
    bias: Voltage = out("potential step")
    bulk_resistance: Resistance | None = out("resistance of the electrolyte", default=None)
    efficacy: Conductivity | None = out(
        "conductivity of the steady state, conductivity times current fraction", default=None
    )
    budget: Table = out("contributions to the uncertainty of the current fraction")
    transient: Table | None = out("current over time", default=None)
    spectrum_before: Table | None = out("impedance before polarisation", default=None)
    spectrum_after: Table | None = out("impedance after polarisation", default=None)


def current_fraction(
    *,
    initial_current: float,
    steady_current: float,
    initial_resistance: float,
    steady_resistance: float,
    bias: float,
) -> float:
    """t₊ = I_ss (ΔV - I_0 R_0) / [I_0 (ΔV - I_ss R_ss)], all in SI."""
    before = bias - initial_current * initial_resistance
    after = bias - steady_current * steady_resistance
    return steady_current * before / (initial_current * after)


def figure(result: TransferenceNumber) -> Sequence[Figure]:
    """The transient with its windows, and the spectra before and after."""
    figures = []
    if result.transient is not None:
        figures.append(_transient_figure(result, result.transient))
    nyquist = [
        Series(t.column("z_real"), [-y for y in t.column("z_imaginary")], label, "line+points")
        for label, t in (("before", result.spectrum_before), ("after", result.spectrum_after))
        if t is not None
    ]
    if nyquist:
        panel = Panel(nyquist, "Z′", "−Z″", "ohm", "ohm", equal=True)
        figures.append(
            Figure(
                "spectra",
                [panel],
                "Impedance of the symmetric cell before and after polarisation.",
                "Good: one depressed arc of the interface, nearly the same before and after. "
                "Bad: an arc that grew by more than a fifth, or a spectrum that ends inside it.",
            )
        )
    return figures


def _transient_figure(result: TransferenceNumber, table: Table) -> Figure:
    current = [1e6 * x for x in table.column("current")]
    shown = [Series(table.column("time"), current, "measured", "line")]
    marks = [
        Mark(1e6 * value.si, label, "y")
        for value, label in (
            (result.initial_current, "initial current"),
            (result.steady_current, "steady current"),
        )
        if value.value is not None
    ]
    for name, label in (("steady_window", "steady-state window"), ("early_window", "onset")):
        if name in result.more:
            marks.append(Mark(result.more[name].si, label, "x"))
    panel = Panel(shown, "Time", "Current", "s", "uA", marks=marks)
    return Figure(
        "transient",
        [panel],
        f"Current of the symmetric cell at {result.bias}: "
        f"current fraction {result.transference_number}.",
        "Good: a smooth fall to a plateau that fills the steady-state window. Bad: a current that "
        "still falls there, steps, or rises (a short).",
    )


@method(
    "transference.bruce_vincent",
    version=1,
    cites=[EVANS_1987, BRUCE_1987, BALSARA_2015, GALLUZZO_2019],
    figure=figure,
    prose="The lithium transference number was obtained as the steady-state current fraction of "
    "a symmetric lithium cell [Evans1987; Bruce1987]. Under a step of {bias} the current went from "
    "{initial_current} to {steady_current}; the interface resistance was {initial_resistance} "
    "before and {steady_resistance} after ({origin_of_resistance}). This gives "
    "{transference_number}, equal to the transference number only in an ideal electrolyte "
    "[Balsara2015].",
)
def bruce_vincent(
    *,
    polarization: CurrentTransient | None = None,
    before: ImpedanceSpectrum | None = None,
    after: ImpedanceSpectrum | None = None,
    initial_current: Current | None = None,
    steady_current: Current | None = None,
    initial_resistance: Resistance | None = None,
    steady_resistance: Resistance | None = None,
    bias: Voltage = q("10 mV"),
    initial: Literal["transient", "ohmic"] = "transient",
    circuit: str = "",
    temperature: TemperatureKind = q("25 degC"),
    thickness: Length | None = None,
    area: Area | None = None,
    conductivity: Conductivity | None = None,
    steady_limit: Ratio = q("2 %"),
    current_accuracy: Ratio = q("0.3 %"),
    impedance_accuracy: Ratio = q("1 %"),
) -> TransferenceNumber:
    """Steady-state current fraction, the lithium transference number of an ideal electrolyte.

    t₊ = I_ss (ΔV - I_0 R_0) / [I_0 (ΔV - I_ss R_ss)], where R_0 and R_ss are the resistances of
    the *interfaces* (both electrodes) before and after, not of the whole cell.

    Valid for ΔV well below RT/F, a binary electrolyte without interactions, and a steady state.
    In a real electrolyte the same number is the fraction ρ₊ of the ohmic current that is left,
    1/(1 + Ne) with Newman's number Ne; κρ₊ is the conductivity of the steady state.

    I_0 is extrapolated to t → 0+ by I_0·exp(h²t)·erfc(h√t), the law of diffusion behind a
    series resistance, fitted to the first third of the fall once the double layers are charged
    (with the spectrum before, what is left of their charging is part of the law);
    I_ss is the mean over the last tenth of the record. Each interface resistance is the sum of
    the arcs between 1e-8 and 1e-3 F of a fitted circuit.

    Parameters:
        polarization: current over time after the step
        before: spectrum of the cell before the step
        after: spectrum of the cell in the steady state
        initial_current: overrides the transient
        steady_current: overrides the transient
        initial_resistance: interface resistance; overrides the spectrum before
        steady_resistance: interface resistance; overrides the spectrum after
        bias: potential step ΔV
        initial: where the initial current comes from, the transient or ΔV over the resistance
            of electrolyte and interface in the spectrum before
        circuit: equivalent circuit of both spectra; chosen by AICc where empty
        temperature: of the cell, for RT/F
        thickness: of the electrolyte, for its conductivity
        area: of the electrodes, for its conductivity
        conductivity: of the electrolyte; overrides thickness, area and spectrum
        steady_limit: relative change left or still going on that ends a steady state
        current_accuracy: standard uncertainty of the ammeter's gain (assumed; see its manual)
        impedance_accuracy: standard uncertainty of the impedance's gain (assumed)

    Raises:
        InputError: an input is missing, or the recorded step is not ``bias``.
        NotAnswerable: the resistance of the whole cell was given, no steady state, a transient
            sampled too coarsely, no interface arc.
    """
    lead = _Spectra.of(before, after, circuit, impedance_accuracy)
    start, end = _resistances(lead, initial_resistance, steady_resistance)
    record = _Transient.of(polarization, bias)
    verdicts: list[Verdict] = []
    more: dict[str, Quantity] = {}

    i_ss = steady_current
    if record is not None and (i_ss is None or initial_current is None):
        steady = record.steady()
        if i_ss is None:
            verdicts.append(_is_steady(steady, steady_limit.si, record.minutes))
            i_ss = _steady_quantity(steady, current_accuracy.si)
            more["steady_window"] = from_si(steady.begin, "s", how="measured")
    i_0 = initial_current
    if i_0 is None and initial == "ohmic":
        i_0 = _ohmic(lead, bias)
    elif i_0 is None and record is not None and i_ss is not None:
        early = record.initial(i_ss.si, lead.charging)
        i_0 = _initial_quantity(early, current_accuracy.si)
        more["early_window"] = from_si(early.end, "s", how="measured")
        more["first_sample"] = from_si(early.first, "uA", how="measured")
        verdicts.append(_against_ohm(i_0, lead, bias))
    if i_0 is None or i_ss is None:
        name = "initial_current" if i_0 is None else "steady_current"
        raise InputError(f"{name} is missing", remedy=f"give polarization (a file) or {name}")
    # A cell polarised the other way has both currents negative.
    if i_0.si < 0 and i_ss.si < 0:
        i_0, i_ss = i_0 * -1.0, i_ss * -1.0

    _refuse_whole_cell(i_0, i_ss, start, end, bias, lead)
    fraction = derive(
        current_fraction,
        "1",
        initial_current=i_0,
        steady_current=i_ss,
        initial_resistance=start,
        steady_resistance=end,
        bias=bias,
    )
    kelvin = temperature.si
    verdicts += [
        _is_linear(bias, kelvin),
        _interface_held(start, end),
        _in_range(fraction),
        *_bias_recorded(record, bias),
    ]
    fraction = fraction.flagged(*_flags(fraction, verdicts))
    kappa = _conductivity(conductivity, thickness, area, lead)
    return TransferenceNumber(
        transference_number=fraction,
        newman_number=derive(lambda rho: 1 / rho - 1, "1", rho=fraction),
        initial_current=i_0.to("uA"),
        steady_current=i_ss.to("uA"),
        initial_resistance=start.to("ohm"),
        steady_resistance=end.to("ohm"),
        bias=bias.to("mV"),
        bulk_resistance=lead.bulk,
        efficacy=None
        if kappa is None
        else derive(lambda kappa, rho: kappa * rho, "mS/cm", kappa=kappa, rho=fraction),
        budget=_budget(fraction),
        transient=None if record is None else record.table(),
        spectrum_before=None if before is None else _spectrum_table(before),
        spectrum_after=None if after is None else _spectrum_table(after),
        verdicts=tuple(verdicts),
        findings=tuple(lead.findings),
        warnings=tuple(v.text for v in verdicts if v.passed is False),
        more=more,
        text={"origin_of_resistance": lead.origin},
    )


# ------------------------------------------------------------------------- the spectra


@dataclass(frozen=True)
class _Spectra:
    """What the two spectra gave; every part may be absent."""

    first: Interface | None
    second: Interface | None
    accuracy: float
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(
        cls,
        before: ImpedanceSpectrum | None,
        after: ImpedanceSpectrum | None,
        circuit: str,
        accuracy: Quantity,
    ) -> _Spectra:
        made: list[Interface | None] = []
        findings = []
        for name, spectrum in (("before", before), ("after", after)):
            if spectrum is None:
                made.append(None)
                continue
            fit = interface_resistance(
                spectrum.frequency, spectrum.impedance, circuit=circuit, where=name
            )
            made.append(fit)
            findings.append(
                Finding(
                    f"{fit.circuit}: electrolyte {fit.bulk:.4g} ohm, interface "
                    f"{fit.resistance:.4g} ohm, relative rms {fit.relative_rms:.2g}",
                    where=name,
                )
            )
        return cls(made[0], made[1], accuracy.si, tuple(findings))

    @property
    def charging(self) -> Charging | None:
        fit = self.first
        if fit is None:
            return None
        share = fit.resistance / (fit.resistance + fit.bulk)
        return Charging(share, fit.time, fit.exponent)

    def quantity(self, which: Literal["before", "after"]) -> Quantity | None:
        fit = self.first if which == "before" else self.second
        if fit is None:
            return None
        parts = {
            f"~interface fit {which}": fit.resistance_std,
            "~impedance gain": fit.resistance * self.accuracy,
        }
        return from_si(fit.resistance, "ohm", parts, how="measured")

    @property
    def bulk(self) -> Quantity | None:
        if self.first is None:
            return None
        parts = {
            "~electrolyte fit before": self.first.bulk_std,
            "~impedance gain": self.first.bulk * self.accuracy,
        }
        return from_si(self.first.bulk, "ohm", parts, how="measured")

    @property
    def origin(self) -> str:
        fits = [fit for fit in (self.first, self.second) if fit is not None]
        circuits = list(dict.fromkeys(fit.circuit for fit in fits))
        return f"fits of {' and '.join(circuits)}" if circuits else "as given"


def _resistances(
    spectra: _Spectra, initial: Quantity | None, steady: Quantity | None
) -> tuple[Quantity, Quantity]:
    start = initial or spectra.quantity("before")
    end = steady or spectra.quantity("after")
    if start is None or end is None:
        which, file = (
            ("initial_resistance", "before") if start is None else ("steady_resistance", "after")
        )
        raise InputError(
            f"{which} is missing",
            remedy=f"give {file} (an impedance file) or {which}, that of the interface",
        )
    return start, end


def _spectrum_table(spectrum: ImpedanceSpectrum) -> Table:
    z = spectrum.impedance
    return Table.of(
        {
            "frequency": spectrum.frequency.tolist(),
            "z_real": z.real.tolist(),
            "z_imaginary": z.imag.tolist(),
        },
        {"frequency": "Hz", "z_real": "ohm", "z_imaginary": "ohm"},
    )


# ----------------------------------------------------------------------- the transient


@dataclass(frozen=True)
class _Transient:
    """Samples after the onset; ``time`` counts from it."""

    time: NDArray[np.float64]
    current: NDArray[np.float64]
    recorded_bias: float
    """Mean potential minus that before the step, V."""

    @classmethod
    def of(cls, data: CurrentTransient | None, bias: Quantity) -> _Transient | None:
        if data is None:
            return None
        v = data.potential
        asked = v if data.applied is None else data.applied
        stepped = np.abs(asked - np.median(asked)) < 0.5 * abs(bias.si)
        first = int(np.argmax(stepped))
        # Rows before the step are the cell at rest; the step is counted from the last of them,
        # or from the file's own zero. A symmetric cell rests at 0 V.
        rest = float(v[:first].mean()) if first else 0.0
        onset = float(data.time[first - 1]) if first else min(0.0, float(data.time[0]))
        return cls(data.time[first:] - onset, data.current[first:], float(v[first:].mean()) - rest)

    @property
    def minutes(self) -> float:
        return float(self.time[-1]) / 60

    def steady(self) -> Steady:
        return steady_current(self.time, self.current)

    def initial(self, steady: float, charging: Charging | None) -> Initial:
        return initial_current(self.time, self.current, steady=steady, charging=charging)

    def table(self) -> Table:
        return Table.of(
            {"time": self.time.tolist(), "current": self.current.tolist()},
            {"time": "s", "current": "A"},
        )


def _steady_quantity(steady: Steady, accuracy: float) -> Quantity:
    parts = {
        "~current noise, steady state": steady.std,
        "~way left to the steady state": abs(steady.remaining),
        "~current gain": steady.value * accuracy,
    }
    return from_si(steady.value, "uA", {k: v for k, v in parts.items() if v}, how="measured")


def _initial_quantity(early: Initial, accuracy: float) -> Quantity:
    parts = {
        "~current noise, onset": early.std,
        "~current gain": early.value * accuracy,
    }
    return from_si(early.value, "uA", {k: v for k, v in parts.items() if v}, how="measured")


def _ohmic(spectra: _Spectra, bias: Quantity) -> Quantity:
    fit, bulk, interface = spectra.first, spectra.bulk, spectra.quantity("before")
    if fit is None or bulk is None or interface is None:
        raise InputError(
            "initial = 'ohmic' needs the spectrum before",
            remedy="give before (an impedance file), or initial_current",
        )
    return derive(lambda V, Rb, Ri: V / (Rb + Ri), "uA", V=bias, Rb=bulk, Ri=interface)


# -------------------------------------------------------------------------- the tests


def _is_steady(steady: Steady, limit: float, minutes: float) -> Verdict:
    size = abs(steady.value) or math.inf
    drift, left = steady.drift / size, steady.remaining / size
    drifting = abs(drift) > limit and abs(steady.drift) > 3 * steady.drift_std
    text = (
        f"over the last tenth of {minutes:.0f} min the current changed by {100 * drift:.2g} % "
        f"and is {100 * left:.2g} % from its asymptote (limit {100 * limit:.2g} %)"
    )
    if drifting or abs(left) > limit or not steady.bounded:
        reason = text if steady.bounded else f"{text}; no end of the fall lies within the record"
        raise NotAnswerable(
            f"there is no steady state: {reason}",
            where="polarization",
            remedy="polarise longer, give steady_current, or raise steady_limit",
        )
    return Verdict("steady state", True, text)


def _against_ohm(initial: Quantity, spectra: _Spectra, bias: Quantity) -> Verdict:
    name = "initial current against Ohm's law"
    if spectra.first is None:
        return Verdict(name, None, "no spectrum before the step to compare the onset with")
    ohmic = _ohmic(spectra, bias)
    difference = initial - ohmic if initial.si > 0 else initial * -1.0 - ohmic
    allowed = max(OHMIC_AGREEMENT * ohmic.si, 2 * (difference.to("A").std or 0.0))
    return Verdict(
        name,
        abs(difference.si) <= allowed,
        f"extrapolated {initial}, ΔV/(R_electrolyte + R_interface) = {ohmic}: "
        f"{100 * difference.si / ohmic.si:+.1f} %",
    )


def _refuse_whole_cell(
    i_0: Quantity, i_ss: Quantity, start: Quantity, end: Quantity, bias: Quantity, lead: _Spectra
) -> None:
    """Nothing of ΔV is left for the electrolyte: R is not that of the interface."""
    if i_0.si * i_ss.si <= 0 or bias.si == 0:
        raise InputError("the currents must have the same sign, and the bias one", where="currents")
    size = abs(bias.si)
    for when, current, resistance in (("before", i_0, start), ("after", i_ss, end)):
        left = 1 - current.si * resistance.si / size
        if left < WHOLE_CELL:
            whole = ""
            fit = lead.first
            if fit is not None and resistance.si > fit.resistance + 0.5 * fit.bulk:
                whole = f" (the spectrum gives {fit.resistance:.4g} ohm for the interface)"
            raise NotAnswerable(
                f"I·R {when} polarisation is {100 * (1 - left):.0f} % of the bias: {resistance} "
                f"is the resistance of the whole cell, not of its interfaces{whole}",
                where="initial_resistance" if when == "before" else "steady_resistance",
                remedy="give the diameter of the interface arc, without the electrolyte; if it is "
                "the interface's, the electrolyte's share is too small for this method",
            )


def _is_linear(bias: Quantity, kelvin: float) -> Verdict:
    thermal = GAS_CONSTANT * kelvin / FARADAY
    return Verdict(
        "linear response",
        abs(bias.si) <= thermal,
        f"bias {bias.to('mV')}, RT/F = {1e3 * thermal:.1f} mV",
    )


def _interface_held(start: Quantity, end: Quantity) -> Verdict:
    change = end.si / start.si - 1
    return Verdict(
        "interface drift",
        abs(change) <= INTERFACE_DRIFT,
        f"the interface resistance changed by {100 * change:+.1f} % "
        f"(limit {100 * INTERFACE_DRIFT:.0f} %); the equation carries it if it changed slowly",
    )


def _in_range(fraction: Quantity) -> Verdict:
    inside = fraction.value is not None and 0 < fraction.value <= 1
    return Verdict("within 0 to 1", inside, f"current fraction {fraction}")


def _bias_recorded(record: _Transient | None, bias: Quantity) -> list[Verdict]:
    if record is None:
        return []
    ratio = abs(record.recorded_bias / bias.si)
    text = f"the file holds a step of {1e3 * record.recorded_bias:.3g} mV, bias is {bias.to('mV')}"
    if not 0.8 <= ratio <= 1.25:
        raise InputError(text, where="bias", remedy="set bias to the step that was applied")
    return [Verdict("bias as recorded", abs(ratio - 1) <= BIAS_AGREEMENT, text)]


def _flags(fraction: Quantity, verdicts: Sequence[Verdict]) -> list[str]:
    named = {"linear response": "bias too large", "within 0 to 1": "outside range"}
    return [named[v.name] for v in verdicts if v.passed is False and v.name in named]


# ----------------------------------------------------------------------- the answers


def _conductivity(
    given: Quantity | None, thickness: Quantity | None, area: Quantity | None, spectra: _Spectra
) -> Quantity | None:
    if given is not None:
        return given
    if thickness is None or area is None or spectra.bulk is None:
        return None
    return derive(lambda L, A, R: L / (A * R), "mS/cm", L=thickness, A=area, R=spectra.bulk)


def _budget(fraction: Quantity) -> Table:
    """Each source's part of the uncertainty and of the variance, the largest first."""
    parts = sorted(fraction.components.items(), key=lambda item: -abs(item[1]))
    total = math.fsum(part * part for _, part in parts) or 1.0
    return Table.of(
        {
            "source": [source.lstrip("~") for source, _ in parts],
            "contribution": [part for _, part in parts],
            "share": [100 * part * part / total for _, part in parts],
        },
        {"contribution": "1", "share": "%"},
        note="contributions are signed; the share is that of the variance",
    )
