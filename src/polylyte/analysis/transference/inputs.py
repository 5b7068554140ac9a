"""What the files of a polarisation give: resistances from spectra, currents from a transient."""

from __future__ import annotations

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
from polylyte.core.errors import InputError
from polylyte.core.quantities import Quantity, derive, from_si
from polylyte.core.results import Finding
from polylyte.core.tables import Table
from polylyte.instruments.spectra import ImpedanceSpectrum
from polylyte.instruments.transients import CurrentTransient

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Spectra:
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
    ) -> Spectra:
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


def resistances(
    spectra: Spectra, initial: Quantity | None, steady: Quantity | None
) -> tuple[Quantity, Quantity]:
    """Interface resistance before and after: the number given, else that of the spectrum.

    Raises:
        InputError: neither is there.
    """
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


def spectrum_table(spectrum: ImpedanceSpectrum) -> Table:
    """The spectrum as measured, for the report."""
    z = spectrum.impedance
    return Table.of(
        {
            "frequency": spectrum.frequency.tolist(),
            "z_real": z.real.tolist(),
            "z_imaginary": z.imag.tolist(),
        },
        {"frequency": "Hz", "z_real": "ohm", "z_imaginary": "ohm"},
    )


@dataclass(frozen=True)
class Transient:
    """Samples after the onset; ``time`` counts from it."""

    time: NDArray[np.float64]
    current: NDArray[np.float64]
    recorded_bias: float
    """Mean potential minus that before the step, V."""

    @classmethod
    def of(cls, data: CurrentTransient | None, bias: Quantity) -> Transient | None:
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


def steady_quantity(steady: Steady, accuracy: float) -> Quantity:
    """Steady current with its noise, the way left to its asymptote, and the gain."""
    parts = {
        "~current noise, steady state": steady.std,
        "~way left to the steady state": abs(steady.remaining),
        "~current gain": steady.value * accuracy,
    }
    return from_si(steady.value, "uA", {k: v for k, v in parts.items() if v}, how="measured")


def initial_quantity(early: Initial, accuracy: float) -> Quantity:
    """Current at the onset with its noise and the gain."""
    parts = {
        "~current noise, onset": early.std,
        "~current gain": early.value * accuracy,
    }
    return from_si(early.value, "uA", {k: v for k, v in parts.items() if v}, how="measured")


def ohmic_current(spectra: Spectra, bias: Quantity) -> Quantity:
    """ΔV/(R_electrolyte + R_interface) from the spectrum before.

    Raises:
        InputError: there is no spectrum before, or no electrolyte in it.
    """
    fit, bulk, interface = spectra.first, spectra.bulk, spectra.quantity("before")
    if fit is None or bulk is None or interface is None:
        raise InputError(
            "initial = 'ohmic' needs the spectrum before",
            remedy="give before (an impedance file), or initial_current",
        )
    return derive(lambda V, Rb, Ri: V / (Rb + Ri), "uA", V=bias, Rb=bulk, Ri=interface)
