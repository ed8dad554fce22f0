"""Tags of what REST APIs consist of, by ARN: ``arn:aws:apigateway:REGION::/restapis/ID``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request, not_found
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.model import Caller, Operation, Request, Response

MOST_TAGS = 50
"""Tags that one resource may have (developer guide, "Tagging your API Gateway resources", 2026)."""
_KINDS = {
    "restapis": kept.API,
    "apikeys": kept.API_KEY,
    "usageplans": kept.USAGE_PLAN,
    "clientcertificates": kept.CLIENT_CERTIFICATE,
}


class Tagged(Protocol):
    """Tags of things that are kept elsewhere, such as custom domain names."""

    def tags(self, path: str) -> Mapping[str, str] | None:
        """The tags of what an ARN ends with (``/domainnames/x``); ``None`` if it is unknown."""

    def set_tags(self, path: str, tags: dict[str, str]) -> None:
        """Keep other tags for it."""


class Tags:
    """The tags of a Region's REST APIs, and of what belongs to them.

    Parameters
    ----------
    records
        Where what is tagged is kept.

    Attributes
    ----------
    others : list of Tagged
        Asked for what is not found here.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self.others: list[Tagged] = []

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "GetTags": self._get,
        }

    def _tag(self, request: Request, caller: Caller) -> Response:
        for key in request["tags"]:
            if not key or key.lower().startswith("aws:"):
                raise bad_request(f"Invalid tag key specified: {key}. aws: is a reserved prefix")
        tags = {**self._tags(request), **request["tags"]}
        if len(tags) > MOST_TAGS:
            raise bad_request(f"A resource may have at most {MOST_TAGS} tags")
        return self._keep(request, tags)

    def _untag(self, request: Request, caller: Caller) -> Response:
        unwanted = request["tagKeys"]
        left = {key: value for key, value in self._tags(request).items() if key not in unwanted}
        return self._keep(request, left)

    def _get(self, request: Request, caller: Caller) -> Response:
        return {"tags": self._tags(request)}

    def _tags(self, request: Request) -> dict[str, str]:
        path = self._path(request)
        place = self._place(path)
        if place is not None:
            return dict(place[1].get("tags", {}))
        for other in self.others:
            tags = other.tags(path)
            if tags is not None:
                return dict(tags)
        raise not_found("Invalid resource ARN specified: " + request["resourceArn"])

    def _keep(self, request: Request, tags: dict[str, str]) -> Response:
        path = self._path(request)
        place = self._place(path)
        if place is None:
            for other in self.others:
                if other.tags(path) is not None:
                    other.set_tags(path, tags)
            return {}
        (kind, parent, key), record = place
        changed = {**record, "tags": tags}
        if not tags:
            del changed["tags"]
        self._records.put(kind, parent, key, changed)
        return {}

    def _path(self, request: Request) -> str:
        arn = str(request["resourceArn"])
        parts = arn.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn" or parts[2] != "apigateway":
            raise bad_request(f"Invalid resource ARN specified: {arn}")
        return parts[5]

    def _place(self, path: str) -> tuple[tuple[str, str, str], Record] | None:
        """Where the record is that the end of an ARN means, and the record."""
        match path.strip("/").split("/"):
            case ["restapis", api_id, "stages", name]:
                key = (kept.STAGE, api_id, name)
            case [word, identifier] if word in _KINDS:
                key = (_KINDS[word], "", identifier)
            case _:
                return None
        record = self._records.find(*key)
        return None if record is None else (key, record)
