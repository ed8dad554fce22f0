"""Receipt rules: what cannot work is refused when a rule is made; rules can be deleted."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.messaging.mail.receiving import PRINCIPAL
from lambda_nb.engine.neighbours.to_engine.functions import Functions

_KNOWN = (
    *("AddHeaderAction", "BounceAction", "LambdaAction", "S3Action", "SNSAction", "StopAction"),
)


def install(functions: Functions) -> None:
    """Change moto's receipt rules."""
    from moto.core.responses import EmptyResult
    from moto.ses.exceptions import InvalidLambdaFunctionException, InvalidParameterValue
    from moto.ses.models import SESBackend
    from moto.ses.responses import EmailResponse as SESResponse

    create, update = SESBackend.create_receipt_rule, SESBackend.update_receipt_rule
    check = SESBackend._validate_receipt_rule_actions

    def check_actions(self: Any, rule: dict[str, Any]) -> None:
        for action in rule.get("Actions") or []:
            for kind in action:
                if kind not in _KNOWN:
                    raise InvalidParameterValue(f"{kind} is not available in lambda_nb.")
        check(self, rule)

    def check_function(self: Any, lambda_action: dict[str, str]) -> None:
        arn = lambda_action["FunctionArn"]
        source = f"arn:aws:ses:{self.region_name}:{self.account_id}:receipt-rule-set/"
        place = f"{source}{self.__dict__.get('checking', '')}"
        if not functions.permit(arn, PRINCIPAL, place, self.account_id):
            raise InvalidLambdaFunctionException(f"Could not invoke Lambda function: {arn}")
        self._validate_sns_topic(lambda_action.get("TopicArn"))

    def create_receipt_rule(
        self: Any, rule_set_name: str, rule: dict[str, Any], after: str | None
    ) -> None:
        self.checking = f"{rule_set_name}:receipt-rule/{rule['Name']}"
        create(self, rule_set_name, rule, after)

    def update_receipt_rule(self: Any, rule_set_name: str, rule: dict[str, Any]) -> None:
        self.checking = f"{rule_set_name}:receipt-rule/{rule['Name']}"
        self._validate_receipt_rule_actions(rule)
        update(self, rule_set_name, rule)

    def delete_receipt_rule(self: Any) -> Any:
        name, rule = self._get_param("RuleSetName"), self._get_param("RuleName")
        rules = self.backend.describe_receipt_rule_set(name).rules
        rules[:] = [one for one in rules if one["Name"] != rule]
        return EmptyResult()

    backend_class: Any = SESBackend
    backend_class.create_receipt_rule = create_receipt_rule
    backend_class.update_receipt_rule = update_receipt_rule
    backend_class._validate_receipt_rule_actions = check_actions
    backend_class._validate_lambda_action = check_function
    response_class: Any = SESResponse
    response_class.delete_receipt_rule = delete_receipt_rule
