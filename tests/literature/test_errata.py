"""The errata shipped with the package are those of the transcribed sources."""

import re

import pytest

from polylyte.core.errors import InputError
from polylyte.literature.errata import KINDS, errata


def test_every_entry_of_the_list_is_shipped(data):
    text = (data / "literature" / "ERRATA.md").read_text("utf-8")
    printed = re.findall(r"^\| ([A-D]-E\d\d) \| ([A-Z/]+) \| (.*?) \| (.*?) \|", text, re.MULTILINE)
    shipped = [(e.id, e.kind, e.where, e.what) for e in errata()]
    assert len(shipped) == 72
    assert shipped == printed


def test_letter_and_kind_fit():
    for erratum in errata():
        assert erratum.id.startswith(f"{erratum.seed}-E")
        assert erratum.what
        assert erratum.where
        assert set(erratum.kind.split("/")) <= set(KINDS)


def test_order_is_the_askers():
    assert [e.id for e in errata(["B-E07", "A-E05"])] == ["B-E07", "A-E05"]
    (e07,) = errata(["B-E07"])
    assert "35.19 closes only with 20.3/0.945" in e07.what


def test_unknown_id_names_the_nearest():
    with pytest.raises(InputError, match=r"no erratum 'B-E77'.*did you mean 'B-E\d\d'"):
        errata(["B-E77"])
