"""How well would an experiment determine its quantity? Asked of the virtual laboratory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, NotAnswerable, nearest
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import AnyQuantity, Percentage, Ratio
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, from_si
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table
from polylyte.core.units import unit
from polylyte.virtual.foresee_draws import (
    Change,
    Draw,
    Forecast,
    changes,
    fisher,
    forecasts,
)
from polylyte.virtual.foresee_draws import draws as drawn
from polylyte.virtual.foresee_question import Question, question
from polylyte.virtual.foresee_tables import change_table, draw_table, forecast_table
from polylyte.virtual.samples import Sample

METROPOLIS_1949 = Citation(
    "Metropolis1949",
    "Metropolis, N.; Ulam, S.",
    "The Monte Carlo Method",
    "J. Am. Stat. Assoc.",
    1949,
    "44",
    "335–341",
    "10.1080/01621459.1949.10483310",
)
DETERMINED = 0.5
"""Share of the draws that must give a sound value, else the quantity is not determinable."""
RELIABLE = 0.95
"""Share of the draws that give a sound value in an experiment that can be relied on."""
LEAST, MOST = 20, 5000
SHARE = 10
"""A change is judged by the number of draws over this, at least ``FEW``."""
FEW = 8
HELPS = 0.9
"""An uncertainty below this share of the present one is worth the effort."""
SHOWN = 60
"""Draws that the figure shows."""


@dataclass(frozen=True, kw_only=True)
class Foresight(Result):
    """Of the quantity asked for; ``forecast`` has every quantity of the analysis with a truth."""

    relative_uncertainty: Percentage = out("expected standard uncertainty over the true value")
    expected_uncertainty: AnyQuantity = out("median of the standard uncertainties stated")
    realised_uncertainty: AnyQuantity = out("standard deviation of found less true value")
    bias: AnyQuantity = out("mean of found less true value")
    coverage: Percentage = out("share of the 95 % intervals that hold the truth")
    refused: Percentage = out("share of the draws without a sound value")
    fisher_uncertainty: AnyQuantity | None = out("by the Cramér–Rao bound", default=None)
    forecast: Table = out("the same for every quantity of the analysis")
    changes: Table = out("uncertainty after a change of one setting, the most helpful first")
    draws: Table = out("value, standard uncertainty and truth of each draw")


def figure(result: Foresight) -> list[Figure]:
    """Uncertainty against what may be changed, and the draws about the truth."""
    frame, shown = result.changes.frame, result.expected_uncertainty.unit
    now = result.expected_uncertainty.value
    name = result.text["quantity"]
    series = []
    for parameter in frame["parameter"].unique(maintain_order=True).to_list():
        own = frame.filter(frame["parameter"] == parameter).drop_nulls("uncertainty")
        points = [(1.0, now), *zip(own["factor"], own["uncertainty"], strict=True)]
        known = sorted((x, y) for x, y in points if y is not None)
        series.append(Series([x for x, _ in known], [y for _, y in known], parameter,
                             "line+points"))  # fmt: skip
    table = result.draws.frame.drop_nulls("value").head(SHOWN)
    errors = table["std"].fill_null(0.0).to_list()
    values = Series(table["draw"].to_list(), table["value"].to_list(), "found", y_error=errors)
    panels = [
        Panel(
            [values, Series(table["draw"].to_list(), table["truth"].to_list(), "truth", "line")],
            "Virtual experiment", name, "", result.draws.units["value"],
        ),
    ]  # fmt: skip
    if series:
        marks = [Mark(1.0, "as planned")]
        panels.insert(
            0,
            Panel(series, "Setting over the planned one", f"u({name})", "", shown,
                  x_scale="log", y_scale="log", marks=marks),
        )  # fmt: skip
    return [
        Figure(
            "foresee",
            panels,
            f"Expected standard uncertainty of {name}: {result.expected_uncertainty} "
            f"({result.text['relative']}), {result.text['draw_count']} virtual experiments.",
            "Good: error bars that hold the line of the truth, and a slope where effort pays. Bad: "
            "points that lie on one side of it (bias), or an experiment that is mostly refused.",
            "double",
        )
    ]


@method(
    "foresee",
    version=1,
    cites=[METROPOLIS_1949],
    figure=figure,
    origin="virtual",
    prose="Before measuring, {draw_count} virtual experiments [Metropolis1949] with "
    "{settings_text} were written by {virtual_id}, read back and analysed by {analysis}. "
    "{quantity} is expected with a standard uncertainty of {expected_uncertainty} ({relative}); "
    "the scatter about the truth was {realised_uncertainty}, the bias {bias}, and {coverage} of "
    "the 95 % intervals held the truth. {advice}",
)
def foresee(
    *,
    analysis: str,
    sample: Sample | None = None,
    experiment: dict[str, Any] | None = None,
    quantity: str = "",
    target: Ratio | None = None,
    draws: int = 100,
    seed: int = 0,
) -> Foresight:
    """How well would this experiment determine its quantity (range, points, noise, duration)?

    Draws virtual experiments on a sample of known truth, each with its own noise, its own
    calibration errors of the size that the analysis is told, and its own true value of every
    uncertain input (``sample.thickness = "60(2) um"``); writes them in a real format, reads them
    back and analyses them. ``expected_uncertainty`` is the median of the uncertainties that the
    analysis states, ``realised_uncertainty`` the standard deviation about the truth.
    Where the Jacobian is analytic (impedance) the Cramér–Rao bound stands beside them.

    ``changes`` gives the uncertainty after one setting is changed, by a tenth of the draws or
    by the bound, and so what would help most.

    Valid as far as the virtual sample is like yours: it has the processes of its model and no
    others. The same seed gives the same numbers.

    Parameters:
        analysis: id of a method that has a virtual sample, as transport.conductivity
        sample: the supposed truth; the default one where not given
        experiment: settings of the virtual method and of the analysis by name: range, points,
            noise, duration; sample.FIELD for one of the sample
        quantity: name of the quantity that matters; by default the first one determined
        target: relative standard uncertainty that would be good enough
        draws: number of virtual experiments, 20 to 5000
        seed: of all random numbers

    Raises:
        InputError: no virtual sample, an unknown setting or quantity, or an impossible one.
        NotAnswerable: the experiment does not determine the quantity: most draws are refused
            or flagged; says why and what would help.
    """
    if not LEAST <= draws <= MOST:
        raise InputError(f"{draws} draws", where="draws", remedy=f"take {LEAST} to {MOST}")
    asked = question(analysis, sample, experiment or {})
    made = drawn(asked, draws, seed)
    found = forecasts(made)
    name = _chosen(found, quantity)
    few = max(FEW, draws // SHARE)
    one = found[name]
    if one.sound < DETERMINED * draws or one.expected is None:
        raise _refusal(asked, one, changes(asked, one, few, seed + 1, only_draws=True))
    tried = changes(asked, one, few, seed + 1)
    bound = {
        n: s / float(unit(found[n].unit).factor) for n, s in fisher(asked).items() if n in found
    }
    return _result(asked, made, found, name, tried, bound, target)


def _chosen(found: Mapping[str, Forecast], wanted: str) -> str:
    """The quantity that matters: the one named, else the first that is determined."""
    if not found:
        raise NotAnswerable("no draw has a quantity with a known truth", where="foresee")
    if not wanted:
        sound = [n for n, f in found.items() if f.sound >= DETERMINED * f.draws and f.expected]
        return sound[0] if sound else next(iter(found))
    if wanted in found:
        return wanted
    matching = [n for n in found if n.partition("@")[0] == wanted]
    if matching:
        return matching[0]
    raise InputError(
        f"'{wanted}' is no quantity with a known truth",
        where="quantity",
        remedy=nearest(wanted, found),
    )


def _refusal(asked: Question, one: Forecast, tried: Sequence[Change]) -> NotAnswerable:
    reason = one.reasons[0][0] if one.reasons else "no uncertainty is stated"
    helping = [c for c in tried if c.expected is not None and c.refused < 1 - DETERMINED]
    helping.sort(key=lambda c: c.refused)
    advice = [f"{c.parameter} {c.before} → {c.after}" for c in helping[:2]]
    return NotAnswerable(
        f"this experiment does not determine {one.name}: {one.draws - one.sound} of {one.draws} "
        f"virtual experiments gave no sound value ({reason})",
        where=asked.analysis.id,
        remedy=f"what would: {' or '.join(advice)}"
        if advice
        else f"none of {len(tried)} single changes would; change several, or the method",
    )


def _result(
    asked: Question,
    made: Sequence[Draw],
    found: Mapping[str, Forecast],
    name: str,
    tried: Sequence[Change],
    bound: Mapping[str, float],
    target: Quantity | None,
) -> Foresight:
    one = found[name]
    n, shown = one.sound, one.unit
    step = "delta_degC" if unit(shown).offset else shown
    assert one.expected is not None
    assert one.realised is not None
    assert one.bias is not None
    spread = one.realised / math.sqrt(2 * max(n - 1, 1))
    relative = one.relative
    share = one.coverage or 0.0
    ratio = Quantity(None, "%", flags=("outside range",))
    if relative is not None:
        of_truth = {"~draws, stated": 100 * relative * one.expected_std / one.expected}
        ratio = Quantity(100 * relative, "%", _parts(of_truth), "virtual")
    ordered = sorted(tried, key=lambda c: math.inf if c.expected is None else c.expected)
    advice = _advice(ordered, one)
    verdicts = _verdicts(one, target)
    return Foresight(
        relative_uncertainty=ratio,
        expected_uncertainty=Quantity(
            one.expected, step, _parts({"~draws, stated": one.expected_std}), "virtual"
        ),
        realised_uncertainty=Quantity(one.realised, step, {"~draws": spread}, "virtual"),
        bias=Quantity(one.bias, step, {"~draws, mean": one.realised / math.sqrt(n)}, "virtual"),
        coverage=from_si(
            share, "%", {"~draws, counted": math.sqrt(max(share * (1 - share), 0.25 / n) / n)},
            how="virtual",
        ),
        refused=from_si(one.refused, "%", how="virtual"),
        fisher_uncertainty=Quantity(float(f"{bound[name]:.4g}"), step, how="virtual")
        if name in bound
        else None,
        forecast=forecast_table(found, bound),
        changes=change_table(ordered, one, name in bound),
        draws=draw_table(made, one),
        verdicts=tuple(verdicts),
        findings=_findings(asked, one, advice),
        warnings=tuple(v.text for v in verdicts if v.passed is False),
        text={
            "quantity": name,
            "virtual_id": asked.virtual.id,
            "draw_count": str(one.draws),
            "relative": f"{100 * relative:.2g} %" if relative is not None else "of no finite value",
            "settings_text": _settings(asked),
            "advice": advice,
        },
    )  # fmt: skip


def _parts(parts: Mapping[str, float]) -> dict[str, float]:
    return {source: part for source, part in parts.items() if part}


def _settings(asked: Question) -> str:
    from polylyte.virtual.foresee_draws import said

    given = {**asked.told, **asked.made}
    words = [f"{n} {said(v)}" for n, v in given.items() if n != "sample" and v is not None]
    return ", ".join(words) or "default settings"


def _advice(ordered: Sequence[Change], one: Forecast) -> str:
    best = next((c for c in ordered if c.expected is not None), None)
    if best is None or one.expected is None or best.expected is None:
        return ""
    if best.expected > HELPS * one.expected:
        return "None of the changes tried would help much."
    return (
        f"What would help most: {best.parameter} {best.before} → {best.after}, "
        f"{best.expected / one.expected:.2f} times the uncertainty."
    )


def _verdicts(one: Forecast, target: Quantity | None) -> list[Verdict]:
    n, share = one.stated, one.coverage or 0.0
    slack = 3 * math.sqrt(0.95 * 0.05 / max(n, 1))
    assert one.bias is not None
    assert one.realised is not None
    limit = 3 * one.realised / math.sqrt(one.sound)
    reasons = ", ".join(f"{reason} ({count})" for reason, count in one.reasons[:3])
    made = [
        Verdict(
            "determined",
            1 - one.refused >= RELIABLE,
            f"{one.sound} of {one.draws} virtual experiments give a sound value"
            + (f"; others: {reasons}" if reasons else ""),
        ),
        Verdict(
            "intervals hold the truth",
            abs(share - 0.95) <= slack,
            f"{one.covered} of {n} 95 % intervals do",
        ),
        Verdict(
            "no bias",
            abs(one.bias) <= limit,
            f"the mean error is {one.bias:.3g}, within {limit:.3g} of none"
            if abs(one.bias) <= limit
            else f"the mean error of {one.bias:.3g} is larger than chance allows ({limit:.3g})",
        ),
    ]
    if target is not None and one.relative is not None:
        made.append(
            Verdict(
                "good enough",
                one.relative <= target.si,
                f"{100 * one.relative:.2g} % expected, {100 * target.si:.2g} % wanted",
            )
        )
    return made


def _findings(asked: Question, one: Forecast, advice: str) -> tuple[Finding, ...]:
    found = [Finding(advice)] if advice else []
    untold = [n for n, v in asked.pair.experiment.errors.items() if not _drawn_size(asked, n)]
    if untold:
        found.append(
            Finding(f"no error is drawn for {', '.join(untold)}: its size is stated to be zero")
        )
    if one.reasons:
        reason, count = one.reasons[0]
        found.append(Finding(f"{count} of {one.draws} draws: {reason}", "warning"))
    return tuple(found)


def _drawn_size(asked: Question, name: str) -> bool:
    value = asked.nominal(name)
    return isinstance(value, Quantity) and bool(value.value)
