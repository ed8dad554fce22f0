"""How users come into a user pool: they sign up and confirm, or an administrator creates them."""

from __future__ import annotations

import threading
import time
from typing import Any

from lambda_nb.engine.neighbours.services.cognito import passwords, short_lived
from lambda_nb.engine.neighbours.services.cognito.lookups import (
    Parameters,
    check_secret,
    check_writable,
    client_of,
    hides_users,
    is_known,
    not_authorized,
    pool_of,
    refused,
    user_in,
)
from lambda_nb.engine.neighbours.services.cognito.messages import (
    ATTRIBUTE_OF,
    EMAIL,
    SMS,
    Messages,
    Notice,
    medium_for_confirmation,
)
from lambda_nb.engine.neighbours.services.cognito.triggers import Occasion, Triggers, request_of

_BLANK = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
_adding = threading.Lock()


class SignUp:
    """Sign-up and confirmation."""

    def __init__(self, triggers: Triggers, messages: Messages) -> None:
        self._triggers = triggers
        self._messages = messages

    def sign_up(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """SignUp: by the user. The code comes by mail or text message."""
        pool, client = client_of(asked)
        username = asked["Username"]
        check_secret(client, username, asked.get("SecretHash"))
        if (pool.extended_config.get("AdminCreateUserConfig") or {}).get(
            "AllowAdminCreateUserOnly"
        ):
            raise not_authorized("SignUp is not permitted for this user pool")
        check_writable(client, [one["Name"] for one in asked.get("UserAttributes") or []])
        password = asked.get("Password")
        if not password:
            raise refused("InvalidParameterException", "Password is required")
        attributes = _checked(pool, username, asked.get("UserAttributes") or [])
        passwords.check(pool, password)
        _check_unknown(pool, username, attributes)
        user = _new(pool, username, password, "UNCONFIRMED", attributes)
        metadata = asked.get("ClientMetadata")
        answer = self._ask(pool, client, user, "SignUp", asked.get("ValidationData"), metadata)
        _add(pool, username, user)
        if answer.get("autoConfirmUser"):
            _confirm(user)
            _verify_as_told(user, answer)
            self._tell_confirmed(pool, client, user, metadata)
            return {"UserConfirmed": True, "UserSub": user.id}
        _verify_as_told(user, answer)
        medium = medium_for_confirmation(pool, user)
        told: dict[str, Any] = {"UserConfirmed": False, "UserSub": user.id}
        if medium is not None:
            code = short_lived.new_code(user, short_lived.SIGN_UP, ATTRIBUTE_OF[medium])
            notice = Notice(pool, client, user, "SignUp", medium, code, metadata)
            told["CodeDeliveryDetails"] = self._messages.send(notice)
        return told

    def confirm(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """ConfirmSignUp: with the code."""
        pool, client = client_of(asked)
        check_secret(client, asked["Username"], asked.get("SecretHash"))
        user = pool._get_user(asked["Username"])
        if user is None:
            if hides_users(client):
                text = "Invalid code provided, please request a code again."
                raise refused("ExpiredCodeException", text)
            raise refused("UserNotFoundException", "Username/client id combination not found.")
        if user.status != "UNCONFIRMED":
            raise not_authorized(f"User cannot be confirmed. Current status is {user.status.value}")
        attribute = short_lived.use_code(user, short_lived.SIGN_UP, asked["ConfirmationCode"])
        _confirm(user)
        user.update_attributes([{"Name": f"{attribute}_verified", "Value": "true"}])
        self._tell_confirmed(pool, client, user, asked.get("ClientMetadata"))
        return {}

    def resend(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """ResendConfirmationCode."""
        pool, client = client_of(asked)
        check_secret(client, asked["Username"], asked.get("SecretHash"))
        user = pool._get_user(asked["Username"])
        if user is None:
            raise refused("UserNotFoundException", "Username/client id combination not found.")
        if user.status != "UNCONFIRMED":
            raise refused("InvalidParameterException", "User is already confirmed.")
        medium = medium_for_confirmation(pool, user)
        if medium is None:
            raise refused(
                "InvalidParameterException",
                "Cannot resend codes. Auto verification not turned on.",
            )
        code = short_lived.new_code(user, short_lived.SIGN_UP, ATTRIBUTE_OF[medium])
        metadata = asked.get("ClientMetadata")
        notice = Notice(pool, client, user, "ResendCode", medium, code, metadata)
        return {"CodeDeliveryDetails": self._messages.send(notice)}

    def confirm_for(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """AdminConfirmSignUp: without a code."""
        pool = pool_of(asked, account, region)
        user = user_in(pool, asked["Username"])
        if user.status != "UNCONFIRMED":
            raise not_authorized(f"User cannot be confirmed. Current status is {user.status.value}")
        _confirm(user)
        self._tell_confirmed(pool, None, user, asked.get("ClientMetadata"))
        return {}

    def create_for(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """AdminCreateUser: with a temporary password, which is sent to the user."""
        pool = pool_of(asked, account, region)
        metadata = asked.get("ClientMetadata")
        username = asked["Username"]
        action = asked.get("MessageAction")
        if action == "RESEND":
            user = user_in(pool, username)
            if user.status != "FORCE_CHANGE_PASSWORD":
                text = f"Resend not possible. {username} status is not FORCE_CHANGE_PASSWORD"
                raise refused("UnsupportedUserStateException", text)
            user.password = asked.get("TemporaryPassword") or passwords.drawn()
        else:
            attributes = _checked(pool, username, asked.get("UserAttributes") or [])
            _check_unknown(pool, username, attributes)
            password = asked.get("TemporaryPassword") or passwords.drawn()
            passwords.check(pool, password)
            user = _new(pool, username, password, "FORCE_CHANGE_PASSWORD", attributes)
            validation = asked.get("ValidationData")
            answer = self._ask(pool, None, user, "AdminCreateUser", validation, metadata)
            _verify_as_told(user, answer)
            _add(pool, username, user)
        user.invited = time.time()
        if action != "SUPPRESS":
            self._invite(pool, user, asked.get("DesiredDeliveryMediums") or ["SMS"], metadata)
        return {"User": user.to_json(extended=True)}

    def _invite(self, pool: Any, user: Any, mediums: list[str], metadata: Any) -> None:
        """Send the temporary password by each medium that the user has an address for."""
        known = [one for one in (SMS, EMAIL) if user.attribute_lookup.get(ATTRIBUTE_OF[one])]
        for medium in [one for one in known if one in mediums] or known[:1]:
            notice = Notice(pool, None, user, "AdminCreateUser", medium, user.password, metadata)
            self._messages.send(notice)

    def _ask(
        self, pool: Any, client: Any, user: Any, source: str, validation: Any, metadata: Any
    ) -> dict[str, Any]:
        told = {one["Name"]: one.get("Value", "") for one in validation or []}
        request: dict[str, Any] = {
            "userAttributes": {n: v for n, v in user.attribute_lookup.items() if n != "sub"},
            "validationData": told or None,
        }
        if source == "AdminCreateUser":
            request["userAttributes"]["cognito:user_status"] = user.status.value
        if metadata:
            request["clientMetadata"] = dict(metadata)
        occasion = Occasion(pool, f"PreSignUp_{source}", user.username, client)
        return self._triggers.call("PreSignUp", occasion, request, dict(_BLANK)) or {}

    def _tell_confirmed(self, pool: Any, client: Any, user: Any, metadata: Any) -> None:
        occasion = Occasion(pool, "PostConfirmation_ConfirmSignUp", user.username, client)
        self._triggers.call("PostConfirmation", occasion, request_of(user, metadata), {})


def _checked(pool: Any, username: str, attributes: list[dict[str, str]]) -> list[dict[str, str]]:
    """The attributes of a new user, by the pool's schema; an address as the name is one of them.

    Raises
    ------
    JsonRESTError
        ``InvalidParameterException``.
    """
    from moto.cognitoidp.utils import validate_username_format

    given = {one["Name"]: one.get("Value", "") for one in attributes}
    kinds = pool.extended_config.get("UsernameAttributes") or []
    if kinds:
        kind = next((k for k in kinds if validate_username_format(username, _format=k)), None)
        if kind is None:
            wanted = {"email": "an email", "phone_number": "a phone number"}
            either = " or ".join(wanted[one] for one in ("email", "phone_number") if one in kinds)
            prefix = "either " if len(kinds) > 1 else ""
            text = f"Username should be {prefix}{either}."
            raise refused("InvalidParameterException", text)
        given[kind] = username
    elif "email" in (pool.extended_config.get("AliasAttributes") or []) and "@" in username:
        text = "Username cannot be of email format, since user pool is configured for email alias."
        raise refused("InvalidParameterException", text)
    missing = [
        name
        for name, attribute in pool.schema_attributes.items()
        if attribute.required and name != "sub" and not given.get(name)
    ]
    unknown = [name for name in given if not is_known(pool, name)]
    if missing or unknown:
        problems = [f"{name}: The attribute is required\n" for name in missing]
        problems += [f"Type for attribute {{{name}}} could not be determined\n" for name in unknown]
        text = f"Attributes did not conform to the schema: {''.join(problems)}"
        raise refused("InvalidParameterException", text)
    if given.get("email") and not validate_username_format(given["email"], _format="email"):
        raise refused("InvalidParameterException", "Invalid email address format.")
    phone = given.get("phone_number")
    if phone and not validate_username_format(phone, _format="phone_number"):
        raise refused("InvalidParameterException", "Invalid phone number format.")
    return [{"Name": name, "Value": value} for name, value in given.items()]


def _check_unknown(pool: Any, username: str, attributes: list[dict[str, str]]) -> None:
    """Check that nobody has the name."""
    kinds = pool.extended_config.get("UsernameAttributes") or []
    if not kinds:
        if pool._get_user(username) is not None:
            raise refused("UsernameExistsException", "User already exists")
        return
    for one in attributes:
        if one["Name"] in kinds and pool._get_user(one["Value"]) is not None:
            text = f"An account with the given {one['Name']} already exists."
            raise refused("UsernameExistsException", text)


def _new(
    pool: Any, username: str, password: str, status: str, attributes: list[dict[str, str]]
) -> Any:
    from moto.cognitoidp.models import CognitoIdpUser, UserStatus

    name = None if pool.extended_config.get("UsernameAttributes") else username
    return CognitoIdpUser(pool.id, name, password, UserStatus(status), attributes)


def _add(pool: Any, username: str, user: Any) -> None:
    """Add a user, unless another request was faster."""
    with _adding:
        _check_unknown(pool, username, user.attributes)
        pool.users[user.username] = user


def _confirm(user: Any) -> None:
    from moto.cognitoidp.models import UserStatus

    user.status = UserStatus.CONFIRMED


def _verify_as_told(user: Any, answer: dict[str, Any]) -> None:
    for field, attribute in (("autoVerifyEmail", "email"), ("autoVerifyPhone", "phone_number")):
        if not answer.get(field):
            continue
        if not user.attribute_lookup.get(attribute):
            text = f"Attribute {attribute} cannot be auto-verified: the user has none."
            raise refused("InvalidLambdaResponseException", text)
        user.update_attributes([{"Name": f"{attribute}_verified", "Value": "true"}])
