"""boto3 clients of services whose host names an engine at an IP address does not have."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

_SIGNED_BY_4A = "cloudfront-keyvaluestore"


def signature_version(service: str) -> str | None:
    """How calls to an engine are signed; ``None`` leaves it to boto3.

    Version 4A needs the library awscrt, which not everybody has. An engine takes Version 4 as well.
    """
    return "v4" if service == _SIGNED_BY_4A else None


def by_its_name(client: Any) -> Any:
    """Send a client's calls to the host name of its endpoint; returns the client.

    boto3 puts an account or a word of AWS's before the name of any endpoint, but
    ``000000000000.127.0.0.1`` leads nowhere. The engine does not need them.
    """
    netloc = urlsplit(client.meta.endpoint_url).netloc

    def without_prefix(request: Any, **told: Any) -> None:
        parts = urlsplit(request.url)
        if parts.netloc.endswith(netloc):
            request.url = urlunsplit(parts._replace(netloc=netloc))

    if client.meta.service_model.service_name != "s3":  # its buckets are prefixes too
        client.meta.events.register("before-sign", without_prefix)
    return client
