"""Coulombic efficiency from charges and from records of known truth."""

import numpy as np
import pytest

from polylyte.analysis.lithium.aurbach import aurbach, figure
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.methods import get
from polylyte.core.quantities import q
from polylyte.instruments.cycling import CyclingRecord
from polylyte.virtual.aurbach import aurbach as virtual_aurbach
from polylyte.virtual.samples import Sample

SAMPLE = Sample.from_toml({"coulombic_efficiency": "99.39 %"}, where="test", name="LiFPA")


def record(sign=1.0, counter=True, change=None, **options):
    """A record as arrays; ``change`` edits its columns (time, current, potential, charge)."""
    made = virtual_aurbach(sample=SAMPLE, interval=q("10 min"), **options).profile
    columns = [np.array(made.column(n)) for n in ("time", "current", "potential", "charge")]
    if change is not None:
        columns = change(*columns)
    time, current, potential, charge = columns
    return CyclingRecord(time, sign * current, sign * potential, sign * charge if counter else None)


def verdict(result, name):
    return next(v for v in result.verdicts if v.name == name)


def charges(q1="5", q2="10", q3="10", q4="4.9085", unit="mAh/cm^2"):
    names = ("reservoir", "cycled_plating", "cycled_stripping", "final_stripping")
    return {n: q(f"{c} {unit}") for n, c in zip(names, (q1, q2, q3, q4), strict=True)}


@pytest.mark.parametrize("unit", ["mAh/cm^2", "mAh", "C"])
def test_the_published_efficiency(unit):
    """Seed C, Fig. S14: 99.39 % with a 5 mAh/cm^2 reservoir and ten cycles of 1 mAh/cm^2."""
    result = aurbach(**charges(unit=unit))
    assert result.coulombic_efficiency.value == pytest.approx(99.39, abs=1e-9)
    assert result.coulombic_efficiency.unit == "%"


def test_shared_errors_cancel():
    """One gain over all four charges leaves the ratio alone."""
    given = {n: q(f"{v} ± {0.01 * v} mAh", source="gain")
             for n, v in zip(charges(), (5, 10, 10, 4.9085), strict=True)}  # fmt: skip
    assert aurbach(**given).coulombic_efficiency.std == pytest.approx(0, abs=1e-9)


def test_inputs_that_do_not_fit():
    with pytest.raises(InputError, match=r"final_stripping is missing.*data"):
        aurbach(**{k: v for k, v in charges().items() if k != "final_stripping"})
    with pytest.raises(InputError, match="mixed"):
        aurbach(**charges() | {"reservoir": q("5 mAh")})
    with pytest.raises(InputError, match="neither a charge"):
        aurbach(**charges() | {"reservoir": q("5 mA")})
    with pytest.raises(InputError, match="negative"):
        aurbach(**charges(q4="-1"))
    with pytest.raises(InputError, match="no lithium"):
        aurbach(**charges(q1="0", q2="0"))


def test_above_100_percent_is_flagged():
    result = aurbach(**charges(q4="5.2"))
    assert "outside range" in result.coulombic_efficiency.flags
    assert result.warnings


def test_a_record_gives_its_efficiency_and_its_parts():
    result = aurbach(data=record())
    assert result.coulombic_efficiency.value == pytest.approx(99.39, abs=1e-4)
    assert result.cycles.value == 10
    assert result.reservoir.to("mAh").value == pytest.approx(5)
    assert result.final_stripping.to("mAh").value == pytest.approx(4.9085, abs=1e-5)
    assert result.conditioning_efficiency.value == pytest.approx(95, abs=1e-3)
    assert result.half_cycles.column("part") == [
        "conditioning", "conditioning", "reservoir", *["cycle"] * 20, "final strip"
    ]  # fmt: skip
    assert all(v.passed for v in result.verdicts)


@pytest.mark.parametrize("options", [
    {"conditioning": False}, {"sign": -1.0}, {"counter": False}, {"cycles": 3},
])  # fmt: skip
def test_variants_of_the_record(options):
    result = aurbach(data=record(**options))
    # without a counter each half cycle loses half of its first ten-minute interval
    tolerance = 0.1 if options == {"counter": False} else 1e-4
    assert result.coulombic_efficiency.value == pytest.approx(99.39, abs=tolerance)


def test_counter_accuracy_is_the_uncertainty():
    """Platings share one error and strips another: u(CE) = CE·a·√2."""
    result = aurbach(data=record(), charge_accuracy=q("0.1 %"))
    assert result.coulombic_efficiency.std == pytest.approx(99.39e-3 * 2**0.5, rel=1e-3)


def test_a_final_strip_that_stops_early_is_a_lower_bound():
    def stop(*columns):
        return [c[:-6] for c in columns]

    result = aurbach(data=record(change=stop))
    assert "lower bound" in result.coulombic_efficiency.flags
    assert verdict(result, "final strip complete").passed is False
    assert result.coulombic_efficiency.value < 99.39


def test_an_exhausted_reservoir_is_refused():
    """Half of the third cycle's strip is missing."""

    def cut(time, current, potential, charge):
        starts = np.flatnonzero(np.diff(np.sign(current))) + 1
        start, stop = starts[7], starts[8]
        keep = np.ones(time.size, bool)
        keep[start + (stop - start) // 2 : stop] = False
        charge = charge - np.where(np.arange(time.size) >= stop, charge[stop - 1]
                                   - charge[start + (stop - start) // 2 - 1], 0.0)  # fmt: skip
        return time[keep], current[keep], potential[keep], charge[keep]

    with pytest.raises(NotAnswerable, match=r"strip of cycle 3 passed 0\.\d+ of the cycled charge"):
        aurbach(data=record(change=cut))


def test_another_protocol_is_refused_with_what_was_seen():
    time = np.arange(0.0, 4 * 3600, 60)
    current = np.where((time // 3600) % 2 == 0, -1e-3, 1e-3)
    with pytest.raises(NotAnswerable, match=r"not the modified Aurbach.*plate 0\.9\d+ mAh") as e:
        aurbach(data=CyclingRecord(time, current, 40 * current))
    assert e.value.exit_code == 3


def test_a_soft_short_is_hinted_at():
    def short(time, current, potential, charge):
        late = time > 0.7 * time[-1]
        inner = np.abs(potential) < 0.2
        return time, current, np.where(late & inner, 0.2 * potential, potential), charge

    result = aurbach(data=record(change=short))
    hint = verdict(result, "no hint of a soft short")
    assert hint.passed is False
    assert "mV" in hint.text


def test_figure_and_declaration():
    (shown,) = figure(aurbach(data=record()))
    assert [m.label for m in shown.panels[0].marks] == ["reservoir", "cycles", "final strip"]
    assert {s.label for s in shown.panels[1].series} == {"plating", "stripping"}
    assert list(figure(aurbach(**charges()))) == []
    assert get("lithium.aurbach").parameters["data"].type == "data"
