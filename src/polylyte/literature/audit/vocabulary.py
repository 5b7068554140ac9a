"""Names of what a paper says about one thing, and the unit each is usually printed in.

A name here lets the engine find the relations by itself: a record with
``initial_capacity``, ``final_capacity`` and ``retention`` is checked for retention. An empty
unit: any unit.
"""

from __future__ import annotations

NUMBERS = {
    # cathode
    "active_loading": "mg/cm^2", "coating_loading": "mg/cm^2", "active_fraction": "wt%",
    "areal_capacity": "mAh/cm^2", "specific_capacity": "mAh/g", "one_c_current": "mA/g",
    # anode, electrolyte, balance
    "anode_thickness": "um", "anode_areal_capacity": "mAh/cm^2", "np_ratio": "1",
    "ec_ratio": "", "electrolyte_volume": "uL", "electrolyte_areal_volume": "uL/cm^2",
    "thickness": "um", "areal_mass": "mg/cm^2", "areal_volume": "uL/cm^2", "density": "g/cm^3",
    # cycling
    "initial_capacity": "mAh/g", "final_capacity": "mAh/g", "retention": "%", "cycles": "1",
    "decay": "", "coulombic_efficiency": "%", "before": "", "after": "", "reduction": "%",
    "reservoir_capacity": "mAh/cm^2", "cycled_capacity": "mAh/cm^2", "ce_cycles": "1",
    "ce_aurbach": "%",
    # symmetric cells
    "current_density": "mA/cm^2", "plated_capacity": "mAh/cm^2", "step_time": "h",
    # energy
    "average_voltage": "V", "total_mass": "mg/cm^2", "total_thickness": "um",
    "specific_energy": "Wh/kg", "energy_density": "Wh/L", "cell_capacity": "Ah",
    # transport and polymers
    "conductivity": "mS/cm", "transference_number": "1", "temperature": "degC",
    "repeat_unit_mass": "g/mol", "molar_mass": "g/mol", "degree_of_polymerization": "1",
    "redox_potential": "V", "onset_temperature": "degC", "runaway_temperature": "degC",
    # models
    "flux": "mol/m^2/s", "overpotential": "V", "domain_length": "um", "diffusivity": "m^2/s",
    "salt_concentration": "mol/L", "gradient_energy": "J/m", "barrier_height": "J/m^3",
    # composition (columns of a table with an element or component column)
    "weight_fraction": "wt%", "atomic_fraction": "at%", "amount_fraction": "mol%",
    "volume_fraction": "vol%",
    # images
    "pixel_size": "um", "binning": "1", "spatial_resolution": "um",
    # references
    "year": "1", "volume": "1",
}  # fmt: skip
SIZES = (
    "cathode_size", "anode_size", "separator_size", "electrolyte_size", "area", "field_of_view",
    "pixels",
)  # fmt: skip
TEXTS = (
    "material", "cathode", "anode", "electrolyte", "element", "component", "sample", "reference",
    "formula", "repeat_unit", "criterion", "instrument", "journal",
)  # fmt: skip
RESULTS = (
    "retention", "final_capacity", "initial_capacity", "decay", "coulombic_efficiency",
    "conductivity", "transference_number", "specific_energy", "energy_density",
    "onset_temperature", "runaway_temperature", "areal_capacity",
)  # fmt: skip
"""What two rows of the same conditions must not give differently."""
