"""The origin in events, and the one that a function chooses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lambda_nb.engine.edge.model import Viewer
from lambda_nb.engine.edge.settings import Origin
from lambda_nb.rules.edge.triggers import events
from lambda_nb.rules.edge.triggers.origins import IDENTITY, ChosenOrigin


def as_shown(origin: Origin, viewer: Viewer) -> dict[str, Any]:
    """An origin as an event has it.

    A port that stands at the end of its domain is shown as its port.
    """
    if origin.kind == "s3":
        method = IDENTITY if origin.access_identity else "none"
        return events.s3_origin(
            origin.domain, origin.path, origin.region, method, origin.custom_headers
        )
    domain, port = _split(origin.domain)
    protocol = _protocol(origin, viewer)
    by_protocol = origin.https_port if protocol == "https" else origin.http_port
    return events.custom_origin(
        domain,
        origin.path,
        port or by_protocol,
        protocol,
        origin.ssl_protocols,
        origin.read_timeout_s,
        origin.keepalive_timeout_s,
        origin.completion_timeout_s,
        origin.custom_headers,
    )


def as_chosen(origin: Origin, chosen: ChosenOrigin) -> Origin:
    """The origin of a distribution with what a function chose instead.

    A signature, by an access control or an access identity, is kept where the kind of the origin
    stays: a function cannot ask for another.
    """
    changed = replace(
        origin,
        kind=chosen.kind,
        domain=chosen.domain,
        path=chosen.path,
        custom_headers=chosen.custom_headers,
        completion_timeout_s=chosen.completion_timeout_s or None,
        read_timeout_s=chosen.read_timeout_s or origin.read_timeout_s,
    )
    if chosen.kind != origin.kind:
        changed = replace(
            changed, signing_service="", signing_behaviour="never", access_identity=""
        )
    if chosen.kind == "s3":
        identity = changed.access_identity if chosen.auth_method == IDENTITY else ""
        return replace(changed, access_identity=identity, region=chosen.region)
    domain, port = _split(origin.domain)
    if origin.kind == "custom" and (chosen.domain, chosen.port) == (domain, port):
        changed = replace(changed, domain=origin.domain)  # one of this machine's own addresses
    https = chosen.protocol == "https"
    return replace(
        changed,
        http_port=origin.http_port if https else chosen.port,
        https_port=chosen.port if https else origin.https_port,
        protocol_policy="https-only" if https else "http-only",
        ssl_protocols=chosen.ssl_protocols,
        keepalive_timeout_s=chosen.keepalive_timeout_s,
        region="",
    )


def _protocol(origin: Origin, viewer: Viewer) -> str:
    if origin.protocol_policy == "match-viewer":
        return viewer.protocol
    return "https" if origin.protocol_policy == "https-only" else "http"


def _split(domain: str) -> tuple[str, int | None]:
    """A domain, and the port at its end."""
    name, _, port = domain.rpartition(":")
    return (name, int(port)) if name and port.isdecimal() else (domain, None)
