"""Many spectra in one call: the same answers as one by one, and nothing stops the rest."""

import numpy as np
import pytest

from polylyte.analysis.impedance import _kernels
from polylyte.analysis.impedance.batch import fit_many
from polylyte.analysis.impedance.circuits import parse
from polylyte.analysis.impedance.compiling import compiled
from polylyte.analysis.impedance.descent import of_problem
from polylyte.analysis.impedance.elements import ELEMENTS, Grid
from polylyte.analysis.impedance.fitting import fit_circuit
from polylyte.analysis.impedance.least_squares import minimize
from polylyte.analysis.impedance.problem import Problem, draw, select
from polylyte.core.compiling import alone
from polylyte.core.errors import InputError

FREQUENCY = np.logspace(5, -2, 71)
CIRCUIT = "R0-p(R1,C1)-p(R2,C2)-W1"
TRUTH = np.array([10.0, 40.0, 1e-6, 90.0, 1e-4, 25.0])


def spectra(number, noise=1e-3, seed=0, circuit=CIRCUIT, truth=TRUTH):
    exact = parse(circuit).impedance(truth, FREQUENCY)
    rng = np.random.default_rng(seed)
    error = rng.normal(size=(number, 71)) + 1j * rng.normal(size=(number, 71))
    return exact * (1 + 0j) + noise * np.abs(exact) * error


@pytest.mark.parametrize(
    "text", [*(f"R0-{symbol}1" for symbol in ELEMENTS), "R0-p(R1,C1)-p(R2-Wo1,C2)", "R(Q[R(RQ)])L"]
)
def test_the_stack_machine_against_the_tree(text):
    circuit = parse(text)
    rng = np.random.default_rng(3)
    values = np.exp(rng.normal(size=len(circuit)))
    values[circuit.exponents] = rng.uniform(0.4, 0.95, int(circuit.exponents.sum()))
    omega = 2 * np.pi * np.logspace(-4, 6, 13)
    z, jacobian = circuit.evaluate(values[None], Grid(omega))
    depth = len(circuit.program) + 1
    zr, zi = np.empty((depth, 13)), np.empty((depth, 13))
    jr, ji = np.empty((len(circuit), 13)), np.empty((len(circuit), 13))
    span = np.empty((depth, 2), np.int64)
    _kernels.evaluate(circuit.program, values, _kernels.grid_of(omega), zr, zi, jr, ji, span)
    size = np.abs(z[0])
    np.testing.assert_allclose((zr[0] + 1j * zi[0]) / size, z[0] / size, atol=1e-12)
    np.testing.assert_allclose((jr + 1j * ji) / size, jacobian[0] / size, atol=1e-11)


def test_the_descent_against_the_general_one():
    """The same rules written twice: compiled for circuits, in arrays for any model."""
    (z,) = spectra(1)
    model = Problem(parse(CIRCUIT), select(FREQUENCY, z, None, None), "modulus")
    start = draw(model.circuit, model.scales, 6, 4)[0]
    frozen = np.zeros(start.shape, bool)
    frozen[3, 1] = True
    general = minimize(model, start, model.lower, model.upper, frozen=frozen)
    compiled = of_problem(model).minimize(start, np.zeros(6, int), frozen=frozen)
    np.testing.assert_allclose(compiled.cost, general.cost, rtol=1e-6)
    np.testing.assert_allclose(compiled.x, general.x, rtol=1e-4)
    assert compiled.x[3, 1] == start[3, 1]


def test_as_one_by_one():
    z = spectra(5)
    many = fit_many(FREQUENCY, z, CIRCUIT, starts=8, seed=2)
    for k in range(5):
        one = fit_circuit(FREQUENCY, z[k], CIRCUIT, starts=8, seed=2)
        np.testing.assert_allclose(many.values[k], one.values, rtol=1e-12)
        np.testing.assert_allclose(many.relative_error[k], one.relative_error, rtol=1e-9)
        assert many.sum_of_squares[k] == pytest.approx(one.sum_of_squares, rel=1e-9)
        assert many.relative_rms[k] == pytest.approx(one.relative_rms, rel=1e-9)
        assert many.share_of_starts[k] == one.share_of_starts
        assert many[k].interval("R1") == pytest.approx(one.interval("R1"), rel=1e-6)
    assert many.std("R1") == pytest.approx(many.relative_error[:, 1] * many.values[:, 1])


@pytest.mark.parametrize("circuit", [CIRCUIT, "R0-p(R1,CPE1)-CPE2"])
def test_eight_starts_find_the_global_minimum(circuit):
    """In at least 99 % of 300 spectra; its cost is at most that of the truth."""
    truth = TRUTH if circuit == CIRCUIT else np.array([20, 300, 2e-8, 0.85, 2e-6, 0.9])
    z = spectra(300, circuit=circuit, truth=truth)
    many = fit_many(FREQUENCY, z, circuit, starts=8)
    exact = parse(circuit).impedance(truth, FREQUENCY)
    floor = np.sum(np.abs((exact - z) / z) ** 2, axis=1)
    assert (many.sum_of_squares <= 1.01 * floor).mean() >= 0.99


def test_threads_do_not_change_the_answer():
    z = spectra(130)
    seen = []
    one = fit_many(FREQUENCY, z, CIRCUIT, starts=4)
    two = fit_many(FREQUENCY, z, CIRCUIT, starts=4, threads=2, progress=seen.append)
    np.testing.assert_array_equal(one.values, two.values)
    assert seen == pytest.approx([1 / 3, 2 / 3, 1])


def test_one_bad_spectrum_does_not_stop_the_rest():
    z = spectra(4)
    z[1] = np.nan
    z[2, 5] = np.nan
    many = fit_many(FREQUENCY, z, CIRCUIT, starts=8)
    assert list(many.not_fitted) == [1]
    assert np.isnan(many.values[1]).all()
    np.testing.assert_allclose(many.values[[0, 2, 3], 1], 40, rtol=0.02)
    with pytest.raises(InputError, match="spectrum 2 was not fitted: 0 usable points"):
        many[1]
    assert many[2].data.not_usable == 1
    with pytest.raises(InputError, match="71 frequencies"):
        fit_many(FREQUENCY, z[:, :5], CIRCUIT)


def test_no_folder_to_keep_the_code_in(monkeypatch):
    """Compiled in memory then."""
    import numba

    real = numba.njit

    def refuses(*args, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return real(*args, **options)

    monkeypatch.setattr(numba, "njit", refuses)
    assert compiled(lambda a: a + 1)(1) == 2


def test_processes_take_turns_to_compile(tmp_path):
    """The lock is beside the compiled code; where there is none, nothing is locked."""

    class Stats:
        cache_path = str(tmp_path)

    with alone(Stats()):
        assert [path.name for path in tmp_path.iterdir()] == ["polylyte-kernels.lock"]
    with alone(None):
        pass
