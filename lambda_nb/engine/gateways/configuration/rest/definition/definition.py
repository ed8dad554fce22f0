"""A REST API's whole definition: what a deployment takes a picture of, and an import writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.engine.control.records.store import Batch, Record
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records

Named = dict[str, Record]


@dataclass(slots=True)
class Definition:
    """A REST API's whole definition. Its records are shared: replace them, never change them.

    Attributes
    ----------
    api
        As ``GetRestApi`` shows it, its policy as plain JSON text.
    resources, authorizers, validators
        By id; resources have their methods in them.
    models
        By name.
    gateway_responses
        Those that are customised, by type.
    documentation_parts
        By id.
    """

    api: Record
    resources: Named = field(default_factory=dict)
    models: Named = field(default_factory=dict)
    validators: Named = field(default_factory=dict)
    authorizers: Named = field(default_factory=dict)
    gateway_responses: Named = field(default_factory=dict)
    documentation_parts: Named = field(default_factory=dict)

    @classmethod
    def of(cls, records: Records, api_id: str) -> Definition:
        """The definition of an API as it is now.

        Raises
        ------
        AWSError
            ``NotFoundException``: there is no such API.
        """
        api = records.api(api_id)
        return cls(api, *(records.children(kind, api_id) for kind in _KINDS))

    @classmethod
    def of_picture(cls, picture: dict[str, Any]) -> Definition:
        """What :meth:`picture` made."""
        return cls(**picture)

    def picture(self) -> dict[str, Any]:
        """All of it as one JSON object."""
        return {"api": self.api, **dict(zip(_FIELDS, self._named(), strict=True))}

    def write(self, batch: Batch, before: Definition | None = None) -> None:
        """Write what differs from the definition ``before``, and remove what is not in this one."""
        api_id = self.api["id"]
        if before is None or self.api != before.api:
            batch.put(kept.API, "", api_id, self.api)
        old = list(before._named()) if before else [{} for _ in _KINDS]
        for kind, then, now in zip(_KINDS, old, self._named(), strict=True):
            for key in then.keys() - now.keys():
                batch.delete(kind, api_id, key)
            for key, record in now.items():
                if then.get(key) != record:
                    batch.put(kind, api_id, key, record)

    def copy(self) -> Definition:
        """A definition whose collections may be changed."""
        return Definition(dict(self.api), *(dict(named) for named in self._named()))

    def methods(self) -> Iterator[tuple[Record, Record]]:
        """Each method with its resource."""
        for resource in self.resources.values():
            for method in resource.get("resourceMethods", {}).values():
                yield resource, method

    def _named(self) -> Iterator[Named]:
        return (getattr(self, name) for name in _FIELDS)


_FIELDS = (
    "resources",
    "models",
    "validators",
    "authorizers",
    "gateway_responses",
    "documentation_parts",
)
_KINDS = (
    kept.RESOURCE,
    kept.MODEL,
    kept.VALIDATOR,
    kept.AUTHORIZER,
    kept.GATEWAY_RESPONSE,
    kept.DOCUMENTATION_PART,
)
