"""Changes to moto's Elastic Load Balancing, where it takes what cannot work or refuses what can.

The gateway in ``engine/gateways/load_balancer`` answers requests by what is described here.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from lambda_nb.engine.neighbours.services.late_patches import when_loaded

_LONGEST_VALUE = 128
NO_TRANSFORMS = (
    "lambda_nb does not rewrite hosts and URLs for load balancers: leave the transforms out of the "
    "rule."
)


NO_LOGS = (
    "lambda_nb writes no access logs and connection logs of load balancers: leave them off. What "
    "fails is in the engine's log."
)
NO_APP_COOKIES = (
    "lambda_nb keeps clients at a target by the load balancer's own cookie only (lb_cookie)."
)


def install(address: str) -> None:
    """Change what has to be changed.

    Parameters
    ----------
    address
        The engine's URL.
    """
    when_loaded("moto.elbv2.responses", lambda: _patch(urlsplit(address).port))


def _patch(port: int | None) -> None:
    _show_names_that_lead_here(port)
    _let_conditions_have_regular_expressions()
    _refuse_transforms()
    _refuse_settings_without_effect()
    _refuse_what_is_there_already()
    _let_rules_change_places()
    _show_that_health_checks_are_off()
    _keep_matchers_of_functions()


def _show_names_that_lead_here(port: int | None) -> None:
    """moto gives names of AWS (``NAME-1.REGION.elb.amazonaws.com``): they lead nowhere here."""
    from moto.elbv2.models import FakeLoadBalancer

    def dns_name(self: Any) -> str:
        region = self.arn.split(":")[3]
        return f"{self.name}.elb.{region}.localhost" + (f":{port}" if port else "")

    def keep_none(self: Any, given: str) -> None:
        """moto sets one when it makes a load balancer."""

    balancer_class: Any = FakeLoadBalancer
    balancer_class.dns_name = property(dns_name, keep_none)


def _let_conditions_have_regular_expressions() -> None:
    """moto stumbles over conditions with ``RegexValues``."""
    from moto.elbv2.models import ELBv2Backend

    for field, config in (
        ("host_header", "HostHeaderConfig"),
        ("path_pattern", "PathPatternConfig"),
        ("http_header", "HttpHeaderConfig"),
    ):
        _let_have(ELBv2Backend, f"_validate_{field}_condition", config)


def _let_have(backend_class: Any, name: str, config: str) -> None:
    from moto.elbv2.exceptions import InvalidConditionValueError

    original = getattr(backend_class, name)

    def validate(self: Any, condition: dict[str, Any]) -> None:
        regexes = (condition.get(config) or {}).get("RegexValues") or condition.get("RegexValues")
        if not regexes:
            original(self, condition)
            return
        for regex in regexes:
            if len(regex) > _LONGEST_VALUE:
                raise InvalidConditionValueError(
                    f"The '{condition['Field']}' value is too long; the limit is '{_LONGEST_VALUE}'"
                )
            try:
                re.compile(regex)
            except re.error as error:
                text = f"The regular expression '{regex}' is not valid: {error}"
                raise InvalidConditionValueError(text) from error

    setattr(backend_class, name, validate)


def _refuse_transforms() -> None:
    """moto takes rules with transforms and forgets these."""
    from moto.elbv2.exceptions import ELBClientError
    from moto.elbv2.responses import ELBV2Response

    response_class: Any = ELBV2Response
    for name in ("create_rule", "modify_rule"):
        original = getattr(response_class, name)

        def without(self: Any, original: Any = original) -> Any:
            if self._get_params().get("Transforms"):
                raise ELBClientError("ValidationError", NO_TRANSFORMS)
            return original(self)

        setattr(response_class, name, without)


def _refuse_settings_without_effect() -> None:
    """moto takes settings that the gateway does not carry out."""
    from moto.elbv2.exceptions import ELBClientError
    from moto.elbv2.models import ELBv2Backend

    backend_class: Any = ELBv2Backend
    of_balancer = backend_class.modify_load_balancer_attributes
    of_group = backend_class.modify_target_group_attributes

    def modify_load_balancer_attributes(self: Any, arn: str, attrs: dict[str, Any]) -> Any:
        for kind in ("access_logs", "connection_logs"):
            if str(attrs.get(f"{kind}.s3.enabled")).lower() == "true":
                raise ELBClientError("InvalidConfigurationRequest", NO_LOGS)
        return of_balancer(self, arn, attrs)

    def modify_target_group_attributes(
        self: Any, target_group_arn: str, attributes: dict[str, Any]
    ) -> None:
        group = self.target_groups.get(target_group_arn)
        wanted = {**group.attributes, **attributes} if group is not None else attributes
        if (
            wanted.get("stickiness.type") == "app_cookie"
            and str(wanted.get("stickiness.enabled")).lower() == "true"
        ):
            raise ELBClientError("InvalidConfigurationRequest", NO_APP_COOKIES)
        of_group(self, target_group_arn, attributes)

    backend_class.modify_load_balancer_attributes = modify_load_balancer_attributes
    backend_class.modify_target_group_attributes = modify_target_group_attributes


def _refuse_what_is_there_already() -> None:
    """moto makes a second load balancer of a name, and a second listener on a port."""
    from moto.elbv2.exceptions import DuplicateListenerError, DuplicateLoadBalancerName
    from moto.elbv2.models import ELBv2Backend

    backend_class: Any = ELBv2Backend
    original_balancer = backend_class.create_load_balancer
    original_listener = backend_class.create_listener

    def create_load_balancer(self: Any, name: str, *arguments: Any, **more: Any) -> Any:
        if any(balancer.name == name for balancer in self.load_balancers.values()):
            raise DuplicateLoadBalancerName
        return original_balancer(self, name, *arguments, **more)

    def create_listener(self: Any, *arguments: Any, **more: Any) -> Any:
        arn, port = (*arguments, *more.values())[0], _port(arguments, more)
        balancer = self.load_balancers.get(arn)
        if balancer is not None and any(
            str(listener.port) == str(port) for listener in balancer.listeners.values()
        ):
            raise DuplicateListenerError
        return original_listener(self, *arguments, **more)

    backend_class.create_load_balancer = create_load_balancer
    backend_class.create_listener = create_listener


def _port(arguments: tuple[Any, ...], more: dict[str, Any]) -> Any:
    """The third parameter of ``create_listener``, however it was passed."""
    return arguments[2] if len(arguments) > 2 else more.get("port")


def _let_rules_change_places() -> None:
    """moto lets no rule have a priority that another one gives up in the same call."""
    from moto.elbv2.models import ELBv2Backend

    backend_class: Any = ELBv2Backend
    original = backend_class.set_rule_priorities

    def set_rule_priorities(self: Any, rule_priorities: list[dict[str, Any]]) -> Any:
        arns = {told["RuleArn"] for told in rule_priorities}
        rules = self.describe_rules(listener_arn=None, rule_arns=list(arns))
        before = [(rule, rule.priority) for rule in rules]
        for rule in rules:
            rule.priority = None
        try:
            return original(self, rule_priorities)
        except Exception:
            for rule, priority in before:
                rule.priority = priority
            raise

    backend_class.set_rule_priorities = set_rule_priorities


def _show_that_health_checks_are_off() -> None:
    """moto calls every function healthy; AWS says so only where it checks."""
    from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup

    group_class: Any = FakeTargetGroup
    original = group_class.health_for

    def health_for(self: Any, target: dict[str, Any], *arguments: Any) -> Any:
        health = original(self, target, *arguments)
        if self.target_type == "lambda" and not _is_on(self.health_check_enabled):
            if health.status != "healthy":
                return health
            return FakeHealthStatus(
                health.instance_id,
                health.port,
                health.health_check_port,
                "unavailable",
                "Target.HealthCheckDisabled",
                "Health checks are not enabled for this target",
            )
        return health

    group_class.health_for = health_for


def _is_on(value: Any) -> bool:
    """moto keeps the text that ModifyTargetGroup was called with."""
    return str(value).lower() == "true"


def _keep_matchers_of_functions() -> None:
    """moto forgets the codes that a health check of a function is changed to."""
    from moto.elbv2.models import ELBv2Backend

    backend_class: Any = ELBv2Backend
    original = backend_class.modify_target_group

    def modify_target_group(self: Any, arn: str, *arguments: Any, **more: Any) -> Any:
        group = original(self, arn, *arguments, **more)
        codes = more.get("http_codes") or (arguments[7] if len(arguments) > 7 else None)
        if codes is not None and group.target_type == "lambda":
            group.matcher["HttpCode"] = codes
        return group

    backend_class.modify_target_group = modify_target_group
