"""What a parameter measures: the dimension it must have and the unit it is shown in.

A kind is an annotation: ``bias: Voltage = q("10 mV")``. The CLI, the study file and the
reference page read it; a static checker sees a :class:`Quantity`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from polylyte.core.quantities import Quantity


@dataclass(frozen=True)
class Kind:
    """``si`` is the unit of the value inside kernels, ``display`` the one people read."""

    name: str
    si: str
    display: str
    plain_number: bool = False
    """Whether a number without a unit is accepted (ratios, counts)."""

    def example(self, number: object = 1) -> str:
        """How one is written: ``5 um``; ``5`` for a ratio; ``5 K`` for a difference."""
        unit = {"1": "", "delta_degC": "K"}.get(self.display, self.display)
        return f"{number} {unit}".strip()


def _kind(name: str, si: str, display: str, plain_number: bool = False) -> Kind:
    return Kind(name, si, display, plain_number)


Length = Annotated[Quantity, _kind("length", "m", "um")]
Area = Annotated[Quantity, _kind("area", "m^2", "cm^2")]
Volume = Annotated[Quantity, _kind("volume", "m^3", "mL")]
Mass = Annotated[Quantity, _kind("mass", "kg", "g")]
ArealMass = Annotated[Quantity, _kind("mass per area", "kg/m^2", "mg/cm^2")]
ArealVolume = Annotated[Quantity, _kind("volume per area", "m", "uL/cm^2")]
Density = Annotated[Quantity, _kind("density", "kg/m^3", "g/cm^3")]
Amount = Annotated[Quantity, _kind("amount of substance", "mol", "mmol")]
MolarMass = Annotated[Quantity, _kind("molar mass", "kg/mol", "g/mol")]
Molality = Annotated[Quantity, _kind("molality", "mol/kg", "mol/kg")]
Molarity = Annotated[Quantity, _kind("molarity", "mol/m^3", "mol/L")]
MassFraction = Annotated[Quantity, _kind("mass fraction", "wt%", "wt%")]
VolumeFraction = Annotated[Quantity, _kind("volume fraction", "vol%", "vol%")]
AmountFraction = Annotated[Quantity, _kind("amount fraction", "mol%", "mol%")]
Ratio = Annotated[Quantity, _kind("ratio", "1", "1", plain_number=True)]
Percentage = Annotated[Quantity, _kind("ratio", "1", "%", plain_number=False)]
Time = Annotated[Quantity, _kind("time", "s", "s")]
Duration = Annotated[Quantity, _kind("time", "s", "h")]
Frequency = Annotated[Quantity, _kind("frequency", "Hz", "Hz")]
Temperature = Annotated[Quantity, _kind("temperature", "K", "degC")]
TemperatureDifference = Annotated[
    Quantity, _kind("temperature difference", "delta_degC", "delta_degC")
]
Voltage = Annotated[Quantity, _kind("voltage", "V", "mV")]
CellVoltage = Annotated[Quantity, _kind("voltage", "V", "V")]
Potential = Annotated[Quantity, _kind("potential against lithium", "V vs Li/Li+", "V vs Li/Li+")]
Current = Annotated[Quantity, _kind("current", "A", "uA")]
CurrentDensity = Annotated[Quantity, _kind("current density", "A/m^2", "mA/cm^2")]
CRate = Annotated[Quantity, _kind("C-rate", "C-rate", "C-rate")]
Charge = Annotated[Quantity, _kind("charge", "C", "mAh")]
Capacity = Annotated[Quantity, _kind("charge", "C", "Ah")]
ArealCapacity = Annotated[Quantity, _kind("areal capacity", "C/m^2", "mAh/cm^2")]
SpecificCapacity = Annotated[Quantity, _kind("specific capacity", "C/kg", "mAh/g")]
ElectrolyteToCapacity = Annotated[Quantity, _kind("mass per charge", "kg/C", "g/Ah")]
Resistance = Annotated[Quantity, _kind("resistance", "ohm", "ohm")]
ArealResistance = Annotated[Quantity, _kind("area-specific resistance", "ohm*m^2", "ohm cm^2")]
Conductivity = Annotated[Quantity, _kind("conductivity", "S/m", "mS/cm")]
MolarEnergy = Annotated[Quantity, _kind("molar energy", "J/mol", "kJ/mol")]
SpecificEnergy = Annotated[Quantity, _kind("specific energy", "J/kg", "Wh/kg")]
EnergyDensity = Annotated[Quantity, _kind("energy density", "J/m^3", "Wh/L")]
Money = Annotated[Quantity, _kind("cost", "USD", "USD")]
AnyQuantity = Annotated[Quantity, _kind("any quantity", "", "", plain_number=True)]
