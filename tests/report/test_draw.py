"""Figures: fonts inside, the same bytes twice, every point in the CSV, nothing lost in silence."""

import csv
import io
import json
import re
import threading
import zlib

import numpy as np
import pytest

from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.report import style
from polylyte.report.draw import bar_geometry, draw, thumbnail
from polylyte.report.figure_data import data_csv
from polylyte.report.plotly_spec import plotly
from polylyte.report.points import axis_label, points, series_colors, thin

PNG = b"\x89PNG\r\n\x1a\n"


def simple(**changes):
    panel = {
        "series": [Series([1, 2, 3], [1, 10, 100], "a <b> $x", y_error=[0.1, 1, 10])],
        "x_label": "Time", "y_label": "Conductivity", "x_unit": "h", "y_unit": "mS/cm",
    }  # fmt: skip
    return Figure("simple", [Panel(**{**panel, **changes})], "A caption.")


@pytest.fixture(scope="module")
def drawn():
    return draw(simple(y_scale="log", marks=[Mark(2, "melting"), Mark(5, "limit", "y")]))


def objects(pdf):
    """The text of a PDF with its compressed streams opened."""
    parts = [pdf]
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(match[1]))
        except zlib.error:
            continue
    return b"\n".join(parts)


def test_pdf_embeds_truetype_fonts(drawn):
    text = objects(drawn.pdf)
    assert drawn.pdf.startswith(b"%PDF")
    assert b"/FontFile2" in text  # the outlines themselves, TrueType
    assert b"/Type3" not in text
    for name in re.findall(rb"/BaseFont /(\S+)", text):
        assert re.match(rb"[A-Z]{6}\+", name), "a subset that is embedded carries a tag"


def test_size_is_one_column(drawn):
    width = float(re.search(rb"/MediaBox \[ 0 0 ([\d.]+)", objects(drawn.pdf))[1])
    assert width == pytest.approx(85 / 25.4 * 72, abs=0.1)
    assert drawn.png.startswith(PNG)
    assert int.from_bytes(drawn.png[16:20], "big") == pytest.approx(85 / 25.4 * 300, abs=1)


def test_bytes_are_reproducible(drawn):
    again = draw(simple(y_scale="log", marks=[Mark(2, "melting"), Mark(5, "limit", "y")]))
    assert again == drawn
    assert b"CreationDate" not in objects(drawn.pdf)
    assert b"Software" not in drawn.png


def test_settings_of_others_are_left_alone():
    import matplotlib

    before = dict(matplotlib.rcParams)
    draw(simple())
    assert dict(matplotlib.rcParams) == before


def test_threads_draw_the_same(drawn):
    made = []
    work = [threading.Thread(target=lambda: made.append(draw(simple()))) for _ in range(3)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert len(made) == 3
    assert all(one == made[0] for one in made)


@pytest.mark.parametrize("kind", ["points", "line", "line+points", "dashed", "steps", "bars"])
@pytest.mark.parametrize("scale", ["linear", "log"])
def test_every_style_draws_without_a_warning(kind, scale):
    band = ([0.5, 5, 50], [2, 20, 200])
    first = Series([1, 2, 3], [1, 10, 100], "a", kind, [0.1, 1, 200], [0.1, 0.1, 0.1], band)
    second = Series([1, 2, 3], [3, None, 1], "b", kind, names=["x", "y", "a very long category"])
    figure = simple(series=[first, second], y_scale=scale)
    assert draw(figure).png.startswith(PNG)
    json.dumps(plotly(figure), allow_nan=False)


def test_odd_figures_draw_without_a_warning():
    many = [Series([0, 1], [k, k + 1], f"cell {k}", "line+points") for k in range(19)]
    for panels, width in (
        ([], "single"),
        ([Panel([], "", "")], "single"),
        ([Panel([Series([], [])], "x", "y", y_scale="log", x_scale="log")], "single"),
        ([Panel([Series([1], [float("nan")], "a")], "x", "y")], "single"),
        ([Panel(many, "Time", "A long label " * 6, "h", "V")] * 5, "double"),
    ):
        figure = Figure("odd", panels, "c", width=width)
        assert draw(figure).pdf.startswith(b"%PDF")
        json.dumps(plotly(figure), allow_nan=False)


def test_columns_of_unlike_length_are_refused():
    with pytest.raises(ValueError, match="differ in length"):
        draw(simple(series=[Series([1, 2], [1])]))


def test_labels_carry_quantity_over_unit():
    assert axis_label("Conductivity", "mS/cm") == "Conductivity / mS cm⁻¹"
    assert axis_label("Ratio", "1") == "Ratio"
    layout = plotly(simple())["layout"]
    assert layout["yaxis"]["title"]["text"] == "Conductivity / mS cm⁻¹"


def test_nyquist_axes_are_equal():
    layout = plotly(simple(equal=True))["layout"]
    assert layout["yaxis"]["scaleanchor"] == "x"
    assert layout["yaxis"]["scaleratio"] == 1


def test_one_unit_is_as_long_on_both_axes_when_printed():
    from polylyte.report import draw as drawing

    spike = Series([1, 2, 3], [0, 400, 900], "a")
    with drawing._style():
        (ax,) = drawing._compose(simple(series=[spike], equal=True)).axes
    box = ax.get_window_extent()
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    assert box.width / (right - left) == pytest.approx(box.height / (high - low))
    assert left < 1
    assert right > 3
    assert low < 0
    assert high > 900


def test_colors_are_okabe_ito_and_shared_by_index():
    assert set(style.PALETTE) == {
        "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#000000",
    }  # fmt: skip
    assert len(style.MARKERS) == len(set(style.MARKERS)) == len(style.PALETTE)
    data = Series([0], [0])
    fit = Series([0], [0], color=0)
    assert series_colors(Panel([data, fit, data], "x", "y")) == [0, 0, 1]
    assert series_colors(Panel([fit, fit, data], "x", "y")) == [0, 0, 1]
    assert series_colors(Panel([data, data, data], "x", "y")) == [0, 1, 2]


def test_uncertainty_and_band_are_in_the_interactive_figure():
    band = ([0.9, 9, 90], [1.1, 11, 110])
    figure = simple(series=[Series([1, 2, 3], [1, 10, 100], "a", y_error=[0.1, 1, 10], band=band)])
    region, curve = plotly(figure)["data"]
    assert region["fill"] == "toself"
    assert region["y"] == [1.1, 11, 110, 90, 9, 0.9]
    assert curve["error_y"]["array"] == [0.1, 1, 10]


def test_labels_are_no_markup():
    spec = plotly(simple())
    assert spec["data"][0]["name"] == "a &lt;b&gt; $x"


def test_csv_holds_every_point_with_units(drawn):
    rows = list(csv.DictReader(io.StringIO(drawn.csv)))
    assert list(rows[0]) == [
        "panel", "series", "Time / h", "Conductivity / mS/cm", "u(Conductivity) / mS/cm",
    ]  # fmt: skip
    assert [float(row["Conductivity / mS/cm"]) for row in rows] == [1, 10, 100]
    assert rows[1]["series"] == "a <b> $x"


def test_csv_keeps_panels_apart():
    voltage = Panel([Series([1], [2])], "Time", "Voltage", "h", "V")
    current = Panel([Series([3], [4])], "Time", "Current", "h", "mA")
    figure = Figure("two", [voltage, current], "c")
    rows = list(csv.DictReader(io.StringIO(data_csv(figure))))
    assert [row["panel"] for row in rows] == ["1", "2"]
    assert (rows[0]["Voltage / V"], rows[0]["Current / mA"]) == ("2", "")
    assert (rows[1]["Voltage / V"], rows[1]["Current / mA"]) == ("", "4")


def test_thinning_keeps_spikes_ends_and_says_so():
    y = np.sin(np.arange(50_000) / 300)
    y[31_234] = 9.0
    whole = points(Series(range(50_000), y, "v", "line"))
    few = thin(whole, 400)
    assert len(few) <= 400
    assert few.y.max() == 9.0
    assert (few.x[0], few.x[-1]) == (0, 49_999)
    assert (np.diff(few.x) > 0).all()
    spec = plotly(simple(series=[Series(range(50_000), y, "v", "line")]))
    assert len(spec["data"][0]["x"]) <= style.SHOWN_POINTS
    assert "of 50000 points" in spec["notes"][0]
    assert data_csv(simple(series=[Series(range(50_000), y)])).count("\n") == 50_001


def test_what_a_logarithmic_axis_cannot_show_is_said():
    figure = simple(series=[Series([1, 2, 3], [0, -1, 5])], y_scale="log")
    (note,) = draw(figure).notes
    assert note.startswith("2 points at or below zero")


def test_bars_side_by_side():
    left, width = bar_geometry(np.array([0.0, 1.0, 2.0]), 0, 2)
    right, _ = bar_geometry(np.array([0.0, 1.0, 2.0]), 1, 2)
    assert width == pytest.approx(0.4)
    assert (right - left) == pytest.approx(np.full(3, 0.4))
    assert (left + right) / 2 == pytest.approx([0, 1, 2])


def test_logarithmic_marks_stand_where_they_should():
    layout = plotly(simple(y_scale="log", marks=[Mark(10, "limit", "y")]))["layout"]
    assert layout["shapes"][0]["y0"] == 10  # a shape takes the value,
    assert layout["annotations"][0]["y"] == pytest.approx(1)  # an annotation its logarithm


def test_thumbnail_is_small(drawn):
    small = thumbnail(drawn.png)
    assert small.startswith(PNG)
    assert len(small) < len(drawn.png) / 2
