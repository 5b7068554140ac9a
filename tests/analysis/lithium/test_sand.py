"""Sand time: the law, what follows from it, shorts, refusals."""

import math
import re

import numpy as np
import pytest

from polylyte.analysis.lithium import sand as module
from polylyte.analysis.lithium.sand import sand_time
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.methods import get
from polylyte.core.quantities import q
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.reading import read_bytes
from polylyte.virtual.critical_current_sand import sand_time as virtual
from polylyte.virtual.samples import Sample

AREA = [q("1 cm^2")]
THICK = Sample(name="s", thickness=q("500 um"))
GIVEN = {
    "salt_concentration": q("1 mol/L"),
    "transference_number": q("0.4"),
    "thickness": q("500 um"),
}


def records(made):
    return [CyclingRecord.from_recording(read_bytes(raw, name)) for name, raw in made.files.items()]


def milliampere(*numbers):
    return [q(f"{n} mA/cm^2") for n in numbers]


def test_sands_law_by_hand():
    """D 1e-7 cm²/s, 1 M, t+ 0.4, 2 mA/cm²: τ = π·1e-11·(96485·1000/(2·0.6·20))² = 507.7 s."""
    tau = math.pi * 1e-11 * (96485.33212 * 1000 / (2 * 0.6 * 20)) ** 2
    made = virtual(sample=THICK, currents=milliampere(2, 3, 4))
    assert made["sand_time@2mA/cm2"].value == pytest.approx(tau, rel=1e-4)
    found = sand_time(data=records(made), area=AREA, **GIVEN)
    assert found["sand_time@2mA/cm2"].value == pytest.approx(tau, rel=1e-3)
    assert found.sand_constant.value == pytest.approx(4 * tau, rel=1e-3)
    assert found.salt_diffusivity.to("cm^2/s").value == pytest.approx(1e-7, rel=2e-3)
    # 2 F c D/((1 - t+) L)
    limit = 2 * 96485.33212 * 1000 * 1e-11 / (0.6 * 5e-4) / 10
    assert found.limiting_current_density.value == pytest.approx(limit, rel=2e-3)
    assert found.exponent.value == pytest.approx(-2, abs=2e-3)
    assert all(v.passed for v in found.verdicts)
    assert found.times.column("capacity")[0] == pytest.approx(2 * tau / 3600, rel=1e-3)


def test_concentration_from_the_diffusivity():
    data = records(virtual(sample=THICK, currents=milliampere(2, 3, 4)))
    found = sand_time(
        data=data, area=AREA, salt_diffusivity=q("1e-7 cm^2/s"), transference_number=q("0.4")
    )
    assert found.salt_concentration.to("mol/L").value == pytest.approx(1.0, rel=2e-3)
    bare = sand_time(data=data, area=AREA)
    assert bare.salt_diffusivity.value is None
    assert bare.limiting_current_density.value is None
    assert {v.name: v.passed for v in bare.verdicts}["diffusion layers have not met"] is None


def test_layers_that_met_are_left_out_or_told():
    """At 1.1 times the limiting current salt depletes later than Sand's law says."""
    made = virtual(sample=THICK, currents=milliampere(0.7, 0.8, 1, 1.5, 2, 3))
    data = records(made)
    found = sand_time(data=data, area=AREA, **GIVEN)
    assert "0.7, 0.8, 1 mA cm⁻²" in found.findings[0].text
    assert found.salt_diffusivity.to("cm^2/s").value == pytest.approx(1e-7, rel=2e-3)
    assert all(v.passed for v in found.verdicts)
    # Without a thickness nothing is left out, and the slope shows it.
    blind = sand_time(data=data, area=AREA)
    assert blind.exponent.value == pytest.approx(-2.18, abs=0.02)
    assert {v.name: v.passed for v in blind.verdicts}["τ falls as 1/J²"] is not True
    only = sand_time(data=data[:3], area=AREA, **GIVEN)
    assert {v.name: v.passed for v in only.verdicts}["diffusion layers have not met"] is False
    assert only.warnings


def test_below_the_limiting_current_there_is_a_lower_bound_and_a_short():
    made = virtual(
        sample=THICK, currents=milliampere(0.3, 2), short_after=[q("5000 s"), q("1e7 s")]
    )
    assert made["sand_time@0.3mA/cm2"].flags == ("no divergence",)
    found = sand_time(data=records(made), area=AREA)
    assert found["sand_time@0.3mA/cm2"].flags == ("lower bound", "no divergence")
    low, high = found.short_circuit_time.interval
    assert low <= 5000 / 3600 <= high
    assert found["short_circuit_time@0.3mA/cm2"] == found.short_circuit_time
    assert found.times.column("reached") == [False, True]
    assert found.exponent.flags == ("fewer than three Sand times",)
    assert len(module.figure(found)) == 2


def test_a_charge_to_a_short_alone_is_answered():
    """Seed A's short-circuit test: one current until the cell is shorted."""
    made = virtual(sample=THICK, currents=milliampere(0.1), short_after=[q("20 h")])
    found = sand_time(data=records(made), area=AREA)
    assert found.short_circuit_time.value == pytest.approx(20, abs=0.2)
    assert found.sand_constant.flags == ("no divergence",)
    assert found.times.column("capacity")[0] > 2  # mAh/cm²: the whole record
    assert len(module.figure(found)) == 1


def test_an_ohmic_record_neither_diverges_nor_is_shorted():
    time = np.arange(0.0, 3600, 30)
    flow = np.full(time.size, 1e-3)
    noise = 1e-4 * np.random.default_rng(0).standard_normal(time.size)
    with pytest.raises(NotAnswerable, match="diverges in no record"):
        sand_time(data=[CyclingRecord(time, flow, 0.1 + noise)], area=AREA)
    rising = CyclingRecord(time, flow, 0.1 + 0.01 * np.sqrt(time / 3600) + noise)
    with pytest.raises(NotAnswerable, match="diverges in no record"):
        sand_time(data=[rising], area=AREA)


def test_only_the_first_polarisation_counts():
    (first,) = records(virtual(sample=THICK, currents=milliampere(3)))
    twice = CyclingRecord(
        np.concatenate([first.time, first.time + first.time[-1] + 10]),
        np.concatenate([first.current, -first.current]),
        np.concatenate([first.potential, -first.potential]),
    )
    found = sand_time(data=[twice], area=AREA)
    alone = sand_time(data=[first], area=AREA)
    assert found["sand_time@3mA/cm2"].value == pytest.approx(alone["sand_time@3mA/cm2"].value)
    assert any("left out" in f.text for f in found.findings)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"transference_number": q("1")}, "between 0 and 1"),
        ({"thickness": q("0 um")}, "must be positive"),
        ({"salt_concentration": q("1 mV")}, "wrong dimension"),
    ],
)
def test_bad_input(options, words):
    data = records(virtual(sample=THICK, currents=milliampere(3)))
    with pytest.raises(InputError, match=words):
        sand_time(data=data, area=AREA, **options)
    with pytest.raises(InputError, match="no record"):
        sand_time(data=[])


def test_prose():
    declared = get("lithium.sand_time")
    found = sand_time(
        data=records(virtual(sample=THICK, currents=milliampere(2, 3, 4))), area=AREA, **GIVEN
    )
    known = {**declared.parameters, **found.quantities, **found.text}
    assert set(re.findall(r"{(\w+)}", declared.declared.prose)) <= set(known)
    assert "salt diffusivity" in found.text["transport"]
