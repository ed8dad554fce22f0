"""The command ``lambda-nb``: ``deploy`` is a client's, all else is the engine's."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["deploy"]:
        from lambda_nb.projects import command

        return command.main(words[1:])
    from lambda_nb.engine.process import cli

    return cli.main(words, {"deploy": "build and deploy a project (SAM, CDK, Chalice, ...)"})
