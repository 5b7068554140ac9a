"""Titration: the relation of Weppner and Huggins on a cell whose diffusivity is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from polylyte.core.errors import InputError
from polylyte.core.quantities import q
from polylyte.core.tables import Table
from polylyte.simulation.cell.discharge import discharge
from polylyte.simulation.cell.gitt import figure, gitt

FAST = {"thickness": "20 um", "conductivity": "50 mS/cm", "transference_number": 0.9}


def test_short_pulses_read_the_diffusivity_less_the_curvature(card: Any) -> None:
    """Surface of a sphere after x = D t/r^2: 2 sqrt(x/pi) + x + ..., so its slope over sqrt(t) is
    (1 + sqrt(pi x)) times that of a plane, and the relation reads D/(1 + sqrt(pi x))^2.

    NMC811: D = 4e-15 m2/s, r = 5.22 um; 30 s and the middle of the fitted stretch, sqrt(t) = 0.70
    of sqrt(30 s), give 0.86. Ten percent was set before.
    """
    cell = card(cathode={"material": "NMC811", "loading": "2 mg/cm^2"}, electrolyte=FAST)
    result = gitt(cell=cell, rate=q("1 C-rate"), pulse=q("30 s"), rest=q("4 h"), pulses=70)
    assert result.worst_error.si < 1e-6
    table = result.pulses
    read = [
        value for value, capacity in zip(
            table.column("diffusivity"), table.column("capacity"), strict=True
        ) if value is not None and 0.1 < capacity < 0.25
    ]  # fmt: skip
    assert len(read) > 10
    middle = 0.5 * (0.2**0.5 + 0.9**0.5)
    expected = 4e-15 / (1 + np.sqrt(np.pi * 4e-15 * 30) / 5.22e-6 * middle) ** 2
    assert np.median(read) == pytest.approx(expected, rel=0.10)
    assert len(figure(result).panels) == 2


def test_a_long_pulse_is_warned_of(card: Any) -> None:
    cell = card(cathode={"material": "NMC811", "loading": "2 mg/cm^2"}, electrolyte=FAST)
    result = gitt(cell=cell, rate=q("0.5 C-rate"), pulse=q("15 min"), rest=q("30 min"), pulses=2)
    assert any("too long" in text or "much shorter" in text for text in result.warnings)


def test_the_titration_ends_at_the_cut_off(card: Any) -> None:
    result = gitt(cell=card(), rate=q("1 C-rate"), pulse=q("20 min"), temperature=q("60 degC"))
    assert result.text["event"] == "cut-off voltage"
    assert result.final_voltage.si == pytest.approx(2.5, abs=1e-3)


def test_no_pulse_is_refused(card: Any) -> None:
    with pytest.raises(InputError, match="above zero"):
        gitt(cell=card(), pulse=q("0 s"))


def test_a_diffusivity_table_of_one_value_is_that_value(card: Any) -> None:
    cell = card(cathode={"material": "NMC811"})
    x = [0.0, 0.25, 0.5, 0.75, 1.0]

    def delivered(values: list[float] | None) -> float:
        table = (
            None
            if values is None
            else Table.of({"stoichiometry": x, "diffusivity": values}, {"diffusivity": "m^2/s"})
        )
        result = discharge(cell=cell, rate=q("1 C-rate"), diffusivity=table)
        assert result.lithium_error.si < 1e-6
        return result.areal_capacity.si

    constant = delivered(None)
    # The cut-off is found to 10 uV.
    assert delivered([4e-15] * 5) == pytest.approx(constant, rel=1e-6)
    assert delivered([4e-15, 4e-15, 4e-15, 4e-15, 4.0001e-15]) == pytest.approx(constant, rel=1e-4)
    # Slower where the electrode is full: less is delivered.
    assert delivered([2e-14, 9e-15, 4e-15, 1.8e-15, 8e-16]) < 0.95 * constant


@pytest.mark.parametrize(
    ("x", "values", "says"),
    [
        ([0.0, 0.5, 1.0], [1e-15] * 3, "too short"),
        ([0.0, 0.2, 0.5, 0.8, 1.2], [1e-15] * 5, "outside 0 to 1"),
        ([0.0, 0.2, 0.5, 0.8, 1.0], [1e-15, 1e-15, 0.0, 1e-15, 1e-15], "not above zero"),
    ],
)
def test_a_bad_diffusivity_table_is_refused(
    card: Any, x: list[float], values: list[float], says: str
) -> None:
    table = Table.of({"stoichiometry": x, "diffusivity": values}, {"diffusivity": "m^2/s"})
    with pytest.raises(InputError, match=says):
        discharge(cell=card(), rate=q("1 C-rate"), diffusivity=table)
