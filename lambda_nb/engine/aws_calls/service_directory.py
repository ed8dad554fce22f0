"""Finds the endpoint of each service: embedded, or elsewhere (a real database or store).

``--neighbour s3=http://127.0.0.1:9000`` names a service elsewhere. Callers ask a
:class:`Directory` for a service's endpoint. Calls to a service elsewhere are signed with keys that
it knows. It does not know the keys of the engine's callers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache

from lambda_nb.engine.aws_calls.endpoint import Endpoint, Keys

_SIGNED_AS = {"monitoring": "cloudwatch", "states": "stepfunctions"}
"""Signing names that people use for services, and boto3's names for them."""


class UnknownServiceError(ValueError):
    """boto3 has no service of that name."""


@cache
def signing_name(service: str) -> str:
    """The signing name of a boto3 service.

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
    """The keys for services elsewhere: from AWS's environment variables, or ``otherwise``."""
    access_key = environment.get("AWS_ACCESS_KEY_ID")
    secret_key = environment.get("AWS_SECRET_ACCESS_KEY")
    if access_key and secret_key:
        return Keys(access_key, secret_key, environment.get("AWS_SESSION_TOKEN") or None)
    return Keys(*otherwise)


class Directory:
    """The endpoints of all services.

    Parameters
    ----------
    now
        Returns the endpoint of all services that are not elsewhere; raises while they start.
    up
        The same, but waits until they have started.
    elsewhere
        Endpoints by signing name.
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
        """The endpoint of a service by signing name, once it has started."""
        there = self.elsewhere.get(service)
        return there if there is not None else await self._up()

    def now(self, service: str) -> Callable[[], Endpoint]:
        """A function for a service's endpoint; it does not wait for the neighbours to start."""
        if service in self.elsewhere:
            return lambda: self.elsewhere[service]
        return self._now
