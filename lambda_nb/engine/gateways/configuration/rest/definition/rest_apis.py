"""REST APIs: created, shown, changed, deleted."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.definition import models, resources
from lambda_nb.engine.gateways.configuration.rest.definition.cloning import clone
from lambda_nb.engine.gateways.configuration.rest.definition.definition import Definition
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request, not_found
from lambda_nb.engine.gateways.configuration.rest.kept.paging import page
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.gateways.configuration.rest.keys import usage_plans
from lambda_nb.engine.gateways.shared.invoke_policies import Policy, PolicyError
from lambda_nb.engine.model import Caller, Operation, Request, Response

MOST_COMPRESSION_BYTES = 10_485_760
"""The largest ``minimumCompressionSize``: a payload's limit (API Gateway's quotas, 2026)."""
KEY_SOURCES = ("HEADER", "AUTHORIZER")
ENDPOINT_TYPES = ("EDGE", "REGIONAL", "PRIVATE")
ADDRESS_TYPES = ("ipv4", "dualstack")

_OPTIONAL = (
    "description",
    "version",
    "binaryMediaTypes",
    "minimumCompressionSize",
    "policy",
    "tags",
    "securityPolicy",
    "endpointAccessMode",
)
_RULES = {
    "/name": patches.value(),
    "/description": patches.value(patches.text, "add", "replace", "remove"),
    "/version": patches.value(patches.text, "add", "replace", "remove"),
    "/policy": patches.value(patches.text, "add", "replace", "remove", empty="removes"),
    "/apiKeySource": patches.value(patches.one_of(*KEY_SOURCES)),
    "/minimumCompressionSize": patches.value(
        patches.integer, "add", "replace", "remove", empty="removes"
    ),
    "/disableExecuteApiEndpoint": patches.value(patches.boolean),
    "/securityPolicy": patches.value(),
    "/endpointAccessMode": patches.value(),
    "/endpointConfiguration/ipAddressType": patches.value(patches.one_of(*ADDRESS_TYPES)),
    "/endpointConfiguration/vpcEndpointIds": patches.items("add", "remove"),
    "/binaryMediaTypes/{}": patches.named_item(),
}
_TYPE = re.compile(r"/endpointConfiguration/types/(\w+)")


class RestApis:
    """REST APIs.

    Parameters
    ----------
    records
        Where they are kept.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateRestApi": self._create,
            "GetRestApi": self._get,
            "GetRestApis": self._list,
            "UpdateRestApi": self._update,
            "DeleteRestApi": self._delete,
        }

    def _create(self, request: Request, caller: Caller) -> Response:
        source = request.get("cloneFrom")
        original = self._source(source) if source else None
        definition = new_definition(request, self._records)
        if original is not None:
            definition = clone(original, definition.api)
        check(definition.api)
        with self._records.write() as batch:
            definition.write(batch)
        return shown(definition.api)

    def _source(self, api_id: str) -> Definition:
        if self._records.find(kept.API, "", api_id) is None:
            raise not_found("Invalid API identifier specified for cloneFrom")
        return Definition.of(self._records, api_id)

    def _get(self, request: Request, caller: Caller) -> Response:
        return shown(self._records.api(request["restApiId"]))

    def _list(self, request: Request, caller: Caller) -> Response:
        answer = page(
            request, self._records.children(kept.API, "").values(), lambda api: str(api["id"])
        )
        return {**answer, "items": [shown(api) for api in answer["items"]]}

    def _update(self, request: Request, caller: Caller) -> Response:
        changed = copy.deepcopy(self._records.api(request["restApiId"]))
        for operation in patches.operations_of(request):
            kind = _TYPE.fullmatch(operation["path"])
            if kind and operation["op"] == "replace":
                changed["endpointConfiguration"]["types"] = [patches.value_of(operation)]
            else:
                patches.apply_one(changed, operation, _RULES)
        changed["policy"] = whole_policy(changed.get("policy"), changed["id"], self._records)
        if changed["policy"] is None:
            del changed["policy"]
        check(changed)
        self._records.put(kept.API, "", changed["id"], changed)
        return shown(changed)

    def _delete(self, request: Request, caller: Caller) -> Response:
        api_id = request["restApiId"]
        self._records.api(api_id)
        if self._records.is_mapped(api_id):
            raise bad_request(
                "Please remove all base path mappings related to the RestApi in your domains"
            )
        with self._records.write() as batch:
            batch.delete(kept.API, "", api_id)
            for kind in kept.OF_AN_API:
                for key in self._records.children(kind, api_id):
                    batch.delete(kind, api_id, key)
            usage_plans.leave(self._records, batch, api_id)
        return {}


def new_definition(request: Request, records: Records) -> Definition:
    """A new API: its root resource, its default models, and nothing else.

    Parameters
    ----------
    request
        The members of a ``CreateRestApi`` call.
    """
    root = resources.root()
    api_id = kept.new_id(kept.LONG_ID)
    api: Record = {
        "id": api_id,
        "name": request["name"],
        "createdDate": kept.now(),
        "apiKeySource": request.get("apiKeySource", KEY_SOURCES[0]),
        "endpointConfiguration": endpoint(request.get("endpointConfiguration", {})),
        "disableExecuteApiEndpoint": request.get("disableExecuteApiEndpoint", False),
        "rootResourceId": root["id"],
    }
    for member in _OPTIONAL:
        if request.get(member) not in (None, "", [], {}):
            api[member] = request[member]
    if "policy" in api:
        api["policy"] = whole_policy(api["policy"], api_id, records)
    return Definition(api, {root["id"]: root}, models.defaults())


def endpoint(given: dict[str, Any]) -> dict[str, Any]:
    """An endpoint configuration with API Gateway's defaults for what is not given."""
    kinds = given.get("types") or [ENDPOINT_TYPES[0]]
    private = "PRIVATE" in kinds
    default = ADDRESS_TYPES[1] if private else ADDRESS_TYPES[0]
    found = {"types": kinds, "ipAddressType": given.get("ipAddressType") or default}
    if given.get("vpcEndpointIds"):
        found["vpcEndpointIds"] = given["vpcEndpointIds"]
    return found


def check(api: Record) -> None:
    """Refuse an API whose members cannot be.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    if not api["name"]:
        raise bad_request("Invalid API name specified")
    if api["apiKeySource"] not in KEY_SOURCES:
        raise bad_request(
            f"Invalid API key source specified: {api['apiKeySource']}. "
            f"Valid values are [{', '.join(KEY_SOURCES)}]"
        )
    kinds = api["endpointConfiguration"]["types"]
    if len(kinds) != 1 or kinds[0] not in ENDPOINT_TYPES:
        raise bad_request(
            f"Invalid endpoint type specified: {', '.join(kinds)}. One of "
            f"[{', '.join(ENDPOINT_TYPES)}] is needed"
        )
    address_type = api["endpointConfiguration"]["ipAddressType"]
    if address_type not in ADDRESS_TYPES:
        raise bad_request(
            f"Invalid IP address type specified: {address_type}. Valid values are "
            f"[{', '.join(ADDRESS_TYPES)}]"
        )
    size = api.get("minimumCompressionSize", 0)
    if not 0 <= size <= MOST_COMPRESSION_BYTES:
        raise bad_request(
            f"Invalid minimum compression size, must be between 0 and 10485760, but was {size}"
        )


def whole_policy(policy: str | None, api_id: str, records: Records) -> str | None:
    """A resource policy with whole ARNs where it has the short ``execute-api:/...``.

    Raises
    ------
    AWSError
        ``BadRequestException``: it is no policy.
    """
    if not policy:
        return None
    try:
        Policy(policy, names_callers=True)
    except PolicyError as error:
        raise bad_request(
            "Invalid policy document. Please check the policy syntax and ensure that "
            f"Principals are valid: {error}"
        ) from error
    whole = f"arn:aws:execute-api:{records.region}:{records.account}:{api_id}/"
    return policy.replace('"execute-api:/', f'"{whole}')


def shown(api: Record) -> Response:
    """An API as answers have it: with the text of its policy escaped once more, as AWS does."""
    if "policy" not in api:
        return api
    return {**api, "policy": json.dumps(api["policy"])[1:-1]}
