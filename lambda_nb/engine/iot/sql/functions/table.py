"""All functions by name, in small letters."""

from __future__ import annotations

from typing import Final

from .data import DATA
from .function import Function
from .hashes import HASHES
from .numbers import NUMBERS
from .of_message import OF_MESSAGE
from .outside import OUTSIDE
from .patterns import PATTERNS
from .texts import TEXTS
from .times import TIMES

FUNCTIONS: Final[dict[str, Function]] = {
    **DATA, **HASHES, **NUMBERS, **OF_MESSAGE, **OUTSIDE, **PATTERNS, **TEXTS, **TIMES,
}  # fmt: skip
"""Every function but ``cast`` and ``get_or_default``, which the compiler makes itself."""

REFUSED: Final = {
    "machinelearning_predict": (
        "machinelearning_predict is not supported here: there are no models of SageMaker AI."
    ),
}
"""Functions of AWS that cannot work here, with why."""
