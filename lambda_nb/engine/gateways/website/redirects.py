"""Where a website sends browsers on, by its configuration (S3's user guide, "Redirects")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

# Characters of a key that stand for themselves in a Location; a "?" in ReplaceKeyWith begins a
# query, as authors of such rules expect.
_AS_THEY_ARE = "/?&=#:;,@!$'()*+~%"

MOVED = 301
FOUND = 302


class Redirect(NamedTuple):
    """The status and the ``Location`` of a redirect."""

    status: int
    location: str


def of_all(to: Mapping[str, Any], target: str) -> Redirect:
    """The redirect of a website that sends all requests elsewhere.

    Parameters
    ----------
    to
        ``RedirectAllRequestsTo`` of the configuration.
    target
        Path and query of the request, percent-encoded.

    Examples
    --------
    >>> of_all({"HostName": "example.com"}, "/a?b=1")
    Redirect(status=301, location='http://example.com/a?b=1')
    """
    return Redirect(MOVED, f"{to.get('Protocol') or 'http'}://{to['HostName']}{target}")


def of_rules(
    rules: Sequence[Mapping[str, Any]], key: str, host: str, status: int | None = None
) -> Redirect | None:
    """The redirect by the first routing rule that applies.

    Parameters
    ----------
    rules
        ``RoutingRules`` of the configuration.
    key
        The key that the request names, not encoded.
    host
        The request's ``Host``.
    status
        The status of an error; ``None`` before the object is looked for.

    Examples
    --------
    >>> rules = [{
    ...     "Condition": {"KeyPrefixEquals": "docs/"},
    ...     "Redirect": {"ReplaceKeyPrefixWith": "documents/"},
    ... }]
    >>> of_rules(rules, "docs/a.html", "b.s3-website.localhost")
    Redirect(status=301, location='http://b.s3-website.localhost/documents/a.html')
    """
    for rule in rules:
        condition = rule.get("Condition") or {}
        prefix = condition.get("KeyPrefixEquals", "")
        wanted = condition.get("HttpErrorCodeReturnedEquals")
        of_error = None if wanted is None else int(wanted)
        if of_error != status or not key.startswith(prefix):
            continue
        redirect = rule["Redirect"]
        if "ReplaceKeyWith" in redirect:
            key = redirect["ReplaceKeyWith"]
        elif "ReplaceKeyPrefixWith" in redirect:
            key = redirect["ReplaceKeyPrefixWith"] + key[len(prefix) :]
        where = f"{redirect.get('Protocol') or 'http'}://{redirect.get('HostName') or host}"
        code = int(redirect.get("HttpRedirectCode") or MOVED)
        return Redirect(code, f"{where}/{quote(key, safe=_AS_THEY_ARE)}")
    return None


def to_directory(path: str) -> Redirect:
    """The redirect to a directory's index document, for a path without a slash at its end."""
    return Redirect(FOUND, f"{path}/")


def of_object(location: str) -> Redirect:
    """The redirect that an object's ``x-amz-website-redirect-location`` asks for."""
    return Redirect(MOVED, location)
