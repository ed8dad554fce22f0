"""Columns of one value, which take no memory: views that repeat a single number."""

from __future__ import annotations

from typing import Any

import numpy as np


def constant(value: float, count: int, dtype: Any = np.float64) -> Any:
    """A read-only array of so many times the same value."""
    return np.broadcast_to(np.asarray(value, dtype=dtype), count)


def is_constant(column: Any) -> bool:
    """Whether a column came from :func:`constant`."""
    return bool(column.strides[0] == 0)


def taken(values: Any, codes: Any) -> Any:
    """``values[codes]``; a constant where the codes are one."""
    if is_constant(codes) and len(codes):
        return constant(values[codes[0]], len(codes), values.dtype)
    return values[codes]


def read_only(column: Any) -> Any:
    """A view for compiled code: of one type whoever made the column, and short if it is constant.

    Numba compiles a function again for arrays that may be written to and for those that may not.
    """
    view = column[:1].copy() if is_constant(column) else column.view()
    view.flags.writeable = False
    return view
