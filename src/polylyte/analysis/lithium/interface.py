"""Interface resistance of symmetric lithium cells, one value per spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polylyte.analysis.transference.interfaces import Interface, interface_resistance
from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import Area, Ratio
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, derive, from_si, q
from polylyte.core.results import Finding, Result
from polylyte.core.tables import Table
from polylyte.instruments.spectra import ImpedanceSpectrum

IRVINE_1990 = Citation(
    "Irvine1990",
    "Irvine, J. T. S.; Sinclair, D. C.; West, A. R.",
    "Electroceramics: Characterization by Impedance Spectroscopy",
    "Adv. Mater.",
    1990,
    "2",
    "132–138",
    "10.1002/adma.19900020304",
)
GAIN = "~impedance gain"
"""One calibration for all spectra: it moves every resistance alike, and no activation energy."""


@dataclass(frozen=True, kw_only=True)
class InterfaceResistance(Result):
    """``resistance`` goes into ``transport.activation`` for the activation energy of the SEI."""

    number_of_spectra: Ratio = out("spectra analysed")
    resistance: Table = out("temperature and interface resistance of each spectrum")
    spectra: Table = out("measured and fitted impedance")


def figure(result: InterfaceResistance) -> list[Figure]:
    """Nyquist plots with fits."""
    frame = result.spectra.frame
    series: list[Series] = []
    for color, (name,) in enumerate(frame.select("spectrum").unique(maintain_order=True).rows()):
        rows = frame.filter(frame["spectrum"] == name)
        measured = (rows["real"].to_list(), (-rows["imaginary"]).to_list())
        fitted = (rows["fitted_real"].to_list(), (-rows["fitted_imaginary"]).to_list())
        series.append(Series(*measured, str(name), color=color))
        series.append(Series(*fitted, "", "line", color=color))
    return [
        Figure(
            "interfaces",
            [Panel(series, "Z′", "−Z″", "ohm", "ohm", equal=True)],
            "Impedance between lithium electrodes (points) and fits (lines).",
            "Good: one arc that shrinks on heating and is whole within the frequency range. Bad: "
            "an arc cut off at low frequency.",
        )
    ]


@method(
    "lithium.interface",
    version=1,
    cites=[IRVINE_1990],
    figure=figure,
    prose="The interface resistance of symmetric lithium cells was taken from {number_of_spectra} "
    "impedance spectra as the sum of the arcs between 1e-8 and 1e-3 F [Irvine1990] of fits with "
    "{circuits}.",
)
def interface(
    *,
    spectra: list[ImpedanceSpectrum],
    area: Area | None = None,
    circuit: str = "",
    impedance_accuracy: Ratio = q("1 %"),
) -> InterfaceResistance:
    """Resistance of both interfaces of Li|electrolyte|Li, told apart from the electrolyte's.

    R_interface = Σ R of the parallel arcs whose effective capacitance (R Q)^(1/n)/R lies between
    1e-8 and 1e-3 F; less is the film, more is diffusion. Several circuits are tried and weighed
    by AICc where none is named. Valid where the arc closes within the frequency range.

    Parameters:
        spectra: one per temperature, or of several cells
        area: of one electrode, for the area-specific resistance
        circuit: as in R0-p(R1,CPE1)-W1; chosen by AICc where empty
        impedance_accuracy: standard uncertainty of the gain that all spectra share (assumed)

    Raises:
        InputError: no spectra.
        NotAnswerable: no spectrum determines an interface arc.
    """
    if not spectra:
        raise InputError("no spectra are given", where="spectra", remedy="name at least one file")
    read: list[tuple[ImpedanceSpectrum, Interface]] = []
    findings = []
    for spectrum in spectra:
        try:
            fit = interface_resistance(
                spectrum.frequency, spectrum.impedance, circuit=circuit, where=spectrum.name or None
            )
        except NotAnswerable as refusal:
            findings.append(Finding(str(refusal), "warning", where=spectrum.name))
        else:
            read.append((spectrum, fit))
    if not read:
        raise NotAnswerable(findings[0].text, where="spectra")
    circuits = list(dict.fromkeys(fit.circuit for _, fit in read))
    return InterfaceResistance(
        number_of_spectra=Quantity(len(read), "1", how="measured"),
        resistance=_table(read, area, impedance_accuracy.si),
        spectra=_spectra(read),
        more=_named(read, impedance_accuracy.si),
        findings=tuple(findings),
        warnings=tuple(finding.text for finding in findings),
        text={"circuits": " and ".join(circuits)},
    )


def _resistance(fit: Interface, accuracy: float, source: str = "~fit[*]") -> Quantity:
    parts = {source: fit.resistance_std, GAIN: accuracy * fit.resistance}
    return from_si(fit.resistance, "ohm", parts, how="measured")


def _celsius(spectrum: ImpedanceSpectrum) -> float | None:
    temperature = spectrum.conditions.get("temperature")
    return None if temperature is None else temperature.si - 273.15


def _named(
    read: Sequence[tuple[ImpedanceSpectrum, Interface]], accuracy: float
) -> dict[str, Quantity]:
    """One quantity per temperature that only one spectrum has."""
    named: dict[str, Quantity] = {}
    temperatures = [_celsius(spectrum) for spectrum, _ in read]
    for (_, fit), celsius in zip(read, temperatures, strict=True):
        if (
            celsius is not None
            and sum(abs(celsius - t) < 0.5 for t in temperatures if t is not None) == 1
        ):
            at = f"{round(celsius, 1) + 0.0:g}degC"
            named[f"resistance@{at}"] = _resistance(fit, accuracy, f"~fit at {at}")
    return named


def _table(
    read: Sequence[tuple[ImpedanceSpectrum, Interface]], area: Quantity | None, accuracy: float
) -> Table:
    columns = {"resistance": [_resistance(fit, accuracy) for _, fit in read]}
    if area is not None:
        columns["area_specific_resistance"] = [
            derive(lambda R, A: R * A, "ohm cm^2", R=R, A=area) for R in columns["resistance"]
        ]
    return Table.of_quantities(
        {
            "spectrum": [spectrum.name for spectrum, _ in read],
            "temperature": [_celsius(spectrum) for spectrum, _ in read],
            "electrolyte_resistance": [fit.bulk for _, fit in read],
            "circuit": [fit.circuit for _, fit in read],
        },
        columns,
        {"temperature": "degC", "electrolyte_resistance": "ohm"},
    )


def _spectra(read: Sequence[tuple[ImpedanceSpectrum, Interface]]) -> Table:
    names, frequency, measured, fitted = [], [], [], []
    for number, (spectrum, found) in enumerate(read, 1):
        data = found.fit.data
        names += [spectrum.name or f"spectrum {number}"] * len(data.frequency)
        frequency += data.frequency.tolist()
        measured += data.impedance.tolist()
        fitted += found.fit.fitted.tolist()
    return Table.of(
        {
            "spectrum": names,
            "frequency": frequency,
            "real": [z.real for z in measured],
            "imaginary": [z.imag for z in measured],
            "fitted_real": [z.real for z in fitted],
            "fitted_imaginary": [z.imag for z in fitted],
        },
        {"frequency": "Hz"}
        | dict.fromkeys(("real", "imaginary", "fitted_real", "fitted_imaginary"), "ohm"),
    )
