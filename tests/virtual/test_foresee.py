"""What an experiment would give, against theory, against other draws, and its refusals."""

import numpy as np
import pytest

from polylyte.analysis.impedance.circuits import parse
from polylyte.core import discovery, methods
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.quantities import q
from polylyte.core.tables import Table
from polylyte.virtual.foresee import figure, foresee
from polylyte.virtual.foresee_circuit import circuit as virtual_circuit
from polylyte.virtual.foresee_draws import changes, draws, fisher, forecasts, scaled
from polylyte.virtual.foresee_fisher import covariance
from polylyte.virtual.foresee_question import question
from polylyte.virtual.foreseeing import VIRTUAL, pairings
from polylyte.virtual.samples import Sample

SMALL = {"circuit": "R0-CPE1", "last_frequency": "100 Hz", "points_per_decade": 5}
"""An impedance experiment that takes 2 ms a draw."""


def change(result, parameter, changed):
    rows = result.changes.frame.to_dicts()
    return next(r for r in rows if r["parameter"] == parameter and r["changed"] == changed)


def verdict(result, name):
    return next(v for v in result.verdicts if v.name == name)


def test_every_declaration_names_what_there_is():
    """Files, quantities and parameters on both sides; nothing is found by a list kept by hand."""
    found = pairings()
    assert {"impedance.fit", "transport.conductivity", "stability.sweep"} <= set(found)
    for id, pair in found.items():
        analysis, virtual = methods.get(id), methods.get(pair.virtual)
        assert pair.virtual.startswith(VIRTUAL)
        assert virtual.declared.origin == "virtual"
        experiment = pair.experiment
        assert set(experiment.shared) <= set(analysis.parameters), id
        assert set(experiment.errors) <= set(virtual.parameters), id
        assert set(experiment.errors.values()) <= set(analysis.parameters), id
        asked = question(id, None, {})
        for name in (*experiment.changes, *experiment.shared.values()):
            known = name.startswith("sample.") or name in {
                *virtual.parameters, *analysis.parameters
            }  # fmt: skip
            assert known, (id, name)
            if name.startswith("sample."):
                assert asked.nominal(name) is not None


def test_every_virtual_method_serves_an_analysis():
    served = {pair.virtual for pair in pairings().values()}
    assert served == {id for id in discovery.names("method") if id.startswith(VIRTUAL)}


def test_the_bound_of_a_resistor_by_hand():
    """Z = R with noise s on both parts: only Re Z knows R, so u(R)/R = s/sqrt(F)."""
    found = covariance(parse("R0"), np.array([100.0]), np.geomspace(1e5, 1, 25), 0.01)
    assert found[0, 0] ** 0.5 == pytest.approx(0.01 / 5)


def test_the_bound_of_a_resistor_and_a_capacitor_by_hand():
    """Z = R - i/(wC): dZ/dlnR = R is real, dZ/dlnC = i/(wC) imaginary; independent of another."""
    frequency, R, C = np.geomspace(1e4, 1, 33), 100.0, 1e-6
    found = covariance(parse("R0-C1"), np.array([R, C]), frequency, 0.01)
    z = 1 / (2 * np.pi * frequency * C)
    modulus = np.hypot(R, z)
    assert found[0, 0] ** -0.5 == pytest.approx(np.linalg.norm(R / modulus) / 0.01)
    assert found[1, 1] ** -0.5 == pytest.approx(np.linalg.norm(z / modulus) / 0.01)
    assert found[0, 1] == pytest.approx(0, abs=1e-12)


def test_draws_agree_with_the_bound():
    """Stated uncertainties of 60 draws, 5 standard errors of their mean about the bound."""
    result = foresee(analysis="impedance.fit", experiment=SMALL, draws=60, quantity="R0")
    bound = result.fisher_uncertainty.si
    assert abs(result.expected_uncertainty.si - bound) < 5 * result.expected_uncertainty.std
    assert result.realised_uncertainty.si == pytest.approx(bound, rel=5 / (2 * 59) ** 0.5)
    assert result.relative_uncertainty.value == pytest.approx(
        100 * result.expected_uncertainty.value / 100.0
    )
    assert verdict(result, "no bias").passed
    assert verdict(result, "determined").passed


def test_half_the_noise_is_half_the_uncertainty():
    """And twice the points 1/sqrt(2) of it, up to the point at the end of the range."""
    result = foresee(analysis="impedance.fit", experiment=SMALL, draws=20, quantity="R0")
    bound = result.fisher_uncertainty.value
    assert change(result, "noise", "0.25 %")["uncertainty"] == pytest.approx(bound / 2, rel=1e-3)
    assert change(result, "noise", "1 %")["uncertainty"] == pytest.approx(2 * bound, rel=1e-3)
    points = change(result, "points_per_decade", "10")["uncertainty"]
    assert points == pytest.approx(bound * (21 / 41) ** 0.5, rel=0.03)
    assert "noise 0.5 % → 0.25 %" in result.text["advice"]


def test_the_same_seed_gives_the_same_numbers():
    made = [
        foresee(analysis="impedance.fit", experiment=SMALL, draws=20, seed=s) for s in (1, 1, 2)
    ]
    one, same, other = (m.expected_uncertainty.value for m in made)
    assert one == same != other


def test_uncertain_inputs_are_drawn():
    """A thickness known to 5 %: sigma scatters by 5 %, and the analysis is told so."""
    sample = Sample.from_toml({"thickness": "100(5) um"}, where="test", name="s")
    settings = {"circuit": "R0-CPE1", "last_frequency": "100 Hz"}
    asked = question("transport.conductivity", sample, settings)
    found = forecasts(draws(asked, 60, 0))["conductivity@25degC"]
    assert found.expected == pytest.approx(0.05, rel=0.03)
    assert found.realised == pytest.approx(0.05, rel=5 / (2 * 59) ** 0.5)
    assert fisher(asked)["conductivity@25degC"] == pytest.approx(0.05 * 0.1, rel=1e-2)  # S/m
    half = next(c for c in changes(asked, found, 20, 1) if c.parameter == "u(sample.thickness)")
    assert half.expected == pytest.approx(0.025, rel=0.03)
    other = question("transport.conductivity", None, settings | {"thickness": "100(5) um"})
    assert other.sample.thickness.std == 5
    assert other.shared["thickness"].std == 5


def test_errors_are_drawn_as_large_as_the_analysis_is_told():
    told = question("lithium.aurbach", None, {"charge_accuracy": "0.2 %"})
    assert told.made["charge_error"].value == pytest.approx(0.2)
    drawn = question("lithium.aurbach", None, {"charge_error": "0.3 %"})
    assert drawn.told["charge_accuracy"].value == pytest.approx(0.3)
    default = question("lithium.aurbach", None, {})
    assert default.made["charge_error"].value == pytest.approx(0.05)
    better = default.with_value("charge_error", q("0.01 %"))
    assert better.told["charge_accuracy"].value == pytest.approx(0.01)


def test_a_name_that_both_know_goes_to_both():
    asked = question("impedance.fit", None, {"circuit": "R0-C1"})
    assert asked.made["circuit"] == asked.told["circuit"] == "R0-C1"


def test_what_does_not_determine_its_quantity_is_refused():
    """An arc of 1 MHz, seen up to 10 kHz; the remedy names a change that helps, if one does."""
    settings = {
        "circuit": "R0-p(R1,C1)",
        "values": {"R1": "100 ohm", "C1": "1.6 nF"},
        "first_frequency": "1 kHz",
        "noise": "1 %",
    }
    with pytest.raises(NotAnswerable, match=r"does not determine C1.*virtual experiments"):
        foresee(analysis="impedance.fit", experiment=settings, draws=20, quantity="C1")
    helped = settings | {"first_frequency": "0.1 MHz", "noise": "10 %", "values": {
        "R1": "100 ohm", "C1": "1.6 nF"}}  # fmt: skip
    with pytest.raises(NotAnswerable, match=r"what would: .*first_frequency 0.1 MHz → 1 MHz"):
        foresee(analysis="impedance.fit", experiment=helped, draws=20, quantity="C1")


def test_wrong_questions():
    with pytest.raises(InputError, match=r"no virtual sample.*did you mean"):
        foresee(analysis="transport.composite")
    with pytest.raises(InputError, match=r"has 'nois'; did you mean 'noise'"):
        foresee(analysis="impedance.fit", experiment={"nois": "1 %"})
    with pytest.raises(InputError, match="no unit"):
        foresee(analysis="impedance.fit", experiment={"last_frequency": 3})
    with pytest.raises(InputError, match=r"'R9' is no quantity"):
        foresee(analysis="impedance.fit", experiment=SMALL, draws=20, quantity="R9")
    with pytest.raises(InputError, match="take 20 to 5000"):
        foresee(analysis="impedance.fit", draws=3)
    with pytest.raises(InputError, match="has no parameter 'R7'"):
        foresee(analysis="impedance.fit", experiment=SMALL | {"values": {"R7": 1}}, draws=20)
    with pytest.raises(InputError, match="sample"):
        foresee(analysis="impedance.fit", experiment={"sample": {"area": "-1 cm^2"}}, draws=20)


def test_the_target_is_a_verdict():
    made = {
        share: foresee(
            analysis="impedance.fit", experiment=SMALL, draws=20, quantity="R0", target=q(share)
        )
        for share in ("1 %", "0.001 %")
    }
    assert verdict(made["1 %"], "good enough").passed
    assert not verdict(made["0.001 %"], "good enough").passed


def test_what_may_be_changed():
    assert scaled(10, 2) == 20
    assert scaled(1, 0.5) is None
    assert scaled(q("3 Hz"), 0.1).value == pytest.approx(0.3)
    assert scaled(q("0 %"), 0.5) is None
    more = scaled([q("25 degC"), q("45 degC"), q("65 degC")], 2)
    assert [t.value for t in more] == pytest.approx([25, 33, 41, 49, 57, 65])


def test_truths_of_a_circuit_are_sorted_as_a_fit_sorts_them():
    """The slower arc is written first here and comes second."""
    made = virtual_circuit(
        sample=Sample(name="s"),
        circuit="R0-p(R1,C1)-p(R2,C2)",
        values={"R1": "50 ohm", "C1": "1 uF", "R2": 10, "C2": "1 nF"},
    )
    found = {name: value.si for name, value in made.more.items()}
    assert found == pytest.approx({"R0": 100, "R1": 10, "C1": 1e-9, "R2": 50, "C2": 1e-6})
    assert made.R_total.si == pytest.approx(160)
    table = made.spectrum
    assert isinstance(table, Table)
    exact = parse("R0-p(R1,C1)-p(R2,C2)").impedance(
        np.array(list(found.values())), np.array(table.column("frequency"))
    )
    assert table.column("true_real") == pytest.approx(exact.real.tolist())


def test_figure_shows_uncertainty_and_draws():
    result = foresee(analysis="impedance.fit", experiment=SMALL, draws=20, quantity="R0")
    (made,) = figure(result)
    settings, values = made.panels
    assert {s.label for s in settings.series} == {
        "noise", "points_per_decade", "last_frequency", "first_frequency"
    }  # fmt: skip
    assert all(1.0 in s.x for s in settings.series)
    assert len(values.series[0].x) == 20
