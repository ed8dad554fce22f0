"""``%lambda connect``: from what was typed to a connection."""

from __future__ import annotations

import argparse
from typing import Any
from urllib.parse import urlsplit

from lambda_nb.notebook.errors import NotebookError
from lambda_nb.notebook.session import Connection, read_credentials

LOCAL_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"


def connection_of(options: argparse.Namespace) -> Connection:
    """The connection that ``%lambda connect`` was asked for, tried once.

    Raises
    ------
    NotebookError
        When the endpoint does not answer, or refuses the credentials.
    """
    return _aws(options) if options.to == "aws" else _endpoint(options)


def _aws(options: argparse.Namespace) -> Connection:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        session = boto3.Session(profile_name=options.profile, region_name=options.region)
        region = session.region_name
        if region is None:
            raise NotebookError("no Region is configured; give --region, such as us-east-1")
        account = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise NotebookError(
            f"AWS does not accept this: {error}. Log in with the aws CLI, or give --profile"
        ) from None
    return Connection(None, region, account, {}, options.profile, options.role)


def _endpoint(options: argparse.Namespace) -> Connection:
    url = options.to.rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotebookError(
            f"{options.to!r} is no endpoint; give a URL such as http://127.0.0.1:4571, aws, or local"
        )
    credentials: dict[str, str] = {}
    if options.credentials is not None:
        credentials = read_credentials(options.credentials)
    elif options.profile is None and not _configured():
        # What AWS-compatible endpoints that check no signature are used to.
        credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    connection = Connection(
        url,
        options.region or DEFAULT_REGION,
        LOCAL_ACCOUNT,
        credentials,
        options.profile,
        options.role,
    )
    _try(connection)
    return connection


def _configured() -> bool:
    import boto3

    return boto3.Session().get_credentials() is not None


def _try(connection: Connection) -> None:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    session = boto3.Session(profile_name=connection.profile, region_name=connection.region)
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)
    client: Any = session.client(
        "lambda", endpoint_url=connection.url, config=config, **connection.credentials
    )
    try:
        client.list_functions(MaxItems=1)
    except ClientError as error:
        told = error.response.get("Error", {})
        raise NotebookError(
            f"{connection.url} refused: {told.get('Code')}: {told.get('Message')}. For an engine "
            "give --credentials FILE, the file that `lambda-nb serve` named"
        ) from None
    except BotoCoreError as error:
        raise NotebookError(f"{connection.url} does not answer: {error}") from None
