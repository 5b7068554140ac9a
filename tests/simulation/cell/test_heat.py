"""One temperature: closed forms, the balance of heat, what warms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from polylyte.core.errors import InputError
from polylyte.core.quantities import q
from polylyte.simulation.cell import model as models
from polylyte.simulation.cell.build import built
from polylyte.simulation.cell.cycle import cycle
from polylyte.simulation.cell.discharge import discharge, figure
from polylyte.simulation.cell.heat import HeatOptions, heat_capacity

HOT = q("60 degC")
COOLED = {"heat_transfer": q("5 W/(m^2 K)"), "heat_capacity": q("200 J/(m^2 K)")}
SMALL = {"transfer": q("0.05 W/(m^2 K)"), "capacity": q("2 J/(m^2 K)"), "cooled_area": q("1")}
"""So little of both that a small current warms the cell by a third of a kelvin."""


def resistor(card: Any) -> models.Model:
    """Lithium on both sides of a single-ion conductor: a resistor of constant resistance."""
    cell = card(
        cathode=None, stack=["Li", "film", "Li"],
        electrolyte={"thickness": "50 um", "conductivity": "0.5 mS/cm",
                     "transference_number": 1.0},
    )  # fmt: skip
    return built(cell, temperature=HOT, heat=HeatOptions(**SMALL))


def test_a_resistor_warms_exponentially(card: Any) -> None:
    """m c dT/dt = i^2 R - h (T - T0): T - T0 = i^2 R/h (1 - exp(-h t/(m c))).

    i = 1 A/m2 is small against 2 i0: R = L/kappa + 2 RT/(F i0). 1e-3 was set before. R itself
    changes by 5e-4 over the third of a kelvin, the arsinh by 4e-4.
    """
    model = resistor(card)
    current = 1.0
    resistance = 50e-6 / 0.05 + 2 * 8.314462618 * HOT.si / 96485.33212 / 10.0
    outcome = models.run(model, current=current, duration=160.0)
    time, kelvin = outcome.series[:, 0], outcome.series[:, 4]
    expected = current**2 * resistance / 0.05 * (1 - np.exp(-0.05 * time / 2.0))
    late = time > 4.0
    assert kelvin[late] - HOT.si == pytest.approx(expected[late], rel=1e-3)
    assert outcome.energy_error < 1e-6


def test_heat_is_power_and_nothing_else_in_a_resistor(card: Any) -> None:
    outcome = models.run(resistor(card), current=20.0, duration=100.0)
    _, voltage, current, _, _, heat, reaction, entropy, total, _ = outcome.series.T
    assert heat == pytest.approx(-voltage * current, rel=1e-12)
    assert entropy == pytest.approx(0.0)
    ohmic = heat - reaction
    assert ohmic == pytest.approx(current**2 * 50e-6 / 0.05, rel=1e-6)
    assert total[-1] == pytest.approx(np.trapezoid(heat, outcome.series[:, 0]), rel=1e-3)


@pytest.mark.parametrize("rate", ["0.2 C-rate", "2 C-rate"])
def test_heat_made_is_stored_or_lost(card: Any, rate: str) -> None:
    result = discharge(cell=card(), rate=q(rate), temperature=HOT, **COOLED)
    assert result.energy_error is not None
    assert result.energy_error.si < 1e-6
    assert result.heat is not None
    curve = result.curve
    time = np.array(curve.column("time"))
    lost = np.trapezoid(5.0 * 2 * (np.array(curve.column("temperature")) - 60.0), time)
    stored = 200.0 * (curve.column("temperature")[-1] - 60.0)
    # The balance again, from the printed rows: trapezoids over steps of the model.
    assert result.heat.si == pytest.approx(lost + stored, rel=5e-3)
    assert "heat" in [made.name for made in figure(result)]


def test_an_isolated_cell_keeps_all_its_heat(card: Any) -> None:
    result = discharge(
        cell=card(), rate=q("2 C-rate"), temperature=HOT, heat_transfer=q("0 W/(m^2 K)"),
        heat_capacity=q("200 J/(m^2 K)"),
    )  # fmt: skip
    assert result.heat is not None
    assert result.temperature_rise is not None
    assert result.temperature_rise.si == pytest.approx(result.heat.si / 200.0, rel=1e-6)


def test_entropic_heat_has_its_sign(card: Any) -> None:
    """-I T dU/dT on discharge: with dU/dT = -0.2 mV/K, 0.2 mV/K of heat per coulomb and kelvin."""
    slow = {"cell": card(), "rate": q("0.05 C-rate"), "temperature": HOT, **COOLED}
    without = discharge(**slow)
    with_entropy = discharge(**slow, entropic_coefficient=q("-0.2 mV/K"))
    assert without.heat is not None
    assert with_entropy.heat is not None
    charge = with_entropy.areal_capacity.si
    more = with_entropy.heat.si - without.heat.si
    assert more == pytest.approx(2e-4 * 333.15 * charge, rel=1e-2)


def test_a_warm_electrolyte_conducts_better(card: Any) -> None:
    cell = card(electrolyte={"conductivity": "0.1 mS/cm"})
    shared = {"cell": cell, "rate": q("1 C-rate"), "temperature": HOT,
              "heat_transfer": q("0.1 W/(m^2 K)"), "heat_capacity": q("100 J/(m^2 K)")}  # fmt: skip
    cold = discharge(**shared)
    warm = discharge(**shared, conductivity_activation=q("60 kJ/mol"))
    assert warm.areal_capacity.si > cold.areal_capacity.si
    assert any("kappa does not depend on temperature" in f.text for f in cold.findings)


def test_a_hot_start_is_an_isothermal_cell_of_that_temperature(card: Any) -> None:
    """Arrhenius: 25 degC parameters at 60 degC are those of a model made at 60 degC."""
    cell = card(electrolyte={"transference_number": 1.0})
    hot = built(cell, temperature=HOT)
    cold = built(
        cell, temperature=q("25 degC"),
        heat=HeatOptions(transfer=q("0 W/(m^2 K)"), capacity=q("1e12 J/(m^2 K)")),
    )  # fmt: skip
    state = models.replace(models.initial(cold), kelvin=HOT.si)
    warmed = models.run(cold, current=10.0, lower=2.5, state=state)
    direct = models.run(hot, current=10.0, lower=2.5)
    charge = np.linspace(0.05, 0.95, 40) * direct.series[-1, 3]
    one, other = (np.interp(charge, o.series[:, 3], o.series[:, 1]) for o in (warmed, direct))
    # The lithium's kinetics are those of the reference temperature in both; output rows to 2.5 mV.
    assert one == pytest.approx(other, abs=5e-3)


def test_heat_capacity_is_that_of_the_masses(card: Any) -> None:
    """20 um x 1200 kg/m3 x 1800 + 60 g/m2/0.9 x 700 + pores + 50 um x 534 x 3582 + foil."""
    cell = card(
        anode={"material": "Li", "thickness": "50 um"},
        foils=[{"material": "Al", "thickness": "15 um"}],
    )
    model = built(cell, temperature=HOT)
    assert model.cathode is not None
    pores = 0.35 * model.cathode.thickness * 1200 * 1800
    expected = 20e-6 * 1200 * 1800 + 0.06 / 0.9 * 700 + pores
    expected += 50e-6 * 534 * 3582 + 15e-6 * 2700 * 897
    made, said = heat_capacity(cell, model)
    assert made == pytest.approx(expected, rel=1e-9)
    assert any("density of the electrolyte" in text for text in said)
    assert any("package and tabs are left out" in text for text in said)


def test_a_cycle_warms_and_balances(card: Any) -> None:
    result = cycle(cell=card(), temperature=HOT, discharge_rate=q("2 C-rate"), **COOLED)
    assert result.worst_error.si < 1e-6
    assert max(result.trace.column("temperature")) > 60.0


BAD: list[tuple[dict[str, Any], str]] = [
    ({"heat_capacity": q("200 J/(m^2 K)")}, "without a heat transfer coefficient"),
    ({"heat_transfer": q("-1 W/(m^2 K)")}, "negative heat transfer"),
    ({"heat_transfer": q("1 W")}, "W"),
    ({"heat_transfer": q("1 W/(m^2 K)"), "heat_capacity": q("0 J/(m^2 K)")}, "above zero"),
]


@pytest.mark.parametrize(("arguments", "says"), BAD)
def test_bad_heat_is_one_clear_line(card: Any, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        discharge(cell=card(), rate=q("1 C-rate"), **arguments)
