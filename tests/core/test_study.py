"""The study file: what is wrong in it is one line with file, key and remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from polylyte.core.errors import InputError
from polylyte.core.study import load
from tests.core.conftest import Room

WriteStudy = Callable[[str], Path]
STEP = '[step.a]\nmethod = "toy.double"\nlength = "1 um"\n'

WRONG = [
    ("", "study.toml: is empty; 'polylyte init FOLDER' writes a study"),
    ("# only a comment\n", "study.toml: is empty"),
    ("[step.a\n", "is not valid TOML"),
    ("a = 1\na = 2\n", "is not valid TOML"),
    ("[stepp.a]\n", "unknown section 'stepp'; did you mean 'step'?"),
    ('title = "x"\n', "unknown section 'title'"),
    ("study = 3\n", "[study]: is not a table"),
    ('[study]\ntitel = "x"\n', "[study]: unknown key 'titel'; did you mean 'title'?"),
    ("[study]\ntitle = 3\n", "[study]: title is not text"),
    ('[study]\nauthors = "A"\n', "[study]: authors is not a list of texts"),
    ("[study]\nerrata = [1]\n", "[study]: errata is not a list of texts"),
    ("step = 3\n", "[step]: is not a table"),
    ("[step]\na = 3\n", "'a' is not a table; write it under [step.NAME]"),
    ('[step."a b"]\nmethod = "toy.double"\n', "'a b' cannot be a name"),
    ('[step."../a"]\nmethod = "toy.double"\n', "'../a' cannot be a name"),
    ("[step.a]\n", "[step.a]: has no method"),
    (
        '[step.a]\nmethod = "toy.dubble"\n',
        "there is no method 'toy.dubble'; did you mean 'toy.double'?",
    ),
    ("[step.a]\nmethod = [1]\n", "there is no method '[1]'"),
    (STEP + "replicates = 3\n", "replicates needs at least two named tables"),
    (
        STEP + 'replicates = { A = { length = "1 um" } }\n',
        "replicates needs at least two named tables",
    ),
    (STEP + "replicates = { A = 1, B = 2 }\n", "replicates needs at least two named tables"),
    (STEP + "map = 3\n", "map needs over"),
    (STEP + "map = { over = {} }\n", "map needs over"),
    (STEP + "map = { over = { length = [] } }\n", "'length' is not a list of values"),
    (STEP + 'map = { over = { length = ["1 um"] }, by = 2 }\n', "map needs over"),
    (STEP + "expect = 3\n[expect]\na = 1\n", "'a' does not begin with a step's name"),
    ("expect = 3\n" + STEP, "[expect]: is not a table"),
    (STEP + '[expect]\n"a.doubled" = 3\n', '[expect] "a.doubled": has no value'),
    (
        STEP + '[expect]\n"b.doubled" = "1 um"\n',
        "'b.doubled' does not begin with a step's name; known: a",
    ),
    (
        STEP + '[expect]\n"a.doubled" = { value = "1 um", sauce = "x" }\n',
        "'sauce'; did you mean 'source'?",
    ),
    (
        STEP + '[expect]\n"a.doubled" = { value = "1 um", qualifier = "!" }\n',
        "is not one of = ~ > < >= <=",
    ),
    (STEP + '[expect]\n"a.doubled" = "1,5 um"\n', "decimal comma"),
    (STEP + '[expect]\n"a.doubled" = "2 bogus"\n', "is not a unit known here"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_is_wrong_is_said_in_one_line(
    room: Room, write_study: WriteStudy, text: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        load(write_study(text))
    assert message in str(caught.value)
    assert "study.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read(room: Room, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"study\.toml: there is no such file"):
        load(tmp_path)
    (tmp_path / "study.toml").write_bytes(b"\xff\xfe[study]")
    with pytest.raises(InputError, match="is not a text file in UTF-8"):
        load(tmp_path / "study.toml")


def test_what_a_study_says(room: Room, write_study: WriteStudy) -> None:
    path = write_study(
        "\ufeff[study]\n"
        'title = "T"\nauthors = ["A", "B"]\nerrata = ["B-E07"]\n'
        + STEP
        + '[step.b]\nmethod = "toy.double"\n'
        "replicates = { x = { length = '1 um' }, y = { length = '2 um' } }\n"
        '[expect]\n"a.doubled" = { value = "2.00(5) um", qualifier = "~", source = "p. 3" }\n'
    )
    study = load(path.parent)
    assert (study.title, study.authors, study.errata) == ("T", ("A", "B"), ("B-E07",))
    assert list(study.steps) == ["a", "b[x]", "b[y]", "b"]
    assert study.steps["b"].replicates == ("b[x]", "b[y]")
    assert study.steps["b[y]"].arguments == {"length": "2 um"}
    expected = study.expected[0]
    assert (expected.value.value, expected.value.std, expected.resolution) == (2.0, 0.05, 0.01)
    assert (expected.qualifier, expected.source, expected.value.how) == ("~", "p. 3", "published")


def test_names_in_a_map_reach_into_cards(room: Room, write_study: WriteStudy) -> None:
    study = load(write_study(STEP + "map = { over = { length = ['1 um'], cell.area = [1, 2] } }\n"))
    assert study.steps["a"].over == {"length": ["1 um"], "cell.area": [1, 2]}
