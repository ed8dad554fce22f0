"""What jobs ask of the registry of things."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from lambda_nb.engine.aws_calls.clients import Clients
from lambda_nb.engine.machine.call_threads import in_call_thread
from lambda_nb.rules.iot.job_executions import JobError

log = logging.getLogger(__name__)

JOB, JOB_EXECUTION = "JOB", "JOB_EXECUTION"


class Registry(Protocol):
    """Things, groups and settings of a Region."""

    async def things(self, targets: Iterable[str]) -> set[str]:
        """The names of the things that targets (ARNs of things and groups) mean now.

        A target that is not there means none.
        """

    async def all_things(self) -> set[str]:
        """The names of all things."""

    async def missing(self, targets: Iterable[str]) -> list[str]:
        """The targets that are not there."""

    async def template(self, arn: str) -> dict[str, Any]:
        """A job template by its ARN. Raises ``JobError`` if there is none."""

    async def events(self, kind: str) -> bool:
        """Whether event messages of a kind (:data:`JOB`) are enabled."""

    async def tag(self, arn: str, tags: Sequence[Mapping[str, str]]) -> None:
        """Keep the tags of a new job. Raises ``JobError`` if they are not valid."""

    async def forget_tags(self, arn: str) -> None:
        """Drop the tags of a job that is deleted."""


class AwsRegistry:
    """The registry as ``iot`` keeps it, asked again when it may have changed.

    Parameters
    ----------
    clients
        Calls ``iot``.
    revision
        Differs from what it was if something in ``iot`` may have changed.
    """

    def __init__(self, clients: Clients, revision: Callable[[], Hashable]) -> None:
        self._clients = clients
        self._revision = revision
        self._seen: Hashable = None
        self._events: dict[str, bool] | None = None

    async def things(self, targets: Iterable[str]) -> set[str]:
        """The names of the things that targets mean now."""
        found: set[str] = set()
        for target in targets:
            found |= await self._things(target) or set()
        return found

    async def all_things(self) -> set[str]:
        """The names of all things."""
        return await in_call_thread(_all_things, await self._clients("iot"))

    async def missing(self, targets: Iterable[str]) -> list[str]:
        """The targets that are not there."""
        return [target for target in targets if await self._things(target) is None]

    async def template(self, arn: str) -> dict[str, Any]:
        """A job template by its ARN."""
        iot = await self._clients("iot")
        template_id = arn.rpartition("/")[2]
        try:
            template: dict[str, Any] = await in_call_thread(
                iot.describe_job_template, jobTemplateId=template_id
            )
        except iot.exceptions.ResourceNotFoundException:
            raise JobError("ResourceNotFound", f"Job template {arn} not found.") from None
        return template

    async def events(self, kind: str) -> bool:
        """Whether event messages of a kind are enabled."""
        revision = self._revision()
        if self._events is None or revision != self._seen:
            iot = await self._clients("iot")
            answer = await in_call_thread(iot.describe_event_configurations)
            told = answer.get("eventConfigurations", {})
            self._events = {name: bool(one.get("Enabled")) for name, one in told.items()}
            self._seen = revision
        return self._events.get(kind, False)

    async def tag(self, arn: str, tags: Sequence[Mapping[str, str]]) -> None:
        """Keep the tags of a new job."""
        iot = await self._clients("iot")
        try:
            await in_call_thread(iot.tag_resource, resourceArn=arn, tags=list(tags))
        except iot.exceptions.InvalidRequestException as error:
            raise JobError("InvalidRequest", error.response["Error"]["Message"]) from error

    async def forget_tags(self, arn: str) -> None:
        """Drop the tags of a job that is deleted."""
        iot = await self._clients("iot")
        await in_call_thread(_forget_tags, iot, arn)

    async def _things(self, target: str) -> set[str] | None:
        kind, _, name = target.split(":", 5)[-1].partition("/")
        iot = await self._clients("iot")
        try:
            if kind == "thing":
                await in_call_thread(iot.describe_thing, thingName=name)
                return {name}
            return await in_call_thread(_things_in_group, iot, name)
        except iot.exceptions.ResourceNotFoundException:
            return None


def _things_in_group(iot: Any, group: str) -> set[str]:
    iot.describe_thing_group(thingGroupName=group)
    pages = iot.get_paginator("list_things_in_thing_group")
    return {
        thing
        for page in pages.paginate(thingGroupName=group, recursive=True)
        for thing in page["things"]
    }


def _all_things(iot: Any) -> set[str]:
    pages = iot.get_paginator("list_things").paginate()
    return {thing["thingName"] for page in pages for thing in page["things"]}


def _forget_tags(iot: Any, arn: str) -> None:
    keys = [tag["Key"] for tag in iot.list_tags_for_resource(resourceArn=arn)["tags"]]
    if keys:
        iot.untag_resource(resourceArn=arn, tagKeys=keys)
