"""A citation, as it appears under a method, in the Methods text and in BibTeX."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Citation:
    """``key`` is the BibTeX key, e.g. ``Evans1987``."""

    key: str
    authors: str
    title: str
    journal: str
    year: int
    volume: str = ""
    pages: str = ""
    doi: str = ""

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.volume, self.pages) if part)
        doi = f" https://doi.org/{self.doi}" if self.doi else ""
        return f"{self.authors}. {self.title}. {self.journal} {place} ({self.year}).{doi}"

    def bibtex(self) -> str:
        fields = {
            "author": self.authors.replace("; ", " and "),
            "title": f"{{{self.title}}}",
            "journal": self.journal,
            "year": str(self.year),
            "volume": self.volume,
            "pages": self.pages.replace("–", "--"),
            "doi": self.doi,
        }
        body = ",\n".join(f"  {name} = {{{text}}}" for name, text in fields.items() if text)
        return f"@article{{{self.key},\n{body}\n}}"
