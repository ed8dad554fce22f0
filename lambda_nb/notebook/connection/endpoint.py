"""An endpoint and the credentials that sign requests to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lambda_nb.notebook.errors import NotebookError


@dataclass(frozen=True)
class Connection:
    """Where requests go and which credentials sign them. ``None``: boto3's default."""

    url: str | None
    region: str | None
    account: str
    credentials: Mapping[str, str]
    profile: str | None = None
    role: str | None = None

    @property
    def is_aws(self) -> bool:
        """Whether requests go to AWS, where they cost money."""
        return self.url is None


def read_credentials(path: Path) -> dict[str, str]:
    """The keys that an engine issued, as arguments for a boto3 client.

    Raises
    ------
    NotebookError
        The file does not exist or is not a credentials file of an engine.
    """
    told = path if path.suffix == ".json" else path.with_suffix(".json")
    try:
        issued = json.loads(told.read_text())
        return {
            "aws_access_key_id": issued["access_key_id"],
            "aws_secret_access_key": issued["secret_access_key"],
        }
    except (OSError, ValueError, KeyError) as error:
        raise NotebookError(
            f"cannot read the engine's credentials from {told}: {error!r}. Give the file that "
            "`lambda-nb serve` named in its first line."
        ) from None
