"""Watches the calls to the service ``iot``: refuses bad rules, and notes whom calls concern.

It answers the two operations that show decisions (``TestAuthorization``,
``TestInvokeAuthorizer``), since these are made here.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambda_nb.engine import service_model
from lambda_nb.engine.api.lambda_api import parsing, serialising
from lambda_nb.engine.api.lambda_api.routing import Router
from lambda_nb.engine.api.neighbours.watched_calls import WatchedCall
from lambda_nb.engine.api.wire.http import Reply
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.admission.changes import Changes
from lambda_nb.engine.iot.admission.registry import EVERYBODYS, identifier_of

if TYPE_CHECKING:
    from lambda_nb.engine.iot.admission.dry_runs import DryRuns

_OF_A_TARGET = ("AttachPolicy", "DetachPolicy")
_OF_A_PRINCIPAL = (
    "AttachPrincipalPolicy",
    "AttachThingPrincipal",
    "DetachPrincipalPolicy",
    "DetachThingPrincipal",
)
_OF_A_CERTIFICATE = ("DeleteCertificate", "UpdateCertificate")
_OF_A_NEW_CERTIFICATE = ("RegisterCertificate", "RegisterCertificateWithoutCA")
_OF_A_THING = (
    "AddThingToThingGroup",
    "DeleteThing",
    "RemoveThingFromThingGroup",
    "UpdateThing",
    "UpdateThingGroupsForThing",
)
_OF_NO_PRINCIPAL = (
    "ClearDefaultAuthorizer",
    "CreateAuthorizer",
    "CreateDomainConfiguration",
    "DeleteAuthorizer",
    "DeleteCACertificate",
    "DeleteDomainConfiguration",
    "RegisterCACertificate",
    "SetDefaultAuthorizer",
    "UpdateAuthorizer",
    "UpdateCACertificate",
    "UpdateDomainConfiguration",
)
_OF_EVERYONE = (
    "CreatePolicyVersion",
    "DeleteThingGroup",
    "RegisterThing",
    "SetDefaultPolicyVersion",
)
_RULES = ("CreateTopicRule", "ReplaceTopicRule")
_SHOWING = ("TestAuthorization", "TestInvokeAuthorizer")
_NOBODY: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    operation: str
    parameters: Mapping[str, Any]


class IotCalls:
    """Watches the calls to the service ``iot``.

    Parameters
    ----------
    changes
        Counts what they change.
    dry_runs
        Those of a Region: answer the operations that show decisions.
    account, region
        Whose; the Region of calls that name none.
    elsewhere
        Whether another server answers for the service: then it answers all of it.
    """

    def __init__(
        self,
        changes: Changes,
        dry_runs: Callable[[str], Awaitable[DryRuns]],
        account: str,
        region: str,
        *,
        elsewhere: bool = False,
    ) -> None:
        self._changes = changes
        self._dry_runs = dry_runs
        self._account = account
        self._region = region
        self._elsewhere = elsewhere
        self._router: Router | None = None

    async def asked(self, call: WatchedCall) -> Reply | None:
        """Refuse a rule that cannot run; answer the operations that show decisions.

        Raises
        ------
        AWSError
            ``SqlParseException`` or ``InvalidRequestException`` (400); or what is asked about does
            not exist.
        """
        if self._router is None:  # reading the service's model takes a tenth of a second
            self._router = await asyncio.to_thread(Router, "iot")
        if self._elsewhere:
            return None
        asked = self._read(call)
        if asked is None:
            return None
        if asked.operation in _RULES:
            await asyncio.to_thread(_check_rule, asked.parameters)
        if asked.operation not in _SHOWING:
            return None
        runs = await self._dry_runs(call.region or self._region)
        if asked.operation == "TestAuthorization":
            return _reply(asked, await runs.test_authorization(asked.parameters))
        return _reply(asked, await runs.test_invoke_authorizer(asked.parameters))

    def answered(self, call: WatchedCall) -> None:
        """Note whom a call concerns that may have changed something."""
        if not call.changes:
            return
        region = call.region or self._region
        for concerned in self._concerned(call, region):
            self._changes.note(region, concerned)

    def _read(self, call: WatchedCall) -> _Asked | None:
        """The operation that a call names; ``None`` if it is none of the service."""
        assert self._router is not None
        found = self._router.find(call.method, call.path, call.query)
        if found is None:
            return None
        name, labels = found
        operation = service_model.operation(name, "iot")
        try:
            parameters = parsing.parse(operation, labels, call.query, call.headers, call.body)
        except AWSError:  # the service says so itself
            return None
        return _Asked(name, parameters)

    def _concerned(self, call: WatchedCall, region: str) -> tuple[str | None, ...]:
        asked = self._read(call) if self._router is not None else None
        if asked is None:
            return (None,)
        name, given = asked.operation, asked.parameters
        prefix = f"arn:aws:iot:{region}:{self._account}:"
        if name in _OF_EVERYONE:
            return (None,)
        if name in _OF_A_TARGET:
            target = given.get("target", "")
            return (None,) if ":thinggroup/" in target else (target,)
        if name in _OF_A_PRINCIPAL:
            return (given.get("principal"),)
        if name in _OF_A_CERTIFICATE:
            return (f"{prefix}cert/{given['certificateId']}",)
        if name in _OF_A_NEW_CERTIFICATE:
            return (f"{prefix}cert/{_identifier(given.get('certificatePem', ''))}",)
        if name in _OF_A_THING:
            thing = given.get("thingName") or given.get("thingArn", "").rpartition("/")[2]
            return (f"{prefix}thing/{thing}",)
        return (EVERYBODYS,) if name in _OF_NO_PRINCIPAL else _NOBODY


def _check_rule(given: Mapping[str, Any]) -> None:
    # Imported late: the grammar of the rules takes a tenth of a second, and few engines have any.
    from lambda_nb.engine.iot.rules.rule_check import check

    check(given["ruleName"], given.get("topicRulePayload") or {})


def _identifier(pem: str) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return identifier_of(load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER))
    except ValueError:
        return ""


def _reply(asked: _Asked, response: Mapping[str, Any]) -> Reply:
    operation = service_model.operation(asked.operation, "iot")
    return serialising.serialise(operation, response, str(uuid.uuid4()))
