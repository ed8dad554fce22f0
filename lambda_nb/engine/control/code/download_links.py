"""Download links: the presigned URLs of GetFunction and GetLayerVersion.

Like S3's, a link has an expiry time and a keyed hash over it. It is valid for ten minutes, also
after a restart of the engine on the same data directory.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urlencode

from lambda_nb.engine.control.context import Context
from lambda_nb.engine.errors import AWSError

PREFIX = "/snapshots/"
_VALID_S = 600


class Downloads:
    """Creates and checks download links."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._key = self._load_key()

    def _load_key(self) -> bytes:
        store = self._context.store
        record = store.get("secret", "", "downloads")
        if record is None:
            record = {"key": secrets.token_hex(32)}
            with store.write() as batch:
                batch.put("secret", "", "downloads", record)
        return bytes.fromhex(record["key"])

    def url(self, name: str, version: str, digest: str) -> str:
        """A link to an archive, valid for ten minutes."""
        path = f"{PREFIX}{self._context.account}/{quote(name)}-{quote(version)}/{digest}"
        expires = str(int(time.time()) + _VALID_S)
        query = urlencode({"X-Amz-Expires": expires, "X-Amz-Signature": self._sign(path, expires)})
        return f"{self._context.endpoint()}{path}?{query}"

    def open(self, path: str, query: Mapping[str, str]) -> Path:
        """The archive for a link's path and query.

        Raises
        ------
        AWSError
            ``AccessDenied`` (403) if the link was not issued here or has expired;
            ``NoSuchKey`` (404) if the code no longer exists.
        """
        expires = query.get("X-Amz-Expires", "")
        signature = query.get("X-Amz-Signature", "")
        if not hmac.compare_digest(signature.encode(), self._sign(path, expires).encode()):
            raise AWSError("AccessDenied", "The link was not issued by this engine.", 403)
        if int(expires) < time.time():
            raise AWSError("AccessDenied", "Request has expired", 403)
        archive = self._context.code.archive(path.rpartition("/")[2])
        if not archive.exists():
            raise AWSError("NoSuchKey", "The specified key does not exist.", 404)
        return archive

    def _sign(self, path: str, expires: str) -> str:
        text = f"{unquote(path)}\n{expires}".encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()
