"""Makes a function from a file, a directory or source text, and calls it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambda_nb.projects.building.archives import Part, pack, zip_of
from lambda_nb.testing.invocations import FunctionFailed, Invocation, decoded

_HANDLER = re.compile(r"^(?:async )?def (lambda_handler|handler)\b", re.MULTILINE)


@dataclass(frozen=True)
class Function:
    """A function that a test made."""

    name: str
    arn: str
    _client: Any = field(repr=False)
    _invocations: Callable[..., list[Invocation]] = field(repr=False)
    _told: Callable[[str], str] = field(repr=False)

    def __call__(self, event: Any = None) -> Any:
        """Run it and return its result.

        Raises
        ------
        FunctionFailed
            It failed; the message has its error and its log.
        """
        answer = self._client.invoke(FunctionName=self.name, Payload=json.dumps(event).encode())
        result = decoded(answer["Payload"].read())
        if "FunctionError" in answer:
            raise FunctionFailed(f"{self.name} failed: {result}\n{self._told(self.name)}")
        return result

    def invocations(self, count: int = 1, timeout: float = 10.0) -> list[Invocation]:
        """Its invocations, as ``local_aws.invocations`` returns them.

        Raises
        ------
        NotHappened
            There were fewer within ``timeout`` seconds.
        """
        return self._invocations(self.name, count, timeout)


def packaged(source: str | Path, base: Path) -> tuple[bytes, str]:
    """A zip archive of the code, and its handler as far as the code tells it.

    Parameters
    ----------
    source
        Python source, or the path of a file or a directory.
    base
        Where relative paths begin.

    Raises
    ------
    FileNotFoundError
        There is nothing at the path.
    """
    if isinstance(source, str) and "\n" in source:
        return zip_of({"index.py": source.encode()}), _handler("index", source)
    path = base / source
    if path.is_dir():
        return pack([Part(path)]), ""
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is neither a file nor a directory. Give a path from {base}, or source text of "
            "more than one line."
        )
    return pack([Part(path)]), _handler(path.stem, path.read_text())


def runtime() -> str:
    """The runtime of this Python."""
    return f"python{sys.version_info[0]}.{sys.version_info[1]}"


def _handler(module: str, source: str) -> str:
    found = _HANDLER.search(source)
    return f"{module}.{found[1]}" if found else ""
