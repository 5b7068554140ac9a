"""The physics of the virtual cell against closed forms."""

from dataclasses import replace

import numpy as np
import pytest

from polylyte.analysis.transference.bruce_vincent import current_fraction
from polylyte.virtual.samples import Sample
from polylyte.virtual.symmetric_cell import blocking, lithium, series_current


def cell(**table):
    return lithium(Sample.from_toml(table, where="test", name="s"), 298.15)


@pytest.mark.parametrize("fraction", [0.05, 0.4, 0.915])
@pytest.mark.parametrize("interface", ["1 ohm cm^2", "100 ohm cm^2"])
def test_transient_is_the_eigenfunction_series(fraction, interface):
    """Without capacitances the Talbot inversion equals the series, Carslaw & Jaeger, ch. III."""
    made = cell(transference_number=fraction, interface_resistance=interface)
    bare = replace(made, bulk_capacitance=0.0, interface_time=0.0)
    time = np.geomspace(1e-2, 20, 15) * bare.diffusion_time
    assert bare.step_current(time, 0.01) == pytest.approx(
        series_current(bare, time, 0.01), rel=1e-10
    )


def test_transient_begins_ohmic_and_ends_in_the_steady_state():
    made = cell(transference_number=0.3)
    bare = replace(made, bulk_capacitance=0.0, interface_time=0.0)
    ends = bare.step_current([1e-9, 1e6], 0.01)
    assert ends[0] == pytest.approx(0.01 / 110, rel=1e-5)
    assert ends[1] == pytest.approx(0.01 / (100 + 10 / 0.3), rel=1e-9)


@pytest.mark.parametrize("fraction", [0.05, 0.4, 0.915, 1.0])
def test_bruce_and_vincent_return_the_transference_number(fraction):
    made = cell(transference_number=fraction)
    initial = 0.01 / (made.bulk_resistance + made.interface_resistance)
    found = current_fraction(
        initial_current=initial,
        steady_current=0.01 / made.direct_resistance,
        initial_resistance=made.interface_resistance,
        steady_resistance=made.interface_resistance,
        bias=0.01,
    )
    assert found == pytest.approx(fraction, rel=1e-12)


def test_charging_is_the_transform_of_the_arc():
    """Ideal capacitor: I = ΔV/R·[1 + R_i/R_b exp(-t/τ)], τ = C R_b R_i/(R_b + R_i)."""
    made = cell(transference_number=1.0, interface_exponent=1.0)
    made = replace(made, bulk_capacitance=0.0)
    b, i = made.bulk_resistance, made.interface_resistance
    tau = made.interface_time * b / (b + i)
    time = np.geomspace(0.01, 5, 9) * tau
    expected = 0.01 / (b + i) * (1 + i / b * np.exp(-time / tau))
    assert made.step_current(time, 0.01) == pytest.approx(expected, rel=1e-9)


def test_spectrum_ends_in_the_direct_resistance():
    made = cell()
    z = made.spectrum([1e-9])[0]
    assert z.real == pytest.approx(made.direct_resistance, rel=1e-4)
    assert made.spectrum([1e9])[0].imag < 0
    assert made.with_leads(1e-6).spectrum([1e9])[0].imag > 0


def test_blocking_cell_blocks():
    z = blocking(Sample(), 298.15).spectrum([1e5, 1e-3])
    assert z[0].real == pytest.approx(10, rel=0.01)
    assert abs(z[1]) > 1e4
