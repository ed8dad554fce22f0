"""What CloudFront works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambda_nb.engine.aws_calls.clients import Clients
from lambda_nb.engine.aws_calls.endpoint import Keys
from lambda_nb.engine.aws_calls.json_calls import Calls
from lambda_nb.engine.aws_calls.upstream import Upstream
from lambda_nb.engine.edge.figures import Figure
from lambda_nb.engine.gateways.shared.addresses import Addresses
from lambda_nb.engine.model import FunctionVersion, LogSink

if TYPE_CHECKING:
    from lambda_nb.engine.edge.origins.function_urls import UrlAccess
    from lambda_nb.engine.execution import Executor

HOME = "us-east-1"
"""The Region of Lambda@Edge's functions, and of CloudFront's figures and function logs."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What CloudFront works with.

    Attributes
    ----------
    account, region
        The account, and the engine's home Region: buckets and servers without a Region are there.
    own_url
        The engine's own address.
    keys
        The engine's own.
    clients
        Make boto3's clients of services.
    calls
        Make calls to Kinesis.
    upstream
        Makes signed calls to the engine's own services.
    addresses
        Finds what requests are for.
    directory
        Where everything durable of it lies.
    cache_bytes
        That the caches of all locations may have.
    locations
        Codes of edge locations.
    viewer_timeout_s
        The longest timeout of functions at viewer events.
    resolve
        The version of a function that an ARN names; ``AWSError`` if there is none.
    configuration_of
        The same as GetFunctionConfiguration answers it.
    find_url
        Whose a function URL is, by its identifier.
    executor
        Makes the executor of a location, in a Region.
    logs
        Takes the log events of a Region.
    figure
        Takes figures of CloudWatch, for us-east-1.
    """

    account: str
    region: str
    own_url: str
    keys: Keys
    clients: Clients
    calls: Calls
    upstream: Upstream
    addresses: Addresses
    directory: Path
    cache_bytes: int
    locations: Sequence[str]
    viewer_timeout_s: int
    resolve: Callable[[str], FunctionVersion]
    configuration_of: Callable[[str], Awaitable[Mapping[str, Any]]]
    find_url: Callable[[str], UrlAccess | None]
    executor: Callable[[str, str], Executor]
    logs: Callable[[str], LogSink]
    figure: Figure
