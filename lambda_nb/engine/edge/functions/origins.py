"""A distribution as it is for one request whose function chose the origin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lambda_nb.engine.edge.model import FunctionFault
from lambda_nb.engine.edge.settings import Distribution, Origin, OriginGroup
from lambda_nb.rules.edge.functions.invalid_values import InvalidOrigin
from lambda_nb.rules.edge.functions.origin_changes import OriginChange

_GROUP = "chosen by a function"
_S3 = re.compile(
    r"[^.]+(?:\.[^.]+)*?\.s3(?:[.-](?P<region>[a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com"
)
_TLS = ("sni", "certificate_names")


def changed(
    distribution: Distribution, target: str, change: OriginChange
) -> tuple[Distribution, str]:
    """The distribution with a change, and the id of the origin or group that is asked now.

    Parameters
    ----------
    target
        What the behaviour names: an origin, or a group, of which the first origin is changed.

    Raises
    ------
    FunctionFault
        502: it cannot be so.
    """
    try:
        return _changed(distribution, target, change)
    except InvalidOrigin as error:
        raise FunctionFault(502, "FunctionValidationError", str(error)) from error


def _changed(
    distribution: Distribution, target: str, change: OriginChange
) -> tuple[Distribution, str]:
    group = distribution.groups.get(target)
    ids = change.select or (group.primary if group is not None else target,)
    for chosen in ids:
        if chosen not in distribution.origins:
            known = ", ".join(sorted(distribution.origins))
            raise InvalidOrigin(f"The distribution has no origin {chosen!r}; it has {known}.")
    made = {
        chosen: _origin(distribution.origins[chosen], settings)
        for chosen, settings in zip(ids, change.settings, strict=True)
    }
    groups = dict(distribution.groups)
    asked = ids[0]
    if len(ids) == 2:
        groups[_GROUP] = OriginGroup(_GROUP, *ids, change.statuses)
        asked = _GROUP
    elif not change.select:
        asked = target
    return replace(distribution, origins={**distribution.origins, **made}, groups=groups), asked


def _origin(origin: Origin, settings: Mapping[str, Any]) -> Origin:
    made = replace(origin, **settings)
    if "domain" in settings:
        bucket = _S3.fullmatch(made.domain)
        region = made.region if "region" in settings else (bucket and bucket["region"]) or ""
        made = replace(made, kind="custom" if bucket is None else "s3", region=region)
        if (
            made.kind != origin.kind
            and "signing_behaviour" not in settings
            and origin.signing_service
        ):
            raise InvalidOrigin(
                f"{made.domain} is not of the type of {origin.domain}, which has an origin access "
                "control: give originAccessControlConfig too."
            )
    if made.host_header and made.signing_service and made.signing_behaviour != "never":
        raise InvalidOrigin(
            f"hostHeader is {made.host_header!r} but requests are signed for {made.domain}: turn "
            "originAccessControlConfig off, or leave hostHeader out."
        )
    named = [name for name in ("host_header", *_TLS) if settings.get(name)]
    if made.kind == "s3" and named:
        raise InvalidOrigin(f"{made.domain} is a bucket: {', '.join(named)} cannot be set for it.")
    return made
