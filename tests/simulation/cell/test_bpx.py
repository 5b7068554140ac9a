"""BPX read and written: bit for bit, and refused where the model cannot follow."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polylyte.core.errors import FileError, InputError
from polylyte.core.quantities import q
from polylyte.simulation.cell.bpx import BatteryParameters
from polylyte.simulation.cell.bpx_discharge import bpx_discharge
from polylyte.simulation.cell.bpx_export import bpx
from polylyte.simulation.cell.discharge import discharge
from polylyte.simulation.cell.expressions import function

HOT = q("60 degC")


def written(cell: Any) -> bytes:
    return next(iter(bpx(cell=cell, temperature=HOT).files.values()))


def test_a_card_written_and_read_is_the_same_cell(card: Any) -> None:
    cell = card(cathode={"material": "NMC811"})
    raw = written(cell)
    again = BatteryParameters.of(raw, where="file")
    assert again.to_bytes() == raw
    ours = discharge(cell=cell, rate=q("1 C-rate"), temperature=HOT)
    theirs = bpx_discharge(parameters=again)
    assert theirs.areal_capacity.si == pytest.approx(ours.areal_capacity.si, rel=1e-4)
    assert theirs.average_voltage.si == pytest.approx(ours.average_voltage.si, abs=1e-3)
    assert theirs.specific_capacity is None


def test_a_file_keeps_every_number(tmp_path: Path) -> None:
    path = tmp_path / "cell.json"
    path.write_text(json.dumps(FULL))
    read = BatteryParameters.read(path)
    assert read.file_record["format"] == "BPX"
    assert json.loads(read.to_bytes()) == FULL
    path.write_bytes(read.to_bytes())
    assert BatteryParameters.read(path).to_bytes() == read.to_bytes()


def test_the_positive_electrode_runs_against_lithium() -> None:
    whole = BatteryParameters(FULL)
    with pytest.raises(InputError, match=r'set against = "lithium"'):
        bpx_discharge(parameters=whole)
    result = bpx_discharge(parameters=whole, against="lithium", rate=q("0.2 C-rate"))
    assert result.text["event"] == "cut-off voltage"
    # x from the upper cut-off's 0.3 to 0.9: 0.6 x F x 50000 x (4e5 x 5e-6/3) x 70 um.
    held = 96485.33212 * 50000 * (4e5 * 5e-6 / 3) * 70e-6
    assert result.areal_capacity.si == pytest.approx(0.6 * held, rel=0.05)
    assert result.lithium_error.si < 1e-6


def test_the_bpx_package_accepts_what_is_written(card: Any) -> None:
    package = pytest.importorskip("bpx", reason="the extra pybamm brings bpx; it is not installed")
    parsed = package.parse_bpx_str(written(card()).decode())
    assert parsed.header.model == "Partial"


FULL: dict[str, Any] = {
    "Header": {"BPX": "1.0.0", "Title": "made up for this test", "Model": "DFN"},
    "Parameterisation": {
        "Cell": {
            "Electrode area [m2]": 0.01,
            "Number of electrode pairs connected in parallel to make a cell": 2,
            "Lower voltage cut-off [V]": 3.0,
            "Upper voltage cut-off [V]": 4.2,
            "Nominal cell capacity [A.h]": 0.75,
            "Reference temperature [K]": 298.15,
        },
        "Electrolyte": {
            "Cation transference number": 0.26,
            "Diffusivity [m2.s-1]": "8.794e-17 * x ** 2 - 3.972e-13 * x + 4.862e-10",
            "Conductivity [S.m-1]": "0.1297e-9 * x ** 3 - 7.94e-5 * x ** 1.5 + 3.329e-3 * x",
            "Conductivity activation energy [J.mol-1]": 17100,
        },
        "Separator": {"Thickness [m]": 2e-5, "Porosity": 0.47, "Transport efficiency": 0.3222},
        "Negative electrode": {"Thickness [m]": 8e-5},
        "Positive electrode": {
            "Thickness [m]": 7e-5,
            "Porosity": 0.3,
            "Transport efficiency": 0.1643,
            "Conductivity [S.m-1]": 1.0,
            "Minimum stoichiometry": 0.3,
            "Maximum stoichiometry": 0.9,
            "Maximum concentration [mol.m-3]": 50000.0,
            "Particle radius [m]": 5e-6,
            "Surface area per unit volume [m-1]": 4e5,
            "Diffusivity [m2.s-1]": 1e-14,
            "OCP [V]": "4.5 - x + 0.1 * (1 - exp(30 * (x - 0.93)))",
            "Reaction rate constant [mol.m-2.s-1]": 2e-5,
        },
    },
    "State": {
        "Initial conditions": {
            "Initial electrolyte concentration [mol.m-3]": 1000,
            "Initial temperature [K]": 298.15,
        }
    },
}


def changed(section: str, key: str, value: Any) -> BatteryParameters:
    document = copy.deepcopy(FULL)
    document["Parameterisation"].setdefault(section, {})[key] = value
    return BatteryParameters(document)


@pytest.mark.parametrize(
    ("section", "key", "value", "says"),
    [
        ("Positive electrode", "Particle", {"a": {}}, "is a blend"),
        ("Positive electrode", "OCP hysteresis decay constant", 0.1, "no hysteresis"),
        ("Positive electrode", "OCP [V]", "__import__('os')", "not an expression"),
        ("Positive electrode", "OCP [V]", {"x": [0, 1, 0.5], "y": [4, 3, 3]}, "do not increase"),
        ("Positive electrode", "OCP [V]", None, "is missing"),
        ("Positive electrode", "Thickness [m]", "70 um", "no number"),
        ("Positive electrode", "Minimum stoichiometry", 1.3, "in order"),
        ("Electrolyte", "Cation transference number", 0.0, "transference number"),
    ],
)
def test_what_cannot_be_represented_is_one_line(
    section: str, key: str, value: Any, says: str
) -> None:
    with pytest.raises(InputError, match=says) as caught:
        bpx_discharge(parameters=changed(section, key, value), against="lithium")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"Header": NaN}', b'{"Header": {}}'])
def test_other_files_are_not_bpx(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(raw)
    with pytest.raises(FileError):
        BatteryParameters.read(path)


def test_a_card_that_bpx_cannot_hold_is_refused(card: Any) -> None:
    layer = {"thickness": "20 um", "conductivity": "1 mS/cm", "transference_number": 0.5}
    with pytest.raises(InputError, match="one electrolyte"):
        bpx(cell=card(separator=layer))
    peo = {"material": "LiTFSI-PEO", "conductivity": None, "transference_number": None}
    with pytest.raises(InputError, match="transference number"):
        bpx(cell=card(electrolyte=peo), temperature=q("85 degC"))


def test_expressions_are_arithmetic() -> None:
    x = np.array([0.1, 0.5])
    made = function("-2 * x ** 2 + exp(-x) / (1 + tanh(3e0 * x))", where="here")(x)
    assert made == pytest.approx(-2 * x**2 + np.exp(-x) / (1 + np.tanh(3 * x)), rel=1e-15)
    for text in ("y + 1", "x.real", "exp(x, x)", "lambda: x", "[x]", "x if x else 1", "", "'x'"):
        with pytest.raises(InputError, match="not an expression"):
            function(text, where="here")
