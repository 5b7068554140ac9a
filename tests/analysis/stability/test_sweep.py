"""Onsets of a known sweep by three criteria; refusals; sweeps to both sides."""

import numpy as np
import pytest

from polylyte.analysis.stability.sweep import figure, sweep
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.quantities import q
from polylyte.instruments.reading import read_bytes
from polylyte.instruments.voltammograms import Voltammogram
from polylyte.virtual.samples import Sample
from polylyte.virtual.stability import sweep as virtual

SAMPLE = Sample(name="s")
RESISTANCE = q("50 ohm")


def recorded(**more):
    options = {"noise": q("0 uA"), "potential_noise": q("0 mV")} | more
    made = virtual(sample=SAMPLE, **options)
    ((name, raw),) = made.files.items()
    return made, Voltammogram.from_recording(read_bytes(raw, name))


def test_the_three_criteria_are_what_they_say():
    made, data = recorded()
    found = sweep(data=data, area=q("1 cm^2"), resistance=RESISTANCE)
    # E_on = 4.6 V, s = 25 mV, k = 2 mA/cm²/V by hand:
    # threshold 10 uA: 4.6 + 0.025 ln(exp(0.2) - 1) = 4.56231 V
    assert found.onset_threshold.value == pytest.approx(4.56231, abs=5e-4)
    assert found.onset_tangent.value == pytest.approx(4.6, abs=5e-4)
    # slope 0.1 mA/cm²/V: 4.6 + 0.025 ln(0.05/0.95) = 4.52639 V
    assert found.onset_derivative.value == pytest.approx(4.52639, abs=5e-4)
    assert made.onset_threshold.value == pytest.approx(4.56231, abs=1e-5)
    assert made.onset_derivative.value == pytest.approx(4.52639, abs=1e-5)
    assert found.spread.value == pytest.approx(73.6, abs=1)
    assert found.scan_rate.value == pytest.approx(1, rel=1e-4)
    assert found.onset_tangent.unit == "V vs Li/Li+"
    assert found["onset@100uA_cm2"].value > found["onset@1uA_cm2"].value
    figure(found)


def test_what_is_removed_matters():
    _, data = recorded(slope=q("20 mA/cm^2/V"))
    with_ir = sweep(data=data, area=q("1 cm^2"))
    without = sweep(data=data, area=q("1 cm^2"), resistance=RESISTANCE)
    # at 0.1 mA the ohmic drop is 5 mV, at 10 uA 0.5 mV
    for name, shift in (("onset@100uA_cm2", 5e-3), ("onset@10uA_cm2", 0.5e-3)):
        assert with_ir[name].value - without[name].value == pytest.approx(shift, rel=0.05)
    assert any("iR is not removed" in f.text for f in with_ir.findings)
    _, data = recorded(leakage=q("5 uA/cm^2/V"))
    kept = sweep(data=data, area=q("1 cm^2"), resistance=RESISTANCE, background="none")
    removed = sweep(data=data, area=q("1 cm^2"), resistance=RESISTANCE)
    # a leakage of 10 uA at 4.5 V would be an onset of its own
    assert kept.onset_threshold.value < 4.53
    assert removed.onset_threshold.value == pytest.approx(4.56231, abs=1e-3)


def test_without_an_area_there_are_currents():
    # Gamry's form offers 1 cm^2: nobody's number
    _, data = recorded(instrument="gamry")
    found = sweep(data=data, resistance=RESISTANCE)
    assert found.onset_threshold.value is None
    assert found.onset_threshold.flags == ("not identifiable", "no area")
    assert found.onset_derivative.value is None
    assert found.onset_tangent.value == pytest.approx(4.6, abs=5e-4)
    assert found.sweep.units["faradaic"] == "uA"
    assert any("not current densities" in f.text for f in found.findings)
    figure(found)
    found = sweep(data=data, resistance=RESISTANCE, threshold=q("10 uA"),
                  slope_threshold=q("0.1 mA/V"))  # fmt: skip
    assert found.onset_threshold.value == pytest.approx(4.56231, abs=5e-4)
    assert found.onset_derivative.value == pytest.approx(4.52639, abs=5e-4)


def test_uncertain_area_and_resistance():
    _, data = recorded()
    exact = sweep(data=data, area=q("1 cm^2"), resistance=RESISTANCE)
    loose = sweep(data=data, area=q("1.0(1) cm^2"), resistance=q("50(10) ohm"))
    # y = 10 uA: dE/dA = j/(A·slope), slope k (1 - exp(-0.2)) = 0.3625 mA/V; 10 uA · 10 ohm = 0.1 mV
    by_area = 1e-6 / (2e-3 * (1 - np.exp(-0.2)))
    parts = loose.onset_threshold.components
    assert abs(next(p for s, p in parts.items() if "1.0(1) cm^2" in s)) == pytest.approx(
        by_area, rel=0.02
    )
    assert next(p for s, p in parts.items() if "50(10)" in s) == pytest.approx(-1e-4, rel=0.05)
    assert loose.onset_threshold.std > exact.onset_threshold.std


def test_reduction():
    made, data = recorded(
        onset=q("0.6 V vs Li/Li+"), start=q("2.5 V vs Li/Li+"), stop=q("0.1 V vs Li/Li+")
    )
    found = sweep(data=data, area=q("1 cm^2"), resistance=RESISTANCE)
    assert found.text["direction"] == "reduction"
    assert found.onset_tangent.value == pytest.approx(0.6, abs=5e-4)
    assert found.onset_threshold.value == pytest.approx(made.onset_threshold.value, abs=5e-4)
    assert found.onset_threshold.value == pytest.approx(0.6 + 0.03769, abs=5e-4)
    with pytest.raises(InputError, match="there is no sweep 1 in this direction"):
        sweep(data=data, direction="oxidation")


def test_another_reference():
    _, data = recorded()
    found = sweep(data=data, area=q("1 cm^2"), resistance=RESISTANCE,
                  reference_potential=q("3.4 V vs Li/Li+"))  # fmt: skip
    assert found.onset_tangent.value == pytest.approx(8.0, abs=5e-4)


def test_caveats_and_verdicts():
    _, data = recorded(scan_rate=q("10 mV/s"), noise=q("0.2 uA"))
    found = sweep(data=data, area=q("1 cm^2"), resistance=RESISTANCE)
    verdicts = {v.name: v.passed for v in found.verdicts}
    assert verdicts["scan slow enough"] is False
    assert verdicts["background is straight"]
    assert verdicts["tangent unambiguous"]
    assert any("slower sweeps and larger" in f.text for f in found.findings)
    # a background that takes in the onset is told
    found = sweep(data=data, area=q("1 cm^2"), resistance=RESISTANCE,
                  background_to=q("4.6 V vs Li/Li+"))  # fmt: skip
    assert {v.name: v.passed for v in found.verdicts}["background is straight"] is False
    # an exponential that is cut: the tangent depends on the end
    _, data = recorded(softness=q("100 mV"), onset=q("5.1 V vs Li/Li+"))
    found = sweep(data=data, area=q("1 cm^2"), resistance=RESISTANCE)
    assert {v.name: v.passed for v in found.verdicts}["tangent unambiguous"] is False


def test_refusals():
    _, data = recorded(noise=q("0.2 uA"))
    quiet = Voltammogram(data.time[:1500], data.current[:1500], data.potential[:1500])
    with pytest.raises(NotAnswerable, match="never rises beyond the noise"):
        sweep(data=quiet, area=q("1 cm^2"))
    with pytest.raises(NotAnswerable, match=r"points lie in the background|needs \d+"):
        sweep(data=Voltammogram(*(a[::200] for a in (data.time, data.current, data.potential))))
    for wrong in (q("10 mV"), q("-1 uA/cm^2")):
        with pytest.raises(InputError, match="threshold"):
            sweep(data=data, area=q("1 cm^2"), threshold=wrong)
    with pytest.raises(InputError, match="area: must be positive"):
        sweep(data=data, area=q("0 cm^2"))
    with pytest.raises(InputError, match="no part of the sweep lies in the stated background"):
        sweep(data=data, background_from=q("6 V vs Li/Li+"), background_to=q("7 V vs Li/Li+"))
    flat = Voltammogram([0.0, 1, 2, 3], [0.0, 0, 0, 0], [1.0, 1, 1, 1])
    with pytest.raises(NotAnswerable, match="is not swept"):
        sweep(data=flat)
