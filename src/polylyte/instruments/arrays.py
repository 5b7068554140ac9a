"""Arrays of a measurement as its class keeps them: copied, of one length, read-only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from polylyte.core.errors import InputError
from polylyte.core.tables import Table


def frozen(values: ArrayLike, dtype: type = float) -> NDArray[Any]:
    """A read-only one-dimensional copy.

    Raises:
        InputError: not numbers, or more than one dimension.
    """
    try:
        array: NDArray[Any] = np.array(values, dtype=float if dtype is int else dtype)
    except (TypeError, ValueError) as error:
        raise InputError("not an array of numbers", remedy="give a list of numbers") from error
    if array.ndim != 1:
        raise InputError(f"an array of {array.ndim} dimensions", remedy="give one dimension")
    if dtype is int:
        if not (abs(array) < 2**53).all():
            raise InputError("numbers of steps or cycles that are no whole numbers")
        array = array.astype(np.int64)
    array.setflags(write=False)
    return array


def same_length(arrays: Mapping[str, NDArray[Any]]) -> None:
    """Check that all have one length, at least one value, and finite numbers.

    Raises:
        InputError: they have not.
    """
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        words = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise InputError(f"arrays of different lengths: {words}", remedy="give one value per point")
    if not all(lengths.values()):
        raise InputError("no data points", remedy="give at least one")
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise InputError(f"'{name}' holds values that are not finite", remedy="leave them out")


def numbers(table: Table, name: str) -> NDArray[np.float64] | None:
    """A numeric column as floats, NaN where it is null; None where there is none such."""
    if name not in table.frame.columns:
        return None
    column = table.frame[name]
    if not column.dtype.is_numeric():
        return None
    # Most columns are what they should be: no copy of those.
    wanted = column if column.dtype.is_float() else column.cast(float)
    return np.asarray(wanted.to_numpy(), dtype=float)
