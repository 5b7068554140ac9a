"""A sample of known truth: what a virtual instrument measures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from polylyte.core.canonical import plain
from polylyte.core.errors import InputError, nearest
from polylyte.core.quantities import Quantity, q, require
from polylyte.core.sections import section

GAS_CONSTANT = 8.31446261815324
VACUUM_PERMITTIVITY = 8.8541878188e-12


def _assumed(text: str) -> Quantity:
    return q(text, how="assumed")


@section("sample")
@dataclass(frozen=True, kw_only=True)
class Sample:
    """An electrolyte film and its lithium interface. Every default is an assumption.

    The film: ``conductivity`` at ``reference_temperature`` follows Arrhenius' law with
    ``activation_energy``, σ(T) = σ_ref exp[-E_a/R (1/T - 1/T_ref)], or, where ``vtf_energy`` is
    given instead, Vogel's, σ(T) = σ_ref exp[-B/R (1/(T - T0) - 1/(T_ref - T0))] with
    B = ``vtf_energy`` and T0 = ``vtf_temperature``; no √T factor in either.
    ``salt_diffusivity`` is that of the salt and follows σ·T (Nernst–Einstein).

    The interface: ``interface_resistance`` is the area-specific resistance of *both*
    interfaces of a Li|Li cell together, 1/R Arrhenius with ``interface_activation_energy``;
    R·C of resistance and ``interface_capacitance`` is its relaxation time, spread by
    ``interface_exponent`` (constant phase element). ``interface_drift`` is its relative change
    during a polarisation. The blocking electrodes are one constant phase element,
    ``blocking_capacitance`` at 1 rad/s, both electrodes together.

    ``coulombic_efficiency`` is that of each plating of lithium on copper after a conditioning
    cycle, whose own is ``conditioning_efficiency``; ``plating_overpotential`` is that of the
    Li|Cu cell at the current used.
    """

    name: str = ""
    conductivity: Quantity = _assumed("1 mS/cm")
    reference_temperature: Quantity = _assumed("25 degC")
    activation_energy: Quantity = _assumed("30 kJ/mol")
    vtf_energy: Quantity | None = None
    vtf_temperature: Quantity | None = None
    relative_permittivity: Quantity = _assumed("10")
    transference_number: Quantity = _assumed("0.4")
    salt_diffusivity: Quantity = _assumed("1e-7 cm^2/s")
    interface_resistance: Quantity = _assumed("100 ohm cm^2")
    interface_activation_energy: Quantity = _assumed("50 kJ/mol")
    interface_capacitance: Quantity = _assumed("5 uF/cm^2")
    interface_exponent: Quantity = _assumed("0.85")
    interface_drift: Quantity = _assumed("0")
    blocking_capacitance: Quantity = _assumed("10 uF/cm^2")
    blocking_exponent: Quantity = _assumed("0.9")
    thickness: Quantity = _assumed("100 um")
    area: Quantity = _assumed("1 cm^2")
    coulombic_efficiency: Quantity = _assumed("99 %")
    conditioning_efficiency: Quantity = _assumed("95 %")
    plating_overpotential: Quantity = _assumed("40 mV")

    @classmethod
    def from_toml(cls, table: Mapping[str, Any], *, where: str, name: str) -> Sample:
        """Build from ``[sample.NAME]``; keys are the fields of this class.

        Raises:
            InputError: an unknown key, a wrong dimension or an impossible value.
        """
        known = [f.name for f in fields(cls) if f.name != "name"]
        values: dict[str, Quantity] = {}
        for key, raw in table.items():
            if key not in known:
                raise InputError(f"unknown key '{key}'", where=where, remedy=nearest(key, known))
            values[key] = _field(raw, key, where=f"{where}.{key}", source=f"sample.{name}.{key}")
        sample = cls(name=name, **values)
        sample.check(where)
        return sample

    def to_key(self) -> Any:
        """Plain content; the name is part of it because it names the files."""
        return {f.name: plain(getattr(self, f.name)) for f in fields(self)}

    def check(self, where: str = "sample") -> None:
        """Refuse what no sample can be.

        Raises:
            InputError: names the field.
        """
        if (self.vtf_energy is None) != (self.vtf_temperature is None):
            raise InputError("vtf_energy and vtf_temperature come together", where=where)
        for name in ("conductivity", "thickness", "area", "salt_diffusivity"):
            if getattr(self, name).si <= 0:
                raise InputError("must be positive", where=f"{where}.{name}")
        if not 0 < self.transference_number.si <= 1:
            raise InputError("lies outside 0 to 1", where=f"{where}.transference_number")
        for name in ("interface_exponent", "blocking_exponent"):
            if not 0.5 <= getattr(self, name).si <= 1:
                raise InputError("lies outside 0.5 to 1", where=f"{where}.{name}")
        for name in ("coulombic_efficiency", "conditioning_efficiency"):
            if not 0 < getattr(self, name).si <= 1:
                raise InputError("lies outside 0 to 100 %", where=f"{where}.{name}")

    def conductivity_at(self, temperature: float) -> float:
        """σ in S/m at ``temperature`` in K.

        Raises:
            InputError: at or below the Vogel temperature.
        """
        reference = self.reference_temperature.si
        if self.vtf_energy is None or self.vtf_temperature is None:
            return self.conductivity.si * _arrhenius(self.activation_energy, temperature, reference)
        vogel = self.vtf_temperature.si
        if min(temperature, reference) <= vogel:
            raise InputError(
                f"{temperature:.2f} K is not above the Vogel temperature {vogel:.2f} K",
                where=f"sample.{self.name}",
            )
        return self.conductivity.si * math.exp(
            -self.vtf_energy.si
            / GAS_CONSTANT
            * (1 / (temperature - vogel) - 1 / (reference - vogel))
        )

    def bulk_resistance_at(self, temperature: float) -> float:
        """Resistance of the film, Ω."""
        return self.thickness.si / (self.conductivity_at(temperature) * self.area.si)

    def interface_resistance_at(self, temperature: float) -> float:
        """Resistance of both interfaces of a Li|Li cell, Ω."""
        factor = _arrhenius(
            self.interface_activation_energy, temperature, self.reference_temperature.si
        )
        return self.interface_resistance.si / (self.area.si * factor)

    def diffusion_time_at(self, temperature: float) -> float:
        """(L/2)²/D, s: D follows σ·T."""
        reference = self.reference_temperature.si
        growth = self.conductivity_at(temperature) / self.conductivity.si * temperature / reference
        return (self.thickness.si / 2) ** 2 / (self.salt_diffusivity.si * growth)

    @property
    def bulk_capacitance(self) -> float:
        """Geometric capacitance of the film, F."""
        film = self.relative_permittivity.si * VACUUM_PERMITTIVITY * self.area.si
        return film / self.thickness.si


def _arrhenius(energy: Quantity, temperature: float, reference: float) -> float:
    return math.exp(-energy.si / GAS_CONSTANT * (1 / temperature - 1 / reference))


_UNITS = {
    "conductivity": "S/m",
    "reference_temperature": "K",
    "activation_energy": "J/mol",
    "vtf_energy": "J/mol",
    "vtf_temperature": "K",
    "salt_diffusivity": "m^2/s",
    "interface_resistance": "ohm*m^2",
    "interface_activation_energy": "J/mol",
    "interface_capacitance": "F/m^2",
    "blocking_capacitance": "F/m^2",
    "thickness": "m",
    "area": "m^2",
    "plating_overpotential": "V",
}
"""Fields that are not ratios."""


def _field(raw: Any, key: str, *, where: str, source: str) -> Quantity:
    if isinstance(raw, Quantity):
        value = raw
    elif isinstance(raw, int | float) and not isinstance(raw, bool) and key not in _UNITS:
        value = Quantity(float(raw), "1")
    elif isinstance(raw, str):
        try:
            value = q(raw, source=source)
        except InputError as error:
            raise (error if error.where else error.at(where)) from None
    else:
        unit = _UNITS.get(key, "1")
        raise InputError(f"{raw!r} is not a quantity", where=where, remedy=f"give it in {unit}")
    return require(value, _UNITS.get(key, "1"), where=where)
