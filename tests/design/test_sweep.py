"""A sweep of stack.energy through a study: one table, the same numbers as one by one."""

import json
import time
from contextlib import nullcontext

import pytest

from polylyte.core.execution import InProcess
from polylyte.core.session import run_study
from polylyte.design.stack_energy import stack_energy

STUDY = """
[study]
title = "sweep"

[cell.pouch]
average_voltage = "3.8 V"
cathode = {{ material = "NCM811", loading = "18.1 mg/cm^2", loading_of = "coating", areal_capacity = "3.7 mAh/cm^2" }}
anode = {{ material = "Li", thickness = "50 um" }}
liquid = {{ electrolyte_to_capacity = "2.0 g/Ah" }}
foils = [{{ material = "Al", thickness = "8 um", sides = 2 }}]

[step.grid]
method = "stack.energy"
cell = "pouch"

[step.grid.map.over]
"cell.liquid.electrolyte_to_capacity" = {liquids}
"cell.anode.thickness" = {lithium}
average_voltage = ["3.7 V", "3.8 V", "0 um"]
"""  # noqa: E501


def sweep(path, liquids, lithium):
    path.write_text(
        STUDY.format(
            liquids=json.dumps([f"{e:g} g/Ah" for e in liquids]),
            lithium=json.dumps([f"{d:g} um" for d in lithium]),
        )
    )
    run, ended = run_study(path, pool=lambda: nullcontext(InProcess()), durable=False)
    return run, ended


def test_a_wrong_value_is_named_before_anything_runs(tmp_path):
    from polylyte.core.errors import InputError

    with pytest.raises(InputError, match=r"average_voltage: '0 µm' is not a voltage"):
        sweep(tmp_path / "study.toml", [2], [50])


def test_a_sweep_is_one_table(tmp_path, read, monkeypatch):
    monkeypatch.setattr(f"{__name__}.STUDY", STUDY.replace(', "0 um"]', "]"))
    run, ended = sweep(tmp_path / "study.toml", [1.5, 2, 3], [20, 50, -1])
    assert ended["grid"].ending == "done"
    table = run.steps[0].result.tables["designs"]
    assert len(table) == 18
    assert table.column("status").count("failed") == 6, "a negative thickness fails alone"
    assert "'-1 um' is not possible" in "".join(table.column("reason"))
    row = next(
        i
        for i, cells in enumerate(
            zip(
                table.column("cell.liquid.electrolyte_to_capacity"),
                table.column("cell.anode.thickness"),
                table.column("average_voltage"),
                strict=True,
            )
        )
        if cells == ("3 g/Ah", "20 um", "3.7 V")
    )
    card = read(
        {
            "average_voltage": "3.7 V",
            "cathode": {
                "material": "NCM811", "loading": "18.1 mg/cm^2", "loading_of": "coating",
                "areal_capacity": "3.7 mAh/cm^2",
            },
            "anode": {"material": "Li", "thickness": "20 um"},
            "liquid": {"electrolyte_to_capacity": "3 g/Ah"},
            "foils": [{"material": "Al", "thickness": "8 um", "sides": 2}],
        }
    )  # fmt: skip
    found = table.quantities("specific_energy")[row]
    assert found.value == pytest.approx(stack_energy(cell=card).specific_energy.value)
    assert found.unit == "Wh/kg"
    assert found.value == pytest.approx(3.7 * 3.7 / (18.1 + 1.068 + 11.1 + 1.08) * 1000, rel=1e-6)


@pytest.mark.slow
def test_ten_thousand_designs_in_ten_seconds(tmp_path, monkeypatch):
    # processor time: what a free machine would take on one core
    monkeypatch.setattr(f"{__name__}.STUDY", STUDY.replace(', "0 um"]', "]"))
    start = time.process_time()
    run, _ = sweep(
        tmp_path / "study.toml", [1 + i / 100 for i in range(100)], [10 + i for i in range(50)]
    )
    assert len(run.steps[0].result.tables["designs"]) == 10_000
    assert time.process_time() - start < 10
