"""Mixing rules against closed forms and limits, and back."""

import numpy as np
import pytest

from polylyte.analysis.transport import mixing
from polylyte.analysis.transport.composite import composite, figure
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.methods import get
from polylyte.core.quantities import Quantity, q


def qs(*texts):
    return [q(text) for text in texts]


def test_three_layers_by_hand():
    """2, 8 and 2 µm of 0.1, 1 and 0.1 mS/cm: 12 µm over 48 µm·cm/mS = 0.25 mS/cm."""
    result = composite(
        conductivities=qs("0.1 mS/cm", "1 mS/cm", "0.1 mS/cm"),
        thicknesses=qs("2 um", "8 um", "2 um"),
        names=["skin", "core", "skin"],
    )
    assert result.effective_conductivity.value == pytest.approx(0.25)
    assert result.parts.column("area_specific_resistance") == pytest.approx([2, 0.8, 2])
    along = composite(
        conductivities=qs("0.1 mS/cm", "1 mS/cm", "0.1 mS/cm"),
        thicknesses=qs("2 um", "8 um", "2 um"),
        arrangement="parallel",
    )
    assert along.effective_conductivity.value == pytest.approx((0.4 + 8) / 12)
    assert result.upper_bound.value == pytest.approx(along.effective_conductivity.value)
    assert result.verdicts[0].passed
    assert len(figure(result).panels) == 1


def test_one_layer_from_the_whole_and_back():
    """1/0.25 = φ/0.1 + (1 − φ)/σ with φ = 1/3: σ = (2/3)/(4 − 10/3) = 1 mS/cm."""
    back = composite(
        conductivities=qs("0.1 mS/cm"),
        fractions=[q("0.3333333333333333")],
        effective=q("0.25(1) mS/cm"),
        deduce=2,
    )
    deduced = back.deduced_conductivity
    assert deduced.value == pytest.approx(1.0, rel=1e-9)
    # dσ/dσ_eff = σ² (1/σ_eff²)/φ_2 = 16·1.5 = 24
    assert deduced.std == pytest.approx(0.01 * 24, rel=1e-4)
    for arrangement in ("parallel", "maxwell", "bruggeman"):
        there = composite(
            conductivities=qs("0.1 mS/cm", "1 mS/cm"),
            fractions=qs("0.4"),
            arrangement=arrangement,
        ).effective_conductivity
        again = composite(
            conductivities=qs("0.1 mS/cm"),
            fractions=qs("0.4"),
            arrangement=arrangement,
            effective=there,
            deduce=2,
        ).deduced_conductivity
        assert again.value == pytest.approx(1.0, rel=1e-6)


THREE = {
    "conductivities": qs("0.100(2) mS/cm", "1.00(2) mS/cm", "0.100(2) mS/cm"),
    "thicknesses": qs("2 um", "8 um", "2 um"),
}


def test_interfaces_add_to_the_layers():
    """2 + 0.8 + 2 ohm cm² of layers and two interfaces of 0.6: 6 over 12 µm is 0.2 mS/cm."""
    result = composite(**THREE, interfaces=qs("0.6 ohm cm^2"))
    assert result.effective_conductivity.value == pytest.approx(0.2)
    assert result.verdicts[0].passed  # bounds are those of the layers
    apart = composite(**THREE, interfaces=qs("0.2 ohm cm^2", "1.0 ohm cm^2"))
    assert apart.effective_conductivity.value == pytest.approx(0.2)


def test_interfaces_from_the_whole():
    """12 µm/0.2 mS/cm − 4.8 ohm cm² = 1.2; u² = (6·5 %)² + (4·2 %)² + (0.8·2 %)²,
    the two skins being one material with one error."""
    result = composite(**THREE, effective=q("0.200(10) mS/cm"))
    total, each = result["interface_resistance"], result["interface_resistance_each"]
    assert total.value == pytest.approx(1.2)
    assert total.unit == "ohm cm^2"
    assert total.std == pytest.approx(np.sqrt(0.3**2 + 0.08**2 + 0.016**2), rel=1e-4)
    assert each.value == pytest.approx(0.6)
    assert each.std == pytest.approx(total.std / 2)
    assert total.flags == ()
    weak = composite(**THREE, effective=q("0.240(10) mS/cm"))
    assert "not significant" in weak["interface_resistance"].flags
    # and back: with these interfaces a layer follows from the whole
    back = composite(
        conductivities=qs("0.1 mS/cm", "0.1 mS/cm"),
        thicknesses=qs("2 um", "8 um", "2 um"),
        interfaces=qs("0.6 ohm cm^2"),
        effective=q("0.2 mS/cm"),
        deduce=2,
    )
    assert back.deduced_conductivity.value == pytest.approx(1.0)


def test_interface_intervals_of_1000_draws():
    """±1.96 u holds the truth in 93 to 97 %; layers and whole are measured with 2 and 3 %."""
    rng, held = np.random.default_rng(9), 0
    for _ in range(1000):
        top, core = 0.1 * (1 + 0.02 * rng.normal()), 1.0 * (1 + 0.02 * rng.normal())
        whole = 0.2 * (1 + 0.03 * rng.normal())
        result = composite(
            conductivities=[
                Quantity(top, "mS/cm", {"skin": 0.002}),
                Quantity(core, "mS/cm", {"core": 0.02}),
                Quantity(top, "mS/cm", {"skin": 0.002}),
            ],
            thicknesses=qs("2 um", "8 um", "2 um"),
            effective=Quantity(whole, "mS/cm", {"whole": 0.006}),
        )["interface_resistance"]
        held += abs(result.value - 1.2) <= 1.96 * result.std
    assert 0.93 <= held / 1000 <= 0.97


def test_interfaces_refused():
    with pytest.raises(InputError, match="3 layers have 2 interfaces, but 3"):
        composite(**THREE, interfaces=qs("1 ohm cm^2", "1 ohm cm^2", "1 ohm cm^2"))
    with pytest.raises(InputError, match="between layers in series"):
        composite(**THREE, arrangement="parallel", interfaces=qs("1 ohm cm^2"))
    with pytest.raises(NotAnswerable, match="interfaces alone have more resistance"):
        composite(
            conductivities=qs("0.1 mS/cm"),
            thicknesses=qs("2 um", "8 um"),
            interfaces=qs("6 ohm cm^2"),
            effective=q("0.2 mS/cm"),
            deduce=2,
        )


def test_bruggeman_of_two_phases_solves_its_quadratic():
    """2σ² + [σ_1(1 − 3φ_1) + σ_2(1 − 3φ_2)]σ − σ_1σ_2 = 0 [Landauer 1952, eq. 8, in 3 d]."""
    for phi in (0.1, 0.5, 0.8):
        s1, s2 = 3.0, 0.2
        b = s1 * (1 - 3 * phi) + s2 * (1 - 3 * (1 - phi))
        expected = (-b + np.sqrt(b * b + 8 * s1 * s2)) / 4
        assert mixing.bruggeman([s1, s2], [phi, 1 - phi]) == pytest.approx(expected, rel=1e-12)


def test_percolation():
    """One phase conducts: nothing below φ = 1/3, σ (3φ − 1)/2 above."""
    assert mixing.bruggeman([1.0, 0.0], [0.3, 0.7]) == pytest.approx(0.0, abs=1e-12)
    assert mixing.bruggeman([1.0, 0.0], [0.5, 0.5]) == pytest.approx(0.25, rel=1e-9)


def test_maxwell_is_a_hashin_shtrikman_bound():
    for s1, s2 in ((1.0, 0.1), (0.1, 1.0), (2.0, 0.0)):
        phi = [0.7, 0.3]
        low, high = mixing.hashin_shtrikman([s1, s2], phi)
        bound = high if s1 > s2 else low
        assert mixing.maxwell([s1, s2], phi) == pytest.approx(bound, rel=1e-12)


def test_order_of_the_bounds():
    rng = np.random.default_rng(4)
    for _ in range(50):
        sigma = list(np.exp(rng.normal(size=3)))
        phi = list(rng.dirichlet([1, 1, 1]))
        low, high = mixing.hashin_shtrikman(sigma, phi)
        values = [
            mixing.series(sigma, phi), low, mixing.bruggeman(sigma, phi), high,
            mixing.parallel(sigma, phi),
        ]  # fmt: skip
        assert values == sorted(values)


def test_macmullin_number_of_a_soaked_separator():
    """Porosity 0.4 with σ ratio 8: N_M = 8, τ = 3.2, exponent ln 8/ln 2.5 = 2.269."""
    result = composite(
        conductivities=qs("8.0(1) mS/cm", "0 mS/cm"),
        fractions=qs("0.40(1)"),
        arrangement="porous",
        effective=q("1.00(2) mS/cm"),
    )
    assert result.macmullin_number.value == pytest.approx(8.0)
    assert result.macmullin_number.std == pytest.approx(8 * np.hypot(0.0125, 0.02), rel=1e-6)
    assert result.tortuosity.value == pytest.approx(3.2)
    assert result["bruggeman_exponent"].value == pytest.approx(np.log(8) / np.log(2.5))
    assert result["expected_conductivity"].value == pytest.approx(8 * 0.4**1.5)
    assert result.verdicts[0].passed
    above = composite(
        conductivities=qs("8 mS/cm", "0 mS/cm"),
        fractions=qs("0.4"),
        arrangement="porous",
        effective=q("5 mS/cm"),
    )
    assert above.verdicts[0].passed is False


def test_refusals():
    two = qs("0.1 mS/cm", "1 mS/cm")
    with pytest.raises(InputError, match="either thicknesses or fractions"):
        composite(conductivities=two)
    with pytest.raises(InputError, match=r"sum to 1\.2"):
        composite(conductivities=two, fractions=qs("0.5", "0.7"))
    with pytest.raises(InputError, match="2 parts, but 3 thicknesses"):
        composite(conductivities=two, thicknesses=qs("1 um", "1 um", "1 um"))
    with pytest.raises(NotAnswerable, match=r"the others alone give at most 0\.2 mS"):
        composite(conductivities=two[:1], fractions=qs("0.5"), effective=q("0.5 mS/cm"), deduce=2)
    with pytest.raises(InputError, match="conductivity of the whole is needed"):
        composite(conductivities=two[:1], fractions=qs("0.5"), deduce=2)


def test_different_temperatures_are_named():
    mixed = [q("1 mS/cm").given(temperature="25 degC"), q("1 mS/cm").given(temperature="60 degC")]
    result = composite(conductivities=mixed, fractions=qs("0.5"))
    assert "25 degC, 60 degC" in result.findings[0].text


def test_declared():
    method = get("transport.composite")
    assert all(parameter.description for parameter in method.parameters.values())
