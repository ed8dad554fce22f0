"""What is written down: a function and where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Subject:
    """A function as text is made of it.

    Attributes
    ----------
    parameters
        Of ``CreateFunction``, without the code.
    reserved
        Its reserved concurrency, or None.
    region
        Its Region.
    endpoint
        Where boto3 and the CLI have to send requests; empty for AWS itself.
    code_sha256
        Base64 digest of its archive.
    """

    parameters: Mapping[str, Any]
    reserved: int | None
    region: str
    endpoint: str
    code_sha256: str

    @property
    def name(self) -> str:
        """The function's name."""
        return str(self.parameters["FunctionName"])

    @property
    def archive(self) -> str:
        """The file that holds the code; the text names it and does not make it."""
        return f"{self.name}.zip"

    @property
    def about_archive(self) -> str:
        """How to get the archive."""
        return (
            "the code, which this text does not hold. GetFunction tells where to download it "
            f"(Code.Location); its CodeSha256 is {self.code_sha256}"
        )

    @property
    def about_credentials(self) -> str:
        """Which keys sign the requests to an engine."""
        return (
            f"{self.endpoint} takes the keys of its own credentials file: set "
            "AWS_SHARED_CREDENTIALS_FILE to it. Without an endpoint it goes to AWS"
        )
