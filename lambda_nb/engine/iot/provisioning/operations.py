"""What devices ask of fleet provisioning: a certificate, and a thing by a template."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.iot.message import Sender
from lambda_nb.engine.iot.provisioning.tokens import Tokens
from lambda_nb.engine.model import Throttled
from lambda_nb.engine.permissions.functions import Call, Functions, NotPermitted
from lambda_nb.rules.iot.provisioning_language import Language, TemplateError

log = logging.getLogger(__name__)

HOOK_S = 5.0
"""Seconds that a pre-provisioning hook may take (pre-provisioning-hook, 2026)."""

_CERTIFICATE_ID = "AWS::IoT::Certificate::Id"
_THING = "AWS::IoT::Thing"


class ProvisioningError(Exception):
    """A request that is rejected: HTTP status, error code and text, as devices get them."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class Registry(Protocol):
    """Calls the service ``iot``."""

    async def call(self, operation: str, **parameters: Any) -> dict[str, Any] | None:
        """Call an operation; ``None`` if what is named does not exist. Raises ``AWSError``."""

    def arn(self, kind: str, name: str) -> str:
        """The ARN of something of this Region."""

    def changed(self, concerned: str) -> None:
        """Something of a principal was changed."""


class Operations:
    """The three operations of devices.

    Parameters
    ----------
    registry
        The Region's ``iot``.
    functions
        The functions of the Region that an ARN names.
    tokens
        What was given to devices.
    clock
        Seconds since 1970.
    provisioned
        Called when a thing was made.
    """

    def __init__(
        self,
        registry: Registry,
        functions: Callable[[str], Functions],
        tokens: Tokens,
        clock: Callable[[], float],
        provisioned: Callable[[], None],
    ) -> None:
        self._registry = registry
        self._functions = functions
        self._tokens = tokens
        self._clock = clock
        self._provisioned = provisioned

    async def create_keys_and_certificate(self) -> dict[str, Any]:
        """A new certificate with its keys, which cannot be used yet."""
        made = await self._registry.call("create_keys_and_certificate", setAsActive=False) or {}
        return {
            "certificateId": made["certificateId"],
            "certificatePem": made["certificatePem"],
            "privateKey": made["keyPair"]["PrivateKey"],
            "certificateOwnershipToken": self._tokens.give(made["certificateId"], self._clock()),
        }

    async def create_certificate_from_csr(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A new certificate for a device's own keys, which cannot be used yet.

        Raises
        ------
        ProvisioningError
            The signing request is missing or none.
        """
        request = given.get("certificateSigningRequest")
        if not isinstance(request, str) or not request:
            raise ProvisioningError(400, "InvalidCSR", "certificateSigningRequest is required.")
        try:
            made = await self._registry.call(
                "create_certificate_from_csr", certificateSigningRequest=request, setAsActive=False
            )
        except AWSError as error:
            raise ProvisioningError(400, "InvalidCSR", error.message) from error
        assert made is not None
        return {
            "certificateId": made["certificateId"],
            "certificatePem": made["certificatePem"],
            "certificateOwnershipToken": self._tokens.give(made["certificateId"], self._clock()),
        }

    async def register_thing(
        self, template_name: str, given: Mapping[str, Any], sender: Sender | None
    ) -> dict[str, Any]:
        """Make what a template describes, for a certificate that the device owns.

        Raises
        ------
        ProvisioningError
            The token, the template or the parameters do not allow it, or the hook does not.
        """
        token = given.get("certificateOwnershipToken")
        if not isinstance(token, str) or not token:
            text = "Certificate ownership token cannot be empty."
            raise ProvisioningError(400, "InvalidCertificateOwnershipToken", text)
        parameters = given.get("parameters") or {}
        if not isinstance(parameters, dict) or not all(
            isinstance(value, str) for value in parameters.values()
        ):
            raise ProvisioningError(400, "InvalidParameters", "parameters are texts by name.")
        certificate_id = self._tokens.certificate(token, self._clock())
        found = certificate_id and await self._registry.call(
            "describe_certificate", certificateId=certificate_id
        )
        if not certificate_id or not found:
            text = "The certificate ownership token is not valid, or has expired."
            raise ProvisioningError(400, "InvalidCertificateOwnershipToken", text)
        pem = found["certificateDescription"]["certificatePem"]
        template = await self._template(template_name)
        parameters = parameters | await self._hook(
            template, certificate_id, pem, parameters, sender
        )
        parameters[_CERTIFICATE_ID] = certificate_id
        body = json.loads(template["templateBody"])
        try:
            configuration = Language(body, parameters).filled(body.get("DeviceConfiguration") or {})
            made = await self._registry.call(
                "register_thing", templateBody=template["templateBody"], parameters=parameters
            )
        except (TemplateError, AWSError) as error:
            raise ProvisioningError(400, "InvalidParameters", str(error)) from error
        self._tokens.use(token)
        self._registry.changed(self._registry.arn("cert", certificate_id))
        self._provisioned()
        answer = {"deviceConfiguration": configuration}
        for name, resource in body["Resources"].items():
            if resource["Type"] == _THING and made is not None:
                answer["thingName"] = made["resourceArns"][name].partition(":thing/")[2]
        return answer

    async def sweep(self) -> None:
        """Delete certificates that nobody used while their tokens were valid."""
        for certificate_id in self._tokens.expired(self._clock()):
            found = await self._registry.call("describe_certificate", certificateId=certificate_id)
            if found is None or found["certificateDescription"]["status"] == "ACTIVE":
                continue
            try:
                await self._registry.call("delete_certificate", certificateId=certificate_id)
            except AWSError as error:  # something was attached to it: it stays
                log.info("the certificate %s is kept: %s", certificate_id, error)

    async def _template(self, name: str) -> dict[str, Any]:
        template = await self._registry.call("describe_provisioning_template", templateName=name)
        if template is None:
            text = f"The provisioning template {name} does not exist."
            raise ProvisioningError(404, "ResourceNotFound", text)
        if not template.get("enabled") or template.get("type") == "JITP":
            text = f"The provisioning template {name} is not enabled for fleet provisioning."
            raise ProvisioningError(403, "AccessDenied", text)
        return template

    async def _hook(
        self,
        template: Mapping[str, Any],
        certificate_id: str,
        pem: str,
        parameters: Mapping[str, str],
        sender: Sender | None,
    ) -> dict[str, str]:
        """Ask the template's function; what it overrides."""
        hook = template.get("preProvisioningHook")
        if not hook:
            return {}
        event = {
            "claimCertificateId": sender.principal if sender is not None else "",
            "certificateId": certificate_id,
            "certificatePem": pem,
            "templateArn": template["templateArn"],
            "clientId": sender.client_id if sender is not None else "",
            "parameters": parameters,
        }
        call = Call(
            function=hook["targetArn"],
            payload=json.dumps(event).encode(),
            principal="iot.amazonaws.com",
            source_arn=template["templateArn"],
            request_id=uuid4(),
            source="iot",
        )
        denied = ProvisioningError(
            403, "AccessDenied", "The pre-provisioning hook does not allow it."
        )
        try:
            invoked = self._functions(hook["targetArn"]).invoke(call)
            result = await asyncio.wait_for(invoked, HOOK_S)
            said = json.loads(result.payload)
        except (AWSError, NotPermitted, Throttled, ValueError, asyncio.TimeoutError) as error:
            log.warning("the hook of %s failed: %r", template["templateName"], error)
            raise denied from error
        if result.function_error is not None:
            log.warning("the hook of %s failed: %s", template["templateName"], said)
            raise denied
        if not isinstance(said, dict) or said.get("allowProvisioning") is not True:
            raise denied
        overrides = said.get("parameterOverrides") or {}
        return {str(name): str(value) for name, value in overrides.items()}
