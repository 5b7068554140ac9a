"""Currents: step times, fluxes of a model, limiting currents, width of a diffuse interface."""

from __future__ import annotations

import math
from collections.abc import Iterator

from polylyte.literature.audit.checks import Check, closes, verdict
from polylyte.literature.audit.entries import Record
from polylyte.literature.audit.paper import Paper
from polylyte.literature.audit.relations.capacities import FARADAY

FAR_ABOVE = 10.0
"""A model's current this many times above every measured one is worth a warning."""
WIDE = 0.1
"""A diffuse interface wider than this share of the domain does not resolve what grows in it."""


def checks(paper: Paper) -> Iterator[Check]:
    """time = capacity/current; j = F J; j_lim = 2 F D c/((1 - t+) L); width = sqrt(kappa/W)."""
    records = list(paper.every_record())
    measured = [r["current_density"] for r in records if r.has("current_density")]
    for record in records:
        if record.has("step_time", "current_density", "plated_capacity"):
            yield closes(
                "step time", lambda q, j: q / j, record["step_time"],
                [record["plated_capacity"], record["current_density"]], of=record.of,
                at=record.at, says="time = areal capacity / current density",
            )  # fmt: skip
        if record.has("flux"):
            yield from _flux(record, max((v.si for v in measured), default=0.0))
        parameters = ("gradient_energy", "barrier_height")
        if record.has(*parameters, "domain_length") and all(record[n].si > 0 for n in parameters):
            yield _interface(record)


def _flux(record: Record, largest: float) -> Iterator[Check]:
    current = FARADAY * record["flux"].si
    shown = f"{current / 10:.4g} mA/cm^2"
    uses = [record["flux"]]
    if largest:
        yield verdict(
            "flux", current <= FAR_ABOVE * largest, of=record.of, at=record.at,
            says="the model's flux is of the order of the measured currents",
            printed=record["flux"].text,
            recomputed=f"{shown}, {current / largest:.0f} times the largest measured "
            f"({largest / 10:.3g} mA/cm^2)" if current > FAR_ABOVE * largest else shown,
            cause="a unit of the flux, or a boundary condition chosen for speed", uses=uses,
            remedy="state the current density that the flux means",
        )  # fmt: skip
    if record.has("overpotential", "domain_length", "conductivity") and record["conductivity"].si:
        drop = current * record["domain_length"].si / record["conductivity"].si
        yield verdict(
            "ohmic drop", drop <= record["overpotential"].si, of=record.of, at=record.at,
            says="the applied potential can drive the flux", printed=record["overpotential"].text,
            recomputed=f"{drop:.3g} V for {shown}", uses=[*uses, record["overpotential"]],
            remedy="flux and potential cannot both be prescribed",
        )  # fmt: skip
    if record.has("diffusivity", "salt_concentration", "domain_length"):
        t = record["transference_number"].si if record.has("transference_number") else 0.0
        if t >= 1 or not record["domain_length"].si:
            return  # a single-ion conductor has no limiting current
        limit = (
            2 * FARADAY * record["diffusivity"].si * record["salt_concentration"].si
            / ((1 - t) * record["domain_length"].si)
        )  # fmt: skip
        yield verdict(
            "limiting current", current <= limit, of=record.of, at=record.at,
            says="the flux is below the limiting current", printed=record["flux"].text,
            recomputed=f"{shown} against a limit of {limit / 10:.3g} mA/cm^2",
            uses=[*uses, record["diffusivity"], record["salt_concentration"]],
        )  # fmt: skip


def _interface(record: Record) -> Check:
    """Width of the profile of f = w phi^2 (1 - phi)^2 + kappa/2 |grad phi|^2, 5 to 95 %:

    phi = (1 + tanh(x/(2 delta)))/2 with delta = sqrt(kappa/(2 w)), so 5.9 delta. The barrier of f
    is w/16 high, and papers call either of the two a height: the narrower reading is judged.
    """
    delta = math.sqrt(record["gradient_energy"].si / (2 * record["barrier_height"].si))
    as_factor = 2 * math.log(19) * delta
    width = as_factor / 4
    domain = record["domain_length"].si
    return verdict(
        "interface width", width <= WIDE * domain, of=record.of, at=record.at,
        says="the diffuse interface is thin in its domain",
        printed=f"{record['gradient_energy'].text}, {record['barrier_height'].text}",
        recomputed=f"{width * 1e6:.3g} µm (5 to 95 %) in {domain * 1e6:.3g} µm; "
        f"{as_factor * 1e6:.3g} µm where the height is the factor of the double well",
        cause="a parameter in scaled units, or an exponent",
        remedy="print the parameters with their scaling, and the domain",
        uses=[record["gradient_energy"], record["barrier_height"], record["domain_length"]],
    )  # fmt: skip
