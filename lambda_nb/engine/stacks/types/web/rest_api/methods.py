"""``AWS::ApiGateway::Resource`` and ``Method``: the paths of a REST API and what answers there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine, is_absent
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.web.rest_api import calls


class Resource(calls.Part):
    """A path's part: ``Ref`` is its ID. Every change replaces it."""

    name = "AWS::ApiGateway::Resource"
    noun = "Resource"
    key = "resourceId"
    attribute = "ResourceId"


class Method(ResourceType):
    """A method of a path, with its integration and their responses.

    A change makes it anew: nothing of it is served before the next deployment.
    """

    name = "AWS::ApiGateway::Method"
    overwrites = True

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        made = Made(context.name(29))
        self._put(context, properties)
        context.made(made.physical_id)
        self._fill(context, properties)
        return made

    def taken(self, context: Context, properties: Properties) -> str | None:
        """What the path has already for this verb."""
        place = _place(properties)
        look = partial(calls.client(context).get_method, **place)
        return None if is_absent(look) else "|".join(place.values())

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Make it anew, as it is to be."""
        self.delete(context, made, old)
        self._put(context, new)
        self._fill(context, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one, with its integration."""
        with absence_is_fine():
            calls.client(context).delete_method(**_place(properties))

    def _put(self, context: Context, properties: Properties) -> None:
        told = {"AuthorizationType": "NONE", **properties}
        calls.client(context).put_method(**calls.parameters("PutMethod", told))

    def _fill(self, context: Context, properties: Properties) -> None:
        """Put its responses and its integration."""
        client, place = calls.client(context), _place(properties)
        for response in properties.get("MethodResponses", ()):
            client.put_method_response(**place, **calls.parameters("PutMethodResponse", response))
        integration: Mapping[str, Any] | None = properties.get("Integration")
        if integration is None:
            return
        client.put_integration(**place, **_integration(integration))
        for response in integration.get("IntegrationResponses", ()):
            client.put_integration_response(
                **place, **calls.parameters("PutIntegrationResponse", response)
            )


def _integration(properties: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in properties.items() if name != "IntegrationResponses"}
    return calls.parameters("PutIntegration", told)


def _place(properties: Properties) -> dict[str, str]:
    return {
        "restApiId": str(properties["RestApiId"]),
        "resourceId": str(properties["ResourceId"]),
        "httpMethod": str(properties["HttpMethod"]),
    }


TYPES = (Resource(), Method())
