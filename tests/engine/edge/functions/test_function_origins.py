"""A distribution as it is for a request whose function chose the origin."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_nb.engine.edge.functions.origins import changed
from lambda_nb.engine.edge.model import FunctionFault
from lambda_nb.engine.edge.settings import Distribution, Origin, OriginGroup
from lambda_nb.rules.edge.functions.origin_changes import OriginChange, change

BUCKET = Origin(
    "bucket", "b.s3.eu-west-1.amazonaws.com", kind="s3", region="eu-west-1",
    signing_service="s3", signing_behaviour="always",
)  # fmt: skip
SERVER = Origin("server", "www.example.com", path="/p")
DISTRIBUTION = Distribution(
    id="E1",
    arn="arn",
    domain="d1.cloudfront.net",
    aliases=(),
    enabled=True,
    staging=False,
    root_object="",
    origins={"bucket": BUCKET, "server": SERVER},
    groups={"group": OriginGroup("group", "server", "bucket", frozenset({500}))},
    behaviours=(),
    errors={},
)


def updated(target: str, **properties: Any) -> Origin:
    """The origin of a target after updateRequestOrigin()."""
    made, asked = changed(DISTRIBUTION, target, change({"update": properties}))
    assert asked == target
    group = made.groups.get(target)
    return made.origins[group.primary if group else target]


def test_what_is_not_named_stays():
    """Any settings that are not specified are inherited."""
    made = updated("server", domainName="other.example.com")
    assert (made.domain, made.path, made.kind) == ("other.example.com", "/p", "custom")


def test_the_first_origin_of_a_group_is_changed():
    """The second is not."""
    made, asked = changed(DISTRIBUTION, "group", change({"update": {"originPath": "/new"}}))
    assert (asked, made.origins["server"].path, made.origins["bucket"].path) == (
        "group",
        "/new",
        "",
    )


def test_a_bucket_is_found_by_its_name():
    """With its Region."""
    made = updated("bucket", domainName="other.s3.eu-central-1.amazonaws.com")
    assert (made.kind, made.region, made.signing_behaviour) == ("s3", "eu-central-1", "always")


def test_an_origin_is_selected():
    """With its settings; the distribution itself is as it was."""
    made, asked = changed(DISTRIBUTION, "server", change({"select": "bucket", "overrides": {}}))
    assert (asked, made.origins["bucket"]) == ("bucket", BUCKET)
    assert DISTRIBUTION.origins == {"bucket": BUCKET, "server": SERVER}


def test_a_group_is_made():
    """Of two origins that there are."""
    told = {"group": {"originIds": ["bucket", "server"], "failoverCriteria": [503]}}
    made, asked = changed(DISTRIBUTION, "server", change(told))
    group = made.groups[asked]
    assert (group.primary, group.secondary, group.statuses) == ("bucket", "server", {503})


@pytest.mark.parametrize(
    ("target", "told", "said"),
    [
        ("server", {"select": "none"}, "it has bucket, server"),
        ("bucket", {"update": {"domainName": "www.example.com"}}, "originAccessControlConfig"),
        ("bucket", {"select": "bucket", "overrides": {"hostHeader": "a.b"}}, "signed"),
        ("server", {"update": {"domainName": "b.s3.amazonaws.com", "sni": "a.b"}}, "a bucket"),
    ],
    ids=["unknown", "other type", "host and signature", "bucket"],
)
def test_refused(target: str, told: dict[str, Any], said: str):
    """502, in CloudFront's words."""
    with pytest.raises(FunctionFault, match="invalid value for origin rewrite") as caught:
        changed(DISTRIBUTION, target, change(told))
    assert said in caught.value.message
    assert (caught.value.status, caught.value.outcome) == (502, "FunctionValidationError")


def test_nothing_changed():
    """An empty update asks the same origin."""
    assert changed(DISTRIBUTION, "server", OriginChange()) == (DISTRIBUTION, "server")
