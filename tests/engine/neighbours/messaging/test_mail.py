"""SES: mail that is sent is kept, and received by receipt rules."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Ear, Engine


def until(condition: Callable[[], Any], within_s: float = 20) -> Any:
    deadline = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def kept(engine: Engine, **wanted: Any) -> list[dict[str, Any]]:
    """The mail that has these fields."""
    logs = engine.client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix="/lambda-nb/messages")["logGroups"]:
        return []
    found = logs.filter_log_events(logGroupName="/lambda-nb/messages")["events"]
    told = [json.loads(one["message"]) for one in found]
    return [one for one in told if wanted.items() <= one.items()]


@pytest.fixture(scope="module")
def ear() -> Iterator[Ear]:
    listener = Ear()
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def rules(engine: Engine) -> Iterator[str]:
    """The active receipt rule set."""
    ses = engine.client("ses")
    for address in ("sender@example.com", "example.org"):
        ses.verify_email_identity(EmailAddress=address) if "@" in address else (
            ses.verify_domain_identity(Domain=address)
        )
    name = engine.name("rules")
    ses.create_receipt_rule_set(RuleSetName=name)
    ses.set_active_receipt_rule_set(RuleSetName=name)
    yield name
    ses.set_active_receipt_rule_set()


def permitted(engine: Engine, code: str, rules: str) -> str:
    """A function that SES may invoke for the rule set; its ARN."""
    name = engine.create(code)
    engine.client().add_permission(
        FunctionName=name,
        StatementId="ses",
        Action="lambda:InvokeFunction",
        Principal="ses.amazonaws.com",
        SourceArn=f"arn:aws:ses:{engine.region}:{engine.account}:receipt-rule-set/{rules}:*",
        SourceAccount=engine.account,
    )
    return f"arn:aws:lambda:{engine.region}:{engine.account}:function:{name}"


def send(engine: Engine, to: str, subject: str) -> None:
    engine.client("ses").send_email(
        Source="Sender <sender@example.com>",
        Destination={"ToAddresses": [to]},
        Message={
            "Subject": {"Data": subject},
            "Body": {"Text": {"Data": "plain"}, "Html": {"Data": "<b>rich</b>"}},
        },
    )


def rule(name: str, recipient: str, *actions: dict[str, Any]) -> dict[str, Any]:
    return {"Name": name, "Enabled": True, "Recipients": [recipient], "Actions": list(actions)}


def test_mail_is_kept(engine: Engine, rules: str) -> None:
    send(engine, "reader@nowhere.example", "kept")
    (mail,) = kept(engine, subject="kept")
    assert mail["from"] == "sender@example.com"
    assert mail["to"] == ["reader@nowhere.example"]
    assert (mail["text"].strip(), mail["html"].strip()) == ("plain", "<b>rich</b>")
    engine.client("sesv2").send_email(
        FromEmailAddress="sender@example.com",
        Destination={"ToAddresses": ["reader@nowhere.example"]},
        Content={
            "Simple": {"Subject": {"Data": "second API"}, "Body": {"Text": {"Data": "plain"}}}
        },
    )
    assert kept(engine, subject="second API")


def test_a_rule_invokes_a_function(engine: Engine, rules: str, ear: Ear) -> None:
    code = f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))\n"
    arn = permitted(engine, code, rules)
    ses = engine.client("ses")
    action = {"LambdaAction": {"FunctionArn": arn, "InvocationType": "Event"}}
    ses.create_receipt_rule(RuleSetName=rules, Rule=rule("event", "user@example.org", action))
    send(engine, "other@example.org", "not for the rule")
    send(engine, "user+label@example.org", "hello")
    ear.wait(lambda said: len(said) == 1)
    record = json.loads(ear.heard[0])["Records"][0]
    assert (record["eventSource"], record["eventVersion"]) == ("aws:ses", "1.0")
    mail, receipt = record["ses"]["mail"], record["ses"]["receipt"]
    assert mail["source"] == "sender@example.com"
    assert mail["destination"] == receipt["recipients"] == ["user+label@example.org"]
    assert mail["commonHeaders"]["subject"] == "hello"
    assert mail["commonHeaders"]["from"] == ["Sender <sender@example.com>"]
    assert [one["name"] for one in mail["headers"]][:2] == ["Return-Path", "Received"]
    assert receipt["action"] == {
        "type": "Lambda",
        "functionArn": arn,
        "invocationType": "Event",
    }
    assert receipt["spamVerdict"] == {"status": "DISABLED"}
    ses.delete_receipt_rule(RuleSetName=rules, RuleName="event")


def test_a_function_decides_whether_to_go_on(engine: Engine, rules: str) -> None:
    code = (
        "def handler(event, context):\n"
        "    subject = event['Records'][0]['ses']['mail']['commonHeaders']['subject']\n"
        "    if subject == 'broken':\n"
        "        raise ValueError(subject)\n"
        "    return {'disposition': subject}\n"
    )
    arn = permitted(engine, code, rules)
    ses, s3 = engine.client("ses"), engine.client("s3")
    bucket = engine.name("mail")
    s3.create_bucket(Bucket=bucket)
    ask = {"LambdaAction": {"FunctionArn": arn, "InvocationType": "RequestResponse"}}

    def keep(prefix: str) -> dict[str, Any]:
        return {"S3Action": {"BucketName": bucket, "ObjectKeyPrefix": prefix}}

    second = rule("second", "example.org", keep("second/"))
    first = rule("first", "example.org", ask, keep("first/"))
    ses.create_receipt_rule(RuleSetName=rules, Rule=second)
    ses.create_receipt_rule(RuleSetName=rules, Rule=first)
    for subject in ("CONTINUE", "STOP_RULE", "STOP_RULE_SET", "broken"):
        send(engine, "anyone@example.org", subject)

    def stored() -> list[str]:
        found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return sorted(one["Key"].partition("/")[0] for one in found)

    until(lambda: stored() == ["first", "first", "second", "second", "second"])
    key = s3.list_objects_v2(Bucket=bucket)["Contents"][0]["Key"]
    content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert content.startswith(b"Return-Path: <sender@example.com>")
    for name in ("first", "second"):
        ses.delete_receipt_rule(RuleSetName=rules, RuleName=name)


def test_topics_headers_and_bounces(engine: Engine, rules: str) -> None:
    ses, sns, sqs = engine.client("ses"), engine.client("sns"), engine.client("sqs")
    topic = sns.create_topic(Name=engine.name("mail"))["TopicArn"]
    queue = sqs.create_queue(QueueName=engine.name("mail"))["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=told["Attributes"]["QueueArn"], Attributes=raw
    )
    bounce = {
        "SmtpReplyCode": "550",
        "StatusCode": "5.1.1",
        "Message": "Mailbox does not exist",
        "Sender": "postmaster@example.org",
    }
    actions = [
        {"AddHeaderAction": {"HeaderName": "X-Seen", "HeaderValue": "yes"}},
        {"SNSAction": {"TopicArn": topic, "Encoding": "UTF-8"}},
        {"BounceAction": bounce},
    ]
    ses.create_receipt_rule(RuleSetName=rules, Rule=rule("topic", "b@example.org", *actions))
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "sender@example.com", "b@example.org", "raw"
    mail.set_content("from a program")
    ses.send_raw_email(RawMessage={"Data": mail.as_bytes()})
    (message,) = until(
        lambda: sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages")
    )
    notification = json.loads(message["Body"])
    assert notification["notificationType"] == "Received"
    assert notification["receipt"]["action"]["type"] == "SNS"
    assert notification["content"].startswith("X-Seen: yes\r\n")
    (bounced,) = until(lambda: kept(engine, smtpReplyCode="550"))
    assert (bounced["to"], bounced["text"]) == (["sender@example.com"], "Mailbox does not exist")
    ses.delete_receipt_rule(RuleSetName=rules, RuleName="topic")


def test_rules_that_cannot_work_are_refused(engine: Engine, rules: str) -> None:
    ses = engine.client("ses")
    name = engine.create("def handler(event, context):\n    pass\n")
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{name}"
    for function in (arn, f"{arn}-there-is-none"):
        with pytest.raises(ClientError, match=f"Could not invoke Lambda function: {function}"):
            ses.create_receipt_rule(
                RuleSetName=rules,
                Rule=rule("r", "example.org", {"LambdaAction": {"FunctionArn": function}}),
            )
    workmail = {"WorkmailAction": {"OrganizationArn": "arn:aws:workmail:us-east-1:1:o/m"}}
    with pytest.raises(ClientError, match="WorkmailAction is not available"):
        ses.create_receipt_rule(RuleSetName=rules, Rule=rule("r", "example.org", workmail))


@pytest.mark.slow
def test_a_mail_that_arrived_outlives_a_kill(start_engine: Any, ear: Ear) -> None:
    engine = start_engine()
    ses = engine.client("ses")
    ses.verify_email_identity(EmailAddress="sender@example.com")
    ses.create_receipt_rule_set(RuleSetName="rules")
    ses.set_active_receipt_rule_set(RuleSetName="rules")
    code = f"import time\n{ear.say}\ndef handler(*_):\n    say('mail')\n    time.sleep(3)\n"
    arn = permitted(engine, code, "rules")
    action = {"LambdaAction": {"FunctionArn": arn, "InvocationType": "RequestResponse"}}
    ses.create_receipt_rule(RuleSetName="rules", Rule=rule("r", "u@example.org", action))
    before = len(ear.heard)
    send(engine, "u@example.org", "slow")
    ear.wait(lambda said: len(said) == before + 1)
    engine.process.kill()
    engine.process.wait(10)
    again = start_engine()
    again.client("ses").list_identities()
    ear.wait(lambda said: len(said) >= before + 2)
