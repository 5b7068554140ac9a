"""Nothing that the core lock installs is under the GPL or AGPL, or under an unknown licence."""

import re
from importlib.metadata import PackageMetadata, metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

LOCK = Path(__file__).parents[1] / "requirements" / "core.lock"

# Licences that leave the user of a BSD-licensed package free. The LGPL and the MPL ask for their
# own files only; GCC's run-time exception lifts the GPL from what is compiled with it.
KNOWN = re.compile(
    r"\b(0BSD|Apache|BSD|CC0|HPND|ISC|LGPL|Lesser General Public|MIT|MPL|Mozilla|PSF"
    r"|Python Software Foundation|Unlicense|Zlib)",
    re.IGNORECASE,
)
COPYLEFT = re.compile(r"\bA?GPL|GNU (Affero )?General Public", re.IGNORECASE)
EXEMPT = re.compile(r"\bGPL-3\.0-or-later WITH GCC-exception-3\.1", re.IGNORECASE)

# Distributions whose metadata name no licence, each with the one its repository states.
STATED: dict[str, str] = {}


def licence(package: PackageMetadata) -> str:
    """What the metadata say: the expression, else the classifiers, else the licence's name."""
    if expression := package.get("License-Expression"):
        return expression
    classifiers = [c for c in package.get_all("Classifier", []) if c.startswith("License ::")]
    if classifiers:
        return "; ".join(classifier.rpartition(" :: ")[2] for classifier in classifiers)
    # Some put the licence's whole text here; its first line is the name.
    return (package.get("License") or "").strip().partition("\n")[0]


def objection(text: str) -> str | None:
    """Why a licence is not accepted, or None."""
    if COPYLEFT.search(EXEMPT.sub("", text)):
        return f"{text}: not in the core"
    if not KNOWN.search(text):
        return f"{text or 'no licence named'}: unknown; read it, then add it here"
    return None


def locked() -> list[Requirement]:
    lines = re.findall(r"^[a-z0-9].*?==.*?(?= *\\$)", LOCK.read_text("utf-8"), re.MULTILINE)
    return [Requirement(line) for line in lines]


def test_core_lock_is_free():
    here = [r.name for r in locked() if r.marker is None or r.marker.evaluate()]
    assert {"numpy", "scipy", "pint"} <= set(here)
    licences = {name: STATED.get(name) or licence(metadata(name)) for name in here}
    refused = {name: why for name, text in licences.items() if (why := objection(text))}
    assert not refused


@pytest.mark.parametrize(
    "text",
    [
        "GPL-3.0-or-later",
        "AGPL-3.0-only",
        "MIT AND GPL-2.0-only",
        "GNU General Public License v3 (GPLv3)",
        "GNU Affero General Public License v3",
        "Freely given",
        "",
    ],
)
def test_refused(text):
    assert objection(text)


@pytest.mark.parametrize(
    "text",
    [
        "BSD-3-Clause",
        "MIT-CMU",
        "LGPL-3.0-or-later",
        "GNU Lesser General Public License v3 (LGPLv3)",
        "BSD-3-Clause AND GPL-3.0-or-later WITH GCC-exception-3.1",
    ],
)
def test_accepted(text):
    assert objection(text) is None
