"""What API Gateway itself answers: its defaults, and what of them an API changes."""

from __future__ import annotations

import re

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.definition.definition import Named
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request, not_found
from lambda_nb.engine.gateways.configuration.rest.kept.paging import page
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.model import Caller, Operation, Request, Response

STATUS = {
    "ACCESS_DENIED": "403",
    "API_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500",
    "BAD_REQUEST_BODY": "400",
    "BAD_REQUEST_PARAMETERS": "400",
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
    "EXPIRED_TOKEN": "403",
    "INTEGRATION_FAILURE": "504",
    "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403",
    "INVALID_SIGNATURE": "403",
    "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429",
    "REQUEST_TOO_LARGE": "413",
    "RESOURCE_NOT_FOUND": "404",
    "THROTTLED": "429",
    "UNAUTHORIZED": "401",
    "UNSUPPORTED_MEDIA_TYPE": "415",
    "WAF_FILTERED": "403",
}
"""The types and their status codes (developer guide, "Gateway response types", 2026)."""

_TEMPLATES = {"application/json": '{"message":$context.error.messageString}'}
_PARAMETER = re.compile(r"gatewayresponse\.header\.[a-zA-Z0-9._$-]+")
_RULES = {
    "/statusCode": patches.value(),
    "/responseParameters/{}": patches.entry(),
    "/responseTemplates/{}": patches.entry(),
}


class GatewayResponses:
    """The gateway responses of REST APIs.

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
            "PutGatewayResponse": self._put,
            "GetGatewayResponse": self._get,
            "GetGatewayResponses": self._list,
            "UpdateGatewayResponse": self._update,
            "DeleteGatewayResponse": self._delete,
        }

    def _put(self, request: Request, caller: Caller) -> Response:
        api_id, kind = self._named(request)
        response = customised(kind, request)
        check(response)
        return self._records.put(kept.GATEWAY_RESPONSE, api_id, kind, response)

    def _get(self, request: Request, caller: Caller) -> Response:
        api_id, kind = self._named(request)
        return all_of(self._records.children(kept.GATEWAY_RESPONSE, api_id))[kind]

    def _list(self, request: Request, caller: Caller) -> Response:
        self._records.api(request["restApiId"])
        found = all_of(self._records.children(kept.GATEWAY_RESPONSE, request["restApiId"]))
        return page({"limit": 500, **request}, found.values(), lambda one: str(one["responseType"]))

    def _update(self, request: Request, caller: Caller) -> Response:
        api_id, kind = self._named(request)
        found = all_of(self._records.children(kept.GATEWAY_RESPONSE, api_id))[kind]
        changed = patches.apply(found, request, _RULES)
        response = customised(kind, changed)
        check(response)
        return self._records.put(kept.GATEWAY_RESPONSE, api_id, kind, response)

    def _delete(self, request: Request, caller: Caller) -> Response:
        api_id, kind = self._named(request)
        if self._records.find(kept.GATEWAY_RESPONSE, api_id, kind) is None:
            raise not_found("Gateway response type not defined on api")
        self._records.delete(kept.GATEWAY_RESPONSE, api_id, kind)
        return {}

    def _named(self, request: Request) -> tuple[str, str]:
        self._records.api(request["restApiId"])
        check_type(request["responseType"])
        return request["restApiId"], request["responseType"]


def check_type(kind: str) -> None:
    """Refuse a type that is none.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    if kind not in STATUS:
        raise bad_request(
            "1 validation error detected: Value '" + kind + "' at 'responseType' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{', '.join(STATUS)}]"
        )


def customised(kind: str, members: Request) -> Record:
    """A gateway response of an API's own.

    Parameters
    ----------
    members
        Its ``statusCode``, ``responseParameters`` and ``responseTemplates``, if given.
    """
    response: Record = {
        "responseType": kind,
        "responseParameters": members.get("responseParameters") or {},
        "responseTemplates": members.get("responseTemplates") or {},
        "defaultResponse": False,
    }
    status = members.get("statusCode") or STATUS[kind]
    if status:
        response["statusCode"] = status
    return response


def check(response: Record) -> None:
    """Refuse a gateway response that cannot be.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    status = response.get("statusCode", "400")
    if not re.fullmatch(r"[1-5]\d\d", status):
        raise bad_request(f"Invalid status code specified: {status}")
    for name in response["responseParameters"]:
        if not _PARAMETER.fullmatch(name):
            raise bad_request(f"Invalid mapping expression parameter specified: {name}")


def all_of(custom: Named) -> Named:
    """All types, as an API answers with them: what it does not customise is the default's.

    Parameters
    ----------
    custom
        The customised ones, by type.
    """
    found: Named = {}
    for kind, status in STATUS.items():
        if kind in custom:
            found[kind] = custom[kind]
            continue
        fallback = custom.get(f"DEFAULT_{status[0]}XX", {}) if status else {}
        response: Record = {
            "responseType": kind,
            "responseParameters": fallback.get("responseParameters", {}),
            "responseTemplates": fallback.get("responseTemplates") or _TEMPLATES,
            "defaultResponse": True,
        }
        status = fallback.get("statusCode") or status
        if status:
            response["statusCode"] = status
        found[kind] = response
    return found
