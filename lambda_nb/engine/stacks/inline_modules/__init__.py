"""Modules that CloudFormation puts beside inline code: ``cfn-response``, to answer it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

# require("cfn-response") finds it there, whatever NODE_PATH is.
_OF_FAMILY = {"python": "cfnresponse.py", "nodejs": "node_modules/cfn-response.js"}


@cache
def beside(runtime: str) -> dict[str, str]:
    """The files beside inline code of a runtime, by their names.

    Examples
    --------
    >>> list(beside("python3.13")), list(beside("nodejs22.x")), beside("java21")
    (['cfnresponse.py'], ['node_modules/cfn-response.js'], {})
    """
    names = [name for family, name in _OF_FAMILY.items() if runtime.startswith(family)]
    return {name: Path(__file__).with_name(Path(name).name).read_text("utf-8") for name in names}
