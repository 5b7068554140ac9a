"""Virtual symmetric cells are genuine files: marked, the same bytes again, with a known truth."""

import math

import numpy as np
import pytest

from polylyte.core.errors import InputError
from polylyte.core.quantities import q
from polylyte.instruments.reading import read_bytes
from polylyte.virtual import critical_current as critical_module
from polylyte.virtual import critical_current_sand as sand_module
from polylyte.virtual import lithium_symmetric as symmetric_module
from polylyte.virtual.critical_current import critical_current
from polylyte.virtual.critical_current_sand import sand_time, true_sand_time
from polylyte.virtual.lithium_symmetric import lithium_symmetric
from polylyte.virtual.lithium_symmetric_profile import Salt, SymmetricCell, spike, symmetric_cell
from polylyte.virtual.samples import Sample

SAMPLE = Sample(name="SL2", area=q("1.13 cm^2"))
CALLS = {
    "symmetric": lambda **k: lithium_symmetric(sample=SAMPLE, cycles=3, **k),
    "critical": lambda **k: critical_current(sample=SAMPLE, **k),
    "sand": lambda **k: sand_time(sample=SAMPLE, currents=[q("8 mA/cm^2")], **k),
}


@pytest.mark.parametrize("which", CALLS)
@pytest.mark.parametrize("recorder", ["biologic", "neware", "land", "arbin"])
def test_bytes_are_reproducible_and_marked(which, recorder):
    make = CALLS[which]
    first = make(seed=5, recorder=recorder)
    assert first.files == make(seed=5, recorder=recorder).files
    assert first.files != make(seed=6, recorder=recorder).files
    ((name, raw),) = first.files.items()
    read = read_bytes(raw, name)
    assert read.simulated
    assert read.technique == "cycling"
    assert read.rows_dropped == 0
    assert not [f for f in read.findings if f.severity != "note"]
    assert read.conditions["temperature"].value == pytest.approx(25)
    assert read.conditions["area"].value == pytest.approx(1.13)


def test_figures():
    modules = {"symmetric": symmetric_module, "critical": critical_module, "sand": sand_module}
    for which, module in modules.items():
        assert module.figure(CALLS[which]()).panels


def test_missing_points_are_missing_and_ends_are_not():
    whole = lithium_symmetric(sample=SAMPLE, cycles=5)
    holed = lithium_symmetric(sample=SAMPLE, cycles=5, missing=q("20 %"))
    assert len(whole.profile) == 601
    assert len(holed.profile) == pytest.approx(0.8 * 601, rel=0.1)
    ends = {round(t) for t in holed.profile.column("time")}
    assert {3600 * k for k in range(1, 11)} <= ends


def test_resistances_close():
    """10 Ω cm² of film, 100 of interfaces, 10·0.6/0.4 = 15 of gradient: 62.5 mV at 0.5 mA/cm²."""
    made = lithium_symmetric(sample=SAMPLE, cycles=4, noise=q("0 mV"), scatter=q("0 %"),
                             nucleation=q("0 mV"))  # fmt: skip
    assert made.overpotential.value == pytest.approx(62.5, rel=2e-3)
    # D 1e-7 cm²/s, 1 M, 100 µm: 2·96485·1000·1e-11/(0.6·1e-4) A/m².
    limit = symmetric_cell(SAMPLE, 298.15, 1000.0).limiting_current
    assert limit == pytest.approx(32.16, rel=1e-3)


def slow_surface(cell: SymmetricCell, current: float, times: np.ndarray) -> np.ndarray:
    """The same diffusion by finite differences (Crank–Nicolson), an independent solver."""
    n, steps = 200, 4000
    h, dt = 1 / n, times[-1] / cell.diffusion_time / steps
    c = np.zeros(n + 1)
    # ∂c/∂x at both ends: u = J/J_lim in the steady state, c from -1/2 to 1/2 times 2u.
    slope = 2 * current / cell.limiting_current
    a = np.zeros((n + 1, n + 1))
    for k in range(1, n):
        a[k, k - 1 : k + 2] = (1, -2, 1)
    a[0, :2], a[n, n - 1 :] = (-2, 2), (2, -2)
    source = np.zeros(n + 1)
    source[0], source[n] = -2 * h * slope, 2 * h * slope
    left = np.eye(n + 1) - dt / (2 * h * h) * a
    right = np.eye(n + 1) + dt / (2 * h * h) * a
    inverse = np.linalg.inv(left)
    found = [0.0]
    for _ in range(steps):
        c = inverse @ (right @ c + dt / (h * h) * source)
        found.append(float(c[-1]))
    grid = np.linspace(0, times[-1], steps + 1)
    return np.interp(times, grid, found)


def test_closed_form_against_finite_differences():
    cell = SymmetricCell(1e-3, 1e-2, 1e-3, 1000.0, 30.0)
    times = np.array([20.0, 50.0, 100.0, 300.0, 600.0])
    closed = Salt(cell).advance(10.0, times)
    assert closed == pytest.approx(slow_surface(cell, 10.0, times), rel=5e-3)
    assert Salt(cell).advance(10.0, np.array([1e5]))[0] == pytest.approx(1 / 3, rel=1e-6)


def test_memory_of_the_salt():
    """A current and then its opposite are the superposition of two steps."""
    cell = SymmetricCell(1e-3, 1e-2, 1e-3, 1000.0, 30.0)
    salt = Salt(cell)
    salt.advance(10.0, np.array([200.0]))
    after = salt.advance(-10.0, np.array([100.0]))[0]
    step = [float(Salt(cell).advance(10.0, np.array([t]))[0]) for t in (300.0, 100.0)]
    assert after == pytest.approx(step[0] - 2 * step[1], rel=1e-3)


def test_sand_time_of_a_thick_cell_is_sands():
    cell = symmetric_cell(Sample(thickness=q("1 mm")), 298.15, 1000.0)
    found = true_sand_time(cell, 60.0)
    sand = math.pi * 1e-11 * (96485.33212 * 1000 / (2 * 0.6 * 60)) ** 2
    assert found == pytest.approx(sand, rel=1e-3)
    assert true_sand_time(cell, 0.9 * cell.limiting_current) is None


def test_small_gradients_are_linear():
    cell = SymmetricCell(1e-3, 1e-2, 2e-3, 1000.0, 30.0)
    volts = Salt(cell).overpotential(np.array([1e-3]))
    assert volts[0] == pytest.approx(2e-3 * 30e-3, rel=1e-5)  # R_d J_lim u = R_d J


def test_spike_is_highest_at_its_tip():
    assert spike(np.array([2.0]), 0.03, 2.0)[0] == pytest.approx(0.03)
    assert spike(np.array([1.0, 3.0]), 0.03, 2.0).max() < 0.03


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lithium_symmetric(sample=SAMPLE, cycles=1), "two cycles"),
        (lambda: lithium_symmetric(sample=SAMPLE, current_density=q("4 mA/cm^2")), "limiting"),
        (lambda: lithium_symmetric(sample=SAMPLE, interval=q("0.01 s")), "more than 500000"),
        (lambda: critical_current(sample=SAMPLE, increment=q("0 mA/cm^2")), "positive steps"),
        (lambda: critical_current(sample=SAMPLE, interval=q("20 min")), "four samples"),
        (lambda: sand_time(sample=Sample(transference_number=q("1"))), "no gradient"),
        (lambda: sand_time(sample=SAMPLE, samples=3), "do not fit"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(InputError, match=words):
        call()
