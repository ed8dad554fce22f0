"""``Fn::FindInMap``: a value in the template's ``Mappings``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import validation_error


def mapped(mappings: Mapping[str, Any], name: str, key: str, attribute: str) -> Any:
    """The value of an attribute under a key of a mapping.

    Raises
    ------
    AWSError
        ``ValidationError``: it is not there.

    Examples
    --------
    >>> mapped({"Sizes": {"small": {"MB": 128}}}, "Sizes", "small", "MB")
    128
    """
    if name not in mappings:
        raise validation_error(
            f"Template error: Mapping named '{name}' is not present in the 'Mappings' section of "
            "template."
        )
    try:
        return mappings[name][key][attribute]
    except KeyError:
        raise validation_error(
            f"Template error: Unable to get mapping for {name}::{key}::{attribute}"
        ) from None
