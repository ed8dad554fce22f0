"""AWS's SDK of the Python runtime: the engine's own, for interpreters that it runs on."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path

SDK = (
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "dateutil",
    "urllib3",
    "six",
    "snapshot_restore_py",
)
"""Packages of AWS's Python runtime (``/var/runtime``), as far as they are installed here."""

_OWN = Path(__file__).parent / "bootstraps" / "python" / "snapshot_restore_py.py"
_FLOOR = re.compile(r">=\s*3\.(\d+)")


def link(runtime_dir: Path) -> None:
    """Fill ``/var/runtime`` with links to the AWS SDK for Python of the engine's environment."""
    runtime_dir.mkdir(parents=True, exist_ok=True)
    for name in SDK:
        spec = find_spec(name)
        origin = None if spec is None or spec.origin is None else Path(spec.origin)
        if name == "snapshot_restore_py":
            origin = _OWN
        if origin is None:
            continue
        source = origin.parent if origin.name == "__init__.py" else origin
        link = runtime_dir / source.name
        if not link.exists():
            link.symlink_to(source)


def runs_on(version: str) -> bool:
    """Whether the engine's SDK can be imported by this Python (``3.9``)."""
    return int(version.split(".")[1]) >= _oldest()


def missing(version: str) -> str:
    """Why a function on this Python has no SDK, and what to do."""
    own, oldest = metadata("boto3")["Version"], f"3.{_oldest()}"
    return (
        f"there is no boto3 for Python {version}: the engine's, {own}, needs Python {oldest}. "
        f"Fetch an older one once: lambda-nb runtimes install python{version}-sdk"
    )


@lru_cache(maxsize=1)
def _oldest() -> int:
    """The least minor version of Python 3 that all packages of the SDK ask for."""
    asked = (metadata(name)["Requires-Python"] or "" for name in ("boto3", "botocore", "urllib3"))
    return max(int(found[1]) for text in asked if (found := _FLOOR.search(text)))
