"""Create, get, update, delete and list: written once, for every kind of resource."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lambda_nb.engine.neighbours.services.cloudfront import shapes
from lambda_nb.engine.neighbours.services.cloudfront.documents import (
    CloudFrontDocument,
    Parameters,
    Store,
    error,
    matching,
    page,
)
from lambda_nb.rules.quotas import Quota

Operation = Callable[[Store, Parameters], "dict[str, Any]"]
"""Takes the documents and the parameters; returns the response's members."""

Check = Callable[[Store, "dict[str, Any]", "CloudFrontDocument | None"], None]
"""Refuses a configuration; it has the document that is to be changed, if there is one."""

_MANAGED_SINCE = datetime(2020, 7, 22)
"""The day on which CloudFront got policies."""


def _unchanged(config: dict[str, Any]) -> dict[str, Any]:
    return config


def commented(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration whose comment is empty unless one is given."""
    return {"Comment": "", **config}


def _nothing(*_: Any) -> Any:
    return None


def _no_view(_: Store, __: CloudFrontDocument) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Kind:
    """One kind of resource, by the names that AWS's model has for it.

    Attributes
    ----------
    name
        As in ``CreateCachePolicy``.
    lists
        The operation that lists them.
    path
        Where they are in the API.
    missing, taken, in_use, too_many
        Codes of errors; ``too_many`` with the number that an account may have.
    draw
        Returns a new id.
    unique
        The member that no two of them have alike, if there is one.
    repeats
        Whether the same call made twice makes one.
    fill
        Returns a configuration with AWS's defaults.
    check
        Refuses configurations.
    used
        Whether others refer to one, which then cannot be deleted.
    view
        What CloudFront shows of one beside its id and configuration.
    managed
        Configurations of those that AWS made, by id.
    resource, config
        Members of responses, where they are not ``name`` and ``nameConfig``.
    """

    name: str
    lists: str
    path: str
    missing: str
    taken: str
    draw: Callable[[], str]
    too_many: tuple[str, Quota] | None = None
    in_use: str = ""
    unique: str = "Name"
    repeats: bool = False
    fill: Callable[[dict[str, Any]], dict[str, Any]] = _unchanged
    check: Check = _nothing
    used: Callable[[Store, CloudFrontDocument], bool] = _nothing
    view: Callable[[Store, CloudFrontDocument], dict[str, Any]] = _no_view
    managed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    resource: str = ""
    config: str = ""

    @property
    def shown(self) -> str:
        """The member of a response that has one."""
        return self.resource or self.name

    @property
    def configured(self) -> str:
        """The member that has the configuration."""
        return self.config or f"{self.name}Config"

    def find(self, store: Store, document_id: str) -> CloudFrontDocument:
        """One by its id; managed ones too."""
        found = store.all(self.name).get(document_id)
        if found is None and document_id in self.managed:
            found = _managed(document_id, self.managed[document_id])
        if found is None:
            raise error(self.missing, f"There is no {self.shown} with the id {document_id!r}.")
        return found

    def told(self, store: Store, document: CloudFrontDocument) -> dict[str, Any]:
        """One as responses have it."""
        return {
            "Id": document.id,
            "LastModifiedTime": document.modified,
            "CreatedTime": document.created,
            self.configured: document.config,
            **self.view(store, document),
        }

    def summary(self, store: Store, document: CloudFrontDocument) -> dict[str, Any]:
        """One as lists have it: the model chooses among these members."""
        told = self.told(store, document)
        kind = "managed" if document.id in self.managed else "custom"
        return {**document.config, **told, self.shown: told, "Type": kind, "ETag": document.etag}

    def answer(self, store: Store, document: CloudFrontDocument) -> dict[str, Any]:
        """A response about one."""
        return {self.shown: self.told(store, document), "ETag": document.etag}

    def make(self, store: Store, config: dict[str, Any]) -> dict[str, Any]:
        """Keep a new one, and return the response."""
        config = self.fill(config)
        for document in store.all(self.name).values():
            if self.repeats and document.config == config:
                return self.answer(store, document)
        if self.too_many is not None and len(store.all(self.name)) >= self.too_many[1].value:
            code, quota = self.too_many
            raise error(code, f"An account has at most {quota.value} {quota.unit}.")
        self._check_unique(store, config, None)
        self.check(store, config, None)
        document = store.add(self.name, self.draw(), config)
        location = f"https://cloudfront.amazonaws.com/2020-05-31/{self.path}/{document.id}"
        return {**self.answer(store, document), "Location": location}

    def change(
        self, store: Store, document: CloudFrontDocument, config: dict[str, Any]
    ) -> dict[str, Any]:
        """Replace the configuration of one, and return the response."""
        config = self.fill(config)
        self._check_unique(store, config, document)
        self.check(store, config, document)
        document.change(config)
        return self.answer(store, document)

    def _check_unique(
        self, store: Store, config: dict[str, Any], document: CloudFrontDocument | None
    ) -> None:
        if not self.unique:
            return
        value = config[self.unique]
        others = [other for other in store.all(self.name).values() if other is not document]
        known = [other.config for other in others] + list(self.managed.values())
        if any(other.get(self.unique) == value for other in known):
            raise error(
                self.taken, f"There is a {self.shown} with the {self.unique} {value!r} already."
            )


def _managed(document_id: str, config: Mapping[str, Any]) -> CloudFrontDocument:
    etag = "E" + hashlib.sha256(document_id.encode()).hexdigest()[:13].upper()
    kept = copy.deepcopy(dict(config))
    return CloudFrontDocument(document_id, etag, _MANAGED_SINCE, _MANAGED_SINCE, kept)


def operations(kind: Kind) -> dict[str, Operation]:
    """The operations on a kind, by AWS's names."""
    return {
        f"Create{kind.name}": _create(kind),
        f"Get{kind.shown}": _get(kind),
        f"Get{kind.configured}": _get_config(kind),
        f"Update{kind.name}": _update(kind),
        f"Delete{kind.name}": deletion(kind),
        kind.lists: _list(kind),
    }


def _create(kind: Kind) -> Operation:
    def create(store: Store, parameters: Parameters) -> dict[str, Any]:
        return kind.make(store, parameters[kind.configured])

    return create


def _get(kind: Kind) -> Operation:
    def get(store: Store, parameters: Parameters) -> dict[str, Any]:
        return kind.answer(store, kind.find(store, parameters["Id"]))

    return get


def _get_config(kind: Kind) -> Operation:
    def get_config(store: Store, parameters: Parameters) -> dict[str, Any]:
        document = kind.find(store, parameters["Id"])
        return {kind.configured: document.config, "ETag": document.etag}

    return get_config


def _update(kind: Kind) -> Operation:
    def update(store: Store, parameters: Parameters) -> dict[str, Any]:
        document = kind.find(store, parameters["Id"])
        if document.id in kind.managed:
            raise error("IllegalUpdate", f"{document.id} is AWS's: managed policies stay.")
        matching(document, parameters.get("IfMatch"))
        return kind.change(store, document, parameters[kind.configured])

    return update


def deletion(kind: Kind) -> Operation:
    """The operation that deletes one of a kind, by id and ETag."""

    def delete(store: Store, parameters: Parameters) -> dict[str, Any]:
        document = kind.find(store, parameters["Id"])
        if document.id in kind.managed:
            raise error("IllegalDelete", f"{document.id} is AWS's: managed policies stay.")
        matching(document, parameters.get("IfMatch"))
        if kind.used(store, document):
            raise error(
                kind.in_use,
                f"{document.id} is in use; take it out of what uses it before it is deleted.",
            )
        del store.all(kind.name)[document.id]
        return {}

    return delete


def _list(kind: Kind) -> Operation:
    def listing(store: Store, parameters: Parameters) -> dict[str, Any]:
        wanted = parameters.get("Type")
        managed = [_managed(name, config) for name, config in kind.managed.items()]
        documents = ([] if wanted == "custom" else managed) + (
            [] if wanted == "managed" else list(store.all(kind.name).values())
        )
        told = [(document.id, kind.summary(store, document)) for document in documents]
        return {shapes.payload(shapes.operation(kind.lists).output_shape): page(told, parameters)}

    return listing
