"""The JSON-LD of a crate: files, software, actions and people, as RO-Crate 1.1 wants them.

Profile: Process Run Crate 0.5 <https://w3id.org/ro/wfrun/process/0.5>.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from mimetypes import MimeTypes
from pathlib import Path
from typing import Any
from urllib.parse import quote

METADATA = "ro-crate-metadata.json"
CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/terms/workflow-run/context",
]
CRATE = "https://w3id.org/ro/crate/1.1"
SCHEMA = "http://schema.org"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_MEDIA = {
    ".parquet": "application/vnd.apache.parquet", ".csv": "text/csv", ".md": "text/markdown",
    ".tex": "text/x-tex", ".bib": "text/x-bibtex", ".toml": "application/toml",
    ".lock": "text/plain", ".json": "application/json", ".jsonld": "application/ld+json",
}  # fmt: skip
# What the machine's own list says of suffixes must not change a crate.
_KNOWN = MimeTypes(filenames=())
_ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])")
_SPDX = re.compile(r"[A-Za-z][A-Za-z0-9.+]*(?:-[A-Za-z0-9.+]+)*-\d[A-Za-z0-9.+-]*")

Entity = dict[str, Any]
Link = dict[str, str]


def fragment(*parts: str) -> str:
    """The id of a thing that is no file."""
    return "#" + quote("/".join(parts), safe="/@")


@dataclass
class Crate:
    """Entities in the order in which they came; the same id is kept once."""

    folder: Path
    entities: dict[str, Entity] = field(default_factory=dict)
    actions: list[Link] = field(default_factory=list)

    def add(self, id: str, kind: str, **properties: Any) -> Link:
        """A thing that is no file of the crate; what is empty is left out."""
        self.entities.setdefault(id, {"@id": id, "@type": kind, **_compact(properties)})
        return {"@id": id}

    def file(self, path: str, **properties: Any) -> Link:
        """A file that lies in the crate's folder, with its digest."""
        id = quote(path, safe="/@+")
        if id in self.entities:
            return {"@id": id}
        with (self.folder / path).open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        size = str((self.folder / path).stat().st_size)
        told = {"name": path.rpartition("/")[2], **properties}
        return self.add(
            id, "File", **told, encodingFormat=media(path), contentSize=size, sha256=digest
        )

    def act(self, id: str, **properties: Any) -> None:
        """Something that made files."""
        self.actions.append(self.add(id, "CreateAction", **properties))

    def document(self, root: Mapping[str, Any]) -> dict[str, Any]:
        """The whole metadata file; ``root`` describes the crate itself."""
        files = [{"@id": id} for id, e in self.entities.items() if e["@type"] == "File"]
        about = {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": {"@id": CRATE},
            "about": {"@id": "./"},
        }
        profile = {
            "@id": PROFILE,
            "@type": "CreativeWork",
            "name": "Process Run Crate",
            "version": PROFILE.rpartition("/")[2],
        }
        whole = {
            "@id": "./",
            "@type": "Dataset",
            "conformsTo": {"@id": PROFILE},
            **_compact({**root, "hasPart": files, "mentions": self.actions}),
        }
        return {"@context": CONTEXT, "@graph": [about, whole, profile, *self.entities.values()]}


def _compact(properties: Mapping[str, Any]) -> Entity:
    """What is empty left out, and a list of one as that one, as the standard wants it."""
    said = {name: value for name, value in properties.items() if value not in ("", None, [])}
    return {n: v[0] if isinstance(v, list) and len(v) == 1 else v for n, v in said.items()}


def media(path: str) -> str:
    """The media type of a file by its suffix."""
    suffix = Path(path).suffix.lower()
    return _MEDIA.get(suffix) or _KNOWN.guess_type(path)[0] or "application/octet-stream"


def person(crate: Crate, text: str) -> Link:
    """An author; an ORCID in the text is the author's id."""
    orcid = _ORCID.search(text)
    name = " ".join(_ORCID.sub("", text).replace("()", "").split()).strip(" ,;<>")
    id = f"https://orcid.org/{orcid[1]}" if orcid else fragment("author", text)
    return crate.add(id, "Person", name=name or text)


def licence(crate: Crate, text: str) -> Link:
    """The licence that the study gives: an SPDX identifier, an address or words."""
    if not text:
        words = "The study names no licence: ask its authors before you use it."
        return crate.add("#licence", "CreativeWork", name="no licence given", description=words)
    return crate.add(licence_address(text) or "#licence", "CreativeWork", name=text)


def licence_address(text: str) -> str:
    """Where the licence is to be read; "" for words."""
    if text.startswith(("https://", "http://")):
        return text
    return f"https://spdx.org/licenses/{text}" if _SPDX.fullmatch(text) else ""


def links(items: Iterable[Link]) -> list[Link]:
    """The same without repetitions."""
    return list({item["@id"]: item for item in items}.values())
