"""95 % intervals of a peak's resistance and time constant on virtual spectra of two arcs.

Both arcs are drawn anew each time: resistances within a factor 5 of each other, 1.5 to 3.5 decades
apart in time constant, exponents 0.75 to 0.98 (three of ten ideal), noise 0.1 to 0.5 % of |Z|.
Counted are the spectra in which both are found; about one in five pairs merge or ring.
"""

import numpy as np
import pytest

from polylyte.analysis.impedance import relaxation_report as report
from polylyte.analysis.impedance.circuits import parse
from polylyte.analysis.impedance.relaxation import relaxation_times

FREQUENCY = np.logspace(6, -2, 71)


def drawn(rng):
    R1 = 50.0
    R2, R0 = R1 * 10 ** rng.uniform(-0.7, 0.7), R1 * 10 ** rng.uniform(-1.5, 0)
    apart, middle = rng.uniform(1.5, 3.5), rng.uniform(-3.0, -1.5)
    t1, t2 = 10 ** (middle - apart / 2), 10 ** (middle + apart / 2)
    n1, n2 = (1.0 if rng.random() < 0.3 else rng.uniform(0.75, 0.98) for _ in range(2))
    values = np.array([R0, R1, t1**n1 / R1, n1, R2, t2**n2 / R2, n2])
    return values, (R1, R2), (t1, t2), 10 ** rng.uniform(-3, -2.3)


def covered(draws, seed):
    """Shares of resistances and of time constants held, and of spectra with both peaks."""
    rng = np.random.default_rng(seed)
    circuit = parse("R0-p(R1,CPE1)-p(R2,CPE2)")
    held, both = np.zeros(2), 0
    for index in range(draws):
        values, R, tau, noise = drawn(rng)
        z = circuit.impedance(values, FREQUENCY)
        z = z + noise * np.abs(z) * (rng.normal(size=71) + 1j * rng.normal(size=71))
        found = relaxation_times(FREQUENCY, z, draws=40, seed=index)
        where = report.sort(found)
        _, _, more = report.quantities(found, where)
        if len(more) != 4:
            continue
        both += 1
        for name, truth in (("resistance", R), ("time_constant", tau)):
            for number in (1, 2):
                value = more[f"{name}_{number}"]
                inside = abs(value.value - truth[number - 1]) <= 1.96 * value.std
                held[name == "time_constant"] += inside / 2
    return held / both, both / draws


def test_two_arcs_of_60_draws():
    """About 100 intervals of each kind: 95 % less three binomial standard deviations is 88 %;
    two in one spectrum are not independent, so 85 %."""
    held, both = covered(60, seed=21)
    assert (held >= 0.85).all(), held
    assert both > 0.6


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_arcs_of_500_draws():
    held, both = covered(500, seed=22)
    print(f"resistance {held[0]:.3f}, time constant {held[1]:.3f}, both found in {both:.3f}")
    assert ((held >= 0.93) & (held <= 0.97)).all(), held
