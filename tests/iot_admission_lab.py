"""Admission to the broker, with a real engine's registry, for tests without a broker."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from engine_fixtures import Engine

from lambda_nb.engine.api.admission.credentials import Credential
from lambda_nb.engine.aws_calls.clients import Clients
from lambda_nb.engine.aws_calls.endpoint import Endpoint, Keys
from lambda_nb.engine.aws_calls.service_directory import Directory
from lambda_nb.engine.iot.admission.admission import IotAdmission
from lambda_nb.engine.iot.admission.changes import Changes
from lambda_nb.engine.iot.admission.custom_authorizers import Authorizers
from lambda_nb.engine.iot.admission.dry_runs import DryRuns
from lambda_nb.engine.iot.admission.registry import Registry
from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.mqtt.admission import Attempt
from lambda_nb.engine.model import InvocationResult
from lambda_nb.engine.permissions.functions import Call

USER = Credential("LNBAUSER", "secret", "arn:aws:iam::000000000000:user/lambda-nb")


class Answering:
    """Stands for the functions of a Region: each call is kept and answered."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answer: Any = {"isAuthenticated": False}
        self.function_error: str | None = None

    async def invoke(self, call: Call) -> InvocationResult:
        """Answer a call."""
        self.calls.append(call)
        payload = json.dumps(self.answer).encode()
        return InvocationResult(call.request_id, payload, "1", self.function_error)


@dataclass(frozen=True)
class Issued:
    """A certificate that was issued."""

    identifier: str
    arn: str
    der: bytes


@dataclass
class Lab:
    """Admission to the broker of an engine's Region.

    Attributes
    ----------
    disconnected : list of str
        Clients that had to go.
    announced : list of Message
        What the service said.
    """

    engine: Engine
    functions: Answering = field(default_factory=Answering)
    changes: Changes = field(default_factory=Changes)
    disconnected: list[str] = field(default_factory=list)
    announced: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        keys = tuple(self.engine.keys.values())
        at = Endpoint(self.engine.url, keys=Keys(*keys))

        async def up() -> Endpoint:
            return at

        directory = Directory(lambda: at, up, {"iot": at})
        clients = Clients(directory, self.engine.url, (keys[0], keys[1]), self.engine.region)
        self.registry = Registry(clients, self.changes, self.engine.account, self.engine.region)
        self.authorizers: Any = Authorizers(lambda arn: self.functions)  # type: ignore[arg-type,return-value]
        self.dry_runs = DryRuns(self.registry, self.authorizers)
        self.admission = self.admits()

    def admits(self, *, open: bool = False) -> IotAdmission:  # noqa: A002
        """An admission; ``open`` as with ``--auth none``."""
        known = {USER.access_key: USER}
        admission = IotAdmission(
            self.engine.account,
            self.engine.region,
            self.registry,
            self.changes,
            self.authorizers,
            known.get,
            open=open,
        )
        admission.disconnect = self.disconnected.append
        admission.announce = self.announced.append
        return admission

    @property
    def iot(self) -> Any:
        """A client of the service."""
        return self.engine.client("iot")

    def arn(self, resource: str) -> str:
        """An ARN of the Region."""
        return f"arn:aws:iot:{self.engine.region}:{self.engine.account}:{resource}"

    def issue(self, *statements: dict[str, Any], thing: str = "") -> Issued:
        """A certificate with a policy, attached to a thing (made if need be)."""
        made = self.iot.create_keys_and_certificate(setAsActive=True)
        arn = made["certificateArn"]
        if statements:
            self.iot.attach_policy(policyName=self.policy(*statements), target=arn)
        if thing:
            self.iot.create_thing(thingName=thing)
            self.iot.attach_thing_principal(thingName=thing, principal=arn)
        return Issued(made["certificateId"], arn, der_of(made["certificatePem"]))

    def policy(self, *statements: dict[str, Any]) -> str:
        """A policy; its name."""
        name = self.engine.name("policy")
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        self.iot.create_policy(policyName=name, policyDocument=json.dumps(document))
        return name

    def allow(self, action: Any, *resources: str, effect: str = "Allow") -> dict[str, Any]:
        """A statement about resources of this Region."""
        return {"Effect": effect, "Action": action, "Resource": [self.arn(r) for r in resources]}


def der_of(pem: str) -> bytes:
    """A certificate's DER form."""
    return load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)


def attempt(client_id: str, **more: Any) -> Attempt:
    """A client that wants to connect."""
    return Attempt(client_id, **more)
