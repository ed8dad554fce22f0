"""Constant columns, which take no memory: views that repeat a single number."""

from __future__ import annotations

from typing import Any

import numpy as np


def constant(value: float, count: int, dtype: Any = np.float64) -> Any:
    """A read-only array that repeats one value ``count`` times."""
    return np.broadcast_to(np.asarray(value, dtype=dtype), count)


def is_constant(column: Any) -> bool:
    """Whether a column came from :func:`constant`."""
    return bool(column.strides[0] == 0)


def taken(values: Any, codes: Any) -> Any:
    """``values[codes]``; constant if ``codes`` is constant."""
    if is_constant(codes) and len(codes):
        return constant(values[codes[0]], len(codes), values.dtype)
    return values[codes]


def read_only(column: Any) -> Any:
    """A read-only view for compiled code; it has one element if the column is constant.

    All are read-only, because numba compiles separately for writable and read-only arrays.
    """
    view = column[:1].copy() if is_constant(column) else column.view()
    view.flags.writeable = False
    return view
