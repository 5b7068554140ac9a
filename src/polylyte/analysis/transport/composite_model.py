"""Mixing rules over quantities: forward, back to one part, and their bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from polylyte.analysis.transport import mixing
from polylyte.core.errors import NotAnswerable
from polylyte.core.quantities import Quantity, derive, from_si

LAYERED = ("series", "parallel")


def arguments_of(
    conductivities: Sequence[Quantity],
    phi: Sequence[Quantity],
    exponent: Quantity,
    arrangement: str,
) -> dict[str, Any]:
    """The rule's arguments by name: sigma0 …, phi0 …, exponent."""
    found = {f"sigma{place}": value for place, value in enumerate(conductivities)}
    found |= {f"phi{place}": value for place, value in enumerate(phi)}
    if arrangement == "porous":
        found["exponent"] = exponent
    return found


class Model:
    """A mixing rule over named arguments, forward and back to part ``deduce`` (from 1)."""

    def __init__(self, arrangement: str, count: int, deduce: int) -> None:
        self.arrangement, self.count, self.deduce = arrangement, count, deduce

    def rule(self, sigma: Sequence[float], phi: Sequence[float], exponent: float) -> float:
        if self.arrangement == "porous":
            return mixing.porous(sigma, phi, exponent)
        rules: dict[str, Callable[[Sequence[float], Sequence[float]], float]] = {
            "series": mixing.series,
            "parallel": mixing.parallel,
            "maxwell": mixing.maxwell,
            "bruggeman": mixing.bruggeman,
        }
        return rules[self.arrangement](sigma, phi)

    def split(self, values: dict[str, float]) -> tuple[list[float], list[float], float]:
        known = self.count - bool(self.deduce)
        return (
            [values[f"sigma{place}"] for place in range(known)],
            [values[f"phi{place}"] for place in range(self.count)],
            values.get("exponent", 1.5),
        )

    def forward(self, **values: float) -> float:
        return self.rule(*self.split(values))

    def of_part(self, values: dict[str, float]) -> Callable[[float], float]:
        """The whole as a function of the part asked for."""
        sigma, phi, exponent = self.split(values)
        place = self.deduce - 1
        return lambda own: self.rule([*sigma[:place], own, *sigma[place:]], phi, exponent)

    def inverse(self, whole: float, **values: float) -> float:
        return mixing.solve(self.of_part(values), whole)

    def solvable(self, arguments: dict[str, Quantity], whole: Quantity) -> None:
        values = {name: value.si for name, value in arguments.items()}
        model = self.of_part(values)
        low, high = model(1e-30), model(1e30)
        if low < whole.si < high:
            return
        least, most = (from_si(one, "mS/cm") for one in (low, high))
        limit = f"at least {least}" if whole.si <= low else f"at most {most}"
        raise NotAnswerable(
            f"no conductivity of part {self.deduce} gives {whole}: the others alone give {limit}",
            where="transport.composite",
            remedy="check the fractions or thicknesses, the arrangement and the other parts",
        )


def bounds(
    sigma: Sequence[Quantity], phi: Sequence[Quantity], arrangement: str
) -> tuple[Quantity, Quantity]:
    """Least and largest conductivity of these parts: Wiener's for layers, else
    Hashin–Shtrikman's."""
    given: dict[str, Any] = {f"sigma{place}": value for place, value in enumerate(sigma)}
    given |= {f"phi{place}": value for place, value in enumerate(phi)}

    def bound(upper: bool) -> Callable[..., float]:
        def of(**values: float) -> float:
            s = [values[f"sigma{place}"] for place in range(len(sigma))]
            p = [values[f"phi{place}"] for place in range(len(phi))]
            if arrangement not in LAYERED:
                return mixing.hashin_shtrikman(s, p)[upper]
            if upper:
                return mixing.parallel(s, p)
            return mixing.series(s, p) if all(value > 0 for value in s) else 0.0

        return of

    return derive(bound(False), "mS/cm", **given), derive(bound(True), "mS/cm", **given)
