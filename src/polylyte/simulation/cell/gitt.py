"""Galvanostatic intermittent titration of a simulated cell: pulses, rests, what they say of D."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import (
    AnyQuantity,
    ArealCapacity,
    CellVoltage,
    CRate,
    Duration,
    Ratio,
    Temperature,
)
from polylyte.core.methods import method, out
from polylyte.core.quantities import from_si, q
from polylyte.core.results import Finding, Result
from polylyte.core.tables import Table
from polylyte.materials.cells import Cell
from polylyte.simulation.cell.answer import verdicts
from polylyte.simulation.cell.build import built
from polylyte.simulation.cell.discharge import DOYLE_1993
from polylyte.simulation.cell.model import Model
from polylyte.simulation.cell.protocol import Done, Step, run_steps, trace, worst_error

WEPPNER_1977 = Citation(
    "Weppner1977",
    "Weppner, W.; Huggins, R. A.",
    "Determination of the Kinetic Parameters of Mixed-Conducting Electrodes and Application to the "
    "System Li3Sb",
    "Journal of The Electrochemical Society",
    1977,
    "124",
    "1569–1578",
    "10.1149/1.2133112",
)
EARLY, LATE = 0.2, 0.9
"""Share of a pulse over which its voltage is fitted as a line over the square root of time."""
SHORT = 0.01
"""The estimate holds where the pulse is shorter than this share of R^2/D."""
FLAT = 5e-4
"""Volt: a smaller change of the equilibrium says nothing."""


@dataclass(frozen=True, kw_only=True)
class Titration(Result):
    """``pulses`` has one row per pulse; an estimate that cannot be made is empty."""

    delivered: ArealCapacity = out("by all pulses")
    final_voltage: CellVoltage = out("of the last pulse")
    solid_diffusivity: AnyQuantity = out("that the model has; its mean where it varies")
    worst_error: Ratio = out("largest relative error of salt, lithium or charge in any step")
    pulses: Table = out("equilibrium voltage, changes and estimated diffusivity")
    trace: Table = out("time, voltage, current and capacity")


def figure(result: Titration) -> Figure:
    """Voltage over time; estimated diffusivity over capacity."""
    time = [value / 3600 for value in result.trace.column("time")]
    table = result.pulses
    rows = [
        (x, y)
        for x, y in zip(table.column("capacity"), table.column("diffusivity"), strict=True)
        if y is not None
    ]
    estimates = Series([x for x, _ in rows], [y for _, y in rows])
    return Figure(
        "gitt",
        [
            Panel(
                [Series(time, result.trace.column("voltage"), style="line")],
                "time", "voltage", "h", "V",
            ),
            Panel([estimates], "capacity", "estimated D", "mAh/cm^2", "m^2/s", y_scale="log"),
        ],
        "Simulated titration, and the diffusivity that the pulses would be read as.",
        "Where the estimate differs from the diffusivity of the model, something else than "
        "diffusion in the particles carries the voltage: the electrolyte, or a flat potential.",
        "double",
    )  # fmt: skip


@method(
    "cell.gitt",
    version=1,
    cites=[DOYLE_1993, WEPPNER_1977],
    figure=figure,
    origin="simulated",
    prose="A galvanostatic intermittent titration ({count} pulses at {rate}, {pulse} each, rests "
    "of {rest}) was simulated with the porous-electrode model of Doyle, Fuller and Newman "
    "[Doyle1993] and read by the relation of Weppner and Huggins [Weppner1977].",
)
def gitt(
    *,
    cell: Cell,
    rate: CRate = q("0.1 C-rate"),
    pulse: Duration = q("10 min"),
    rest: Duration = q("1 h"),
    pulses: int = 100,
    temperature: Temperature | None = None,
    lower_cutoff: CellVoltage | None = None,
    upper_cutoff: CellVoltage | None = None,
    ocp: Table | None = None,
    diffusivity: Table | None = None,
    like: str = "",
    grid: int = 40,
) -> Titration:
    """Discharge in pulses with rests, and the diffusivity read from each pulse.

    D = 4/(pi tau) (r/3)^2 (dE_s/dE_t)^2 with the pulse's length tau, the change of the rest
    potential dE_s and the change during the pulse dE_t, taken from the slope over sqrt(t), so
    without the ohmic jump. Valid where tau << r^2/D, where the rest is long enough, and where the
    change during the pulse is that of the particles; the simulated cell shows how far it is not.

    Parameters:
        cell: the card
        rate: of the pulses
        pulse: length of a pulse
        rest: after each pulse
        pulses: at most so many; the run ends at the lower cut-off
        temperature: of the cell; default the card's, else 25 degC
        lower_cutoff: default the card's, else that of the material
        upper_cutoff: default the card's, else that of the material
        ocp: open-circuit potential, as in ``cell.discharge``
        diffusivity: of lithium in the particles, as in ``cell.discharge``
        like: material of the library whose kinetics are used with ``ocp``
        grid: cells in the cathode

    Raises:
        InputError: a card that lacks something, or a rate or time that is not above zero.
        MachineError: salt, lithium or charge not conserved to 1e-6.

    References:
        Weppner & Huggins 1977, doi:10.1149/1.2133112
    """
    if min(rate.si, pulse.si, rest.si) <= 0 or pulses < 1:
        raise InputError("rate, pulse, rest and the number of pulses must be above zero")
    model = built(
        cell, temperature=temperature, lower_cutoff=lower_cutoff, upper_cutoff=upper_cutoff,
        ocp=ocp, diffusivity=diffusivity, like=like, grid=grid, needs_cathode=True,
    )  # fmt: skip
    c = model.cathode
    assert c is not None
    current = rate.si * c.nominal / 3600
    steps = [Step("rest", 0, {"duration": rest.si})]
    for n in range(1, pulses + 1):
        arguments = {"current": current, "duration": pulse.si, "lower": c.lower}
        steps.append(Step("pulse", n, arguments, ("cut-off voltage",)))
        steps.append(Step("rest", n, {"duration": rest.si}))
    done = list(run_steps(model, steps))
    table = _pulses(model, done, pulse.si)
    said = [text for layer in model.layers for text in layer.assumptions]
    last = [one for one in done if one.step.name == "pulse"][-1]
    share = pulse.si * c.diffusivity / c.radius**2
    warnings = {text for one in done for text in one.outcome.ranges}
    if share > SHORT:
        # The sphere's next term: its surface moves by 2 sqrt(x/pi) + x, x = D t/R^2.
        low = (1 + np.sqrt(np.pi * share * EARLY**0.5 * LATE**0.5)) ** -2
        warnings.add(
            f"a pulse lasts {share:.2g} R^2/D: the relation is for much shorter ones and reads "
            f"about {low:.2g} of the diffusivity"
        )
    return Titration(
        delivered=from_si(
            sum(float(one.outcome.series[-1, 3]) for one in done), "mAh/cm^2", how="simulated"
        ),
        final_voltage=from_si(float(last.outcome.series[-1, 1]), "V", how="simulated"),
        solid_diffusivity=from_si(c.diffusivity, "m^2/s", how="simulated"),
        worst_error=from_si(worst_error(one.outcome for one in done), "1", how="simulated"),
        pulses=table,
        trace=trace(model, done, number="pulse", sign=1.0),
        verdicts=verdicts(model, [one.outcome for one in done]),
        findings=tuple(Finding(text) for text in (*said, *c.assumptions)),
        warnings=tuple(sorted(warnings)[:3]),
        text={
            "count": str(len(table)),
            "rate": str(rate),
            "pulse": str(pulse),
            "rest": str(rest),
            "event": last.outcome.event,
        },
    )


def _pulses(model: Model, done: list[Done], length: float) -> Table:
    """One row per complete pulse between two rests."""
    assert model.cathode is not None
    names = ("pulse", "capacity", "rest_voltage", "equilibrium_change", "pulse_change")
    columns: dict[str, list[float | None]] = {name: [] for name in names}
    columns["diffusivity"] = []
    for before, during, after in zip(done[0::2], done[1::2], done[2::2], strict=False):
        rest = float(after.outcome.series[-1, 1])
        change = rest - float(before.outcome.series[-1, 1])
        time, voltage = during.outcome.series[:, 0], during.outcome.series[:, 1]
        inside = (time > EARLY * length) & (time < LATE * length)
        moved: float | None = None
        if inside.sum() >= 3:
            moved = float(np.polyfit(np.sqrt(time[inside]), voltage[inside], 1)[0]) * length**0.5
        D: float | None = None
        if moved and abs(change) > FLAT and abs(moved) > FLAT:
            third = model.cathode.radius / 3
            D = 4 / (np.pi * length) * third**2 * (change / moved) ** 2
        columns["pulse"].append(float(during.step.number))
        columns["capacity"].append((after.passed + float(after.outcome.series[-1, 3])) / 36_000)
        columns["rest_voltage"].append(rest)
        columns["equilibrium_change"].append(1e3 * change)
        columns["pulse_change"].append(None if moved is None else 1e3 * moved)
        columns["diffusivity"].append(D)
    return Table.of(
        columns,
        {
            "capacity": "mAh/cm^2", "rest_voltage": "V", "equilibrium_change": "mV",
            "pulse_change": "mV", "diffusivity": "m^2/s",
        },
    )  # fmt: skip
