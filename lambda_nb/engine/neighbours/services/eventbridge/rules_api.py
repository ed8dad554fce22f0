"""EventBridge's API for rules, targets, patterns and policies, where moto differs from AWS."""

from __future__ import annotations

import json
import re
import time
import uuid
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.aws_calls import as_a_service
from lambda_nb.engine.neighbours.services.eventbridge.bus import Buses
from lambda_nb.engine.neighbours.services.eventbridge.target_checks import check_targets
from lambda_nb.rules.events import patterns, schedules
from lambda_nb.rules.events.eventbridge.event_json import parsed
from lambda_nb.rules.events.eventbridge.pattern_syntax import check
from lambda_nb.rules.events.eventbridge.pattern_tokens import PatternError

RULES_OF_A_BUS = 300
_EVENT_FIELDS = ("id", "account", "source", "time", "region", "resources", "detail-type")
_RATE_OR_CRON = re.compile(r"(?:rate|cron)\(")
_NO_PARTNERS = "The operation you are attempting is not available in this region."


def install(buses: Buses) -> None:
    """Mend moto's rules and buses."""
    _check_patterns()
    _put_events(buses)
    _put_rules()
    _put_targets()
    _mend_buses()
    _refuse_partners()


def _check_patterns() -> None:
    """Patterns are checked as AWS does; TestEventPattern answers."""
    from moto.events.exceptions import InvalidEventPatternException, ValidationException
    from moto.events.models import EventPatternParser
    from moto.events.responses import EventsHandler

    def parse(self: Any) -> dict[str, Any]:
        if not self.pattern:
            return {}
        try:
            check(self.pattern)
            found: dict[str, Any] = parsed(self.pattern)
        except PatternError as error:
            raise InvalidEventPatternException(reason=str(error)) from None
        except ValueError as error:
            raise InvalidEventPatternException(reason=str(error)) from None
        return found

    def test_event_pattern(self: Any) -> tuple[str, dict[str, Any]]:
        pattern = EventPatternParser(self._get_param("EventPattern")).parse()
        try:
            event = parsed(self._get_param("Event"))
        except ValueError:
            event = None
        if not isinstance(event, dict):
            raise ValidationException(
                "Parameter Event is not valid. Reason: Event is not valid JSON."
            )
        missing = [name for name in _EVENT_FIELDS if name not in event]
        if missing:
            text = f"Parameter Event is not valid. Reason: {missing[0]} is a required field."
            raise ValidationException(text)
        return json.dumps({"Result": patterns.matches(pattern, event)}), self.response_headers

    parser_class: Any = EventPatternParser
    parser_class.parse = parse
    handler_class: Any = EventsHandler
    handler_class.test_event_pattern = test_event_pattern


def _put_events(buses: Buses) -> None:
    from moto.events.exceptions import ValidationException
    from moto.events.models import EventsBackend, Rule
    from moto.events.responses import EventsHandler
    from moto.events.utils import _BASE_EVENT_MESSAGE

    def put_events(self: Any, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return buses.put(self, events)

    def answer(self: Any) -> str:
        if self._get_param("EndpointId"):
            raise ValidationException("lambda_nb has no global endpoints: leave EndpointId out.")
        entries = self._get_param("Entries")
        by_a_service = as_a_service.HEADER in self.headers
        results = buses.put(self.events_backend, entries, by_a_service=by_a_service)
        failed = sum("ErrorCode" in one for one in results)
        return json.dumps({"FailedEntryCount": failed, "Entries": results})

    def send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:
        # moto's S3 asks each rule of each bus; events of services come to the default bus alone.
        if self.event_bus_name != "default":
            return
        if original_event["id"] == _BASE_EVENT_MESSAGE["id"]:
            complete(original_event, self.account_id)
        buses.to_rule(self, dict(original_event))

    backend_class: Any = EventsBackend
    backend_class.put_events = put_events
    handler_class: Any = EventsHandler
    handler_class.put_events = answer
    rule_class: Any = Rule
    rule_class.send_to_targets = send_to_targets


def _put_rules() -> None:
    from moto.core.exceptions import JsonRESTError
    from moto.events.exceptions import ValidationException
    from moto.events.models import EventsBackend

    put, listed = EventsBackend.put_rule, EventsBackend.list_rules

    def put_rule(self: Any, name: str, *rest: Any, **named: Any) -> Any:
        expression = named.get("scheduled_expression")
        bus_name = self._normalize_event_bus_arn(named.get("event_bus_arn"))
        if expression and bus_name == "default" and not _is_schedule(expression):
            raise ValidationException("Parameter ScheduleExpression is not valid.")
        bus = self.event_buses.get(bus_name)
        if bus is not None and name not in bus.rules and len(bus.rules) >= RULES_OF_A_BUS:
            text = "The requested resource exceeds the maximum number allowed."
            raise JsonRESTError("LimitExceededException", text)
        known = None if bus is None else bus.rules.get(name)
        if known is not None:
            named["tags"] = None  # an update leaves tags alone
            named.setdefault("managed_by", known.managed_by)
        return put(self, name, *rest, **named)

    def list_rules(self: Any, prefix: str | None = None, **named: Any) -> Any:
        return listed(self, prefix=re.escape(prefix) if prefix else None, **named)

    backend_class: Any = EventsBackend
    backend_class.put_rule = put_rule
    backend_class.list_rules = list_rules


def _is_schedule(expression: str) -> bool:
    if _RATE_OR_CRON.match(expression) is None:
        return False
    begin = datetime(2026, 1, 1)
    try:
        schedules.next_time(expression, begin, begin)
    except ValueError:
        return False
    return True


def _put_targets() -> None:
    from moto.events.exceptions import ResourceNotFoundException
    from moto.events.models import EventsBackend

    put = EventsBackend.put_targets

    def put_targets(
        self: Any, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]
    ) -> None:
        bus_name = self._normalize_event_bus_arn(event_bus_arn)
        rule = self._get_event_bus(bus_name).rules.get(name)
        if rule is None:
            raise ResourceNotFoundException(f"Rule {name} does not exist on EventBus {bus_name}.")
        check_targets(rule, targets)
        put(self, name, event_bus_arn, targets)

    backend_class: Any = EventsBackend
    backend_class.put_targets = put_targets


def _mend_buses() -> None:
    from moto.core.exceptions import JsonRESTError
    from moto.core.utils import unix_time
    from moto.events.exceptions import ValidationException
    from moto.events.models import EventBus, EventBusPolicyStatement, EventsBackend
    from moto.events.responses import EventsHandler

    create, delete = EventsBackend.create_event_bus, EventsBackend.delete_event_bus

    def create_event_bus(self: Any, name: str, *rest: Any, **named: Any) -> Any:
        if name in self.event_buses:
            text = f"Event bus {name} already exists."
            raise JsonRESTError("ResourceAlreadyExistsException", text)
        return create(self, name, *rest, **named)

    def delete_event_bus(self: Any, name: str) -> None:
        name = name.split("/")[-1]
        bus = self.event_buses.get(name)
        if bus is not None and bus.rules:
            raise ValidationException("Event bus can't be deleted since it has rules.")
        delete(self, name)

    answer_create = EventsHandler.create_event_bus

    def no_logs(handler: Any) -> None:
        if (handler._get_param("LogConfig") or {}).get("Level", "OFF") != "OFF":
            raise ValidationException(
                "lambda_nb keeps no logs of event buses: leave LogConfig out."
            )

    def answer_create_event_bus(self: Any) -> Any:
        no_logs(self)
        return answer_create(self)

    def update_event_bus(self: Any) -> tuple[str, dict[str, Any]]:
        no_logs(self)
        bus = self.events_backend.describe_event_bus(self._get_param("Name"))
        told = json.loads(self.body)
        bus.description = told.get("Description", bus.description)
        bus.kms_key_identifier = told.get("KmsKeyIdentifier", bus.kms_key_identifier)
        bus.dead_letter_config = told.get("DeadLetterConfig", bus.dead_letter_config)
        bus.last_modified_time = unix_time()
        answer = {
            "Arn": bus.arn,
            "Name": bus.name,
            "Description": bus.description,
            "KmsKeyIdentifier": bus.kms_key_identifier,
            "DeadLetterConfig": bus.dead_letter_config,
        }
        content = {name: value for name, value in answer.items() if value}
        return json.dumps(content), self.response_headers

    def add_policy(self: Any, policy: dict[str, Any]) -> None:
        """A whole policy replaces the one before."""
        statements = policy.get("Statement")
        told = [statements] if isinstance(statements, dict) else statements
        needed = ("Principal", "Action", "Resource", "Effect")
        if not isinstance(told, list) or any(
            not isinstance(one, dict) or any(name not in one for name in needed) for one in told
        ):
            raise ValidationException("This policy contains invalid Json")
        self._statements.clear()
        for one in told:
            sid = one.get("Sid") or str(uuid.uuid4())
            self._statements[sid] = EventBusPolicyStatement.from_dict({**one, "Sid": sid})

    backend_class: Any = EventsBackend
    backend_class.create_event_bus = create_event_bus
    backend_class.delete_event_bus = delete_event_bus
    handler_class: Any = EventsHandler
    handler_class.create_event_bus = answer_create_event_bus
    handler_class.update_event_bus = update_event_bus
    bus_class: Any = EventBus
    bus_class.add_policy = add_policy


def _refuse_partners() -> None:
    """No partner sends events to one machine: the operations for partners say so."""
    from moto.core.exceptions import JsonRESTError
    from moto.events.responses import EventsHandler

    def refuse(self: Any) -> Any:
        raise JsonRESTError("OperationDisabledException", _NO_PARTNERS)

    for name in (
        "activate_event_source", "create_partner_event_source", "deactivate_event_source",
        "delete_partner_event_source", "describe_event_source", "describe_partner_event_source",
        "list_event_sources", "list_partner_event_source_accounts", "list_partner_event_sources",
        "put_partner_events",
    ):  # fmt: skip
        setattr(EventsHandler, name, refuse)


def complete(event: dict[str, Any], account: str) -> None:
    """Complete an event of moto's S3 in place: moto gives every event the same ids."""
    if isinstance(event.get("detail"), dict) and "event-version" in event["detail"]:
        return  # as S3 tells it here: the event is complete
    event["id"] = str(uuid.uuid4())
    event["account"] = account
    event.pop("ingestion-time", None)
    if isinstance(event.get("time"), (int, float)):
        moment = datetime.fromtimestamp(event["time"], timezone.utc)
        event["time"] = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    if event["source"] != "aws.s3":
        return
    detail = event["detail"]
    thing = {**detail["object"], "sequencer": f"{time.time_ns():018X}"}
    if thing.get("version-id") in (None, "null"):
        thing.pop("version-id", None)
    event["detail"] = {
        **detail,
        "object": thing,
        "request-id": f"{time.time_ns():016X}",
        "requester": account,
        "source-ip-address": "127.0.0.1",
    }
