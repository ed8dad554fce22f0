"""Access keys that this engine issues: one pair for its user, one for the role of each function.

The user's pair is in two files that only their owner may read (mode 0600): ``credentials``, which
every AWS tool reads as ``AWS_SHARED_CREDENTIALS_FILE`` (it also has the Region and the endpoint),
and ``credentials.json`` for programs. Roles' keys are derived, so nothing else is stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import unescape

from lambda_nb.engine.model import Caller, FunctionVersion

_ISSUED = re.compile(
    rb"<AccessKeyId>([^<]+)</AccessKeyId>.*?<SecretAccessKey>([^<]+)</SecretAccessKey>"
    rb"(?:\s*<SessionToken>([^<]+)</SessionToken>)?",
    re.DOTALL,
)
_ARN = re.compile(rb"<Arn>([^<]+)</Arn>")


@dataclass(frozen=True, slots=True)
class Credential:
    """One access key. ``token`` is empty for a long-term key."""

    access_key: str
    secret_key: str
    arn: str
    token: str = ""


class Credentials:
    """The keys of one account.

    Parameters
    ----------
    path
        The credentials file; ``path`` with suffix ``.json`` is beside it. An existing pair is
        kept, so that a restarted engine accepts the same keys.
    account, region
        Whose keys these are.
    """

    def __init__(self, path: Path, *, account: str, region: str) -> None:
        self.path = path
        self._account = account
        self._region = region
        self._json = path.with_suffix(".json")
        user = self._kept() or _new_pair()
        arn = f"arn:aws:iam::{account}:user/lambda-nb"
        self.user = Credential(user[0], user[1], arn)
        self._known = {user[0]: self.user}
        self._roles: dict[str, Credential] = {}

    def _kept(self) -> tuple[str, str] | None:
        try:
            issued = json.loads(self._json.read_text())
            return issued["access_key_id"], issued["secret_access_key"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def write(self, endpoint: str) -> None:
        """Write both files, now that the engine's URL is known."""
        issued = {
            "access_key_id": self.user.access_key,
            "secret_access_key": self.user.secret_key,
            "account": self._account,
            "region": self._region,
            "endpoint": endpoint,
        }
        _write_private(self._json, json.dumps(issued, indent=2) + "\n")
        _write_private(
            self.path,
            "[default]\n"
            f"aws_access_key_id = {self.user.access_key}\n"
            f"aws_secret_access_key = {self.user.secret_key}\n"
            f"region = {self._region}\n"
            f"endpoint_url = {endpoint}\n"
            # boto3 and the CLI put "sync-" before the host of StartSyncExecution, for one.
            "disable_host_prefix_injection = true\n",
        )

    @property
    def keys(self) -> tuple[str, str]:
        """Access key and secret of the engine's user."""
        return self.user.access_key, self.user.secret_key

    def find(self, access_key: str) -> Credential | None:
        """The credential of an access key, if it was issued here."""
        return self._known.get(access_key)

    def own(self, access_key: str) -> Credential | None:
        """The credential of an access key that no other service has issued."""
        credential = self.find(access_key)
        own = credential is self.user or credential in self._roles.values()
        return credential if own else None

    def of_function(self, access_key: str) -> bool:
        """Whether an access key is that of a function's role."""
        return self.find(access_key) in self._roles.values()

    def caller(self, credential: Credential) -> Caller:
        """The identity behind a credential."""
        return Caller(self._account, self._region, credential.access_key, credential.arn)

    def for_function(self, function: FunctionVersion) -> tuple[str, str, str]:
        """Access key, secret and session token of a function's role."""
        session = f"{function.role.rpartition('/')[2] or 'role'}/{function.name}"
        credential = self._roles.get(session)
        if credential is None:
            credential = self._roles[session] = self._derived(session)
            self._known[credential.access_key] = credential
        return credential.access_key, credential.secret_key, credential.token

    def forget_issued(self) -> None:
        """Accept no keys any more but those of the engine's user."""
        self._known = {self.user.access_key: self.user}
        self._roles.clear()

    def keep_issued(self, reply: bytes) -> None:
        """Store keys that the embedded STS or IAM has just issued, from its XML reply."""
        keys = _ISSUED.search(reply)
        if keys is None:
            return
        access_key, secret_key, token = (part.decode() if part else "" for part in keys.groups())
        arn = _ARN.search(reply)
        identity = arn[1].decode() if arn else self.user.arn
        self._known[access_key] = Credential(access_key, unescape(secret_key), identity, token)

    def _derived(self, session: str) -> Credential:
        def part(purpose: str) -> bytes:
            text = f"{purpose}:{session}".encode()
            return hmac.new(self.user.secret_key.encode(), text, hashlib.sha512).digest()

        return Credential(
            "LNBS" + base64.b32encode(part("key")).decode()[:16],
            base64.b64encode(part("secret")).decode()[:40],
            f"arn:aws:sts::{self._account}:assumed-role/{session}",
            base64.b64encode(part("token")).decode(),
        )


def _new_pair() -> tuple[str, str]:
    key = "LNBA" + base64.b32encode(secrets.token_bytes(10)).decode()
    return key, base64.b64encode(secrets.token_bytes(30)).decode()


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from its creation on."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)
