"""Formulas: elements, molar mass, and functional groups of a SMILES."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from polylyte.core.citations import Citation
from polylyte.core.errors import InputError, MachineError

ATOMIC_WEIGHTS = Citation(
    "Meija2016",
    "Meija, J.; Coplen, T. B.; Berglund, M.; Brand, W. A.; De Bièvre, P.; Gröning, M.; "
    "Holden, N. E.; Irrgeher, J.; Loss, R. D.; Walczyk, T.; Prohaska, T.",
    "Atomic weights of the elements 2013 (IUPAC Technical Report)",
    "Pure and Applied Chemistry",
    2016,
    "88",
    "265–291",
    "10.1515/pac-2015-0305",
)

CARBONYL = "[#6X3]=[OX1]"
ETHER_OXYGEN = "[OX2]([#6;!$([#6X3]=[OX1])])[#6;!$([#6X3]=[OX1])]"
"""SMARTS. An ether oxygen joins two carbons of which neither carries a C=O."""

_TOKEN = re.compile(r"([A-Z][a-z]?)(\d*\.?\d*)|(\()|(\))(\d*\.?\d*)")


@cache
def elements(formula: str) -> Mapping[str, float]:
    """Atoms of each element: ``LiNi0.8Co0.1Mn0.1O2`` and ``Ca10(PO4)6(OH)2`` are read.

    Raises:
        InputError: not a formula, or an unknown element.
    """
    stack: list[dict[str, float]] = [{}]
    place = 0
    for token in _TOKEN.finditer(formula):
        if token.start() != place:
            break
        place = token.end()
        symbol, count, opening, closing, times = token.groups()
        if symbol:
            stack[-1][symbol] = stack[-1].get(symbol, 0.0) + float(count or 1)
        elif opening:
            stack.append({})
        elif closing and len(stack) > 1:
            for name, number in stack.pop().items():
                stack[-1][name] = stack[-1].get(name, 0.0) + number * float(times or 1)
        else:
            raise _not_a_formula(formula)
    if place != len(formula) or len(stack) != 1 or not formula:
        raise _not_a_formula(formula)
    for symbol in stack[0]:
        _weight(symbol, formula)
    return stack[0]


def molar_mass(formula: str) -> float:
    """Molar mass in kg/mol, from the standard atomic weights.

    >>> round(molar_mass("C6H7F3O2"), 6)
    0.168114
    """
    return sum(n * _weight(symbol, formula) for symbol, n in elements(formula).items()) / 1000


@cache
def _weight(symbol: str, formula: str) -> float:
    from molmass import ELEMENTS

    try:
        return float(ELEMENTS[symbol].mass)
    except KeyError:
        raise InputError(f"'{symbol}' in '{formula}' is not an element") from None


def _not_a_formula(formula: str) -> InputError:
    return InputError(f"'{formula}' is not a formula", remedy="write it as in 'C6H7F3O2'")


class Groups(NamedTuple):
    """What a molecule offers to lithium, and its formula in Hill order."""

    formula: str
    carbonyl: int
    ether_oxygen: int


def read_smiles(smiles: str) -> Groups:
    """Formula and functional groups of a SMILES.

    Raises:
        InputError: not a SMILES.
        MachineError: rdkit is not installed.
    """
    try:
        from rdkit import Chem, rdBase
        from rdkit.Chem.rdMolDescriptors import CalcMolFormula
    except ImportError:
        raise MachineError(
            "a SMILES needs rdkit, which is not installed",
            remedy="pip install 'polylyte[chem]', or give the formula",
        ) from None
    with rdBase.BlockLogs():  # the error says what rdkit would write to stderr
        molecule = Chem.MolFromSmiles(smiles)
    if not smiles or molecule is None:
        raise InputError(f"'{smiles}' is not a SMILES")
    counts = (
        len(molecule.GetSubstructMatches(Chem.MolFromSmarts(pattern)))
        for pattern in (CARBONYL, ETHER_OXYGEN)
    )
    return Groups(re.sub(r"[+-]\d*$", "", CalcMolFormula(molecule)), *counts)
