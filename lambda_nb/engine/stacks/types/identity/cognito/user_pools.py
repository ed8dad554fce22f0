"""``AWS::Cognito::UserPool``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types import schemas, shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import (
    ResourceType,
    changed,
    refuse_unknown,
    with_name,
)
from lambda_nb.engine.stacks.types.tagging import MAPPED

_IDLE = frozenset({"IssuerConfiguration", "KeyConfiguration", "WebAuthnFactorConfiguration"})
_FOR_GOOD = ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration")
_DEFAULTS: dict[str, Any] = {
    "AccountRecoverySetting": {},
    "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False},
    "AutoVerifiedAttributes": [],
    "DeletionProtection": "INACTIVE",
    "DeviceConfiguration": {},
    "EmailConfiguration": {},
    "LambdaConfig": {},
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": []},
    "UserPoolAddOns": {"AdvancedSecurityMode": "OFF"},
    "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
}
"""What returns when a template leaves out what it had."""


class UserPool(ResourceType):
    """A user pool with its triggers, attributes and second factors."""

    name = "AWS::Cognito::UserPool"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        self._check(properties)
        named = with_name(context, properties, "UserPoolName", 128)
        calls = context.client("cognito-idp")
        pool = calls.create_user_pool(**_parameters(context, "CreateUserPool", named))["UserPool"]
        identifier = pool["Id"]
        context.made(identifier)
        if _has_factors(properties):
            calls.set_user_pool_mfa_config(UserPoolId=identifier, **_factors(properties))
        provider = f"cognito-idp.{context.region}.amazonaws.com/{identifier}"
        return Made(
            identifier,
            {
                "Arn": pool["Arn"],
                "ProviderName": provider,
                "ProviderURL": f"https://{provider}",
                "UserPoolId": identifier,
            },
        )

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change it; attributes of users can only be added."""
        self._check(new)
        fixed = [name for name in _FOR_GOOD if changed(old, new, name)]
        if fixed:
            raise Refused(
                f"Updates are not allowed for property - {', '.join(fixed)}.", "NotUpdatable"
            )
        added = _added_attributes(old, new)
        calls, identifier = context.client("cognito-idp"), made.physical_id
        left_out = {name: _DEFAULTS[name] for name in _DEFAULTS if name in old and name not in new}
        calls.update_user_pool(
            **_parameters(context, "UpdateUserPool", {**left_out, **new, "UserPoolId": identifier})
        )
        if added:
            calls.add_custom_attributes(UserPoolId=identifier, CustomAttributes=added)
        if _has_factors(new) or _has_factors(old):
            calls.set_user_pool_mfa_config(UserPoolId=identifier, **_factors(new))
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it with its users."""
        with absence_is_fine():
            context.client("cognito-idp").delete_user_pool(UserPoolId=made.physical_id)

    def _check(self, properties: Properties) -> None:
        refuse_unknown(self.name, properties, schemas.of(self.name).settable - _IDLE)


def _parameters(context: Context, operation: str, properties: Properties) -> dict[str, Any]:
    plain = dict(properties)
    tags = {"Tags": properties.get("UserPoolTags") or {}}
    plain["UserPoolTags"] = MAPPED.wanted(context, tags)
    if _has_factors(properties):
        plain.pop("MfaConfiguration", None)  # set by a call of its own
    return shapes.parameters("cognito-idp", operation, plain, {"PoolName": "UserPoolName"})


def _has_factors(properties: Properties) -> bool:
    return any(
        properties.get(name)
        for name in ("EnabledMfas", "WebAuthnRelyingPartyID", "WebAuthnUserVerification")
    )


def _factors(properties: Properties) -> dict[str, Any]:
    """The parameters of SetUserPoolMfaConfig."""
    enabled = properties.get("EnabledMfas") or ()
    given: dict[str, Any] = {"MfaConfiguration": properties.get("MfaConfiguration") or "OFF"}
    if "SOFTWARE_TOKEN_MFA" in enabled:
        given["SoftwareTokenMfaConfiguration"] = {"Enabled": True}
    if "SMS_MFA" in enabled:
        given["SmsMfaConfiguration"] = {
            "SmsConfiguration": properties.get("SmsConfiguration") or {},
            "SmsAuthenticationMessage": properties.get("SmsAuthenticationMessage"),
        }
    if "EMAIL_OTP" in enabled:
        given["EmailMfaConfiguration"] = {
            "Message": properties.get("EmailAuthenticationMessage"),
            "Subject": properties.get("EmailAuthenticationSubject"),
        }
    passkeys = {
        "RelyingPartyId": properties.get("WebAuthnRelyingPartyID"),
        "UserVerification": properties.get("WebAuthnUserVerification"),
    }
    if any(passkeys.values()):
        given["WebAuthnConfiguration"] = passkeys
    return shapes.parameters("cognito-idp", "SetUserPoolMfaConfig", given)


def _added_attributes(old: Properties, new: Properties) -> list[dict[str, Any]]:
    """The attributes that only the new schema has, as AddCustomAttributes takes them.

    Raises
    ------
    Refused
        An attribute changes or goes.
    """
    before = {one.get("Name"): one for one in old.get("Schema") or ()}
    after = {one.get("Name"): one for one in new.get("Schema") or ()}
    if any(after.get(name) != one for name, one in before.items()):
        raise Refused(
            "Invalid request: Existing schema attributes cannot be modified or deleted.",
            "InvalidRequest",
            untouched=True,
        )
    added = [one for name, one in after.items() if name not in before]
    asked = shapes.parameters("cognito-idp", "AddCustomAttributes", {"CustomAttributes": added})
    made: list[dict[str, Any]] = asked.get("CustomAttributes", [])
    return made


TYPES: tuple[ResourceType, ...] = (UserPool(),)
