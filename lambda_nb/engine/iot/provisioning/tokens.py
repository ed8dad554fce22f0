"""Tokens by which a device proves that a new certificate is its own."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from lambda_nb.engine.control.records.store import Store

VALID_S = 3600
"""Seconds for which a token is valid (fleet-provision-api, 2026)."""

_KIND = "token"


class Tokens:
    """The tokens that were given out, kept in SQLite by their hashes.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._records = Store(path)

    def close(self) -> None:
        """Release the file."""
        self._records.close()

    def give(self, certificate_id: str, now_s: float) -> str:
        """A new token for a certificate."""
        token = secrets.token_urlsafe(96)
        record = {"certificate": certificate_id, "expires_s": now_s + VALID_S}
        with self._records.write() as batch:
            batch.put(_KIND, "", _key(token), record)
        return token

    def certificate(self, token: str, now_s: float) -> str | None:
        """The id of a token's certificate; ``None`` if the token is not valid."""
        record = self._records.get(_KIND, "", _key(token))
        if record is None or now_s >= record["expires_s"]:
            return None
        return str(record["certificate"])

    def use(self, token: str) -> None:
        """A token was used: it is not valid any more."""
        self._drop(_key(token))

    def expired(self, now_s: float) -> list[str]:
        """The ids of certificates whose tokens have expired; they are forgotten."""
        old = {
            key: str(record["certificate"])
            for key, record in self._records.children(_KIND, "").items()
            if now_s >= record["expires_s"]
        }
        self._drop(*old)
        return list(old.values())

    def next_expiry_s(self) -> float | None:
        """When the next token expires, in seconds since 1970."""
        records = self._records.children(_KIND, "").values()
        return min((float(record["expires_s"]) for record in records), default=None)

    def _drop(self, *keys: str) -> None:
        if keys:
            with self._records.write() as batch:
                for key in keys:
                    batch.delete(_KIND, "", key)


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
