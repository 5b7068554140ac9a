"""Uncertainty carried through a simulation, against what follows without one."""

from __future__ import annotations

from typing import Any

import pytest

from polylyte.core.quantities import q
from polylyte.simulation.cell.discharge import discharge

HOT = q("60 degC")


def test_a_cell_that_delivers_all_has_the_loadings_uncertainty(card: Any) -> None:
    """At 0.05C everything is delivered: areal capacity goes with the loading, per mass not."""
    cell = card(cathode={"loading": "6.0 ± 0.3 mg/cm^2"})
    result = discharge(cell=cell, rate=q("0.05 C-rate"), temperature=HOT)
    areal, specific = result.areal_capacity, result.specific_capacity
    assert areal.std is not None
    assert areal.value is not None
    assert specific is not None
    assert areal.std / areal.value == pytest.approx(0.05, rel=1e-2)
    assert (specific.std or 0.0) / specific.si < 1e-3
    assert result.sensitivities is not None
    assert result.sensitivities.column("input") == ["cell.cathode.loading"]


def test_the_current_itself_may_be_uncertain(card: Any) -> None:
    """At a slow rate the time goes as one over the current."""
    result = discharge(cell=card(), current=q("0.050 ± 0.001 mA/cm^2"), temperature=HOT)
    assert result.duration.std is not None
    assert result.duration.value is not None
    assert result.duration.std / result.duration.value == pytest.approx(0.02, rel=2e-2)


def test_shared_sources_stay_shared(card: Any) -> None:
    cell = card(electrolyte={"conductivity": "0.30 ± 0.03 mS/cm"})
    result = discharge(cell=cell, rate=q("2 C-rate"), temperature=HOT)
    sources = set(result.areal_capacity.components)
    assert sources == set(result.areal_energy.components)
    assert len(sources) == 1
    assert (result.areal_capacity.std or 0.0) > 0


def test_at_the_edge_of_what_is_possible_one_side_is_enough(card: Any) -> None:
    cell = card(electrolyte={"transference_number": "0.995 ± 0.01"})
    result = discharge(cell=cell, rate=q("1 C-rate"), temperature=HOT)
    assert result.text["event"] == "cut-off voltage"


def test_certain_inputs_cost_nothing(card: Any) -> None:
    result = discharge(cell=card(), rate=q("1 C-rate"), temperature=HOT)
    assert result.sensitivities is None
    assert result.areal_capacity.std is None
