"""Tags of APIs, stages, VPC links and custom domain names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from lambda_nb.engine.control.records.store import Batch, Record
from lambda_nb.engine.gateways.configuration.domains import kept
from lambda_nb.engine.gateways.configuration.v2.records import (
    API,
    STAGE,
    VPC_LINK,
    Records,
)
from lambda_nb.engine.gateways.configuration.v2.rules import tag_rules
from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request
from lambda_nb.engine.model import Caller, Operation, Request, Response

_ARN = re.compile(
    r"arn:aws[a-z-]*:apigateway:(?P<region>[a-z0-9-]+):\d*:/(?:apis/(?P<api>[^/]+)"
    r"(?:/stages/(?P<stage>[^/]+))?|vpclinks/(?P<link>[^/]+)|domainnames/(?P<domain>[^/+]+)(?:\+[a-z0-9]+)?)"
)

Put = Callable[[Batch, Record], None]


class Tags:
    """TagResource, UntagResource and GetTags.

    Parameters
    ----------
    records
        What is kept.
    region
        The Region that ARNs must name.
    """

    def __init__(self, records: Records, region: str) -> None:
        self._records = records
        self._region = region

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {"TagResource": self.tag, "UntagResource": self.untag, "GetTags": self.get}

    def get(self, request: Request, caller: Caller) -> Response:
        """All tags of a resource."""
        record, _ = self._find(request["ResourceArn"])
        return {"Tags": record.get("Tags", {})}

    def tag(self, request: Request, caller: Caller) -> Response:
        """Add tags, or replace the values of existing ones."""
        record, put = self._find(request["ResourceArn"])
        self._save(record, put, {**record.get("Tags", {}), **request.get("Tags", {})})
        return {}

    def untag(self, request: Request, caller: Caller) -> Response:
        """Remove tags; missing ones are no error."""
        record, put = self._find(request["ResourceArn"])
        gone = set(request["TagKeys"])
        kept = {key: value for key, value in record.get("Tags", {}).items() if key not in gone}
        self._save(record, put, kept)
        return {}

    def _save(self, record: Record, put: Put, tags: Mapping[str, str]) -> None:
        tag_rules.check(tags)
        with self._records.store.write() as batch:
            put(batch, {**record, "Tags": dict(tags)})

    def _find(self, arn: str) -> tuple[Record, Put]:
        """The tagged record, and what writes its successor."""
        found = _ARN.fullmatch(arn)
        if found is None or found["region"] != self._region:
            raise bad_request(f"Invalid resource ARN specified in the request: {arn}")
        if found["domain"]:
            domain = kept.find(self._records.store, found["domain"])
            return domain, _put(kept.DOMAIN, "", domain["DomainName"])
        if found["link"]:
            link = self._records.one(VPC_LINK, "", found["link"])
            return link, _put(VPC_LINK.name, "", found["link"])
        api = self._records.api(found["api"])
        if not found["stage"]:
            return api, _put(API.name, "", found["api"])
        stage = self._records.one(STAGE, found["api"], found["stage"])
        return stage, _put(STAGE.name, found["api"], found["stage"])


def _put(kind: str, parent: str, key: str) -> Put:
    return lambda batch, record: batch.put(kind, parent, key, record)
