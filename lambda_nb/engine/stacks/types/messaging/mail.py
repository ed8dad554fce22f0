"""``AWS::SES::*``: receipt rules and their sets, templates and identities."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine, is_absent
from lambda_nb.engine.stacks.types.by_calls import ByCalls
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import (
    ResourceType,
    changed,
    refuse_unknown,
    with_name,
)
from lambda_nb.engine.stacks.types.tagging import LISTED

_NO_SET = "RuleSetDoesNotExist"


class ReceiptRuleSet(ByCalls):
    """A set of receipt rules."""

    name = "AWS::SES::ReceiptRuleSet"
    service = "ses"
    creates = "CreateReceiptRuleSet"
    deletes = "DeleteReceiptRuleSet"
    key = "RuleSetName"
    named = "RuleSetName"
    absent = (_NO_SET,)


class ReceiptRule(ResourceType):
    """What is done with mail that comes in."""

    name = "AWS::SES::ReceiptRule"

    def create(self, context: Context, properties: Properties) -> Made:
        rule = with_name(context, properties["Rule"], "Name", 64)
        given = {**properties, "Rule": rule}
        context.client("ses").create_receipt_rule(
            **shapes.parameters("ses", "CreateReceiptRule", given)
        )
        return Made(rule["Name"], {"RuleName": rule["Name"]})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        client = context.client("ses")
        rule = {**new["Rule"], "Name": made.physical_id}
        client.update_receipt_rule(
            **shapes.parameters("ses", "UpdateReceiptRule", {**new, "Rule": rule})
        )
        if changed(old, new, "After"):
            place = {"After": new["After"]} if new.get("After") else {}
            client.set_receipt_rule_position(
                RuleSetName=new["RuleSetName"], RuleName=made.physical_id, **place
            )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine(_NO_SET, "RuleDoesNotExist"):
            context.client("ses").delete_receipt_rule(
                RuleSetName=properties["RuleSetName"], RuleName=made.physical_id
            )


class Template(ResourceType):
    """A template of mail."""

    name = "AWS::SES::Template"

    def create(self, context: Context, properties: Properties) -> Made:
        refuse_unknown(self.name, properties, frozenset({"Template"}))
        template = with_name(context, properties.get("Template") or {}, "TemplateName", 64)
        context.client("ses").create_template(Template=template)
        return Made(template["TemplateName"], {"Id": template["TemplateName"]})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        refuse_unknown(self.name, new, frozenset({"Template"}))
        template = {**new["Template"], "TemplateName": made.physical_id}
        context.client("ses").update_template(Template=template)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        client = context.client("ses")
        name = made.physical_id
        if not is_absent(lambda: client.get_template(TemplateName=name), "TemplateDoesNotExist"):
            client.delete_template(TemplateName=name)


class EmailIdentity(ByCalls):
    """An address or a domain that mail is sent from."""

    name = "AWS::SES::EmailIdentity"
    service = "sesv2"
    creates = "CreateEmailIdentity"
    deletes = "DeleteEmailIdentity"
    describes = "GetEmailIdentity"
    key = "EmailIdentity"
    overwrites = True
    tagging = LISTED

    def tag_target(self, context: Context, made: Made) -> str:
        place = f"arn:{context.partition}:ses:{context.region}:{context.account}"
        return f"{place}:identity/{made.physical_id}"

    def made(self, context: Context, physical_id: str, properties: Properties, known: Any) -> Made:
        found = self.call(context, self.describes, self.key_of(physical_id, properties))
        tokens = (found.get("DkimAttributes") or {}).get("Tokens") or []
        attributes = {}
        for number, token in enumerate(tokens[:3], 1):
            attributes[f"DkimDNSTokenName{number}"] = f"{token}._domainkey.{physical_id}"
            attributes[f"DkimDNSTokenValue{number}"] = f"{token}.dkim.amazonses.com"
        return Made(physical_id, attributes)


TYPES: tuple[ResourceType, ...] = (
    ReceiptRuleSet(),
    ReceiptRule(),
    Template(),
    EmailIdentity(),
)
