"""A distribution as requests need it: compiled once from what CloudFront's API keeps.

Legacy settings (``ForwardedValues``, TTLs of a behaviour) and managed policies are compiled to the
same classes as policies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lambda_nb.engine.edge.model import EventType
from lambda_nb.rules.edge.path_patterns import compiled

SelectionMode = Literal["none", "some", "all", "all-except"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which headers, cookies or query parameters are meant. ``names`` of headers are lower case.

    ``wildcards`` are more names, with ``*`` and ``?``: only cookies of legacy settings have any.
    """

    mode: SelectionMode = "none"
    names: frozenset[str] = frozenset()
    wildcards: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Whether a name is among them."""
        if self.mode == "some":
            return name in self.names or any(
                compiled(f"/{one}").matches(f"/{name}") for one in self.wildcards
            )
        return self.mode == "all" or (self.mode == "all-except" and name not in self.names)


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """What the cache key has, and how long objects stay; TTLs in seconds."""

    name: str
    min_ttl: float
    default_ttl: float
    max_ttl: float
    headers: Selection = Selection()
    cookies: Selection = Selection()
    query: Selection = Selection()
    gzip: bool = False
    brotli: bool = False


@dataclass(frozen=True, slots=True)
class OriginRequestPolicy:
    """What the origin gets beside what the cache key has.

    ``headers`` are the viewer's; ``added`` names the ``CloudFront-*`` headers (lower case) that are
    added.
    """

    name: str
    headers: Selection = Selection()
    cookies: Selection = Selection()
    query: Selection = Selection()
    added: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Cors:
    """The CORS part of a response headers policy."""

    allow_origins: tuple[str, ...]
    allow_methods: tuple[str, ...]
    allow_headers: tuple[str, ...]
    expose_headers: tuple[str, ...]
    allow_credentials: bool
    max_age_s: int | None
    override: bool


@dataclass(frozen=True, slots=True)
class ResponseHeadersPolicy:
    """What is added to and taken from responses on their way to the viewer.

    ``headers`` has name, value and whether the origin's is overridden: security headers and custom
    ones alike. ``server_timing`` is a percentage of the requests, ``None`` for never.
    """

    name: str
    cors: Cors | None = None
    headers: tuple[tuple[str, str, bool], ...] = ()
    remove: frozenset[str] = frozenset()
    server_timing: float | None = None


@dataclass(frozen=True, slots=True)
class LambdaAssociation:
    """A numbered version of a function for one event."""

    arn: str
    include_body: bool = False


@dataclass(frozen=True, slots=True)
class RealtimeLog:
    """A real-time log configuration: names of fields, and the percentage of requests."""

    name: str
    stream_arn: str
    fields: tuple[str, ...]
    sampling: float


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A cache behaviour.

    ``target`` is the id of an origin or of an origin group. ``trusted_keys`` has public keys (PEM)
    by their ids; ``None`` if access needs no signature. ``functions`` has the ARNs of CloudFront
    Functions.
    """

    pattern: str
    target: str
    viewer_protocol: Literal["allow-all", "redirect-to-https", "https-only"]
    allowed_methods: frozenset[str]
    cached_methods: frozenset[str]
    compress: bool
    cache: CachePolicy
    origin_request: OriginRequestPolicy
    response_headers: ResponseHeadersPolicy | None = None
    trusted_keys: Mapping[str, str] | None = None
    lambdas: Mapping[EventType, LambdaAssociation] = field(default_factory=dict)
    functions: Mapping[EventType, str] = field(default_factory=dict)
    realtime_log: RealtimeLog | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where objects come from.

    ``domain`` may have a port at its end where it is one of this machine's own addresses
    (``ID.lambda-url.localhost:8080``). ``kind`` is ``s3`` for a bucket's REST endpoint. ``signing``
    is how requests are signed by an origin access control: with what service's name, and whether
    ``never``, ``always`` or ``no-override``; empty for not. Times are in seconds. ``host_header``,
    ``sni`` and ``certificate_names`` are set only by a CloudFront Function: what the Host header
    and the TLS handshake name in place of ``domain``, and the names a certificate may have.
    """

    id: str
    domain: str
    path: str = ""
    kind: Literal["s3", "custom"] = "custom"
    custom_headers: tuple[tuple[str, str], ...] = ()
    http_port: int = 80
    https_port: int = 443
    protocol_policy: Literal["http-only", "match-viewer", "https-only"] = "http-only"
    ssl_protocols: tuple[str, ...] = ("TLSv1.2",)
    read_timeout_s: float = 30.0
    keepalive_timeout_s: float = 5.0
    connection_timeout_s: float = 10.0
    connection_attempts: int = 3
    completion_timeout_s: float | None = None
    signing_service: str = ""
    signing_behaviour: Literal["never", "always", "no-override"] = "never"
    access_identity: str = ""
    region: str = ""
    host_header: str = ""
    sni: str = ""
    certificate_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OriginGroup:
    """A first origin, and a second one for requests that the first answers with these statuses."""

    id: str
    primary: str
    secondary: str
    statuses: frozenset[int]


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """A custom error response; ``page`` and ``status`` are set together, or the error stays."""

    code: int
    min_ttl: float
    page: str = ""
    status: int | None = None


@dataclass(frozen=True, slots=True)
class StandardLog:
    """Where standard logs go."""

    bucket: str
    prefix: str
    cookies: bool


@dataclass(frozen=True, slots=True)
class ContinuousDeployment:
    """Which requests to a primary distribution its staging distribution answers.

    By ``header`` (name in lower case, and value), or ``weight`` of them (0 to 1), whose viewers
    stay for ``idle_s`` seconds of silence and at most ``most_s`` if these are set.
    """

    staging_id: str
    header: tuple[str, str] | None = None
    weight: float = 0.0
    idle_s: float | None = None
    most_s: float | None = None


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution; ``behaviours`` in their order, the default one (``*``) last."""

    id: str
    arn: str
    domain: str
    aliases: tuple[str, ...]
    enabled: bool
    staging: bool
    root_object: str
    origins: Mapping[str, Origin]
    groups: Mapping[str, OriginGroup]
    behaviours: tuple[Behaviour, ...]
    errors: Mapping[int, ErrorResponse]
    geo_allowed: frozenset[str] | None = None
    geo_blocked: frozenset[str] = frozenset()
    standard_log: StandardLog | None = None
    deployment: ContinuousDeployment | None = None
    additional_metrics: bool = False
