"""A study after its run, made by hand: two toy methods, one step of each fate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import pytest

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError
from polylyte.core.figures import Figure, Mark, Panel, Series
from polylyte.core.kinds import Area, Conductivity, Length, MolarEnergy, Temperature, Voltage
from polylyte.core.methods import Method, describe, method, out
from polylyte.core.quantities import Quantity, q
from polylyte.core.results import Finding, Result, Verdict
from polylyte.core.runs import Comparison, Expected, Run, StepOutcome, Stored
from polylyte.core.tables import Table

# Citations of the textbook kind; the report prints them, nothing here depends on what they say.
EVANS = Citation(
    "Evans1987",
    "Evans, J.; Vincent, C. A.; Bruce, P. G.",
    "Electrochemical measurement of transference numbers in polymer electrolytes",
    "Polymer",
    1987,
    "28",
    "2324–2328",
    "10.1016/0032-3861(87)90394-6",
)
OKABE = Citation("Wong2011", "Wong, B.", "Points of view: Color blindness", "Nature Methods", 2011,
                 "8", "441", "10.1038/nmeth.1618")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ToyConductivity(Result):
    activation_energy: MolarEnergy = out("activation energy of conduction")
    conductivity: Table = out("conductivity over temperature")
    extra: Table | None = out("only some runs have it", default=None)


def arrhenius(result: ToyConductivity) -> list[Figure]:
    table = result.conductivity
    x = [1000 / t for t in table.column("temperature")]
    y, std = table.column("conductivity"), table.std("conductivity")
    band = [v * 0.9 for v in y], [v * 1.1 for v in y]
    line = Series(x, y, "Arrhenius", "line", color=0, band=band)
    points = Series(x, y, "SL2", y_error=std, color=0)
    real = [10 + 80 / (1 + (10 ** (k / 8 - 3)) ** 2) for k in range(60)]
    imag = [80 * 10 ** (k / 8 - 3) / (1 + (10 ** (k / 8 - 3)) ** 2) for k in range(60)]
    return [
        Figure(
            "arrhenius",
            [Panel([points, line], "Inverse temperature", "Conductivity", "1000/K", "mS/cm",
                   y_scale="log", marks=[Mark(3.2, "melting")])],
            "Conductivity of SL2 against inverse temperature, with the Arrhenius line.",
            "A straight line means one activation energy; a curve means a polymer above its glass "
            "transition (VTF); a jump means that something melted or the contact was lost.",
        ),
        Figure(
            "spectra",
            [
                Panel([Series(real, imag, "25 °C"), Series(real, imag, "fit", "line", color=0)],
                      "Z′", "−Z″", "ohm", "ohm", equal=True, title="Nyquist"),
                Panel([Series([0, 1, 2], [3, 2, 4], "R", "bars", y_error=[0.1, 0.2, 0.3],
                              names=["bulk", "<i>SEI</i>", "contact"])],
                      "", "Resistance", "", "ohm"),
            ],
            "Impedance of the blocking cell.", "Residuals below 1 % without a trend are good.",
            width="double",
        ),
    ]  # fmt: skip


@method(
    "toy.conductivity", version=2, cites=[EVANS, OKABE], figure=arrhenius,
    prose="Spectra were taken with {bias} on a film of {thickness} [Evans1987] and fitted with "
    "{circuit}; the activation energy is {activation_energy}, the pre-factor {prefactor}.",
)  # fmt: skip
def toy_conductivity(
    *, thickness: Length, area: Area = q("2.01(3) cm^2"), bias: Voltage = q("10 mV"),
    prefactor: Conductivity | None = None, temperature: Temperature = q("25 degC"),
) -> ToyConductivity:  # fmt: skip
    """Conductivity of a film from its resistance.

    Parameters:
        thickness: of the film
    """
    return ToyConductivity(activation_energy=q("1 kJ/mol"), conductivity=Table.of({}),
                           text={"circuit": "R–CPE"})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ToyEnergy(Result):
    binding_energy: MolarEnergy = out("binding energy")


@method(
    "toy.energy", version=1, cites=[OKABE], origin="simulated",
    prose="The binding energy of Li⁺, {binding_energy}, is 5 % of $100 & more.",
)  # fmt: skip
def toy_energy(*, energy: MolarEnergy = q("1 kJ/mol")) -> ToyEnergy:
    """Binding energy from a simulation."""
    return ToyEnergy(binding_energy=energy)


METHODS = {"toy.conductivity": describe(toy_conductivity), "toy.energy": describe(toy_energy)}


def lookup(id: str) -> Method:
    if id not in METHODS:
        raise InputError(f"there is no method '{id}'")
    return METHODS[id]


@dataclass(frozen=True)
class Film:
    name: str
    thickness: Quantity
    layers: tuple[dict[str, object], ...]
    note: str = ""

    def to_key(self) -> dict[str, str]:
        return {"thickness": "6E-5"}


SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def conductivity_result(origin: str = "") -> Stored:
    temperatures = [298.15 + 10 * k for k in range(6)]
    values = [
        Quantity(1.03 * math.exp(-4000 * (1 / t - 1 / 298.15)), "mS/cm",
                 {"cell.blocking.area": 0.015, "cell.blocking.thickness": 0.03, "fit[*]": 0.02})
        for t in temperatures
    ]  # fmt: skip
    table = Table.of_quantities(
        {"temperature": temperatures, "phase": ["solid"] * 6}, {"conductivity": values},
        {"temperature": "K"},
    )  # fmt: skip
    parts = {"cell.blocking.area": 0.015, "cell.blocking.thickness": 0.0343, "sigma: fit": 0.018}
    at25 = Quantity(1.0312, "mS/cm", parts, "measured", {"temperature": "25 degC", "n": "3"})
    return Stored(
        key="k" * 64,
        digest="d" * 64,
        method="toy.conductivity",
        version=2,
        quantities={
            "activation_energy": Quantity(33.26, "kJ/mol", {"sigma: fit": 0.42}, "derived"),
            "conductivity@25degC": at25,
            "offset": Quantity(-2.5e-7, "V", {"noise": 4e-8}, interval=(-3.4e-7, -1.9e-7)),
            "conductivity@90degC": Quantity(None, "mS/cm", flags=("outside range",)),
        },
        tables={"conductivity": table},
        files={},
        verdicts=(
            Verdict("Kramers–Kronig", True, "residuals below 0.5 % over the whole range"),
            Verdict("one regime", False, "the slope changes at 40 °C"),
            Verdict("replicates", None, "one sample only"),
        ),
        findings=(
            Finding(
                "3 points above 1 MHz are inductive", "warning", "SL2_25C.DTA", "shorten the leads"
            ),
            Finding("the header names no operator", "note"),
        ),
        warnings=("the spectrum stops before the blocking tail",),
        text={"circuit": "R–CPE"},
        provenance={
            "method": "toy.conductivity",
            "version": 2,
            "code": "c0de" * 16,
            "origin": origin,
            "parameters": {"thickness": "60(2) um", "cell": "blocking"},
            "defaults": {"bias": "10 mV", "area": "2.01(3) cm^2"},
            "inputs": [
                {"name": "spectra", "file": f"SL2_{t}C.DTA", "path": f"/somewhere/raw/SL2_{t}C.DTA",
                 "sha256": SHA, "size": 41234, "format": "Gamry DTA", "instrument": "1010E",
                 "rows_read": 61, "rows_dropped": 2 if t == 25 else 0,
                 "findings": ["2 rows repeat a frequency"] if t == 25 else []}
                for t in (25, 35)
            ],
            "upstream": [],
            "packages": {"numpy": "2.0.1"},
            "python": "3.11.7",
        },
    )  # fmt: skip


def energy_result() -> Stored:
    return Stored(
        key="e" * 64, digest="f" * 64, method="toy.energy", version=1,
        quantities={"binding_energy": Quantity(-212.0, "kJ/mol", {"basis set": 6.0}, "simulated")},
        tables={}, files={},
        provenance={"method": "toy.energy", "version": 1, "origin": "simulated",
                    "parameters": {"energy": "-212 kJ/mol"},
                    "upstream": [{"name": "film", "step": "sigma", "key": "k", "digest": "d" * 64,
                                  "part": "quantities: activation_energy"}]},
    )  # fmt: skip


def expected(name: str, text: str, resolution: float, qualifier: str = "=") -> Expected:
    return Expected(name, q(text), resolution, qualifier, "Table S3")


def make_run(**changes: object) -> Run:
    sigma, virtual, energy = conductivity_result(), conductivity_result("virtual"), energy_result()
    run = {
        "title": "12.6 µm PLM electrolyte",
        "path": Path("studies/plm/study.toml"),
        "description": "Conductivity, binding and energy of a thin polymer electrolyte.",
        "authors": ("A. Author", "B. Author"),
        "steps": [
            StepOutcome("sigma", "toy.conductivity", "done", sigma, seconds=1.24),
            StepOutcome("sigma_virtual", "toy.conductivity", "cached", virtual),
            StepOutcome("binding", "toy.energy", "done", energy, seconds=3720),
            StepOutcome("<script>alert(1)</script>", "toy.energy", "refused",
                        reason="[step.x]: the transient is too short; record at least 2 h"),
            StepOutcome("life", "toy.gone", "failed", reason="internal error: ZeroDivisionError"),
            StepOutcome("stack", "toy.energy", "skipped", reason="needs step 'life'"),
        ],
        "comparisons": [
            Comparison(expected("sigma.conductivity@25degC", "1.03 mS/cm", 0.01, "~"),
                       sigma.quantities["conductivity@25degC"], "agrees", 0.03),
            Comparison(expected("sigma.activation_energy", "30.1 kJ/mol", 0.1),
                       sigma.quantities["activation_energy"], "differs", 7.5),
            Comparison(expected("sigma_virtual.conductivity@25degC", "1.03 mS/cm", 0.01),
                       virtual.quantities["conductivity@25degC"], "recovered", 0.03),
            Comparison(expected("binding.binding_energy", "-210 kJ/mol", 1),
                       energy.quantities["binding_energy"], "simulated", -0.3),
            Comparison(expected("life.cycles", "350", 1), None, "missing", None),
        ],
        "errata": ("B-E07", "B-E04", "B-E99"),
        "sections": {
            "cell": {"blocking": Film("blocking", q("60(2) um"),
                                      ({"material": "SS", "thickness": q("0.5 mm")},
                                       {"material": "SL2 <b>", "thickness": q("60(2) um")}))},
            "recipe": {"SL2": {"LiTFSI": "4.5 mmol", "sulfolane": "9 mmol",
                               "cure": [{"at": "60 degC", "for": "30 min"}]}},
        },
        "started": "2025-01-02T03:04:05+00:00",
        "seconds": 12.3,
        "command": "polylyte run studies/plm/study.toml",
        "environment": {"polylyte": "0.1.0", "python": "3.11.7"},
    }  # fmt: skip
    return Run(**{**run, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="session", name="whole_run")
def _whole_run():
    return make_run()


@pytest.fixture(scope="session", name="toy_lookup")
def _toy_lookup():
    return lookup


@pytest.fixture
def run(whole_run) -> Run:
    return whole_run


@pytest.fixture(name="lookup")
def _lookup():
    return lookup


@pytest.fixture(name="make_run")
def _make_run():
    return make_run
