"""``AWS::SES::*``."""

from __future__ import annotations

import pytest
from engine_fixtures import Engine, error_of
from stack_types_lab import Lab

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.messaging.mail import (
    EmailIdentity,
    ReceiptRule,
    ReceiptRuleSet,
    Template,
)


def test_receipt_rules(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("ses")
    rules = lab.create(ReceiptRuleSet(), {"RuleSetName": engine.name("rules")})
    place = {"RuleSetName": rules.ref}
    rule = lab.create(ReceiptRule(), {**place, "Rule": {"Recipients": ["a@example.com"]}})
    rule = lab.update(rule, {**place, "Rule": {"Recipients": ["b@example.com"], "Enabled": "true"}})
    (told,) = calls.describe_receipt_rule_set(RuleSetName=rules.ref)["Rules"]
    assert (told["Name"], told["Recipients"]) == (rule.ref, ["b@example.com"])
    assert told["Enabled"] is True
    lab.delete(rule)
    lab.delete(rules)
    code, _ = error_of(lambda: calls.describe_receipt_rule_set(RuleSetName=rules.ref))
    assert code == "RuleSetDoesNotExist"


def test_templates_and_identities(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("ses")
    text = {"TemplateName": engine.name("mail"), "SubjectPart": "a", "TextPart": "x"}
    template = lab.create(Template(), {"Template": text})
    template = lab.update(template, {"Template": {**text, "SubjectPart": "b"}})
    assert calls.get_template(TemplateName=template.ref)["Template"]["SubjectPart"] == "b"
    lab.delete(template)
    with pytest.raises(Refused, match=r"property Tags of AWS::SES::Template"):
        lab.create(Template(), {"Template": text, "Tags": []})

    dkim = [f"DkimDNSToken{part}{n}" for part in ("Name", "Value") for n in (1, 2, 3)]
    identity = lab.create(
        EmailIdentity(), {"EmailIdentity": f"{engine.name()}.example.com"}, without=dkim
    )
    listed = engine.client("sesv2").list_email_identities()["EmailIdentities"]
    assert identity.ref in {one["IdentityName"] for one in listed}
    identity = lab.update(identity, {**identity.properties, "Tags": [{"Key": "k", "Value": "v"}]})
    arn = f"arn:aws:ses:{engine.region}:{engine.account}:identity/{identity.ref}"
    tags = engine.client("sesv2").list_tags_for_resource(ResourceArn=arn)["Tags"]
    assert {"Key": "k", "Value": "v"} in tags
    lab.delete(identity)
