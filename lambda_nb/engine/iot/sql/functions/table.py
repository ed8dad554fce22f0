"""All functions by name, in small letters."""

from __future__ import annotations

from typing import Final

from lambda_nb.engine.iot.sql.functions.data import DATA
from lambda_nb.engine.iot.sql.functions.function import Function
from lambda_nb.engine.iot.sql.functions.hashes import HASHES
from lambda_nb.engine.iot.sql.functions.numbers import NUMBERS
from lambda_nb.engine.iot.sql.functions.of_message import OF_MESSAGE
from lambda_nb.engine.iot.sql.functions.outside import OUTSIDE
from lambda_nb.engine.iot.sql.functions.patterns import PATTERNS
from lambda_nb.engine.iot.sql.functions.texts import TEXTS
from lambda_nb.engine.iot.sql.functions.times import TIMES

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
