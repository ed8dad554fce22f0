"""The tags of domain names, VPC links and access associations, by the end of an ARN."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_nb.engine.control.records.store import Record, Store
from lambda_nb.engine.gateways.configuration.domains import kept


class DomainTags:
    """Finds and keeps tags for the API ``apigateway``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def tags(self, path: str) -> Mapping[str, str] | None:
        """The tags of what an ARN ends with (``/domainnames/x``); ``None`` if it is unknown."""
        place = self._place(path)
        if place is None:
            return None
        kind, key, member = place
        record = self._store.get(kind, "", key)
        return None if record is None else record.get(member, {})

    def set_tags(self, path: str, tags: dict[str, str]) -> None:
        """Keep other tags for what an ARN ends with."""
        place = self._place(path)
        assert place is not None
        kind, key, member = place
        record: Record | None = self._store.get(kind, "", key)
        assert record is not None
        with self._store.write() as batch:
            batch.put(kind, "", key, {**record, member: tags})

    def _place(self, path: str) -> tuple[str, str, str] | None:
        """The kind and key of what is tagged, and its member for tags."""
        match path.strip("/").split("/"):
            case ["domainnames", name]:
                return kept.DOMAIN, name.partition("+")[0], "Tags"
            case ["vpclinks", key]:
                return kept.REST_VPC_LINK, key, "tags"
            case ["domainnameaccessassociations", *_]:
                associations = self._store.children(kept.ASSOCIATION, "")
                found = next((arn for arn in associations if arn.endswith(path)), "")
                return kept.ASSOCIATION, found, "tags"
            case _:
                return None
