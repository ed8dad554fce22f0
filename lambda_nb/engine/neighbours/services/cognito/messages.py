"""Messages of a user pool to its users: codes, invitations. They are kept, not sent.

The texts come from the pool's templates or from its CustomMessage trigger. A pool with a custom
sender gives the message's code to that function instead.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.neighbours.services.cognito.encrypted_codes import encrypted
from lambda_nb.engine.neighbours.services.cognito.lookups import refused
from lambda_nb.engine.neighbours.services.cognito.triggers import (
    Occasion,
    Triggers,
    invalid,
    request_of,
)
from lambda_nb.engine.neighbours.services.messaging import outbox

CODE, USERNAME = "{####}", "{username}"
LINK = "{##Click Here##}"
EMAIL, SMS = "EMAIL", "SMS"
ATTRIBUTE_OF = {EMAIL: "email", SMS: "phone_number"}
SENDER = "no-reply@verificationemail.com"
"""Who mail comes from if the pool does not name a sender."""

_MFA_TEXT = "Your authentication code is {####}. "


@dataclass(frozen=True)
class Notice:
    """One message to a user.

    ``occasion`` is what the message is for: the part of ``triggerSource`` behind the underscore.
    ``medium`` is ``EMAIL`` or ``SMS``; ``code`` a code or a temporary password.
    """

    pool: Any
    client: Any
    user: Any
    occasion: str
    medium: str
    code: str
    metadata: Any = None


class Messages:
    """Composes messages and keeps them."""

    def __init__(self, triggers: Triggers) -> None:
        self._triggers = triggers

    def send(self, notice: Notice) -> dict[str, str]:
        """Compose and deliver a message; where it went, as ``CodeDeliveryDetails``.

        Raises
        ------
        JsonRESTError
            A trigger's error.
        """
        sender = f"Custom{'Email' if notice.medium == EMAIL else 'SMS'}Sender"
        if self._triggers.arn(notice.pool, sender):
            self._hand_over(sender, notice)
        else:
            self._keep(notice)
        attribute = ATTRIBUTE_OF[notice.medium]
        to = notice.user.attribute_lookup[attribute]
        return {
            "Destination": masked(to),
            "DeliveryMedium": notice.medium,
            "AttributeName": attribute,
        }

    def _hand_over(self, sender: str, notice: Notice) -> None:
        """Give the code to a custom sender, which the pool does not wait for."""
        config = notice.pool.extended_config["LambdaConfig"]
        code = encrypted(notice.code, config.get("KMSKeyID", ""), notice.pool)
        request = request_of(notice.user, notice.metadata)
        request |= {"type": f"{sender[0].lower()}{sender[1:]}RequestV1", "code": code}
        occasion = Occasion(
            notice.pool, f"{sender}_{notice.occasion}", notice.user.username, notice.client
        )
        threading.Thread(
            target=self._triggers.notify, args=(sender, occasion, request), daemon=True
        ).start()

    def _keep(self, notice: Notice) -> None:
        text, subject = self._texts(notice)
        user, pool = notice.user, notice.pool
        filled = text.replace(CODE, notice.code).replace(USERNAME, user.username)
        about = {
            "service": "cognito-idp",
            "userPoolId": pool.id,
            "username": user.username,
            "occasion": notice.occasion,
        }
        to = user.attribute_lookup[ATTRIBUTE_OF[notice.medium]]
        if notice.medium == SMS:
            outbox.keep(pool.account_id, pool.region, outbox.SMS, to=to, text=filled, **about)
            return
        mail = pool.extended_config.get("EmailConfiguration") or {}
        sender = mail.get("From") or mail.get("SourceArn", "").rpartition("/")[2] or SENDER
        outbox.keep(
            pool.account_id,
            pool.region,
            outbox.EMAIL,
            **{"from": sender, "to": to, "subject": subject, "text": filled},
            **about,
        )

    def _texts(self, notice: Notice) -> tuple[str, str]:
        """The message and its subject, with places for code and user name."""
        text, subject = _templates(notice)
        asked = request_of(
            notice.user,
            notice.metadata,
            codeParameter=CODE,
            linkParameter=LINK,
            usernameParameter=USERNAME if notice.occasion == "AdminCreateUser" else None,
        )
        occasion = Occasion(
            notice.pool, f"CustomMessage_{notice.occasion}", notice.user.username, notice.client
        )
        blank = {"smsMessage": None, "emailMessage": None, "emailSubject": None}
        answer = self._triggers.call("CustomMessage", occasion, asked, blank)
        if answer is None:
            return text, subject
        for field in blank:
            if not isinstance(answer.get(field), (str, type(None))):
                raise invalid("Unrecognizable lambda output")
        custom = answer.get("smsMessage" if notice.medium == SMS else "emailMessage")
        if custom and CODE not in custom:
            raise invalid(
                "Invalid lambda function output : message must contain the code parameter"
            )
        if custom and notice.occasion == "AdminCreateUser" and USERNAME not in custom:
            raise invalid("Invalid lambda function output : message must contain the user name")
        return custom or text, answer.get("emailSubject") or subject


def _templates(notice: Notice) -> tuple[str, str]:
    """The pool's own message and subject for an occasion."""
    config = notice.pool.extended_config
    if notice.occasion == "AdminCreateUser":
        invitation = (config.get("AdminCreateUserConfig") or {}).get("InviteMessageTemplate") or {}
        text = "Your username is {username} and temporary password is {####}. "
        name = "SMSMessage" if notice.medium == SMS else "EmailMessage"
        subject = invitation.get("EmailSubject") or "Your temporary password"
        return invitation.get(name) or text, subject
    if notice.occasion == "Authentication":
        return config.get("SmsAuthenticationMessage") or _MFA_TEXT, "Your authentication code"
    template = config.get("VerificationMessageTemplate") or {}
    text = "Your verification code is {####}. "
    if notice.medium == SMS:
        return template.get("SmsMessage") or config.get("SmsVerificationMessage") or text, ""
    subject = template.get("EmailSubject") or config.get("EmailVerificationSubject")
    message = template.get("EmailMessage") or config.get("EmailVerificationMessage")
    return message or text, subject or "Your verification code"


def masked(address: str) -> str:
    """An address as Cognito shows it to who may not be its owner.

    Examples
    --------
    >>> masked("ada@example.com"), masked("+12065550100")
    ('a***@e***', '+*******0100')
    """
    if "@" in address:
        name, _, host = address.partition("@")
        return f"{name[:1]}***@{host[:1]}***"
    return f"+*******{address[-4:]}"


def medium_for_confirmation(pool: Any, user: Any) -> str | None:
    """How a user who signed up gets a code: a text message before mail; ``None`` for neither."""
    verified = pool.extended_config.get("AutoVerifiedAttributes") or []
    for medium in (SMS, EMAIL):
        attribute = ATTRIBUTE_OF[medium]
        if attribute in verified and user.attribute_lookup.get(attribute):
            return medium
    return None


def medium_for_recovery(pool: Any, user: Any) -> str:
    """How a user who forgot the password gets a code.

    Raises
    ------
    JsonRESTError
        There is no verified address; or only an administrator may reset passwords.
    """
    mechanisms = (pool.extended_config.get("AccountRecoverySetting") or {}).get(
        "RecoveryMechanisms"
    ) or [
        {"Priority": 1, "Name": "verified_phone_number"},
        {"Priority": 2, "Name": "verified_email"},
    ]
    for mechanism in sorted(mechanisms, key=lambda one: one["Priority"]):
        if mechanism["Name"] == "admin_only":
            text = "Contact administrator to reset password."
            raise refused("NotAuthorizedException", text)
        medium = EMAIL if mechanism["Name"] == "verified_email" else SMS
        attribute = ATTRIBUTE_OF[medium]
        known = user.attribute_lookup
        if known.get(attribute) and known.get(f"{attribute}_verified") == "true":
            return medium
    raise refused(
        "InvalidParameterException",
        "Cannot reset password for the user as there is no registered/verified email or "
        "phone_number",
    )
