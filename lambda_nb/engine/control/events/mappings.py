"""Event source mappings: which source feeds which function, how, and in which state."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime

from lambda_nb.engine.control import context as c
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.events import mapping_rules as rules
from lambda_nb.engine.control.functions.lookup import Lookup
from lambda_nb.engine.control.records.paging import page
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.control.records.tags import check_tags
from lambda_nb.engine.errors import AWSError, conflict, invalid_parameter, not_found
from lambda_nb.engine.model import Caller, FetchFailed, Operation, Request, Response
from lambda_nb.rules import quotas

_GIVEN = (
    "AmazonManagedKafkaEventSourceConfig",
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "DocumentDBEventSourceConfig",
    "EventSourceArn",
    "FilterCriteria",
    "FunctionResponseTypes",
    "KMSKeyArn",
    "LoggingConfig",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "MetricsConfig",
    "ParallelizationFactor",
    "ProvisionedPollerConfig",
    "Queues",
    "ScalingConfig",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "SourceAccessConfigurations",
    "StartingPosition",
    "StartingPositionTimestamp",
    "Topics",
    "TumblingWindowInSeconds",
)
_GROUPS: dict[rules.Kind, str] = {
    "kafka": "AmazonManagedKafkaEventSourceConfig",
    "self-managed-kafka": "SelfManagedKafkaEventSourceConfig",
}
"""The member that names the consumer group; the mapping's own identifier if it names none."""
_EMPTY_CLEARS = ("FilterCriteria", "KMSKeyArn", "ProvisionedPollerConfig", "ScalingConfig")


class Mappings:
    """Create, read, update, list and delete event source mappings."""

    def __init__(self, context: Context, lookup: Lookup) -> None:
        self._context = context
        self._store = context.store
        self._lookup = lookup
        self._settling: set[asyncio.Task[None]] = set()

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateEventSourceMapping": self.create,
            "GetEventSourceMapping": self.get,
            "UpdateEventSourceMapping": self.update,
            "ListEventSourceMappings": self.list,
            "DeleteEventSourceMapping": self.delete,
        }

    async def create(self, request: Request, caller: Caller) -> Response:
        """Map a source to a function; the mapping is enabled right after the response."""
        kind = rules.kind_of(request)
        rules.check_start(request, kind)
        config = rules.defaults(kind) | _given(request)
        rules.check(request, kind, config)
        check_tags(request.get("Tags") or {})
        function = self._function_arn(request)
        await self._check_source(kind, request.get("EventSourceArn"))
        self._refuse_duplicate(request, kind, function)
        identifier = str(uuid.uuid4())
        if kind in _GROUPS:
            config[_GROUPS[kind]] = {"ConsumerGroupId": identifier, **config.get(_GROUPS[kind], {})}
        enabled = request.get("Enabled") is not False
        record: Record = {
            "config": config,
            "function": function,
            # A disabled mapping of a queue has nothing to start.
            "state": "Creating" if enabled or kind != "sqs" else "Disabled",
            "target": "Enabled" if enabled else "Disabled",
            "reason": _reason(kind),
            "modified": c.epoch(),
            "created": c.epoch(),
            "tags": dict(request.get("Tags") or {}),
        }
        return self._save(identifier, record)

    def get(self, request: Request, caller: Caller) -> Response:
        """One mapping."""
        return self._shown(request["UUID"], self._record(request["UUID"]))

    def update(self, request: Request, caller: Caller) -> Response:
        """Update the given members; ``Enabled`` starts or stops reading."""
        identifier = request["UUID"]
        record = self._at_rest(identifier, "update")
        changes = {k: v for k, v in _given(request).items() if k != "EventSourceArn"}
        config = {**record["config"], **changes}
        for member in _EMPTY_CLEARS:
            if member in changes and not changes[member]:
                del config[member]
        kind = rules.kind_of(config)
        rules.check(request, kind, config)
        target, state = record["target"], "Updating"
        if request.get("Enabled") is not None:
            wanted = "Enabled" if request["Enabled"] else "Disabled"
            if wanted != target:
                target, state = wanted, "Enabling" if request["Enabled"] else "Disabling"
        changed = {
            **record,
            "config": config,
            "state": state,
            "target": target,
            "reason": _reason(kind),
            "modified": c.epoch(),
        }
        if request.get("FunctionName"):
            changed["function"] = self._function_arn(request)
        return self._save(identifier, changed)

    def list(self, request: Request, caller: Caller) -> Response:
        """Mappings in order of creation; only those of a given function or source."""
        function = None
        if request.get("FunctionName"):
            target = self._lookup.target(request)
            function = self._context.function_arn(target.name, target.qualifier)
        source = request.get("EventSourceArn")
        found = sorted(
            self._store.children("mapping", "").items(), key=lambda item: item[1]["created"]
        )
        entries = [
            self._shown(identifier, record)
            for identifier, record in found
            if (function is None or function == record["function"])
            and (source is None or source == record["config"].get("EventSourceArn"))
        ]
        return page(request, "EventSourceMappings", entries, most=quotas.PAGE_LONG.value)

    def delete(self, request: Request, caller: Caller) -> Response:
        """Stop reading and delete the mapping."""
        identifier = request["UUID"]
        record = self._at_rest(identifier, "delete")
        return self._save(identifier, {**record, "state": "Deleting", "target": None})

    def finish_all(self) -> None:
        """Finish the state changes that an earlier engine left unfinished."""
        for identifier in self._store.children("mapping", ""):
            self._finish(identifier)

    def _save(self, identifier: str, record: Record) -> Response:
        with self._store.write() as batch:
            batch.put("mapping", "", identifier, record)
        task = asyncio.get_running_loop().create_task(self._settle(identifier))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)
        return self._shown(identifier, record)

    async def _settle(self, identifier: str) -> None:
        """Finish a state change once the mapping's poller has started or stopped."""
        if self._context.settled is not None:
            await self._context.settled(identifier)
        self._finish(identifier)

    def _finish(self, identifier: str) -> None:
        record = self._store.get("mapping", "", identifier)
        if record is None or record["state"] == record["target"]:
            return
        with self._store.write() as batch:
            if record["target"] is None:
                batch.delete("mapping", "", identifier)
            else:
                batch.put("mapping", "", identifier, {**record, "state": record["target"]})

    def _record(self, identifier: str) -> Record:
        record = self._store.get("mapping", "", identifier)
        if record is None:
            raise not_found("The resource you requested does not exist.")
        return record

    def _at_rest(self, identifier: str, action: str) -> Record:
        record = self._record(identifier)
        if record["state"] != record["target"]:
            raise AWSError(
                "ResourceInUseException",
                f"Cannot {action} the event source mapping because it is in use.",
            )
        return record

    def _function_arn(self, request: Request) -> str:
        target = self._lookup.target(request)
        if not self._lookup.exists(target.name, target.qualifier):
            raise invalid_parameter("Function does not exist")
        return self._context.function_arn(target.name, target.qualifier)

    async def _check_source(self, kind: rules.Kind, arn: str | None) -> None:
        """Refuse a queue or stream that the neighbours do not have."""
        probe = self._context.probe
        if probe is None or arn is None:
            return
        try:
            await probe.source(arn)
        except FetchFailed as error:
            if kind == "sqs":
                raise invalid_parameter(
                    f"Error occurred while ReceiveMessage. SQS Error Code: {error.code}. "
                    f"SQS Error Message: {error.message}"
                ) from error
            raise invalid_parameter(f"Stream not found: {arn}") from error

    def _refuse_duplicate(self, request: Request, kind: rules.Kind, function: str) -> None:
        arn = request.get("EventSourceArn")
        for identifier, record in self._store.children("mapping", "").items():
            if arn is None or record["config"].get("EventSourceArn") != arn:
                continue
            if record["function"] != function:
                continue
            name = function.split(":")[6]
            text = (
                f'An event source mapping with SQS arn (" {arn} ") and function (" {name} ") '
                "already exists."
                if kind == "sqs"
                else f'The event source arn (" {arn} ") and function (" {name} ") provided mapping '
                "already exists."
            )
            raise conflict(
                f"{text} Please update or delete the existing mapping with UUID {identifier}"
            )

    def _shown(self, identifier: str, record: Record) -> Response:
        config = dict(record["config"])
        if not (config.get("FilterCriteria") or {}).get("Filters"):
            config.pop("FilterCriteria", None)
        start = config.get("StartingPositionTimestamp")
        if start is not None:
            config["StartingPositionTimestamp"] = c.moment(start)
        return {
            "UUID": identifier,
            **config,
            "FunctionArn": record["function"],
            "EventSourceMappingArn": self._context.arn(f"event-source-mapping:{identifier}"),
            "LastModified": c.moment(record["modified"]),
            "State": record["state"],
            "StateTransitionReason": record["reason"],
        }


def _given(request: Request) -> Record:
    """The mapping's members in a request, with times as epoch seconds."""
    given = {member: request[member] for member in _GIVEN if request.get(member) is not None}
    start = given.get("StartingPositionTimestamp")
    if isinstance(start, datetime):
        given["StartingPositionTimestamp"] = start.timestamp()
    return given


def _reason(kind: rules.Kind) -> str:
    return "USER_INITIATED" if kind == "sqs" else "User action"
