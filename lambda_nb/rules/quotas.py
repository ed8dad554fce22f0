"""Lambda's quotas: one table, each figure with its unit, source and date."""

from __future__ import annotations

from typing import NamedTuple

DG = "Lambda Developer Guide, gettingstarted-limits, 2026"
MODEL = "botocore 1.44.5, lambda/2015-03-31/service-2.json"
HTTP_API = "API Gateway Developer Guide, http-api-quotas, 2026"
RECORDED = "recorded from AWS, facts/api.md, 2026"


class Quota(NamedTuple):
    """One figure that AWS may change."""

    value: int
    unit: str
    source: str
    adjustable: bool = False


# Function settings
MEMORY_MIN_MB = Quota(128, "MB", DG)
MEMORY_MAX_MB = Quota(10_240, "MB", DG)
MEMORY_DEFAULT_MB = Quota(128, "MB", RECORDED)
MEMORY_MANAGED_MAX_MB = Quota(32_768, "MB", MODEL)
VCPU_MB = Quota(1_769, "MB for one vCPU", "Lambda Developer Guide, configuration-memory, 2026")
TIMEOUT_MIN_S = Quota(1, "s", DG)
TIMEOUT_MAX_S = Quota(900, "s", DG)
TIMEOUT_DEFAULT_S = Quota(3, "s", RECORDED)
TIMEOUT_MANAGED_MAX_S = Quota(5_400, "s", MODEL)
STORAGE_MIN_MB = Quota(512, "MB", DG)
STORAGE_MAX_MB = Quota(10_240, "MB", DG)
STORAGE_DEFAULT_MB = Quota(512, "MB", RECORDED)
STORAGE_MANAGED_MAX_MB = Quota(32_768, "MB", MODEL)
STORAGE_SNAPSTART_MAX_MB = Quota(512, "MB", "Lambda Developer Guide, snapstart, 2026")
ENVIRONMENT_BYTES = Quota(4_096, "bytes", DG)
DESCRIPTION_CHARACTERS = Quota(256, "characters", MODEL)
HANDLER_CHARACTERS = Quota(128, "characters", MODEL)
FUNCTION_NAME_CHARACTERS = Quota(64, "characters", DG)
FUNCTION_ARN_CHARACTERS = Quota(140, "characters", MODEL)
LAYERS = Quota(5, "layers", DG)
TAGS = Quota(50, "tags", RECORDED)
ALIASES_ROUTED = Quota(1, "additional versions", RECORDED)

# Code
UNZIPPED_BYTES = Quota(262_144_000, "bytes", DG)
ZIPPED_BYTES = Quota(52_428_800, "bytes", DG)
CODE_STORAGE_BYTES = Quota(80_530_636_800, "bytes", RECORDED, adjustable=True)
REQUEST_BYTES = Quota(70_167_211, "bytes", RECORDED)
POLICY_BYTES = Quota(20_480, "bytes", DG)

# Invocation
SYNC_PAYLOAD_BYTES = Quota(6_291_456, "bytes", DG)
SYNC_RESPONSE_BYTES = Quota(6_291_556, "bytes", RECORDED)
ASYNC_PAYLOAD_BYTES = Quota(1_048_576, "bytes", "facts/api.md section 6, 2026")
STREAMED_RESPONSE_BYTES = Quota(209_715_200, "bytes", DG)
ASYNC_AGE_MIN_S = Quota(60, "s", MODEL)
ASYNC_AGE_MAX_S = Quota(21_600, "s", MODEL)
ASYNC_RETRIES_MAX = Quota(2, "retries", MODEL)

# Concurrency
CONCURRENCY = Quota(1_000, "environments", DG, adjustable=True)
UNRESERVED_MIN = Quota(100, "environments", "Lambda Developer Guide, configuration-concurrency")
SCALE_BURST = Quota(1_000, "environments", "Lambda Developer Guide, scaling-behavior, 2026")
SCALE_RATE = Quota(100, "environments/s", "Lambda Developer Guide, scaling-behavior, 2026")

# Listing
PAGE = Quota(50, "items", MODEL)
PAGE_LONG = Quota(100, "items", "Lambda API reference, event source mappings, 2026")

# Durable functions
DURABLE_RETENTION_DEFAULT_DAYS = Quota(14, "days", "Lambda Developer Guide, durable-configuration")
DURABLE_TIMEOUT_DEFAULT_S = Quota(86_400, "s", "Lambda Developer Guide, durable-configuration")

# WebSocket APIs
WS = "facts/events.md, WebSocket, 2026"
WEBSOCKET_FRAME_BYTES = Quota(32_768, "bytes", WS)
WEBSOCKET_MESSAGE_BYTES = Quota(131_072, "bytes", WS)
WEBSOCKET_IDLE_S = Quota(600, "s", WS)
WEBSOCKET_LIFE_S = Quota(7_200, "s", WS)
WEBSOCKET_INTEGRATION_MS = Quota(29_000, "ms", WS)
WEBSOCKET_CONNECTIONS_A_SECOND = Quota(500, "new connections a second", WS, adjustable=True)

# HTTP APIs
HTTP_API_PAYLOAD_BYTES = Quota(10_485_760, "bytes", HTTP_API)
HTTP_API_HEAD_BYTES = Quota(10_240, "bytes of request line and header values", HTTP_API)
HTTP_API_INTEGRATION_S = Quota(30, "s", HTTP_API)
HTTP_API_AUTHORIZER_S = Quota(10, "s", HTTP_API)
