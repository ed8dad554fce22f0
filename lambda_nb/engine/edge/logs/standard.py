"""Standard logs (legacy): files in a bucket, each of one distribution and one hour."""

from __future__ import annotations

import gzip
import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from lambda_nb.engine.edge.logs.values import hour_of, size_of, standard_values
from lambda_nb.engine.edge.model import Visit
from lambda_nb.engine.edge.settings import Distribution, StandardLog
from lambda_nb.engine.machine.call_threads import in_call_thread
from lambda_nb.engine.notices import Notice
from lambda_nb.rules.edge.log_fields import HEAD, file_key, is_logged, standard_line

log = logging.getLogger(__name__)

LINES_A_FILE = 5000
"""Most lines of one file, and visits looked at in one go: meanwhile no request is answered."""
_LINES_A_TURN = 50

Entry = tuple[Distribution, Visit]

_BUCKET = re.compile(r"(?P<name>.+?)\.s3[.-](?:.+\.)?(?:amazonaws\.com(?:\.cn)?|localhost.*)")
_REFUSALS = {
    "NoSuchBucket": "there is no such bucket. Create it, with ACLs enabled",
    "AccessDenied": "the bucket refuses them. Let CloudFront write there",
}


def bucket_name(domain: str) -> str:
    """The name of a bucket that is given as its domain name, as CloudFront's API wants it.

    Examples
    --------
    >>> bucket_name("logs.s3.amazonaws.com"), bucket_name("my.logs.s3.eu-west-1.amazonaws.com")
    ('logs', 'my.logs')
    """
    found = _BUCKET.fullmatch(domain)
    return found["name"] if found else domain


class StandardLogs:
    """Writes files of standard logs.

    Parameters
    ----------
    clients
        boto3's client of a service.
    """

    def __init__(self, clients: Callable[[str], Awaitable[Any]]) -> None:
        self._clients = clients
        self._notices: dict[tuple[str, str], Notice] = {}
        self._last_name = 0

    async def write(self, entries: list[Entry]) -> None:
        """Write what was visited, a file for each distribution, destination and hour.

        What is written is taken out of ``entries``; so is what a bucket will never take, and that
        is said in the engine's log.

        Raises
        ------
        OSError, botocore.exceptions.BotoCoreError
            The bucket cannot be reached now; the entries that are left may be written later.
        """
        client = await self._clients("s3")
        while entries:
            distribution, visit = entries[0]
            told, hour = distribution.standard_log, hour_of(visit)
            some = entries[:LINES_A_FILE]
            inside, others = _parted(some, told, distribution.id, hour)
            if told is not None:
                bucket = bucket_name(told.bucket)
                key = file_key(told.prefix, distribution.id, hour, self._file_name())
                refusal = await in_call_thread(_put, client, bucket, key, told.cookies, inside)
                if refusal:
                    self._warn(distribution.id, bucket, refusal)
            entries[: len(some)] = others

    def _file_name(self) -> str:
        """A name no file has: lines have whole seconds, so files sort as they were written."""
        self._last_name = max(self._last_name + 1, time.time_ns())
        return f"{self._last_name:016X}"

    def _warn(self, identifier: str, bucket: str, refusal: str) -> None:
        notice = self._notices.setdefault(
            (bucket, refusal),
            Notice(
                log, f"logs of distribution {identifier} to bucket {bucket!r} are lost: {refusal}"
            ),
        )
        notice.warn()


def _parted(
    entries: Sequence[Entry], told: StandardLog | None, identifier: str, hour: str
) -> tuple[list[Entry], list[Entry]]:
    """The entries of one file, and the others."""
    inside: list[Entry] = []
    others: list[Entry] = []
    for distribution, visit in entries:
        same = (distribution.standard_log, distribution.id, hour_of(visit)) == (
            told,
            identifier,
            hour,
        )
        (inside if same else others).append((distribution, visit))
    return inside, others


def _put(client: Any, bucket: str, key: str, cookies: bool, entries: Sequence[Entry]) -> str:
    """Write one file; returns why the bucket takes none, or nothing."""
    # Imported late: only distributions with logs need it.
    from botocore.exceptions import ClientError

    lines = [HEAD]
    for number, (distribution, visit) in enumerate(entries):
        if number % _LINES_A_TURN == 0:
            time.sleep(0)  # this is a thread: let requests have the interpreter
        url = len(visit.uri) + len(visit.querystring) + 1
        if is_logged(url, size_of(visit.request_headers)):
            lines.append(standard_line(standard_values(distribution, visit, cookies)))
    if len(lines) == 1:
        return ""
    if _owner_enforced(client, bucket):
        return (
            "its Object Ownership is BucketOwnerEnforced, so it has no ACLs, and CloudFront cannot "
            "deliver there. Set it to BucketOwnerPreferred"
        )
    body = gzip.compress("".join(lines).encode("ascii"), 6, mtime=0)
    try:
        client.put_object(Bucket=bucket, Key=key, Body=body)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return _REFUSALS.get(code, f"the bucket answers {code}")
    return ""


def _owner_enforced(client: Any, bucket: str) -> bool:
    """Whether a bucket has its ACLs switched off (guide, "Choose an Amazon S3 bucket")."""
    from botocore.exceptions import ClientError

    try:
        answer = client.get_bucket_ownership_controls(Bucket=bucket)
    except ClientError:
        return False  # none are set, or writing will say what is wrong
    rules = answer["OwnershipControls"]["Rules"]
    return any(rule["ObjectOwnership"] == "BucketOwnerEnforced" for rule in rules)
