"""Delivers messages to HTTP endpoints, and tries again by their delivery policy.

What waits for another try is kept with the service's state, so it outlives a restart.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lambda_nb.engine.neighbours.services.due_work import DueWork
from lambda_nb.rules.events import delivery_policies

log = logging.getLogger(__name__)

TIMEOUT_S = 15.0
"""SNS gives an endpoint 15 seconds to answer (Developer Guide, "HTTP/HTTPS endpoint")."""
_WORKERS = 32
_AT_ONCE = 8
"""Deliveries of one subscription at a time: an endpoint that hangs must not stop the others."""
_LOOK_S = 60.0

Outcome = Callable[[Any, dict[str, Any], "int | None", bool], None]
"""Told of each end: the subscription, the delivery, the last status, whether it succeeded."""


class HttpDeliveries:
    """Posts to endpoints in the background.

    Parameters
    ----------
    ended
        Is told how each delivery ended.
    """

    def __init__(self, ended: Outcome) -> None:
        self._ended = ended
        self._work = DueWork("SNS's deliveries", self._begin_due)
        self._under_way: dict[str, str] = {}  # by the delivery's name: its subscription
        self._next: dict[str, float] = {}  # when a subscription with a limit may get more
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="sns")

    def start(self) -> None:
        """Deliver what waits, now and from now on."""
        self._work.start()

    def add(
        self, subscription: Any, body: str, headers: Mapping[str, str], message: Mapping[str, Any]
    ) -> None:
        """Deliver one body; ``message`` is what a dead-letter queue gets if that fails."""
        delivery = {
            "subscription": subscription.arn,
            "url": subscription.endpoint,
            "body": body,
            "headers": dict(headers),
            "message": dict(message),
            "tried": 0,
            "due": time.time(),
        }
        self._keep(subscription, str(uuid.uuid4()), delivery)
        self._work.wake()

    @staticmethod
    def _keep(subscription: Any, name: str, delivery: dict[str, Any] | None) -> None:
        """Keep a delivery with the service's state, or forget it."""
        from moto.sns.models import sns_backends

        backend = subscription.topic.sns_backend
        kept = backend.__dict__.setdefault("deliveries", {})
        if delivery is None:
            kept.pop(name, None)
        else:
            kept[name] = delivery
        _ = sns_backends[backend.account_id][backend.region_name]  # so that it is saved

    def _begin_due(self) -> float:
        """Begin what is due; seconds until something else is."""
        from moto.sns.models import sns_backends

        now, wait_s = time.time(), _LOOK_S
        backend: Any
        busy = Counter(list(self._under_way.values()))
        for _, _, backend in list(sns_backends.iter_backends()):
            for name, delivery in list(backend.__dict__.get("deliveries", {}).items()):
                arn = delivery["subscription"]
                if name in self._under_way or busy[arn] >= _AT_ONCE:
                    continue
                due = max(delivery["due"], self._next.get(arn, 0.0))
                if due > now:
                    wait_s = min(wait_s, due - now)
                    continue
                self._count(backend.subscriptions.get(arn), now)
                busy[arn] += 1
                self._under_way[name] = arn
                self._workers.submit(self._try, backend, name, delivery)
        return wait_s

    def _count(self, subscription: Any, now: float) -> None:
        """Note when a subscription may get its next message, if its policy has a limit."""
        rate = None if subscription is None else receives_per_second(subscription)
        if rate:
            self._next[subscription.arn] = now + 1.0 / rate
        elif subscription is not None:
            self._next.pop(subscription.arn, None)

    def _try(self, backend: Any, name: str, delivery: dict[str, Any]) -> None:
        subscription = backend.subscriptions.get(delivery["subscription"])
        try:
            if subscription is None:  # unsubscribed meanwhile
                backend.__dict__["deliveries"].pop(name, None)
                return
            status = _post(delivery)
            if status is not None and 200 <= status < 300:
                self._end(subscription, name, delivery, status, True)
                return
            waits = delivery_policies.delays(retry_policy(subscription))
            tried = delivery["tried"]
            if not delivery_policies.is_worth_retrying(status) or tried >= len(waits):
                self._end(subscription, name, delivery, status, False)
                return
            again = {**delivery, "tried": tried + 1, "due": time.time() + waits[tried]}
            self._keep(subscription, name, again)
        except Exception:
            log.exception("a delivery of SNS to %s failed", delivery["url"])
            backend.__dict__["deliveries"].pop(name, None)
        finally:
            self._under_way.pop(name, None)
            self._work.wake()

    def _end(
        self,
        subscription: Any,
        name: str,
        delivery: dict[str, Any],
        status: int | None,
        succeeded: bool,
    ) -> None:
        self._ended(subscription, delivery, status, succeeded)
        self._keep(subscription, name, None)


def _post(delivery: dict[str, Any]) -> int | None:
    """The status of an endpoint's answer; ``None`` without one."""
    import requests

    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(
                delivery["url"],
                data=delivery["body"].encode(),
                headers=delivery["headers"],
                timeout=TIMEOUT_S,
                allow_redirects=False,
                stream=True,  # nobody reads what it says: it may have no end
            )
            return int(answer.status_code)
    except requests.RequestException:
        return None


def retry_policy(subscription: Any) -> dict[str, Any]:
    """The healthy retry policy of a subscription: its own, its topic's, or the usual one."""
    own = _parsed(subscription.attributes.get("DeliveryPolicy")).get("healthyRetryPolicy")
    of_topic = _parsed(subscription.topic.delivery_policy).get("http") or {}
    if own and not of_topic.get("disableSubscriptionOverrides"):
        return dict(own)
    return dict(of_topic.get("defaultHealthyRetryPolicy") or {})


def receives_per_second(subscription: Any) -> int | None:
    """How many messages a second an endpoint takes at most; ``None`` if there is no limit."""
    own = _parsed(subscription.attributes.get("DeliveryPolicy")).get("throttlePolicy")
    of_topic = _parsed(subscription.topic.delivery_policy).get("http") or {}
    if not own or of_topic.get("disableSubscriptionOverrides"):
        own = of_topic.get("defaultThrottlePolicy")
    return (own or {}).get("maxReceivesPerSecond")


def content_type(subscription: Any) -> str:
    """The content type of what a subscription's endpoint gets."""
    own = _parsed(subscription.attributes.get("DeliveryPolicy")).get("requestPolicy") or {}
    of_topic = (_parsed(subscription.topic.delivery_policy).get("http") or {}).get(
        "defaultRequestPolicy"
    ) or {}
    told = own.get("headerContentType") or of_topic.get("headerContentType")
    return told or "text/plain; charset=UTF-8"


def _parsed(text: Any) -> dict[str, Any]:
    if not text:
        return {}
    told = json.loads(text) if isinstance(text, str) else text
    return told if isinstance(told, dict) else {}
