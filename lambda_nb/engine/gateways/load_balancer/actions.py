"""What a listener's rules do with a request, compiled once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lambda_nb.engine.api.wire.http import Reply
from lambda_nb.engine.gateways.load_balancer import pages
from lambda_nb.engine.gateways.load_balancer.conditions import Asked
from lambda_nb.engine.gateways.load_balancer.target_groups import Forward, TargetGroup

_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))
_PLACE = re.compile(r"#\{(protocol|host|port|path|query)\}")


@dataclass(frozen=True, slots=True)
class Redirect:
    """Sends the client elsewhere; the texts may have ``#{host}`` and the like in them."""

    status: int
    protocol: str
    host: str
    port: str
    path: str
    query: str

    def location(self, asked: Asked, protocol: str, port: int) -> str:
        """The address for a request that came by a protocol (``http``) to a port.

        What is not ASCII in the texts is percent-encoded.
        """
        places = {
            "protocol": protocol,
            "host": asked.host,
            "port": str(port),
            "path": asked.path.removeprefix("/"),
            "query": asked.query,
        }

        def filled(text: str) -> str:
            return _PLACE.sub(lambda place: places[place[1]], text)

        query = filled(self.query)
        location = (
            f"{filled(self.protocol).lower()}://{filled(self.host)}:{filled(self.port)}"
            f"{filled(self.path)}{'?' if query else ''}{query}"
        )
        return quote(location, safe=_VISIBLE)


@dataclass(frozen=True, slots=True)
class Fixed:
    """Answers every request alike."""

    status: int
    content_type: bytes
    body: bytes

    def reply(self) -> Reply:
        """The answer."""
        content_type = self.content_type if self.body else None
        return Reply(self.status, self.body, [pages.SERVER], content_type)


@dataclass(frozen=True, slots=True)
class Refused:
    """Cannot be done here; ``why`` says what."""

    why: str


Action = Redirect | Fixed | Forward | Refused


def compiled(actions: Sequence[dict[str, Any]], groups: Mapping[str, TargetGroup]) -> Action:
    """The actions of a rule, as DescribeRules shows them.

    Parameters
    ----------
    groups
        The target groups by ARN.
    """
    ordered = sorted(actions, key=lambda action: int(action.get("Order") or 1))
    for action in ordered:
        kind = action["Type"]
        if kind == "forward":
            return _forward(action, groups)
        if kind == "redirect":
            return _redirect(action["RedirectConfig"])
        if kind == "fixed-response":
            return _fixed(action["FixedResponseConfig"])
        return Refused(
            f"lambda_nb does not implement the action {kind} of load balancers. Take it out of the "
            "rule, or let the function authenticate."
        )
    return Refused("the rule has no action")


def _forward(action: dict[str, Any], groups: Mapping[str, TargetGroup]) -> Forward:
    told = action.get("ForwardConfig") or {}
    named = told.get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"]}]
    sticky = told.get("TargetGroupStickinessConfig") or {}
    weighted = [
        (groups[group["TargetGroupArn"]], int(group.get("Weight", 1)))
        for group in named
        if group["TargetGroupArn"] in groups
    ]
    sticky_s = int(sticky.get("DurationSeconds") or 0) if sticky.get("Enabled") else 0
    return Forward(weighted, sticky_s)


def _redirect(told: dict[str, Any]) -> Redirect:
    return Redirect(
        int(told["StatusCode"].removeprefix("HTTP_")),
        told.get("Protocol") or "#{protocol}",
        told.get("Host") or "#{host}",
        told.get("Port") or "#{port}",
        told.get("Path") or "/#{path}",
        told["Query"] if told.get("Query") is not None else "#{query}",
    )


def _fixed(told: dict[str, Any]) -> Fixed:
    kind = told.get("ContentType") or "text/plain"
    body = (told.get("MessageBody") or "").encode()
    return Fixed(int(told["StatusCode"]), f"{kind}; charset=utf-8".encode(), body)
