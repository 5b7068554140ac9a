"""Critical current densities: brackets, criteria, protocols, replicate cells."""

import re

import numpy as np
import pytest

from polylyte.analysis.lithium import critical_current as module
from polylyte.analysis.lithium.critical_current import critical_current
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.methods import get
from polylyte.core.quantities import q
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.reading import read_bytes
from polylyte.virtual.critical_current import critical_current as virtual
from polylyte.virtual.samples import Sample

AREA = [q("1.13 cm^2")]
SAMPLE = Sample(name="s", area=q("1.13 cm^2"), transference_number=q("1"))


def records(made):
    return [CyclingRecord.from_recording(read_bytes(raw, name)) for name, raw in made.files.items()]


def staircase(densities, resistance=100.0, half=1800.0, samples=30):
    """Half cycles on 1 cm² of given mA/cm², up and down; ``resistance`` in Ω (a number or each)."""
    ohm = np.broadcast_to(resistance, len(densities))
    time, flow, potential = [0.0], [0.0], [0.0]
    for j, r in zip(densities, ohm, strict=True):
        for sign in (1, -1):
            for _ in range(samples):
                time.append(time[-1] + half / samples)
                flow.append(sign * 1e-3 * j)
                potential.append(sign * 1e-3 * j * r)
    return CyclingRecord(time, flow, potential)


@pytest.mark.parametrize("recorder", ["biologic", "neware", "land", "arbin"])
def test_bracket_from_every_format(recorder):
    made = virtual(
        sample=SAMPLE, critical_current_density=q("0.63 mA/cm^2"), nucleation=q("0 mV"),
        recorder=recorder,
    )  # fmt: skip
    found = critical_current(data=records(made))
    assert found.last_sustained.value == pytest.approx(0.6)
    assert found.first_failing.value == pytest.approx(0.7)
    assert found.critical_current_density.value == pytest.approx(0.65)
    low, high = found.critical_current_density.interval
    assert (low, high) == pytest.approx((0.6025, 0.6975), abs=5e-4)
    assert found.critical_current_density.std == pytest.approx(0.1 / 12**0.5, rel=0.01)
    assert found.text["criterion"] == "voltage drop"
    # 30 min at 0.6 mA/cm².
    assert found.areal_capacity.value == pytest.approx(0.3, rel=1e-3)
    assert found.text["protocol"] == "constant time"
    assert found.area_specific_resistance.value == pytest.approx(110, rel=0.01)


@pytest.mark.parametrize(
    ("failure", "words"), [("short", "voltage drop"), ("cut-off", "cut-off"), ("erratic", "noise")]
)
def test_each_failure_is_named(failure, words):
    for seed in range(5):
        made = virtual(sample=SAMPLE, failure=failure, seed=seed)
        found = critical_current(data=records(made), area=AREA)
        assert found.text["criterion"] == words
        assert found.last_sustained.value == pytest.approx(0.8)
        only = critical_current(data=records(made), area=AREA, criterion=words)
        assert only.last_sustained.value == pytest.approx(0.8)


def test_another_criterion_does_not_see_it():
    made = virtual(sample=SAMPLE, failure="short")
    found = critical_current(data=records(made), area=AREA, criterion="cut-off")
    assert found.first_failing.flags == ("none failed",)
    assert found.critical_current_density.flags == ("lower bound",)


def test_forty_minutes_and_an_hour_are_named_with_their_capacity():
    """One staircase, two half-cycle times, as seed A's text and caption have them (A-E03)."""
    for minutes, capacity in ((20, 0.1), (60, 0.3)):
        made = virtual(
            sample=SAMPLE,
            critical_current_density=q("0.35 mA/cm^2"),
            half_cycle=q(f"{minutes} min"),
        )
        found = critical_current(data=records(made), area=AREA)
        assert found.areal_capacity.value == pytest.approx(capacity, rel=1e-3)
        assert found.text["half_cycle"] == f"{minutes} min"
        assert any(f"a half cycle of {minutes} min" in f.text for f in found.findings)


def test_constant_capacity():
    made = virtual(sample=SAMPLE, protocol="constant capacity", interval=q("20 s"))
    found = critical_current(data=records(made), area=AREA)
    assert found.text["protocol"] == "constant capacity"
    assert found.text["half_cycle"] == "0.1 mAh cm⁻²"
    assert found.areal_capacity.value == pytest.approx(0.1, rel=1e-3)


def test_salt_that_depletes_is_a_cut_off():
    """t+ 0.4, D 2e-8 cm²/s, 1 M, 100 µm: 2·96485·1000·2e-12/(0.6·1e-4) = 6.43 A/m²."""
    thin = Sample(name="s", salt_diffusivity=q("2e-8 cm^2/s"))
    made = virtual(sample=thin, critical_current_density=q("9 mA/cm^2"), cut_off=q("0.15 V"))
    assert made.limiting_current_density.value == pytest.approx(0.643, rel=1e-3)
    found = critical_current(data=records(made), area=[q("1 cm^2")], cut_off=q("0.15 V"))
    assert found.text["criterion"] == "cut-off"
    assert found.first_failing.value <= 1.2


def test_proportional_and_departing_overpotentials():
    densities = np.arange(0.1, 1.05, 0.1)
    straight = critical_current(data=[staircase(densities)], area=[q("1 cm^2")])
    assert straight.area_specific_resistance.value == pytest.approx(100)
    assert straight.departure_current_density.flags == ("no departure",)
    bent = np.where(densities > 0.65, 100 * (1 + (densities - 0.6)), 100.0)
    found = critical_current(data=[staircase(densities, bent)], area=[q("1 cm^2")])
    assert found.departure_current_density.value == pytest.approx(0.7)
    assert found.area_specific_resistance.value == pytest.approx(100)


def test_open_brackets():
    never = virtual(sample=SAMPLE, critical_current_density=q("9 mA/cm^2"))
    found = critical_current(data=records(never), area=AREA)
    assert found.critical_current_density.flags == ("lower bound",)
    assert found.critical_current_density.value == pytest.approx(1.2)
    assert "more than 1.2 mA cm⁻²" in found.text["bracket"]
    at_once = virtual(sample=SAMPLE, critical_current_density=q("0.05 mA/cm^2"))
    found = critical_current(data=records(at_once), area=AREA)
    assert found.critical_current_density.flags == ("upper bound",)
    assert found.last_sustained.flags == ("none sustained",)


def test_replicate_cells():
    truths = (0.55, 0.72, 0.81, 0.66, 0.93)
    data = [
        record
        for k, true in enumerate(truths)
        for record in records(
            virtual(sample=SAMPLE, critical_current_density=q(f"{true} mA/cm^2"), name=f"c{k}",
                    seed=k)
        )
    ]  # fmt: skip
    found = critical_current(data=data, area=AREA)
    low, high = found.critical_current_density.interval
    assert low < np.exp(np.mean(np.log(truths))) < high
    assert found.critical_current_density.value == pytest.approx(
        np.exp(np.mean(np.log([0.55, 0.75, 0.85, 0.65, 0.95]))), rel=0.02
    )
    assert found["critical_current_density_spread"].value == pytest.approx(0.19, abs=0.04)
    assert found.number_of_cells.value == 5
    assert found.last_sustained.value == pytest.approx(np.mean([0.5, 0.7, 0.8, 0.6, 0.9]))
    assert "median" in found.text["bracket"]
    assert len(module.figure(found)) == 6


def test_steps_after_the_largest_are_left_out():
    up = staircase([0.1, 0.2, 0.3, 0.4, 0.1])
    found = critical_current(data=[up], area=[q("1 cm^2")])
    assert len(found.steps) == 4
    assert any("2 half cycles after the largest" in f.text for f in found.findings)


def test_refusals():
    with pytest.raises(NotAnswerable, match="no staircase"):
        critical_current(data=[staircase([0.5] * 6)], area=[q("1 cm^2")])
    with pytest.raises(NotAnswerable, match="no staircase"):
        critical_current(data=[staircase([0.1, 0.4, 0.2, 0.5])], area=[q("1 cm^2")])
    with pytest.raises(InputError, match="no record"):
        critical_current(data=[])
    with pytest.raises(InputError, match="no area"):
        critical_current(data=[staircase([0.1, 0.2, 0.3])])
    away = staircase([0.1, 0.2, 0.3])
    with pytest.raises(NotAnswerable, match="not alike"):
        critical_current(
            data=[CyclingRecord(away.time, away.current, away.potential + 3.0)],
            area=[q("1 cm^2")],
        )


def test_prose_and_figures():
    declared = get("lithium.critical_current")
    found = critical_current(data=records(virtual(sample=SAMPLE)), area=AREA)
    known = {**declared.parameters, **found.quantities, **found.text}
    assert set(re.findall(r"{(\w+)}", declared.declared.prose)) <= set(known)
    staircase_figure, over = module.figure(found)
    assert staircase_figure.panels[0].marks[0].label == "first failing step"
    assert over.panels[0].series
