"""The door by which embedded services call the engine, as any other client would."""

from __future__ import annotations

import os
from typing import Any

ENDPOINT = "LAMBDA_NB_ENDPOINT"
KEYS = ("LAMBDA_NB_ACCESS_KEY", "LAMBDA_NB_SECRET_KEY")
"""Variables of the child's environment; the child removes them when it starts."""


def opened() -> Door:
    """The door by the address and keys in the environment, which then holds them no more."""
    return Door(os.environ.pop(ENDPOINT), *(os.environ.pop(key) for key in KEYS))


class Door:
    """Makes clients that call the engine.

    Attributes
    ----------
    endpoint
        The engine's URL.
    """

    def __init__(self, endpoint: str, access_key: str, secret_key: str) -> None:
        self.endpoint = endpoint
        self._fixed = {
            "endpoint_url": endpoint,
            "aws_access_key_id": access_key,
            "aws_secret_access_key": secret_key,
        }

    def credentials(self) -> Any:
        """The keys, as botocore's signers take them."""
        from botocore.credentials import Credentials

        return Credentials(self._fixed["aws_access_key_id"], self._fixed["aws_secret_access_key"])

    def client(self, **asked: Any) -> Any:
        """Make a client, as ``boto3.client`` does."""
        import boto3

        return boto3.client(**{**asked, **self._fixed})
