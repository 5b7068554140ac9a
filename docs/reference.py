"""Reference pages, written from the declarations: nothing here names a method, a unit or a room.

Each function gives the Markdown of one page. ``hooks.py`` hands them to MkDocs; tests read them
without it.
"""

from __future__ import annotations

from asking import snippet
from method_page import page
from overviews import command_page, formats_page, index, kinds_page, sections_page, studies_page
from wording import REPOSITORY, rooms, unit_text

from polylyte.core import discovery, methods

__all__ = ["page", "pages", "rooms", "snippet", "unit_text"]


def pages() -> dict[str, str]:
    """Every generated page by its path in the site's sources."""
    made = {
        "methods/index.md": index(),
        "units.md": kinds_page(),
        "sections.md": sections_page(),
        "formats.md": formats_page(),
        "command-line.md": command_page(),
        "studies.md": studies_page(REPOSITORY / "examples"),
    }
    return made | {f"methods/{id}.md": page(methods.get(id)) for id in discovery.names("method")}
