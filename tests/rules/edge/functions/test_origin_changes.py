"""Origins that a CloudFront Function chose."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_nb.rules.edge.functions.invalid_values import InvalidOrigin
from lambda_nb.rules.edge.functions.origin_changes import change

SIGNED = {
    "enabled": True,
    "signingBehavior": "always",
    "signingProtocol": "sigv4",
    "originType": "s3",
}
CUSTOM = {"port": 8080, "protocol": "http", "sslProtocols": ["TLSv1.2"]}


def test_every_property():
    """By the names of the origin's settings."""
    made = change(
        {
            "update": {
                "domainName": "www.example.com",
                "hostHeader": "host.example.com",
                "originPath": "/p",
                "customHeaders": {"x-stage": "prod"},
                "connectionAttempts": 2,
                "originShield": {"enabled": True, "region": "us-east-1"},
                "originAccessControlConfig": {"enabled": False},
                "timeouts": {
                    "readTimeout": 30,
                    "keepAliveTimeout": 5,
                    "connectionTimeout": 3,
                    "responseCompletionTimeout": 60,
                },
                "customOriginConfig": CUSTOM,
                "sni": "sni.example.com",
                "allowedCertificateNames": ["*.example.com"],
            }
        }
    )
    assert made.select == ()
    assert made.settings == (
        {
            "domain": "www.example.com",
            "host_header": "host.example.com",
            "path": "/p",
            "custom_headers": (("X-Stage", "prod"),),
            "connection_attempts": 2,
            "signing_behaviour": "never",
            "signing_service": "",
            "read_timeout_s": 30.0,
            "keepalive_timeout_s": 5.0,
            "connection_timeout_s": 3.0,
            "completion_timeout_s": 60.0,
            "protocol_policy": "http-only",
            "http_port": 8080,
            "ssl_protocols": ("TLSv1.2",),
            "sni": "sni.example.com",
            "certificate_names": ("*.example.com",),
        },
    )


def test_signing():
    """An origin access control, and the Region that AWS's own example gives."""
    made = change({"update": {"originAccessControlConfig": {**SIGNED, "region": "eu-west-1"}}})
    assert made.settings == (
        {"signing_behaviour": "always", "signing_service": "s3", "region": "eu-west-1"},
    )


def test_an_origin_by_its_id():
    """With an override."""
    made = change({"select": "b", "overrides": {"hostHeader": "h.example.com"}})
    assert (made.select, made.settings) == (("b",), ({"host_header": "h.example.com"},))


def test_a_group():
    """As in the guide's example, and with plain ids."""
    members = [
        {"originId": "a", "originOverrides": {"hostHeader": "h.example.com"}},
        {"originId": "b"},
    ]
    made = change({"group": {"originIds": members, "failoverCriteria": {"statusCodes": [500]}}})
    assert made.select == ("a", "b")
    assert made.settings == ({"host_header": "h.example.com"}, {})
    assert made.statuses == {500}
    plain = change({"group": {"originIds": ["a", "b"], "failoverCriteria": [502]}})
    assert (plain.select, plain.statuses) == (("a", "b"), {502})


UPDATES: dict[str, tuple[dict[str, Any], str]] = {
    "colon": ({"domainName": "a:80"}, "without a colon"),
    "address": ({"domainName": "192.0.2.1"}, "an IP address"),
    "long": ({"domainName": "a" * 254}, "at most 253"),
    "path": ({"originPath": "p"}, "begins with a slash"),
    "path's end": ({"originPath": "/p/"}, "ends with none"),
    "long path": ({"originPath": "/" + "p" * 255}, "at most 255"),
    "capital header": ({"customHeaders": {"X-A": "1"}}, "lower case"),
    "header's value": ({"customHeaders": {"x-a": 1}}, "values strings"),
    "disallowed header": ({"customHeaders": {"connection": "1"}}, "CloudFront sets"),
    "attempts": ({"connectionAttempts": 4}, "from 1 to 3"),
    "read timeout": ({"timeouts": {"readTimeout": 121}}, "from 1 to 120"),
    "connection timeout": ({"timeouts": {"connectionTimeout": 11}}, "from 1 to 10"),
    "completion": (
        {"timeouts": {"readTimeout": 30, "responseCompletionTimeout": 20}},
        "at least readTimeout",
    ),
    "protocol": ({"customOriginConfig": {**CUSTOM, "protocol": "ftp"}}, "http or https"),
    "port": ({"customOriginConfig": {**CUSTOM, "port": 0}}, "must be a port"),
    "ssl": ({"customOriginConfig": {**CUSTOM, "sslProtocols": ["TLSv9"]}}, "SSLv3"),
    "signing": ({"originAccessControlConfig": {**SIGNED, "signingProtocol": "x"}}, "sigv4"),
    "enabled": ({"originAccessControlConfig": {}}, "true or false"),
    "shield": ({"originShield": {"enabled": True}}, "a region"),
    "names": ({"allowedCertificateNames": ["a"] * 21}, "at most 20"),
    "no object": ({"timeouts": 1}, "give an object"),
}


@pytest.mark.parametrize("name", UPDATES)
def test_refused_properties(name: str):
    """Each rule of the guide, broken once."""
    update, said = UPDATES[name]
    with pytest.raises(InvalidOrigin, match="invalid value for origin rewrite") as caught:
        change({"update": update})
    assert said in str(caught.value)


GROUPS: dict[str, tuple[dict[str, Any], str]] = {
    "one origin": ({"originIds": ["a"], "failoverCriteria": [500]}, "name two origins"),
    "no criteria": ({"originIds": ["a", "b"]}, "name status codes"),
    "status": ({"originIds": ["a", "b"], "failoverCriteria": [501]}, "name status codes"),
    "media": (
        {
            "originIds": ["a", "b"],
            "failoverCriteria": [500],
            "selectionCriteria": "media-quality-score",
        },
        "only 'default' works",
    ),
}


@pytest.mark.parametrize("name", GROUPS)
def test_refused_groups(name: str):
    """Each rule of the guide, broken once."""
    group, said = GROUPS[name]
    with pytest.raises(InvalidOrigin) as caught:
        change({"group": group})
    assert said in str(caught.value)
