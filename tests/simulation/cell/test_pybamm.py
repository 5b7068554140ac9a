"""PyBaMM as the oracle, where the extra is installed."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
import pytest

from polylyte.core.errors import InputError, MachineError
from polylyte.core.quantities import q
from polylyte.simulation.cell import model as models
from polylyte.simulation.cell._pybamm import parameters, pybamm
from polylyte.simulation.cell.build import built
from polylyte.simulation.cell.degradation import degradation
from polylyte.simulation.cell.degradation import figure as ageing_figure
from polylyte.simulation.cell.impedance import figure as impedance_figure
from polylyte.simulation.cell.impedance import impedance
from polylyte.simulation.cell.reference import figure, reference

HOT = q("60 degC")


@pytest.fixture
def library() -> Any:
    # Before the import: nothing of a test run is reported to anybody.
    os.environ["PYBAMM_DISABLE_TELEMETRY"] = "true"
    pytest.importorskip("pybamm", reason="the extra pybamm is not installed")
    return pybamm()


def test_without_pybamm_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pybamm", None)
    with pytest.raises(MachineError, match=r"polylyte\[pybamm\]"):
        reference(parameter_set="Chen2020")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "rate", "expected"),
    [("Chen2020", 1, 4.93819), ("Chen2020", 3, 2.30316), ("Prada2013", 1, 1.93906)],
)
def test_published_cells(library: Any, name: str, rate: int, expected: float) -> None:
    result = reference(parameter_set=name, rate=q(f"{rate} C-rate"))
    assert result.capacity.value == pytest.approx(expected, rel=1e-3)
    assert result.text["event"] == "Minimum voltage [V]"
    assert figure(result).panels


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("material", ["LFP", "NMC811"])
@pytest.mark.parametrize("rate", [0.5, 2.0])
def test_the_same_card_in_both(library: Any, card: Any, material: str, rate: float) -> None:
    """Capacity within 1 %, voltage within 5 mV rms."""
    model = built(card(cathode={"material": material}), temperature=HOT)
    assert model.cathode is not None
    current = rate * model.cathode.nominal / 3600
    points = {"x_n": 20, "x_s": 30, "x_p": 60, "r_n": 20, "r_p": 40}
    simulation = library.Simulation(
        library.lithium_ion.DFN({"working electrode": "positive"}),
        parameter_values=parameters(model, where="test"),
        var_pts=points,
        solver=library.IDAKLUSolver(rtol=1e-6, atol=1e-8),
    )
    solution = simulation.solve(
        [0, 1.1 * 3600 / rate], t_interp=np.linspace(0, 1.1 * 3600 / rate, 3001),
        inputs={"Current function [A]": current},
    )  # fmt: skip
    charge, voltage = solution["Time [s]"].entries * current, solution["Voltage [V]"].entries
    ours = models.run(
        models.fitted(model, current), current=current, lower=model.cathode.lower
    ).series
    assert ours[-1, 3] == pytest.approx(charge[-1], rel=1e-2)
    at = np.linspace(0.002, 0.98, 300) * min(ours[-1, 3], charge[-1])
    gap = np.interp(at, ours[:, 3], ours[:, 1]) - np.interp(at, charge, voltage)
    assert np.sqrt(np.mean(gap**2)) < 5e-3


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_impedance_has_the_films_resistance_and_the_lithiums_arc(
    library: Any, card: Any
) -> None:
    """L/kappa = 2 ohm cm2 and RT/(F i0) = 28.7 ohm cm2 of lithium at 1 mA/cm2 are in it."""
    result = impedance(cell=card(), temperature=HOT)
    high, low = result.high_frequency_resistance.value, result.low_frequency_resistance.value
    assert high is not None
    assert low is not None
    assert 2.0 < high < 6.0
    assert low - high > 28.7
    assert len(result.spectrum) == 81
    assert impedance_figure(result).panels[0].equal


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_ageing_takes_lithium_and_material(library: Any) -> None:
    result = degradation(cycles=2, plating="partially reversible", loss_of_material="stress-driven")
    lost = result.cycles.column("lithium_lost")
    assert lost[1] > lost[0] > 0
    assert result.cycles.column("negative_material_lost")[1] > 0
    assert result.retention.si < 1
    assert len(ageing_figure(result).panels) == 2


@pytest.mark.filterwarnings("ignore")
def test_unknown_sets_and_cells_are_refused(library: Any, card: Any) -> None:
    with pytest.raises(InputError, match="did you mean 'Chen2020'"):
        reference(parameter_set="Chen2021")
    with pytest.raises(InputError, match="lacks"):
        degradation(parameter_set="Prada2013", cycles=1, loss_of_material="stress-driven")
    with pytest.raises(InputError, match="single-ion"):
        impedance(cell=card(electrolyte={"transference_number": 1.0}))
    layer = {"thickness": "20 um", "conductivity": "1 mS/cm", "transference_number": 0.5}
    with pytest.raises(InputError, match="several"):
        impedance(cell=card(separator=layer))
