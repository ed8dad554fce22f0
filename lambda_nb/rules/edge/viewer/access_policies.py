"""Policies of signed URLs and cookies: what they say, and which URL, time and viewer they fit.

CloudFront Developer Guide, "Create a signed URL using a custom policy", 2026.
"""

from __future__ import annotations

import ipaddress
import json
from typing import Any, NamedTuple

from lambda_nb.rules import quotas
from lambda_nb.rules.edge.viewer import wildcards

_CONDITIONS = frozenset({"DateLessThan", "DateGreaterThan", "IpAddress"})


class Refused(Exception):  # noqa: N818
    """Access is refused, with status 403.

    Parameters
    ----------
    code, message
        What CloudFront tells the viewer.
    why
        What was wrong, for the engine's log: CloudFront does not tell.
    """

    def __init__(self, code: str, message: str, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.message = message
        self.why = why


class Policy(NamedTuple):
    """What a policy allows.

    Access to what ``resource`` fits (anything if it is ``None``), from ``after`` on (exclusive,
    ``None`` for ever) until ``before``, in seconds of the epoch, for the IPv4 addresses of
    ``network`` (``None`` for all).
    """

    resource: str | None
    before: int
    after: int | None = None
    network: str | None = None


def custom(policy: bytes) -> Policy:
    """Read a custom policy.

    Raises
    ------
    Refused
        It is no policy as CloudFront takes it.
    """
    try:
        document: Any = json.loads(policy)
    except (ValueError, RecursionError) as error:
        raise malformed(f"the policy is not JSON: {error}") from None
    statements = document.get("Statement") if isinstance(document, dict) else None
    if not isinstance(statements, list) or len(statements) != 1:
        raise malformed("the policy needs a Statement, a list of exactly one")
    statement = statements[0] if isinstance(statements[0], dict) else {}
    resource = statement.get("Resource")
    if resource is not None and not _is_resource(resource):
        raise malformed(
            f"Resource is {resource!r}: it must begin with http://, https://, *:// or a star"
        )
    condition = statement.get("Condition")
    if not isinstance(condition, dict) or not condition.keys() <= _CONDITIONS:
        raise malformed(f"Condition may have only {', '.join(sorted(_CONDITIONS))}")
    before = _epoch(condition, "DateLessThan")
    if before is None:
        raise malformed("Condition has no DateLessThan: every policy must end")
    return Policy(resource, before, _epoch(condition, "DateGreaterThan"), _network(condition))


def _is_resource(resource: object) -> bool:
    return isinstance(resource, str) and resource.startswith(("http://", "https://", "*"))


def _epoch(condition: dict[str, Any], name: str) -> int | None:
    """The time of a condition, if there is one."""
    if name not in condition:
        return None
    found = condition[name]
    value = found.get("AWS:EpochTime") if isinstance(found, dict) else None
    # A bool is an int to Python.
    if type(value) is not int:
        raise malformed(f"AWS:EpochTime of {name} is {value!r}, not a number without quotes")
    return moment(value)


def moment(value: int) -> int:
    """Seconds of the epoch that CloudFront takes: milliseconds are too many."""
    most = quotas.EDGE_SIGNED_EPOCH_MAX_S.value
    if not 0 <= value <= most:
        raise malformed(f"{value} is not between 0 and {most}: it must be seconds of the epoch")
    return value


def _network(condition: dict[str, Any]) -> str | None:
    """The addresses of a condition, if there is one."""
    if "IpAddress" not in condition:
        return None
    found = condition["IpAddress"]
    value = found.get("AWS:SourceIp") if isinstance(found, dict) else None
    try:
        if not isinstance(value, str):
            raise ValueError("it is no text")
        return str(ipaddress.IPv4Network(value, strict=False))
    except ValueError as error:
        raise malformed(f"AWS:SourceIp is {value!r}, no IPv4 range: {error}") from None


def _is_inside(ip: str, network: str) -> bool:
    """Whether a viewer's address is in a network of IPv4 addresses."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return False
        address = address.ipv4_mapped
    return address in ipaddress.IPv4Network(network)


def check(policy: Policy, base_url: str, ip: str, now: float) -> None:
    """Whether a policy, whose signature is right, allows a request.

    Parameters
    ----------
    base_url
        The URL as the viewer asked for it, without the parameters of the signature.
    ip
        The viewer's address.
    now
        Seconds of the epoch.

    Raises
    ------
    Refused
        It is for another time, another URL or another viewer.
    """
    if now >= policy.before:
        raise denied(f"the signature was valid until {policy.before}, and it is {int(now)}")
    if policy.after is not None and now <= policy.after:
        raise denied(f"the signature is valid after {policy.after}, and it is {int(now)}")
    if policy.resource is not None and not is_meant(policy.resource, base_url):
        raise denied(f"the policy is for {policy.resource!r}, which {base_url!r} does not fit")
    if policy.network is not None and not _is_inside(ip, policy.network):
        raise denied(f"the policy is for {policy.network}, and the viewer is at {ip}")


def is_meant(resource: str, url: str) -> bool:
    r"""Whether a policy's ``Resource`` fits a URL.

    Protocol, domain, path and query are compared each on its own. A star at the end of the path
    stands for any query too, one at the end of a domain without a path for any path. A question
    mark may begin the query (so does ``\?``) or stand for one character: either may fit.

    Examples
    --------
    >>> is_meant("https://d1.cloudfront.net/*a.zip*", "https://d1.cloudfront.net/la.zip?b=1")
    True
    >>> is_meant("*example.com", "http://www.example.com/")
    True
    """
    protocol, found, rest = resource.partition("://")
    if not found:
        protocol, rest = "*", resource
    domain, slash, path = rest.partition("/")
    if not slash and domain.endswith("*"):
        path = "*"
    url_protocol, _, url_rest = url.partition("://")
    url_domain, _, url_path = url_rest.partition("/")
    return (
        wildcards.matches(protocol, url_protocol)
        and wildcards.matches(domain.lower(), url_domain.lower())
        and _fits(path, url_path)
    )


def _fits(pattern: str, target: str) -> bool:
    """Whether path and query of a policy fit those of a URL."""
    path, _, query = target.partition("?")
    divided, escaped, asked = pattern.partition("\\?")
    readings = [(divided, asked)]
    if not escaped:
        readings = [(pattern, "")]
        divided, question, asked = pattern.partition("?")
        if question:
            readings.append((divided, asked))
    return any(
        wildcards.matches(one, path)
        and (wildcards.matches(two, query) or (not two and one.endswith("*")))
        for one, two in readings
    )


def malformed(why: str) -> Refused:
    """The refusal of a policy that cannot be read."""
    return Refused("MalformedPolicy", "Malformed Policy", why)


def denied(why: str) -> Refused:
    """The refusal of a viewer who is not meant."""
    return Refused("AccessDenied", "Access denied", why)
