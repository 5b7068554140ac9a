"""A folder of spectra in one call: one table, bad ones named, the same numbers as one by one."""

import numpy as np
import pytest

from polylyte.analysis.impedance.circuits import parse
from polylyte.analysis.impedance.fitting import fit_circuit
from polylyte.analysis.impedance.many import batch, figure
from polylyte.core.errors import NotAnswerable
from polylyte.core.methods import get
from polylyte.core.quantities import q
from polylyte.instruments.spectra import ImpedanceSpectrum

FREQUENCY = np.logspace(6, 0, 61)
CIRCUIT = "R0-p(R1,CPE1)-CPE2"
TRUTH = np.array([20, 300, 2e-8, 0.85, 2e-6, 0.9])


def made(number, frequency=FREQUENCY, circuit=CIRCUIT, truth=TRUTH):
    z = parse(circuit).impedance(truth, frequency)
    rng = np.random.default_rng(number)
    error = rng.normal(size=len(z)) + 1j * rng.normal(size=len(z))
    given = {"temperature": q(f"{20 + number} degC")}
    return ImpedanceSpectrum(frequency, z + 0.005 * np.abs(z) * error, given, f"film {number}")


def test_one_row_per_spectrum_as_one_by_one():
    """Two grids in turn; the rows keep the order of the files."""
    spectra = [made(k, FREQUENCY if k % 2 else np.logspace(5.5, 0, 50)) for k in range(6)]
    told = []

    class Watching:
        threads, scratch, stopping = 1, None, False

        def progress(self, fraction, message=""):
            told.append(fraction)

    result = batch(spectra=spectra, circuit=CIRCUIT, task=Watching())
    assert result.number_of_spectra.value == 6
    table = result.parameters
    assert table.column("spectrum") == [f"film {k}" for k in range(6)]
    assert table.column("temperature") == pytest.approx([20, 21, 22, 23, 24, 25])
    for k in (0, 3):
        one = fit_circuit(spectra[k].frequency, spectra[k].impedance, CIRCUIT, starts=16)
        assert table.column("R1")[k] == pytest.approx(one["R1"], rel=1e-6)
        assert table.std("R1")[k] == pytest.approx(one.std("R1"), rel=1e-6)
    pulls = (np.array(table.column("R1")) - 300) / np.array(table.std("R1"))
    assert np.abs(pulls).max() < 4
    assert told[-1] == pytest.approx(1.0)
    assert told == sorted(told)
    assert len(figure(result).panels) == 2


def test_a_spectrum_that_cannot_be_fitted_is_named():
    short = made(9, np.logspace(6, 5, 5))
    result = batch(spectra=[made(1), short, made(2)], circuit=CIRCUIT)
    assert result.number_of_spectra.value == 2
    assert result.number_not_fitted.value == 1
    assert result.not_fitted.column("spectrum") == ["film 9"]
    (lost,) = [note for note in result.findings if note.severity == "error"]
    assert lost.where == "film 9"
    assert "5 usable points, 8 are needed" in lost.text
    assert result.verdicts[0].passed is False
    with pytest.raises(NotAnswerable, match="none of 1 spectra could be fitted; film 9"):
        batch(spectra=[short], circuit=CIRCUIT)


def test_structure_and_bounds_are_flagged_by_row():
    blocking = made(1, circuit="R0-CPE1", truth=np.array([20, 2e-6, 0.9]))
    result = batch(spectra=[blocking], circuit="R0-p(R1,CPE1)")
    assert result.parameters.column("R1") == [None]
    assert "R1: at its bound" in result.parameters.column("flags")[0]
    wrong = batch(spectra=[made(1), made(2)], circuit="R0-p(R1,C1)-CPE1")
    assert wrong.number_structured.value == 2
    assert all("structured residuals" in flags for flags in wrong.parameters.column("flags"))


def test_declared():
    method = get("impedance.batch")
    assert method.parameters["spectra"].many
    assert all(p.description for p in method.parameters.values() if p.type != "task")
