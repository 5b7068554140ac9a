"""Interface resistances over temperature, and the activation energy of the SEI from them."""

import numpy as np
import pytest

from polylyte.analysis.lithium.interface import figure, interface
from polylyte.analysis.transport.activation import activation
from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.quantities import q
from polylyte.instruments.reading import read_bytes
from polylyte.instruments.spectra import ImpedanceSpectrum
from polylyte.virtual.impedance import impedance
from polylyte.virtual.samples import Sample


def spectra(**table):
    """Seed C, Fig. S19 and S20: 6.4 ohm at 25 degC, 30.0 kJ/mol."""
    sample = Sample.from_toml(
        {"interface_resistance": "6.4 ohm cm^2", "interface_activation_energy": "30.0 kJ/mol"}
        | table,
        where="test",
        name="SIPE",
    )
    made = impedance(
        sample=sample,
        electrodes="lithium",
        temperatures=[q(f"{t} degC") for t in (25, 35, 45, 55)],
        instrument="biologic",
        seed=1,
    )
    return made, [
        ImpedanceSpectrum.from_recording(read_bytes(raw, name))[0]
        for name, raw in made.files.items()
    ]


def test_resistance_and_activation_energy_of_the_interface():
    made, read = spectra()
    found = interface(spectra=read, area=q("1 cm^2"))
    for name, value in found.more.items():
        truth = made.more[name.replace("resistance", "interface_resistance")]
        assert value.value == pytest.approx(truth.value, abs=2.5 * value.std)
    assert found.resistance.column("temperature") == pytest.approx([25, 35, 45, 55])
    assert found.resistance.column("area_specific_resistance")[0] == pytest.approx(6.4, rel=0.03)
    energy = activation(resistance=found.resistance).activation_energy
    assert energy.value == pytest.approx(30.0, abs=max(2 * energy.std, 0.2))
    assert energy.std < 0.5  # the gain that all spectra share does not enter


def test_what_cannot_be_read_is_reported_not_dropped():
    _, read = spectra()
    blocking = ImpedanceSpectrum(
        np.geomspace(1e6, 0.1, 71),
        50 + 1 / (1e-5 * (2j * np.pi * np.geomspace(1e6, 0.1, 71)) ** 0.9),
    )
    found = interface(spectra=[*read, blocking])
    assert found.number_of_spectra.value == 4
    assert len(found.warnings) == 1
    with pytest.raises(NotAnswerable, match="no interface arc"):
        interface(spectra=[blocking])
    with pytest.raises(InputError, match="no spectra"):
        interface(spectra=[])


def test_figure():
    (shown,) = figure(interface(spectra=spectra()[1]))
    assert len(shown.panels[0].series) == 8
