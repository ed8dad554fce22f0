"""What the service ``iot`` keeps of certificates, policies, things and authorizers.

Read when it is needed and remembered until it may have changed (:mod:`.changes`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lambda_nb.engine.aws_calls.clients import Clients
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.admission.changes import Changes, Revision
from lambda_nb.engine.machine.call_threads import in_call_thread

_T = TypeVar("_T")
EVERYBODYS = "authorizers and authorities"
"""Stands for what belongs to no principal, where changes are counted."""
_REMEMBERED = 20_000
_PAGE = 250
_MISSING = ("ResourceNotFoundException",)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that is registered: its id, ARN and status (``ACTIVE`` lets devices in)."""

    identifier: str
    arn: str
    status: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy, with the document of its default version."""

    name: str
    arn: str
    document: str


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing, as policies see it."""

    name: str
    type_name: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attached:
    """The things that a principal is attached to.

    ``exclusive`` is the only one, whatever the client calls itself; ``names`` are all of them.
    """

    names: frozenset[str] = frozenset()
    exclusive: str = ""

    def thing_of(self, client_id: str) -> str:
        """The thing that a client is: the exclusive one, or that of its name; empty for none."""
        return self.exclusive or (client_id if client_id in self.names else "")


@dataclass(frozen=True, slots=True)
class Authorizer:
    """A custom authorizer."""

    name: str
    arn: str
    function: str
    active: bool
    signing_disabled: bool = False
    token_key: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrustedAuthority:
    """The certificate of an authority that people registered (PEM)."""

    identifier: str
    pem: str
    registers: bool
    template: Mapping[str, Any] = field(default_factory=dict)


def identifier_of(certificate_der: bytes) -> str:
    """The id of a certificate: the SHA-256 of its DER form."""
    return hashlib.sha256(certificate_der).hexdigest()


class Registry:
    """Reads what the service ``iot`` keeps in one Region.

    Parameters
    ----------
    clients
        Make the calls.
    changes
        Say when something has to be read again.
    account, region
        Where.
    """

    def __init__(self, clients: Clients, changes: Changes, account: str, region: str) -> None:
        self._clients = clients
        self._changes = changes
        self._account = account
        self._region = region
        self._known: dict[tuple[str, ...], tuple[Revision, Any]] = {}

    def arn(self, kind: str, name: str) -> str:
        """The ARN of something of this Region."""
        return f"arn:aws:iot:{self._region}:{self._account}:{kind}/{name}"

    def revision(self, *concerned: str) -> Revision:
        """Differs from what it was before if something may have changed of what is named."""
        return self._changes.revision(self._region, *concerned)

    def changed(self, concerned: str) -> None:
        """Something of a principal was changed by a call of this registry."""
        self._changes.note(self._region, concerned)

    async def certificate(self, identifier: str) -> Certificate | None:
        """A registered certificate by its id."""

        async def read() -> Certificate | None:
            answer = await self.call("describe_certificate", certificateId=identifier)
            if answer is None:
                return None
            found = answer["certificateDescription"]
            return Certificate(identifier, found["certificateArn"], found["status"])

        return await self._once((self.arn("cert", identifier),), ("certificate", identifier), read)

    async def attached(self, principal: str) -> Attached:
        """The things that a principal (an ARN) is attached to."""

        async def read() -> Attached:
            names: set[str] = set()
            exclusive = ""
            asked: dict[str, Any] = {"principal": principal}
            while True:
                answer = await self.call("list_principal_things_v2", **asked) or {}
                for one in answer.get("principalThingObjects", ()):
                    names.add(one["thingName"])
                    if one.get("thingPrincipalType") == "EXCLUSIVE_THING":
                        exclusive = one["thingName"]
                if not answer.get("nextToken"):
                    return Attached(frozenset(names), exclusive)
                asked["nextToken"] = answer["nextToken"]

        return await self._once((principal,), ("attached", principal), read)

    async def policies(self, principal: str, thing: str = "") -> tuple[Policy, ...]:
        """The policies that count for a principal, and for the groups of its thing."""

        async def read() -> tuple[Policy, ...]:
            named = {"thingName": thing} if thing else {}
            answer = await self.call("get_effective_policies", principal=principal, **named)
            return tuple(
                Policy(one["policyName"], one["policyArn"], one["policyDocument"])
                for one in (answer or {}).get("effectivePolicies", ())
            )

        concerned = (principal, self.arn("thing", thing)) if thing else (principal,)
        return await self._once(concerned, ("policies", principal, thing), read)

    async def policy(self, name: str) -> Policy | None:
        """A policy by its name, as it is now."""
        answer = await self.call("get_policy", policyName=name)
        if answer is None:
            return None
        return Policy(name, answer["policyArn"], answer["policyDocument"])

    async def thing(self, name: str) -> Thing | None:
        """A thing by its name."""

        async def read() -> Thing | None:
            found = await self.call("describe_thing", thingName=name)
            if found is None:
                return None
            return Thing(name, found.get("thingTypeName", ""), found.get("attributes", {}))

        return await self._once((self.arn("thing", name),), ("thing", name), read)

    async def authorizer(self, name: str | None = None) -> Authorizer | None:
        """A custom authorizer; without a name, the default one."""

        async def read() -> Authorizer | None:
            if name is None:
                answer = await self.call("describe_default_authorizer")
            else:
                answer = await self.call("describe_authorizer", authorizerName=name)
            if answer is None:
                return None
            found = answer["authorizerDescription"]
            return Authorizer(
                name=found["authorizerName"],
                arn=found["authorizerArn"],
                function=found["authorizerFunctionArn"],
                active=found.get("status") == "ACTIVE",
                signing_disabled=bool(found.get("signingDisabled")),
                token_key=found.get("tokenKeyName", ""),
                keys=found.get("tokenSigningPublicKeys", {}),
            )

        return await self._once((EVERYBODYS,), ("authorizer", name or ""), read)

    async def authorizer_of(self, server_name: str | None) -> Authorizer | None:
        """The authorizer of who names none: that of the domain, or else the default one."""
        if server_name:
            name = (await self._authorizers_by_domain()).get(server_name)
            if name is not None:
                return await self.authorizer(name)
        return await self.authorizer()

    async def _authorizers_by_domain(self) -> Mapping[str, str]:
        async def read() -> Mapping[str, str]:
            found: dict[str, str] = {}
            listed = await self.call("list_domain_configurations", pageSize=_PAGE) or {}
            for one in listed.get("domainConfigurations", ()):
                name = one["domainConfigurationName"]
                told = await self.call(
                    "describe_domain_configuration", domainConfigurationName=name
                )
                authorizer = ((told or {}).get("authorizerConfig") or {}).get(
                    "defaultAuthorizerName"
                )
                if told and authorizer and told.get("domainConfigurationStatus") == "ENABLED":
                    found[told.get("domainName", "")] = authorizer
            return found

        return await self._once((EVERYBODYS,), ("domains",), read)

    async def authorities(self) -> tuple[TrustedAuthority, ...]:
        """The active authorities that people registered."""

        async def read() -> tuple[TrustedAuthority, ...]:
            listed = await self.call("list_ca_certificates", pageSize=_PAGE) or {}
            found = []
            for one in listed.get("certificates", ()):
                if one["status"] != "ACTIVE":
                    continue
                answer = await self.call(
                    "describe_ca_certificate", certificateId=one["certificateId"]
                )
                if answer is not None:
                    described = answer["certificateDescription"]
                    found.append(
                        TrustedAuthority(
                            one["certificateId"],
                            described["certificatePem"],
                            described.get("autoRegistrationStatus") == "ENABLE",
                            answer.get("registrationConfig") or {},
                        )
                    )
            return tuple(found)

        return await self._once((EVERYBODYS,), ("authorities",), read)

    async def call(self, operation: str, **parameters: Any) -> dict[str, Any] | None:
        """Call an operation of the service; ``None`` if what is named does not exist.

        Raises
        ------
        AWSError
            The service refuses, or does not answer.
        """
        client = await self._clients("iot")
        return await in_call_thread(_called, client, operation, parameters)

    async def _once(
        self, concerned: tuple[str, ...], key: tuple[str, ...], read: Callable[[], Awaitable[_T]]
    ) -> _T:
        """What is known, or what reading it gives."""
        revision = self.revision(*concerned)
        known = self._known.get(key)
        if known is None or known[0] != revision:
            known = revision, await read()
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = known
        found: _T = known[1]
        return found


def _called(client: Any, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer: dict[str, Any] = getattr(client, operation)(**parameters)
    except ClientError as error:
        detail = error.response["Error"]
        if detail["Code"] in _MISSING:
            return None
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        raise AWSError(detail["Code"], detail["Message"], status) from error
    except BotoCoreError as error:
        raise AWSError("ServiceUnavailable", str(error), 503) from error
    return answer
