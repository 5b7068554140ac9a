"""Plating and stripping of symmetric cells: definitions, shorts, lower bounds, refusals."""

import numpy as np
import pytest

from polylyte.analysis.lithium import symmetric as module
from polylyte.analysis.lithium.symmetric import symmetric
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.methods import get
from polylyte.core.quantities import q
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.reading import read_bytes
from polylyte.virtual.lithium_symmetric import lithium_symmetric
from polylyte.virtual.samples import Sample

AREA = [q("1.13 cm^2")]
SAMPLE = Sample(name="SL2", area=q("1.13 cm^2"))
QUIET = {"noise": q("0 mV"), "scatter": q("0 %")}


def records(made):
    return [CyclingRecord.from_recording(read_bytes(raw, name)) for name, raw in made.files.items()]


def ladder(levels, current=0.565e-3, hours=1.0, samples=60, offset=0.0):
    """Half cycles of given plateaus (V), alternating, in Amperes."""
    time, flow, potential = [0.0], [0.0], [0.0]
    step = 3600 * hours / samples
    for k, level in enumerate(levels):
        sign = 1 if k % 2 == 0 else -1
        for _ in range(samples):
            time.append(time[-1] + step)
            flow.append(sign * current)
            potential.append(sign * level + offset)
    return CyclingRecord(time, flow, potential, name="ladder")


def test_definitions_on_a_ladder():
    """0.565 mA on 1.13 cm² are 0.5 mA/cm²; 30 mV are 60 Ω cm²; 31 against 29 mV: 6.667 %."""
    found = symmetric(data=[ladder([0.031, 0.029] * 10)], area=AREA, potential_accuracy=q("0 mV"))
    assert found.current_density.value == pytest.approx(0.5)
    assert found.areal_capacity.value == pytest.approx(0.5, rel=0.01)
    assert found.overpotential.value == pytest.approx(30)
    assert found.hysteresis.value == pytest.approx(60)
    assert found.area_specific_resistance.value == pytest.approx(60)
    assert found.asymmetry.value == pytest.approx(100 * 2 / 30)
    assert found.growth.value == pytest.approx(0, abs=1e-9)
    assert found.rise.value == pytest.approx(0, abs=1e-9)
    assert found.lifetime.flags == ("lower bound",)
    assert found.lifetime.value == pytest.approx(20)
    assert found.cumulative_capacity.value == pytest.approx(10, rel=0.01)
    assert found.cycles_before_short.value == 10
    assert found.nucleation_overpotential.flags == ("no spike",)
    assert "no short within 20 h" in found.text["life"]
    assert len(found.shorts) == 0


def test_growth_is_no_asymmetry():
    """1 mV per half cycle of 1 h is 1 mV/h; alternating directions alone would show 2·1 mV."""
    found = symmetric(data=[ladder([0.030 + 1e-3 * k for k in range(20)])], area=AREA)
    assert found.growth.value == pytest.approx(1.0)
    assert found.asymmetry.value == pytest.approx(0, abs=1e-9)
    # The second cycle is half cycles 2 and 3 (32 and 33 mV), the last one 18 and 19.
    assert found.initial_overpotential.value == pytest.approx(32.5)
    assert found.final_overpotential.value == pytest.approx(48.5)


def test_the_zero_of_the_voltmeter_falls_out_of_the_level_and_stays_in_the_asymmetry():
    away = ladder([0.03] * 20, offset=2e-3)
    found = symmetric(data=[away], area=AREA, potential_accuracy=q("2 mV"))
    assert found.overpotential.value == pytest.approx(30)
    assert found.asymmetry.value == pytest.approx(100 * 4 / 30)
    assert found.asymmetry.std == pytest.approx(100 * 4 / 30)
    assert not any("zero" in source for source in found.overpotential.components)


def test_virtual_cell_without_noise_returns_its_truth():
    made = lithium_symmetric(sample=SAMPLE, cycles=8, asymmetry=q("4 %"), growth=q("0.5 %/h"),
                             **QUIET)  # fmt: skip
    found = symmetric(data=records(made), area=AREA)
    for name in (
        "current_density", "areal_capacity", "overpotential", "initial_overpotential",
        "nucleation_overpotential", "rise",
    ):  # fmt: skip
        assert found[name].to(made[name].unit).value == pytest.approx(made[name].value, rel=2e-3)
    assert found.growth.value == pytest.approx(made.growth.value, rel=0.01)
    assert found.asymmetry.value == pytest.approx(4, rel=0.02)
    # 80 mV on fresh lithium above 62.6 mV, sampled each minute: its tip is at 2.4 min.
    assert found.first_nucleation_overpotential.value == pytest.approx(76, abs=2)
    assert found.nucleation_overpotential.conditions["tip"] == "180 s"  # the gradient still grows


@pytest.mark.parametrize("recorder", ["biologic", "neware", "land", "arbin"])
def test_the_same_from_every_format(recorder):
    made = lithium_symmetric(sample=SAMPLE, hard_short=q("14.21 h"), cycles=10, recorder=recorder)
    found = symmetric(data=records(made))  # the area is in the file
    assert found.short_circuit_time.value == pytest.approx(14.21, abs=1 / 60)
    assert found.lifetime == found.short_circuit_time
    low, high = found.short_circuit_time.interval
    assert high - low == pytest.approx(0.95 / 60, rel=0.01)
    # 14.21 h at 0.5 mA/cm².
    assert found.cumulative_capacity.value == pytest.approx(14.21 / 2, rel=0.01)
    assert found.cycles_before_short.value == 7
    assert any("as the file states it" in f.text for f in found.findings)
    assert {v.name: v.passed for v in found.verdicts}["no hard short"] is False
    assert any("collapses" in w for w in found.warnings)


def test_soft_short_and_its_recovery():
    made = lithium_symmetric(sample=SAMPLE, soft_shorts=[q("10.4 h")], soft_duration=q("2.5 h"))
    found = symmetric(data=records(made), area=AREA)
    row = found.shorts.frame.row(0, named=True)
    assert row["kind"] == "soft"
    assert row["after"] <= 10.4 <= row["before"]
    assert row["fall"] == pytest.approx(30, abs=3)
    assert row["recovered"] == pytest.approx(13)  # the half cycle that is whole again begins
    assert found.soft_short_time.value == pytest.approx(10.4, abs=1 / 60)
    assert found.short_circuit_time.flags == ("lower bound",)
    assert found.lifetime.value == found.soft_short_time.value


def test_ohmic_part_from_a_resistance_and_from_rests():
    """50 Ω times 0.565 mA are 28.25 mV; a rest shows film and interface at once: 110 Ω cm²·J."""
    made = lithium_symmetric(sample=SAMPLE, cycles=6, rest=q("5 min"), **QUIET)
    given = symmetric(data=records(made), area=AREA, resistance=q("50 ohm"))
    assert given.ohmic_overpotential.value == pytest.approx(28.25, rel=1e-3)
    rests = symmetric(data=records(made), area=AREA)
    # Of the gradient (7.5 mV) a minute of rest lets some go: it is in the fall too.
    assert 55 < rests.ohmic_overpotential.value < 62
    assert rests.ohmic_overpotential.conditions["within"] == "60 s"
    bare = symmetric(data=[ladder([0.03] * 8)], area=AREA)
    assert bare.ohmic_overpotential.flags == ("no interruption", "no resistance given")


def test_several_cells():
    data = [r for seed in range(3) for r in records(lithium_symmetric(
        sample=SAMPLE, seed=seed, cycles=10, name=f"c{seed}",
        hard_short=None if seed == 2 else q(f"{12 + seed}.3 h")))]  # fmt: skip
    found = symmetric(data=data, area=AREA)
    single = [symmetric(data=[r], area=AREA).overpotential.value for r in data]
    assert found.overpotential.value == pytest.approx(np.mean(single))
    assert found["overpotential_sd"].value == pytest.approx(np.std(single, ddof=1))
    assert found["n"].value == 3
    assert len(found.cells) == 3
    assert found.cells.column("lifetime_is") == ["observed", "observed", "a lower bound"]
    # Two that failed at 12.3 and 13.3 h and one that lived for 20: the median lies between.
    assert 12.3 < found.lifetime.value < 20
    assert found.text["life"].startswith("2 of 3 cells were shorted")
    assert len(module.figure(found)) == 4


def test_figures_mark_the_shorts():
    made = lithium_symmetric(sample=SAMPLE, cycles=10, hard_short=q("12.3 h"))
    (shown,) = module.figure(symmetric(data=records(made), area=AREA))
    assert [m.label for m in shown.panels[0].marks] == ["hard short"]


def test_a_counter_that_lies_and_a_short_start_are_told():
    record = ladder([0.03] * 10)
    lying = CyclingRecord(record.time, record.current, record.potential, 1.02 * record.charge)
    found = symmetric(data=[lying], area=AREA)
    assert {v.name: v.passed for v in found.verdicts}["counter against integral"] is False
    low = symmetric(data=[ladder([0.002] * 10)], area=AREA)
    assert any("shorted before" in f.text for f in low.findings)
    sure = symmetric(
        data=[ladder([0.002] * 10)], area=AREA, electrolyte_resistance=q("20 ohm cm^2")
    )
    assert sure.short_circuit_time.value < 0.1  # 4 Ω cm² from the beginning


def opposite():
    record = ladder([0.03] * 6)
    return CyclingRecord(record.time, record.current, -record.potential)


def half_cell():
    record = ladder([0.03] * 6)
    return CyclingRecord(record.time, record.current, record.potential + 3.4)


REFUSED = {
    "two half cycles": (lambda: ladder([0.03] * 2), "3 half cycles are needed"),
    "one direction": (lambda: ladder([0.03]), "3 half cycles are needed"),
    "a lithium metal cell": (half_cell, "not alike"),
    "turned around": (opposite, "opposite to the current"),
    "no current": (lambda: ladder([0.03] * 4, current=0.0), "no current flows"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case):
    make, words = REFUSED[case]
    with pytest.raises(NotAnswerable, match=words):
        symmetric(data=[make()], area=AREA)


def test_unequal_currents_are_a_staircase():
    a, b = ladder([0.03] * 4), ladder([0.06] * 4, current=1.13e-3)
    both = CyclingRecord(
        np.concatenate([a.time, b.time + a.time[-1] + 60]),
        np.concatenate([a.current, b.current]),
        np.concatenate([a.potential, b.potential]),
    )
    with pytest.raises(NotAnswerable, match=r"0\.5, 1 mA cm⁻².*critical_current"):
        symmetric(data=[both], area=AREA)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "no area is known"),
        ({"area": [q("-1 cm^2")]}, "must be positive"),
        ({"area": AREA, "least_fall": q("0 %")}, "between 0 and 1"),
    ],
)
def test_bad_input(options, words):
    with pytest.raises(InputError, match=words):
        symmetric(data=[ladder([0.03] * 6)], **options)
    with pytest.raises(InputError, match="no record"):
        symmetric(data=[], area=AREA)


def test_few_half_cycles_have_no_growth():
    found = symmetric(data=[ladder([0.03] * 4)], area=AREA)
    assert found.overpotential.value == pytest.approx(30)
    assert found.growth.flags == ("too short",)


def test_prose_names_what_the_method_has():
    declared = get("lithium.symmetric")
    made = lithium_symmetric(sample=SAMPLE, cycles=5)
    found = symmetric(data=records(made), area=AREA)
    known = {**declared.parameters, **found.quantities, **found.text}
    import re

    assert set(re.findall(r"{(\w+)}", declared.declared.prose)) <= set(known)
