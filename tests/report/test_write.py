"""The report as one would open it: complete, offline, escaped, small, honest."""

import json
import math
import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser

import numpy as np
import pytest

from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.quantities import Quantity, q
from polylyte.core.runs import StepOutcome
from polylyte.core.tables import Table
from polylyte.report import figures
from polylyte.report.budget import budget
from polylyte.report.cards import card
from polylyte.report.rebuild import DoesNotFit, rebuild
from polylyte.report.redraw import fingerprint
from polylyte.report.write import write_report


class Reader(HTMLParser):
    """Ids, links, sources and the text of a page; scripts and styles apart."""

    def __init__(self):
        super().__init__()
        self.ids, self.links, self.assets, self.tags, self.text = [], [], [], [], []
        self.plots = []
        self._inside = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        self._inside.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given.get("href"))
        elif "src" in given or "href" in given:
            self.assets.append(given.get("src") or given.get("href"))
        assert not any(name.startswith("on") for name in given), "no inline handlers"
        if tag in ("meta", "link", "img", "br", "input"):
            self._inside.pop()

    def handle_endtag(self, tag):
        while self._inside and self._inside.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tag, given = self._inside[-1] if self._inside else ("", {})
        if tag == "script" and given.get("type") == "application/json":
            self.plots.append(json.loads(data))
        elif tag not in ("script", "style", "textarea"):
            self.text.append(data)


def read(path):
    reader = Reader()
    reader.feed(path.read_text("utf-8"))
    return reader


@pytest.fixture(scope="module")
def made(tmp_path_factory, whole_run, toy_lookup):
    folder = tmp_path_factory.mktemp("report") / "deep" / "er"
    return write_report(whole_run, folder, lookup=toy_lookup)


@pytest.fixture(scope="module")
def page(made):
    return read(made)


@pytest.fixture(scope="module")
def text(page):
    return " ".join(" ".join(page.text).split())


def test_all_files_are_there(made):
    there = {str(p.relative_to(made.parent)) for p in made.parent.rglob("*") if p.is_file()}
    figures = {
        f"figures/{step}.{name}.{suffix}"
        for step in ("sigma", "sigma_virtual")
        for name in ("arrhenius", "spectra")
        for suffix in ("pdf", "png", "csv")
    }
    tables = {"quantities", "published", "raw_files", "sigma.conductivity",
              "sigma_virtual.conductivity"}  # fmt: skip
    assert there == {
        "report.html", "methods.md", "methods.tex", "references.bib", "summary.json",
        *figures, *(f"tables/{name}.csv" for name in tables),
    }  # fmt: skip


def test_page_is_small_and_offline(made, page):
    assert made.stat().st_size < 5_000_000
    assert all(asset.startswith("data:image/png;base64,") for asset in page.assets)
    assert "link" not in page.tags
    assert "iframe" not in page.tags
    outside = [link for link in page.links if re.match(r"\w+:", link)]
    assert all(link.startswith("https://doi.org/10.") for link in outside)
    html = made.read_text("utf-8")
    assert "default-src 'none'" in html
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style
    assert "@media print" in style


def test_every_link_leads_somewhere(made, page):
    from urllib.parse import unquote

    for link in page.links:
        if link.startswith("#"):
            assert unquote(link[1:]) in page.ids, link
        elif not link.startswith("https://doi.org/"):
            assert (made.parent / unquote(link)).is_file(), link


def test_anchor_per_quantity(page):
    assert len(page.ids) == len(set(page.ids))
    for name in ("sigma.activation_energy", "sigma.conductivity@25degC", "binding.binding_energy"):
        assert name in page.ids


def test_a_hostile_name_is_text(made, page, text):
    html = made.read_text("utf-8")
    assert "<script>alert" not in html
    assert "<script>alert(1)</script>" in text  # as one reads it
    assert "SL2 <b>" in text
    assert "SL2 &lt;b&gt;" in html
    assert "SL2 <b>" not in html


def test_first_screen(text):
    assert "3 of 6 steps answered; 1 was refused, 1 failed and 1 was skipped." in text
    assert "Of 3 published values, 1 agrees, 1 differs and 1 has no result." in text
    assert "1 simulated value beside a published one, not counted as agreement." in text
    assert "1.03(4)" in text
    assert "mS cm⁻¹" in text
    assert "~ 1.03" in text
    assert "+7.5" in text


def test_recovered_input_stands_apart(made):
    html = made.read_text("utf-8")
    key = re.search(r'<table class="numbers key">.*?</table>', html, re.DOTALL)[0]
    apart = re.search(r'<table class="numbers recovered">.*?</table>', html, re.DOTALL)[0]
    assert "sigma_virtual.conductivity@25degC" not in key
    assert "sigma_virtual.conductivity@25degC" in apart
    assert "agrees" not in apart
    summary = json.loads((made.parent / "summary.json").read_text("utf-8"))
    assert (summary["agreements"], summary["differences"], summary["recovered"]) == (1, 1, 1)


def test_simulated_and_virtual_are_marked(made, text):
    html = made.read_text("utf-8")
    row = re.search(r'<tr id="binding.binding_energy".*?</tr>', html, re.DOTALL)[0]
    assert 'class="simulated"' in row
    assert "simulated</span>" in row
    assert "Not everything here was measured." in text
    assert "by descent: sigma_virtual." in text
    assert "Simulated, directly or by descent: binding." in text


def test_reasons_remedies_and_drops_are_shown(text):
    for said in (
        "the transient is too short", "record at least 2 h", "internal error: ZeroDivisionError",
        "needs step 'life'", "3 points above 1 MHz are inductive", "shorten the leads",
        "the spectrum stops before the blocking tail", "the slope changes at 40 °C",
        "one sample only", "2 rows repeat a frequency", "outside range",
        "the header names no operator",        "there is no erratum 'B-E99'",
    ):  # fmt: skip
        assert said in text, said


def test_provenance_is_shown(text, made):
    for said in (
        "polylyte run studies/plm/study.toml", "Gamry DTA", "toy.conductivity version 2",
        "c0de" * 16, "activation_energy of step sigma", "35.19 closes only with 20.3/0.945",
        "cell.blocking.thickness", "68 %", "How to read it", "a curve means a polymer",
    ):  # fmt: skip
        assert said in text, said
    assert "/somewhere" not in made.read_text("utf-8"), "folders of this machine stay here"


def test_materials(text):
    assert "blocking" in text
    assert "60(2) µm" in text
    assert "0.5 mm" in text
    assert "LiTFSI" in text
    assert "4.5 mmol" in text
    assert "30 min" in text


def test_figures_are_interactive_with_a_picture_behind(made, page):
    assert len(page.plots) == len(page.assets) == 4
    assert page.plots[0]["layout"]["yaxis"]["type"] == "log"
    assert "window.Plotly" in made.read_text("utf-8")


def test_methods_files(made):
    markdown = (made.parent / "methods.md").read_text("utf-8")
    assert markdown.startswith("## Methods")
    assert "@article{Evans1987," in (made.parent / "references.bib").read_text("utf-8")
    assert r"\cite{Evans1987}" in (made.parent / "methods.tex").read_text("utf-8")


def test_summary_has_quantities_first(made):
    summary = json.loads((made.parent / "summary.json").read_text("utf-8"))
    assert next(iter(summary)) == "quantities"
    found = summary["quantities"]["sigma.conductivity@25degC"]
    assert found["value"] == 1.0312
    assert found["std"] == pytest.approx(math.sqrt(0.015**2 + 0.0343**2 + 0.018**2))
    assert found["unit"] == "mS/cm"
    nothing = summary["quantities"]["sigma.conductivity@90degC"]
    assert nothing["value"] is None
    assert nothing["flags"] == ["outside range"]
    for name in summary["files"]:
        assert (made.parent / name).is_file()


def test_written_twice_is_the_same(made, whole_run, toy_lookup, tmp_path):
    again = write_report(whole_run, tmp_path, lookup=toy_lookup).parent
    for path in made.parent.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (again / path.relative_to(made.parent)).read_bytes()


def test_unchanged_figures_are_not_drawn_again(run, lookup, tmp_path, monkeypatch):
    short = replace(run, steps=run.steps[:1])
    first = write_report(short, tmp_path, lookup=lookup)
    before = {p.name: p.read_bytes() for p in first.parent.rglob("*") if p.is_file()}
    drawn = []
    really = figures.draw
    monkeypatch.setattr(figures, "draw", lambda figure: drawn.append(figure.name) or really(figure))
    write_report(short, tmp_path, lookup=lookup)
    assert drawn == []
    (tmp_path / "figures" / "sigma.spectra.png").write_bytes(b"somebody else's")
    write_report(short, tmp_path, lookup=lookup)
    assert drawn == ["spectra"]
    assert {p.name: p.read_bytes() for p in first.parent.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    "other",
    [
        Series([1.0, 2.0], [3.0, 4.5]),
        Series([1.0, 2.0], [3.0, 4.0], "a"),
        Series([1.0, 2.0], [3.0, 4.0], color=0),
        Series(np.array([1.0, 2.0]), [3.0, 4.5]),
        Series([1.0, 2.0], [3.0, 4.0], names=["1", "2"]),
    ],
)
def test_every_part_of_a_figure_counts(other):
    def of(series, **changes):
        return fingerprint(Figure("f", [Panel([series], "x", "y", **changes)], "c"))

    same = Series([1.0, 2.0], [3.0, 4.0])
    assert of(other) != of(same) == of(Series([1.0, 2.0], [3.0, 4.0]))
    assert of(same) != of(same, y_scale="log")


def test_files_of_an_earlier_report_go_and_nothing_else(run, lookup, tmp_path):
    write_report(replace(run, steps=run.steps[:1]), tmp_path, lookup=lookup)
    mine = tmp_path / "figures" / "mine.txt"
    mine.write_text("not the report's")
    old = json.loads((tmp_path / "summary.json").read_text("utf-8"))
    (tmp_path / "keep.txt").write_text("x")
    old["files"] += ["keep.txt", "figures/../keep.txt", "../outside.txt"]
    (tmp_path / "summary.json").write_text(json.dumps(old))
    write_report(replace(run, steps=run.steps[2:]), tmp_path, lookup=lookup)
    assert mine.is_file()
    assert (tmp_path / "keep.txt").is_file()
    assert not (tmp_path / "figures" / "sigma.arrhenius.pdf").exists()


def test_an_empty_and_a_failed_run_are_written(make_run, lookup, tmp_path):
    empty = make_run(steps=[], comparisons=[], errata=(), sections={}, authors=(), description="")
    assert "The study has no steps." in write_report(
        empty, tmp_path / "e", lookup=lookup
    ).read_text("utf-8")
    failed = make_run(steps=[StepOutcome("a", "toy.energy", "failed", reason="disk full")],
                      comparisons=[])  # fmt: skip
    html = write_report(failed, tmp_path / "f", lookup=lookup).read_text("utf-8")
    assert "0 of 1 step answered; 1 failed." in html
    assert "disk full" in html
    assert len(html) < 100_000, "no chart, so no chart library"


def test_many_figures_stay_within_the_limit(run, lookup, tmp_path, monkeypatch):
    from polylyte.report import write

    monkeypatch.setattr(write, "LARGEST", 1_191_749 + 60_000)
    path = write_report(run, tmp_path, lookup=lookup)
    page = read(path)
    assert len(page.plots) < 4
    assert "figures/sigma_virtual.spectra.png" in page.assets
    assert "Shown as a picture alone" in " ".join(page.text)


def test_a_figure_that_breaks_costs_only_itself(run, lookup, tmp_path):
    def broken(result):
        raise ZeroDivisionError("no spectra")

    def uneven(result):
        return Figure("uneven", [Panel([Series([1], [1, 2])], "x", "y")], "c")

    found = lookup("toy.conductivity")
    for figure, said in ((broken, "ZeroDivisionError: no spectra"), (uneven, "differ in length")):
        other = replace(found, declared=replace(found.declared, figure=figure))
        short = replace(run, steps=run.steps[:1])
        path = write_report(short, tmp_path, lookup=lambda id, other=other: other)
        assert said in path.read_text("utf-8")


def test_rebuild_gives_the_typed_result(run, lookup):
    stored = run.steps[0].result
    result = rebuild(stored, lookup("toy.conductivity"))
    assert result.activation_energy == stored.quantities["activation_energy"]
    assert result.conductivity is stored.tables["conductivity"]
    assert result.extra is None
    assert set(result.more) == {"conductivity@25degC", "offset", "conductivity@90degC"}
    assert result.text == {"circuit": "R–CPE"}
    with pytest.raises(DoesNotFit, match="activation_energy"):
        rebuild(replace(stored, quantities={}), lookup("toy.conductivity"))


def test_budget_shares_are_of_the_variance():
    shares = budget(Quantity(1.0, "V", {"a": 3.0, "b": -4.0}))
    assert [(s.source, s.share, s.contribution) for s in shares] == [
        ("b", pytest.approx(16 / 25), "4 V"), ("a", pytest.approx(9 / 25), "3 V"),
    ]  # fmt: skip
    many = budget(Quantity(1.0, "V", {f"s{k}": 1.0 for k in range(20)}))
    assert many[-1].source == "13 further sources"
    assert sum(s.share for s in many) == pytest.approx(1)
    assert budget(q("1 V")) == ()


def test_cards_of_any_kind():
    class Says:
        def describe(self):
            return [("salt", q("4.5 mmol")), ("nothing", None)]

    class Keyed:
        def to_key(self):
            return {"area": "2.01 cm^2", "deep": {"a": {"b": 1.5}}}

    @dataclass(frozen=True)
    class Layer:
        material: str
        thickness: Quantity

    assert card("x", Says()).rows == [("salt", "4.5 mmol")]
    assert card("x", Keyed()).rows == [("area", "2.01 cm²"), ("deep · a · b", "1.5")]
    (grid,) = card("x", {"stack": [Layer("Li", q("50 um")), Layer("Cu", q("8 um"))]}).grids
    assert grid.header == ("material", "thickness")
    assert grid.rows == (("Li", "50 µm"), ("Cu", "8 µm"))


def test_table_preview_says_what_it_leaves_out(run, lookup, tmp_path):
    wide = Table.of({f"c{k}": range(40) for k in range(12)})
    step = run.steps[0]
    stored = replace(step.result, tables={**step.result.tables, "wide": wide})
    changed = replace(run, steps=[replace(step, result=stored)])
    page = read(write_report(changed, tmp_path, lookup=lookup))
    said = " ".join(" ".join(page.text).split())
    assert "The first 12 rows." in said
    assert "3 more columns in the file." in said
    lines = (tmp_path / "tables" / "sigma.wide.csv").read_text("utf-8").splitlines()
    assert len(lines) == 41
    assert lines[0].count(",") == 11
