"""Every function of the parameter library: its reference, its range, and the source's formula."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import exp, sqrt
from typing import Any

import numpy as np
import pytest

from polylyte.simulation.cell import library
from polylyte.simulation.cell.forms import evaluate

T = 298.15
FUNCTIONS = ("conductivity", "diffusivity", "transference_number", "thermodynamic_factor", "ocp")
ENTRIES = [(kind, name) for kind in library.KINDS for name in library.library()[kind]]


def electrolyte(name: str) -> Mapping[str, Any]:
    entry: Mapping[str, Any] = library.library()["electrolyte"][name]
    return entry


def inside(entry: Mapping[str, Any]) -> Any:
    low, high = entry["range"]
    return np.linspace(low, high, 301)


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_every_function_has_a_reference_and_a_range(kind: str, name: str) -> None:
    entry = library.library()[kind][name]
    functions = {key for key in FUNCTIONS if isinstance(entry.get(key), Mapping)}
    assert functions <= set(entry["references"])
    assert set(entry["references"].values()) <= set(library.library()["reference"])
    assert set(entry["references"]) <= set(entry), "a reference of something that is not there"
    low, high = entry["range"]
    assert low < high
    assert entry["grade"] in ("published", "program", "assumed")


def test_every_doi_is_one() -> None:
    for key, entry in library.library()["reference"].items():
        assert re.fullmatch(r"10\.\d{4,}/\S+", entry.get("doi", "10.1000/x")), key


@pytest.mark.parametrize("name", library.library()["electrolyte"])
def test_electrolytes_are_physical_inside_their_range(name: str) -> None:
    entry = electrolyte(name)
    c = inside(entry)
    assert np.all(evaluate(entry["conductivity"], c) > 0)
    assert np.all(evaluate(entry["diffusivity"], c) > 0)
    t = evaluate(entry["transference_number"], c)
    assert np.all((t > 0) & (t < 1))
    if "thermodynamic_factor" in entry:
        assert np.all(evaluate(entry["thermodynamic_factor"], c) > 0)


@pytest.mark.parametrize("name", library.library()["electrode"])
def test_potentials_only_fall(name: str) -> None:
    entry = library.library()["electrode"][name]
    u = evaluate(entry["ocp"], inside(entry))
    assert np.all(np.diff(u) < 0)
    assert u[0] > entry["upper_cutoff"]
    assert u[-1] < entry["upper_cutoff"]


# Landesfeind & Gasteiger 2019, doi:10.1149/2.0571912jes: the functions of c (mol/L) and T, with the
# coefficients of EC:EMC 3:7 and EMC:FEC 19:1.
LANDESFEIND = {
    "LiPF6-EC-EMC-Landesfeind": (
        (5.21e-1, 2.28e2, -1.06, 3.53e-1, -3.59e-3, 1.48e-3),
        (1.01e3, 1.01, -1.56e3, -4.87e2),
        (-1.28e1, -6.12, 8.21e-2, 9.04e-1, 3.18e-2, -1.27e-4, 1.75e-2, -3.12e-3, -3.96e-5),
        (2.57e1, -4.51e1, -1.77e-1, 1.94, 2.95e-1, 3.08e-4, 2.59e-1, -9.46e-3, -4.54e-4),
    ),
    "LiPF6-EMC-FEC": (
        (2.51e-2, 1.75e2, 1.23, 2.05e-1, -8.81e-2, 2.83e-3),
        (5.86e2, 1.33, -1.38e3, -5.82e2),
        (-1.22e1, -3.05, 8.38e-2, 1.78, 1.51e-3, -1.37e-4, -2.45e-2, -5.15e-3, 2.14e-5),
        (3.22, -1.01e1, -1.58e-2, 6.12, 2.96e-2, 2.42e-5, -2.22e-1, -1.57e-2, 6.30e-6),
    ),
}


def landesfeind_conductivity(p: tuple[float, ...], c: float) -> float:
    upper = 1 + p[2] * sqrt(c) + p[3] * (1 + p[4] * exp(1000 / T)) * c
    return 0.1 * p[0] * (1 + T - p[1]) * c * upper / (1 + c**4 * p[5] * exp(1000 / T))


def landesfeind_cubic(p: tuple[float, ...], c: float) -> float:
    terms = (1, c, T, c * c, c * T, T * T, c**3, c * c * T, c * T * T)
    return sum(a * b for a, b in zip(p, terms, strict=True))


@pytest.mark.parametrize("name", LANDESFEIND)
@pytest.mark.parametrize("c", [0.1, 0.5, 1.0, 1.5])
def test_landesfeind(name: str, c: float) -> None:
    kappa, D, t, factor = LANDESFEIND[name]
    entry = electrolyte(name)

    def ours(what: str) -> float:
        return float(evaluate(entry[what], 1000 * c))

    assert ours("conductivity") == pytest.approx(landesfeind_conductivity(kappa, c), rel=1e-6)
    expected = 1e-10 * D[0] * exp(D[1] * c) * exp(D[2] / T) * exp(D[3] * c / T)
    assert ours("diffusivity") == pytest.approx(expected, rel=1e-6)
    assert ours("transference_number") == pytest.approx(landesfeind_cubic(t, c), rel=1e-6)
    assert ours("thermodynamic_factor") == pytest.approx(landesfeind_cubic(factor, c), rel=1e-6)


@pytest.mark.parametrize("c", [0.05, 0.5, 1.0, 2.0, 3.0])
def test_valoen_reimers(c: float) -> None:
    """Equations 14, 17 and the thermodynamic factor of doi:10.1149/1.1872737."""
    entry = electrolyte("LiPF6-PC-EC-DMC")
    a = -10.5 + 0.0740 * T - 6.96e-5 * T**2
    b = 0.668 - 0.0178 * T + 2.80e-5 * T**2
    kappa = 0.1 * c * (a + b * c + (0.494 - 8.86e-4 * T) * c**2) ** 2
    D = 1e-4 * 10 ** (-4.43 - 54 / (T - 229 - 5 * c) - 0.22 * c)
    factor = (0.601 - 0.24 * sqrt(c) + 0.982 * (1 - 0.0052 * (T - 294)) * c**1.5) / (1 - 0.38)
    assert float(evaluate(entry["conductivity"], 1000 * c)) == pytest.approx(kappa, rel=1e-6)
    assert float(evaluate(entry["diffusivity"], 1000 * c)) == pytest.approx(D, rel=1e-5)
    assert float(evaluate(entry["thermodynamic_factor"], 1000 * c)) == pytest.approx(
        factor, rel=1e-6
    )


def test_the_polymers_are_those_of_the_design() -> None:
    """cell.md, "Polymer functions"; t+ of Edman et al.: 0.17 at 742, 0.60 at 2982 mol/m^3."""
    entry = electrolyte("LiTFSI-PEO")
    t = evaluate(entry["transference_number"], np.array([742.0, 2982.0]))
    assert t == pytest.approx([0.17, 0.60], abs=0.01)
    c = 1000.0
    in_siemens_per_centimetre = 6.53e-14 * c**3 - 5.73e-10 * c**2 + 1.2e-6 * c + 4.25e-5
    found = float(evaluate(entry["conductivity"], c))
    assert found == pytest.approx(100 * in_siemens_per_centimetre, rel=1e-12)
    pemo = electrolyte("LiTFSI-PEMO")
    assert float(evaluate(pemo["conductivity"], c)) == pytest.approx(exp(-1.6 + 3.5 - 5.9))
    assert float(evaluate(pemo["diffusivity"], c)) == pytest.approx(5.7e-13)


def test_nmc622_is_kremers_curve_within_six_millivolts() -> None:
    """Points of the curve of Kremer et al. 2020, doi:10.1002/ente.201900167."""
    x = np.array([0.3, 0.427273, 0.554545, 0.681818, 0.809091, 0.985859])
    u = np.array([4.476199, 4.153565, 3.920148, 3.768195, 3.690505, 3.496100])
    found = evaluate(library.library()["electrode"]["NMC622"]["ocp"], x)
    assert abs(found - u).max() < 6e-3


def test_rows_say_it_in_words() -> None:
    rows = list(library.rows())
    shown = next(r for r in rows if (r["material"], r["quantity"]) == ("LiTFSI-PEO", "diffusivity"))
    assert shown["holds"] == "250 to 3000 mol/m^3"
    assert shown["temperature"] == "85 degC"
    assert "Dualfoil" in shown["reference"]
    assert {r["material"] for r in rows} == {name for _, name in ENTRIES}
