"""Methods of resources, and their responses."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.definition.resources import Resources
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import (
    bad_request,
    conflict,
    not_found,
)
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.model import Caller, Operation, Request, Response

METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
AUTHORIZATION_TYPES = ("NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS")
UNKNOWN = "Invalid Method identifier specified"
_UNKNOWN_RESPONSE = "Invalid Response status code specified"
_STATUS = re.compile(r"[1-5]\d\d")
_REQUEST_PARAMETER = re.compile(
    r"method\.request\.(?:multivalue)?(?:path|querystring|header)\.[a-zA-Z0-9._$-]+(?:\[\])?"
)
_RESPONSE_PARAMETER = re.compile(r"method\.response\.(?:multivalue)?header\.[a-zA-Z0-9._$-]+")
_RULES = {
    "/authorizationType": patches.value(),
    "/authorizerId": patches.value(patches.text, "add", "replace", "remove", empty="removes"),
    "/apiKeyRequired": patches.value(patches.boolean),
    "/operationName": patches.value(patches.text, "add", "replace", "remove", empty="removes"),
    "/requestValidatorId": patches.value(patches.text, "add", "replace", "remove", empty="removes"),
    "/authorizationScopes": patches.items(),
    "/requestParameters/{}": patches.entry(patches.boolean),
    "/requestModels/{}": patches.entry(),
}
_RESPONSE_RULES = {
    "/responseParameters/{}": patches.entry(patches.boolean),
    "/responseModels/{}": patches.entry(),
}


class Methods:
    """The methods of REST APIs.

    Parameters
    ----------
    records
        Where they are kept.
    resources
        They are in the records of these.
    """

    def __init__(self, records: Records, resources: Resources) -> None:
        self._records = records
        self._resources = resources

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "PutMethod": self._put,
            "GetMethod": self._get,
            "UpdateMethod": self._update,
            "DeleteMethod": self._delete,
            "PutMethodResponse": self._put_response,
            "GetMethodResponse": self._get_response,
            "UpdateMethodResponse": self._update_response,
            "DeleteMethodResponse": self._delete_response,
        }

    def find(self, request: Request) -> Record:
        """The method that a call names.

        Raises
        ------
        AWSError
            ``NotFoundException``: there is no such API, resource or method.
        """
        resource = self._resources.find(request["restApiId"], request["resourceId"])
        return method_of(resource, request["httpMethod"])

    def change(self, request: Request, method: Record | None) -> None:
        """Keep a method in place of the one that a call names, or none for ``None``."""
        api_id, name = request["restApiId"], request["httpMethod"].upper()
        resource = {**self._resources.find(api_id, request["resourceId"])}
        methods = {**resource.get("resourceMethods", {})}
        if method is None:
            del methods[name]
        else:
            methods[name] = method
        resource["resourceMethods"] = methods
        if not methods:
            del resource["resourceMethods"]
        self._records.put(kept.RESOURCE, api_id, resource["id"], resource)

    def _put(self, request: Request, caller: Caller) -> Response:
        resource = self._resources.find(request["restApiId"], request["resourceId"])
        name = request["httpMethod"].upper()
        if name not in METHODS:
            raise bad_request(
                f"Invalid HttpMethod specified. Valid options are {','.join(METHODS)}"
            )
        if name in resource.get("resourceMethods", {}):
            raise conflict("Method already exists for this resource")
        method = {
            "httpMethod": name,
            "authorizationType": request["authorizationType"],
            "apiKeyRequired": request.get("apiKeyRequired", False),
        }
        for member in _OPTIONAL:
            if request.get(member):
                method[member] = request[member]
        self._check(request["restApiId"], method)
        self.change(request, method)
        return method

    def _get(self, request: Request, caller: Caller) -> Response:
        return self.find(request)

    def _update(self, request: Request, caller: Caller) -> Response:
        changed = patches.apply(self.find(request), request, _RULES)
        if changed["authorizationType"] not in ("CUSTOM", "COGNITO_USER_POOLS"):
            changed.pop("authorizerId", None)
        self._check(request["restApiId"], changed)
        self.change(request, changed)
        return changed

    def _delete(self, request: Request, caller: Caller) -> Response:
        self.find(request)
        self.change(request, None)
        return {}

    def _put_response(self, request: Request, caller: Caller) -> Response:
        method = self.find(request)
        code = request["statusCode"]
        if not _STATUS.fullmatch(code):
            raise bad_request("Invalid status code specified")
        responses = method.get("methodResponses", {})
        if code in responses:
            raise conflict("Response already exists for this resource")
        response: Record = {"statusCode": code}
        for member in ("responseParameters", "responseModels"):
            if request.get(member):
                response[member] = request[member]
        self._check_response(request["restApiId"], response)
        changed = {**method, "methodResponses": {**responses, code: response}}
        self.change(request, changed)
        return response

    def _get_response(self, request: Request, caller: Caller) -> Response:
        return _response_of(self.find(request), request["statusCode"])

    def _update_response(self, request: Request, caller: Caller) -> Response:
        method = self.find(request)
        code = request["statusCode"]
        response = patches.apply(_response_of(method, code), request, _RESPONSE_RULES)
        self._check_response(request["restApiId"], response)
        responses = {**method["methodResponses"], code: response}
        self.change(request, {**method, "methodResponses": responses})
        return response

    def _delete_response(self, request: Request, caller: Caller) -> Response:
        method = {**self.find(request)}
        _response_of(method, request["statusCode"])
        responses = {**method.pop("methodResponses")}
        del responses[request["statusCode"]]
        if responses:
            method["methodResponses"] = responses
        self.change(request, method)
        return {}

    def _check(self, api_id: str, method: Record) -> None:
        kind = method["authorizationType"]
        if kind not in AUTHORIZATION_TYPES:
            raise bad_request(
                "Invalid authorization type specified. Valid options are "
                f"[{', '.join(AUTHORIZATION_TYPES)}]"
            )
        if kind in ("CUSTOM", "COGNITO_USER_POOLS"):
            authorizer = self._records.find(kept.AUTHORIZER, api_id, method.get("authorizerId", ""))
            if authorizer is None or (authorizer["type"] == kind) is not (
                kind == "COGNITO_USER_POOLS"
            ):
                raise bad_request(
                    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or "
                    "COGNITO_USER_POOLS requires a valid authorizer."
                )
        validator = method.get("requestValidatorId")
        if validator and self._records.find(kept.VALIDATOR, api_id, validator) is None:
            raise bad_request("Invalid Request Validator identifier specified")
        _check_names(method.get("requestParameters", {}), _REQUEST_PARAMETER)
        self._check_models(api_id, method.get("requestModels", {}))

    def _check_response(self, api_id: str, response: Record) -> None:
        _check_names(response.get("responseParameters", {}), _RESPONSE_PARAMETER)
        self._check_models(api_id, response.get("responseModels", {}))

    def _check_models(self, api_id: str, models: Mapping[str, str]) -> None:
        for name in models.values():
            if self._records.find(kept.MODEL, api_id, name) is None:
                raise bad_request(f"Invalid model identifier specified: {name}")


_OPTIONAL = (
    "authorizerId",
    "operationName",
    "requestParameters",
    "requestModels",
    "requestValidatorId",
    "authorizationScopes",
)


def method_of(resource: Record, name: str) -> Record:
    """A method of a resource.

    Raises
    ------
    AWSError
        ``NotFoundException``: there is none of that name.
    """
    found: Record | None = resource.get("resourceMethods", {}).get(name.upper())
    if found is None:
        raise not_found(UNKNOWN)
    return found


def _response_of(method: Record, code: str) -> Record:
    found: Record | None = method.get("methodResponses", {}).get(code)
    if found is None:
        raise not_found(_UNKNOWN_RESPONSE)
    return found


def _check_names(names: Mapping[str, bool], allowed: re.Pattern[str]) -> None:
    wrong = [name for name in names if not allowed.fullmatch(name)]
    if wrong:
        errors = ", ".join(
            f"Invalid mapping expression parameter specified: {one}" for one in wrong
        )
        raise bad_request(
            "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
            f"[{errors}]"
        )
