"""What a cycle life needs to know, as given or from a cell card."""

from __future__ import annotations

from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.quantities import Quantity
from polylyte.design import energy
from polylyte.design.layers import ONE
from polylyte.design.targets import bare
from polylyte.materials.cells import Cell


def fraction(value: Quantity, name: str, *, above_zero: bool = False) -> Quantity:
    """A fraction from 0 to 1.

    Raises:
        InputError: it is not.
    """
    shown = value.to("1")
    low = shown.value is None or shown.value < 0 or (above_zero and shown.value == 0)
    if low or (shown.value or 0) > 1:
        raise InputError(
            f"a fraction of {value} is not possible", where=name, remedy="give 0 to 1, or a '%'"
        )
    return shown


def efficiency(value: Quantity) -> Quantity:
    """An efficiency above 0 and below 1.

    Raises:
        InputError: 0 or less, or a percentage without its sign.
        NotAnswerable: 1 or more.
    """
    shown = value.to("1")
    if shown.value is None or shown.value <= 0:
        raise InputError(
            f"an efficiency of {value} is not possible",
            where="coulombic_efficiency",
            remedy="write it as '99.39 %' or 0.9939",
        )
    if shown.value > 1.5:
        raise InputError(
            f"an efficiency of {value} is not a fraction",
            where="coulombic_efficiency",
            remedy="write it as '99.39 %' or 0.9939",
        )
    if shown.value >= 1:
        raise NotAnswerable(
            f"with an efficiency of {value} no lithium is lost, and the cell never ends",
            where="coulombic_efficiency",
            remedy="measure what is lost: an efficiency of 1 is below the error of the method",
        )
    return shown


def chosen(cell: Cell | None, variant: str) -> Cell | None:
    """The card, or one of its variants.

    Raises:
        InputError: no such variant.
    """
    if not variant:
        return cell
    if cell is None or variant not in cell.variants:
        raise InputError(f"there is no variant '{variant}'", where=cell.where if cell else "cell")
    return cell.variants[variant]


def excess(given: Quantity | None, cell: Cell | None) -> Quantity:
    """N/P as given, else that of the card.

    Raises:
        InputError: neither is known.
    """
    if given is not None:
        shown = given.to("1")
        if shown.value is None or shown.value < 0:
            raise InputError(f"N/P of {given} is not possible", where="np_ratio")
        return shown
    if cell is None:
        raise InputError("N/P is not known", where="np_ratio", remedy="give it, or a cell card")
    found: Quantity = energy.energies(bare(cell))["np_ratio"]
    if found.value is None:
        raise InputError(
            f"N/P is not known: {', '.join(found.flags)}",
            where=cell.where,
            remedy="give np_ratio, an anode, or anode_free = true",
        )
    return found


def dry(
    cell: Cell | None,
    given: Quantity | None,
    per_lithium: Quantity | None,
    needed: Quantity,
) -> Quantity | None:
    """Lithium that may be lost, over Q, before the electrolyte is used up; None if not asked."""
    if per_lithium is None:
        return None
    if given is None and cell is not None:
        given = energy.energies(bare(cell))["ec_ratio_liquid"]
    if given is None or not given.value:
        raise InputError(
            "the amount of electrolyte is not known",
            where="electrolyte_to_capacity",
            remedy="give it, or a cell card with a liquid",
        )
    rest = ONE - fraction(needed, "electrolyte_needed")
    if not per_lithium.value or per_lithium.value < 0:
        raise InputError(
            f"{per_lithium} is not possible", where="electrolyte_per_lithium",
            remedy="it must be above 0",
        )  # fmt: skip
    return (given.to("g/Ah") / per_lithium.to("g/Ah")).to("1") * rest
