"""``AWS::ApiGateway::RestApi``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.reading import now
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed, given
from lambda_nb.engine.stacks.types.values import with_text
from lambda_nb.engine.stacks.types.web.definitions import definition_of
from lambda_nb.engine.stacks.types.web.rest_api import calls, patches
from lambda_nb.engine.stacks.types.web.rest_api.patches import Patch

_NAMELESS = "API"
_PATHS = {
    "Name": "/name",
    "Description": "/description",
    "Version": "/version",
    "ApiKeySourceType": "/apiKeySource",
    "MinimumCompressionSize": "/minimumCompressionSize",
    "DisableExecuteApiEndpoint": "/disableExecuteApiEndpoint",
    "SecurityPolicy": "/securityPolicy",
    "EndpointAccessMode": "/endpointAccessMode",
    "Policy": "/policy",
}
_UNSET = {
    "ApiKeySourceType": "HEADER",
    "DisableExecuteApiEndpoint": False,
    "SecurityPolicy": "",
    "EndpointAccessMode": "",
}
_ENDPOINT_TYPES = "endpointConfigurationTypes"
_DEFINED = ("Body", "BodyS3Location", "Mode", "Parameters", "FailOnWarnings")

_COMPARED = (
    "BinaryMediaTypes",
    "Description",
    "DisableExecuteApiEndpoint",
    "EndpointConfiguration",
    "MinimumCompressionSize",
    "Name",
)
"""The properties that ``GetRestApi`` tells in the form in which templates give them."""


class RestApi(ResourceType):
    """A REST API: ``Ref`` is its ID. One with a body is imported, again at each update."""

    name = "AWS::ApiGateway::RestApi"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        told = _prepared(properties)
        if not told.get("Name") and definition_of(context, properties) is None:
            raise Refused(
                "A REST API needs a Name, or a Body or BodyS3Location whose title is its name.",
                "InvalidRequest",
            )
        made = calls.client(context).create_rest_api(
            **calls.parameters(
                "CreateRestApi", {"Name": _NAMELESS, **told}, apiKeySource="ApiKeySourceType"
            ),
            **calls.tagged(context, properties),
        )
        context.made(made["id"])
        if self._import(context, made["id"], properties):
            self._patch(context, made["id"], _differences({}, told))
        return self._made(context, made["id"])

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place; an imported one is imported again."""
        before, after = _prepared(old), _prepared(new)
        after["Name"] = after.get("Name") or before.get("Name") or _NAMELESS
        before.setdefault("Name", after["Name"])  # what the document's title is, it stays
        self._patch(context, made.physical_id, _differences(before, after))
        if self._import(context, made.physical_id, new):
            self._patch(context, made.physical_id, _differences({}, _prepared(new)))
        calls.tag_again(context, f"/restapis/{made.physical_id}", old, new)
        return self._made(context, made.physical_id)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one, with everything that belongs to it."""
        with absence_is_fine():
            calls.client(context).delete_rest_api(restApiId=made.physical_id)

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """Its settings; what a body describes is not compared."""
        found: dict[str, Any] = {}
        with absence_is_fine():
            found = calls.client(context).get_rest_api(restApiId=made.physical_id)
        return now(properties, found, *_COMPARED) if found else None

    def _import(self, context: Context, api_id: str, properties: Properties) -> bool:
        """Import the body, if there is one."""
        body = definition_of(context, properties)
        if body is None:
            return False
        options = given(
            Parameters=properties.get("Parameters"),
            FailOnWarnings=properties.get("FailOnWarnings"),
        )
        told = calls.parameters("PutRestApi", options)
        mode = properties.get("Mode", "overwrite")
        calls.client(context).put_rest_api(restApiId=api_id, body=body, mode=mode, **told)
        return True

    def _patch(self, context: Context, api_id: str, operations: list[Patch]) -> None:
        if operations:
            calls.client(context).update_rest_api(restApiId=api_id, patchOperations=operations)

    def _made(self, context: Context, api_id: str) -> Made:
        shown = calls.client(context).get_rest_api(restApiId=api_id)
        return Made(api_id, {"RestApiId": api_id, "RootResourceId": shown["rootResourceId"]})


def _prepared(properties: Properties) -> dict[str, Any]:
    """The properties of the API itself, the policy as a text."""
    told = {name: value for name, value in properties.items() if name not in _DEFINED}
    kinds = properties.get("Parameters", {}).get(_ENDPOINT_TYPES)
    if kinds:
        told["EndpointConfiguration"] = {
            "Types": str(kinds).split(","),
            **told.get("EndpointConfiguration", {}),
        }
    return with_text(told, "Policy")


def _differences(old: Properties, new: Properties) -> list[Patch]:
    found = patches.values(old, new, _PATHS, _UNSET)
    if changed(old, new, "BinaryMediaTypes"):
        found += patches.named(
            "/binaryMediaTypes", old.get("BinaryMediaTypes"), new.get("BinaryMediaTypes")
        )
    before, after = old.get("EndpointConfiguration", {}), new.get("EndpointConfiguration", {})
    kinds, were = after.get("Types", ["EDGE"]), before.get("Types", ["EDGE"])
    if kinds != were:
        found.append(patches.replaced(f"/endpointConfiguration/types/{were[0]}", kinds[0]))
    if after.get("IpAddressType") and changed(before, after, "IpAddressType"):
        found.append(
            patches.replaced("/endpointConfiguration/ipAddressType", after["IpAddressType"])
        )
    found += patches.items(
        "/endpointConfiguration/vpcEndpointIds",
        before.get("VpcEndpointIds"),
        after.get("VpcEndpointIds"),
    )
    return found


TYPES = (RestApi(),)
