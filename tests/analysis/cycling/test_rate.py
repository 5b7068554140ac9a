"""A rate staircase: steps, rates, ratio, recovery."""

import pytest

from polylyte.analysis.cycling.rate import figure, rate
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.quantities import q
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.reading import read_bytes
from polylyte.virtual.cycling import cycling
from polylyte.virtual.samples import Sample


def staircase(rates, **more):
    options = {"fade": q("0 %"), "scatter": q("0 %"), "efficiency_scatter": q("0 %")} | more
    made = cycling(
        sample=Sample(name="s"), cycles=5 * len(rates), samples=8,
        rates=[q(f"{r} C-rate") for r in rates], **options,
    )  # fmt: skip
    ((name, raw),) = made.files.items()
    return CyclingRecord.from_recording(read_bytes(raw, name))


def test_retention_between_the_rates_that_papers_compare():
    data = staircase([0.1, 0.2, 1, 2, 0.1])
    found = rate(data=data, nominal_capacity=q("2 mAh"), active_mass=q("10 mg"))
    # 20 % are lost per decade
    assert found.rate_retention.value == pytest.approx(80, rel=1e-6)
    assert found.rate_retention.conditions == {"rate": "1C", "reference": "0.1C"}
    assert found.slow_capacity.value == pytest.approx(200, rel=1e-6)
    assert found["capacity@2C"].value == pytest.approx(200 * (1 - 0.2 * 1.30103), rel=1e-6)
    assert found.recovery.value == pytest.approx(100, rel=1e-6)
    assert found.staircase.column("first_cycle") == [1, 6, 11, 16, 21]
    assert found.staircase.column("rate") == pytest.approx([0.1, 0.2, 1, 2, 0.1], rel=1e-6)
    assert len(figure(found).panels[0].series) == 5


def test_rates_without_a_nominal_capacity_are_of_the_slowest_step():
    # The capacity at 1C is 0.8 of 2 mAh · 0.1C; at C/10 it is the nominal one.
    found = rate(data=staircase([0.1, 1]))
    assert any("1C is the current that passes the slowest step's" in f.text for f in found.findings)
    assert found.staircase.column("rate") == pytest.approx([0.1, 1], rel=1e-6)
    assert found.recovery.value is None


def test_other_rates_on_request():
    data = staircase([0.2, 2, 5])
    found = rate(data=data, nominal_capacity=q("2 mAh"))
    assert found.rate_retention.conditions["rate"] == "5C"
    assert any("no steps at both 1C and 0.1C" in f.text for f in found.findings)
    found = rate(data=data, nominal_capacity=q("2 mAh"), fast=q("2 C-rate"))
    assert found.rate_retention.value == pytest.approx(80, rel=1e-6)
    with pytest.raises(InputError, match=r"fast: no step has this rate; there are 0\.2C, 2C, 5C"):
        rate(data=data, nominal_capacity=q("2 mAh"), fast=q("1 C-rate"))


def test_one_rate_is_no_staircase():
    with pytest.raises(NotAnswerable, match="no rate staircase"):
        rate(data=staircase([0.5]))


def test_uncertainty():
    found = rate(data=staircase([0.1, 1], scatter=q("0.5 %")), nominal_capacity=q("2 mAh"))
    # 0.5 %/√5 of each step, widened for 8 degrees of freedom (2.306/1.960), drawn from few
    assert found.rate_retention.std == pytest.approx(80 * 0.005 * (2 / 5) ** 0.5 * 1.18, rel=0.5)
    assert not [s for s in found.rate_retention.components if "counter" in s]


def test_steps_that_slope_are_told():
    found = rate(data=staircase([0.1, 1], fade=q("2 %")))
    assert found.verdicts[0].passed is False


def test_real_file(data):
    pytest.importorskip("fastnda")
    found = rate(data=CyclingRecord.read(data / "instruments/nda/test_2.ndax"))
    # cycles 1 to 7 step up from 0.0792 to 3.17 mA (the cycler's own steps)
    current = found.staircase.column("current")
    assert current[:3] == pytest.approx([0.0792, 0.1584, 0.3168], rel=1e-3)
    assert found.staircase.column("first_cycle")[:4] == [1, 2, 3, 4]
