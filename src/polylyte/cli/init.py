"""``polylyte init``: what each raw file of a folder is, and a study that runs as it is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from polylyte.core import files
from polylyte.core.errors import InputError, MachineError, PolylyteError
from polylyte.core.quantities import Quantity
from polylyte.instruments import reading
from polylyte.instruments.conditions import temperature_from_name
from polylyte.instruments.recordings import Recording, spoken

_NUMBER = re.compile(r"[-+]?\d+(?:[.p]\d+)?")
_BEFORE = re.compile(r"before|initial|pristine|(?:^|[_-])(?:pre|r0)(?:[_-]|$)", re.IGNORECASE)
_AFTER = re.compile(r"after|steady|(?:^|[_-])(?:post|rss|rs)(?:[_-]|$)", re.IGNORECASE)
_OWN = {"study.toml", "report", ".polylyte"}


@dataclass(frozen=True)
class Found:
    """One file of the folder. ``recording`` is None where no reader knows it, or it is damaged."""

    name: str
    recording: Recording | None
    trouble: str = ""

    @property
    def technique(self) -> str:
        return self.recording.technique if self.recording is not None else ""


@dataclass(frozen=True)
class Proposal:
    """Steps for some files: what they are, the TOML, what is missing."""

    title: str
    files: Sequence[str]
    toml: str
    missing: str = ""


def init(folder: Path) -> str:
    """Write ``study.toml`` into ``folder`` and say what each file became.

    Raises:
        InputError: no such folder, no raw file in it, or a study.toml is there already.
        MachineError: it cannot be written.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", where=str(folder), remedy="check the path")
    target = folder / "study.toml"
    if target.exists():
        raise InputError(
            "is there already and is not overwritten",
            where=str(target),
            remedy=f"run it (polylyte run {target}) or move it away",
        )
    found = [_look(folder, name) for name in _names(folder)]
    proposals = list(propose([f for f in found if f.recording is not None]))
    if not proposals and any(f.name.lower().endswith(".csv") for f in found):
        return _paper(folder)
    if not proposals:
        raise InputError(
            "holds no raw file that polylyte can use yet",
            where=str(folder),
            remedy=f"known formats: {', '.join(reading.formats())}",
        )
    _write(target, study_text(folder.resolve().name, proposals, found))
    return _spoken(target, proposals, found)


def _paper(folder: Path) -> str:
    """Tables and no raw files: the start of a paper for ``literature.audit``.

    Raises:
        InputError: paper.toml is there already, or a table cannot be read.
        MachineError: it cannot be written.
    """
    from polylyte.literature.audit.encode import start_from_csv

    target = folder / "paper.toml"
    if target.exists():
        raise InputError("is there already and is not overwritten", where=str(target))
    _write(target, start_from_csv(folder))
    return (
        f"wrote {target}: the tables of a paper, to be completed\n"
        f"next: polylyte call literature.audit --in file={target}"
    )


def _write(target: Path, text: str) -> None:
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MachineError(f"cannot be written ({error.strerror})", where=str(target)) from None


def _names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if path.is_file() and not hidden and relative.parts[0] not in _OWN:
            yield relative.as_posix()


def _look(folder: Path, name: str) -> Found:
    try:
        return Found(name, reading.read(folder / name))
    except PolylyteError as error:
        return Found(name, None, error.what)


def propose(found: Sequence[Found]) -> Iterator[Proposal]:
    """Steps for the files, those that belong together in one."""
    left = list(found)
    for polarisation in _polarisations(left):
        left = [f for f in left if f not in polarisation]
        yield _transference(*polarisation)
    spectra = [f for f in left if f.technique == "impedance"]
    series: dict[str, list[Found]] = {}
    for one in spectra:
        series.setdefault(template(one.name) or one.name, []).append(one)
    for pattern, members in series.items():
        if "{temperature" in pattern:
            yield _conductivity(pattern, members)
        else:
            yield from (_fit(member) for member in members)
    for one in left:
        if one.technique == "cycling":
            yield _cycling(one)


def template(name: str) -> str | None:
    """``SL2_25C.DTA`` becomes ``SL2_{temperature:degC}C.DTA``; None without a temperature."""
    folder, stem = os.path.split(name)
    guess = temperature_from_name(os.path.splitext(stem)[0])
    if guess is None:
        return None
    for number in _NUMBER.finditer(stem):
        for unit in ("degC", "K"):
            pattern = f"{stem[: number.start()]}{{temperature:{unit}}}{stem[number.end() :]}"
            value = Quantity(float(number[0].replace("p", ".")), unit)
            if abs(value.si - guess.si) < 1e-6:
                return os.path.join(folder, pattern)
    return None


def _polarisations(found: Sequence[Found]) -> Iterator[tuple[Found, Found, Found]]:
    """A transient with one spectrum before and one after it, alone in their folder."""
    for folder in dict.fromkeys(os.path.dirname(f.name) for f in found):
        here = [f for f in found if os.path.dirname(f.name) == folder]
        transients = [f for f in here if f.technique == "chronoamperometry"]
        spectra = [f for f in here if f.technique == "impedance"]
        before = [f for f in spectra if _BEFORE.search(Path(f.name).stem)]
        after = [f for f in spectra if _AFTER.search(Path(f.name).stem)]
        if len(transients) == len(before) == len(after) == 1:
            yield transients[0], before[0], after[0]


def _step(text: str) -> str:
    """A step's name from a file's name or template; the unit that followed a number goes too."""
    text = re.sub(r"\}\s*(?:deg|°)?[CK](?![A-Za-z])", "}", text)
    stem = os.path.splitext(files.without_fields(text))[0]
    return re.sub(r"\W+", "_", stem).strip("_") or "step"


def _transference(transient: Found, before: Found, after: Found) -> Proposal:
    toml = (
        f"[step.{_step(transient.name)}]\n"
        'method = "transference.bruce_vincent"\n'
        f'polarization = "{transient.name}"\nbefore = "{before.name}"\nafter = "{after.name}"\n'
        f"{_bias(transient)}"
    )
    title = "polarisation of a symmetric cell with a spectrum before and after"
    return Proposal(title, [f.name for f in (transient, before, after)], toml)


def _bias(transient: Found) -> str:
    recording = transient.recording
    if recording is not None and "bias" in recording.conditions:
        return "# The applied step is read from the file.\n"
    return '# bias = "10 mV"                 # the applied step, if it was another\n'


def _conductivity(pattern: str, members: Sequence[Found]) -> Proposal:
    name = _step(pattern)
    toml = (
        f"[step.{name}]\n"
        'method = "transport.conductivity"\n'
        f'spectra = "{pattern}"\n'
        '# thickness = "60(2) um"          # of the electrolyte; needed for the conductivity\n'
        '# area = "2.01(3) cm^2"           # of the electrode; needed for the conductivity\n'
    )
    if len(members) >= 3:
        toml += (
            f"\n[step.{name}_activation]\n"
            'method = "transport.activation"\n'
            f'conductivity = {{ step = "{name}", table = "conductivity" }}\n'
        )
    missing = "thickness, area: without them R(T) and E_a are still computed"
    return Proposal("impedance over temperature", [m.name for m in members], toml, missing)


def _fit(member: Found) -> Proposal:
    toml = (
        f"[step.{_step(member.name)}]\n"
        'method = "impedance.fit"\n'
        f'spectrum = "{member.name}"\n'
        '# circuit = "R0-p(R1,CPE1)-CPE2"  # another circuit, e.g. "R0-p(R1,CPE1)"\n'
    )
    return Proposal("impedance spectrum", [member.name], toml, "its temperature, thickness, area")


def _cycling(member: Found) -> Proposal:
    made = _symmetric(member)
    if made is not None:
        return made
    toml = (
        "# If this is the modified Aurbach protocol of a Li|Cu cell, remove the marks:\n"
        f"# [step.{_step(member.name)}]\n"
        '# method = "lithium.aurbach"\n'
        f'# data = "{member.name}"\n'
    )
    return Proposal("cycling record", [member.name], toml)


def _symmetric(member: Found) -> Proposal | None:
    """Two lithium electrodes, by a potential that follows the current's sign about zero."""
    from polylyte.analysis.lithium.symmetric_recognition import asked
    from polylyte.instruments.cycling import CyclingRecord

    assert member.recording is not None
    try:
        wanted = asked(CyclingRecord.from_recording(member.recording))
    except PolylyteError:
        return None
    if wanted is None:
        return None
    name = _step(member.name)
    lines = [f"[step.{name}]", f'method = "{wanted}"', f'data = "{member.name}"']
    title = "plating and stripping of a symmetric cell"
    if wanted == "lithium.critical_current":
        title = "staircase of current densities through a symmetric cell"
    if "area" in member.recording.conditions:
        toml = "\n".join([*lines, "# The area is read from the file.", ""])
        return Proposal(title, [member.name], toml)
    shown = [f"# {line}" for line in [*lines, 'area = ["1.13 cm^2"]']]
    toml = "\n".join(["# Write the area of an electrode and remove the marks:", *shown, ""])
    return Proposal(title, [member.name], toml, "area: of one electrode")


def study_text(name: str, proposals: Sequence[Proposal], found: Sequence[Found]) -> str:
    """The commented study file."""
    proposals = _distinct(proposals)
    parts = [
        "# Written from the raw files of this folder. It runs as it is: polylyte run study.toml\n"
        f'[study]\ntitle = "{name}"\n'
    ]
    for proposal in proposals:
        shown = proposal.files[0] if len(proposal.files) == 1 else f"{len(proposal.files)} files"
        header = f"# {proposal.title}: {shown}"
        if proposal.missing:
            header += f"\n# missing: {proposal.missing}"
        parts.append(f"{header}\n{proposal.toml}")
    left = _left_over(proposals, found)
    if left:
        parts.append("# Not used:\n" + "".join(f"#   {line}\n" for line in left))
    return "\n".join(parts)


def _distinct(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Steps that would share a name (``a.z`` and ``a.txt``) get a number."""
    seen: dict[str, int] = {}
    made = []
    for proposal in proposals:
        name = proposal.toml.partition("[step.")[2].partition("]")[0]
        seen[name] = seen.get(name, 0) + 1
        toml = proposal.toml
        if seen[name] > 1:
            new = f"{name}_{seen[name]}"
            toml = re.sub(rf"\[step\.{re.escape(name)}(?=[\]_])", f"[step.{new}", toml)
            toml = toml.replace(f'step = "{name}"', f'step = "{new}"')
        made.append(replace(proposal, toml=toml))
    return made


def _left_over(proposals: Sequence[Proposal], found: Sequence[Found]) -> list[str]:
    used = {name for proposal in proposals for name in proposal.files}
    return [f"{f.name}: {f.trouble or _unused(f)}" for f in found if f.name not in used]


def _unused(found: Found) -> str:
    if found.technique == "chronoamperometry":
        return "a current transient without one spectrum before and one after it in its folder"
    return f"{spoken(found.technique)}, for which there is no method yet"


def _spoken(target: Path, proposals: Sequence[Proposal], found: Sequence[Found]) -> str:
    by_name = {f.name: f.recording for f in found}
    lines = [f"wrote {target}"]
    for proposal in proposals:
        first = by_name[proposal.files[0]]
        more = (
            f" … {proposal.files[-1]} ({len(proposal.files)} files)"
            if len(proposal.files) > 1
            else ""
        )
        made = re.findall(r'method = "([^"]+)"', proposal.toml)
        kind = first.format if first is not None else ""
        lines.append(f"  {proposal.files[0]}{more}: {kind}, {proposal.title} -> {', '.join(made)}")
        if proposal.missing:
            lines.append(f"    missing: {proposal.missing}")
    lines += [f"  not used: {line}" for line in _left_over(proposals, found)]
    lines.append(f"next: polylyte run {target}")
    return "\n".join(lines)
