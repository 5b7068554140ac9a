"""Li | electrolyte | Li against closed forms. Tolerances were set before the first comparison."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
import pytest

from polylyte.simulation.cell import model as models
from polylyte.simulation.cell.transport import FARADAY, GAS_CONSTANT, closure

KELVIN = 333.15
LENGTH, KAPPA, SALT = 50e-6, 0.05, 1000.0


def symmetric(card: Any, transference: float, cells: int = 100) -> models.Model:
    cell = card(
        cathode=None,
        stack=["Li", "film", "Li"],
        electrolyte={
            "thickness": "50 um", "conductivity": "0.5 mS/cm",
            "transference_number": transference,
        },
    )  # fmt: skip
    return models.model_of(cell, temperature=KELVIN, cathode=None, cells=cells)


def test_diffusivity_follows_from_conductivity_and_transference() -> None:
    # D = 2 t+ (1 - t+) kappa R T/(F^2 c)
    D = closure(0.4, KAPPA, KELVIN, SALT)
    assert pytest.approx(2 * 0.4 * 0.6 * KAPPA * 8.314462618 * KELVIN / FARADAY**2 / SALT) == D


@pytest.mark.parametrize("transference", [0.2, 0.5, 0.8])
def test_limiting_current_is_that_of_a_line_from_twice_the_salt_to_none(
    card: Any, transference: float
) -> None:
    model = symmetric(card, transference)
    D = closure(transference, KAPPA, KELVIN, SALT)
    expected = 2 * FARADAY * D * SALT / (LENGTH * (1 - transference))
    limit = models.limiting_current(model)
    assert limit == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("share", [0.2, 0.6, 0.9])
def test_the_steady_profile_is_a_line(card: Any, share: float) -> None:
    model = symmetric(card, 0.4)
    limit = models.limiting_current(model)
    assert limit is not None
    D = closure(0.4, KAPPA, KELVIN, SALT)
    outcome = models.run(model, current=share * limit, duration=20 * LENGTH**2 / D, profiles=True)
    assert outcome.event == "end of protocol"
    # The lithium that dissolves (left) has more salt.
    line = SALT * (1 + share * (1 - 2 * outcome.x / LENGTH))
    assert outcome.profiles[-1, 0] == pytest.approx(line, rel=1e-4)


def test_sand_time(card: Any) -> None:
    """tau = pi D (c0 F / (2 (1 - t+) J))^2; reached before the other electrode is felt."""
    model = symmetric(card, 0.4, cells=400)
    limit = models.limiting_current(model)
    assert limit is not None
    current = 6 * limit
    D = closure(0.4, KAPPA, KELVIN, SALT)
    sand = pi * D * (FARADAY * SALT / (2 * 0.6 * current)) ** 2
    outcome = models.run(model, current=current, duration=2 * sand, lower=-1.0)
    assert outcome.event == "cut-off voltage"
    assert outcome.series[-1, 0] == pytest.approx(sand, rel=0.02)
    assert outcome.salt_error < 1e-6


def test_a_single_ion_conductor_is_a_resistor(card: Any) -> None:
    model = symmetric(card, 1.0)
    current = 10.0
    outcome = models.run(model, current=current, duration=1e4, profiles=True)
    kinetic = 2 * 2 * GAS_CONSTANT * KELVIN / FARADAY * np.arcsinh(current / 20.0)
    voltage = -(current * LENGTH / KAPPA + kinetic)
    assert outcome.series[:, 1] == pytest.approx(voltage, rel=1e-9)
    assert models.limiting_current(model) is None


def test_the_first_moment_is_ohmic(card: Any) -> None:
    """Before salt moves, the cell is kappa and two charge transfers, whatever t+."""
    # Half a cell of salt lies between the boundary and the first centre: it must be thin.
    model = symmetric(card, 0.3, cells=400)
    outcome = models.run(model, current=5.0, duration=1e-4)
    kinetic = 2 * 2 * GAS_CONSTANT * KELVIN / FARADAY * np.arcsinh(5.0 / 20.0)
    assert outcome.series[0, 1] == pytest.approx(-(5.0 * LENGTH / KAPPA + kinetic), rel=2e-3)


def test_the_steady_voltage_over_the_first_is_bruce_vincents(card: Any) -> None:
    """At small current the salt's part of the steady resistance is (1 - t+)/t+ of the ohmic one.

    For D = 2 t+ (1 - t+) kappa RT/(F^2 c): 2 RT/F (1 - t+) dc/c = i L/kappa (1 - t+)/t+.
    """
    t = 0.25
    model = symmetric(card, t)
    D = closure(t, KAPPA, KELVIN, SALT)
    outcome = models.run(model, current=0.01, duration=20 * LENGTH**2 / D)
    kinetic = 2 * 2 * GAS_CONSTANT * KELVIN / FARADAY * np.arcsinh(0.01 / 20.0)
    steady = -outcome.series[-1, 1] - kinetic
    assert steady == pytest.approx(0.01 * LENGTH / KAPPA / t, rel=1e-3)
