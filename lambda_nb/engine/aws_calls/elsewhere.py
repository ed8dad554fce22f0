"""Services at addresses of their own: a real database or store in the place of the embedded one.

``--neighbour s3=http://127.0.0.1:9000`` names one. Whoever calls a service asks a
:class:`Directory` where it answers. Calls to a service elsewhere are signed with keys that it
knows, and not with those of the engine's callers: it was never told of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache

from lambda_nb.engine.aws_calls.endpoint import Endpoint, Keys

_SIGNED_AS = {"monitoring": "cloudwatch", "states": "stepfunctions"}
"""Names in signatures that people use for services, and the names that boto3 has for them."""


class UnknownServiceError(ValueError):
    """boto3 has no service of that name."""


@cache
def signing_name(service: str) -> str:
    """The name that signatures have for a service of boto3.

    Raises
    ------
    UnknownServiceError
        If boto3 has no such service.

    Examples
    --------
    >>> signing_name("s3"), signing_name("cloudwatch"), signing_name("dynamodbstreams")
    ('s3', 'monitoring', 'dynamodb')
    """
    # Imported late: an engine whose services are all embedded never needs it.
    from botocore.exceptions import UnknownServiceError as Unknown
    from botocore.loaders import Loader

    try:
        model = Loader().load_service_model(_SIGNED_AS.get(service, service), "service-2")
    except Unknown as error:
        raise UnknownServiceError(
            f"{service!r}: boto3 knows no service of this name; there are s3, sqs, dynamodb, ..."
        ) from error
    metadata = model["metadata"]
    return str(metadata.get("signingName") or metadata["endpointPrefix"])


def keys_of(environment: Mapping[str, str], otherwise: tuple[str, str]) -> Keys:
    """The keys for services elsewhere: AWS's variables of the environment, or ``otherwise``."""
    access_key = environment.get("AWS_ACCESS_KEY_ID")
    secret_key = environment.get("AWS_SECRET_ACCESS_KEY")
    if access_key and secret_key:
        return Keys(access_key, secret_key, environment.get("AWS_SESSION_TOKEN") or None)
    return Keys(*otherwise)


class Directory:
    """Where each service answers.

    Parameters
    ----------
    now
        Where all those answer that are not elsewhere; raises while they start.
    up
        The same, once they have started.
    elsewhere
        Endpoints by the name of their service in signatures.
    """

    def __init__(
        self,
        now: Callable[[], Endpoint],
        up: Callable[[], Awaitable[Endpoint]],
        elsewhere: Mapping[str, Endpoint],
    ) -> None:
        self._now = now
        self._up = up
        self.elsewhere = elsewhere

    async def __call__(self, service: str) -> Endpoint:
        """Where the service of a name in signatures answers, once it does."""
        there = self.elsewhere.get(service)
        return there if there is not None else await self._up()

    def now(self, service: str) -> Callable[[], Endpoint]:
        """Tells where a service answers, and does not wait for the neighbours to start."""
        if service in self.elsewhere:
            return lambda: self.elsewhere[service]
        return self._now
