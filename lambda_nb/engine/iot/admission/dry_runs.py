"""``TestAuthorization`` and ``TestInvokeAuthorizer``: decisions shown without a connection."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.admission import custom_authorizers, variables
from lambda_nb.engine.iot.admission.custom_authorizers import AuthorizerError, Authorizers
from lambda_nb.engine.iot.admission.policies import MalformedPolicy, Policies, Verdict
from lambda_nb.engine.iot.admission.registry import Policy, Registry

_OPERATIONS = {
    "CONNECT": "iot:Connect",
    "PUBLISH": "iot:Publish",
    "RECEIVE": "iot:Receive",
    "SUBSCRIBE": "iot:Subscribe",
}
_SOURCE_IP = "127.0.0.1"


class DryRuns:
    """Answers questions about permissions in one Region.

    Parameters
    ----------
    registry
        What the service ``iot`` keeps.
    authorizers
        Ask custom authorizers.
    """

    def __init__(self, registry: Registry, authorizers: Authorizers) -> None:
        self._registry = registry
        self._authorizers = authorizers

    async def test_authorization(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ``TestAuthorization``.

        Raises
        ------
        AWSError
            A principal or a policy does not exist.
        """
        principal, client_id = given.get("principal"), given.get("clientId") or ""
        thing = None
        policies: list[Policy] = []
        if principal is not None:
            attached = await self._registry.attached(principal)
            name = attached.thing_of(client_id)
            thing = await self._registry.thing(name) if name else None
            policies += await self._registry.policies(principal, name)
        skipped = set(given.get("policyNamesToSkip") or ())
        policies = [one for one in policies if one.name not in skipped]
        for name in given.get("policyNamesToAdd") or ():
            added = await self._registry.policy(name)
            if added is None:
                raise AWSError("ResourceNotFoundException", f"Policy {name} does not exist.", 404)
            policies.append(added)
        told = variables.of_connection(client_id, _SOURCE_IP, None) | variables.of_thing(thing)
        try:
            compiled = Policies([one.document for one in policies], told)
        except MalformedPolicy as error:
            raise AWSError("InvalidRequestException", str(error)) from error
        return {
            "authResults": [self._result(compiled, policies, info) for info in given["authInfos"]]
        }

    def _result(
        self, compiled: Policies, policies: Sequence[Policy], info: Mapping[str, Any]
    ) -> dict[str, Any]:
        operation = _OPERATIONS[info.get("actionType") or "CONNECT"]
        verdicts = [compiled.verdict(operation, resource) for resource in info["resources"]]
        return {
            "authInfo": info,
            "allowed": {"policies": _named(policies, (p for v in verdicts for p in v.allowing))},
            "denied": {
                "implicitDeny": {"policies": []},
                "explicitDeny": {
                    "policies": _named(policies, (p for v in verdicts for p in v.denying))
                },
            },
            "authDecision": _decision(verdicts),
            "missingContextValues": [],
        }

    async def test_invoke_authorizer(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ``TestInvokeAuthorizer``.

        Raises
        ------
        AWSError
            The authorizer does not exist, refuses the token, or answers wrongly.
        """
        name = given["authorizerName"]
        authorizer = await self._registry.authorizer(name)
        if authorizer is None:
            text = f"The authorizer {name} does not exist."
            raise AWSError("ResourceNotFoundException", text, 404)
        token, signature = given.get("token"), given.get("tokenSignature") or ""
        if not authorizer.signing_disabled and (
            token is None or not custom_authorizers.verified(authorizer, token, signature)
        ):
            raise AWSError("UnauthorizedException", "The token's signature is wrong.", 401)
        protocols, data = _told_protocols(given)
        event = custom_authorizers.made_event(
            token, not authorizer.signing_disabled, protocols, data, str(uuid.uuid4())
        )
        try:
            answer = await self._authorizers.invoke(authorizer, event)
            decision = custom_authorizers.read_answer(answer)
        except AuthorizerError as error:
            raise AWSError("InvalidResponseException", str(error)) from error
        return {
            "isAuthenticated": decision.authenticated,
            "principalId": decision.principal or None,
            "policyDocuments": [
                one if isinstance(one, str) else json.dumps(one) for one in decision.documents
            ],
            "refreshAfterInSeconds": decision.refresh_s,
            "disconnectAfterInSeconds": decision.disconnect_s,
        }


def _named(policies: Sequence[Policy], positions: Iterable[int]) -> list[dict[str, str]]:
    return [
        {"policyName": policies[position].name, "policyArn": policies[position].arn}
        for position in dict.fromkeys(positions)
    ]


def _decision(verdicts: Sequence[Verdict]) -> str:
    if any(verdict.denying for verdict in verdicts):
        return "EXPLICIT_DENY"
    return "ALLOWED" if all(verdict.allowed for verdict in verdicts) else "IMPLICIT_DENY"


def _told_protocols(given: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """The protocols of a call's contexts, and what it says of each."""
    protocols: list[str] = []
    data: dict[str, Any] = {}
    if given.get("tlsContext"):
        protocols.append("tls")
        data["tls"] = dict(given["tlsContext"])
    if given.get("httpContext"):
        protocols.append("http")
        data["http"] = dict(given["httpContext"])
    if given.get("mqttContext"):
        protocols.append("mqtt")
        context = dict(given["mqttContext"])
        if isinstance(context.get("password"), bytes):
            context["password"] = base64.b64encode(context["password"]).decode()
        data["mqtt"] = context
    return protocols, data
