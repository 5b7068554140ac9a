"""Leakage of each step, its steadiness, and the first step above a threshold."""

import numpy as np
import pytest

from polylyte.analysis.stability.floating import figure, floating
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.quantities import q
from polylyte.instruments.reading import read_bytes
from polylyte.instruments.transients import CurrentTransient
from polylyte.virtual.floating import floating as virtual
from polylyte.virtual.samples import Sample


def recorded(**more):
    options = {"sample": Sample(name="s"), "interval": q("2 min")} | more
    made = virtual(**options)
    ((name, raw),) = made.files.items()
    return made, CurrentTransient.from_recording(read_bytes(raw, name))


def step(potential, current, *, rate=0.0, hours=2.0, name=""):
    """One file of one potential; ``rate`` is what is left of the current at the end, over it."""
    time = np.linspace(0, 3600 * hours, 500)
    values = current * (1 + rate * (time[-1] - time) / time[-1])
    return CurrentTransient(time, values, np.full(500, potential), name=name)


@pytest.mark.parametrize("instrument", ["gamry", "biologic"])
def test_leakage_and_limit(instrument):
    made, data = recorded(instrument=instrument)
    found = floating(data=[data], area=q("1 cm^2"))
    assert found.number_of_steps.value == 11
    for name, truth in made.more.items():
        assert abs(found[name].si - truth.si) <= 4 * found[name].to("A/m^2").std
    # 4.6 V: 0.5 + 0.2 mA · 25 mV · ln 2 = 3.97 uA/cm²; 4.7 V: 20.6 uA/cm²
    assert found["leakage@4.6V"].value == pytest.approx(3.966, abs=0.2)
    assert found.stable_to.value == pytest.approx(4.6)
    assert found.first_unstable.value == pytest.approx(4.7)
    assert all(found.steps.column("steady"))
    assert len(figure(found).panels[0].series) == 11
    strict = floating(data=[data], area=q("1 cm^2"), threshold=q("2 uA/cm^2"))
    assert strict.first_unstable.value == pytest.approx(4.6)
    lax = floating(data=[data], area=q("1 cm^2"), threshold=q("1 mA/cm^2"))
    assert lax.first_unstable.value is None
    assert lax.first_unstable.flags == ("above the highest step",)
    assert lax.stable_to.value == pytest.approx(5.0)


def test_one_file_per_step_in_any_order():
    files = [step(4.5, 5e-6), step(4.3, 1e-6), step(4.7, 5e-5)]
    found = floating(data=files, area=q("2 cm^2"))
    assert found.steps.column("potential") == [4.3, 4.5, 4.7]
    assert found.steps.column("leakage") == pytest.approx([0.5, 2.5, 25])
    assert found.first_unstable.value == 4.7


def test_a_step_that_still_falls_decides_nothing():
    # the second still falls by 10 % of its value within its last tenth, and more to come
    files = [step(4.3, 1e-6), step(4.5, 2e-5, rate=2.0), step(4.7, 5e-5)]
    found = floating(data=files, area=q("1 cm^2"))
    assert found.steps.column("steady") == [True, False, True]
    assert "not steady" in found["leakage@4.5V"].flags
    assert found.stable_to.value == 4.3
    assert found.first_unstable.value == 4.7
    assert any("above the threshold but not steady" in f.text for f in found.findings)
    assert found.verdicts[0].passed is False
    # what it drifts is in its uncertainty
    assert found["leakage@4.5V"].std > 0.05 * found["leakage@4.5V"].value


def test_without_an_area():
    files = [step(4.3, 1e-6), step(4.5, 2e-5)]
    found = floating(data=files)
    assert found["leakage@4.5V"].unit == "uA"
    assert found.first_unstable.value is None
    assert "no area" in found.first_unstable.flags
    assert any("not current densities" in f.text for f in found.findings)
    figure(found)
    assert floating(data=files, threshold=q("10 uA")).first_unstable.value == 4.5


def test_a_leakage_that_falls_back_is_told():
    files = [step(4.3, 2e-5), step(4.5, 1e-6)]
    found = floating(data=files, area=q("1 cm^2"))
    assert found.verdicts[1].passed is False
    assert found.stable_to.flags == ("below the lowest step",)


def test_refusals():
    with pytest.raises(InputError, match="no record"):
        floating(data=[])
    short = CurrentTransient([0, 1, 2, 3], [1, 1, 1, 1], [4.5] * 4)
    with pytest.raises(NotAnswerable, match=r"the step at 4\.5 V"):
        floating(data=[short])
    with pytest.raises(InputError, match="threshold: '10 mV'"):
        floating(data=[step(4.5, 1e-6)], threshold=q("10 mV"))
