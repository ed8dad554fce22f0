"""Files and scripts: an editor's paths, the function's paths, and the inspector's addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

_FILE = "file://"


class Paths:
    """Knows the scripts of a process, and how an editor calls their files."""

    def __init__(self) -> None:
        self._mappings: list[tuple[str, str]] = []
        self._scripts: dict[str, str] = {}

    def map(self, mappings: Sequence[Mapping[str, Any]]) -> None:
        """Take an editor's ``pathMappings``: ``localRoot`` and ``remoteRoot``."""
        self._mappings = [
            (str(one["localRoot"]).rstrip("/"), str(one["remoteRoot"]).rstrip("/"))
            for one in mappings
            if one.get("localRoot") and one.get("remoteRoot")
        ]

    def parsed(self, told: Mapping[str, Any]) -> None:
        """The process has a script."""
        self._scripts[str(told.get("scriptId"))] = str(told.get("url", ""))

    def address_pattern(self, path: str) -> str:
        """A regular expression of the addresses that a file of the editor may have."""
        remote = self._moved(path, self._mappings)
        return f"^(?:{_FILE})?(?:{re.escape(remote)}|{re.escape(quote(remote))})$"

    def source(self, script: str, address: str = "") -> dict[str, Any]:
        """A script as DAP's ``Source``: by its path, or by a number if it has none."""
        address = address or self._scripts.get(script, "")
        if address.startswith((_FILE, "/")):
            path = unquote(address.removeprefix(_FILE))
            local = self._moved(path, [(remote, local) for local, remote in self._mappings])
            return {"name": path.rpartition("/")[2], "path": local}
        number = int(script) if script.isdecimal() else 0
        return {"name": address or f"script {script}", "path": address, "sourceReference": number}

    def script(self, number: int) -> str | None:
        """The script behind a ``sourceReference``."""
        return str(number) if str(number) in self._scripts else None

    @staticmethod
    def _moved(path: str, mappings: Sequence[tuple[str, str]]) -> str:
        for old, new in mappings:
            if path == old or path.startswith(f"{old}/"):
                return new + path[len(old) :]
        return path
