"""Receives mail by the active receipt rule set, action by action.

What has arrived is kept with the service's state until all its actions are done, so a mail is
not lost by a restart; some of its actions may then be done twice.
"""

from __future__ import annotations

import base64
import json
import logging
import secrets
import string
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lambda_nb.engine.neighbours.services.messaging import outbox
from lambda_nb.engine.neighbours.services.messaging.mail import receipts
from lambda_nb.engine.neighbours.services.messaging.mail.receipts import Mail
from lambda_nb.engine.neighbours.to_engine.event_pipe import Outlet
from lambda_nb.engine.neighbours.to_engine.functions import EngineGoneError, Functions

log = logging.getLogger(__name__)

PRINCIPAL = "ses.amazonaws.com"
TIMEOUT_S = 30.0
"""A function that is asked whether to go on has 30 seconds (Developer Guide, Lambda action)."""
_SUBJECT = "Amazon SES Email Receipt Notification"
_LETTERS = string.ascii_lowercase + string.digits
_TOO_LARGE_FOR_SNS = 150 * 1024
"""A mail larger than 150 KB bounces from an SNS action (Developer Guide, "SNS action")."""


class _StopRuleError(Exception):
    """The rule's other actions are left out."""


class _StopRuleSetError(Exception):
    """All other rules are left out, too."""


class Receiving:
    """Carries out receipt rules in the background.

    Parameters
    ----------
    outlet
        Takes events for functions.
    functions
        Runs functions whose answer decides, and says whether they let SES in.
    """

    def __init__(self, outlet: Outlet, functions: Functions) -> None:
        self._outlet = outlet
        self._functions = functions
        self._workers = ThreadPoolExecutor(4, thread_name_prefix="ses")

    def start(self) -> None:
        """Go on with the mail that had arrived when the last process ended."""
        threading.Thread(target=self._resume, daemon=True).start()

    def _resume(self) -> None:
        from moto.ses.models import ses_backends

        for _, _, backend in list(ses_backends.iter_backends()):
            for name in list(backend.__dict__.get("arriving", {})):
                self._workers.submit(self._process, backend, name)

    def receive(self, backend: Any, source: str, recipients: list[str], content: bytes) -> None:
        """Take a mail; its rules are carried out soon after."""
        wanted = backend.describe_active_receipt_rule_set()
        mine = [one for one in recipients if wanted and _is_received(backend, wanted, one)]
        if not mine:
            return
        name = "".join(secrets.choice(_LETTERS) for _ in range(40))
        arriving = backend.__dict__.setdefault("arriving", {})
        arriving[name] = {"source": source, "to": mine, "content": content}
        self._workers.submit(self._process, backend, name)

    def _process(self, backend: Any, name: str) -> None:
        from moto.ses.models import ses_backends

        held = backend.__dict__["arriving"][name]
        try:
            rule_set = backend.describe_active_receipt_rule_set()
            if rule_set is not None:
                mail = Mail.arrived(
                    name, held["source"], held["to"], held["content"], backend.region_name
                )
                self._by_rules(backend, rule_set, mail)
        except EngineGoneError:
            return  # the next process goes on
        except Exception:
            log.exception("SES could not carry out the rules for a mail to %s", held["to"])
        backend.__dict__["arriving"].pop(name, None)
        _ = ses_backends[backend.account_id][backend.region_name]  # so that it is saved

    def _by_rules(self, backend: Any, rule_set: Any, mail: Mail) -> None:
        for rule in list(rule_set.rules):
            recipients = [one for one in mail.destination if _wants(backend, rule, one)]
            if not recipients or not _is_on(rule.get("Enabled")):
                continue
            try:
                for action in rule.get("Actions") or []:
                    self._act(backend, rule_set, rule, action, mail, recipients)
            except _StopRuleError:
                continue
            except _StopRuleSetError:
                return

    def _act(
        self,
        backend: Any,
        rule_set: Any,
        rule: dict[str, Any],
        action: dict[str, Any],
        mail: Mail,
        recipients: list[str],
    ) -> None:
        ((kind, asked),) = action.items()
        scanned = _is_on(rule.get("ScanEnabled"))

        def receipt(**told: Any) -> dict[str, Any]:
            topic = {"topicArn": asked["TopicArn"]} if asked.get("TopicArn") else {}
            return receipts.told_receipt(mail, recipients, {**told, **topic}, scanned=scanned)

        try:
            if kind == "LambdaAction":
                source = (
                    f"arn:aws:ses:{backend.region_name}:{backend.account_id}:receipt-rule-set/"
                    f"{rule_set.name}:receipt-rule/{rule['Name']}"
                )
                self._to_function(backend, asked, mail, receipt, source)
            elif kind == "S3Action":
                done = _to_bucket(backend, asked, mail)
                self._notify(asked, mail, receipt(type="S3", **done))
            elif kind == "SNSAction":
                _to_topic(asked, mail, receipt(type="SNS"))
            elif kind == "BounceAction":
                _bounce(backend, asked, mail)
                self._notify(asked, mail, receipt(type="Bounce", **_bounce_told(asked)))
                raise _StopRuleSetError
            elif kind == "AddHeaderAction":
                mail.add_header(asked["HeaderName"], asked["HeaderValue"])
            elif kind == "StopAction":
                self._notify(asked, mail, receipt(type="Stop"))
                raise _StopRuleSetError
        except (_StopRuleError, _StopRuleSetError, EngineGoneError):
            raise
        except Exception as error:  # the other actions are still carried out
            log.warning("SES: %s of rule %s failed: %s", kind, rule["Name"], error)

    def _to_function(
        self, backend: Any, asked: dict[str, Any], mail: Mail, receipt: Any, source: str
    ) -> None:
        arn = asked["FunctionArn"]
        if not self._functions.permit(arn, PRINCIPAL, source, backend.account_id):
            raise PermissionError(
                f"{PRINCIPAL} may not invoke {arn} for {source}: there is no such function, or its "
                "resource policy does not allow it (lambda add-permission)"
            )
        kind = asked.get("InvocationType") or "Event"
        told = receipt(type="Lambda", functionArn=arn, invocationType=kind)
        event = receipts.event(mail, told)
        if kind == "Event":
            self._outlet.send("ses", arn, event)
            self._notify(asked, mail, told)
            return
        answer = json.loads(self._functions.invoke(arn, event, TIMEOUT_S) or b"null")
        self._notify(asked, mail, told)
        disposition = answer.get("disposition") if isinstance(answer, dict) else None
        if disposition == "STOP_RULE":
            raise _StopRuleError
        if disposition == "STOP_RULE_SET":
            raise _StopRuleSetError

    @staticmethod
    def _notify(asked: dict[str, Any], mail: Mail, receipt: dict[str, Any]) -> None:
        """Tell the topic of an action, if it has one, that it was carried out."""
        if asked.get("TopicArn"):
            _publish(asked["TopicArn"], receipts.notification(mail, receipt))


def _is_received(backend: Any, rule_set: Any, address: str) -> bool:
    return any(
        _is_on(rule.get("Enabled")) and _wants(backend, rule, address) for rule in rule_set.rules
    )


def _wants(backend: Any, rule: dict[str, Any], address: str) -> bool:
    """Whether a rule is for an address: all verified ones, or those that it names.

    A name may be an address (also with a label, ``user+label@``), a domain, or, with a dot before
    it, all domains below one.
    """
    names = rule.get("Recipients") or []
    if not names:
        return bool(backend._is_verified_address(address))
    local, _, host = address.lower().rpartition("@")
    plain = f"{local.partition('+')[0]}@{host}"
    for name in (str(one).lower() for one in names):
        if "@" in name:
            if name in (f"{local}@{host}", plain):
                return True
        elif name == host or (name.startswith(".") and host.endswith(name)):
            return True
    return False


def _is_on(value: Any) -> bool:
    return str(value).lower() == "true"


def _to_bucket(backend: Any, asked: dict[str, Any], mail: Mail) -> dict[str, Any]:
    from moto.s3.models import s3_backends

    bucket, prefix = asked["BucketName"], asked.get("ObjectKeyPrefix") or ""
    partition = backend.partition if hasattr(backend, "partition") else "aws"
    store: Any = s3_backends[backend.account_id][partition]
    key = f"{prefix}{mail.message_id}"
    store.put_object(bucket, key, mail.content)
    return {"bucketName": bucket, "objectKeyPrefix": prefix, "objectKey": key}


def _to_topic(asked: dict[str, Any], mail: Mail, receipt: dict[str, Any]) -> None:
    if len(mail.content) > _TOO_LARGE_FOR_SNS:
        raise ValueError("the mail is larger than the 150 KB that an SNS action takes")
    if str(asked.get("Encoding", "UTF-8")).lower() == "base64":
        content = base64.b64encode(mail.content).decode()
        receipt["action"]["encoding"] = "BASE64"
    else:
        content = mail.content.decode("utf-8", "replace")
        receipt["action"]["encoding"] = "UTF8"
    _publish(asked["TopicArn"], receipts.notification(mail, receipt, content))


def _publish(arn: str, message: str) -> None:
    from moto.sns.models import sns_backends

    _, _, _, region, account, _ = arn.split(":", 5)
    backend: Any = sns_backends[account][region]
    backend.publish(message=message, arn=arn, subject=_SUBJECT)


def _bounce(backend: Any, asked: dict[str, Any], mail: Mail) -> None:
    outbox.keep(
        backend.account_id,
        backend.region_name,
        outbox.EMAIL,
        service="ses",
        **{"from": asked["Sender"]},
        to=[mail.source],
        subject="Delivery Status Notification (Failure)",
        text=asked["Message"],
        **_bounce_told(asked),
    )


def _bounce_told(asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "smtpReplyCode": asked["SmtpReplyCode"],
        "statusCode": asked.get("StatusCode"),
        "message": asked["Message"],
        "sender": asked["Sender"],
    }
