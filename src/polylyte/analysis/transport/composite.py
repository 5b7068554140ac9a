"""Conductivity of a stack of layers or a mixture of phases, and back to one of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from polylyte.analysis.transport.composite_interfaces import (
    backed_out,
    checked,
    with_interfaces,
    without_interfaces,
)
from polylyte.analysis.transport.composite_model import LAYERED, Model, arguments_of, bounds
from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import ArealResistance, Conductivity, Length, Ratio
from polylyte.core.methods import method, out
from polylyte.core.quantities import Quantity, derive, q
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.tables import Table

HASHIN_1962 = Citation(
    "Hashin1962",
    "Hashin, Z.; Shtrikman, S.",
    "A variational approach to the theory of the effective magnetic permeability of multiphase "
    "materials",
    "Journal of Applied Physics",
    1962,
    "33",
    "3125–3131",
    "10.1063/1.1728579",
)
BRUGGEMAN_1935 = Citation(
    "Bruggeman1935",
    "Bruggeman, D. A. G.",
    "Berechnung verschiedener physikalischer Konstanten von heterogenen Substanzen. I. "
    "Dielektrizitätskonstanten und Leitfähigkeiten der Mischkörper aus isotropen Substanzen",
    "Annalen der Physik",
    1935,
    "416",
    "636–664",
    "10.1002/andp.19354160705",
)
MACMULLIN_1956 = Citation(
    "MacMullin1956",
    "MacMullin, R. B.; Muccini, G. A.",
    "Characteristics of porous beds and structures",
    "AIChE Journal",
    1956,
    "2",
    "393–403",
    "10.1002/aic.690020320",
)

SUM_TOLERANCE = 1e-3
WORDS = {
    "series": "layers across the current (series)",
    "parallel": "layers along the current (parallel)",
    "maxwell": "spheres in the first phase (Maxwell)",
    "bruggeman": "a symmetric effective medium (Bruggeman)",
    "porous": "the first phase in the pores of the others (Bruggeman exponent)",
}


@dataclass(frozen=True, kw_only=True)
class CompositeConductivity(Result):
    effective_conductivity: Conductivity = out("of the whole, computed or as given")
    deduced_conductivity: Conductivity = out("of the layer or phase that was asked for")
    lower_bound: Conductivity = out("least conductivity these parts can have together")
    upper_bound: Conductivity = out("largest conductivity these parts can have together")
    macmullin_number: Ratio = out("σ of the first part over the effective one")
    tortuosity: Ratio = out("first part's fraction times the MacMullin number")
    parts: Table = out("parts: fraction, conductivity, share of the resistance in series")


def figure(result: CompositeConductivity) -> Figure:
    """Conductivities of the parts and of the whole between its bounds."""
    names = result.parts.column("name")
    values = result.parts.column("conductivity")
    shown = [(name, value) for name, value in zip(names, values, strict=True) if value]
    whole = result.effective_conductivity
    bars = [*shown, ("whole", whole.value or 0.0)]
    series = [
        Series(
            list(range(len(bars))),
            [value for _, value in bars],
            "conductivity",
            "bars",
            names=[name for name, _ in bars],
        )
    ]
    return Figure(
        "composite",
        [Panel(series, "", "conductivity", "", "mS/cm")],
        f"Conductivities of the parts and of {result.text['words']}; bounds "
        f"{result.lower_bound} to {result.upper_bound}.",
        "In series the least conductive layer decides; in parallel the most conductive.",
    )


@method(
    "transport.composite",
    version=2,
    cites=[HASHIN_1962, BRUGGEMAN_1935, MACMULLIN_1956],
    figure=figure,
    prose=(
        "The composite was described as {words}. {outcome} Its parts allow {lower_bound} to "
        "{upper_bound} [{bounds}]; the MacMullin number is {macmullin_number}."
    ),
)
def composite(
    *,
    conductivities: list[Conductivity],
    thicknesses: list[Length] | None = None,
    interfaces: list[ArealResistance] | None = None,
    fractions: list[Ratio] | None = None,
    arrangement: Literal["series", "parallel", "maxwell", "bruggeman", "porous"] = "series",
    effective: Conductivity | None = None,
    deduce: int = 0,
    exponent: Ratio = q("1.5", how="assumed"),
    names: list[str] | None = None,
) -> CompositeConductivity:
    """Effective conductivity of layers or phases; or one part's, from the whole and the others.

    series: 1/σ = Σ φ_i/σ_i + Σ R_j/L, R_j the interfaces';  parallel: σ = Σ φ_i σ_i
    maxwell: (σ − σ_1)/(σ + 2σ_1) = Σ_{i>1} φ_i (σ_i − σ_1)/(σ_i + 2σ_1)
    bruggeman: Σ φ_i (σ_i − σ)/(σ_i + 2σ) = 0;  porous: σ = σ_1 φ_1^α
    MacMullin number N_M = σ_1/σ, tortuosity τ = φ_1 N_M. φ are fractions of thickness or volume.

    With ``deduce`` = k, part k's conductivity follows from ``effective`` and the others, which
    alone are listed then. Bounds: those of layers in series and parallel (Wiener) for layered
    arrangements, Hashin–Shtrikman's for the others. Uncertainties are carried to first order.
    For layers in series whose conductivities are all known, ``interface_resistance`` is what the
    whole has over them, L/σ − Σ L_i/σ_i (area-specific, of all interfaces together, and each if
    they are alike); it tells contact from bulk only where it exceeds twice its uncertainty, and is
    flagged "not significant" otherwise. With ``interfaces`` given, the bounds are those of the
    layers without them. Valid where no other interface adds resistance (parallel layers and
    mixtures: none does), and Maxwell up to φ ≈ 0.4.
    Shapes: n conductivities (n − 1 with ``deduce``), n thicknesses or fractions; the last
    fraction may be left out. S/m, m.

    Parameters:
        conductivities: of each layer or phase, the first being the matrix or the pore's filling
        thicknesses: of each layer
        interfaces: area-specific resistance of each interface between layers in series, or of all
        fractions: of the volume, where there are no thicknesses
        arrangement: how the parts are joined
        effective: measured conductivity of the whole
        deduce: which part to deduce, counted from 1; 0: none
        exponent: α of the porous arrangement
        names: of the parts

    Raises:
        InputError: numbers of parts that do not match, fractions that do not sum to 1, a
            conductivity or resistance below zero, interfaces that are not between layers.
        NotAnswerable: no conductivity of the part gives the effective one.

    References:
        Hashin & Shtrikman 1962, doi:10.1063/1.1728579; Bruggeman 1935,
        doi:10.1002/andp.19354160705; MacMullin & Muccini 1956, doi:10.1002/aic.690020320
    """
    phi = _fractions(conductivities, thicknesses, fractions, bool(deduce))
    _check(conductivities, effective, deduce, len(phi), arrangement)
    labels = names or [f"part {place + 1}" for place in range(len(phi))]
    if len(labels) != len(phi):
        raise InputError(f"{len(labels)} names for {len(phi)} parts", where="names")
    model = Model(arrangement, len(phi), deduce)
    arguments = arguments_of(conductivities, phi, exponent, arrangement)
    between = checked(interfaces, thicknesses, arrangement, len(phi))
    lengths = thicknesses or []
    bulk = None if effective is None else without_interfaces(effective, lengths, between)
    if deduce:
        assert effective is not None
        assert bulk is not None
        model.solvable(arguments, bulk)
        deduced = derive(model.inverse, "mS/cm", **arguments, whole=bulk)
        every = [*conductivities[: deduce - 1], deduced, *conductivities[deduce - 1 :]]
        computed = effective
    else:
        deduced = Quantity(None, "mS/cm", flags=("not asked for",))
        every, layers = list(conductivities), derive(model.forward, "mS/cm", **arguments)
        computed = with_interfaces(layers, lengths, between)
        bulk = layers if bulk is None else bulk
    whole = computed if effective is None else effective
    low, high = bounds(every, phi, arrangement)
    number = derive(lambda first, total: first / total, "1", first=every[0], total=whole)
    return CompositeConductivity(
        effective_conductivity=whole.to("mS/cm"),
        deduced_conductivity=deduced,
        lower_bound=low,
        upper_bound=high,
        macmullin_number=number,
        tortuosity=derive(lambda a, b: a * b, "1", a=number, b=phi[0]),
        parts=_table(labels, every, phi, thicknesses, arrangement),
        more=_more(computed, effective, number, phi[0], deduce)
        | _interfaces(effective, every, thicknesses, arrangement, deduce),
        verdicts=_verdicts(bulk, low, high, arrangement),
        findings=_findings(every, effective),
        text={
            "words": WORDS[arrangement],
            "bounds": "Wiener's bounds" if arrangement in LAYERED else "Hashin1962",
            "outcome": _outcome(labels, deduced, computed, effective, deduce),
        },
    )


def _fractions(
    conductivities: Sequence[Quantity],
    thicknesses: Sequence[Quantity] | None,
    fractions: Sequence[Quantity] | None,
    deduced: bool,
) -> list[Quantity]:
    if (thicknesses is None) == (fractions is None):
        raise InputError(
            "give either thicknesses or fractions", where="transport.composite", remedy="one list"
        )
    count = len(conductivities) + deduced
    if thicknesses is not None:
        given: dict[str, Any] = {f"L{place}": value for place, value in enumerate(thicknesses)}
        if any((value.value or 0.0) <= 0 for value in thicknesses):
            raise InputError("a layer has no thickness", where="thicknesses")

        def share(place: int) -> Callable[..., float]:
            return lambda **lengths: lengths[f"L{place}"] / sum(lengths.values())

        found = [derive(share(place), "1", **given) for place in range(len(thicknesses))]
    else:
        assert fractions is not None
        found = [value.to("1") for value in fractions]
        if len(found) == count - 1:
            rest = Quantity(1.0, "1")
            for value in found:
                rest = rest - value
            found.append(rest)
    if len(found) != count:
        raise InputError(
            f"{count} parts, but {len(found)} {'thicknesses' if thicknesses else 'fractions'}",
            where="transport.composite",
            remedy="with deduce, list the conductivities of the other parts alone",
        )
    values = [value.value if value.value is not None else math.nan for value in found]
    if not all(0 <= value <= 1 for value in values) or abs(sum(values) - 1) > SUM_TOLERANCE:
        raise InputError(
            f"the fractions sum to {sum(values):.4g}, each must lie in 0 … 1 and all sum to 1",
            where="fractions",
        )
    return found


def _check(
    conductivities: Sequence[Quantity],
    effective: Quantity | None,
    deduce: int,
    count: int,
    arrangement: str,
) -> None:
    for value in (*conductivities, *([effective] if effective is not None else [])):
        if value.value is None or value.value < 0:
            raise InputError(f"'{value}' is no conductivity", where="conductivities")
    if not 0 <= deduce <= count:
        raise InputError(f"there is no part {deduce}, there are {count}", where="deduce")
    if deduce and effective is None:
        raise InputError(
            "to deduce a part the conductivity of the whole is needed",
            where="effective",
            remedy='effective = "0.2 mS/cm", or { step = "sigma", quantity = "…" }',
        )
    if deduce > 1 and arrangement == "porous":
        raise InputError("only the first part conducts in pores", where="deduce", remedy="deduce=1")


def _more(
    computed: Quantity,
    effective: Quantity | None,
    number: Quantity,
    phi: Quantity,
    deduce: int,
) -> dict[str, Quantity]:
    if effective is None or deduce:
        return {}
    return {
        "expected_conductivity": computed,
        "measured_over_expected": derive(
            lambda measured, expected: measured / expected,
            "1",
            measured=effective,
            expected=computed,
        ),
        "bruggeman_exponent": derive(
            lambda N, share: -math.log(N) / math.log(share), "1", N=number, share=phi
        ),
    }


def _interfaces(
    effective: Quantity | None,
    every: Sequence[Quantity],
    thicknesses: Sequence[Quantity] | None,
    arrangement: str,
    deduce: int,
) -> dict[str, Quantity]:
    if effective is None or thicknesses is None or deduce or arrangement != "series":
        return {}
    return backed_out(effective, every, thicknesses) if len(every) > 1 else {}


def _verdicts(
    whole: Quantity, low: Quantity, high: Quantity, arrangement: str
) -> tuple[Verdict, ...]:
    name = "within Wiener bounds" if arrangement in LAYERED else "within Hashin–Shtrikman bounds"
    if whole.value is None or low.value is None or high.value is None:
        return (Verdict(name, None, "a bound is not determined"),)
    # what the shared sources say cancels in the differences
    under, over = whole - low, high - whole
    inside = all(
        (gap.value or 0.0) >= -2 * (gap.std or 0.0) - 1e-9 * whole.value for gap in (under, over)
    )
    told = (
        f"{whole} lies between {low} and {high}"
        if inside
        else (
            f"{whole} lies outside {low} to {high}: an interface, another path, or wrong fractions"
        )
    )
    return (Verdict(name, inside, told),)


def _findings(sigma: Sequence[Quantity], effective: Quantity | None) -> tuple[Finding, ...]:
    values = [*sigma, *([effective] if effective is not None else [])]
    temperatures = {
        value.conditions["temperature"] for value in values if "temperature" in value.conditions
    }
    if len(temperatures) < 2:
        return ()
    return (
        Finding(
            f"conductivities at different temperatures: {', '.join(sorted(temperatures))}",
            "warning",
            remedy="take all at one temperature",
        ),
    )


def _table(
    labels: Sequence[str],
    sigma: Sequence[Quantity],
    phi: Sequence[Quantity],
    thicknesses: Sequence[Quantity] | None,
    arrangement: str,
) -> Table:
    columns: dict[str, list[Quantity]] = {
        "fraction": list(phi),
        "conductivity": [value.to("mS/cm") for value in sigma],
    }
    if thicknesses is not None:
        columns["thickness"] = [value.to("um") for value in thicknesses]
        if arrangement == "series":
            columns["area_specific_resistance"] = [
                derive(lambda L, s: L / s, "ohm cm^2", L=L, s=s)
                for L, s in zip(thicknesses, sigma, strict=True)
            ]
    return Table.of_quantities({"name": list(labels)}, columns)


def _outcome(
    labels: Sequence[str],
    deduced: Quantity,
    computed: Quantity,
    effective: Quantity | None,
    deduce: int,
) -> str:
    if deduce:
        return f"From {effective} for the whole, {labels[deduce - 1]} conducts {deduced}."
    if effective is not None:
        return f"Its parts give {computed}; {effective} was measured."
    return f"Its effective conductivity is {computed}."
