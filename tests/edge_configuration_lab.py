"""CloudFront's API for tests of compiled distributions: it answers what it is given.

Each answer is checked against botocore's model, so that no test relies on a shape that is none of
AWS's.
"""

from __future__ import annotations

import copy
from datetime import datetime, timezone
from functools import cache
from typing import Any

import botocore.session
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

MOMENT = datetime(2026, 1, 1, tzinfo=timezone.utc)
METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
CACHING = "658327ea-f89d-4fab-a63d-7e88639e58f6"
PORT = 4566


def listed(*members: Any) -> dict[str, Any]:
    """A list as CloudFront has it."""
    return {"Quantity": len(members), "Items": list(members)} if members else {"Quantity": 0}


def server(name: str = "server", domain: str = "origin.example.com", **more: Any) -> dict[str, Any]:
    """An origin that is a server."""
    custom = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}
    return {"Id": name, "DomainName": domain, "CustomOriginConfig": custom, **more}


def default_behaviour(**more: Any) -> dict[str, Any]:
    """A default cache behaviour with the cache policy that every :class:`Kept` has."""
    told = {"TargetOriginId": "server", "ViewerProtocolPolicy": "allow-all", **more}
    return told if "ForwardedValues" in told else {"CachePolicyId": CACHING, **told}


class Kept:
    """Answers as boto3's client of CloudFront does.

    ``calls`` has the names of the operations that were asked, in their order.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.page = 100
        self._distributions: dict[str, dict[str, Any]] = {}
        self._others: dict[tuple[str, str], dict[str, Any]] = {}
        self.cache_policy(
            CACHING, Name="caching", MinTTL=1, DefaultTTL=60, MaxTTL=600, key={"gzip": True}
        )

    def distribution(self, name: str = "E2ABC", domain: str = "", **config: Any) -> str:
        """Make a distribution, or make it anew; returns its id."""
        whole = {
            "CallerReference": name,
            "Comment": "",
            "Enabled": True,
            "Origins": listed(server()),
            "DefaultCacheBehavior": default_behaviour(),
            **config,
        }
        self._distributions[name] = {
            "Id": name,
            "ARN": f"arn:aws:cloudfront::000000000000:distribution/{name}",
            "Status": "Deployed",
            "LastModifiedTime": MOMENT,
            "InProgressInvalidationBatches": 0,
            "DomainName": domain or f"{name.lower()}.cloudfront.localhost:{PORT}",
            "DistributionConfig": whole,
        }
        return name

    def remove(self, name: str) -> None:
        """Delete a distribution."""
        del self._distributions[name]

    def keep(self, operation: str, value: str, answer: dict[str, Any]) -> None:
        """Let an operation with one parameter answer something."""
        self._others[operation, value] = answer

    def cache_policy(self, name: str, *, key: dict[str, Any] | None = None, **config: Any) -> str:
        """Make a cache policy; ``key`` may have ``headers``, ``cookies``, ``query``, ``gzip``."""
        key = key or {}
        config.setdefault("Name", name)
        config.setdefault("MinTTL", 0)
        config["ParametersInCacheKeyAndForwardedToOrigin"] = {
            "EnableAcceptEncodingGzip": key.get("gzip", False),
            "EnableAcceptEncodingBrotli": key.get("brotli", False),
            "HeadersConfig": key.get("headers", {"HeaderBehavior": "none"}),
            "CookiesConfig": key.get("cookies", {"CookieBehavior": "none"}),
            "QueryStringsConfig": key.get("query", {"QueryStringBehavior": "none"}),
        }
        policy = {"Id": name, "LastModifiedTime": MOMENT, "CachePolicyConfig": config}
        self.keep("get_cache_policy", name, {"CachePolicy": policy})
        return name

    def policy(self, kind: str, name: str, config: dict[str, Any]) -> str:
        """Make a policy of another kind, such as ``origin_request_policy``."""
        shown = "".join(word.title() for word in kind.split("_"))
        told = {"Id": name, "LastModifiedTime": MOMENT, f"{shown}Config": config}
        self.keep(f"get_{kind}", name, {shown: told})
        return name

    def list_distributions(self, Marker: str = "") -> dict[str, Any]:
        """One page of them."""
        names = sorted(self._distributions)
        rest = [name for name in names if name > Marker]
        shown = rest[: self.page]
        told: dict[str, Any] = {
            "Marker": Marker,
            "MaxItems": self.page,
            "IsTruncated": len(rest) > len(shown),
            "Quantity": len(shown),
        }
        if shown:
            told["Items"] = [self._summary(name) for name in shown]
        if told["IsTruncated"]:
            told["NextMarker"] = shown[-1]
        return self._answer("list_distributions", {"DistributionList": told})

    def _summary(self, name: str) -> dict[str, Any]:
        told = self._distributions[name]
        config = told["DistributionConfig"]
        return {
            **{member: told[member] for member in ("Id", "ARN", "Status", "LastModifiedTime")},
            "DomainName": told["DomainName"],
            "Aliases": config.get("Aliases", listed()),
            "Origins": config["Origins"],
            "DefaultCacheBehavior": config["DefaultCacheBehavior"],
            "CacheBehaviors": config.get("CacheBehaviors", listed()),
            "CustomErrorResponses": config.get("CustomErrorResponses", listed()),
            "Comment": config["Comment"],
            "PriceClass": config.get("PriceClass", "PriceClass_All"),
            "Enabled": config["Enabled"],
            "ViewerCertificate": {"CloudFrontDefaultCertificate": True},
            "Restrictions": config.get(
                "Restrictions", {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}}
            ),
            "WebACLId": "",
            "HttpVersion": "http2",
            "IsIPV6Enabled": False,
            "Staging": config.get("Staging", False),
        }

    def get_distribution(self, Id: str) -> dict[str, Any]:
        """One of them."""
        return self._answer("get_distribution", {"Distribution": self._distributions[Id]})

    def __getattr__(self, operation: str) -> Any:
        if not operation.startswith("get_"):
            raise AttributeError(operation)

        def get(**asked: str) -> dict[str, Any]:
            (value,) = asked.values()
            answer = self._others.get((operation, value))
            if answer is None and operation == "get_monitoring_subscription":
                told = {"Error": {"Code": "NoSuchMonitoringSubscription", "Message": "none"}}
                raise ClientError(told, "GetMonitoringSubscription")  # type: ignore[arg-type]
            return self._answer(operation, self._others[operation, value])

        return get

    def _answer(self, operation: str, answer: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(operation)
        name = "".join(word.title() for word in operation.split("_"))
        shape = _model().operation_model(name).output_shape
        report = ParamValidator().validate(answer, shape)
        assert not report.has_errors(), report.generate_report()
        return copy.deepcopy(answer)


@cache
def _model() -> Any:
    return botocore.session.get_session().get_service_model("cloudfront")
