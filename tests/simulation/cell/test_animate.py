"""The animation is the table: as many frames, the same numbers, nothing from outside."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from polylyte.core.quantities import q
from polylyte.core.tables import Table
from polylyte.simulation.cell._moving import page
from polylyte.simulation.cell.animate import animate


def test_three_files_of_one_table(card: Any, tmp_path: Path) -> None:
    from PIL import Image

    result = animate(cell=card(), rate=q("1 C-rate"), temperature=q("60 degC"))
    assert set(result.files) == {"profiles.html", "profiles.png", "profiles.csv"}
    moments = sorted(set(result.profiles.column("time")))
    text = result.files["profiles.html"].decode()
    data = json.loads(text.split("const data = ")[1].split(", W = ")[0])
    assert data["times"] == moments
    assert len(data["frames"]) == len(moments) > 20
    assert "http" not in text
    assert getattr(Image.open(io.BytesIO(result.files["profiles.png"])), "n_frames", 1) > 10
    path = tmp_path / "profiles.csv"
    path.write_bytes(result.files["profiles.csv"])
    again = Table.read(path)
    assert again.column("concentration") == result.profiles.column("concentration")
    assert again.units["concentration"] == "mol/L"


def test_a_name_is_text_and_nothing_more() -> None:
    names = ("time", "position", "concentration", "electrolyte_potential", "reaction")
    table = Table.of({**{key: [0.0, 0.0] for key in names}, "surface_stoichiometry": [0.0, 1.0]})
    text = page(table, "</title><script>alert(1)</script>").decode()
    assert "<script>alert" not in text
