"""Conventional Li|Cu efficiency from charges by hand and from records of known truth."""

import numpy as np
import pytest

from polylyte.analysis.lithium.aurbach import aurbach
from polylyte.analysis.lithium.plating_efficiency import figure, plating_efficiency
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.quantities import q
from polylyte.instruments.cycling import CyclingRecord
from polylyte.instruments.reading import read_bytes
from polylyte.virtual.aurbach import aurbach as virtual_aurbach
from polylyte.virtual.plating_efficiency import plating_efficiency as virtual_plating
from polylyte.virtual.samples import Sample

SAMPLE = Sample.from_toml(
    {"coulombic_efficiency": "98.5 %", "conditioning_efficiency": "91 %"}, where="test", name="Cu"
)
QUIET = {"efficiency_scatter": q("0 %"), "noise": q("0.05 mV")}


def made(**options):
    return virtual_plating(
        sample=SAMPLE, **({"cycles": 12, "interval": q("5 min"), "seed": 1} | options)
    )


def record(change=None, **options):
    """As arrays; ``change`` edits the columns (time, current, potential, charge)."""
    profile = made(**options).profile
    columns = [np.array(profile.column(n)) for n in ("time", "current", "potential", "charge")]
    if change is not None:
        columns = change(*columns)
    return CyclingRecord(*columns)


def plain(charges, step=36.0, plateau=0.04):
    """A record by hand: one plating or strip per charge (mAh) at 1 mA, plateaus, 1 V at the end."""
    time, current, potential = [0.0], [0.0], [2.5]
    for k, charge in enumerate(charges):
        sign = -1.0 if k % 2 == 0 else 1.0
        count = round(charge * 3600 / step)  # a hundredth of 1 mAh each
        for i in range(1, count + 1):
            time.append(time[-1] + step)
            current.append(sign * 1e-3)
            potential.append(1.0 if sign > 0 and i == count else sign * plateau)
    charge = np.cumsum(np.diff(time, prepend=0.0) * np.array(current))
    return CyclingRecord(np.array(time), np.array(current), np.array(potential), charge)


def verdict(result, name):
    return next(v for v in result.verdicts if v.name == name)


def test_efficiencies_by_hand():
    """Strips of 0.9, 0.95, 0.97 and 0.96 of 1 mAh; mean of the last three 0.96, slope 0.5 %."""
    result = plating_efficiency(
        data=[plain([1, 0.9, 1, 0.95, 1, 0.97, 1, 0.96])], area=q("2 cm^2"),
        charge_mismatch=q("0 %"), charge_accuracy=q("0 %"),
    )  # fmt: skip
    assert result.first_efficiency.value == pytest.approx(90)
    assert result.first_loss.value == pytest.approx(0.1 / 2)
    assert result.plated.value == pytest.approx(0.5)
    assert result.coulombic_efficiency.value == pytest.approx(96)
    assert result.coulombic_efficiency.conditions["cycles"] == "2 to 4"
    assert result.trend.value == pytest.approx(0.5)
    # Residuals -0.5, 1, -0.5 % with one degree of freedom: s = sqrt(1.5) %; t(0.975, 1) = 12.7062
    spread = 1.5**0.5
    assert result.efficiency_scatter.value == pytest.approx(spread)
    assert result.coulombic_efficiency.std == pytest.approx(spread / 3**0.5 * 12.7062 / 1.959964)
    assert result.cycles.column("coulombic_efficiency") == pytest.approx([90, 95, 97, 96])
    assert result.cycles.column("counted") == [False, True, True, True]


def test_the_range_of_cycles_is_named():
    data = plain([1, 0.9, 1, 0.95, 1, 0.97, 1, 0.96])
    assert plating_efficiency(data=[data], first_cycle=1, last_cycle=2) \
        .coulombic_efficiency.value == pytest.approx(92.5)  # fmt: skip
    one = plating_efficiency(data=[data], first_cycle=3, last_cycle=3)
    assert one.coulombic_efficiency.conditions["cycles"] == "3 to 3"
    assert one.trend.value is None
    assert "too short" in one.trend.flags
    assert any("1 to 2, which condition" in f.text for f in one.findings)
    with pytest.raises(InputError, match=r"no cycle 9.*holds 4"):
        plating_efficiency(data=[data], first_cycle=9)
    with pytest.raises(InputError, match="no range"):
        plating_efficiency(data=[data], first_cycle=3, last_cycle=2)


def test_the_ammeters_gain_drops_out_of_the_efficiency():
    """It stays in the charges; the ratio of the gains does not drop out."""
    data = [record(**QUIET)]
    gain = plating_efficiency(data=data, charge_accuracy=q("1 %"), charge_mismatch=q("0 %"))
    assert gain.coulombic_efficiency.std == pytest.approx(0, abs=1e-6)
    assert gain.plated.std == pytest.approx(0.01 * gain.plated.value)
    both = plating_efficiency(data=data, charge_accuracy=q("1 %"), charge_mismatch=q("0.1 %"))
    assert both.coulombic_efficiency.std == pytest.approx(0.0985, rel=1e-3)
    assert both.first_efficiency.std == pytest.approx(0.091, rel=1e-3)


def test_a_record_of_known_truth():
    truth = made(**QUIET)
    ((name, raw),) = truth.files.items()
    result = plating_efficiency(data=[CyclingRecord.from_recording(read_bytes(raw, name))])
    assert result.coulombic_efficiency.value == pytest.approx(98.5, abs=2e-3)
    assert result.first_efficiency.value == pytest.approx(91, abs=2e-3)
    assert result.first_loss.value == pytest.approx(0.09, abs=2e-5)
    assert result.nucleation_overpotential.value == pytest.approx(60, abs=0.3)
    assert result.nucleation_minimum.value == pytest.approx(100, abs=0.3)
    assert result.plateau_overpotential.value == pytest.approx(40, abs=0.1)
    assert result.number_of_cycles.value == 12
    assert all(v.passed for v in result.verdicts)
    assert result.cycles_to_drop.value == 12
    assert "lower bound" in result.cycles_to_drop.flags
    assert result.text["protocol"] == "conventional"
    later = result.cycles.column("nucleation_overpotential")[1:]
    assert later == pytest.approx([40] * 11, abs=0.4)  # two thirds of the first


def test_the_voltmeters_zero_drops_out_of_the_nucleation_overpotential():
    result = plating_efficiency(data=[record(**QUIET)], potential_accuracy=q("5 mV"))
    assert result.plateau_overpotential.std == pytest.approx(5, rel=1e-3)
    assert result.nucleation_minimum.std == pytest.approx(5, rel=1e-3)
    assert result.nucleation_overpotential.std < 0.1


def test_a_spike_between_samples_is_a_lower_bound():
    result = plating_efficiency(data=[record(first_interval=q("2 min"), **QUIET)])
    assert "lower bound" in result.nucleation_overpotential.flags
    assert result.nucleation_overpotential.value < 60
    assert any("do not resolve" in f.text for f in result.findings)


def test_without_a_spike_there_is_no_nucleation_overpotential():
    result = plating_efficiency(data=[record(nucleation=q("0 mV"))])
    assert result.nucleation_overpotential.value is None
    assert "no spike" in result.nucleation_overpotential.flags
    assert figure(result).panels


def test_a_soft_short_ends_the_count():
    result = plating_efficiency(data=[record(cycles=20, short_from=15)])
    assert result.coulombic_efficiency.conditions["cycles"] == "2 to 14"
    assert result.coulombic_efficiency.value == pytest.approx(98.5, abs=0.2)
    assert verdict(result, "no hint of a soft short").passed is False
    assert "cycle 15" in verdict(result, "no hint of a soft short").text
    assert result.warnings
    asked = plating_efficiency(data=[record(cycles=20, short_from=15)], last_cycle=20)
    assert "soft short suspected" in asked.coulombic_efficiency.flags


def test_efficiency_alone_shows_a_short():
    """Plateaus stay; one cycle strips more than it plated, another jumps."""
    above = plating_efficiency(data=[plain([1, 0.9, 1, 0.95, 1, 0.95, 1, 1.1, 1, 0.95])])
    assert above.coulombic_efficiency.conditions["cycles"] == "2 to 3"
    assert "110.00 %" in verdict(above, "no hint of a soft short").text
    charges = [1, 0.9, *[1, 0.95] * 9, 1, 0.8, 1, 0.95]
    jump = plating_efficiency(data=[plain(charges)])
    assert "jumps from 95.00 to 80.00" in verdict(jump, "no hint of a soft short").text


def test_cycles_to_the_drop():
    """Below 90 % for good from cycle 5 on; once below in cycle 3 does not count."""
    charges = [1, 0.9, 1, 0.95, 1, 0.85, 1, 0.95, 1, 0.85, 1, 0.8, 1, 0.7]
    result = plating_efficiency(data=[plain(charges)])
    assert result.cycles_to_drop.value == 4
    assert not result.cycles_to_drop.flags
    assert result.cycles_to_drop.conditions == {"limit": "90 %"}


def test_what_is_not_counted_is_said():
    charges = [1, 0.9, 1, 0.95, 0.5, 0.45, 1, 0.95, 1]
    result = plating_efficiency(data=[plain(charges)])
    assert result.cycles.column("usual_charge") == [True, True, False, True]
    texts = " ".join(f.text for f in result.findings)
    assert "cycles 3 plate another charge" in texts
    assert "last plating is not stripped" in texts
    assert "no area is known" in texts
    stopped = plating_efficiency(data=[record(lambda *c: [x[:-3] for x in c])])
    assert verdict(stopped, "strips complete").passed is False
    assert stopped.number_of_cycles.value == 11


def test_replicate_cells():
    """Mean, standard deviation and n; the counter's mismatch is shared."""
    cells = [plain([1, 0.9, 1, a, 1, a, 1, a]) for a in (0.94, 0.95, 0.96)]
    result = plating_efficiency(data=cells, charge_mismatch=q("0 %"))
    assert result.coulombic_efficiency.value == pytest.approx(95)
    assert result.more["coulombic_efficiency_sd"].value == pytest.approx(1)
    assert result.coulombic_efficiency.std == pytest.approx(1 / 3**0.5)
    assert result.more["n"].value == 3
    assert result.cells.column("coulombic_efficiency") == pytest.approx([94, 95, 96])
    assert len(result.cycles) == 12


def test_the_other_protocol():
    """Which protocol a number is of is said, and each refuses the other's record."""
    result = plating_efficiency(data=[record(**QUIET)], modified=q("99.4(1) %"))
    assert result.more["modified_less_conventional"].value == pytest.approx(0.9, abs=0.01)
    assert any("conventional protocol" in f.text for f in result.findings)
    other = virtual_aurbach(sample=SAMPLE, interval=q("10 min")).profile
    data = CyclingRecord(*(other.column(n) for n in ("time", "current", "potential", "charge")))
    with pytest.raises(NotAnswerable, match=r"modified Aurbach.*lithium\.aurbach"):
        plating_efficiency(data=[data])
    with pytest.raises(NotAnswerable, match=r"lithium\.plating_efficiency"):
        aurbach(data=record())


def test_refusals():
    with pytest.raises(InputError, match="no record"):
        plating_efficiency(data=[])
    with pytest.raises(NotAnswerable, match=r"no strip ends at the cut-off.*cut_off"):
        plating_efficiency(data=[record()], cut_off=q("2 V"))
    with pytest.raises(NotAnswerable, match="no cycling of lithium on copper"):
        plating_efficiency(data=[plain([1])])
    with pytest.raises(InputError, match="positive"):
        plating_efficiency(data=[record()], area=q("0 cm^2"))
    with pytest.raises(NotAnswerable, match=r"no complete cycle.*110\.00"):
        plating_efficiency(data=[plain([1, 0.9, 1, 1.1, 1, 0.9])])


def test_the_sign_of_the_current_does_not_matter():
    def turned(time, current, potential, charge):
        return [time, -current, -potential, -charge]

    one, two = (plating_efficiency(data=[record(change, **QUIET)]) for change in (None, turned))
    for name in ("coulombic_efficiency", "nucleation_overpotential", "plateau_overpotential"):
        assert one[name].value == pytest.approx(two[name].value)


def test_figure_marks_the_nucleation():
    result = plating_efficiency(data=[record(cycles=20, short_from=15)])
    efficiency, profile = figure(result).panels
    assert {series.label for series in efficiency.series} >= {"short?"}
    assert {mark.label for mark in profile.marks} == {"nucleation", "plateau"}
    assert [mark.at for mark in profile.marks] == pytest.approx([-0.04, -0.1], abs=2e-3)
