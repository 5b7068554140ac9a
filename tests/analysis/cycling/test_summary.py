"""Retention, decay and efficiency by hand; uncertainties; refusals; real files."""

import numpy as np
import pytest

from polylyte.analysis.cycling.summary import figure, summary
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.quantities import q
from polylyte.instruments.cycling import CyclingRecord

POINTS = 6


def cell(discharges, charges=None, *, current=1e-3, name="", high=3.5, low=3.3, **more):
    """Cycles of the given charges in mAh; flat plateaus at ``high`` and ``low``."""
    charges = discharges if charges is None else charges
    time, flow, volts, count = [0.0], [0.0], [3.4], [0.0]
    for into, out in zip(charges, discharges, strict=True):
        for sign, passed, plateau in ((1, into * 3.6, high), (-1, out * 3.6, low)):
            start, counted = time[-1], count[-1]
            share = np.arange(1, POINTS + 1) / POINTS
            time += [*(start + share * passed / current), start + passed / current + 600]
            flow += [*(sign * current * np.ones(POINTS)), 0.0]
            volts += [*(plateau * np.ones(POINTS)), 3.4]
            count += [*(counted + sign * share * passed), counted + sign * passed]
    return CyclingRecord(time=time, current=flow, potential=volts, charge=count, name=name, **more)


@pytest.mark.parametrize(
    ("last", "retention", "n", "printed"),
    # Seed B, Table S3: last capacity / mAh/g, retention / %, cycles, "average capacity decay"
    [(131.3, 81.3, 500, 6.0), (136.4, 80.8, 500, 6.5), (118.1, 70.0, 1000, 5.06),
     (118.8, 79.4, 230, 13.4), (124.6, 86.4, 100, 19.6)],
)  # fmt: skip
def test_decay_as_seed_b_prints_it(last, retention, n, printed):
    capacities = np.linspace(last / (retention / 100), last, n) / 100  # 10 mg
    found = summary(data=[cell(capacities)], active_mass=[q("10 mg")])
    assert found.retention.value == pytest.approx(retention)
    assert found.average_capacity_decay.unit == "mAh/g/cycle"
    hundred = found.definitions.column("value")[3]
    assert hundred == pytest.approx(100 * found.average_capacity_decay.value)
    places = len(str(printed).split(".")[1])
    assert hundred == pytest.approx(printed, abs=0.5001 * 10**-places)
    assert found.definitions.column("unit")[3] == "10⁻² mAh g⁻¹ cycle⁻¹"
    # and what a percentage would be
    assert found.decay_per_cycle.value == pytest.approx((100 - retention) / (n - 1))
    assert found.fitted_decay.value == pytest.approx((100 - retention) / (n - 1), rel=1e-6)


def test_each_capacity_says_what_it_is_divided_by():
    one = cell([2.0, 1.9])
    for given, value, unit, words in (
        ({"active_mass": [q("10(1) mg")]}, 200, "mAh/g", "active mass of 10.0(10) mg"),
        ({"area": [q("2 cm^2")]}, 1, "mAh/cm^2", "area of 2 cm²"),
        ({}, 2, "mAh", "cell"),
    ):
        found = summary(data=[one], **given)
        assert found.reference_capacity.value == pytest.approx(value)
        assert found.reference_capacity.unit == unit
        assert found.reference_capacity.conditions["per"] == words
        assert found.cycles.units["discharge_capacity"] == unit
        assert found.cycles.column("discharge_of_cell") == pytest.approx([2.0, 1.9])
        assert found.retention.value == pytest.approx(95)
        assert any("capacities are those of the cell" in f.text for f in found.findings) is (
            not given
        )
    # a mass known to 10 % spoils the capacity and not the retention
    loose = summary(data=[one], active_mass=[q("10(1) mg")])
    assert loose.reference_capacity.std == pytest.approx(20, rel=1e-3)
    assert loose.retention.std is None


def test_the_header_gives_the_mass():
    one = cell([2.0, 1.9], conditions={"mass": q("20 mg"), "area": q("1 cm^2")})
    assert summary(data=[one]).reference_capacity.value == pytest.approx(100)
    both = summary(data=[one, cell([2.0, 1.9])])
    assert both.reference_capacity.unit == "mAh"


def test_efficiencies_and_polarisation():
    found = summary(data=[cell([1.9] * 8, [2.0] * 8)])
    assert found.coulombic_efficiency.value == pytest.approx(95)
    assert found.initial_efficiency.value == pytest.approx(95)
    assert found.energy_efficiency.value == pytest.approx(95 * 3.3 / 3.5)
    assert found.polarisation.value == pytest.approx(200)
    assert found.cycles.column("mean_charge_potential") == pytest.approx([3.5] * 8)
    turned = summary(data=[cell([1.9] * 8, [2.0] * 8)], efficiency="charge/discharge")
    assert turned.coulombic_efficiency.value == pytest.approx(100 / 0.95)
    (verdict,) = [v for v in turned.verdicts if v.name == "efficiency not above 100 %"]
    assert verdict.passed is False
    assert "turn efficiency around" in verdict.text
    # two independent counters of 0.05 %
    assert found.coulombic_efficiency.std == pytest.approx(95 * 0.0005 * 2**0.5, rel=1e-6)


def test_uncertainty_of_the_retention_is_the_scatter_between_cycles():
    rng = np.random.default_rng(3)
    values = 2 * (1 + 0.002 * rng.standard_normal(400))
    found = summary(data=[cell(values)])
    assert found.retention.std == pytest.approx(100 * 0.002 * 2**0.5, rel=0.15)
    assert found.decay_per_cycle.std == pytest.approx(found.retention.std / 399, rel=1e-3)
    assert not [s for s in found.retention.components if "counter" in s]
    short = summary(data=[cell(values[:5])])
    assert short.retention.std is None
    assert any("fewer than six complete cycles" in f.text for f in short.findings)


def test_reference_and_last_cycle():
    one = cell([2.0, 1.0, 1.5, 1.2])
    found = summary(data=[one], reference_cycle=3, last_cycle=4)
    assert found.retention.value == pytest.approx(80)
    assert found.retention.conditions["reference cycle"] == "3"
    assert summary(data=[one], capacity="charge").final_capacity.value == pytest.approx(1.2)
    with pytest.raises(InputError, match="reference_cycle: there is no cycle 9"):
        summary(data=[one], reference_cycle=9)
    alone = summary(data=[one], last_cycle=1)
    assert alone.retention.value is None
    assert "too short" in alone.retention.flags


def test_a_batch_is_averaged_and_overlaid():
    cells = [cell([2.0 + d, 1.8 + d], name=n) for n, d in (("a", 0.0), ("b", 0.1), ("c", 0.2))]
    found = summary(data=cells, active_mass=[q("10 mg")])
    ratios = np.array([1.8 / 2.0, 1.9 / 2.1, 2.0 / 2.2]) * 100
    assert found.retention.value == pytest.approx(ratios.mean())
    assert found["retention_sd"].value == pytest.approx(ratios.std(ddof=1))
    assert found.retention.std == pytest.approx(ratios.std(ddof=1) / 3**0.5)
    assert found.cells.column("cell") == ["a", "b", "c"]
    assert found.cells.column("retention") == pytest.approx(ratios)
    assert len(found.cycles) == 6
    assert {s.label for s in figure(found).panels[1].series} == {"a", "b", "c"}
    own = summary(data=cells, active_mass=[q("10 mg"), q("20 mg"), q("10 mg")])
    assert own.cells.column("reference_capacity") == pytest.approx([200, 105, 220])
    with pytest.raises(InputError, match="2 values for 3 records"):
        summary(data=cells, active_mass=[q("10 mg"), q("20 mg")])


def test_a_clash_of_counter_and_integral_is_told():
    one = cell([2.0, 1.9])
    off = CyclingRecord(one.time, one.current * 1.02, one.potential, charge=one.charge)
    (verdict,) = [v for v in summary(data=[off]).verdicts if v.name == "counter against integral"]
    assert verdict.passed is False
    assert "at most 2 %" in verdict.text
    bare = CyclingRecord(one.time, one.current, one.potential)
    (verdict,) = [v for v in summary(data=[bare]).verdicts if v.name == "counter against integral"]
    assert verdict.passed is None


def test_a_change_of_rate_is_told():
    slow, fast = cell([2.0, 1.9]), cell([1.5, 1.4], current=5e-3)
    joined = CyclingRecord(
        time=[*slow.time, *(fast.time[1:] + slow.time[-1])],
        current=[*slow.current, *fast.current[1:]],
        potential=[*slow.potential, *fast.potential[1:]],
        charge=[*slow.charge, *(fast.charge[1:] + slow.charge[-1])],
    )
    (verdict,) = [v for v in summary(data=[joined]).verdicts if v.name == "one rate"]
    assert verdict.passed is False
    assert "not of one rate" in verdict.text


def test_refusals():
    with pytest.raises(InputError, match="no record"):
        summary(data=[])
    with pytest.raises(InputError, match="active_mass: must be positive"):
        summary(data=[cell([2.0])], active_mass=[q("0 mg")])
    with pytest.raises(NotAnswerable, match="no cycle has a whole charge"):
        summary(data=[cell([0.0], [2.0])])


def test_real_files(data):
    folder = data / "instruments"
    record = CyclingRecord.read(folder / "cp/neware_uio.csv")
    found = summary(data=[record], efficiency="charge/discharge", steps="largest")
    assert found.initial_efficiency.value == pytest.approx(100 * 4.24934 / 4.68031, rel=1e-6)
    assert found.number_of_cycles.value == 3
    figure(found)
    # 13 rows, and the current is not yet on
    empty = CyclingRecord.read(folder / "pp/Sample_data_biologic_no_header.mpt")
    with pytest.raises(NotAnswerable, match="no current flows"):
        summary(data=[empty])
    pytest.importorskip("fastnda")
    record = CyclingRecord.read(folder / "nda/test_2.ndax")
    found = summary(data=[record])
    assert found.initial_efficiency.value == pytest.approx(100 * 0.1006 / 0.2350, rel=2e-3)
    with pytest.raises(InputError, match="cycle 1 is not complete; complete are 2"):
        summary(data=[CyclingRecord.read(folder / "nda/TestFile.nda")])
