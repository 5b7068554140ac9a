"""A sample's laws and the messages of its section."""

import math

import pytest

from polylyte.core.errors import InputError
from polylyte.core.quantities import q
from polylyte.core.sections import get
from polylyte.virtual.samples import GAS_CONSTANT, Sample


def sample(**table):
    return Sample.from_toml(table, where="study.toml [sample.s]", name="s")


def test_the_section_is_found():
    assert get("sample") is Sample


def test_arrhenius():
    s = sample(conductivity="1 mS/cm", reference_temperature="30 degC",
               activation_energy="40 kJ/mol")  # fmt: skip
    assert s.conductivity_at(303.15) == pytest.approx(0.1)
    ratio = s.conductivity_at(353.15) / s.conductivity_at(303.15)
    slope = -math.log(ratio) / (1 / 353.15 - 1 / 303.15) * GAS_CONSTANT
    assert slope == pytest.approx(40e3)


def test_vogel():
    s = sample(conductivity="1 mS/cm", vtf_energy="8 kJ/mol", vtf_temperature="200 K")
    slope = math.log(s.conductivity_at(330.0) / s.conductivity_at(300.0))
    assert slope == pytest.approx(8e3 / GAS_CONSTANT * (1 / 100 - 1 / 130))
    with pytest.raises(InputError, match="above the Vogel temperature"):
        s.conductivity_at(190.0)


def test_resistances():
    s = sample(conductivity="0.5 mS/cm", thickness="12.6 um", area="2 cm^2",
               interface_resistance="100 ohm cm^2", interface_activation_energy="60 kJ/mol",
               salt_diffusivity="1e-8 cm^2/s")  # fmt: skip
    assert s.bulk_resistance_at(298.15) == pytest.approx(1.26)  # 12.6e-4 cm / (5e-4 S/cm · 2 cm²)
    assert s.interface_resistance_at(298.15) == pytest.approx(50)
    assert s.interface_resistance_at(333.15) < 50 * 0.1
    assert s.diffusion_time_at(298.15) == pytest.approx(6.3e-6**2 / 1e-12)


def test_equal_samples_have_equal_keys():
    assert sample(thickness="60 um").to_key() == sample(thickness="0.06 mm").to_key()
    assert sample(thickness="60 um").to_key() != sample(thickness="61 um").to_key()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"conductivty": "1 mS/cm"}, "unknown key 'conductivty'; did you mean 'conductivity'"),
        ({"conductivity": "1 mS"}, "conductivity: .*wrong dimension; give it in S/m"),
        ({"conductivity": 1.0}, "not a quantity; give it in S/m"),
        ({"conductivity": "0 S/m"}, "must be positive"),
        ({"transference_number": 1.2}, "outside 0 to 1"),
        ({"interface_exponent": 0.2}, "outside 0.5 to 1"),
        ({"coulombic_efficiency": "101 %"}, "outside 0 to 100"),
        ({"vtf_energy": "8 kJ/mol"}, "come together"),
        ({"thickness": "thin"}, "not a number with a unit"),
    ],
)
def test_messages(table, words):
    with pytest.raises(InputError, match=words) as error:
        sample(**table)
    assert "sample.s" in str(error.value)


def test_defaults_say_that_they_are_assumed():
    assert Sample().conductivity.how == "assumed"
    assert sample(conductivity="1 mS/cm").conductivity.how == "given"
    assert sample(conductivity=q("1 mS/cm", how="published")).conductivity.how == "published"
