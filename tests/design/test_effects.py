"""Effects of a two-level factorial against what the response was made of."""

from itertools import product

import pytest

from polylyte.core.errors import InputError
from polylyte.core.tables import Table
from polylyte.design.effects import figure, tradeoff_effects

UNITS = {"thickness": "um", "t": "1", "y": "V", "rate": "C-rate"}


def designs(response):
    rows = list(product((10.0, 40.0), (0.2, 0.6), (0.5, 1.0)))
    columns = dict(zip(("thickness", "t", "rate"), zip(*rows, strict=True), strict=True))
    return Table.of(
        {**{n: list(c) for n, c in columns.items()}, "y": [response(*row) for row in rows]}, UNITS
    )


def asked(table, **changes):
    wanted = {"factors": ["t", "thickness"], "response": "y", "where": {"rate": 1.0}} | changes
    return tradeoff_effects(designs=table, **wanted)


def test_effects_of_a_plane():
    """y = 3 + 0.1 t - 0.002 d: 0.04 from 0.2 to 0.6, -0.06 from 10 to 40; no interaction."""
    found = asked(designs(lambda d, t, rate: 3 + 0.1 * t - 0.002 * d - rate))
    assert found.more["effect@t"].to("V").value == pytest.approx(0.04)
    assert found.more["effect@thickness"].to("V").value == pytest.approx(-0.06)
    assert found.more["effect@t*thickness"].to("V").value == pytest.approx(0, abs=1e-12)
    assert found.largest.to("V").value == pytest.approx(-0.06)
    assert found.text["which"] == "thickness"
    assert found.mean.to("V").value == pytest.approx(2 + 0.04 - 0.05)
    assert len(found.designs) == 4
    assert not found.findings


def test_an_interaction_is_separate():
    """y = d t: effects (0.4 25, 0.4 30), interaction half the difference of differences."""
    found = asked(designs(lambda d, t, rate: d * t))
    assert found.more["effect@t"].value == pytest.approx(0.4 * 25)
    assert found.more["effect@thickness"].value == pytest.approx(0.4 * 30)
    assert found.more["effect@t*thickness"].value == pytest.approx((40 - 10) * (0.6 - 0.2) / 2)


def test_factors_that_act_together_are_said():
    found = asked(designs(lambda d, t, rate: 1.0 if (d > 20) == (t > 0.4) else 0.0))
    assert "act together" in found.findings[0].text


def test_its_figures():
    bars, levels = figure(asked(designs(lambda d, t, rate: 3 + t)))
    assert bars.panels[0].series[0].names == ["t", "thickness", "t × thickness"]
    assert [len(s.x) for s in levels.panels[0].series] == [2, 2]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"factors": ["t", "thicknes"]}, "no 'thicknes'"),
        ({"factors": ["t", "t"]}, "different factors"),
        ({"factors": []}, "different factors"),
        ({"where": {}}, "several designs have the same levels"),
        ({"where": {"rate": 7.0}}, "no design is there"),
        ({"factors": ["t"], "where": {"rate": 1.0, "thickness": 10.0, "t": 0.2}}, "1 levels"),
    ],
)
def test_what_cannot_be_asked(changes, message):
    with pytest.raises(InputError, match=message):
        asked(designs(lambda d, t, rate: t), **changes)


def test_a_missing_combination():
    table = designs(lambda d, t, rate: t)
    with pytest.raises(InputError, match="1 of 4 combinations are missing"):
        asked(Table(table.frame[:-1], table.units, ""))
