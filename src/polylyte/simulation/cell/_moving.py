"""Profiles that move: a page with a slider, a picture that plays, and the data of both."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

from polylyte.core.package_data import package_data
from polylyte.core.tables import Table

SHOWN = (
    ("concentration", "salt concentration / mol/L"),
    ("electrolyte_potential", "electrolyte potential / V"),
    ("reaction", "reaction / mA/cm^2"),
    ("surface_stoichiometry", "surface stoichiometry"),
)
PER_SECOND = 8


def frames(profiles: Table) -> tuple[list[float], list[dict[str, list[float]]]]:
    """The moments of a table of profiles, and at each the columns."""
    columns = {name: profiles.column(name) for name in ("position", *(n for n, _ in SHOWN))}
    all_times = profiles.column("time")
    times = list(dict.fromkeys(all_times))
    made = []
    for time in times:
        rows = [i for i, value in enumerate(all_times) if value == time]
        made.append({name: [float(values[i]) for i in rows] for name, values in columns.items()})
    return times, made


def page(profiles: Table, title: str) -> bytes:
    """A page that needs nothing else: a slider over time, four plots."""
    times, made = frames(profiles)
    data = json.dumps({"times": times, "frames": made, "shown": SHOWN}, allow_nan=False)
    # No text of the user's may end the script, nor become markup.
    safe = title.replace("&", "&amp;").replace("<", "&lt;")
    template = package_data("simulation/cell/moving.html").decode()
    text = template.replace("__TITLE__", safe).replace("__DATA__", data.replace("</", "<\\/"))
    return text.encode()


def picture(profiles: Table) -> bytes:
    """The same as an animated PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    times, made = frames(profiles)
    images: list[Any] = []
    figure = Figure(figsize=(7, 5), dpi=80, layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.subplots(2, 2).flat
    lines = []
    for ax, (name, label) in zip(axes, SHOWN, strict=True):
        values = [value for frame in made for value in frame[name]]
        margin = 0.05 * (max(values) - min(values)) or 0.5
        ax.set(xlabel="position / um", ylabel=label)
        ax.set_xlim(0, max(made[0]["position"]))
        ax.set_ylim(min(values) - margin, max(values) + margin)
        lines.append((ax.plot([], [], color="#0072b2")[0], name))
    for time, frame in zip(times, made, strict=True):
        for line, name in lines:
            line.set_data(frame["position"], frame[name])
        figure.suptitle(f"{time / 3600:.3f} h")
        canvas.draw()
        # Laid out once: the axes do not change any more.
        figure.set_layout_engine("none")
        images.append(Image.fromarray(np.array(canvas.buffer_rgba())).convert("P"))
    raw = io.BytesIO()
    images[0].save(
        raw, "PNG", save_all=True, append_images=images[1:], duration=1000 // PER_SECOND, loop=0
    )
    return raw.getvalue()


def data(profiles: Table) -> bytes:
    """The same as CSV, headed ``name / unit``."""
    frame = profiles.frame.rename(
        {name: f"{name} / {profiles.units.get(name) or '1'}" for name in profiles.frame.columns}
    )
    return frame.write_csv().encode()
