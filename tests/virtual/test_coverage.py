"""Stated 95 % intervals hold the truth as often as they say, from real file formats.

Each draw has its own noise and its own calibration errors of the size that the analysis is told.
"""

import pytest
from scipy.stats import binom

from polylyte.analysis.lithium.aurbach import aurbach
from polylyte.analysis.transference.bruce_vincent import bruce_vincent
from polylyte.core.quantities import q
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.reading import read_bytes
from polylyte.instruments.spectra import ImpedanceSpectrum
from polylyte.instruments.transients import CurrentTransient
from polylyte.virtual.aurbach import aurbach as virtual_aurbach
from polylyte.virtual.chronoamperometry import chronoamperometry
from polylyte.virtual.samples import Sample
from tests.virtual.recording import record

SAMPLE = Sample.from_toml(
    {
        "conductivity": "0.1 mS/cm",
        "transference_number": 0.4,
        "interface_drift": 0.05,
        "coulombic_efficiency": "99.39 %",
    },
    where="test",
    name="s",
)
QUANTILE = 1.959964


def covered(found, truth):
    return abs((found - truth).value) <= QUANTILE * found.std


def fraction_covered(seed, *, calibrated):
    """One polarisation, its files read back and analysed."""
    gain, z_gain = (q("0 %"), q("0 %")) if calibrated else (q("0.3 %"), q("1 %"))
    made = chronoamperometry(
        sample=SAMPLE,
        interval=q("10 s"),
        gain_error=gain,
        impedance_gain_error=z_gain,
        bias_error=q("0 mV") if calibrated else q("0.05 mV"),
        seed=seed,
    )
    read = {name.split(".")[0]: read_bytes(raw, name) for name, raw in made.files.items()}
    found = bruce_vincent(
        polarization=CurrentTransient.from_recording(read["transient"]),
        before=ImpedanceSpectrum.from_recording(read["before"])[0],
        after=ImpedanceSpectrum.from_recording(read["after"])[0],
        bias=q("10 mV") if calibrated else q("10 ± 0.05 mV"),
        current_accuracy=gain,
        impedance_accuracy=z_gain,
    )
    return covered(found.transference_number, made.transference_number)


def efficiency_covered(seed):
    made = virtual_aurbach(sample=SAMPLE, interval=q("30 min"), charge_error=q("0.05 %"), seed=seed)
    ((name, raw),) = made.files.items()
    found = aurbach(data=CyclingRecord.from_recording(read_bytes(raw, name)))
    return covered(found.coulombic_efficiency, made.coulombic_efficiency)


def enough(hits, draws):
    """Not below what a true 95 % gives in all but one of ten thousand tests."""
    return hits >= binom.ppf(1e-4, draws, 0.95)


def test_current_fraction_of_a_handful():
    hits = sum(fraction_covered(seed, calibrated=seed % 2 == 0) for seed in range(12))
    assert enough(hits, 12)


def test_efficiency_of_some():
    hits = sum(efficiency_covered(seed) for seed in range(60))
    assert enough(hits, 60)
    assert hits < 60  # intervals that always hold the truth are too wide


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("calibrated", [True, False], ids=["noise", "noise and calibration"])
def test_current_fraction_covers(calibrated):
    hits = sum(fraction_covered(seed, calibrated=calibrated) for seed in range(1000))
    words = "noise alone" if calibrated else "noise and calibration"
    name = f"transference_number, drifting interface, {words}"
    record("transference.bruce_vincent", name, draws=1000, covered=hits)
    assert 930 <= hits <= 970


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_efficiency_covers():
    hits = sum(efficiency_covered(seed) for seed in range(1000))
    record("lithium.aurbach", "coulombic_efficiency of 99.39 %", draws=1000, covered=hits)
    assert 930 <= hits <= 970
