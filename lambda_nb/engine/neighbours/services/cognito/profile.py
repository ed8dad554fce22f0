"""What users who are signed in do: read and change their profile, verify addresses, sign out."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.cognito import short_lived
from lambda_nb.engine.neighbours.services.cognito.lookups import (
    Parameters,
    check_writable,
    client_of,
    holder_of,
    is_known,
    not_authorized,
    pool_of,
    refused,
    user_in,
)
from lambda_nb.engine.neighbours.services.cognito.messages import (
    ATTRIBUTE_OF,
    Messages,
    Notice,
)

_MEDIUM_OF = {attribute: medium for medium, attribute in ATTRIBUTE_OF.items()}


class Profile:
    """Operations with an access token, and their administrators' counterparts."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    def get(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """GetUser."""
        _, _, user = holder_of(asked["AccessToken"])
        told: dict[str, Any] = user.to_json(extended=True, attributes_key="UserAttributes")
        wanted = ("Username", "UserAttributes", "UserMFASettingList", "PreferredMfaSetting")
        return {name: told[name] for name in wanted if told.get(name)}

    def update(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """UpdateUserAttributes: a new address has to be verified."""
        pool, client, user = holder_of(asked["AccessToken"])
        check_writable(client, [one["Name"] for one in asked["UserAttributes"]])
        metadata = asked.get("ClientMetadata")
        return {
            "CodeDeliveryDetailsList": self._change(
                pool, client, user, asked["UserAttributes"], metadata
            )
        }

    def update_for(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """AdminUpdateUserAttributes."""
        pool = pool_of(asked, account, region)
        user = user_in(pool, asked["Username"])
        self._change(pool, None, user, asked["UserAttributes"], asked.get("ClientMetadata"))
        return {}

    def send_code(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """GetUserAttributeVerificationCode."""
        pool, client, user = holder_of(asked["AccessToken"])
        attribute = asked["AttributeName"]
        if attribute not in _MEDIUM_OF or not user.attribute_lookup.get(attribute):
            text = f"User has no {attribute} that can be verified."
            raise refused("InvalidParameterException", text)
        code = short_lived.new_code(user, attribute, attribute)
        notice = Notice(
            pool,
            client,
            user,
            "VerifyUserAttribute",
            _MEDIUM_OF[attribute],
            code,
            asked.get("ClientMetadata"),
        )
        return {"CodeDeliveryDetails": self._messages.send(notice)}

    def verify(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """VerifyUserAttribute: with the code."""
        _, _, user = holder_of(asked["AccessToken"])
        attribute = short_lived.use_code(user, asked["AttributeName"], asked["Code"])
        user.update_attributes([{"Name": f"{attribute}_verified", "Value": "true"}])
        return {}

    def delete_attributes(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """DeleteUserAttributes."""
        _, client, user = holder_of(asked["AccessToken"])
        check_writable(client, asked["UserAttributeNames"])
        user.delete_attributes(asked["UserAttributeNames"])
        return {}

    def delete(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """DeleteUser: by the user."""
        pool, _, user = holder_of(asked["AccessToken"])
        pool.sign_out(user.username)
        pool.backend.admin_delete_user(pool.id, user.username)
        return {}

    def sign_out(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """GlobalSignOut: all tokens of the user are revoked."""
        pool, _, user = holder_of(asked["AccessToken"])
        pool.sign_out(user.username)
        return {}

    def revoke(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """RevokeToken: a refresh token, and the access tokens that came from it."""
        pool, client = client_of(asked)
        if client.generate_secret and asked.get("ClientSecret") != client.secret:
            raise refused(
                "UnauthorizedException", f"Unable to verify secret for client {client.id}"
            )
        if client.extended_config.get("EnableTokenRevocation") is False:
            text = "Token revocation is not enabled for this client."
            raise refused("UnsupportedOperationException", text)
        kept = pool.refresh_tokens.get(asked["Token"])
        if kept is None:
            return {}
        if kept[0] != client.id:
            raise not_authorized("Invalid Refresh Token")
        pool.refresh_tokens[asked["Token"]] = None
        from joserfc import jwt

        for token, (_, username) in list(pool.access_tokens.items()):
            if username == kept[1]:
                origin = jwt.decode(token, pool.json_web_key).claims.get("origin_jti")
                if origin == kept[2]:
                    pool.access_tokens.pop(token, None)
        return {}

    def _change(
        self, pool: Any, client: Any, user: Any, given: list[dict[str, str]], metadata: Any
    ) -> list[dict[str, str]]:
        told = {one["Name"]: one.get("Value", "") for one in given}
        for name in told:
            attribute = pool.schema_attributes.get(name)
            if not is_known(pool, name):
                text = f"user.{name}: Attribute does not exist in the schema.\n"
                raise refused("InvalidParameterException", f"Invalid user attributes: {text}")
            if name == "sub" or (attribute is not None and not attribute.mutable):
                text = f"user.{name}: Attribute cannot be updated.\n"
                raise refused("InvalidParameterException", text)
        for kind in pool.extended_config.get("UsernameAttributes") or []:
            other = pool._get_user(told[kind]) if told.get(kind) else None
            if other is not None and other is not user:
                text = f"An account with the given {kind} already exists."
                raise refused("AliasExistsException", text)
        fresh = [
            name
            for name in _MEDIUM_OF
            if told.get(name) and told[name] != user.attribute_lookup.get(name)
        ]
        for name in fresh:
            told.setdefault(f"{name}_verified", "false")
        user.update_attributes([{"Name": name, "Value": value} for name, value in told.items()])
        verified = pool.extended_config.get("AutoVerifiedAttributes") or []
        delivered = []
        for name in fresh:
            if name in verified and told[f"{name}_verified"] != "true":
                code = short_lived.new_code(user, name, name)
                notice = Notice(
                    pool, client, user, "UpdateUserAttribute", _MEDIUM_OF[name], code, metadata
                )
                delivered.append(self._messages.send(notice))
        return delivered
