"""Cycles of a record against hand-made ones and against the files of cyclers."""

import numpy as np
import pytest

from polylyte.analysis.cycling.cycles import cycles, scatter
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.instruments.cycling import CyclingRecord


def record(steps, *, points=20, rest=2, counter=True, **more):
    """Steps of (current in A, duration in s); potential is 3 V + charge/10 + 0.1 V · sign."""
    time, current, charge, step = [0.0], [0.0], [0.0], [0]
    for number, (flow, duration) in enumerate(steps):
        start, counted = time[-1], charge[-1]
        for k in range(1, points + 1):
            time.append(start + duration * k / points)
            current.append(flow)
            charge.append(counted + flow * duration * k / points)
            step.append(number)
        for k in range(1, rest + 1):
            time.append(start + duration + 100.0 * k)
            current.append(0.0)
            charge.append(charge[-1])
            step.append(number)
    current, charge = np.array(current), np.array(charge)
    more = {"step": step, "potential": 3 + charge / 10 + 0.1 * np.sign(current), **more}
    if counter:
        more["charge"] = charge
    return CyclingRecord(time=time, current=current, **more)


TWO = [(1.0, 10), (-1.0, 9), (1.0, 10), (-1.0, 8)]


@pytest.mark.parametrize("counter", [True, False])
@pytest.mark.parametrize("rest", [0, 2])
def test_charges_of_counter_and_integral(counter, rest):
    found = cycles(record(TWO, counter=counter, rest=rest))
    assert found.number.tolist() == [1, 2]
    assert found.charge == pytest.approx([10, 10])
    assert found.discharge == pytest.approx([9, 8])
    assert found.integrated_charge == pytest.approx([10, 10])
    assert found.integrated_discharge == pytest.approx([9, 8])
    assert found.complete.all()
    assert "the first to flow begins it" in found.rule


def test_energy_is_the_mean_potential_times_the_charge():
    # 3.1 V + Q/10 V from 0 to 10 C: 31 + 5 J, but for the first twentieth, which is taken at its
    # end because the sample before is at rest.
    found = cycles(record(TWO[:2]))
    exact = 36 + 0.5 * 0.5 * 0.05
    assert found.charge_energy[0] == pytest.approx(exact)


def test_cyclers_numbers_begin_at_one():
    own = record(TWO)
    shifted = record(TWO, cycle=(np.asarray(own.cycle) + 6))
    found = cycles(shifted)
    assert found.number.tolist() == [6, 7]
    assert "as the cycler numbers them" in found.rule


def test_rules_tell_cycles_apart():
    one = record(TWO, cycle=np.ones(len(record(TWO))))
    assert cycles(one).halves.tolist() == [4]
    assert cycles(one).discharge == pytest.approx([17])
    assert cycles(one, rule="charge first").discharge == pytest.approx([9, 8])
    by_discharge = cycles(one, rule="discharge first")
    assert by_discharge.number.tolist() == [0, 1, 2]
    assert by_discharge.charge == pytest.approx([10, 10, 0])
    assert by_discharge.complete.tolist() == [False, True, False]


def test_the_largest_step_alone():
    steps = [(1.0, 10), (-1.0, 6), (-0.5, 6), (-0.25, 4)]
    both = record(steps)
    assert cycles(both).discharge == pytest.approx([10])
    assert cycles(both).several_steps.all()
    assert cycles(both, steps="largest").discharge == pytest.approx([6])
    assert cycles(both, steps="largest").charge == pytest.approx([10])
    # mean current over the charge: (6·1 + 3·0.5 + 1·0.25)/10
    assert cycles(both).discharge_current == pytest.approx([0.775])


def test_a_last_half_cycle_that_stops_early():
    steps = [(1.0, 10), (-1.0, 10)] * 5
    cut = record([*steps[:-1], (-1.0, 5)], rest=0)
    assert cycles(cut).complete.tolist() == [True] * 4 + [False]
    with pytest.raises(InputError, match="cycle 5 is not complete; complete are 1 to 4"):
        cycles(cut).at(5, "last_cycle")
    # a rest after it: the step ended by itself
    assert cycles(record([*steps[:-1], (-1.0, 5)], rest=2)).complete.all()


def test_refusals():
    with pytest.raises(NotAnswerable, match="no current flows"):
        cycles(record([(0.0, 10)]))
    with pytest.raises(NotAnswerable, match="only charged"):
        cycles(record([(1.0, 10)]))


def test_scatter_leaves_a_fade_out():
    rng = np.random.default_rng(0)
    n = np.arange(2000)
    values = 1 - 1e-4 * n + 2e-3 * rng.standard_normal(2000)
    values[1000:] -= 0.1  # a jump is clipped
    assert scatter(values) * values.mean() == pytest.approx(0.002, rel=0.1)
    assert scatter(values[:5]) is None


@pytest.fixture(scope="module")
def folder(data):
    return data / "instruments"


def test_neware_csv(folder):
    # design/measurement.md: 4 cycles, c1 4.24934/4.68031 mAh (the longest step of each direction)
    own = CyclingRecord.read(folder / "cp/neware_uio.csv")
    largest, whole = cycles(own, steps="largest"), cycles(own)
    assert largest.number.tolist() == [1, 2, 3, 4]
    assert largest.charge[0] / 3.6 == pytest.approx(4.24934, rel=1e-6)
    assert largest.discharge[0] / 3.6 == pytest.approx(4.68031, rel=1e-6)
    # all three discharge steps: 4.68031 + 0.28183 + 0.12414
    assert whole.discharge[0] / 3.6 == pytest.approx(5.08628, rel=1e-6)
    assert whole.integrated_discharge[0] / 3.6 == pytest.approx(5.08628, rel=1e-4)
    assert whole.halves.tolist()[:3] == [2, 2, 4]
    assert not whole.complete[3]


def test_neware_binary(folder):
    # design/measurement.md, 0.02 % and the last printed digit
    pytest.importorskip("fastnda")
    found = cycles(CyclingRecord.read(folder / "nda/test_2.ndax"))
    assert (found.number[0], found.number[-1]) == (1, 54)
    assert found.charge[:2] / 3.6 == pytest.approx([0.2350, 0.0703], abs=5.1e-5)
    assert found.discharge[:2] / 3.6 == pytest.approx([0.1006, 0.0610], abs=5.1e-5)
    found = cycles(CyclingRecord.read(folder / "nda/TestFile.nda"))
    assert found.charge[1] / 3.6 == pytest.approx(5811.02, rel=2e-4)
    assert found.discharge[1] / 3.6 == pytest.approx(5806.65, rel=2e-4)
