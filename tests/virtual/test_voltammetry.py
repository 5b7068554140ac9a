"""Virtual cyclic voltammetry: closed forms, genuine files, and an analysis that finds the truth.

Closed forms: Laviron 1979, J. Electroanal. Chem. 101, 19–28, the reversible and the irreversible
limit of a surface-confined couple.
"""

import math

import numpy as np
import pytest
from scipy.stats import binom

from polylyte.analysis.cycling.voltammetry import voltammetry as analyse
from polylyte.core.errors import InputError
from polylyte.core.quantities import q
from polylyte.instruments.reading import read_bytes
from polylyte.instruments.voltammograms import Voltammogram
from polylyte.virtual.samples import Sample
from polylyte.virtual.voltammetry import figure, voltammetry

SAMPLE = Sample(name="film")
FARADAY = 96485.33212
SLOPE = FARADAY / (8.31446261815324 * 298.15)
COVERAGE = 2e-3  # mol/m^2, the default
RATE = 1e-3  # V/s, the default
AREA = 1e-4  # m^2
IDEAL = {
    "resistance": q("0 ohm"),
    "noise": q("0 A"),
    "potential_noise": q("0 V"),
    "cycles": 1,
}
FAST, SLOW = q("100 s^-1"), q("1e-5 s^-1")


def curve(made, direction):
    """Potential in V and faradaic current in A of one sweep of a single cycle."""
    table = made.voltammogram
    potential = np.array(table.column("potential"))
    faradaic = 1e-6 * np.array(table.column("faradaic"))
    turn = int(np.argmax(potential))
    rows = slice(0, turn + 1) if direction > 0 else slice(turn + 1, None)
    return potential[rows], faradaic[rows]


@pytest.mark.parametrize("electrons", [1, 2])
def test_reversible_peak(electrons):
    made = voltammetry(sample=SAMPLE, rate_constant=FAST, electrons=electrons, **IDEAL)
    top = electrons**2 * FARADAY * SLOPE * RATE * COVERAGE / 4  # A/m^2
    assert made.anodic_peak_current.si == pytest.approx(top, rel=1e-4)
    assert made.cathodic_peak_current.si == pytest.approx(-top, rel=1e-4)
    # First order in v/k: each peak is shifted by v/k.
    assert made.peak_separation.si == pytest.approx(2 * RATE / 100, rel=0.4)
    for direction in (1, -1):
        x, y = curve(made, direction)
        shape = AREA * top / np.cosh(electrons * SLOPE * (x - 3.45) / 2) ** 2
        inside = slice(5, -5)
        assert direction * y[inside] == pytest.approx(shape[inside], abs=2e-3 * AREA * top)
        half = AREA * top / 2
        size, order = direction * y, np.argsort(x)
        x, size = x[order], size[order]
        peak = int(np.argmax(size))
        low = np.interp(half, size[: peak + 1], x[: peak + 1])
        high = np.interp(-half, -size[peak:], x[peak:])
        # 3.53 RT/nF = 90.6/n mV at 25 °C
        assert 1e3 * (high - low) == pytest.approx(90.6 / electrons, abs=0.15)


def test_irreversible_peaks():
    made = voltammetry(
        sample=SAMPLE, rate_constant=SLOW, transfer_coefficient=q("0.4"), start=q("2.4 V"),
        stop=q("4.3 V"), **IDEAL,
    )  # fmt: skip
    for alpha, sign, place, current in (
        (0.6, 1, made.anodic_peak_potential, made.anodic_peak_current),
        (0.4, -1, made.cathodic_peak_potential, made.cathodic_peak_current),
    ):
        shift = math.log(alpha * SLOPE * RATE / 1e-5) / (alpha * SLOPE)
        top = alpha * FARADAY * SLOPE * RATE * COVERAGE / math.e
        assert place.si == pytest.approx(3.45 + sign * shift, abs=1e-5)
        assert current.si == pytest.approx(sign * top, rel=1e-4)


@pytest.mark.parametrize("k", ["0.02 s^-1", "1e-3 s^-1"])
def test_charge_under_the_peak_is_that_of_the_coverage(k):
    """Also with iR, which stretches the peak and leaves its charge."""
    options = IDEAL | {"resistance": q("50 ohm")}
    made = voltammetry(sample=SAMPLE, rate_constant=q(k), **options)
    assert made.coverage_charge.si == pytest.approx(FARADAY * COVERAGE)
    for direction in (1, -1):
        x, y = curve(made, direction)
        charge = abs(np.trapezoid(y, x)) / RATE
        assert charge == pytest.approx(FARADAY * COVERAGE * AREA, rel=2e-3)


def test_background_and_resistance():
    """C v far from the peaks; iR moves the peak as written, not the one behind it."""
    made = voltammetry(sample=SAMPLE, rate_constant=FAST, **(IDEAL | {"resistance": q("100 ohm")}))
    table = made.voltammogram
    potential = np.array(table.column("potential"))
    current = 1e-6 * np.array(table.column("current"))
    capacitive = AREA * 0.1 * RATE  # 10 uF/cm^2
    early = np.flatnonzero(np.isclose(potential, 2.95, atol=1e-6))
    assert current[early] == pytest.approx([capacitive, -capacitive], rel=1e-2)
    total = made.anodic_peak_current.si * AREA + capacitive
    assert current.max() == pytest.approx(total, rel=1e-4)
    at = potential[int(np.argmax(current))]
    assert at - made.anodic_peak_potential.si == pytest.approx(100 * total, abs=1e-3)


@pytest.mark.parametrize("instrument", ["gamry", "biologic"])
@pytest.mark.parametrize("limits", [("2.9 V", "4 V"), ("4 V", "2.9 V")])
def test_through_the_file(instrument, limits):
    options = {"instrument": instrument, "start": q(limits[0]), "stop": q(limits[1])}
    made = voltammetry(sample=SAMPLE, cycles=2, seed=5, **options)
    assert made.files == voltammetry(sample=SAMPLE, cycles=2, seed=5, **options).files
    assert made.files != voltammetry(sample=SAMPLE, cycles=2, seed=6, **options).files
    ((name, raw),) = made.files.items()
    read = read_bytes(raw, name)
    assert read.simulated
    assert read.technique == "voltammetry"
    assert read.rows_dropped == 0
    assert not [f for f in read.findings if f.severity != "note"]
    assert read.conditions["temperature"].value == pytest.approx(25)
    data = Voltammogram.from_recording(read)
    forth = 1 if limits[0] < limits[1] else -1
    assert [s.direction for s in data.sweeps()] == [forth, -forth] * 2
    table = made.voltammogram
    assert data.potential == pytest.approx(np.array(table.column("potential")), abs=1e-6)
    assert 1e6 * data.current == pytest.approx(np.array(table.column("current")), abs=1e-3)
    assert sorted(set(table.column("cycle"))) == [1, 2]
    assert table.column("cycle").count(1) == 2201
    assert table.column("cycle").count(2) == 2200


def test_missing_points_are_missing_and_turns_are_not():
    made = voltammetry(sample=SAMPLE, cycles=2, missing=q("20 %"), potential_noise=q("0 V"))
    potential = made.voltammogram.column("potential")
    assert len(potential) == pytest.approx(0.8 * 4401, rel=0.03)
    assert potential.count(max(potential)) == 2
    assert max(potential) == pytest.approx(4.0)
    assert potential[0] == potential[-1] == pytest.approx(2.9)


def test_analysis_finds_the_truth():
    """Twenty draws of noise, missing points and calibration; not below what 95 % gives."""
    names = {
        "anodic_peak": "anodic_peak_potential",
        "cathodic_peak": "cathodic_peak_potential",
        "separation": "peak_separation",
        "anodic_current": "anodic_peak_current",
        "cathodic_current": "cathodic_peak_current",
        "peak_ratio": "peak_ratio",
    }
    hits = dict.fromkeys(names, 0)
    for seed in range(20):
        made = voltammetry(
            sample=SAMPLE, cycles=2, missing=q("5 %"), potential_error=q("1 mV"),
            gain_error=q("0.3 %"), instrument="gamry" if seed % 2 else "biologic", seed=seed,
        )  # fmt: skip
        ((name, raw),) = made.files.items()
        found = analyse(
            data=Voltammogram.from_recording(read_bytes(raw, name)),
            resistance=q("20 ohm"),
            baseline="line",
            area=SAMPLE.area,
        )
        for there, here in names.items():
            gap = abs(found[there].si - made[here].si)
            std = found[there].std * abs(found[there].si / found[there].value)
            hits[there] += gap <= 1.959964 * std
    least = binom.ppf(1e-4, 20, 0.95)
    assert all(count >= least for count in hits.values()), hits


def test_figure_has_both_peaks():
    made = voltammetry(sample=SAMPLE, cycles=1)
    assert len(figure(made).panels[0].marks) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"stop": q("2.9 V")}, "leave no cycle"),
        ({"cycles": 0}, "leave no cycle"),
        ({"sample_every": q("1 uV")}, "more than 200000 samples"),
        ({"missing": q("100 %")}, "missing"),
        ({"coverage": q("0 mol/cm^2")}, "must be positive"),
        ({"transfer_coefficient": q("1")}, "transfer_coefficient"),
        ({"resistance": q("-1 ohm")}, "negative"),
        ({"stop": q("3.3 V")}, "outside the range swept"),
        ({"stop": q("40 V"), "sample_every": q("10 mV")}, "too far from the formal potential"),
        ({"coverage": q("5 mV")}, "coverage"),
    ],
)
def test_impossible_requests(options, words):
    with pytest.raises(InputError, match=words):
        voltammetry(sample=SAMPLE, **options)
