"""The landscape study: what the sources print agrees with what their other numbers give."""

from contextlib import nullcontext
from pathlib import Path
from shutil import copytree

import pytest

from polylyte.core.execution import InProcess
from polylyte.core.session import run_study
from polylyte.literature.errata import errata

STUDY = Path(__file__).parents[2] / "examples" / "landscape"


@pytest.fixture(scope="module")
def landscape(tmp_path_factory):
    folder = tmp_path_factory.mktemp("landscape") / "study"
    copytree(STUDY, folder, ignore=lambda _, names: [n for n in names if n != "study.toml"])
    made, _ = run_study(folder / "study.toml", pool=lambda: nullcontext(InProcess()), durable=False)
    return made


def test_every_step_answers(landscape):
    assert {step.status for step in landscape.steps} == {"done"}
    compared = [step for step in landscape.steps if step.method == "literature.compare"]
    views = {step.result.text["view"] for step in compared}
    assert len(views) == 6


def test_the_arithmetic_of_the_sources_closes(landscape):
    found = {c.expected.quantity: c.verdict for c in landscape.comparisons}
    assert len(found) == 10
    assert set(found.values()) == {"agrees"}


def test_the_description_tells_the_counts_of_the_first_step(landscape):
    steps = {step.name: step.result.quantities for step in landscape.steps}
    told = " ".join(landscape.description.split())
    for name in ("results", "practical_areal_capacity", "temperature_stated"):
        assert f" {steps['retention'][name].value:g} " in f" {told} "
    assert steps["retention"]["all_conditions"].value == 0
    # Three quarters of the results drop out where a stratum must have one temperature.
    assert steps["retention_at_temperature"]["ranked"].value < steps["retention"]["ranked"].value


def test_all_errata_of_the_review_are_shown(landscape):
    review = {erratum.id for erratum in errata() if erratum.seed == "D"}
    assert review <= set(landscape.errata)
    assert len(errata(landscape.errata)) == len(landscape.errata)


def test_hovering_over_a_bar_tells_printed_and_recomputed():
    from polylyte.literature.compare import compare
    from polylyte.literature.landscape import figures
    from polylyte.report.plotly_spec import plotly

    drawn = [plotly(figure) for figure in figures(compare(view="energy"))]
    told = [t for page in drawn for trace in page["data"] for t in trace.get("hovertext", ())]
    # B Table S4: 344.0 Wh/kg printed, 344.02 from areal capacity, voltage and mass.
    [stack] = [text for text in told if "344.0" in text]
    assert "printed: 773.1 Wh L⁻¹; 344.0 Wh kg⁻¹" in stack
    assert "recomputed: 344.02 Wh kg⁻¹" in stack


def test_hovering_over_a_check_tells_printed_and_recomputed():
    from polylyte.literature.audit.method import audit, figure

    names = [name for series in figure(audit(paper="B")).panels[0].series for name in series.names]
    assert any("printed: 2.14 mg/cm^2 · recomputed: 2.136 mg cm⁻²" in name for name in names)


def test_bars_that_begin_alike_are_told_apart():
    from polylyte.literature.compare import compare
    from polylyte.literature.landscape import figures

    for view in ("conductivity_vs_transference", "thermal_runaway", "energy"):
        bars = figures(compare(view=view))[1].panels[0].series[0]
        assert len(set(bars.names)) == len(bars.names)
