"""``%lambda connect``: from a word (a URL, ``aws``, ``local``) to a connection.

Which credentials sign the requests:

- this notebook's own engine: the pair that it issued;
- another endpoint: those named by ``--credentials`` (an engine's file) or ``--profile``. Without
  either, the file in ``AWS_SHARED_CREDENTIALS_FILE`` if it is an engine's for that endpoint, and
  otherwise a pair without meaning: real AWS keys are never used for an endpoint that nobody named
  them for;
- AWS: what boto3 finds (environment, profile, SSO, instance role).
"""

from __future__ import annotations

import configparser
import json
import os
import re
from pathlib import Path
from typing import Any

from lambda_nb.notebook.connection.clients import engine_status
from lambda_nb.notebook.connection.endpoint import Connection, read_credentials
from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.errors import NotebookError, UsageError, aws_errors

_LOCAL_ACCOUNT = "000000000000"
_NO_KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


def connect(
    session: Session,
    target: str,
    *,
    profile: str | None = None,
    region: str | None = None,
    credentials: str | None = None,
    role: str | None = None,
) -> Connection:
    """Connect the session to an endpoint and ask it for the account and Region.

    Raises
    ------
    UsageError
        The target is not a URL, ``aws`` or ``local``.
    NotebookError
        The endpoint does not respond or refuses the credentials; the session does not change.
    """
    if target == "local":
        session.stop()
        return session.start()
    found = checked(
        session, target, profile=profile, region=region, credentials=credentials, role=role
    )
    session.connect(found)
    return found


def checked(
    session: Session,
    target: str,
    *,
    profile: str | None = None,
    region: str | None = None,
    credentials: str | None = None,
    role: str | None = None,
) -> Connection:
    """The connection to a URL or ``aws``, which answers; the session stays where it is.

    Raises
    ------
    UsageError
        The target is neither.
    NotebookError
        The endpoint does not respond or refuses the credentials.
    """
    if target == "aws":
        wanted = Connection(None, region, "", {}, profile, role)
    elif re.match(r"https?://", target):
        keys = _keys(target.rstrip("/"), credentials, profile)
        found = keys.pop("region", None)
        wanted = Connection(
            target.rstrip("/"), region or found or "us-east-1", _LOCAL_ACCOUNT, keys, profile, role
        )
    else:
        raise UsageError(
            f"%lambda connect {target}: give a URL such as http://127.0.0.1:4571, or aws, or local"
        )
    account, region_found = _identity(session, wanted)
    return Connection(
        wanted.url, region_found, account, wanted.credentials, wanted.profile, wanted.role
    )


def _keys(url: str, credentials: str | None, profile: str | None) -> dict[str, str]:
    if credentials:
        path = Path(credentials).expanduser()
        return {**read_credentials(path), **_region(path)}
    if profile:
        return {}
    shared = os.environ.get("AWS_SHARED_CREDENTIALS_FILE")
    if shared and _endpoint_of(Path(shared)) == url:
        return {**read_credentials(Path(shared)), **_region(Path(shared))}
    return dict(_NO_KEYS)


def _endpoint_of(path: Path) -> str | None:
    file = configparser.ConfigParser()
    try:
        file.read(path)
    except configparser.Error:
        return None
    return file.get("default", "endpoint_url", fallback=None)


def _region(path: Path) -> dict[str, str]:
    """The Region in an engine's credentials file, if it has one."""
    try:
        return {"region": json.loads(path.with_suffix(".json").read_text())["region"]}
    except (OSError, ValueError, KeyError):
        return {}


def _identity(session: Session, wanted: Connection) -> tuple[str, str]:
    """Ask the endpoint for the account and Region of the connection."""
    from botocore.exceptions import BotoCoreError

    try:
        lambda_ = session.new_client("lambda", wanted)
    except BotoCoreError as error:
        raise NotebookError(f"cannot connect: {error}") from None
    region = str(lambda_.meta.region_name)
    try:
        with aws_errors():
            lambda_.get_account_settings()
            account = _account(session, wanted, lambda_)
    except NotebookError as error:
        raise NotebookError(f"not connected: {error}. {_advice(wanted)}") from None
    return account, region


def _account(session: Session, wanted: Connection, lambda_: Any) -> str:
    if wanted.url is not None:
        return str((engine_status(lambda_) or {}).get("account") or wanted.account)
    identity: dict[str, Any] = session.new_client("sts", wanted).get_caller_identity()
    return str(identity["Account"])


def _advice(wanted: Connection) -> str:
    if wanted.url is None:
        return "Try --profile NAME, --region REGION, or `aws sso login` in a terminal."
    return (
        "An engine names its credentials file in its first line: %lambda connect "
        f"{wanted.url} --credentials FILE"
    )
