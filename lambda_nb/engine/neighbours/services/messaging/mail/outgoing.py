"""Mail that programs send: kept for people to read, and received here if a rule wants it.

Nothing leaves the machine. There is no door for mail from outside either: what a program sends to
an address with an active receipt rule is what arrives.
"""

from __future__ import annotations

import json
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formatdate, getaddresses, make_msgid, parseaddr
from typing import Any

from lambda_nb.engine.neighbours.services.messaging import outbox
from lambda_nb.engine.neighbours.services.messaging.mail.receiving import Receiving

_now = threading.local()


def install(receiving: Receiving) -> None:
    """Keep what SES sends, and pass it to the receipt rules."""
    from moto.ses.models import SESBackend
    from moto.ses.responses import EmailResponse as SESResponse
    from moto.sesv2.responses import SESV2Response

    _note_bodies(SESResponse, _bodies_of_form)
    _note_bodies(SESV2Response, _bodies_of_json)
    simple, raw, templated = (
        SESBackend.send_email,
        SESBackend.send_raw_email,
        SESBackend.send_templated_email,
    )

    def send_email(
        self: Any, source: str, subject: str, body: str, destinations: dict[str, list[str]]
    ) -> Any:
        sent = simple(self, source, subject, body, destinations)
        text, html = getattr(_now, "bodies", None) or (body, None)
        _pass_on(receiving, self, sent.id, _composed(source, subject, text, html, destinations))
        return sent

    def send_templated_email(
        self: Any,
        source: str,
        template: str,
        template_data: str,
        destinations: dict[str, list[str]],
    ) -> Any:
        from moto.ses.template import parse_template

        sent = templated(self, source, template, template_data, destinations)
        parts = self.templates[template]
        data = json.loads(template_data or "{}")
        subject, text, html = (
            parse_template(str(parts[name]), data) if parts.get(name) else None
            for name in ("subject_part", "text_part", "html_part")
        )
        mail = _composed(source, subject or "", text, html, destinations)
        _pass_on(receiving, self, sent.id, mail)
        return sent

    def send_raw_email(self: Any, source: str, destinations: list[str], raw_data: str) -> Any:
        sent = raw(self, source, destinations, raw_data)
        recipients = [address for _, address in getaddresses(sent.destinations)]
        _, sender = parseaddr(sent.source)
        content = raw_data.encode("utf-8", "surrogateescape")
        _pass_on(receiving, self, sent.id, (sender, list(dict.fromkeys(recipients)), content))
        return sent

    backend_class: Any = SESBackend
    backend_class.send_email = send_email
    backend_class.send_raw_email = send_raw_email
    backend_class.send_templated_email = send_templated_email


def _note_bodies(response_class: Any, bodies: Any) -> None:
    """Remember both bodies of a request: moto drops the plain text if there is HTML."""
    original = response_class.send_email

    def send_email(self: Any) -> Any:
        _now.bodies = bodies(self)
        try:
            return original(self)
        finally:
            _now.bodies = None

    response_class.send_email = send_email


def _bodies_of_form(response: Any) -> tuple[str | None, str | None]:
    return (
        response._get_param("Message.Body.Text.Data"),
        response._get_param("Message.Body.Html.Data"),
    )


def _bodies_of_json(response: Any) -> tuple[str | None, str | None] | None:
    simple = (json.loads(response.body).get("Content") or {}).get("Simple")
    if simple is None:
        return None
    body = simple["Body"]
    return (body.get("Text") or {}).get("Data"), (body.get("Html") or {}).get("Data")


def _composed(
    source: str,
    subject: str,
    text: str | None,
    html: str | None,
    destinations: dict[str, list[str]],
) -> tuple[str, list[str], bytes]:
    """Sender, recipients and content of a mail."""
    mail = EmailMessage()
    mail["From"] = source
    for header, name in (("To", "ToAddresses"), ("Cc", "CcAddresses")):
        if destinations.get(name):
            mail[header] = ", ".join(destinations[name])
    mail["Subject"] = subject
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain="email.amazonses.com")
    mail.set_content(text if text is not None or html is None else "")
    if html is not None:
        if text is None:
            mail.set_content(html, subtype="html")
        else:
            mail.add_alternative(html, subtype="html")
    every = [address for addresses in destinations.values() for address in addresses]
    recipients = [address for _, address in getaddresses(every)]
    _, sender = parseaddr(source)
    return sender, recipients, mail.as_bytes(policy=policy.SMTP)


def _pass_on(
    receiving: Receiving, backend: Any, message_id: str, mail: tuple[str, list[str], bytes]
) -> None:
    backend.sent_messages.clear()  # moto keeps each for ever
    sender, recipients, content = mail
    told = message_from_bytes(content, policy=policy.default)
    text, html = (_part(told, kind) for kind in ("plain", "html"))
    outbox.keep(
        backend.account_id,
        backend.region_name,
        outbox.EMAIL,
        service="ses",
        **{"from": sender},
        to=recipients,
        subject=str(told["Subject"] or ""),
        text=text,
        **({"html": html} if html else {}),
        messageId=message_id,
    )
    receiving.receive(backend, sender, recipients, content)


def _part(mail: Any, kind: str) -> str:
    found = mail.get_body(preferencelist=(kind,))
    if found is None:
        return ""
    try:
        return str(found.get_content())
    except (LookupError, ValueError):  # an unknown character set
        return str(found.get_payload())
