"""Arcs followed over cycles: names kept, growth recovered, a bad spectrum named."""

import numpy as np
import pytest

from polylyte.analysis.impedance.circuits import parse
from polylyte.analysis.impedance.growth import growth
from polylyte.analysis.impedance.track import figure, track
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.methods import get
from polylyte.core.quantities import q
from polylyte.instruments.spectra import ImpedanceSpectrum

CIRCUIT = "R0-p(R1,CPE1)-p(R2,CPE2)"
FREQUENCY = np.logspace(6, -1, 57)


def aged(cycle, R1=20.0, R2=50.0, Q2=1e-3, noise=2e-3, frequency=FREQUENCY, **conditions):
    values = np.array([5, R1, 1e-5, 0.9, R2, Q2, 0.9])
    z = parse(CIRCUIT).impedance(values, frequency)
    rng = np.random.default_rng(cycle)
    error = rng.normal(size=len(z)) + 1j * rng.normal(size=len(z))
    given = conditions or {"cycle": q(str(cycle))}
    return ImpedanceSpectrum(frequency, z + noise * np.abs(z) * error, given, f"cycle {cycle}")


def test_linear_growth_is_recovered():
    """R2 grows by 2 ohm per cycle, R1 stays; the order of the files does not matter."""
    spectra = [aged(cycle, R2=50 + 2 * cycle) for cycle in range(1, 13)]
    result = track(spectra=spectra[::-1], circuit=CIRCUIT)
    assert result.text["along"] == "cycle"
    assert result.parameters.column("position") == list(range(1, 13))
    rate = result["R2_rate"]
    assert rate.value == pytest.approx(2.0, abs=2.5 * rate.std)
    assert rate.std < 0.1
    assert rate.conditions["per"] == "cycle"
    still = result["R1_rate"]
    assert still.value == pytest.approx(0.0, abs=3 * still.std)
    assert result["R2_ratio"].value == pytest.approx(74 / 52, rel=0.02)
    values, errors = result.parameters.column("R2"), result.parameters.std("R2")
    pulls = (np.array(values) - (50 + 2 * np.arange(1, 13))) / errors
    assert np.abs(pulls).max() < 4
    assert result["R_total_last"].value == pytest.approx(5 + 20 + 74, rel=0.01)
    assert all(verdict.passed for verdict in result.verdicts)
    (shown,) = figure(result)
    assert {series.label for series in shown.panels[0].series} == {"R0", "R1", "R2", "R_total"}


def test_square_root_growth_is_told_from_linear():
    x = np.arange(16.0)
    found = growth(x, 10 + 3 * np.sqrt(x) + 0.02 * np.sin(7 * x), [0.02] * 16)
    assert found.law == "square root"
    assert found.rate == pytest.approx(3.0, abs=3 * found.std)
    line = growth(x, 10 + 3 * x + 0.02 * np.sin(7 * x), [0.02] * 16)
    assert line.law == "linear"
    assert growth([1, 2], [1, 2], [0.1, 0.1]) is None


def test_rate_by_hand():
    """Equal errors s: the rate's is s/sqrt(sum (x - mean)²) = 0.1/sqrt(10) for 0 … 4."""
    found = growth([0, 1, 2, 3, 4], [1, 3, 5, 7, 9], [0.1] * 5)
    assert (found.law, found.start, found.rate) == ("linear", pytest.approx(1), pytest.approx(2))
    assert found.std == pytest.approx(0.1 / np.sqrt(10))


def test_both_rates_against_closed_forms():
    """y = 1 + 2 sqrt(x) exactly: the root's rate is 2. The line's slope through 0, 1, 4, 9, 16 and
    1, 3, 5, 7, 9 is Σ(x − 6)(y − 5)/Σ(x − 6)² = 80/174."""
    found = growth([0, 1, 4, 9, 16], [1, 3, 5, 7, 9], [0.1] * 5)
    assert found.law == "square root"
    assert found.root.rate == pytest.approx(2.0)
    assert found.linear.rate == pytest.approx(80 / 174)
    assert found.gain > 100
    few = growth([0, 1, 4, 9], [1, 3, 5, 7], [0.1] * 4)
    assert (few.law, few.gain) == ("linear", None)
    assert few.root.rate == pytest.approx(2.0)


@pytest.mark.parametrize("law", ["linear", "square root"])
@pytest.mark.parametrize(("count", "stated"), [(4, 1.0), (6, 1.0), (6, 0.3), (12, 1.0)])
def test_rates_of_1000_draws(law, count, stated):
    """Errors stated right, or three times too small: the scatter then widens them. Where both
    explain the points, the larger of the two counts, so up to 98 % are held."""
    rng = np.random.default_rng(1)
    x = 10.0 * np.arange(count)
    base, held = x if law == "linear" else np.sqrt(x), 0
    for _ in range(1000):
        y = 20 + 2 * base + 0.5 * rng.normal(size=count)
        found = growth(x, y, [0.5 * stated] * count)
        one = found.linear if law == "linear" else found.root
        held += abs(one.rate - 2) <= 1.96 * one.std
    assert 0.93 <= held / 1000 <= 0.98


def test_a_film_that_grows_by_the_square_root():
    times = [0, 1, 4, 9, 16, 25, 36, 49]
    spectra = [aged(h + 1, R2=50 + 5 * np.sqrt(h), time=q(f"{h} h")) for h in times]
    result = track(spectra=spectra, circuit=CIRCUIT)
    root, line = result["R2_root_rate"], result["R2_rate"]
    assert root.unit == "ohm/h^0.5"
    assert root.value == pytest.approx(5.0, abs=2.5 * root.std)
    assert root.flags == ()
    assert line.flags == ("not the law taken",)
    row = result.growth.column("resistance").index("R2")
    assert result.growth.column("law")[row] == "square root"
    assert result.growth.column("gain_of_root")[row] > 2


def test_arcs_that_cross_keep_their_names():
    """The slow arc's Q falls until it is the faster one; its resistance of 50 ohm tells it."""
    spectra = [
        aged(step, R1=20.0, R2=50.0, Q2=Q2)
        for step, Q2 in enumerate(np.geomspace(1e-3, 3e-8, 10), 1)
    ]
    result = track(spectra=spectra, circuit=CIRCUIT)
    first, last = result["R2_first"], result["R2_last"]
    assert first.value == pytest.approx(50, rel=0.05)
    assert last.value == pytest.approx(50, rel=0.05)
    assert result["R1_last"].value == pytest.approx(20, rel=0.1)
    assert any("crossed" in finding.text for finding in result.findings)


def test_one_bad_spectrum_is_left_out_by_name():
    short = aged(3, frequency=np.logspace(6, 5, 6))
    result = track(spectra=[aged(1), aged(2), short, aged(4)], circuit=CIRCUIT)
    assert result.number_of_spectra.value == 3
    (lost,) = [finding for finding in result.findings if finding.severity == "error"]
    assert lost.where == "cycle 3"
    assert "6 usable points, 9 are needed" in lost.text
    with pytest.raises(NotAnswerable, match="1 could be fitted"):
        track(spectra=[aged(1), short], circuit=CIRCUIT)


def test_what_to_follow():
    timed = [aged(k, R2=50 + k, time=q(f"{k} h")) for k in (1, 2, 3)]
    result = track(spectra=timed, circuit=CIRCUIT)
    assert result.text["along"] == "time"
    assert result["R2_rate"].unit == "ohm/h"
    mixed = [aged(1), aged(2, time=q("2 h")), aged(3)]
    assert track(spectra=mixed, circuit=CIRCUIT).text["along"] == "number"
    with pytest.raises(InputError, match="not every spectrum says its 'cycle'"):
        track(spectra=mixed, circuit=CIRCUIT, along="cycle")


def test_declared():
    method = get("impedance.track")
    assert method.parameters["spectra"].many
    assert "task" not in [p.name for p in method.parameters.values() if p.type != "task"]
