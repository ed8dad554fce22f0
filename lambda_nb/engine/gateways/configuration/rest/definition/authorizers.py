"""Authorizers: who says whether a request may reach a method."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.definition.definition import Definition
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request, conflict
from lambda_nb.engine.gateways.configuration.rest.kept.paging import page
from lambda_nb.engine.gateways.configuration.rest.kept.patterns import is_pattern
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.model import Caller, Operation, Request, Response

TYPES = ("TOKEN", "REQUEST", "COGNITO_USER_POOLS")
DEFAULT_TTL_S = 300
MOST_TTL_S = 3600
"""Seconds that an authorizer's answer is kept (API reference, 2026)."""

UNKNOWN = "Invalid Authorizer identifier specified"
_URI = re.compile(
    r"arn:aws[a-z-]*:apigateway:[^:]+:lambda:path/2015-03-31/functions/.+/invocations"
)
_SOURCE = re.compile(
    r"method\.request\.(?:header|querystring)\.[a-zA-Z0-9._$-]+"
    r"|(?:context|stageVariables)\.[a-zA-Z0-9._$-]+"
)
_RULES = {
    "/name": patches.value(),
    "/type": patches.value(patches.one_of(*TYPES)),
    "/authType": patches.value(patches.text, "add", "replace", "remove", empty="removes"),
    "/authorizerUri": patches.value(),
    "/authorizerCredentials": patches.value(
        patches.text, "add", "replace", "remove", empty="removes"
    ),
    "/authorizerResultTtlInSeconds": patches.value(patches.integer),
    "/identitySource": patches.value(patches.text, "add", "replace", "remove", empty="removes"),
    "/identityValidationExpression": patches.value(
        patches.text, "add", "replace", "remove", empty="removes"
    ),
    "/providerARNs": patches.items(),
}


class Authorizers:
    """The authorizers of REST APIs.

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
            "CreateAuthorizer": self._create,
            "GetAuthorizer": self._get,
            "GetAuthorizers": self._list,
            "UpdateAuthorizer": self._update,
            "DeleteAuthorizer": self._delete,
        }

    def find(self, request: Request) -> Record:
        """The authorizer that a call names.

        Raises
        ------
        AWSError
            ``NotFoundException``: there is no such API or authorizer.
        """
        return self._records.of_api(
            kept.AUTHORIZER, request["restApiId"], request["authorizerId"], UNKNOWN
        )

    def _create(self, request: Request, caller: Caller) -> Response:
        api_id = request["restApiId"]
        self._records.api(api_id)
        authorizer = new_authorizer(request)
        self._check(api_id, authorizer)
        return self._records.put(kept.AUTHORIZER, api_id, authorizer["id"], authorizer)

    def _get(self, request: Request, caller: Caller) -> Response:
        return self.find(request)

    def _list(self, request: Request, caller: Caller) -> Response:
        self._records.api(request["restApiId"])
        found = self._records.children(kept.AUTHORIZER, request["restApiId"]).values()
        return page(request, found, lambda authorizer: str(authorizer["id"]))

    def _update(self, request: Request, caller: Caller) -> Response:
        changed = patches.apply(self.find(request), request, _RULES)
        self._check(request["restApiId"], changed)
        return self._records.put(kept.AUTHORIZER, request["restApiId"], changed["id"], changed)

    def _delete(self, request: Request, caller: Caller) -> Response:
        api_id, authorizer = request["restApiId"], self.find(request)
        for resource, method in Definition.of(self._records, api_id).methods():
            if method.get("authorizerId") == authorizer["id"]:
                raise conflict(
                    f"Cannot delete authorizer '{authorizer['id']}', is referenced in method: "
                    f"{resource['path']}/{method['httpMethod']}"
                )
        self._records.delete(kept.AUTHORIZER, api_id, authorizer["id"])
        return {}

    def _check(self, api_id: str, authorizer: Record) -> None:
        check(authorizer)
        for other in self._records.children(kept.AUTHORIZER, api_id).values():
            if other["name"] == authorizer["name"] and other["id"] != authorizer["id"]:
                raise conflict(
                    f"Authorizer name must be unique. Authorizer {authorizer['name']} already "
                    "exists in this RestApi."
                )


_OPTIONAL = (
    "providerARNs",
    "authorizerUri",
    "authorizerCredentials",
    "identitySource",
    "identityValidationExpression",
)


def new_authorizer(given: Mapping[str, Any]) -> Record:
    """A new authorizer, with API Gateway's defaults for what is not given.

    Parameters
    ----------
    given
        The members of a ``CreateAuthorizer`` call.
    """
    kind = given["type"]
    cognito = kind == "COGNITO_USER_POOLS"
    authorizer: Record = {
        "id": kept.new_id(),
        "name": given["name"],
        "type": kind,
        "authType": given.get("authType") or ("cognito_user_pools" if cognito else "custom"),
    }
    for member in _OPTIONAL:
        if given.get(member):
            authorizer[member] = given[member]
    if kind != "REQUEST":
        authorizer.setdefault("identitySource", "method.request.header.Authorization")
    if not cognito or "authorizerResultTtlInSeconds" in given:
        authorizer["authorizerResultTtlInSeconds"] = given.get(
            "authorizerResultTtlInSeconds", DEFAULT_TTL_S
        )
    return authorizer


def check(authorizer: Record) -> None:
    """Refuse an authorizer that cannot be.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    kind = authorizer["type"]
    if not authorizer["name"]:
        raise bad_request("Authorizer name cannot be empty")
    if kind not in TYPES:
        raise bad_request(
            f"Invalid authorizer type specified: {kind}. lambda_nb has [{', '.join(TYPES)}] for "
            "REST APIs"
        )
    ttl = authorizer.get("authorizerResultTtlInSeconds", 0)
    if not 0 <= ttl <= MOST_TTL_S:
        raise bad_request(
            f"Authorizer result TTL must be between 0 and {MOST_TTL_S} seconds: {ttl}"
        )
    expression = authorizer.get("identityValidationExpression", "")
    if not is_pattern(expression):
        raise bad_request(f"Invalid identity validation expression specified: {expression}")
    if kind == "COGNITO_USER_POOLS":
        if not authorizer.get("providerARNs"):
            raise bad_request("Provider ARNs are required for COGNITO_USER_POOLS authorizers")
    elif not _URI.fullmatch(authorizer.get("authorizerUri", "")):
        raise bad_request("Invalid Authorizer URI: it must be that of a Lambda function")
    sources = [
        one.strip() for one in authorizer.get("identitySource", "").split(",") if one.strip()
    ]
    for source in sources:
        if not _SOURCE.fullmatch(source):
            raise bad_request(f"Invalid identity source specified: {source}")
    if kind == "REQUEST" and ttl > 0 and not sources:
        raise bad_request("Identity source is required for a REQUEST authorizer with caching")
