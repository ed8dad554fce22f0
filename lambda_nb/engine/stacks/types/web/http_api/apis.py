"""``AWS::ApiGatewayV2::Api`` and the overrides of what its quick create manages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.reading import now
from lambda_nb.engine.stacks.types.resource_type import ResourceType, given
from lambda_nb.engine.stacks.types.web.definitions import definition_of
from lambda_nb.engine.stacks.types.web.http_api import calls

_OF_IMPORT = ("Body", "BodyS3Location", "BasePath", "FailOnWarnings")
_UNSET = {"RouteSelectionExpression": "$request.method $request.path", "IpAddressType": "ipv4"}


class Api(ResourceType):
    """An HTTP or WebSocket API: ``Ref`` is its ID. One with a body is imported."""

    name = "AWS::ApiGatewayV2::Api"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        body = definition_of(context, properties)
        told = _own(properties)
        if body is None:
            if not told.get("Name") or not told.get("ProtocolType"):
                raise Refused(
                    "An API needs a Name and a ProtocolType, or a Body or BodyS3Location.",
                    "InvalidRequest",
                )
            made = calls.client(context).create_api(
                **calls.parameters("CreateApi", told), **calls.tagged(context, properties)
            )
            context.made(made["ApiId"])
        else:
            if properties.get("ProtocolType", "HTTP") != "HTTP":
                raise Refused("Only HTTP APIs can have a Body.", "InvalidRequest")
            made = calls.client(context).import_api(**_import(properties, body))
            context.made(made["ApiId"])
            self._update(context, made["ApiId"], {}, told)
            calls.tag_again(context, f"/apis/{made['ApiId']}", {}, properties)
        return self._made(context, made["ApiId"])

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place; an imported one is imported again."""
        body = definition_of(context, new)
        before, after = _own(old), _own(new)
        if "Name" not in after:
            before.pop("Name", None)  # a document's title is it, or it stays
        if "CorsConfiguration" in before and "CorsConfiguration" not in after:
            calls.client(context).delete_cors_configuration(ApiId=made.physical_id)
            del before["CorsConfiguration"]
        self._update(context, made.physical_id, before, after)
        if body is not None:
            calls.client(context).reimport_api(ApiId=made.physical_id, **_import(new, body))
            self._update(context, made.physical_id, {}, after)
        calls.tag_again(context, f"/apis/{made.physical_id}", old, new)
        return self._made(context, made.physical_id)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one, with everything that belongs to it."""
        with absence_is_fine():
            calls.client(context).delete_api(ApiId=made.physical_id)

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """Its settings; what a body describes is not compared."""
        found: dict[str, Any] = {}
        with absence_is_fine():
            found = calls.client(context).get_api(ApiId=made.physical_id)
        own = tuple(_own(properties))
        return now(properties, found, *(name for name in own if name != "Tags")) if found else None

    def _update(self, context: Context, api_id: str, old: Properties, new: Properties) -> None:
        told = calls.changes("UpdateApi", old, new, _UNSET)
        if told:
            calls.client(context).update_api(ApiId=api_id, **told)

    def _made(self, context: Context, api_id: str) -> Made:
        shown = calls.client(context).get_api(ApiId=api_id)
        place = f"{context.region}:{context.account}:{api_id}"
        return Made(
            api_id,
            {
                "ApiId": api_id,
                "ApiEndpoint": shown["ApiEndpoint"],
                "ExecuteApiArn": f"arn:{context.partition}:execute-api:{place}",
            },
        )


class ApiGatewayManagedOverrides(ResourceType):
    """Other settings for the route, integration and stage that quick create manages.

    When it is deleted they stay as they are, as on AWS. ``Ref`` is an ID of its own.
    """

    name = "AWS::ApiGatewayV2::ApiGatewayManagedOverrides"

    def create(self, context: Context, properties: Properties) -> Made:
        """Set them."""
        self._set(context, {}, properties)
        made = context.name(40)
        return Made(made, {"Id": made})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Set them."""
        self._set(context, old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """What they were is not known any more: they stay."""

    def _set(self, context: Context, old: Properties, new: Properties) -> None:
        client, api = calls.client(context), {"ApiId": str(new["ApiId"])}
        for noun, read, key in (
            ("Integration", client.get_integrations, "IntegrationId"),
            ("Route", client.get_routes, "RouteId"),
            ("Stage", client.get_stages, "StageName"),
        ):
            if noun not in new and noun not in old:
                continue
            managed = _managed(read(**api)["Items"], noun, api["ApiId"])
            before, after = old.get(noun, {}), new.get(noun, {})
            told = calls.changes(f"Update{noun}", before, after)
            if told:
                place = {**api, key: managed[key]}
                calls.call(context, f"Update{noun}", {**told, **place})


def _managed(found: Any, noun: str, api_id: str) -> Mapping[str, Any]:
    for one in found:
        if one.get("ApiGatewayManaged"):
            managed: Mapping[str, Any] = one
            return managed
    raise Refused(
        f"The API {api_id} has no {noun} that quick create manages: give the API a Target.",
        "InvalidRequest",
    )


def _own(properties: Properties) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in _OF_IMPORT}


def _import(properties: Properties, body: bytes) -> dict[str, Any]:
    options = given(
        Basepath=properties.get("BasePath"), FailOnWarnings=properties.get("FailOnWarnings")
    )
    return {"Body": body.decode(), **calls.parameters("ImportApi", options)}


TYPES = (Api(), ApiGatewayManagedOverrides())
