"""Stated 95 % intervals of symmetric lithium cells hold the truth as often as they say; shorts
are found, and none where there is none.

Bounds, chosen before any run, for 1000 draws: intervals 93 to 97 %; false alarms at most 2 % of
records (1 % is asked for); hard shorts found and placed between the right two samples in at least
99 %, soft ones of 30 and 15 % found in at least 99 and 95 %, placed in at least 95 and 90 %.
"""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import binom

from polylyte.analysis.lithium.critical_current import critical_current
from polylyte.analysis.lithium.sand import sand_time
from polylyte.analysis.lithium.symmetric import symmetric
from polylyte.core.quantities import q
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.reading import read_bytes
from polylyte.virtual.critical_current import critical_current as virtual_critical_current
from polylyte.virtual.critical_current_sand import sand_time as virtual_sand_time
from polylyte.virtual.lithium_symmetric import lithium_symmetric
from polylyte.virtual.samples import Sample
from tests.virtual.recording import record

SAMPLE = Sample(name="s")
SINGLE_ION = Sample(name="s", transference_number=q("1"))
THICK = Sample(name="s", thickness=q("500 um"))
AREA = [q("1 cm^2")]
QUANTILE = 1.959964


def covered(found, truth):
    assert found.value is not None, found
    if found.interval is not None:
        return found.interval[0] <= truth.to(found.unit).value <= found.interval[1]
    return abs((found - truth).to(found.unit).value) <= QUANTILE * found.std


def records(made):
    return [CyclingRecord.from_recording(read_bytes(raw, name)) for name, raw in made.files.items()]


def cycling(seed):
    short = 20 + 15 * np.random.default_rng(seed).random()
    made = lithium_symmetric(
        sample=SAMPLE, cycles=20, interval=q("2 min"), growth=q("0.3 %/h"), asymmetry=q("3 %"),
        missing=q("2 %"), potential_error=q("1 mV"), current_error=q("0.1 %"),
        hard_short=q(f"{short} h"), recorder="land", seed=seed,
    )  # fmt: skip
    found = symmetric(data=records(made), area=AREA)
    names = (
        "current_density", "areal_capacity", "overpotential", "initial_overpotential", "growth",
        "asymmetry", "nucleation_overpotential", "rise", "short_circuit_time",
    )  # fmt: skip
    resistance = (made.overpotential / made.current_density).to("ohm cm^2")
    return {
        "area_specific_resistance": covered(found.area_specific_resistance, resistance),
        **{name: covered(found[name], made[name]) for name in names},
    }


def staircase(seed):
    """One cell of a random critical current; no gradient, so that its resistance is one number."""
    true = q(f"{np.random.default_rng(seed).uniform(0.4, 1.2)} mA/cm^2")
    made = virtual_critical_current(
        sample=SINGLE_ION, critical_current_density=true, interval=q("60 s"), nucleation=q("0 mV"),
        current_error=q("0.1 %"), potential_error=q("0.5 mV"), noise=q("0.1 mV"), missing=q("2 %"),
        recorder="land", seed=seed,
    )  # fmt: skip
    found = critical_current(data=records(made), area=AREA)
    names = ("critical_current_density", "area_specific_resistance")
    return {name: covered(found[name], made[name]) for name in names}


def replicates(seed):
    """Six cells whose critical currents are drawn from a log-normal distribution."""
    draw = np.random.default_rng(seed)
    data = []
    for k, true in enumerate(0.7 * np.exp(0.2 * draw.standard_normal(6))):
        made = virtual_critical_current(
            sample=SINGLE_ION, critical_current_density=q(f"{true} mA/cm^2"), interval=q("90 s"),
            last_current=q("1.6 mA/cm^2"), recorder="land", seed=6 * seed + k,
        )  # fmt: skip
        data += records(made)
    found = critical_current(data=data, area=AREA)
    return {"median of six": covered(found.critical_current_density, q("0.7 mA/cm^2"))}


def depletion(seed):
    """Fits of single cells, and the law over cells that differ by 2 % in D c²."""
    currents = [q(f"{j} mA/cm^2") for j in (2, 3, 4, 6)]
    given = {"salt_concentration": q("1 mol/L"), "transference_number": q("0.4"),
             "thickness": q("500 um")}  # fmt: skip
    options = {"sample": THICK, "currents": currents, "samples": 100, "recorder": "land",
               "seed": seed}  # fmt: skip
    alike = virtual_sand_time(**options)
    found = sand_time(data=records(alike), area=AREA)
    name = f"sand_time@{(2, 3, 4, 6)[seed % 4]}mA/cm2"
    hits = {"sand_time": covered(found[name], alike[name])}
    made = virtual_sand_time(**options, scatter=q("2 %"), current_error=q("0.1 %"))
    found = sand_time(data=records(made), area=AREA, **given)
    names = ("sand_constant", "salt_diffusivity", "limiting_current_density")
    hits |= {name: covered(found[name], made[name]) for name in names}
    return hits | {"exponent": covered(found.exponent, q("-2"))}


ANALYSES = {
    "cycling": ("lithium.symmetric", "a cell that is shorted"),
    "staircase": ("lithium.critical_current", "one cell"),
    "replicates": ("lithium.critical_current", "replicate cells"),
    "depletion": ("lithium.sand_time", "four currents"),
}
STUDIES = {
    "cycling": cycling,
    "staircase": staircase,
    "replicates": replicates,
    "depletion": depletion,
}


def count(study, draws):
    hits = Counter()
    for seed in range(draws):
        hits.update({name: int(ok) for name, ok in STUDIES[study](seed).items()})
    return dict(hits)


@pytest.mark.parametrize(
    ("study", "draws"), [("cycling", 24), ("staircase", 16), ("replicates", 4), ("depletion", 6)]
)
def test_a_few_draws(study, draws):
    for name, hits in count(study, draws).items():
        assert hits >= binom.ppf(1e-4, draws, 0.95), (name, hits)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("study", STUDIES)
def test_a_thousand_draws(study):
    found = count(study, 1000)
    for name, hits in found.items():
        analysis, words = ANALYSES[study]
        record(analysis, f"{name}, {words}", draws=1000, covered=hits)
    for name, hits in found.items():
        assert 930 <= hits <= 970, (name, hits)


def life(seed, **options):
    """A cell with growth, asymmetry, spikes, scatter and missing points, and its shorts found."""
    draw = np.random.default_rng(seed)
    given = {}
    true = None
    if options.pop("hard", False):
        true = draw.uniform(12, 28)
        given["hard_short"] = q(f"{true} h")
    if (fall := options.pop("soft", None)) is not None:
        true = draw.uniform(12, 24)
        given |= {"soft_shorts": [q(f"{true} h")], "soft_fall": q(fall)}
    made = lithium_symmetric(
        sample=SAMPLE, cycles=15, growth=q("0.3 %/h"), asymmetry=q("3 %"), missing=q("2 %"),
        recorder="land", seed=seed, **given, **options,
    )  # fmt: skip
    found = symmetric(data=records(made), area=AREA)
    rows = found.shorts.frame
    kind = "hard" if "hard_short" in given else "soft"
    own = rows.filter(rows["kind"] == kind)
    placed = bool(len(own)) and own["after"][0] <= true <= own["before"][0] if true else False
    return {"any": len(rows) > 0, "found": len(own) > 0, "placed": placed}


CASES = {
    "healthy": {},
    "healthy, scattered": {"scatter": q("2 %")},
    "hard": {"hard": True},
    "soft 30 %": {"soft": "30 %"},
    "soft 15 %": {"soft": "15 %"},
    "soft, erratic": {"soft": "30 %", "erratic": q("3 mV")},
}
BOUNDS = {
    "hard": (0.99, 0.99),
    "soft 30 %": (0.99, 0.95),
    "soft 15 %": (0.95, 0.90),
    "soft, erratic": (0.95, 0.90),
}


def rates(case, draws):
    hits = Counter()
    for seed in range(draws):
        hits.update({name: int(ok) for name, ok in life(seed, **CASES[case]).items()})
    return dict(hits)


@pytest.mark.parametrize("case", CASES)
def test_shorts_of_a_few(case):
    found = rates(case, 12)
    if case.startswith("healthy"):
        assert found["any"] <= 1
    else:
        assert found["found"] >= 11
        assert found["placed"] >= 10


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("case", CASES)
def test_shorts_of_a_thousand(case):
    found = rates(case, 1000)
    if case.startswith("healthy"):
        assert found["any"] <= 20, found
    else:
        least_found, least_placed = BOUNDS[case]
        assert found["found"] >= 1000 * least_found, found
        assert found["placed"] >= 1000 * least_placed, found
