"""What custom domain names may be like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.v2.records import new_id, now

_NAME = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_CERTIFICATE = re.compile(r"arn:aws[a-z-]*:(acm|iam):[a-z0-9-]*:\d{12}:(certificate|server-cert).*")
_MOST_NAME = 253
_SERVICES = (".amazonaws.com", ".amazonaws.com.cn", ".on.aws", ".localstack.cloud")
"""Below these names services answer, and an API would be in their way."""

ROUTING_MODES = ("API_MAPPING_ONLY", "ROUTING_RULE_ONLY", "ROUTING_RULE_THEN_API_MAPPING")
ENDPOINT_TYPES = ("REGIONAL", "EDGE", "PRIVATE")

_EDGE_ZONE = "Z2FDTNDATAQYW2"
_ZONES = {
    "ap-northeast-1": "Z1YSHQZHG15GKL",
    "ap-south-1": "Z3VO1THU9YC4UR",
    "ap-southeast-1": "ZL327KTPIQFUL",
    "ap-southeast-2": "Z2RPCDW04V8134",
    "ca-central-1": "Z19DQILCV0OWEC",
    "eu-central-1": "Z1U9ULNL0V5AJ3",
    "eu-north-1": "Z3UWIKFBOOGXPP",
    "eu-west-1": "ZLY8HYME6SFDD",
    "eu-west-2": "ZJ5UAJN8Y3Z2Q",
    "eu-west-3": "Z3KY65QIEKYHQQ",
    "sa-east-1": "ZCMLWB8V5SYIT",
    "us-east-1": "Z1UJRXOUMOOFQ8",
    "us-east-2": "ZOJJZC49E0EPZ",
    "us-west-1": "Z2MUQ32089INYE",
    "us-west-2": "Z2OJLYMUO9EFXC",
}
"""Hosted zones of Regional domain names (AWS General Reference, "Amazon API Gateway endpoints",
2026); other Regions show the one of us-east-1."""


def check_name(name: str) -> None:
    """Refuse what is no domain name.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    if len(name) > _MOST_NAME or not _NAME.fullmatch(name):
        raise bad_request(f"Invalid domain name specified: {name}")
    if name.endswith(_SERVICES):
        raise bad_request(f"Invalid domain name specified: {name} is a name of AWS's services")


def configuration(told: Mapping[str, Any], region: str) -> dict[str, Any]:
    """A configuration of a domain name, with what AWS fills in.

    Raises
    ------
    AWSError
        ``BadRequestException`` if it could not be.
    """
    kind = told.get("EndpointType", "REGIONAL")
    if kind not in ENDPOINT_TYPES:
        raise bad_request(f"Invalid endpoint type specified: {kind}")
    certificate = told.get("CertificateArn", "")
    if not certificate and not told.get("CertificateName"):
        raise bad_request("A certificate was not provided for the endpoint type " + kind)
    if certificate and not _CERTIFICATE.fullmatch(certificate):
        raise bad_request(f"Invalid certificate ARN: {certificate}")
    edge = kind == "EDGE"
    host = f"d{new_id(13)}.cloudfront.net" if edge else _regional_host(region)
    return {
        "ApiGatewayDomainName": host,
        "HostedZoneId": _EDGE_ZONE if edge else _ZONES.get(region, _ZONES["us-east-1"]),
        "IpAddressType": "ipv4",
        "SecurityPolicy": "TLS_1_2",
        "CertificateUploadDate": now(),
        **{name: value for name, value in told.items() if value not in ("", None)},
        "DomainNameStatus": "AVAILABLE",
        "EndpointType": kind,
    }


def _regional_host(region: str) -> str:
    return f"d-{new_id(10)}.execute-api.{region}.amazonaws.com"


def check(domain: Mapping[str, Any]) -> None:
    """Refuse settings that a domain name cannot have.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    mode = domain["RoutingMode"]
    if mode not in ROUTING_MODES:
        raise bad_request(f"Invalid routing mode: {mode}. Must be one of {list(ROUTING_MODES)}")
    kinds = [each["EndpointType"] for each in domain["Configurations"]]
    if not kinds or len(set(kinds)) != len(kinds):
        raise bad_request("A domain name needs one configuration for each endpoint type")
    for each in domain["Configurations"]:
        if each["IpAddressType"] not in ("ipv4", "dualstack"):
            raise bad_request(f"Invalid IP address type: {each['IpAddressType']}")
    trust = domain.get("MutualTlsAuthentication", {})
    if trust and not trust.get("TruststoreUri", "").startswith("s3://"):
        raise bad_request("The truststore must be an S3 URI such as s3://bucket/key")


def bad_request(message: str) -> AWSError:
    """``BadRequestException`` (400)."""
    return AWSError("BadRequestException", message, 400)


def conflict(message: str) -> AWSError:
    """``ConflictException`` (409)."""
    return AWSError("ConflictException", message, 409)
