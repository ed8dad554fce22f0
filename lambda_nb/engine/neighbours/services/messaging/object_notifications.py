"""Tells functions, queues, topics and EventBridge about changes of objects.

moto tells too early (before an object has its metadata), too much (a multipart upload twice, the
tags of a new object) and too little (delete markers, versions). Here the events of a request wait
until it is done, and are those that AWS sends.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import threading
from collections.abc import Iterator
from typing import Any

from lambda_nb.engine.neighbours.services.messaging import notification_settings, object_events
from lambda_nb.engine.neighbours.services.messaging.object_events import Change
from lambda_nb.engine.neighbours.to_engine.event_pipe import Outlet
from lambda_nb.engine.neighbours.to_engine.functions import Functions

log = logging.getLogger(__name__)

_SUBJECT = "Amazon S3 Notification"
_CAPITAL = re.compile(rb"(?<=<Name>)(Prefix|Suffix)(?=</Name>)")
_NO_FILTER = re.compile(rb"<Filter>\s*<S3Key\s*(/>|>\s*</S3Key>)\s*</Filter>|<Filter\s*/>")
_now = threading.local()


def install(outlet: Outlet, functions: Functions) -> None:
    """Replace what moto tells about changes of objects.

    Parameters
    ----------
    outlet
        Takes events for functions.
    functions
        Says whether a function lets S3 in.
    """
    from moto.s3 import notifications

    teller = _Teller(outlet)

    def send_event(account_id: str, event_name: Any, bucket: Any, key: Any) -> None:
        name = str(getattr(event_name, "value", event_name)).removeprefix("s3:")
        held: _Held | None = getattr(_now, "held", None)
        if held is None:
            teller.tell(object_events.change_of(name, bucket, key))
        elif held.wanted is None or name in held.wanted:
            held.changes.append((name, bucket, key))

    def send_test_event(account_id: str, bucket: Any) -> None:
        configuration = bucket.notification_configuration
        for arn in {one.arn for one in (*configuration.queue, *configuration.topic)}:
            teller.send(arn, object_events.test_event(bucket))

    notifications.send_event = send_event
    notifications.send_test_event = send_test_event
    _tell_once(teller)
    _tell_deletions(teller)
    _complete_restorations()
    _check_settings(functions)


class _Held:
    """The events of a request, until it is done; ``wanted`` are those that it may cause."""

    def __init__(self, wanted: frozenset[str] | None) -> None:
        self.wanted = wanted
        self.changes: list[tuple[str, Any, Any]] = []


@contextlib.contextmanager
def _holding(teller: _Teller, *wanted: str) -> Iterator[_Held]:
    """Hold events back, and tell those that are wanted when all went well."""
    outer = getattr(_now, "held", None)
    held = _Held(frozenset(wanted))
    _now.held = held
    try:
        yield held
    finally:
        _now.held = outer
    for name, bucket, key in held.changes:
        teller.tell(object_events.change_of(name, bucket, key))


class _Teller:
    """Tells all that a bucket's configuration names."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet

    def tell(self, change: Change) -> None:
        configuration = change.bucket.notification_configuration
        if configuration is None:
            return
        for one in (*configuration.cloud_function, *configuration.queue, *configuration.topic):
            named = one._event_matches(f"s3:{change.name}")
            if named and notification_settings.matches(one.filters, change.key):
                self.send(one.arn, object_events.record(change, one.id))
        if configuration.event_bridge is not None:
            self._to_buses(change)

    def send(self, arn: str, event: dict[str, Any]) -> None:
        """Send an event to a function, a queue or a topic; if that fails, log it."""
        service, region, account = arn.split(":")[2:5]
        try:
            if service == "lambda":
                self._outlet.send("s3", arn, event)
            elif service == "sqs":
                from moto.sqs.models import sqs_backends

                backend: Any = sqs_backends[account][region]
                backend.send_message(arn.rpartition(":")[2], json.dumps(event))
            else:
                from moto.sns.models import sns_backends

                topics: Any = sns_backends[account][region]
                topics.publish(message=json.dumps(event), arn=arn, subject=_SUBJECT)
        except Exception as error:  # as on AWS, whoever changed the object is not told
            log.warning("S3 could not deliver an event to %s: %r", arn, error)

    @staticmethod
    def _to_buses(change: Change) -> None:
        from moto.events.models import events_backends

        event = object_events.bus_event(change)
        if event is None:
            return
        bucket = change.bucket
        backend: Any = events_backends[bucket.account_id][bucket.region_name]
        for rule in list(backend.event_buses["default"].rules.values()):
            try:
                rule.send_to_targets(event, transform_input=False)
            except Exception as error:
                log.warning("S3 could not pass an event to rule %s: %r", rule.arn, error)


def _tell_once(teller: _Teller) -> None:
    """Each request that makes an object causes one event, once the object is complete."""
    from moto.s3.models import S3Backend
    from moto.s3.responses import S3Response

    backend_class: Any = S3Backend
    response_class: Any = S3Response
    for owner, method, wanted in (
        (response_class, "put_object", "ObjectCreated:Put"),
        (response_class, "copy_object", "ObjectCreated:Copy"),
        (response_class, "_bucket_response_post", "ObjectCreated:Post"),
        (backend_class, "complete_multipart_upload", "ObjectCreated:CompleteMultipartUpload"),
    ):
        _wrap(teller, owner, method, wanted)


def _wrap(teller: _Teller, owner: Any, method: str, wanted: str) -> None:
    original = getattr(owner, method)

    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        with _holding(teller, wanted):
            return original(self, *arguments, **named)

    setattr(owner, method, call)


def _tell_deletions(teller: _Teller) -> None:
    """Tell each deletion: an object, one of its versions, or a delete marker instead of it."""
    from moto.s3.models import S3Backend

    original = S3Backend.delete_object

    def delete_object(
        self: Any, bucket_name: str, key_name: str, version_id: str | None = None, **more: Any
    ) -> Any:
        bucket = self.get_bucket(bucket_name)
        before = list(bucket.keys.getlist(key_name, []))
        outer = getattr(_now, "held", None)
        _now.held = _Held(frozenset())
        try:
            answer = original(self, bucket_name, key_name, version_id=version_id, **more)
        finally:
            _now.held = outer
        change = _deletion(bucket, key_name, version_id, before, answer)
        if change is not None:
            teller.tell(change)
        return answer

    backend: Any = S3Backend
    backend.delete_object = delete_object


def _deletion(
    bucket: Any, key: str, version_id: str | None, before: list[Any], answer: Any
) -> Change | None:
    done, told = answer
    if not done or not before:
        return None
    if version_id is not None:
        if any(str(one.version_id) == str(version_id) for one in before):
            return Change("ObjectRemoved:Delete", bucket, key, version_id)
        return None
    if not bucket.is_versioned:
        return Change("ObjectRemoved:Delete", bucket, key)
    name = "ObjectRemoved:DeleteMarkerCreated"
    marker = bucket.keys.get(key)
    return object_events.change_of(name, bucket, marker) if told.get("delete-marker") else None


def _complete_restorations() -> None:
    """A restored copy is there at once, and S3 says so: moto says it when someone looks."""
    from moto.s3.models import FakeKey

    original = FakeKey.restore

    def restore(self: Any, days: int) -> None:
        original(self, days)
        _ = self.status

    key_class: Any = FakeKey
    key_class.restore = restore


def _check_settings(functions: Functions) -> None:
    from moto.s3.models import FakeBucket, Notification
    from moto.s3.responses import S3Response

    parse = S3Response._notification_config_from_body
    original = FakeBucket.set_notification_configuration

    def notification_config_from_body(self: Any) -> dict[str, Any]:
        _now.look = (self.headers.get(notification_settings.SKIP) or "").lower() != "true"
        body = self.body if isinstance(self.body, bytes) else self.body.encode()
        self.body = _NO_FILTER.sub(b"", _CAPITAL.sub(lambda found: found[0].lower(), body))
        try:
            return parse(self)
        except (AssertionError, KeyError) as error:
            from moto.s3.exceptions import MalformedXML

            raise MalformedXML from error

    def set_notification_configuration(self: Any, notification_config: Any) -> None:
        if notification_config:
            look = getattr(_now, "look", True)
            notification_settings.check(notification_config, self, functions, look=look)
        original(self, notification_config)

    def key_matches(self: Any, key_name: str) -> bool:
        return notification_settings.matches(self.filters, key_name)

    told = S3Response.get_bucket_notification

    def get_bucket_notification(self: Any) -> Any:
        status, headers, body = told(self)
        configuration = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if configuration is not None and configuration.event_bridge is not None:
            end = b"</NotificationConfiguration>"
            text = body.encode() if isinstance(body, str) else body
            if text.endswith(b"/>"):  # it has nothing else
                text = text.removesuffix(b"/>") + b">" + end
            body = text.replace(end, b"<EventBridgeConfiguration/>" + end)
        return status, headers, body

    response: Any = S3Response
    response._notification_config_from_body = notification_config_from_body
    response.get_bucket_notification = get_bucket_notification
    bucket: Any = FakeBucket
    bucket.set_notification_configuration = set_notification_configuration
    notification: Any = Notification
    notification._key_matches = key_matches
