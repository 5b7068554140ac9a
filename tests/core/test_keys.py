"""What the key of a step depends on, and what it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from polylyte.core import methods
from polylyte.core.binding import Context, bind
from polylyte.core.errors import InputError
from polylyte.core.keys import Key, key_of
from polylyte.core.study import build
from tests.core.conftest import Room


def key(
    raw: dict[str, Any], method: str = "toy.double", head: Any = None, folder: Path = Path()
) -> Key | None:
    study = build(
        {"step": {"other": {"method": "toy.double", "length": "1 um"}}}, folder / "study.toml"
    )
    found = methods.get(method)
    arguments = bind(found, raw, Context(study), where="here", name="step")
    return key_of(found, arguments, lambda step: head)


def test_the_spelling_of_a_value_is_no_part_of_the_key(room: Room) -> None:
    assert (
        key({"length": "60(2) um"})
        == key({"length": "0.060(2) mm"})
        == key({"length": " 60 ± 2 um"})
    )
    assert key({"length": "60(2) um", "limit": 1000}) == key({"length": "60(2) um", "limit": 1e3})


def test_each_argument_is_part_of_the_key(room: Room) -> None:
    keys = [
        key({"length": "60(2) um"}),
        key({"length": "60 um"}),
        key({"length": "61(2) um"}),
        key({"length": "60(2) um", "limit": 1000}),
        key({"length": "60(2) um", "limit": 1001}),
        key({"length": "60(2) um", "extra": "1 um"}),
        key({"length": "60(2) um", "extra": "60(2) um"}),
    ]
    assert len({k.result for k in keys if k is not None}) == len(keys)


def test_a_file_counts_by_its_name_and_bytes_not_by_its_folder(room: Room, tmp_path: Path) -> None:
    made = {}
    for folder, name, text in (
        ("a", "x.txt", "1"),
        ("b", "x.txt", "1"),
        ("c", "x.txt", "2"),
        ("d", "y.txt", "1"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text)
        made[folder] = key({"data": name}, "toy.count", folder=tmp_path / folder)
    assert made["a"] == made["b"]
    assert made["a"] != made["c"]
    assert made["a"] != made["d"]


def test_a_step_depends_on_the_part_it_takes_of_another_alone(room: Room) -> None:
    raw = {"length": {"step": "other", "quantity": "doubled"}}

    def of(doubled: str, parity: str) -> Key | None:
        return key(raw, head={"parts": {"quantities": {"doubled": doubled, "parity": parity}}})

    assert of("1", "1") == of("1", "2")
    assert of("1", "1") != of("2", "1")
    assert key(raw, head=None) is None
    with pytest.raises(InputError, match=r"no quantity 'doubled'; did you mean 'doubledd'\?"):
        key(raw, head={"parts": {"quantities": {"doubledd": "1"}}})


def test_the_length_of_a_run_is_no_part_of_its_scratch(room: Room) -> None:
    short, long = key({"steps": 10}, "toy.long"), key({"steps": 20}, "toy.long")
    other = key({"steps": 10, "pause": 1}, "toy.long")
    assert short is not None
    assert long is not None
    assert other is not None
    assert short.result != long.result
    assert short.scratch == long.scratch
    assert short.scratch != other.scratch
