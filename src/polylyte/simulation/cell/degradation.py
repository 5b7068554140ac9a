"""Ageing of a published cell by PyBaMM's submodels: SEI, plating, loss of active material."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Panel, Series
from polylyte.core.kinds import Capacity, CRate, Ratio, Temperature
from polylyte.core.methods import method, out
from polylyte.core.quantities import from_si, q
from polylyte.core.results import Finding, Result
from polylyte.core.tables import Table
from polylyte.simulation.cell._pybamm import SULZER_2021, pybamm, summary
from polylyte.simulation.cell.reference import parameter_values

SEI = {
    "none": "none",
    "reaction": "reaction limited",
    "solvent": "solvent-diffusion limited",
    "electron": "electron-migration limited",
    "interstitial": "interstitial-diffusion limited",
}
COLUMNS = {
    "capacity": "Capacity [A.h]",
    "lithium_lost": "Loss of lithium inventory [%]",
    "negative_material_lost": "Loss of active material in negative electrode [%]",
    "positive_material_lost": "Loss of active material in positive electrode [%]",
    "to_sei": "Loss of capacity to negative SEI [A.h]",
    "to_plating": "Loss of capacity to negative lithium plating [A.h]",
}
UNITS = {
    "capacity": "Ah",
    "lithium_lost": "%",
    "negative_material_lost": "%",
    "positive_material_lost": "%",
    "to_sei": "Ah",
    "to_plating": "Ah",
}


@dataclass(frozen=True, kw_only=True)
class Degradation(Result):
    """``cycles`` has one row per cycle."""

    first_capacity: Capacity = out("that the electrodes hold in the first cycle")
    last_capacity: Capacity = out("in the last cycle")
    retention: Ratio = out("last over first")
    cycles: Table = out("capacity, and what was lost to what")


def figure(result: Degradation) -> Figure:
    """Capacity over cycles, and what was lost."""
    table = result.cycles
    number = table.column("cycle")
    lost = [
        Series(number, table.column(name), label, "line")
        for name, label in (
            ("lithium_lost", "lithium"),
            ("negative_material_lost", "negative material"),
            ("positive_material_lost", "positive material"),
        )
    ]
    return Figure(
        "degradation",
        [
            Panel(
                [Series(number, table.column("capacity"), style="line+points")],
                "cycle", "capacity", "", "Ah",
            ),
            Panel(lost, "cycle", "lost", "", "%"),
        ],
        "Simulated ageing of a published cell.",
        "Loss of lithium that outruns the loss of material points to the SEI or to plating.",
        "double",
    )  # fmt: skip


@method(
    "cell.degradation",
    version=1,
    cites=[SULZER_2021],
    figure=figure,
    origin="simulated",
    walltime="4 h",
    prose="Ageing of the published parameter set {parameter_set} over {count} cycles was simulated "
    "in PyBaMM {version} [Sulzer2021] with these submodels: SEI {sei}, plating {plating}, loss of "
    "active material {loss}.",
)
def degradation(
    *,
    parameter_set: str = "OKane2022",
    cycles: int = 10,
    discharge_rate: CRate = q("1 C-rate"),
    charge_rate: CRate = q("0.3 C-rate"),
    sei: Literal["none", "reaction", "solvent", "electron", "interstitial"] = "solvent",
    plating: Literal["none", "reversible", "partially reversible", "irreversible"] = "none",
    loss_of_material: Literal["none", "stress-driven"] = "none",
    model: Literal["DFN", "SPMe", "SPM"] = "SPM",
    temperature: Temperature | None = None,
) -> Degradation:
    """Cycles of a published whole cell with PyBaMM's degradation submodels.

    One cycle is a discharge to the lower cut-off and a CC-CV charge to C/20. Valid for cells with
    an intercalation anode whose set has the submodel's parameters; a lithium | polymer card has
    none of these, see ``life.inventory`` for its lithium.

    Parameters:
        parameter_set: as PyBaMM names it; OKane2022 has all of these submodels' parameters
        cycles: how many
        discharge_rate: constant current
        charge_rate: constant current before the constant voltage
        sei: what limits growth of the solid-electrolyte interphase
        plating: lithium plating on the negative electrode
        loss_of_material: loss of active material in both electrodes
        model: Doyle-Fuller-Newman, or a single-particle model
        temperature: of cell and surroundings; default the set's

    Raises:
        InputError: no such set, a set without a submodel's parameters,
            no cycles.
        MachineError: PyBaMM is not installed.

    References:
        Sulzer et al. 2021, doi:10.5334/jors.309
    """
    if cycles < 1 or min(discharge_rate.si, charge_rate.si) <= 0:
        raise InputError("cycles and rates must be above zero")
    library = pybamm()
    values = parameter_values(library, parameter_set, temperature)
    options = {"SEI": SEI[sei], "lithium plating": plating, "calculate discharge energy": "true"}
    if sei != "none":
        options["SEI porosity change"] = "true"
    if loss_of_material != "none":
        options |= {
            "loss of active material": loss_of_material,
            "particle mechanics": "swelling only",
        }
    low, high = (values[f"{end} voltage cut-off [V]"] for end in ("Lower", "Upper"))
    cycle = (
        f"Discharge at {discharge_rate.si:g}C until {low:g} V",
        f"Charge at {charge_rate.si:g}C until {high:g} V",
        f"Hold at {high:g} V until C/20",
    )
    simulation = library.Simulation(
        getattr(library.lithium_ion, model)(options),
        parameter_values=values,
        experiment=library.Experiment([cycle] * cycles),
    )
    try:
        solution = simulation.solve()
    except KeyError as error:
        lacking = str(error).split(" not found")[0].strip('"')
        raise InputError(
            f"the parameter set {parameter_set} lacks {lacking}",
            remedy="take a set with the submodel's parameters, such as OKane2022",
        ) from None
    rows = summary(solution, COLUMNS)
    made = len(rows["capacity"])
    return Degradation(
        first_capacity=from_si(3600 * rows["capacity"][0], "Ah", how="simulated"),
        last_capacity=from_si(3600 * rows["capacity"][-1], "Ah", how="simulated"),
        retention=from_si(rows["capacity"][-1] / rows["capacity"][0], "1", how="simulated"),
        cycles=Table.of({"cycle": list(range(1, made + 1)), **rows}, UNITS),
        findings=(Finding(f"parameters as collected in PyBaMM {library.__version__}"),),
        warnings=() if made == cycles else (f"ended after {made} of {cycles} cycles",),
        text={
            "parameter_set": parameter_set,
            "count": str(made),
            "version": library.__version__,
            "sei": SEI[sei],
            "plating": plating,
            "loss": loss_of_material,
        },
    )
