"""Lets clients in: by certificate, signature, access key or custom authorizer."""

from __future__ import annotations

import hmac
import logging
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass

from lambda_nb.engine.api.admission.credentials import Credential
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.admission import self_registration, variables
from lambda_nb.engine.iot.admission.changes import Changes, Revision
from lambda_nb.engine.iot.admission.custom_authorizers import (
    AuthorizerError,
    Authorizers,
    Shown,
)
from lambda_nb.engine.iot.admission.grants import Grant, allowed, everything
from lambda_nb.engine.iot.admission.policies import MalformedPolicy, Policies
from lambda_nb.engine.iot.admission.registry import (
    Authorizer,
    Certificate,
    Registry,
    identifier_of,
)
from lambda_nb.engine.iot.message import Message, Sender
from lambda_nb.engine.iot.mqtt.admission import Action, Admitted, Attempt, May, Refused

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a client is, and what it may do; ``policies`` is ``None`` if it may do everything.

    ``concerned`` are the ARNs of its certificate and its thing: what it may changes with them, and
    ``seen`` is how far their changes were seen. ``exclusive_thing`` is the thing that its
    certificate belongs to alone.
    """

    sender: Sender
    policies: Policies | None
    concerned: tuple[str, ...] = ()
    seen: Revision | None = None
    exclusive_thing: str = ""
    refresh_s: float | None = None
    disconnect_s: float | None = None


class IotAdmission:
    """Decides who may connect to the broker of a Region, as AWS IoT Core does.

    Parameters
    ----------
    account, region
        Where.
    registry
        What the service ``iot`` keeps.
    changes
        Tell when permissions may have changed.
    authorizers
        Ask custom authorizers.
    credential
        The credential of an access key id that was issued here.
    open
        Whether clients that show nothing are let in (``--auth none``).

    Attributes
    ----------
    disconnect : callable
        Is called with the id of a client that may not be connected any more. The broker's, once
        there is one.
    announce : callable
        Publishes a message of the service. The broker's, once there is one.
    """

    def __init__(
        self,
        account: str,
        region: str,
        registry: Registry,
        changes: Changes,
        authorizers: Authorizers,
        credential: Callable[[str], Credential | None],
        *,
        open: bool = False,  # noqa: A002
    ) -> None:
        self.disconnect: Callable[[str], None] = lambda client_id: None
        self.announce: Callable[[Message], None] = lambda message: None
        self._account = account
        self._prefix = f"arn:aws:iot:{region}:{account}:"
        self._registry = registry
        self._authorizers = authorizers
        self._credential = credential
        self._open = open
        self._grants: weakref.WeakSet[Grant] = weakref.WeakSet()
        self._stop_watching = changes.watch(region, self._changed)

    def close(self) -> None:
        """Stop to follow changes."""
        self._stop_watching()

    async def connect(self, attempt: Attempt) -> Admitted | Refused:
        """Let a client in, or refuse it."""
        try:
            identity = await self.identify(attempt)
            if isinstance(identity, Refused):
                return identity
            missing = self._missing(identity, attempt)
        except AWSError as error:
            return Refused("not_authorized", error.message)
        if missing:
            reason = f"the policies of {identity.sender.principal} do not allow {missing}"
            return Refused("not_authorized", reason, identity.sender.principal)
        return Admitted(
            identity.sender,
            everything if identity.policies is None else self._granted(identity, attempt),
            identity.refresh_s,
            identity.disconnect_s,
            exclusive_thing=identity.exclusive_thing,
        )

    async def allows(self, attempt: Attempt, action: str, resource: str) -> Sender | Refused:
        """Let somebody do one thing without a connection, as by HTTPS with a certificate.

        Parameters
        ----------
        attempt
            Who asks; without a client id.
        action
            Such as ``iot:Publish``.
        resource
            Such as ``topic/a/b`` or ``thing/sensor-1``.

        Returns
        -------
        Sender or Refused
        """
        identity = await self.identify(attempt)
        if isinstance(identity, Refused):
            return identity
        arn = f"{self._prefix}{resource}"
        if identity.policies is None or identity.policies.allows(action, arn):
            return identity.sender
        return Refused("not_authorized", f"{action} on {arn} is not allowed")

    async def identify(self, attempt: Attempt) -> Identity | Refused:
        """Who somebody is who connects."""
        named = Shown.by(attempt).authorizer
        if named:
            return await self._by_authorizer(await self._registry.authorizer(named), attempt)
        if attempt.sigv4 is not None:
            return Identity(self._sender(attempt, attempt.sigv4.access_key), None)
        if attempt.certificate_der is not None:
            return await self._by_certificate(attempt, attempt.certificate_der)
        credential = self._credential(attempt.username) if attempt.username else None
        if credential is not None:
            given = attempt.password or b""
            if not hmac.compare_digest(credential.secret_key.encode(), given):
                return Refused("bad_credentials", "the password is not the access key's secret")
            return Identity(self._sender(attempt, credential.access_key), None)
        default = await self._registry.authorizer_of(attempt.server_name)
        if default is not None:
            return await self._by_authorizer(default, attempt)
        if self._open:
            return Identity(self._sender(attempt, attempt.client_id), None)
        return Refused(
            "not_authorized",
            "show a certificate, a signed WebSocket request, an access key and its secret as user "
            "name and password, or the name of a custom authorizer",
        )

    async def _by_certificate(self, attempt: Attempt, der: bytes) -> Identity | Refused:
        identifier = identifier_of(der)
        certificate = await self._registry.certificate(identifier)
        if certificate is None:
            registered = await self_registration.register(
                self._registry, der, self._account, self.announce
            )
            what = "has registered itself now: connect again" if registered else "is not registered"
            reason = f"the certificate {identifier} {what}"
            return Refused("not_authorized", reason, identifier)
        if certificate.status != "ACTIVE":
            reason = f"the certificate {identifier} is {certificate.status}"
            return Refused("not_authorized", reason, identifier)
        if variables.expired(der, time.time()):
            reason = f"the certificate {identifier} is not valid now"
            return Refused("not_authorized", reason, identifier)
        return await self._by_registered(attempt, certificate, der)

    async def _by_registered(
        self, attempt: Attempt, certificate: Certificate, der: bytes
    ) -> Identity | Refused:
        registry, arn = self._registry, certificate.arn
        while True:
            before = registry.revision(arn)
            attached = await registry.attached(arn)
            name = attached.thing_of(attempt.client_id)
            concerned = (arn, registry.arn("thing", name or attempt.client_id))
            seen = registry.revision(*concerned)
            if registry.revision(arn) == before:
                break
        thing = await registry.thing(name) if name else None
        name = thing.name if thing is not None else ""
        told = {
            **variables.of_connection(attempt.client_id, attempt.source_ip, attempt.server_name),
            **variables.of_thing(thing),
            **variables.of_certificate(der),
            "iot:CertificateId": certificate.identifier,
        }
        documents = [one.document for one in await registry.policies(arn, name)]
        try:
            policies = Policies(documents, told)
        except MalformedPolicy as error:
            return Refused("not_authorized", str(error), certificate.identifier)
        sender = self._sender(attempt, certificate.identifier, name)
        return Identity(sender, policies, concerned, seen, attached.exclusive)

    async def _by_authorizer(
        self, authorizer: Authorizer | None, attempt: Attempt
    ) -> Identity | Refused:
        if authorizer is None:
            return Refused("not_authorized", "the custom authorizer that is named does not exist")
        try:
            decision = await self._authorizers.ask(authorizer, attempt)
        except AuthorizerError as error:
            log.warning(
                "the authorizer %s refuses %r: %s", authorizer.name, attempt.client_id, error
            )
            return Refused("not_authorized", f"the custom authorizer refuses: {error}")
        if not decision.authenticated:
            return Refused("bad_credentials", "the custom authorizer says isAuthenticated: false")
        told = variables.of_connection(attempt.client_id, attempt.source_ip, attempt.server_name)
        return Identity(
            self._sender(attempt, decision.principal),
            Policies(decision.documents, told),
            refresh_s=decision.refresh_s,
            disconnect_s=decision.disconnect_s,
        )

    def _sender(self, attempt: Attempt, principal: str, thing: str = "") -> Sender:
        username = (attempt.username or "").partition("?")[0]
        return Sender(attempt.client_id, principal, attempt.source_ip, username, thing)

    def _missing(self, identity: Identity, attempt: Attempt) -> str:
        """What a client needs for its connection and may not do; empty if nothing."""
        policies = identity.policies
        if policies is None:
            return ""
        client = f"{self._prefix}client/{attempt.client_id}"
        if not policies.allows("iot:Connect", client):
            return f"iot:Connect on {client}"
        will = attempt.will
        if will is not None:
            if not allowed(policies, self._prefix, "publish", will.topic):
                return f"iot:Publish on {self._prefix}topic/{will.topic}, for the last will"
            if will.retain and not allowed(policies, self._prefix, "retain", will.topic):
                return f"iot:RetainPublish on {self._prefix}topic/{will.topic}, for the last will"
        return ""

    def _granted(self, identity: Identity, attempt: Attempt) -> May:
        policies = identity.policies
        assert policies is not None
        if identity.seen is None:  # an authorizer's policies change when it is asked again

            def may(action: Action, topic: str) -> bool:
                return allowed(policies, self._prefix, action, topic)

            return may

        async def renew() -> Policies | None:
            found = await self.identify(attempt)
            if isinstance(found, Refused) or self._missing(found, attempt):
                return None
            return found.policies

        client_id = attempt.client_id
        grant = Grant(
            identity.concerned,
            policies,
            self._prefix,
            lambda: self._registry.revision(*identity.concerned),
            identity.seen,
            renew,
            lambda: self.disconnect(client_id),
        )
        self._grants.add(grant)
        return grant

    def _changed(self, concerned: str | None) -> None:
        for grant in list(self._grants):
            if concerned is None or concerned in grant.concerned:
                grant.renew_soon()
