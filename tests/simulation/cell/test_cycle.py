"""Protocols: each step goes on where the last one ended, and what is taken is what was given."""

from __future__ import annotations

from typing import Any

import pytest

from polylyte.core.errors import InputError
from polylyte.core.quantities import q
from polylyte.simulation.cell.cycle import cycle, figure


def test_three_cycles_close(card: Any) -> None:
    result = cycle(cell=card(), cycles=3, temperature=q("60 degC"))
    assert result.steps.column("step") == ["discharge", "rest", "charge", "hold", "rest"] * 3
    assert result.steps.column("event") == [
        "cut-off voltage", "end of protocol", "cut-off voltage", "cut-off current",
        "end of protocol",
    ] * 3  # fmt: skip
    assert result.worst_error.si < 1e-6
    capacity = result.steps.column("capacity")
    # Without side reactions a cycle that ends as the one before takes what it gives.
    assert result.charge_capacity.si == pytest.approx(result.discharge_capacity.si, rel=1e-3)
    assert capacity[10] == pytest.approx(capacity[5], rel=1e-3)
    assert 0.9 < result.energy_efficiency.si < 1.0
    assert len(figure(result).panels) == 2


def test_the_hold_keeps_the_voltage_and_its_current_falls(card: Any) -> None:
    result = cycle(cell=card(), temperature=q("60 degC"), charge_rate=q("2 C-rate"))
    time, voltage = result.trace.column("time"), result.trace.column("voltage")
    duration = result.steps.column("duration")
    begin, end = sum(duration[:3]), sum(duration[:4])
    inside = [i for i, t in enumerate(time) if begin < t <= end]
    assert all(voltage[i] == pytest.approx(3.6, abs=1e-6) for i in inside)
    current = [result.trace.column("current")[i] for i in inside]
    assert current[-1] < current[0]
    assert current[-1] > 0


def test_no_cycles_are_refused(card: Any) -> None:
    with pytest.raises(InputError, match="above zero"):
        cycle(cell=card(), cycles=0)
