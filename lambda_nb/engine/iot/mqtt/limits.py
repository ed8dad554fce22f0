"""AWS IoT Core's figures for MQTT, each with its source; and bounds of our own.

QUOTAS is "AWS IoT Core endpoints and quotas", GUIDE the IoT developer guide's page "MQTT"; both
2026. Rates (100 publishes a second for a connection, and the like) are not among them: the broker
does not slow anybody down.
"""

from __future__ import annotations

MOST_PAYLOAD = 128 << 10
"""Bytes of a message's payload (QUOTAS, "Message size")."""

MOST_PACKET = 149_504
"""Bytes of a packet, as AWS's CONNACK says to MQTT 5 clients (recorded, 2026)."""

LONGEST_CLIENT_ID = 128
"""Bytes of a client id (QUOTAS, "Client ID size")."""

GENERATED_CLIENT_ID = "$GEN/"
"""What client ids that AWS makes begin with; no client may choose one that begins with ``$``
(QUOTAS, "Restricted client ID prefix")."""

MOST_FILTERS = 8
"""Filters in one SUBSCRIBE (QUOTAS, "Maximum subscriptions per subscribe request")."""

MOST_SUBSCRIPTIONS = 50
"""Subscriptions of one connection (QUOTAS, "Subscriptions per connection")."""

MOST_UNACKNOWLEDGED = 100
"""Messages of QoS 1 on their way, each direction (QUOTAS, "Maximum inbound/outbound unacknowledged
QoS 1 publish requests")."""

TOPIC_ALIASES = 8
"""Topic aliases that a client may use (GUIDE, "Topic aliases")."""

KEEP_ALIVE_DEFAULT_S = 1200
KEEP_ALIVE_LEAST_S = 30
"""Keep alive, s: 0 and more than the default become the default, less than the least the least
(QUOTAS, "Connection inactivity (keep-alive interval)")."""

KEEP_ALIVE_GRACE = 1.5
"""Times the keep alive that a client may be silent (GUIDE, "MQTT reason codes")."""

SESSION_EXPIRY_S = 3600
"""How long a persistent session lasts without its client, and the most that a client may ask for
(QUOTAS, "Persistent session expiry period")."""

MESSAGE_EXPIRY_LEAST_S, MESSAGE_EXPIRY_MOST_S = 1, 604_800
"""Bounds of a message's expiry interval, s (GUIDE, "Message expiry")."""

STORED_PER_S = 10.0
"""Stored messages a second that a client gets when it is back (GUIDE, "Message traffic after
reconnection to a persistent session")."""

STORED_FOR_GROUP_PER_S = 20.0
"""The same for each member of a shared subscription (GUIDE, "Shared subscriptions message
queuing")."""

MOST_RETAINED = 500_000
"""Retained messages (QUOTAS, "Retained messages per account")."""

MOST_QUEUED = 10_000
"""Messages that wait for one session or group; newer ones are dropped then. Ours: AWS's bound is a
rate of the account (500 queued messages a second)."""

MOST_UNSENT = 2 << 20
"""Bytes that may wait for a client that reads too slowly. Beyond, messages of QoS 0 to it are
dropped, and those of QoS 1 wait in its session. Ours."""

STALLED_S = 30.0
"""Seconds after which a client that reads nothing is cut off. Ours."""

CONNECT_WITHIN_S = 30.0
"""Seconds in which a new connection has to send CONNECT. Ours."""

MOST_UNFINISHED = 1000
"""Messages of one connection that taps may be busy with; it is not read meanwhile. Ours."""
