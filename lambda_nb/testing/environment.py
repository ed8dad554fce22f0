"""The environment variables that lead every AWS SDK to the engine, for a while."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_LEADING_ELSEWHERE = (
    "AWS_CA_BUNDLE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
_OF_ONE_SERVICE = "AWS_ENDPOINT_URL_"


def variables(url: str, access_key: str, secret_key: str, region: str) -> dict[str, str]:
    """The variables that lead to an engine.

    A developer's own configuration files are hidden: they may name endpoints and profiles.
    """
    past = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    direct = ",".join(part for part in (past, "127.0.0.1", "localhost", ".localhost") if part)
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


def own() -> dict[str, str]:
    """This process's variables, but for those that lead AWS's SDKs somewhere: for the engine.

    A profile that is not there would stop it, and it has no use for one that is.
    """
    kept = {name: value for name, value in os.environ.items() if not _leads_elsewhere(name)}
    return {**kept, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


@contextmanager
def wired(leading: Mapping[str, str]) -> Iterator[None]:
    """Set variables, remove those that lead elsewhere, and restore all of them in the end.

    boto3's default session, which remembers old variables, is put aside as well.

    Parameters
    ----------
    leading
        As :func:`variables` returns them.
    """
    import boto3  # late: it takes a tenth of a second

    before = dict(os.environ)
    session, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, None
    for name in before:
        if _leads_elsewhere(name):
            del os.environ[name]
    os.environ.update(leading)
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = session
        for name in {*leading, *_LEADING_ELSEWHERE, *filter(_leads_elsewhere, before)}:
            if name in before:
                os.environ[name] = before[name]
            else:
                os.environ.pop(name, None)


def _leads_elsewhere(name: str) -> bool:
    return name in _LEADING_ELSEWHERE or name.startswith(_OF_ONE_SERVICE)
