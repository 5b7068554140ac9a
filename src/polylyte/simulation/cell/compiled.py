"""Compile the model before it is asked for."""

from __future__ import annotations

from typing import Any

_CELL: dict[str, Any] = {
    "format": "pouch",
    "temperature": "85 degC",
    "cathode": {
        "material": "LFP",
        "loading": "5 mg/cm^2",
        "loading_of": "active",
        "active_fraction": "80 wt%",
        "specific_capacity": "150 mAh/g",
        "thickness": "40 um",
    },
    "anode": {"material": "Li", "thickness": "50 um"},
    "electrolyte": {"material": "LiTFSI-PEO", "thickness": "20 um"},
}


def ready() -> None:
    """Compile the model, or read what was compiled before, by discharging a small cell."""
    from polylyte.core.quantities import q
    from polylyte.materials.cells import Cell
    from polylyte.simulation.cell.discharge import discharge

    discharge(
        cell=Cell.from_toml(_CELL, where="compile", name="small"), rate=q("1 C-rate"), grid=10
    )
