"""What CloudFront, or this engine, does not take as a distribution's configuration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from lambda_nb.engine.neighbours.services.cloudfront import references
from lambda_nb.engine.neighbours.services.cloudfront.distributions import (
    behaviour_checks,
    origin_checks,
)
from lambda_nb.engine.neighbours.services.cloudfront.documents import (
    CloudFrontDocument,
    Store,
    error,
    invalid,
)
from lambda_nb.engine.neighbours.services.cloudfront.shapes import items
from lambda_nb.rules import quotas

_ERROR_CODES = {400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504}
_RESPONSE_CODES = {str(code) for code in (200, *_ERROR_CODES)}
# Developer Guide, "Create a custom error page for specific HTTP status codes", 2026.
_ROOT_OBJECT = re.compile(r"[A-Za-z0-9_.*$/~\"'&;-]{0,255}")
_LOG_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]+\.s3[a-z0-9.-]*\.amazonaws\.com")
_CERTIFICATE = re.compile(r"arn:aws:acm:us-east-1:\d{12}:certificate/.+")
_NOT_HERE = {
    "WebACLId": ("InvalidWebACLId", "web ACLs of AWS WAF"),
    "AnycastIpListId": ("InvalidArgument", "Anycast static IP lists"),
    "TenantConfig": ("InvalidArgument", "multi-tenant distributions"),
    "ViewerMtlsConfig": ("InvalidArgument", "mutual TLS with viewers"),
    "ConnectionFunctionAssociation": ("InvalidArgument", "connection functions"),
    "CacheTagConfig": ("InvalidArgument", "invalidation by cache tags"),
}


def check(store: Store, config: dict[str, Any], document: CloudFrontDocument | None) -> None:
    """Refuse a configuration.

    Parameters
    ----------
    config
        With AWS's defaults.
    document
        The distribution that is to be changed, if it is one.
    """
    _refuse_what_is_not_here(config)
    if document is None:
        _check_number(store, staging=config["Staging"])
    else:
        _check_change(config, document)
    _check_aliases(store, config, document)
    _check_texts(config)
    origin_checks.check(store, config)
    for behaviour in references.behaviours(config):
        behaviour_checks.check(store, config, behaviour)
    _check_behaviours(config)
    _check_errors(items(config, "CustomErrorResponses"))
    _check_places(config["Restrictions"]["GeoRestriction"])
    _check_deployment(store, config, document)


def _refuse_what_is_not_here(config: dict[str, Any]) -> None:
    for member, (code, what) in _NOT_HERE.items():
        if config.get(member):
            raise error(code, f"lambda_nb has no {what}: leave {member} out.")
    if config.get("ConnectionMode", "direct") != "direct":
        raise invalid("lambda_nb has no multi-tenant distributions: the ConnectionMode is direct.")


def _check_number(store: Store, *, staging: bool) -> None:
    there = [document.config["Staging"] for document in store.all(references.DISTRIBUTION).values()]
    quota = quotas.CF_STAGING_DISTRIBUTIONS if staging else quotas.CF_DISTRIBUTIONS
    if there.count(staging) >= quota.value:
        raise error("TooManyDistributions", f"An account has at most {quota.value} {quota.unit}.")


def _check_change(config: dict[str, Any], document: CloudFrontDocument) -> None:
    for member in ("CallerReference", "Staging"):
        if config[member] != document.config[member]:
            raise error(
                "IllegalUpdate",
                f"The {member} of a distribution cannot be changed: it is "
                f"{document.config[member]!r}.",
            )


def _check_aliases(
    store: Store, config: dict[str, Any], document: CloudFrontDocument | None
) -> None:
    aliases = items(config, "Aliases")
    if not aliases:
        return
    if len(aliases) > quotas.CF_ALIASES.value:
        raise error(
            "TooManyDistributionCNAMEs",
            f"A distribution has at most {quotas.CF_ALIASES.value} aliases; these are "
            f"{len(aliases)}.",
        )
    if config["Staging"]:
        raise invalid("A staging distribution has no aliases: its primary distribution has them.")
    certificate = config["ViewerCertificate"]
    if certificate["CloudFrontDefaultCertificate"]:
        raise error(
            "InvalidViewerCertificate",
            "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach "
            "a trusted certificate that validates your authorization to use the domain name: give "
            "ViewerCertificate an ACMCertificateArn.",
        )
    wanted = {alias.lower() for alias in aliases}
    for other in store.all(references.DISTRIBUTION).values():
        taken = sorted(wanted & {alias.lower() for alias in items(other.config, "Aliases")})
        if other is not document and taken:
            raise error(
                "CNAMEAlreadyExists",
                "One or more of the CNAMEs you provided are already associated with a different "
                f"resource: {', '.join(taken)} with {other.id}.",
            )


def _check_texts(config: dict[str, Any]) -> None:
    root = config["DefaultRootObject"]
    if root.startswith("/") or not _ROOT_OBJECT.fullmatch(root):
        raise error(
            "InvalidDefaultRootObject",
            f"The default root object is a name such as index.html, without a slash before it: "
            f"{root!r}.",
        )
    certificate = config["ViewerCertificate"].get("ACMCertificateArn")
    if certificate and not _CERTIFICATE.fullmatch(certificate):
        raise error(
            "InvalidViewerCertificate",
            "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, "
            f"or doesn't include a valid certificate chain: {certificate}.",
        )
    log = config["Logging"]
    if log["Enabled"] and not _LOG_BUCKET.fullmatch(log["Bucket"]):
        raise invalid(
            "The parameter Logging Bucket does not refer to a valid S3 bucket: it is "
            f"{log['Bucket']!r} and not like mylogs.s3.amazonaws.com."
        )


def _check_behaviours(config: dict[str, Any]) -> None:
    every = references.behaviours(config)
    if len(every) > quotas.CF_BEHAVIOURS.value:
        raise error(
            "TooManyCacheBehaviors",
            f"A distribution has at most {quotas.CF_BEHAVIOURS.value} cache behaviors, the default "
            f"one among them; these are {len(every)}.",
        )
    patterns = [behaviour["PathPattern"] for behaviour in items(config, "CacheBehaviors")]
    _refuse_twice("PathPattern", patterns)


def _check_errors(responses: Sequence[dict[str, Any]]) -> None:
    _refuse_twice("ErrorCode", [str(response["ErrorCode"]) for response in responses])
    for response in responses:
        if response["ErrorCode"] not in _ERROR_CODES:
            raise error(
                "InvalidErrorCode",
                f"CloudFront has custom responses for the statuses {sorted(_ERROR_CODES)}; not for "
                f"{response['ErrorCode']}.",
            )
        page, code = response["ResponsePagePath"], response["ResponseCode"]
        if bool(page) != bool(code):
            raise error(
                "InvalidResponseCode",
                "ResponsePagePath and ResponseCode go together; for "
                f"{response['ErrorCode']} they are {page!r} and {code!r}.",
            )
        if page and not page.startswith("/"):
            raise error("InvalidRelativePath", f"ResponsePagePath begins with a slash: {page!r}.")
        if code and code not in _RESPONSE_CODES:
            raise error(
                "InvalidResponseCode",
                f"ResponseCode is one of {sorted(_RESPONSE_CODES)}; it is {code!r}.",
            )


def _check_places(restriction: dict[str, Any]) -> None:
    places = items(restriction)
    if bool(places) != (restriction["RestrictionType"] != "none"):
        raise error(
            "InvalidGeoRestrictionParameter",
            f"A restriction of the type {restriction['RestrictionType']} and {len(places)} "
            "countries do not go together.",
        )
    for place in places:
        if not re.fullmatch("[A-Z]{2}", place):
            text = f"Countries are two letters (ISO 3166-1 alpha-2), not {place!r}."
            raise error("InvalidGeoRestrictionParameter", text)


def _check_deployment(
    store: Store, config: dict[str, Any], document: CloudFrontDocument | None
) -> None:
    policy = config["ContinuousDeploymentPolicyId"]
    if not policy:
        return
    if document is None:
        raise invalid(
            "Continuous deployment policy is not supported during distribution creation: give it "
            "to UpdateDistribution."
        )
    if policy not in store.all("ContinuousDeploymentPolicy"):
        text = f"There is no continuous deployment policy with the id {policy!r}."
        raise error("NoSuchContinuousDeploymentPolicy", text)
    if "http3" in config["HttpVersion"] or config["HttpVersion"] == "http2and3":
        raise invalid("A distribution with HTTP/3 has no continuous deployment policy.")
    others = references.users(store, "ContinuousDeploymentPolicyId", policy)
    if any(other is not document for other in others):
        raise error(
            "ContinuousDeploymentPolicyInUse", f"{others[0].id} has the policy {policy} already."
        )


def _refuse_twice(parameter: str, values: Sequence[str]) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise invalid(f"The parameter {parameter} contains duplicates: {', '.join(twice)}.")
