"""Profiles from tables: what they deliver, what ends them, what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polylyte.core.errors import InputError
from polylyte.core.quantities import q
from polylyte.core.tables import Table
from polylyte.simulation.cell.discharge import discharge
from polylyte.simulation.cell.profile import figure, profile

HOT = q("60 degC")


def table(name: str, unit: str, values: list[float], step: float = 60.0) -> Table:
    time = [step * i for i in range(len(values))]
    return Table.of({"time": time, name: values}, {"time": "s", name: unit})


def test_a_constant_profile_is_a_discharge(card: Any) -> None:
    """0.5C to the end: the same charge and voltages as the constant-current method."""
    rows = table("rate", "C-rate", [0.5] * 80, step=120.0)
    driven = profile(cell=card(), table=rows, temperature=HOT)
    plain = discharge(cell=card(), rate=q("0.5 C-rate"), temperature=HOT)
    assert driven.text["event"].startswith("cut-off voltage in row")
    assert driven.delivered.si == pytest.approx(plain.areal_capacity.si, rel=1e-3)
    assert driven.areal_energy.si == pytest.approx(plain.areal_energy.si, rel=2e-3)
    assert driven.worst_error.si < 1e-6
    assert len(figure(driven).panels) == 2


def test_held_and_straight_rows_pass_their_own_integrals(card: Any) -> None:
    values = [0.0, 1.0, 0.5, -0.5, 0.0]
    rows = table("current_density", "mA/cm^2", values)
    shared = {"cell": card(), "table": rows, "temperature": HOT, "state_of_charge": q("0.8")}
    held = profile(**shared, between="hold")
    straight = profile(**shared, between="line")
    assert held.text["event"] == straight.text["event"] == "end of protocol"
    # mA/cm2 x min: held 0 + 1 + 0.5 - 0.5; trapezoids 0.5 + 0.75 + 0 - 0.25.
    assert held.delivered.value == pytest.approx(1.0 / 60, rel=1e-9)
    assert straight.delivered.value == pytest.approx(1.0 / 60, rel=1e-6)
    assert held.trace.column("current")[-1] == pytest.approx(-0.5)


def test_power_is_voltage_times_current(card: Any) -> None:
    rows = table("power_density", "mW/cm^2", [2.0, 4.0, 0.0, -1.0, 0.0])
    result = profile(cell=card(), table=rows, temperature=HOT, state_of_charge=q("0.8"))
    made = np.array(result.trace.column("voltage")) * np.array(result.trace.column("current"))
    wanted = np.array([2.0, 4.0, 0.0, -1.0])[np.array(result.trace.column("row"), int) - 1]
    assert made == pytest.approx(wanted, abs=1e-6)
    assert result.areal_energy.value == pytest.approx((2 + 4 - 1) / 60, rel=5e-3)


def test_the_whole_cells_current_needs_its_area(card: Any) -> None:
    rows = table("current", "mA", [1.0, 1.0])
    result = profile(cell=card(area="2 cm^2"), table=rows, temperature=HOT)
    assert result.trace.column("current")[0] == pytest.approx(0.5)
    with pytest.raises(InputError, match="needs the card's area"):
        profile(cell=card(), table=rows, temperature=HOT)


def test_a_charging_profile_says_so_and_ends_at_the_upper_cut_off(card: Any) -> None:
    rows = table("rate", "", [1.0] * 80)
    result = profile(
        cell=card(), table=rows, positive="charge", state_of_charge=q("0.9"), temperature=HOT
    )
    assert result.text["event"].startswith("cut-off voltage in row")
    assert result.highest_voltage.value == pytest.approx(3.6, abs=1e-3)
    assert result.delivered.value is not None
    assert result.delivered.value < 0


def test_the_tables_voltage_is_compared(card: Any) -> None:
    rows = table("rate", "C-rate", [0.5] * 20)
    once = profile(cell=card(), table=rows, temperature=HOT)
    time, voltage = once.trace.column("time"), once.trace.column("voltage")
    at = rows.column("time")
    known = Table.of(
        {"time": at, "rate": [0.5] * 20, "voltage": list(np.interp(at, time, voltage) + 0.01)},
        {"time": "s", "rate": "C-rate", "voltage": "V"},
    )
    again = profile(cell=card(), table=known, temperature=HOT)
    assert again.voltage_difference is not None
    assert again.voltage_difference.value == pytest.approx(10.0, rel=1e-6)


def test_a_csv_file_drives(card: Any, tmp_path: Path) -> None:
    path = tmp_path / "drive.csv"
    path.write_text("time / min,current_density / mA/cm^2\n0,1\n1,0.5\n2,0\n")
    result = profile(cell=card(), table=Table.read(path), temperature=HOT)
    assert result.delivered.value == pytest.approx(1.5 / 60, rel=1e-9)


BAD: list[tuple[dict[str, list[float]], dict[str, str], str]] = [
    ({"time": [0, 1], "rate": [1, 1], "current": [1, 1]}, {"time": "s"}, "one of"),
    ({"rate": [1, 1]}, {}, "'time' and one of"),
    ({"time": [0, 1], "current_density": [1, 1]}, {"time": "s"}, "has no unit"),
    ({"time": [0, 1], "rate": [1, 1]}, {}, "'time' has no unit"),
    ({"time": [0, 2, 1], "rate": [1, 1, 1]}, {"time": "s"}, "does not increase after row 2"),
    ({"time": [0], "rate": [1]}, {"time": "s"}, "two rows"),
    ({"time": [0, 1], "rate": [1, float("nan")]}, {"time": "s"}, "all numbers"),
]


@pytest.mark.parametrize(("columns", "units", "says"), BAD)
def test_a_bad_table_is_one_clear_line(
    card: Any, columns: dict[str, list[float]], units: dict[str, str], says: str
) -> None:
    with pytest.raises(InputError, match=says) as caught:
        profile(cell=card(), table=Table.of(columns, units))
    assert "\n" not in str(caught.value)


def test_a_state_of_charge_above_one_is_refused(card: Any) -> None:
    with pytest.raises(InputError, match="not between 0 and 1"):
        profile(cell=card(), table=table("rate", "", [1.0, 1.0]), state_of_charge=q("1.2"))
