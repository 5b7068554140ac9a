"""One circuit fitted to many impedance spectra in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from polylyte.analysis.impedance import reporting
from polylyte.analysis.impedance.batch import CircuitFits, fit_many
from polylyte.analysis.impedance.circuits import Circuit, parse
from polylyte.analysis.impedance.fitting import AT_BOUND, NOT_IDENTIFIABLE, STRUCTURED
from polylyte.analysis.impedance.structured import LEVEL
from polylyte.core.errors import NotAnswerable
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import Frequency, Ratio
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.core.task import NO_TASK, Task
from polylyte.instruments.spectra import ImpedanceSpectrum

STARTS = 16
NAMED = 5
"""Spectra named one by one in a sentence."""


@dataclass(frozen=True, kw_only=True)
class ImpedanceBatch(Result):
    number_of_spectra: Ratio = out("spectra fitted")
    number_not_fitted: Ratio = out("spectra that could not be fitted; their files are named")
    number_structured: Ratio = out("spectra of which the circuit misses something")
    parameters: Table = out("one row per spectrum: every parameter with its standard error")
    not_fitted: Table = out("spectra without a fit, and why")


def figure(result: ImpedanceBatch) -> Figure:
    """Every resistance, and the misfit, from the first spectrum to the last."""
    table = result.parameters
    names = [name for name in table.columns if table.units.get(name) == "ohm"]
    series = []
    for color, name in enumerate(names):
        values = table.column(name)
        kept = [(row + 1, value) for row, value in enumerate(values) if value]
        if kept:
            x, y = map(list, zip(*kept, strict=True))
            series.append(Series(x, y, name, "points", color=color))
    misfit = [100 * value for value in table.column("relative_rms")]
    number = list(range(1, len(misfit) + 1))
    return Figure(
        "batch",
        [
            Panel(series, "spectrum", "resistance", "", "ohm", y_scale="log"),
            Panel([Series(number, misfit, "misfit", "points")], "spectrum", "misfit", "", "%"),
        ],
        f"Resistances of {result.text['circuit_fitted']} and root mean square misfit of "
        f"{result.number_of_spectra} spectra, in the order of their names.",
        "Good: bands without strays. A stray with a large misfit is a bad spectrum; one with a "
        "small misfit is another sample.",
        width="double",
    )


@method(
    "impedance.batch",
    version=1,
    cites=[reporting.BOUKAMP_1986, reporting.MARQUARDT_1963],
    figure=figure,
    prose=(
        "{number_of_spectra} impedance spectra were fitted with the circuit {circuit_fitted} by "
        "complex nonlinear least squares with {weighting} weights from {starts} starts each. "
        "{outcome}"
    ),
)
def batch(
    *,
    spectra: list[ImpedanceSpectrum],
    circuit: str = "R0-p(R1,CPE1)-CPE2",
    f_min: Frequency | None = None,
    f_max: Frequency | None = None,
    weighting: Literal["modulus", "unit", "proportional"] = "modulus",
    task: Task = NO_TASK,
) -> ImpedanceBatch:
    """Fit one circuit to a folder of spectra: a table of parameters, one row per spectrum.

    Minimises Σ w² |Z_fit − Z|² for each spectrum by itself, as ``impedance.fit`` does, from 16
    starts. Errors are standard errors from (JᵀJ)⁻¹ and the residual variance; where neighbouring
    residuals are alike they include what the circuit misses. Profile intervals are left to
    ``impedance.fit``. A file that cannot be read or a spectrum that cannot be fitted does not stop
    the others: it is named, with the reason. Valid as ``impedance.fit`` is. Shapes: N spectra on
    any grids; those on one grid are fitted fastest. Hz, ohm.

    Parameters:
        spectra: a folder's files, as a glob or a template
        circuit: as in impedance.fit
        f_min: lowest frequency to fit
        f_max: highest frequency to fit
        weighting: of the fit, as in impedance.fit

    Raises:
        InputError: a circuit that cannot be read, with the position.
        NotAnswerable: none of the spectra could be fitted.

    References:
        Boukamp 1986, doi:10.1016/0167-2738(86)90031-7; Marquardt 1963, doi:10.1137/0111030
    """
    compiled = parse(circuit)
    groups: dict[bytes, list[int]] = {}
    for index, one in enumerate(spectra):
        groups.setdefault(one.frequency.tobytes(), []).append(index)
    done = 0
    places: dict[int, tuple[CircuitFits, int]] = {}
    lost: dict[int, str] = {}
    for rows in groups.values():

        def shown(share: float, before: int = done, here: int = len(rows)) -> None:
            task.progress((before + share * here) / len(spectra), f"{len(spectra)} spectra")

        made = fit_many(
            spectra[rows[0]].frequency,
            np.stack([spectra[row].impedance for row in rows]),
            compiled,
            weighting=weighting,
            f_min=None if f_min is None else f_min.si,
            f_max=None if f_max is None else f_max.si,
            starts=STARTS,
            threads=task.threads,
            progress=shown,
        )
        done += len(rows)
        for place, row in enumerate(rows):
            if place in made.not_fitted:
                lost[row] = made.not_fitted[place]
            else:
                places[row] = (made, place)
    labels = [one.name or f"spectrum {index + 1}" for index, one in enumerate(spectra)]
    if not places:
        first = next(iter(lost), 0)
        raise NotAnswerable(
            f"none of {len(spectra)} spectra could be fitted; {labels[first]}: {lost.get(first)}",
            remedy="widen f_min and f_max, or choose a simpler circuit",
        )
    return _result(spectra, labels, compiled, places, lost, weighting)


def _result(
    spectra: Sequence[ImpedanceSpectrum],
    labels: Sequence[str],
    circuit: Circuit,
    places: dict[int, tuple[CircuitFits, int]],
    lost: dict[int, str],
    weighting: str,
) -> ImpedanceBatch:
    order = sorted(places)
    chosen = [places[row] for row in order]
    waves = [made.noise_probability[k] < LEVEL for made, k in chosen]
    own = [replace(note, where=note.where or one.name) for one in spectra for note in one.findings]
    named = [Finding(f"not fitted: {why}", "error", labels[row]) for row, why in lost.items()]
    count = f"{sum(waves)} of {len(order)}"
    return ImpedanceBatch(
        number_of_spectra=Quantity(float(len(order)), how="derived"),
        number_not_fitted=Quantity(float(len(lost)), how="derived"),
        number_structured=Quantity(float(sum(waves)), how="derived"),
        parameters=_table(spectra, labels, circuit, order, chosen),
        not_fitted=Table.of(
            {"spectrum": [labels[row] for row in lost], "reason": list(lost.values())}
        ),
        verdicts=(
            Verdict("all spectra fitted", not lost, f"{len(order)} of {len(spectra)}"),
            Verdict(
                "residuals without structure",
                not any(waves),
                f"in every spectrum but {count}" if any(waves) else "in every spectrum",
            ),
        ),
        findings=(*_shortened(own), *named),
        text={
            "circuit_fitted": str(circuit),
            "weighting": weighting,
            "starts": str(STARTS),
            "outcome": f"{len(lost)} could not be fitted; in {count} the circuit misses something, "
            "which the errors include.",
        },
    )


def _shortened(findings: Sequence[Finding]) -> list[Finding]:
    """The same words about many spectra once, with how many."""
    by_text: dict[tuple[str, str, str], list[str]] = {}
    for note in findings:
        by_text.setdefault((note.text, note.severity, note.remedy), []).append(note.where)
    made = []
    for (text, severity, remedy), where in by_text.items():
        places = ", ".join(where[:NAMED])
        more = f" and {len(where) - NAMED} more" if len(where) > NAMED else ""
        made.append(Finding(text, severity, places + more, remedy))  # type: ignore[arg-type]
    return made


def _table(
    spectra: Sequence[ImpedanceSpectrum],
    labels: Sequence[str],
    circuit: Circuit,
    order: Sequence[int],
    chosen: Sequence[tuple[CircuitFits, int]],
) -> Table:
    plain: dict[str, list[Any]] = {"spectrum": [labels[row] for row in order]}
    units = {"relative_rms": "1", "share_of_starts": "1"}
    for name in dict.fromkeys(key for row in order for key in spectra[row].conditions):
        values = [spectra[row].conditions.get(name) for row in order]
        unit = next(value.unit for value in values if value is not None)
        plain[name] = [None if value is None else value.to(unit).value for value in values]
        units[name] = unit
    plain["relative_rms"] = [float(made.relative_rms[k]) for made, k in chosen]
    plain["share_of_starts"] = [float(made.share_of_starts[k]) for made, k in chosen]
    flagged = [_flags(made, k) for made, k in chosen]
    plain["flags"] = [
        ", ".join((*(f"{name}: {flag}" for name, flag in own.items()), *whole))
        for own, whole in flagged
    ]
    columns = {
        name: [
            _value(made, k, place, own.get(name))
            for (made, k), (own, _) in zip(chosen, flagged, strict=True)
        ]
        for place, name in enumerate(circuit.names)
    }
    return Table.of_quantities(plain, columns, units)


def _flags(made: CircuitFits, k: int) -> tuple[dict[str, str], tuple[str, ...]]:
    own: dict[str, str] = {}
    for place, name in enumerate(made.circuit.names):
        error = made.relative_error[k, place]
        if error == 0:
            own[name] = AT_BOUND
        elif error > 1:
            own[name] = NOT_IDENTIFIABLE
    return own, (STRUCTURED,) if made.noise_probability[k] < LEVEL else ()


def _value(made: CircuitFits, k: int, place: int, flag: str | None) -> Quantity:
    name, unit = made.circuit.names[place], made.circuit.units[place]
    if flag == AT_BOUND and not made.circuit.exponents[place]:
        return Quantity(None, unit, flags=(flag,))
    value = float(made.values[k, place])
    error = float(made.relative_error[k, place] * made.inflation[k, place]) * value
    parts = {f"~fit.{name}[*]": error} if flag is None else {}
    return Quantity(value, unit, parts, "derived", flags=(flag,) if flag else ())
