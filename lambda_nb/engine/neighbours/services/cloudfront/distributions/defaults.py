"""AWS's defaults in what a distribution's caller left out, as GetDistribution shows them."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.cloudfront.shapes import items, listed

_DAY_S = 86_400
_YEAR_S = 31_536_000
_NOBODY = {"Enabled": False, "Quantity": 0}
_READING = ["HEAD", "GET"]

_DISTRIBUTION: dict[str, Any] = {
    "Aliases": {"Quantity": 0},
    "DefaultRootObject": "",
    "OriginGroups": {"Quantity": 0},
    "CacheBehaviors": {"Quantity": 0},
    "CustomErrorResponses": {"Quantity": 0},
    "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
    "PriceClass": "PriceClass_All",
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": False,
    "ContinuousDeploymentPolicyId": "",
    "Staging": False,
}
_ORIGIN: dict[str, Any] = {
    "OriginPath": "",
    "CustomHeaders": {"Quantity": 0},
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginShield": {"Enabled": False},
    "OriginAccessControlId": "",
}
_CUSTOM_ORIGIN: dict[str, Any] = {
    "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
    "OriginReadTimeout": 30,
    "OriginKeepaliveTimeout": 5,
}
_BEHAVIOUR: dict[str, Any] = {
    "TrustedSigners": _NOBODY,
    "TrustedKeyGroups": _NOBODY,
    "SmoothStreaming": False,
    "Compress": False,
    "LambdaFunctionAssociations": {"Quantity": 0},
    "FunctionAssociations": {"Quantity": 0},
    "FieldLevelEncryptionId": "",
    "GrpcConfig": {"Enabled": False},
}
_CERTIFICATE = {
    "CloudFrontDefaultCertificate": True,
    "SSLSupportMethod": "vip",
    "MinimumProtocolVersion": "TLSv1",
    "CertificateSource": "cloudfront",
}


def filled(config: dict[str, Any]) -> dict[str, Any]:
    """A distribution's configuration with what CloudFront puts in where nothing was said."""
    made = {**_DISTRIBUTION, **config}
    made["Logging"] = {**_DISTRIBUTION["Logging"], **made["Logging"]}
    made["Origins"] = listed([_origin(origin) for origin in items(config, "Origins")])
    groups = [_group(group) for group in items(config, "OriginGroups")]
    made["OriginGroups"] = listed(groups)
    made["DefaultCacheBehavior"] = _behaviour(config["DefaultCacheBehavior"])
    behaviours = [_behaviour(behaviour) for behaviour in items(config, "CacheBehaviors")]
    made["CacheBehaviors"] = listed(behaviours)
    responses = [_error_response(response) for response in items(config, "CustomErrorResponses")]
    made["CustomErrorResponses"] = listed(responses)
    made["ViewerCertificate"] = _certificate(config.get("ViewerCertificate") or {})
    return made


def _origin(origin: dict[str, Any]) -> dict[str, Any]:
    made = {**_ORIGIN, **origin}
    if "CustomOriginConfig" in origin:
        made["CustomOriginConfig"] = {**_CUSTOM_ORIGIN, **origin["CustomOriginConfig"]}
    return made


def _group(group: dict[str, Any]) -> dict[str, Any]:
    return {"SelectionCriteria": "default", **group}


def _behaviour(behaviour: dict[str, Any]) -> dict[str, Any]:
    made = {**_BEHAVIOUR, **behaviour}
    methods = {**listed(_READING), **behaviour.get("AllowedMethods", {})}
    made["AllowedMethods"] = {"CachedMethods": listed(_READING), **methods}
    associations = [
        {"IncludeBody": False, **association}
        for association in items(behaviour, "LambdaFunctionAssociations")
    ]
    made["LambdaFunctionAssociations"] = listed(associations)
    if "ForwardedValues" in behaviour:
        made["ForwardedValues"] = {
            "Headers": {"Quantity": 0},
            "QueryStringCacheKeys": {"Quantity": 0},
            **behaviour["ForwardedValues"],
        }
        made["MinTTL"] = behaviour.get("MinTTL", 0)
        made["DefaultTTL"] = behaviour.get("DefaultTTL", max(_DAY_S, made["MinTTL"]))
        made["MaxTTL"] = behaviour.get("MaxTTL", max(_YEAR_S, made["DefaultTTL"]))
    return made


def _error_response(response: dict[str, Any]) -> dict[str, Any]:
    return {"ResponsePagePath": "", "ResponseCode": "", "ErrorCachingMinTTL": 10, **response}


def _certificate(given: dict[str, Any]) -> dict[str, Any]:
    """A viewer's certificate, and its older members that say the same."""
    source = {"ACMCertificateArn": "acm", "IAMCertificateId": "iam"}
    for member, name in source.items():
        if given.get(member):
            return {
                "CloudFrontDefaultCertificate": False,
                "SSLSupportMethod": "sni-only",
                "MinimumProtocolVersion": "TLSv1",
                **given,
                "Certificate": given[member],
                "CertificateSource": name,
            }
    return dict(_CERTIFICATE)
