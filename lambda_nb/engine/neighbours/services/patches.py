"""Patches for moto, where it differs from AWS or is too slow.

Each problem was measured: facts/local-runtimes.md section 5.
"""

from __future__ import annotations

import json
import string
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any

from lambda_nb.engine import service_model
from lambda_nb.engine.neighbours.services.late_patches import when_loaded
from lambda_nb.engine.neighbours.storage.pickle_reducers import named

_DELETED_REMEMBERED = 10_000


def apply() -> None:
    """Apply all patches."""
    _keep_no_list_of_everything()
    _count_messages_once()
    _remember_few_deleted_messages()
    _write_redrive_policies_as_sqs_does()
    _send_without_counting()
    _find_the_way_once()
    _find_an_account_without_a_lock()
    _draw_letters_at_once()
    _read_models_once()
    when_loaded("moto.iam.models", _note_only_known_keys)


def _keep_no_list_of_everything() -> None:
    """moto lists each object it ever made, for a web page of its own: nothing would ever be freed.

    That includes deleted messages, expired records and replaced objects.
    """
    from moto.core.common_models import BaseModel

    def new(cls: Any, *_: Any, **__: Any) -> Any:
        return object.__new__(cls)

    model_class: Any = BaseModel
    model_class.__new__ = new


def _remember_few_deleted_messages() -> None:
    """moto remembers the receipt handle of each message that was ever deleted from a queue."""
    from moto.sqs.models import Queue

    original = Queue.__init__

    def init(self: Any, *arguments: Any, **more: Any) -> None:
        original(self, *arguments, **more)
        self.deleted_messages = _Recent()

    queue_class: Any = Queue
    queue_class.__init__ = init


@named
class _Recent(dict[str, None]):
    """The most recent handles, as a set: deleting them again is no error."""

    def update(self, handles: Iterable[str]) -> None:  # type: ignore[override]
        for handle in handles:
            self[handle] = None
        while len(self) > _DELETED_REMEMBERED:
            del self[next(iter(self))]


def _count_messages_once() -> None:
    """moto counts all messages of a queue nine times for each one received: slow with a backlog.

    Calls that run once for every message in the queue become cheap as well.
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


def _write_redrive_policies_as_sqs_does() -> None:
    """moto puts spaces into them, which Terraform takes for a change; SQS answers without."""
    from moto.sqs.models import Queue

    original: Any = Queue.attributes

    def attributes(self: Any) -> dict[str, Any]:
        told: dict[str, Any] = original.fget(self)
        if self.redrive_policy:
            told["RedrivePolicy"] = json.dumps(self.redrive_policy, separators=(",", ":"))
        return told

    queue_class: Any = Queue
    queue_class.attributes = property(attributes)


def _send_without_counting() -> None:
    """moto counts all messages of a queue three times for each one sent: slow with a backlog.

    It only needs to know whether the queue deduplicates by content.
    """
    from moto.sqs.models import Queue

    queue_class: Any = Queue
    read = queue_class.attributes.fget
    queue_class.attributes = property(lambda queue: _Attributes(queue, read))


class _Attributes(Mapping[str, Any]):
    """A queue's attributes, computed only if the queue's settings do not answer already."""

    def __init__(self, queue: Any, read: Any) -> None:
        self._queue = queue
        self._read = read

    @cached_property
    def _all(self) -> dict[str, Any]:
        every: dict[str, Any] = self._read(self._queue)
        return every

    def get(self, name: str, default: Any = None) -> Any:
        if name == "ContentBasedDeduplication" and not self._queue.fifo_queue:
            return default
        return self._all.get(name, default)

    def __getitem__(self, name: str) -> Any:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def _find_the_way_once() -> None:
    """moto lists its own directory and all methods of a service for each request."""
    from moto.core import responses
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication
    from moto.sqs import models

    for place, name in (
        (DomainDispatcherApplication, "get_backend_for_host"),
        (responses, "method_names_from_class"),
        (responses, "camelcase_to_underscores"),
        (models, "camelcase_to_underscores"),
    ):
        setattr(place, name, lru_cache(4096)(getattr(place, name)))


def _find_an_account_without_a_lock() -> None:
    """moto takes one lock for all services when it looks one up, several times a call."""
    from moto.core.base_backend import BackendDict

    original = BackendDict.__getitem__

    def getitem(self: Any, account_id: str) -> Any:
        found = dict.get(self, account_id)
        return original(self, account_id) if found is None else found

    dict_class: Any = BackendDict
    dict_class.__getitem__ = getitem


def _draw_letters_at_once() -> None:
    """moto draws the letters of each request's id and of each receipt handle one by one."""
    from moto.moto_api._internal import mock_random
    from moto.moto_api._internal.moto_random import MotoRandom
    from moto.sqs import models

    def get_random_string(
        self: Any, length: int = 20, include_digits: bool = True, lower_case: bool = False
    ) -> str:
        pool = string.ascii_letters + (string.digits if include_digits else "")
        drawn = "".join(self.choices(pool, k=length))
        return drawn.lower() if lower_case else drawn

    def generate_receipt_handle() -> str:
        return "".join(mock_random.choices(string.ascii_lowercase, k=185))

    random_class: Any = MotoRandom
    random_class.get_random_string = get_random_string
    queue_module: Any = models
    queue_module.generate_receipt_handle = generate_receipt_handle


def _read_models_once() -> None:
    """moto reads botocore's files again for each service: its model, and where it is."""
    import botocore.session
    from moto.core import utils

    vars(botocore.session)["create_loader"] = lambda *_: service_model.loader()
    vars(utils)["create_loader"] = lru_cache(vars(utils)["create_loader"])


def _note_only_known_keys() -> None:
    """moto makes IAM at the first call to any service, which reads over a thousand policies.

    It would note there when the access key was last used; most are not among IAM's.
    """
    from moto.iam import models
    from moto.utilities.utils import get_partition

    original = models.mark_account_as_visited

    def mark_account_as_visited(
        account_id: str, access_key: str, service: str, region: str
    ) -> None:
        backends: Any = dict.get(models.iam_backends, account_id) or {}
        backend = dict.get(backends, get_partition(region))
        if backend is not None and access_key in backend.access_keys:
            original(account_id, access_key, service, region)

    vars(models)["mark_account_as_visited"] = mark_account_as_visited
