"""Current transients from arrays and files."""

import numpy as np
import pytest

from polylyte.core.errors import FileError, InputError
from polylyte.core.quantities import Quantity, q
from polylyte.instruments.gamry_writer import write_chronoa, write_eispot
from polylyte.instruments.transients import CurrentTransient


def test_real_gamry_transient(data):
    transient = CurrentTransient.read(data / "instruments/gamry/chronoa_data.dta")
    assert len(transient) == 10
    assert transient.current[0] == -2.34197e-8
    assert transient.conditions["bias"].si == 0.5  # VSTEP1
    np.testing.assert_allclose(transient.applied, [0.0] + [0.5] * 9)
    after = transient.after_step()
    assert (after.time[0], len(after)) == (0.0, 9)
    assert transient.file_record["findings"] == ["the table CURVE declares 5258 rows and holds 10"]


def test_the_step_is_found_in_the_measured_potential():
    transient = CurrentTransient(
        [0, 1, 2, 3], [0, 5e-6, 4e-6, 3e-6], [1e-5, 0.00995, 0.01001, 0.01], {"bias": q("10 mV")}
    )
    np.testing.assert_array_equal(transient.after_step().time, [0, 1, 2])


def test_a_bias_against_the_open_circuit_is_added_to_it():
    conditions = {
        "bias": Quantity(0.01, "V", conditions={"against": "open circuit"}),
        "open_circuit_potential": q("3.1 V"),
    }
    transient = CurrentTransient([0, 1, 2], [0, 2e-6, 1e-6], [3.1, 3.11, 3.11], conditions)
    assert len(transient.after_step()) == 2


def test_a_step_that_never_comes_is_an_error():
    transient = CurrentTransient([0, 1], [0, 0], [0.0, 0.0], {"bias": q("10 mV")})
    with pytest.raises(InputError, match=r"never comes near the bias of 0\.01 V"):
        transient.after_step()


def test_time_that_runs_backwards_is_said():
    (finding,) = CurrentTransient([0, 2, 1], [1, 1, 1], [0, 0, 0]).findings
    assert finding.text == "time runs backwards in places"


def test_another_technique_and_a_clash(tmp_path):
    spectrum = tmp_path / "eis.DTA"
    spectrum.write_bytes(write_eispot([10.0, 1.0], [1 - 1j, 2 - 1j]))
    with pytest.raises(FileError, match="holds an impedance spectrum, not a current transient"):
        CurrentTransient.read(spectrum)
    path = tmp_path / "10mV.DTA"
    path.write_bytes(write_chronoa([0, 1], [0.01, 0.01], [1e-5, 1e-5], header={"VSTEP1": 0.01}))
    assert CurrentTransient.read(path, {"bias": q("10 mV")}).conditions["bias"].unit == "mV"
    with pytest.raises(InputError, match=r"bias is 20 mV by the file's name but 0\.01 V"):
        CurrentTransient.read(path, {"bias": q("20 mV")})
