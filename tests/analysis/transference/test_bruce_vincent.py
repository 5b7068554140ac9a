"""The published table, and every refusal and flag."""

import numpy as np
import pytest

from polylyte.analysis.transference.bruce_vincent import bruce_vincent, figure
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.methods import get
from polylyte.core.quantities import q
from polylyte.instruments.spectra import ImpedanceSpectrum
from polylyte.instruments.transients import CurrentTransient
from polylyte.virtual.chronoamperometry import sampling
from polylyte.virtual.samples import Sample
from polylyte.virtual.symmetric_cell import lithium

# Evans, Vincent & Bruce, Polymer 1987, 28, 2324, Table 1: ΔV/mV, R0, Rs/Ω, I0, Is/µA, t+
TABLE_1 = [
    (10, 243, 250, 17.54, 10.78, 0.4827),
    (10.2, 150, 249, 21, 10.10, 0.4412),
    (10.2, 246, 244, 17.57, 10.18, 0.4414),
    (10.2, 136, 197, 19.93, 10.42, 0.4806),
    (10.2, 209, 213, 17.51, 10.10, 0.4687),
]


def numbers(bias=10, r0=243, rs=250, i0=17.54, i_s=10.78, u=""):
    return {
        "bias": q(f"{bias} mV"),
        "initial_resistance": q(f"{r0}{u} ohm", source="R0"),
        "steady_resistance": q(f"{rs}{u} ohm", source="Rss"),
        "initial_current": q(f"{i0} uA"),
        "steady_current": q(f"{i_s} uA"),
    }


def verdict(result, name):
    return next(v for v in result.verdicts if v.name == name)


@pytest.mark.parametrize(("bias", "r0", "rs", "i0", "i_s", "expected"), TABLE_1)
def test_table_1_of_evans_1987(bias, r0, rs, i0, i_s, expected):
    result = bruce_vincent(**numbers(bias, r0, rs, i0, i_s))
    assert result.transference_number.value == pytest.approx(expected, abs=1e-4)


def test_newman_number_and_efficacy():
    result = bruce_vincent(**numbers(), conductivity=q("0.5 mS/cm"))
    fraction = result.transference_number.value
    assert result.newman_number.value == pytest.approx(1 / fraction - 1)
    assert result.efficacy.to("mS/cm").value == pytest.approx(0.5 * fraction)


def test_polarised_the_other_way():
    turned = numbers() | {"initial_current": q("-17.54 uA"), "steady_current": q("-10.78 uA")}
    forward, backward = bruce_vincent(**numbers()), bruce_vincent(**turned)
    assert backward.transference_number.value == forward.transference_number.value


def test_budget_adds_up_to_the_variance():
    result = bruce_vincent(**numbers(u="(5)"))
    parts = result.budget.column("contribution")
    assert sum(p * p for p in parts) == pytest.approx(result.transference_number.std**2)
    assert sum(result.budget.column("share")) == pytest.approx(100)
    assert result.budget.column("source") == ["R0", "Rss"]  # the larger one first


def test_the_whole_cells_resistance_is_refused():
    """Seed C words R0 as 'the resistance of the cell'; I0·R0 is then ΔV."""
    with pytest.raises(NotAnswerable, match=r"100 % of the bias.*whole cell.*interface arc"):
        bruce_vincent(**numbers(r0=10e-3 / 17.54e-6, rs=10e-3 / 10.78e-6))


def test_the_whole_cells_resistance_after_is_refused():
    with pytest.raises(NotAnswerable, match="steady_resistance"):
        bruce_vincent(**numbers(rs=10e-3 / 10.78e-6))


def test_large_bias_is_flagged():
    result = bruce_vincent(**numbers(bias=30, i0=52.6, i_s=32.3))
    assert verdict(result, "linear response").passed is False
    assert "bias too large" in result.transference_number.flags


def test_interface_that_grew_is_told():
    assert verdict(bruce_vincent(**numbers()), "interface drift").passed
    grown = bruce_vincent(**numbers(10.2, 150, 249, 21, 10.10))
    assert verdict(grown, "interface drift").passed is False
    assert any("+66.0 %" in text for text in grown.warnings)


def test_a_fraction_above_one_is_flagged_not_hidden():
    result = bruce_vincent(**numbers(i0=10.0, i_s=17.0))
    assert result.transference_number.value > 1
    assert "outside range" in result.transference_number.flags


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        ("initial_current", "initial_current is missing.*polarization"),
        ("steady_current", "steady_current is missing"),
        ("initial_resistance", r"initial_resistance is missing.*before \(an impedance file\)"),
        ("steady_resistance", "steady_resistance is missing"),
    ],
)
def test_missing_inputs_are_named(left_out, words):
    given = {name: value for name, value in numbers().items() if name != left_out}
    with pytest.raises(InputError, match=words):
        bruce_vincent(**given)


def test_zero_bias_and_opposite_currents():
    with pytest.raises(InputError, match="is zero"):
        bruce_vincent(**numbers(bias=0))
    with pytest.raises(InputError, match="differ in sign"):
        bruce_vincent(**numbers(i_s=-10))


# ------------------------------------------------------------------------- from records


SAMPLE = Sample.from_toml(
    {"conductivity": "0.1 mS/cm", "transference_number": 0.4}, where="test", name="s"
)
CELL = lithium(SAMPLE, 298.15)
FREQUENCY = np.geomspace(1e6, 0.1, 71)


def records(*, duration=6000.0, bias=0.01, rest=0, noise=0.0, seed=0):
    """Transient and spectra of the cell; ``rest`` rows before the step."""
    rng = np.random.default_rng(seed)
    time = sampling(duration, 0.01, 5.0)
    current = CELL.step_current(time, bias)
    current = current + noise * current[0] * rng.standard_normal(time.size)
    z = CELL.spectrum(FREQUENCY)
    z = z * (1 + noise * (rng.standard_normal(z.size) + 1j * rng.standard_normal(z.size)))
    before = np.linspace(-rest, 0, rest) if rest else np.zeros(0)
    transient = CurrentTransient(
        np.concatenate([before, time]),
        np.concatenate([np.zeros(rest), current]),
        np.concatenate([np.full(rest, 0.002), np.full(time.size, bias + (0.002 if rest else 0))]),
    )
    spectrum = ImpedanceSpectrum(FREQUENCY, z)
    return {"polarization": transient, "before": spectrum, "after": spectrum}


def test_exact_record_gives_the_exact_fraction():
    result = bruce_vincent(**records(noise=1e-6))
    assert result.transference_number.value == pytest.approx(0.4, abs=2e-4)
    assert result.initial_current.si == pytest.approx(0.01 / 200, rel=1e-4)
    assert result.steady_current.si == pytest.approx(0.01 / 350, rel=1e-4)
    assert result.bulk_resistance.value == pytest.approx(100, rel=1e-3)
    assert all(v.passed for v in result.verdicts)


def test_efficacy_from_geometry_and_spectrum():
    result = bruce_vincent(**records(noise=1e-5), thickness=SAMPLE.thickness, area=SAMPLE.area)
    assert result.efficacy.to("mS/cm").value == pytest.approx(0.1 * 0.4, rel=2e-3)


def test_rows_at_rest_come_before_the_onset():
    """The onset is the last row at rest, and an open-circuit offset is no part of the step."""
    plain, rested = (
        bruce_vincent(**records(noise=1e-6)),
        bruce_vincent(**records(noise=1e-6, rest=20)),
    )
    assert rested.initial_current.si == pytest.approx(plain.initial_current.si, rel=1e-6)
    assert verdict(rested, "bias as recorded").passed


def test_ohmic_initial_current():
    result = bruce_vincent(**records(noise=1e-6), initial="ohmic")
    assert result.transference_number.value == pytest.approx(0.4, abs=2e-4)
    assert "early_window" not in result.more


def test_a_given_number_overrides_the_file():
    result = bruce_vincent(**records(noise=1e-6), initial_current=q("48.0 uA"))
    assert result.initial_current.value == 48.0
    assert result.transference_number.value > 0.42


def test_ohms_law_catches_a_spectrum_of_another_cell():
    data = records(noise=1e-5)
    z = data["before"].impedance + 30.0
    data["before"] = ImpedanceSpectrum(FREQUENCY, z)
    result = bruce_vincent(**data)
    ohm = verdict(result, "initial current against Ohm's law")
    assert ohm.passed is False
    assert "+15.0 %" in ohm.text  # 230 ohm against 200
    assert ohm.text in result.warnings


def test_a_recorder_switched_on_late_is_refused():
    """After half a minute more than a third of the fall is over: I_0 cannot be extrapolated."""
    data = records(noise=1e-5)
    t = data["polarization"]
    late = t.time > 30
    data["polarization"] = CurrentTransient(t.time[late], t.current[late], t.potential[late])
    with pytest.raises(NotAnswerable, match=r"not resolved.*initial = 'ohmic'"):
        bruce_vincent(**data)


def test_no_steady_state_is_refused():
    with pytest.raises(NotAnswerable, match=r"no steady state.*polarise longer"):
        bruce_vincent(**records(duration=150.0, noise=1e-4))


def test_the_step_in_the_file_must_be_the_bias():
    with pytest.raises(InputError, match=r"step of 20 mV, bias is 10 mV.*set bias"):
        bruce_vincent(**records(bias=0.02))
    assert bruce_vincent(**records(bias=0.02, noise=1e-5), bias=q("20 mV"))


def test_the_ammeters_gain_cancels_without_an_interface():
    """I_ss/I_0 does not know the gain, so its part of the budget vanishes with R0 and Rss."""
    data = records(noise=1e-4)
    result = bruce_vincent(
        polarization=data["polarization"],
        initial_resistance=q("0 ohm"),
        steady_resistance=q("0 ohm"),
        current_accuracy=q("5 %"),
    )
    parts = dict(result.transference_number.components)
    assert abs(parts["~current gain"]) < 1e-6


def test_an_interface_that_takes_all_of_the_bias_is_refused():
    sample = Sample.from_toml(
        {"conductivity": "20 mS/cm", "thickness": "20 um"}, where="test", name="s"
    )
    cell, rng = lithium(sample, 298.15), np.random.default_rng(0)
    time = sampling(6000.0, 0.01, 5.0)
    current = cell.step_current(time, 0.01) * (1 + 1e-4 * rng.standard_normal(time.size))
    z = cell.spectrum(FREQUENCY) * (1 + 1e-4 * rng.standard_normal(FREQUENCY.size))
    spectrum = ImpedanceSpectrum(FREQUENCY, z)
    with pytest.raises(NotAnswerable, match=r"interface takes 99.*told from nothing"):
        bruce_vincent(
            polarization=CurrentTransient(time, current, np.full(time.size, 0.01)),
            before=spectrum,
            after=spectrum,
        )


def test_figures_and_declaration():
    figures = figure(bruce_vincent(**records(noise=1e-4)))
    assert [f.name for f in figures] == ["transient", "spectra"]
    assert len(figures[1].panels[0].series) == 2
    assert list(figure(bruce_vincent(**numbers()))) == []
    method = get("transference.bruce_vincent")
    assert {"polarization", "before", "after"} <= set(method.parameters)
    assert method.parameters["polarization"].type == "data"
