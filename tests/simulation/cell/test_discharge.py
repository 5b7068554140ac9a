"""Discharges: what ends them, what they conserve, how they converge, what they refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from polylyte.core.errors import InputError
from polylyte.core.quantities import q
from polylyte.core.tables import Table
from polylyte.simulation.cell import model as models
from polylyte.simulation.cell.cathode import cathode_of
from polylyte.simulation.cell.discharge import batch, discharge, figure
from polylyte.simulation.cell.rate_map import figure as map_figure
from polylyte.simulation.cell.rate_map import rate_map

HOT = q("60 degC")


def model_of(cell: Any, cells: int = 40, **options: Any) -> models.Model:
    cathode = cathode_of(
        cell.cathode, temperature=HOT.si, lower=None, upper=None, ocp=None, like="", where="card"
    )
    return models.model_of(cell, temperature=HOT.si, cathode=cathode, cells=cells, **options)


def at(model: models.Model, rate: float, **options: Any) -> models.Outcome:
    assert model.cathode is not None
    current = rate * model.cathode.nominal / 3600
    model = models.fitted(model, current)
    return models.run(model, current=current, lower=model.cathode.lower, **options)


@pytest.mark.parametrize("material", ["LFP", "NMC811", "LCO"])
@pytest.mark.parametrize("rate", ["0.1 C-rate", "2 C-rate"])
def test_every_run_ends_at_the_cut_off_and_conserves(card: Any, material: str, rate: str) -> None:
    cell = card(cathode={"material": material, "loading": "10 mg/cm^2"})
    result = discharge(cell=cell, rate=q(rate), temperature=HOT)
    assert result.text["event"] == "cut-off voltage"
    assert all(verdict.passed for verdict in result.verdicts)
    for name in ("salt_error", "lithium_error", "charge_error"):
        assert result[name].si < 1e-6
    lower = {"LFP": 2.5, "NMC811": 2.8, "LCO": 3.0}[material]
    assert result.final_voltage.si == pytest.approx(lower, abs=1e-4)


def test_a_slow_discharge_delivers_what_the_open_circuit_holds(card: Any) -> None:
    # U(x) = 3.6 V at x = 0.00638 and 2.5 V at x = 0.99991; 22806 mol/m3 at 3.598 g/cm3.
    result = discharge(cell=card(), rate=q("0.01 C-rate"), temperature=HOT)
    assert result.specific_capacity is not None
    full = 96485.33212 * 22806 / 3598 / 3600  # mAh/g
    assert result.specific_capacity.value == pytest.approx(full * (0.9998 - 0.00638), rel=2e-3)


def test_depletion_is_named_and_runs_on_to_the_cut_off(card: Any) -> None:
    cell = card(
        cathode={"material": "NMC811", "loading": "15 mg/cm^2"},
        electrolyte={"conductivity": "0.5 mS/cm", "transference_number": 0.2},
    )
    result = discharge(cell=cell, rate=q("2 C-rate"), temperature=HOT)
    assert result.text["event"] == "cut-off voltage"
    assert result.depletion_time is not None
    assert result.depletion_place is not None
    assert result.depletion_place.value > 20  # in the cathode, behind the film
    assert any("salt depleted after" in text for text in result.warnings)
    assert any("above the film's steady limiting current" in text for text in result.warnings)
    assert result.lowest_salt.si < 1.0
    assert result.salt_error.si < 1e-6


def test_a_single_ion_conductor_keeps_its_salt(card: Any) -> None:
    cell = card(electrolyte={"transference_number": 1.0})
    result = discharge(cell=cell, rate=q("2 C-rate"), temperature=HOT)
    assert result.lowest_salt.value == pytest.approx(1.0, rel=1e-9)
    assert result.highest_salt.value == pytest.approx(1.0, rel=1e-9)
    assert result.limiting_current is None


@pytest.mark.parametrize(
    ("kappa", "transference", "loading", "rate"),
    [
        (1.0, 0.5, 6, 1.0),
        (2.5, 0.2, 6, 2.0),
        (0.5, 0.9, 6, 1.0),
        (2.5, 0.9, 10.5, 3.0),
        # Fronts thinner than a cell: ohmic, and depleted of salt; 39, 6 and 1.5 % are delivered.
        (0.1, 0.9, 10.5, 1.0),
        (0.1, 0.2, 10.5, 1.0),
        (0.1, 0.2, 10.5, 3.0),
    ],
)
def test_the_grid_converges(
    card: Any, kappa: float, transference: float, loading: float, rate: float
) -> None:
    cell = card(
        cathode={"loading": f"{loading} mg/cm^2"},
        electrolyte={"conductivity": f"{kappa} mS/cm", "transference_number": transference},
    )
    delivered = [at(model_of(cell, n), rate).series[-1, 3] for n in (20, 40, 80, 240)]
    assert np.ptp(delivered) / delivered[-1] < 3e-3


def test_the_cards_own_cut_offs_are_kept(card: Any) -> None:
    cell = card(lower_cutoff="3.1 V", upper_cutoff="3.5 V")
    result = discharge(cell=cell, rate=q("1 C-rate"), temperature=HOT)
    assert result.final_voltage.si == pytest.approx(3.1, abs=1e-4)
    assert max(result.curve.column("voltage")) < 3.5


def test_time_steps_converge_at_second_order(card: Any) -> None:
    cell = card(electrolyte={"conductivity": "0.5 mS/cm", "transference_number": 0.3})
    model = model_of(cell)
    fine = at(replace(model, accuracy=1e-7), 1.0).series
    errors = []
    for accuracy in (1e-3, 1e-5):
        series = at(replace(model, accuracy=accuracy), 1.0).series
        charge = np.linspace(0.05, 0.9, 50) * fine[-1, 3]
        errors.append(
            np.abs(
                np.interp(charge, series[:, 3], series[:, 1])
                - np.interp(charge, fine[:, 3], fine[:, 1])
            ).max()
        )
        assert series[-1, 3] == pytest.approx(fine[-1, 3], rel=1e-3)
    assert errors[1] < errors[0] < 5e-3


def test_a_high_transference_number_and_a_thin_film_win(card: Any) -> None:
    # Seed B, Fig. S28: high t+ and thin beats low t+ and thick; here each on its own.
    result = rate_map(
        cell=card(cathode={"loading": "10 mg/cm^2"}),
        rates=[q("1 C-rate")],
        thicknesses=[q("12 um"), q("100 um")],
        transference_numbers=[q("0.2"), q("0.7")],
        temperature=HOT,
    )
    assert result.designs.column("thickness") == [12.0, 12.0, 100.0, 100.0]
    assert result.designs.column("transference_number") == [0.2, 0.7, 0.2, 0.7]
    thin_low, thin_high, thick_low, thick_high = result.designs.column("areal_capacity")
    assert thin_high > thin_low > thick_low
    assert thin_high > thick_high > thick_low


def test_a_map_is_the_discharges_one_by_one(card: Any) -> None:
    rates = [q("0.2 C-rate"), q("1 C-rate"), q("3 C-rate")]
    result = rate_map(cell=card(), rates=rates, temperature=HOT)
    singles = batch([{"cell": card(), "rate": rate, "temperature": HOT} for rate in rates])
    for row, single in zip(result.designs.column("areal_capacity"), singles, strict=True):
        assert row == pytest.approx(single.areal_capacity.value, rel=1e-9)  # type: ignore[union-attr]
    assert result.designs.column("event") == ["cut-off voltage"] * 3
    assert map_figure(result).panels[0].series


def test_a_batch_answers_the_rest_where_one_is_refused(card: Any) -> None:
    answers = batch(
        [{"cell": card(), "rate": q("1 C-rate")}, {"cell": card(), "rate": q("-1 C-rate")}]
    )
    assert not isinstance(answers[0], Exception)
    assert isinstance(answers[1], InputError)


def test_outside_its_range_a_function_is_named(card: Any) -> None:
    peo = {"material": "LiTFSI-PEO", "conductivity": None, "transference_number": None}
    cell = card(cathode={"loading": "10 mg/cm^2"}, electrolyte=peo)
    result = discharge(cell=cell, rate=q("1 C-rate"), temperature=q("85 degC"))
    assert any("functions of LiTFSI-PEO hold from 250 to 3000" in text for text in result.warnings)
    assert result.text["event"] == "cut-off voltage"


def test_two_layers_are_in_series(card: Any) -> None:
    """A single-ion layer beside a binary one: its salt stays, and its resistance adds."""
    layer = {"thickness": "20 um", "conductivity": "1 mS/cm", "transference_number": 1.0,
             "salt_concentration": "1 mol/L"}  # fmt: skip
    binary = {**layer, "transference_number": 0.5}
    thin = model_of(card(electrolyte=layer, separator=binary))
    thick = model_of(card(electrolyte={**layer, "thickness": "40 um"}, separator=binary))
    first, second = at(thin, 0.5, profiles=True), at(thick, 0.5)
    assert first.profiles[-1, 0, first.x < 20e-6] == pytest.approx(1000.0, rel=1e-9)
    assert thin.cathode is not None
    current = 0.5 * thin.cathode.nominal / 3600
    drop = first.series[0, 1] - second.series[0, 1]
    assert drop == pytest.approx(current * 20e-6 / 0.1, rel=1e-6)


def test_figures_are_made_of_the_result(card: Any) -> None:
    result = discharge(cell=card(), rate=q("1 C-rate"), temperature=HOT)
    names = [made.name for made in figure(result)]
    assert names == ["discharge", "profiles"]
    assert len(set(result.profiles.column("time"))) >= 8


def table(x: list[float], u: list[float]) -> Table:
    return Table.of({"stoichiometry": x, "potential": u}, {"potential": "V"})


X = [0.0, 0.2, 0.5, 0.8, 0.95, 1.0]
U = [4.4, 4.1, 3.8, 3.6, 3.4, 2.5]


def test_any_ocp_table_runs(card: Any) -> None:
    cell = card(cathode={"material": "NCM622"})
    result = discharge(
        cell=cell, rate=q("0.05 C-rate"), ocp=table(X, U), like="NMC811",
        upper_cutoff=q("4.3 V"), lower_cutoff=q("2.8 V"),
    )  # fmt: skip
    assert result.text["event"] == "cut-off voltage"
    assert 3.5 < result.average_voltage.si < 4.0


BAD: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"cathode": {"porosity": -0.1}}, {}, "porosity"),
    ({"cathode": {"active_fraction": 1.2}}, {}, "active_fraction"),
    ({"cathode": {"porosity": 1.0}}, {}, "porosity"),
    ({"cathode": {"thickness": "5 um"}}, {}, "does not fit"),
    ({"cathode": {"porosity": None}}, {}, "neither the cathode's thickness nor its porosity"),
    ({"cathode": None}, {}, "no cathode"),
    ({"cathode": {"material": "NCM900"}}, {}, "not in the parameter library"),
    ({"electrolyte": None}, {}, "no electrolyte"),
    ({"electrolyte": {"transference_number": 0.0}}, {}, "transference number"),
    ({"electrolyte": {"transference_number": None}}, {}, "transference_number are not stated"),
    ({"electrolyte": {"thickness": "20"}}, {}, "thickness"),
    ({}, {"rate": q("0 C-rate")}, "does not discharge"),
    ({}, {"rate": None}, "either rate or current"),
    ({}, {"lower_cutoff": q("3.7 V")}, "not below the upper one"),
    ({}, {"upper_cutoff": q("5 V")}, "outside the OCP's"),
    ({}, {"ocp": table(X[:3], U[:3])}, "too short"),
    ({}, {"ocp": table(X, [*U[:4], 3.7, 2.5])}, "not monotonic"),
    ({}, {"ocp": table(X, U), "lower_cutoff": q("2 V")}, "outside the OCP's"),
    ({}, {"ocp": table([*X[:-1], 1.2], U)}, "outside 0 to 1"),
]


@pytest.mark.parametrize(("changes", "arguments", "says"), BAD)
def test_bad_input_is_one_clear_line(
    card: Any, changes: dict[str, Any], arguments: dict[str, Any], says: str
) -> None:
    with pytest.raises(InputError, match=says) as caught:
        discharge(**{"cell": card(**changes), "rate": q("1 C-rate"), **arguments})
    assert "\n" not in str(caught.value)


def test_a_current_above_the_limiting_one_ends_and_says_so(card: Any) -> None:
    cell = card(cathode=None, stack=["Li", "film", "Li"])
    result = discharge(
        cell=cell, current=q("60 mA/cm^2"), capacity=q("5 mAh/cm^2"), temperature=HOT
    )
    assert result.text["event"] == "cut-off voltage"
    assert any("above the film's steady limiting current" in text for text in result.warnings)
