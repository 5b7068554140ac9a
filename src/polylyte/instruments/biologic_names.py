"""EC-Lab's column headings and what they are called here, for its text and its binary files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from polylyte.instruments.grids import Column

NAMES: Mapping[str, str] = {
    "freq": "frequency", "Re(Z)": "z_real", "-Im(Z)": "z_imaginary", "|Z|": "z_modulus",
    "Phase(Z)": "z_phase", "time": "time", "Ewe": "potential", "<Ewe>": "potential",
    "Ecell": "cell_potential", "<Ecell>": "cell_potential", "Ewe-Ece": "cell_potential",
    "<Ewe-Ece>": "cell_potential", "Ece": "counter_potential", "<Ece>": "counter_potential",
    "I": "current", "<I>": "current", "control": "control", "dq": "charge_increment",
    "dQ": "charge_increment", "(Q-Qo)": "charge", "Q charge/discharge": "half_cycle_charge",
    "half cycle": "half_cycle", "cycle number": "cycle", "Ns": "step",
    "Temperature": "temperature", "|Energy|": "energy", "P": "power", "R": "resistance",
    "Q charge": "charge_capacity", "Q discharge": "discharge_capacity", "Capacity": "capacity",
    "Energy charge": "charge_energy", "Energy discharge": "discharge_energy",
    "Capacitance charge": "charge_capacitance", "Capacitance discharge": "discharge_capacitance",
    "Efficiency": "efficiency", "Cs": "series_capacitance", "Cp": "parallel_capacitance",
    "|Ewe|": "potential_amplitude", "|I|": "current_amplitude", "I Range": "current_range",
    "mode": "mode", "ox/red": "oxidation", "error": "error", "control changes": "control_changes",
    "Ns changes": "step_changes", "counter inc.": "counter_increments", "flags": "flags",
    "x": "insertion", "step time": "step_time", "|Ece|": "counter_amplitude",
    "Re(Zce)": "counter_z_real", "-Im(Zce)": "counter_z_imaginary", "|Zce|": "counter_z_modulus",
    "Phase(Zce)": "counter_z_phase", "Re(Zwe-ce)": "cell_z_real", "-Im(Zwe-ce)": "cell_z_imaginary",
    "|Zwe-ce|": "cell_z_modulus", "Phase(Zwe-ce)": "cell_z_phase", "Rcmp": "compensated_resistance",
    "Rapp": "apparent_resistance", "Analog IN 1": "analog_1", "Analog IN 2": "analog_2",
    "Analog IN 3": "analog_3", "z cycle": "z_cycle", "Re(Y)": "y_real", "Im(Y)": "y_imaginary",
    "|Y|": "y_modulus", "Phase(Y)": "y_phase",
    "Energy we": "energy", "Energy we charge": "charge_energy",
    "Energy we discharge": "discharge_energy", "Energy ce charge": "counter_charge_energy",
    "Energy ce discharge": "counter_discharge_energy", "Energy we-ce charge": "cell_charge_energy",
    "Energy we-ce discharge": "cell_discharge_energy", "Pwe": "power", "Pce": "counter_power",
    "Pwe-ce": "cell_power", "Rwe": "resistance", "Rce": "counter_resistance",
    "Rwe-ce": "cell_resistance", "Rac": "ac_resistance", "Rdc": "dc_resistance",
    "Tan(Delta)": "loss_tangent", "Loss Angle(Delta)": "loss_angle",
    "Acir/Dcir Control": "resistance_control",
    **{f"{part}({letter})": f"{word}_{tidy}"
       for letter, word in (("C", "capacitance"), ("M", "modulus"),
                            ("Permittivity", "permittivity"), ("Resistivity", "resistivity"),
                            ("Conductivity", "conductivity"))
       for part, tidy in (("Re", "real"), ("Im", "imaginary"), ("Phase", "phase"))},
    "|C|": "capacitance_modulus", "|M|": "modulus_modulus",
    **{f"|{word}|": f"{word.lower()}_modulus"
       for word in ("Permittivity", "Resistivity", "Conductivity")},
    **{f"{kind} {of}": f"{kind.lower()}_{of.lower()}"
       for kind in ("THD", "NSD", "NSR") for of in ("Ewe", "Ece", "I")},
    **{f"|{of} h{order}|": f"{of.lower()}_harmonic_{order}"
       for of in ("Ewe", "Ece", "I") for order in range(2, 8)},
}  # fmt: skip
"""EC-Lab's quantities by their tidy names; the binary format uses the same words."""
UNITS: Mapping[str, tuple[str, float]] = {
    "Hz": ("Hz", 1.0), "Ohm": ("ohm", 1.0), "Ohm-1": ("S", 1.0), "deg": ("deg", 1.0),
    "s": ("s", 1.0), "V": ("V", 1.0), "mV": ("V", 1e-3), "A": ("A", 1.0), "mA": ("A", 1e-3),
    "µA": ("A", 1e-6), "C": ("C", 1.0), "mC": ("C", 1e-3), "mA.h": ("C", 3.6), "A.h": ("C", 3600.0),
    "W": ("W", 1.0), "W.h": ("J", 3600.0), "°C": ("degC", 1.0), "F": ("F", 1.0), "µF": ("F", 1e-6),
    "%": ("%", 1.0), "nF": ("F", 1e-9), "Ohm.cm": ("ohm*cm", 1.0), "mS/cm": ("mS/cm", 1.0),
}  # fmt: skip
_CONTROLS = {"V": "control_potential", "A": "control_current"}


def column(raw: str) -> Column:
    """An EC-Lab column heading: ``-Im(Z)/Ohm``, ``Q charge/discharge/mA.h``, ``ox/red``."""
    # Some versions write "<Ewe/V>" for "<Ewe>/V".
    heading = re.sub(r"^<([^/<>]+)/([^<>]+)>$", r"<\1>/\2", raw.strip())
    for cut in _cuts(heading):
        name, unit = heading[:cut], heading[cut + 1 :]
        if name in NAMES:
            # A unit not known here ("V/mA" of a column that changes its meaning) is left out.
            tidy, factor = UNITS.get(_mended(unit), ("", 1.0))
            own = _CONTROLS.get(tidy, NAMES[name]) if name == "control" else NAMES[name]
            return Column(own, tidy, -factor if name.startswith("-Im(") else factor)
    return Column(heading, known=False)


def _cuts(heading: str) -> list[int]:
    """Where a name may end, the longest first."""
    return [len(heading), *sorted((m.start() for m in re.finditer("/", heading)), reverse=True)][:4]


def _mended(unit: str) -> str:
    """Units whose one letter beyond ASCII was lost in a re-save, or is the other micro sign."""
    unit = unit.replace("μ", "µ")
    return {"\ufffdC": "°C", "\ufffdF": "µF", "\ufffdA": "µA"}.get(unit, unit)
