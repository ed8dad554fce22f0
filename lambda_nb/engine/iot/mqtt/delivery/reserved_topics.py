"""Topics that begin with ``$``: AWS's own. Clients may publish only to some of them.

From the IoT guide, page "Reserved topics", 2026.
"""

from __future__ import annotations

from lambda_nb.engine.iot.topic_filters import TopicTree

_SHADOW = ("update", "get", "delete")
_FOR_CLIENTS = (
    *(f"$aws/things/+/shadow/{what}" for what in _SHADOW),
    *(f"$aws/things/+/shadow/name/+/{what}" for what in _SHADOW),
    "$aws/things/+/jobs/get",
    "$aws/things/+/jobs/start-next",
    "$aws/things/+/jobs/+/get",
    "$aws/things/+/jobs/+/update",
    "$aws/things/+/streams/+/get/+",
    "$aws/things/+/streams/+/describe/+",
    "$aws/things/+/defender/metrics/+",
    "$aws/commands/+/+/executions/+/response",
    "$aws/commands/+/+/executions/+/response/+",
    "$aws/certificates/create/+",
    "$aws/certificates/create-from-csr/+",
    "$aws/provisioning-templates/+/provision/+",
    "$aws/device_location/+/get_position_estimate",
    "$aws/sitewise/asset-models/+/assets/+/properties/+",
    "$aws/sitewise/#",
    "$aws/rules/#",
)
_allowed: TopicTree[str] = TopicTree()
for _topic_filter in dict.fromkeys(_FOR_CLIENTS):
    _allowed.add(_topic_filter, _topic_filter)


def clients_may_publish(topic: str) -> bool:
    """Whether a topic is one that clients may publish to, if their policies let them."""
    return not topic.startswith("$") or bool(_allowed.find(topic))


def clients_may_subscribe(topic_filter: str) -> bool:
    """Whether a topic filter (without ``$share/``) is one that clients may subscribe to."""
    return not topic_filter.startswith("$") or topic_filter.startswith("$aws/")
