"""What moto is put right on, where it differs from AWS or is too slow.

Each was measured: facts/local-runtimes.md section 5.
"""

from __future__ import annotations

import time
from typing import Any


def apply() -> None:
    """Apply all of them."""
    _count_messages_once()
    _match_dimensions_exactly()


def _count_messages_once() -> None:
    """A queue with a backlog: moto counts all its messages nine times for each one received.

    The calls that are made once for every message in the queue are made cheap as well.
    """
    from moto.sqs.models import Message, Queue, SQSBackend

    original = SQSBackend.get_queue_attributes
    known = {*Queue.BASE_ATTRIBUTES, *Queue.FIFO_ATTRIBUTES, *Queue.KMS_ATTRIBUTES}

    def get_queue_attributes(
        self: Any, queue_name: str, attribute_names: list[str]
    ) -> dict[str, Any]:
        if not attribute_names or not known.issuperset(attribute_names):
            return original(self, queue_name, attribute_names)
        every = original(self, queue_name, ["All"])
        return {name: every[name] for name in attribute_names if every.get(name) is not None}

    def is_still_kept(self: Any, queue_name: str, message: Any) -> bool:
        kept_s: float = self.get_queue(queue_name).message_retention_period
        return bool(message.sent_timestamp / 1000 + kept_s > time.time())

    def visible(self: Any) -> bool:
        return bool(time.time() * 1000 > self.visible_at)

    def delayed(self: Any) -> bool:
        return bool(time.time() * 1000 < self.delayed_until)

    def had_receipt_handle(self: Any, receipt_handle: str) -> bool:
        return receipt_handle == self.receipt_handle or receipt_handle in self._old_receipt_handles

    backend_class: Any = SQSBackend
    backend_class.get_queue_attributes = get_queue_attributes
    backend_class.is_message_valid_based_on_retention_period = is_still_kept
    message_class: Any = Message
    message_class.visible = property(visible)
    message_class.delayed = property(delayed)
    message_class.had_receipt_handle = had_receipt_handle


def _match_dimensions_exactly() -> None:
    """CloudWatch keeps a series for each exact set of dimensions; moto adds up all that match."""
    from moto.cloudwatch.models import CloudWatchBackend

    original: Any = CloudWatchBackend.get_metric_statistics

    def get_metric_statistics(
        self: Any, *arguments: Any, dimensions: list[dict[str, str]], **named: Any
    ) -> Any:
        wanted = {(d["Name"], d.get("Value")) for d in dimensions or []}
        every = self.get_all_metrics

        def exact() -> list[Any]:
            return [
                datum
                for datum in every()
                if {(d.name, d.value) for d in datum.dimensions} == wanted
            ]

        self.get_all_metrics = exact
        try:
            return original(self, *arguments, dimensions=dimensions, **named)
        finally:
            del self.get_all_metrics

    backend_class: Any = CloudWatchBackend
    backend_class.get_metric_statistics = get_metric_statistics
