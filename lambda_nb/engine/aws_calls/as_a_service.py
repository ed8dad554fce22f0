"""The mark of calls that a service of AWS makes itself, such as events from ``aws.SERVICE``.

The engine sets it on calls to the embedded services; nobody else can, for the proxy removes it from
what clients send.
"""

from __future__ import annotations

HEADER = "x-lambda-nb-as-a-service"
