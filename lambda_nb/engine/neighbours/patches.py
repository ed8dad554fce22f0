"""What moto is put right on, where it differs from AWS or is too slow.

Each was measured: facts/local-runtimes.md section 5.
"""

from __future__ import annotations

from typing import Any


def apply() -> None:
    """Apply all of them."""
    _count_messages_once()
    _match_dimensions_exactly()


def _count_messages_once() -> None:
    """SQS asks for a queue's attributes on every call and counts all messages three times."""
    from moto.sqs.models import SQSBackend

    original = SQSBackend.get_queue_attributes

    def get_queue_attributes(
        self: Any, queue_name: str, attribute_names: list[str]
    ) -> dict[str, Any]:
        if not attribute_names:
            return {}
        return original(self, queue_name, attribute_names)

    backend_class: Any = SQSBackend
    backend_class.get_queue_attributes = get_queue_attributes


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
