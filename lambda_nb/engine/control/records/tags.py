"""Tags of functions, event source mappings, code signing configurations, capacity providers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lambda_nb.engine.control import context as c
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.functions.lookup import Lookup
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import invalid_parameter, not_found
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules import quotas
from lambda_nb.rules.settings import names

_RESOURCE = re.compile(
    r"arn:[^:]+:lambda:(?P<region>[^:]+):(?P<account>\d{12}):"
    r"(?P<kind>function|code-signing-config|event-source-mapping|capacity-provider)"
    r":(?P<key>[^:]+)(?P<qualifier>:[^:]+)?"
)
_KINDS = {
    "function": "function",
    "code-signing-config": "code_signing",
    "event-source-mapping": "mapping",
    "capacity-provider": "capacity_provider",
}
_WORDS = {
    "function": "Function",
    "code_signing": "Code signing config",
    "mapping": "Event source mapping",
    "capacity_provider": "Capacity provider",
}
"""AWS's names for missing resources (recorded.md 6; the one for signing is not recorded)."""


def check_tags(tags: Mapping[str, str]) -> None:
    """Refuse more than 50 tags."""
    if len(tags) > quotas.TAGS.value:
        raise invalid_parameter("Number of tags exceeds resource tag limit.")


class Tags:
    """TagResource, UntagResource and ListTags."""

    def __init__(self, context: Context, lookup: Lookup) -> None:
        self._context = context
        self._store = context.store
        self._lookup = lookup

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {"TagResource": self.tag, "UntagResource": self.untag, "ListTags": self.list}

    def tag(self, request: Request, caller: Caller) -> Response:
        """Add tags, or replace the values of existing tags."""
        kind, key, record = self._find(request["Resource"])
        if not request["Tags"]:
            raise invalid_parameter("An error occurred and the request cannot be processed.")
        tags = {**record.get("tags", {}), **request["Tags"]}
        check_tags(tags)
        self._save(kind, key, record, tags)
        return {}

    def untag(self, request: Request, caller: Caller) -> Response:
        """Remove tags; missing tags are not an error."""
        kind, key, record = self._find(request["Resource"])
        gone = set(request["TagKeys"])
        tags = {k: v for k, v in record.get("tags", {}).items() if k not in gone}
        self._save(kind, key, record, tags)
        return {}

    def list(self, request: Request, caller: Caller) -> Response:
        """All tags of a resource."""
        return {"Tags": dict(self._find(request["Resource"])[2].get("tags", {}))}

    def _save(self, kind: str, key: str, record: Record, tags: Mapping[str, str]) -> None:
        with self._store.write() as batch:
            batch.put(kind, "", key, {**record, "tags": dict(tags)})
            if kind == "function":
                self._lookup.revise(batch, key, None, c.revision())

    def _find(self, arn: str) -> tuple[str, str, Record]:
        match = _RESOURCE.fullmatch(arn)
        if match is None:
            raise invalid_parameter(f"The resource ARN {arn} cannot be tagged.")
        if match["kind"] == "function":
            if match["qualifier"]:
                raise invalid_parameter(
                    "Tags on function aliases and versions are not supported. "
                    "Please specify a function ARN."
                )
            name = names.FunctionName(match["key"], None, match["account"], match["region"])
            names.located(name, self._context.account, self._context.region)
        kind = _KINDS[match["kind"]]
        key = arn if kind == "code_signing" else match["key"]
        record = self._store.get(kind, "", key)
        if record is None:
            raise not_found(f"{_WORDS[kind]} not found: {arn}")
        return kind, key, record
