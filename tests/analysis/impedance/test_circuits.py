"""Circuit texts, their impedance against closed forms, and the analytic Jacobian."""

import numpy as np
import pytest

from polylyte.analysis.impedance.circuits import parse
from polylyte.analysis.impedance.elements import ELEMENTS, Grid
from polylyte.core import units
from polylyte.core.errors import InputError

FREQUENCY = np.logspace(-3, 6, 19)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("R0-p(R1,CPE1)-CPE2", "R0-p(R1,CPE1)-CPE2"),
        ("R(RQ)Q", "R0-p(R1,CPE1)-CPE2"),
        ("R(Q[RW])", "R0-p(CPE1,R1-W1)"),
        ("R(Q(RW))", "R0-p(CPE1,R1-W1)"),
        ("(RC)(RC)", "p(R1,C1)-p(R2,C2)"),
        ("L R (R Q) Q", "L1-R0-p(R1,CPE1)-CPE2"),
        ("R0 - (R1, C1) - p(R2-Wo1, C2)", "R0-p(R1,C1)-p(R2-Wo1,C2)"),
        ("R(C[R(RQ)])", "R0-p(C1,R1-p(R2,CPE1))"),
        ("RTOG", "R0-Wo1-Ws1-G1"),
        ("R5-p(R7,C3)", "R5-p(R7,C3)"),
    ],
)
def test_both_notations(text, canonical):
    assert str(parse(text)) == canonical
    assert str(parse(canonical)) == canonical


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("R0-p(R1,CPEE1)", 9, "did you mean 'CPE'?"),
        ("R0-cpe1", 4, "did you mean 'CPE'?"),
        ("R(RX)Q", 3, "unknown element 'RX'"),
        ("R0-p(R1,CPE1", 13, "add ')'"),
        ("R0--R1", 4, "missing before '-'"),
        ("R0-p(R1,)", 9, "an element is missing"),
        ("R)", 2, "closes nothing"),
        ("R0-p(R1,C1]", 11, "write ')'"),
        ("R0-R0", 4, "'R0' is there twice"),
        ("Q1-CPE1", 4, "'CPE1' is there twice"),
        ("R0+R1", 3, "'+' is not part of a circuit"),
        ("R0-", 4, "an element is missing"),
        ("  ", 1, "empty"),
    ],
)
def test_one_clear_line(text, position, words):
    with pytest.raises(InputError) as caught:
        parse(text)
    assert f"position {position}:" in str(caught.value)
    assert words in str(caught.value)


def test_parameter_names_and_units():
    circuit = parse("R0-p(R1,CPE1)-Wo1-W1-L1-C1-G1-TLM1")
    assert circuit.names[:4] == ("R0", "R1", "CPE1_Q", "CPE1_n")
    assert {"Wo1_R", "Wo1_tau", "W1", "L1", "C1", "G1_tau", "TLM1_n"} < set(circuit.names)
    for unit in circuit.units:
        units.unit(unit)


def test_closed_forms():
    """Each element against its formula, written out again with other functions of numpy."""
    s = 2j * np.pi * FREQUENCY
    x = np.sqrt(s * 3.0)
    expected = {
        "R1": ([2.0], np.full(len(s), 2.0)),
        "C1": ([2.0], 1 / (2 * s)),
        "L1": ([2.0], 2 * s),
        "CPE1": ([2.0, 0.7], 1 / (2 * s**0.7)),
        "W1": ([2.0], 2 * np.sqrt(2) / np.sqrt(s)),
        "Wo1": ([2.0, 3.0], 2 * np.cosh(np.minimum(x.real, 30) + 1j * x.imag)
                / np.sinh(np.minimum(x.real, 30) + 1j * x.imag) / x),
        "Ws1": ([2.0, 3.0], 2 * np.tanh(x) / x),
        "G1": ([2.0, 3.0], 2 / np.sqrt(1 + 3 * s)),
    }  # fmt: skip
    for text, (values, z) in expected.items():
        np.testing.assert_allclose(parse(text).impedance(np.array(values), FREQUENCY), z, rtol=1e-9)


def test_limits():
    """Wo tends to R/3 + 1/(s tau/R), Ws to R; a pore with n = 1 is Wo with tau = R Q."""
    low = np.array([1e-6])
    z = parse("Wo1").impedance(np.array([6.0, 2.0]), low)[0]
    assert z.real == pytest.approx(2.0, rel=1e-6)
    assert z.imag == pytest.approx(-6.0 / (2 * np.pi * 1e-6 * 2.0), rel=1e-6)
    assert parse("Ws1").impedance(np.array([6.0, 2.0]), low)[0] == pytest.approx(6.0, rel=1e-4)
    np.testing.assert_allclose(
        parse("TLM1").impedance(np.array([6.0, 0.5, 1.0]), FREQUENCY),
        parse("Wo1").impedance(np.array([6.0, 3.0]), FREQUENCY),
        rtol=1e-12,
    )


@pytest.mark.parametrize(
    "text", [*(f"R0-{symbol}1" for symbol in ELEMENTS), "R0-p(R1,C1)-p(R2-Wo1,C2)", "R(Q[R(RQ)])L"]
)
def test_jacobian_against_central_differences(text):
    circuit = parse(text)
    rng = np.random.default_rng(3)
    values = np.exp(rng.normal(size=(4, len(circuit))))
    values[:, circuit.exponents] = rng.uniform(0.4, 0.95, (4, int(circuit.exponents.sum())))
    grid = Grid(2 * np.pi * np.logspace(-2, 3, 7))
    z, jacobian = circuit.evaluate(values, grid)
    for index in range(len(circuit)):
        up, down = values.copy(), values.copy()
        up[:, index] *= np.exp(1e-5)
        down[:, index] *= np.exp(-1e-5)
        slope = (circuit.evaluate(up, grid)[0] - circuit.evaluate(down, grid)[0]) / 2e-5
        size = np.abs(z).max(axis=1, keepdims=True)
        np.testing.assert_allclose(jacobian[:, index] / size, slope / size, atol=1e-8)


def test_equal_arcs_are_sorted_by_time_constant_without_changing_the_impedance():
    circuit = parse("R0-p(R1,C1)-p(R2,CPE1)-p(R3,C2)")
    values = np.array([1.0, 10.0, 1.0, 5.0, 1e-3, 0.8, 2.0, 1e-6])
    (places,) = circuit.order(values[None])
    ordered = values[places]
    np.testing.assert_allclose(ordered, [1.0, 2.0, 1e-6, 5.0, 1e-3, 0.8, 10.0, 1.0])
    np.testing.assert_allclose(
        circuit.impedance(ordered, FREQUENCY), circuit.impedance(values, FREQUENCY), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("R0-p(R1,C1)-C2", [1, 2, 9, 9], 3.0),
        ("R0-p(R1-Wo1,C1)", [1, 2, 7, 7, 9], 3.0),
        ("R0-Ws1-L1", [1, 2, 7, 9], 3.0),
        ("p(R1,R2)", [2, 2], 1.0),
        ("C1", [1], 0.0),
    ],
)
def test_series_resistance(text, values, expected):
    assert parse(text).series_resistance(np.array(values, dtype=float)) == pytest.approx(expected)
