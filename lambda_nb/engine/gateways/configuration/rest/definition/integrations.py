"""What answers a method: its integration, and how answers become responses."""

from __future__ import annotations

import re

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.definition.methods import Methods
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request, not_found
from lambda_nb.engine.gateways.configuration.rest.kept.patterns import is_pattern
from lambda_nb.engine.model import Caller, Operation, Request, Response

TYPES = ("HTTP", "AWS", "MOCK", "HTTP_PROXY", "AWS_PROXY")
PASSTHROUGH = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
CONTENT_HANDLING = ("CONVERT_TO_BINARY", "CONVERT_TO_TEXT")
CONNECTION_TYPES = ("INTERNET", "VPC_LINK")
TRANSFER_MODES = ("BUFFERED", "STREAM")

DEFAULT_TIMEOUT_MS = 29_000
LEAST_TIMEOUT_MS = 50
MOST_TIMEOUT_MS = 300_000
"""With a quota raised as far as AWS raises it; a streamed response may take :data:`MOST_STREAM_MS`
(API Gateway's quotas, 2026)."""
MOST_STREAM_MS = 900_000

UNKNOWN = "Invalid Integration identifier specified"
_UNKNOWN_RESPONSE = "Invalid Response status code specified"
_AWS_URI = re.compile(r"arn:aws[a-z-]*:apigateway:[^:]+:[^:]+:(?:path|action)/.+")
_HTTP_URI = re.compile(r"https?://.+|.*\$\{stageVariables\.[^}]+\}.*")
_OPTIONAL = (
    "uri",
    "connectionId",
    "credentials",
    "requestParameters",
    "requestTemplates",
    "contentHandling",
    "tlsConfig",
    "integrationTarget",
)
_RULES = {
    "/type": patches.value(patches.one_of(*TYPES)),
    "/httpMethod": patches.value(),
    "/uri": patches.value(),
    "/credentials": patches.value(patches.text, "add", "replace", "remove", empty="removes"),
    "/passthroughBehavior": patches.value(patches.one_of(*PASSTHROUGH)),
    "/contentHandling": patches.value(patches.text, "add", "replace", "remove", empty="removes"),
    "/connectionType": patches.value(patches.one_of(*CONNECTION_TYPES)),
    "/connectionId": patches.value(patches.text, "add", "replace", "remove", empty="removes"),
    "/integrationTarget": patches.value(patches.text, "add", "replace", "remove", empty="removes"),
    "/responseTransferMode": patches.value(patches.one_of(*TRANSFER_MODES)),
    "/timeoutInMillis": patches.value(patches.integer),
    "/cacheNamespace": patches.value(),
    "/cacheKeyParameters": patches.items(),
    "/cacheKeyParameters/{}": patches.named_item(),
    "/tlsConfig/insecureSkipVerification": patches.value(
        patches.boolean, "add", "replace", "remove"
    ),
    "/requestParameters/{}": patches.entry(),
    "/requestTemplates/{}": patches.entry(),
}
_RESPONSE_RULES = {
    "/selectionPattern": patches.value(patches.text, "add", "replace", "remove"),
    "/contentHandling": patches.value(patches.text, "add", "replace", "remove", empty="removes"),
    "/responseParameters/{}": patches.entry(),
    "/responseTemplates/{}": patches.entry(),
}


class Integrations:
    """The integrations of methods.

    Parameters
    ----------
    methods
        They are in the records of these.
    """

    def __init__(self, methods: Methods) -> None:
        self._methods = methods

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "PutIntegration": self._put,
            "GetIntegration": self._get,
            "UpdateIntegration": self._update,
            "DeleteIntegration": self._delete,
            "PutIntegrationResponse": self._put_response,
            "GetIntegrationResponse": self._get_response,
            "UpdateIntegrationResponse": self._update_response,
            "DeleteIntegrationResponse": self._delete_response,
        }

    def _put(self, request: Request, caller: Caller) -> Response:
        method = self._methods.find(request)
        described = {**request, "httpMethod": request.get("integrationHttpMethod", "")}
        integration = new_integration(described, request["resourceId"])
        check(integration)
        self._methods.change(request, {**method, "methodIntegration": integration})
        return integration

    def _get(self, request: Request, caller: Caller) -> Response:
        return integration_of(self._methods.find(request))

    def _update(self, request: Request, caller: Caller) -> Response:
        method = self._methods.find(request)
        changed = patches.apply(integration_of(method), request, _RULES)
        changed.setdefault("cacheKeyParameters", [])
        check(changed)
        self._methods.change(request, {**method, "methodIntegration": changed})
        return changed

    def _delete(self, request: Request, caller: Caller) -> Response:
        method = {**self._methods.find(request)}
        integration_of(method)
        del method["methodIntegration"]
        self._methods.change(request, method)
        return {}

    def _put_response(self, request: Request, caller: Caller) -> Response:
        method = self._methods.find(request)
        integration = integration_of(method)
        code = request["statusCode"]
        if code not in method.get("methodResponses", {}):
            raise not_found("No method response exists for method.")
        response: Record = {"statusCode": code}
        for member in _RESPONSE_MEMBERS:
            if request.get(member) or (member == "selectionPattern" and member in request):
                response[member] = request[member]
        check_response(response)
        self._keep_response(request, method, integration, response)
        return response

    def _get_response(self, request: Request, caller: Caller) -> Response:
        return _response_of(integration_of(self._methods.find(request)), request["statusCode"])

    def _update_response(self, request: Request, caller: Caller) -> Response:
        method = self._methods.find(request)
        integration = integration_of(method)
        old = _response_of(integration, request["statusCode"])
        response = patches.apply(old, request, _RESPONSE_RULES)
        check_response(response)
        self._keep_response(request, method, integration, response)
        return response

    def _delete_response(self, request: Request, caller: Caller) -> Response:
        method = self._methods.find(request)
        integration = {**integration_of(method)}
        _response_of(integration, request["statusCode"])
        responses = {**integration.pop("integrationResponses")}
        del responses[request["statusCode"]]
        if responses:
            integration["integrationResponses"] = responses
        self._methods.change(request, {**method, "methodIntegration": integration})
        return {}

    def _keep_response(
        self, request: Request, method: Record, integration: Record, response: Record
    ) -> None:
        responses = {
            **integration.get("integrationResponses", {}),
            response["statusCode"]: response,
        }
        changed = {**integration, "integrationResponses": responses}
        self._methods.change(request, {**method, "methodIntegration": changed})


_RESPONSE_MEMBERS = (
    "selectionPattern",
    "responseParameters",
    "responseTemplates",
    "contentHandling",
)


def new_integration(described: Request, resource_id: str) -> Record:
    """An integration with API Gateway's defaults for what is not described.

    Parameters
    ----------
    described
        Members of an integration, as ``GetIntegration`` names them.
    resource_id
        Of its resource.
    """
    kind = described["type"]
    integration: Record = {
        "type": kind,
        "passthroughBehavior": described.get("passthroughBehavior") or PASSTHROUGH[0],
        "timeoutInMillis": described.get("timeoutInMillis") or DEFAULT_TIMEOUT_MS,
        "cacheNamespace": described.get("cacheNamespace") or resource_id,
        "cacheKeyParameters": described.get("cacheKeyParameters") or [],
    }
    if described.get("httpMethod"):
        integration["httpMethod"] = described["httpMethod"].upper()
    if kind.startswith("HTTP") or described.get("connectionType"):
        integration["connectionType"] = described.get("connectionType") or CONNECTION_TYPES[0]
    if kind.endswith("_PROXY") or described.get("responseTransferMode"):
        integration["responseTransferMode"] = (
            described.get("responseTransferMode") or TRANSFER_MODES[0]
        )
    for member in _OPTIONAL:
        if described.get(member):
            integration[member] = described[member]
    return integration


def integration_of(method: Record) -> Record:
    """The integration of a method.

    Raises
    ------
    AWSError
        ``NotFoundException``: it has none.
    """
    found: Record | None = method.get("methodIntegration")
    if found is None:
        raise not_found(UNKNOWN)
    return found


def check(integration: Record) -> None:
    """Refuse an integration that cannot be.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    kind = integration["type"]
    _check_word("type", kind, TYPES)
    _check_word("passthroughBehavior", integration["passthroughBehavior"], PASSTHROUGH)
    for member, words in _WORDS.items():
        if member in integration:
            _check_word(member, integration[member], words)
    streamed = integration.get("responseTransferMode") == "STREAM"
    most = MOST_STREAM_MS if streamed else MOST_TIMEOUT_MS
    if not LEAST_TIMEOUT_MS <= integration["timeoutInMillis"] <= most:
        raise bad_request(f"Timeout should be between {LEAST_TIMEOUT_MS} ms and {most} ms")
    if streamed and not kind.endswith("_PROXY"):
        raise bad_request("Response transfer mode STREAM requires a proxy integration.")
    if kind == "MOCK":
        return
    if not integration.get("httpMethod"):
        raise bad_request("Enumeration value for HttpMethod must be non-empty")
    _check_uri(kind, integration)


def check_response(response: Record) -> None:
    """Refuse an integration response that cannot be.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    if "contentHandling" in response:
        _check_word("contentHandling", response["contentHandling"], CONTENT_HANDLING)
    pattern = response.get("selectionPattern", "")
    if not is_pattern(pattern):
        raise bad_request(f"Invalid selection pattern specified: {pattern}")


_WORDS = {
    "contentHandling": CONTENT_HANDLING,
    "connectionType": CONNECTION_TYPES,
    "responseTransferMode": TRANSFER_MODES,
}


def _check_word(member: str, word: str, allowed: tuple[str, ...]) -> None:
    if word not in allowed:
        raise bad_request(
            f"Invalid {member} specified: {word}. Valid values are [{', '.join(allowed)}]"
        )


def _check_uri(kind: str, integration: Record) -> None:
    uri = integration.get("uri", "")
    if kind.startswith("HTTP"):
        if not _HTTP_URI.fullmatch(uri):
            raise bad_request("Invalid HTTP endpoint specified for URI")
        if integration.get("connectionType") == "VPC_LINK" and not integration.get("connectionId"):
            raise bad_request("A connectionId is required for the connection type VPC_LINK")
        return
    if not _AWS_URI.fullmatch(uri):
        raise bad_request("Invalid ARN specified in the request")
    service = uri.split(":")[4].rpartition(".")[2]
    if service == "lambda":
        return
    if kind == "AWS_PROXY" and service != "firehose":
        raise bad_request(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose "
            "stream invocations."
        )
    if not integration.get("credentials"):
        raise bad_request("Role ARN must be specified for AWS integrations")


def _response_of(integration: Record, code: str) -> Record:
    found: Record | None = integration.get("integrationResponses", {}).get(code)
    if found is None:
        raise not_found(_UNKNOWN_RESPONSE)
    return found
