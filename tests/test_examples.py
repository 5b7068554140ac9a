"""Each example study runs, and its headline numbers are what the source prints."""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest

from polylyte.core.execution import InProcess
from polylyte.core.runs import Run
from polylyte.core.session import run_study
from polylyte.report.write import write_report

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name: str, folder: Path) -> Run:
    shutil.copytree(EXAMPLES / name, folder / name, ignore=shutil.ignore_patterns("report", ".*"))
    made, _ = run_study(
        folder / name / "study.toml", pool=lambda: nullcontext(InProcess()), durable=False
    )
    refused = {s.name: s.reason for s in made.steps if s.status not in ("done", "cached")}
    assert not refused
    return made


def verdicts(made: Run) -> dict[str, str]:
    return {c.expected.quantity: c.verdict for c in made.comparisons}


def value(made: Run, step: str, name: str, unit: str) -> float:
    result = next(s.result for s in made.steps if s.name == step)
    assert result is not None
    found = result.quantities[name].to(unit).value
    assert found is not None
    return found


def test_plm_pouch(tmp_path: Path) -> None:
    made = run("plm_pouch", tmp_path)
    # Seed B, Table S4.
    assert value(made, "energy", "specific_energy", "Wh/kg") == pytest.approx(344.0, abs=0.1)
    assert value(made, "energy", "energy_density", "Wh/L") == pytest.approx(773.1, abs=0.1)
    found = verdicts(made)
    # ERRATA B-E08: the batch is Li6, not Li7.
    assert found.pop("llzo.stoichiometry_without_excess@Li") == "differs"
    # Seed B, Fig. S28: a high t+ and a thin membrane beat a low t+ and a thick one; each alone.
    for factor in ("transference_number", "thickness"):
        assert found.pop(f"trend.effect@{factor}") == "simulated"
    assert value(made, "trend", "effect@transference_number", "mV") > 10
    assert value(made, "trend", "effect@thickness", "mV") < -10
    # Seed B, Table S4: 3.795 V at 157 mAh/g, with the utilisation fitted to that. The rate is not
    # printed: 0.1C and 0.2C differ by 20 mV.
    assert found.pop("discharge.average_voltage") == "simulated"
    assert value(made, "discharge", "average_voltage", "V") == pytest.approx(3.795, abs=0.05)
    # Table S4's mass goes into the Ragone plot: what the simulation delivers over 35.19 mg/cm2.
    best = value(made, "pouch_rates", "best_capacity", "mAh/cm^2")
    stored = value(made, "ragone", "specific_energy", "Wh/kg")
    assert stored == pytest.approx(best * 3.8161 / 35.1915 * 1e3, rel=1e-3)
    virtual = {"sigma", "activation", "transference", "efficiency", *LABORATORY}
    words = dict.fromkeys(virtual, "recovered") | dict.fromkeys(("trend", "discharge"), "simulated")
    for name, verdict in found.items():
        assert verdict == words.get(name.split(".")[0], "agrees"), name
    laboratory(made)
    # Seed B, Table S3: 81.3 % and 131.3 mAh/g after 500 cycles, printed as "6.0 %" (B-E04).
    assert value(made, "cycling", "retention", "%") == pytest.approx(81.3, abs=0.4)
    assert value(made, "cycling", "final_capacity", "mAh/g") == pytest.approx(131.3, abs=0.6)
    hundred = 100 * value(made, "cycling", "average_capacity_decay", "mAh/g/cycle")
    assert hundred == pytest.approx(6.0, abs=0.15)
    assert value(made, "symmetric", "soft_short_time", "h") == pytest.approx(25.0, abs=0.2)
    assert value(made, "critical_current", "last_sustained", "mA/cm^2") == pytest.approx(1.1)
    assert value(made, "critical_current", "first_failing", "mA/cm^2") == pytest.approx(1.2)


LABORATORY = (
    "window", "float", "symmetric", "critical_current", "plating_efficiency", "cycling", "rate",
)  # fmt: skip
"""Steps of the three seeds whose files come from the virtual laboratory."""


def laboratory(made: Run) -> None:
    """What was put into the virtual cells comes back, and is called recovered, never agreement."""
    found = [c for c in made.comparisons if c.expected.quantity.split(".")[0] in LABORATORY]
    assert {c.expected.quantity.split(".")[0] for c in found} == set(LABORATORY)
    for comparison in found:
        assert comparison.verdict == "recovered", comparison
        assert comparison.deviation is not None
        assert abs(comparison.deviation) <= 3, comparison
    assert value(made, "profiles", "polarisation", "mV") == pytest.approx(80, abs=3)


def test_in_situ_sl2(tmp_path: Path) -> None:
    made = run("in_situ_sl2", tmp_path)
    # materials.md, from seed A section 2.3.
    salt = value(made, "composition", "mass_fraction@LiTFSI", "wt%")
    assert salt == pytest.approx(21.30, abs=0.005)
    assert verdicts(made)["transference.transference_number"] == "recovered"
    # Section 2.6: 2.0 mg/cm2 of 170 mAh/g on 3.0 x 3.3 cm2 are 3.37 mAh.
    assert value(made, "energy", "cell_capacity", "mAh") == pytest.approx(2.0 * 0.17 * 9.9)
    # The layers that are not printed weigh six times the coating: the energy is theirs to lose.
    assert value(made, "energy", "specific_energy", "Wh/kg") < 50
    assert value(made, "what_it_takes", "reached_specific_energy", "Wh/kg") == pytest.approx(250)
    laboratory(made)
    # Table S2: 91.7 % after 2000 cycles, 170 mAh/g.
    assert value(made, "cycling", "retention", "%") == pytest.approx(91.7, abs=0.4)
    assert value(made, "cycling", "number_of_cycles", "1") == 2000
    # Three cells are one answer, with their scatter.
    assert value(made, "symmetric", "n", "1") == 3
    assert value(made, "symmetric", "overpotential_sd", "mV") > 0
    assert value(made, "critical_current", "last_sustained", "mA/cm^2") == pytest.approx(1.2)
    assert value(made, "critical_current", "first_failing", "mA/cm^2") == pytest.approx(1.3)


def test_sipe_lifpa(tmp_path: Path) -> None:
    made = run("sipe_lifpa", tmp_path)
    found = verdicts(made)
    # Seed C, section 1 and ERRATA C-E02: 63.8 closes, 37.2 does not.
    assert found["composition.liquid_content"] == "agrees"
    assert found["composition.solid_content"] == "differs"
    # Seed C, Table S6.
    assert found["energy.np_ratio"] == "agrees"
    # Seed C, Table S6: 437 Wh/kg of 2.8 Ah at 3.8 V are 24.35 g, of which 4.7 % is package.
    assert value(made, "energy", "cell_mass", "g") == pytest.approx(24.35, abs=0.005)
    assert value(made, "package", "needed", "1") == pytest.approx(0.047, abs=0.002)
    # cell.md, "Life": 477 cycles by 99.39 %, 98.766 % implied by 236.
    assert value(made, "life", "cycles", "1") == pytest.approx(477, abs=1)
    assert value(made, "life", "implied_efficiency", "%") == pytest.approx(98.766, abs=0.001)
    # Table S6's 3.8 V, at the printed capacity.
    assert value(made, "discharge", "average_voltage", "V") == pytest.approx(3.8, abs=0.05)
    assert found["discharge.average_voltage"] == "simulated"
    # Printed, put into the virtual sample, and found again: no agreement.
    assert found["sigma.conductivity@30degC"] == "recovered"
    assert found["efficiency.coulombic_efficiency"] == "recovered"
    laboratory(made)
    # Table S1, Fig. S21: 80.8 % after 236 cycles, 87.9 % from 0.1C to 1C, put into virtual cells.
    assert value(made, "cycling", "retention", "%") == pytest.approx(80.8, abs=0.5)
    assert value(made, "cycling", "n", "1") == 3
    assert value(made, "rate", "rate_retention", "%") == pytest.approx(87.9, abs=0.3)
    assert value(made, "rate", "fast_capacity", "mAh/g") == pytest.approx(186.6, abs=0.8)


def test_real_files(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("fastnda", "python_calamine"):
        pytest.importorskip(library)
    monkeypatch.setenv("POLYLYTE_DATA", str(data))
    made = run("real_files", tmp_path)
    # measurement.md, "Must reproduce": R0+R1 1456 ohm, R1 1246.6 ohm, both 2 %.
    assert value(made, "lpscl", "R_total", "ohm") == pytest.approx(1456, rel=0.02)
    assert value(made, "lpscl", "R1", "ohm") == pytest.approx(1246.6, rel=0.02)
    refused = next(s.result for s in made.steps if s.name == "lpscl_conductivity")
    assert refused is not None
    sigma = refused.quantities["conductivity@-25degC"]
    assert sigma.value is None
    assert "needs thickness and area" in sigma.flags
    conductance = refused.tables["conductivity"].quantities("conductance")[0]
    assert conductance.si == pytest.approx(1 / 1456, rel=0.02)
    # measurement.md, "Must reproduce": cycles of cyclers, 0.02 %.
    for step, direction, cycle, expected in (
        ("ndax", "charge", 1, 0.2350), ("ndax", "discharge", 1, 0.1006),
        ("ndax", "charge", 2, 0.0703), ("ndax", "discharge", 2, 0.0610),
        ("nda", "charge", 2, 5811.02), ("nda", "discharge", 2, 5806.65),
        ("graphite", "charge", 1, 4.24934), ("graphite", "discharge", 1, 4.68031),
    ):  # fmt: skip
        result = next(s.result for s in made.steps if s.name == step)
        assert result is not None
        frame = result.tables["cycles"].frame
        (found,) = frame.filter(frame["cycle"] == cycle)[f"{direction}_capacity"].to_list()
        digit = 0.5e-4 if step == "ndax" else 0.0
        assert found == pytest.approx(expected, rel=2e-4, abs=digit), (step, direction, cycle)
    assert set(verdicts(made).values()) == {"agrees"}
    # Two cyclers in one figure, a cycle beginning with each lithiation of the graphite.
    overlay = next(s.result for s in made.steps if s.name == "overlay")
    assert overlay is not None
    assert overlay.quantities["number_of_cells"].value == 2
    assert overlay.tables["cells"].frame["divided_by"].to_list() == ["cell", "cell"]
    report = write_report(made, tmp_path / "report")
    assert "needs thickness and area" in report.read_text()


def test_landscape(tmp_path: Path) -> None:
    made = run("landscape", tmp_path)
    # literature.md, "Compare": 99 results with retention; 16 of at least 3 mAh/cm2.
    assert value(made, "energy", "recomputed@B-cell-037", "Wh/kg") == pytest.approx(344.0, abs=0.1)
    assert set(verdicts(made).values()) == {"agrees"}
