"""Steady-state current fraction from a polarised symmetric cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from polylyte.analysis.transference import verdicts as check
from polylyte.analysis.transference.inputs import (
    Spectra,
    Transient,
    initial_quantity,
    ohmic_current,
    resistances,
    spectrum_table,
    steady_quantity,
)
from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import Area, Conductivity, Current, Length, Ratio, Resistance, Voltage
from polylyte.core.kinds import Temperature as TemperatureKind
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, derive, from_si, q
from polylyte.core.results import Result
from polylyte.core.tables import Table
from polylyte.instruments.spectra import ImpedanceSpectrum
from polylyte.instruments.transients import CurrentTransient

if TYPE_CHECKING:
    pass

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
        NotAnswerable: the resistance of the whole cell was given, the interface takes all of
            the bias, no steady state, a transient sampled too coarsely, no interface arc.
    """
    if bias.si == 0:
        raise InputError("is zero", where="bias", remedy="give the potential step, as in '10 mV'")
    record = Transient.of(polarization, bias)
    verdicts = check.bias_recorded(record, bias)
    lead = Spectra.of(before, after, circuit, impedance_accuracy)
    start, end = resistances(lead, initial_resistance, steady_resistance)
    more: dict[str, Quantity] = {}

    i_ss = steady_current
    if record is not None and i_ss is None:
        steady = record.steady()
        verdicts.append(check.is_steady(steady, steady_limit.si, record.minutes))
        i_ss = steady_quantity(steady, current_accuracy.si)
        more["steady_window"] = from_si(steady.begin, "s", how="measured")
    if i_ss is not None:
        check.refuse_whole_cell("steady", i_ss, end, bias, given=steady_resistance is not None)
    i_0 = initial_current
    if i_0 is None and initial == "ohmic":
        i_0 = ohmic_current(lead, bias)
    elif i_0 is None and record is not None and i_ss is not None:
        early = record.initial(i_ss.si, lead.charging)
        i_0 = initial_quantity(early, current_accuracy.si)
        more["early_window"] = from_si(early.end, "s", how="measured")
        more["first_sample"] = from_si(early.first, "uA", how="measured")
        verdicts.append(check.against_ohm(i_0, lead, bias))
    if i_0 is None or i_ss is None:
        name = "initial_current" if i_0 is None else "steady_current"
        raise InputError(f"{name} is missing", remedy=f"give polarization (a file) or {name}")
    # A cell polarised the other way has negative currents; the fraction is the same.
    if i_0.si < 0 and i_ss.si < 0:
        i_0, i_ss = i_0 * -1.0, i_ss * -1.0
    bias = bias * -1.0 if bias.si < 0 else bias

    if i_0.si * i_ss.si <= 0:
        raise InputError("the two currents differ in sign", where="steady_current")
    check.refuse_whole_cell("initial", i_0, start, bias, given=initial_resistance is not None)
    fraction = derive(
        current_fraction,
        "1",
        initial_current=i_0,
        steady_current=i_ss,
        initial_resistance=start,
        steady_resistance=end,
        bias=bias,
    )
    verdicts += [
        check.is_linear(bias, temperature.si),
        check.interface_held(start, end),
        check.in_range(fraction),
    ]
    fraction = fraction.flagged(*check.flags(fraction, verdicts))
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
        spectrum_before=None if before is None else spectrum_table(before),
        spectrum_after=None if after is None else spectrum_table(after),
        verdicts=tuple(verdicts),
        findings=tuple(lead.findings),
        warnings=tuple(v.text for v in verdicts if v.passed is False),
        more=more,
        text={"origin_of_resistance": lead.origin},
    )


def _conductivity(
    given: Quantity | None, thickness: Quantity | None, area: Quantity | None, spectra: Spectra
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
