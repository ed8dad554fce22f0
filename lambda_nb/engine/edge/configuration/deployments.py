"""Continuous deployment: whether the staging distribution answers a request.

Rules (CloudFront Developer Guide, "Learn how continuous deployment works", 2026): it does for
requests with a header of a name and a value; or for a share of all requests, drawn by lot. With
session stickiness a cookie keeps a viewer where the lot fell, primary or staging, until the viewer
has been silent for the idle time or the session has lasted its longest.

AWS does not document the cookie. This one is named like the headers of continuous deployment,
and its value is ``STAGING-ID.WHERE.BEGUN.LAST``, both times in seconds of the epoch. It holds
nothing worth forging, so it is not signed. It is of the session only: neither the cache key nor the
origin should see it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.settings import ContinuousDeployment

COOKIE = "aws-cf-cd-session"

_STAGING, _PRIMARY = "staging", "primary"
_MOMENT = re.compile(r"\d{1,12}", re.ASCII)


class Choice(NamedTuple):
    """Which distribution answers, and the ``Set-Cookie`` header that keeps it so, if any."""

    staging: bool
    set_cookie: str = ""


def choose(deployment: ContinuousDeployment, headers: Headers, now: float, draw: float) -> Choice:
    """Choose the distribution for a request to the primary one.

    Parameters
    ----------
    deployment
        The primary distribution's.
    headers
        The viewer's. The session's cookie is taken out.
    now
        Seconds of the epoch.
    draw
        A number drawn by lot for this request, at least 0 and below 1.
    """
    session = _taken(headers)
    if deployment.header is not None:
        name, value = deployment.header
        return Choice(value in headers.all(name))
    idle_s, most_s = deployment.idle_s, deployment.most_s
    if idle_s is None or most_s is None:
        return Choice(draw < deployment.weight)
    kept = _kept(session, deployment.staging_id, now, idle_s, most_s)
    where, begun = kept or (_STAGING if draw < deployment.weight else _PRIMARY, int(now))
    value = f"{deployment.staging_id}.{where}.{begun}.{int(now)}"
    lasts = min(idle_s, begun + most_s - now)
    cookie = f"{COOKIE}={value}; Path=/; Max-Age={int(lasts)}; HttpOnly"
    return Choice(where == _STAGING, cookie)


def _kept(
    session: str, staging_id: str, now: float, idle_s: float, most_s: float
) -> tuple[str, int] | None:
    """Where a session is and since when; ``None`` if it is over, or not one of this deployment."""
    identifier, *parts = session.split(".")
    if identifier != staging_id or len(parts) != 3:
        return None
    where, begun, last = parts
    if where not in (_STAGING, _PRIMARY):
        return None
    if not (_MOMENT.fullmatch(begun) and _MOMENT.fullmatch(last)):
        return None
    if not now - idle_s < int(last) <= now or not now - most_s < int(begun) <= now:
        return None
    return where, int(begun)


def _taken(headers: Headers) -> str:
    """Take the session's cookie out of a request; its value, empty if there is none."""
    if COOKIE not in (headers.joined("cookie") or ""):
        return ""
    found = ""
    others = []
    for one in ";".join(headers.all("cookie")).split(";"):
        name, _, value = one.strip().partition("=")
        if name == COOKIE:
            found = value
        elif one.strip():
            others.append(one.strip())
    if others:
        headers.set("Cookie", "; ".join(others))
    else:
        headers.remove("cookie")
    return found
