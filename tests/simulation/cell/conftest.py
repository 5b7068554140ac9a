"""A card to start from, and the model it makes."""

from __future__ import annotations

from typing import Any

import pytest

from polylyte.materials.cells import Cell


@pytest.fixture
def card() -> Any:
    """Makes a card: LFP at 6 mg/cm2 on 20 um of 1 mS/cm and t+ 0.5; tables given replace these."""

    def make(**changes: Any) -> Cell:
        table: dict[str, Any] = {
            "stack": ["Li", "film", "LFP"],
            "cathode": {
                "material": "LFP",
                "loading": "6 mg/cm^2",
                "loading_of": "active",
                "active_fraction": "90 wt%",
                "porosity": 0.35,
            },
            "electrolyte": {
                "thickness": "20 um",
                "conductivity": "1 mS/cm",
                "transference_number": 0.5,
                "salt_concentration": "1 mol/L",
            },
        }
        for name, value in changes.items():
            if value is None:
                table.pop(name)
            elif isinstance(value, dict) and isinstance(table.get(name), dict):
                table[name] = {k: v for k, v in {**table[name], **value}.items() if v is not None}
            else:
                table[name] = value
        return Cell.from_toml(table, where="[cell.test]", name="test")

    return make
