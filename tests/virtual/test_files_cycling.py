"""Virtual cycling, sweeps and floating tests are genuine files: marked, the same bytes again."""

import numpy as np
import pytest

from polylyte.core.errors import InputError
from polylyte.core.quantities import q
from polylyte.instruments.reading import read_bytes
from polylyte.virtual import cycling as cycling_module
from polylyte.virtual import floating as floating_module
from polylyte.virtual import stability as stability_module
from polylyte.virtual.cycling import cycling
from polylyte.virtual.floating import floating
from polylyte.virtual.samples import Sample
from polylyte.virtual.stability import sweep

SAMPLE = Sample(name="SL2")
CALLS = {
    "cycling": (lambda **k: cycling(sample=SAMPLE, cycles=3, samples=20, **k), "cycling"),
    "sweep": (lambda **k: sweep(sample=SAMPLE, sample_every=q("5 mV"), **k), "voltammetry"),
    "floating": (
        lambda **k: floating(sample=SAMPLE, interval=q("30 min"), **k),
        "chronoamperometry",
    ),
}


@pytest.mark.parametrize("which", CALLS)
@pytest.mark.parametrize("instrument", ["gamry", "biologic"])
def test_bytes_are_reproducible_and_marked(which, instrument):
    if which == "cycling" and instrument == "gamry":
        pytest.skip("cycling is written by one instrument")
    make, technique = CALLS[which]
    options = {} if which == "cycling" else {"instrument": instrument}
    first = make(seed=5, **options)
    assert first.files == make(seed=5, **options).files
    assert first.files != make(seed=6, **options).files
    ((name, raw),) = first.files.items()
    read = read_bytes(raw, name)
    assert read.simulated
    assert read.technique == technique
    assert read.rows_dropped == 0
    assert not [f for f in read.findings if f.severity != "note"]
    assert read.conditions["temperature"].value == pytest.approx(25)


def test_figures():
    assert cycling_module.figure(CALLS["cycling"][0]()).panels
    assert stability_module.figure(CALLS["sweep"][0]()).panels
    assert floating_module.figure(CALLS["floating"][0]()).panels


def test_missing_points_are_missing_and_ends_are_not():
    whole = cycling(sample=SAMPLE, cycles=5, samples=50, noise=q("0 mV"))
    holed = cycling(sample=SAMPLE, cycles=5, samples=50, noise=q("0 mV"), missing=q("20 %"))
    tables = [
        read_bytes(raw, name).table("series")
        for made in (whole, holed)
        for name, raw in made.files.items()
    ]
    assert len(tables[0]) == 5 * 2 * 52
    assert len(tables[1]) == pytest.approx(0.8 * len(tables[0]), rel=0.1)
    ends = [
        [max(c for c, h in zip(t.column("charge"), t.column("half_cycle"), strict=True) if h == k)
         for k in range(0, 10, 2)]
        for t in tables
    ]  # fmt: skip
    assert ends[0] == pytest.approx(ends[1])


def test_fade_and_rates():
    made = cycling(sample=SAMPLE, cycles=4, rates=[q("0.1 C-rate"), q("1 C-rate")])
    table = made.cycles
    assert table.column("rate") == [0.1, 0.1, 1.0, 1.0]
    expected = 2 * (1 - 5e-4 * np.arange(4)) * np.array([1, 1, 0.8, 0.8])
    assert table.column("discharge") == pytest.approx(expected)
    assert made.retention.value == pytest.approx(100 * expected[-1] / expected[0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: cycling(sample=SAMPLE, cycles=0), "cycles"),
        (lambda: cycling(sample=SAMPLE, cycles=100, fade=q("2 %")), "nothing is left"),
        (lambda: cycling(sample=SAMPLE, shares=[1.0]), "do not fit together"),
        (lambda: cycling(sample=SAMPLE, cycles=1, rates=[q("0 C-rate")]), "rates"),
        (lambda: sweep(sample=SAMPLE, stop=q("2.5 V vs Li/Li+")), "leave no sweep"),
        (lambda: sweep(sample=SAMPLE, slope_threshold=q("5 mA/cm^2/V")), "never passes"),
        (lambda: sweep(sample=SAMPLE, slope=q("5 mV")), "slope"),
        (lambda: floating(sample=SAMPLE, step_height=q("0 V")), "first_step"),
        (lambda: floating(sample=SAMPLE, interval=q("0.1 s")), "more than"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(InputError, match=words):
        call()
