"""A copy of an API, with identifiers of its own."""

from __future__ import annotations

import copy

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.definition.definition import Definition, Named
from lambda_nb.engine.gateways.configuration.rest.kept.records import LONG_ID, SHORT_ID, new_id

_INHERITED = ("binaryMediaTypes", "minimumCompressionSize", "policy", "version", "description")


def clone(original: Definition, api: Record) -> Definition:
    """A copy of an API's definition.

    Parameters
    ----------
    api
        The record of the new API.
    """
    new = copy.deepcopy(original)
    names = {key: new_id() for key in (*new.resources, *new.validators, *new.authorizers)}
    names[original.api["rootResourceId"]] = new_id(LONG_ID)
    inherited = {name: new.api[name] for name in _INHERITED if name in new.api}
    if "policy" in inherited:
        inherited["policy"] = inherited["policy"].replace(original.api["id"], api["id"])
    new.api = {**inherited, **api, "rootResourceId": names[original.api["rootResourceId"]]}
    for resource in new.resources.values():
        _rename(resource, "parentId", names)
        for method in resource.get("resourceMethods", {}).values():
            _rename(method, "authorizerId", names)
            _rename(method, "requestValidatorId", names)
            if "methodIntegration" in method:
                _rename(method["methodIntegration"], "cacheNamespace", names)
    new.resources = _renamed(new.resources, names)
    new.validators = _renamed(new.validators, names)
    new.authorizers = _renamed(new.authorizers, names)
    new.models = _renamed(new.models, {}, "name")
    new.documentation_parts = _renamed(new.documentation_parts, {})
    return new


def _rename(record: Record, member: str, names: dict[str, str]) -> None:
    if record.get(member) in names:
        record[member] = names[record[member]]


def _renamed(named: Named, names: dict[str, str], key: str = "id") -> Named:
    """Records with new ids, by ``key``."""
    for record in named.values():
        record["id"] = names.get(record["id"]) or new_id(SHORT_ID)
    return {record[key]: record for record in named.values()}
