"""Virtual files are genuine files: read back, marked, and the same bytes every time."""

import datetime

import numpy as np
import pytest

from polylyte.core.errors import InputError
from polylyte.core.methods import get
from polylyte.core.quantities import q
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.reading import read_bytes
from polylyte.instruments.spectra import ImpedanceSpectrum
from polylyte.instruments.transients import CurrentTransient
from polylyte.virtual import aurbach as aurbach_module
from polylyte.virtual import chronoamperometry as chronoamperometry_module
from polylyte.virtual import impedance as impedance_module
from polylyte.virtual.aurbach import aurbach
from polylyte.virtual.chronoamperometry import chronoamperometry, sampling
from polylyte.virtual.impedance import impedance
from polylyte.virtual.samples import Sample

SAMPLE = Sample.from_toml({"interface_drift": 0.1}, where="test", name="SL2")
CALLS = {
    "impedance": lambda **k: impedance(sample=SAMPLE, **k),
    "chronoamperometry": lambda **k: chronoamperometry(sample=SAMPLE, interval=q("20 s"), **k),
    "aurbach": lambda **k: aurbach(sample=SAMPLE, interval=q("30 min"), **k),
}
FORMATS = [("impedance", "gamry"), ("impedance", "biologic"), ("chronoamperometry", "gamry"),
           ("chronoamperometry", "biologic"), ("aurbach", "")]  # fmt: skip


def call(which, instrument="", **options):
    return CALLS[which](**({"instrument": instrument} if instrument else {}), **options)


@pytest.mark.parametrize(("which", "instrument"), FORMATS)
def test_bytes_are_reproducible_and_marked(which, instrument):
    first, again = call(which, instrument, seed=5), call(which, instrument, seed=5)
    assert first.files == again.files
    assert first.files != call(which, instrument, seed=6).files
    for name, raw in first.files.items():
        recording = read_bytes(raw, name)
        assert recording.simulated
        assert recording.rows_dropped == 0
        assert not [f for f in recording.findings if f.severity != "note"]
        assert "2024" in recording.started
        assert str(datetime.date.today().year) not in recording.started.replace("2024", "")


def test_names_and_temperatures():
    made = impedance(
        sample=SAMPLE, temperatures=[q("25 degC"), q("62.5 degC"), q("-10 degC")], noise=q("0 %")
    )
    assert list(made.files) == ["SL2_25C.DTA", "SL2_62.5C.DTA", "SL2_-10C.DTA"]
    spectrum = ImpedanceSpectrum.from_recording(read_bytes(made.files["SL2_62.5C.DTA"], "x.DTA"))[0]
    assert spectrum.conditions["temperature"].si == pytest.approx(335.65)
    truth = made.more["conductivity@62.5degC"]
    assert truth.how == "virtual"
    assert truth.si == pytest.approx(SAMPLE.conductivity_at(335.65))
    # the high-frequency plateau of the file is the truth's bulk resistance
    at = int(np.argmin(np.abs(spectrum.frequency - 1e5)))
    assert spectrum.impedance[at].real == pytest.approx(
        made.more["bulk_resistance@62.5degC"].si, rel=0.05
    )


def test_noise_is_as_stated():
    clean = impedance(sample=SAMPLE, noise=q("0 %"), points_per_decade=200)
    noisy = impedance(sample=SAMPLE, noise=q("0.5 %"), points_per_decade=200)
    table = noisy.spectra
    z, exact = (
        np.array(table.column(f"{kind}_real")) + 1j * np.array(table.column(f"{kind}_imaginary"))
        for kind in ("z", "true")
    )
    relative = (z - exact) / np.abs(exact)
    assert np.std(relative.real) == pytest.approx(0.005, rel=0.08)
    assert np.std(relative.imag) == pytest.approx(0.005, rel=0.08)
    assert clean.spectra.column("z_real") == clean.spectra.column("true_real")


def test_transient_reads_back():
    made = chronoamperometry(sample=SAMPLE, noise=q("0 %"))
    assert list(made.files) == ["transient.DTA", "before.DTA", "after.DTA"]
    data = CurrentTransient.from_recording(read_bytes(made.files["transient.DTA"], "t"))
    assert data.current == pytest.approx(made.transient.column("current"), rel=1e-5)
    assert data.current[-1] == pytest.approx(made.steady_current.si, rel=1e-3)
    assert made.steady_resistance.si == pytest.approx(1.1 * made.initial_resistance.si)


def test_converter_rounds():
    made = chronoamperometry(sample=SAMPLE, converter_bits=8, noise=q("0 %"), interval=q("20 s"))
    steps = np.unique(np.diff(np.unique(made.transient.column("current"))).round(12))
    assert steps.min() == pytest.approx(2 * 1e-4 / 256, rel=0.01)  # range of ±100 uA


def test_sampling_grows_from_the_first_interval():
    time = sampling(6000.0, 0.01, 2.0)
    gaps = np.diff(time)
    assert time[0] == 0.01
    assert gaps[0] == pytest.approx(0.01)
    assert gaps[-1] == pytest.approx(2.0)
    assert (np.diff(gaps) > -1e-9).all()


def test_aurbach_record_reads_back():
    made = aurbach(sample=SAMPLE, interval=q("30 min"))
    data = CyclingRecord.from_recording(read_bytes(made.files["SL2_aurbach.mpt"], "x.mpt"))
    assert data.has_counter
    assert data.charge == pytest.approx(made.profile.column("charge"), abs=1e-9)
    kept = made.cycled_stripping.si + made.final_stripping.si
    assert kept / (made.reservoir.si + made.cycled_plating.si) == pytest.approx(0.99)


@pytest.mark.parametrize(
    ("which", "options", "words"),
    [
        ("impedance", {"first_frequency": q("0.01 Hz")}, "no range from high to low"),
        ("impedance", {"temperatures": [q("25 degC"), q("298.15 K")]}, "two files are called"),
        ("impedance", {"name": "{cell}"}, "placeholder not known"),
        ("impedance", {"name": "../{sample}"}, "cannot be a file's name"),
        ("impedance", {"date": "yesterday"}, "is no date"),
        ("chronoamperometry", {"duration": q("5 s")}, "do not fit"),
        ("aurbach", {"cycles": 900}, "does not last"),
        ("aurbach", {"cycles": 0}, "must be positive"),
    ],
)
def test_messages(which, options, words):
    with pytest.raises(InputError, match=words):
        call(which, **options)


@pytest.mark.parametrize(
    ("id", "module"),
    [
        ("virtual.impedance", impedance_module),
        ("virtual.chronoamperometry", chronoamperometry_module),
        ("virtual.aurbach", aurbach_module),
    ],
)
def test_declarations_and_figures(id, module):
    method = get(id)
    assert method.declared.origin == "virtual"
    assert method.parameters["sample"].type == "section"
    figure = module.figure(call(id.split(".")[1]))
    assert figure.panels
    assert figure.reading
