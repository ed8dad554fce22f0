"""CloudFront's API on an engine: configurations to begin with, and changes to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine_fixtures import Engine

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""The managed cache policy CachingOptimized."""

Config = dict[str, Any]


def listed(*values: Any) -> Config:
    """A list with its quantity, as CloudFront's API has them."""
    return {"Quantity": len(values), "Items": list(values)} if values else {"Quantity": 0}


def bucket(name: str = "bucket", **more: Any) -> Config:
    """An origin: a bucket's REST endpoint."""
    origin = {"OriginAccessIdentity": ""}
    domain = f"{name}.s3.us-east-1.amazonaws.com"
    return {"Id": name, "DomainName": domain, "S3OriginConfig": origin, **more}


def server(name: str = "server", domain: str = "localhost:8080", **more: Any) -> Config:
    """An origin: any HTTP server."""
    ports = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only", **more}
    return {"Id": name, "DomainName": domain, "CustomOriginConfig": ports}


def behaviour(target: str = "bucket", **more: Any) -> Config:
    """A cache behavior with a managed policy."""
    return {
        "TargetOriginId": target,
        "ViewerProtocolPolicy": "allow-all",
        "CachePolicyId": OPTIMIZED,
        **more,
    }


def distribution(reference: str, **more: Any) -> Config:
    """A distribution with one bucket."""
    return {
        "CallerReference": reference,
        "Comment": "",
        "Enabled": True,
        "Origins": listed(bucket()),
        "DefaultCacheBehavior": behaviour(),
        **more,
    }


class CloudFront:
    """CloudFront on an engine.

    Parameters
    ----------
    engine
        Whose.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.api = engine.client("cloudfront", region_name="us-east-1")

    def create(self, **more: Any) -> tuple[str, str]:
        """The id and the ETag of a new distribution."""
        config = distribution(self.engine.name("reference"), **more)
        made = self.api.create_distribution(DistributionConfig=config)
        return made["Distribution"]["Id"], made["ETag"]

    def update(self, name: str, change: Callable[[Config], Any]) -> Config:
        """What UpdateDistribution answers once a function has changed the configuration."""
        got = self.api.get_distribution_config(Id=name)
        config = got["DistributionConfig"]
        change(config)
        answer: Config = self.api.update_distribution(
            Id=name, IfMatch=got["ETag"], DistributionConfig=config
        )
        return answer

    def delete(self, name: str) -> None:
        """Disable a distribution, and delete it."""
        updated = self.update(name, lambda config: config.update(Enabled=False))
        self.api.delete_distribution(Id=name, IfMatch=updated["ETag"])

    def function(self, code: str = "function handler(event) {}", **more: Any) -> tuple[str, str]:
        """The name and the ETag of a new function."""
        name = self.engine.name("function")
        config = {"Comment": "", "Runtime": "cloudfront-js-2.0", **more}
        made = self.api.create_function(Name=name, FunctionConfig=config, FunctionCode=code)
        return name, made["ETag"]


def everything(ask: Callable[..., Any], listing: str, **asked: str) -> list[Any]:
    """The items of a list on all of its pages."""
    items: list[Any] = []
    while True:
        page = ask(**asked)[listing]
        items += page.get("Items", [])
        if not page.get("NextMarker"):
            return items
        asked["Marker"] = page["NextMarker"]
