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

# CloudFront, the viewer's side
CF = "CloudFront Developer Guide"
EDGE_URL_BYTES = Quota(8_192, "bytes", f"{CF}, RequestAndResponseBehaviorCustomOrigin, 2026")
EDGE_REQUEST_BYTES = Quota(
    32_768,
    "bytes of path, query and headers",
    f"{CF}, RequestAndResponseBehaviorCustomOrigin, 2026",
)
EDGE_COMPRESSED_MIN_BYTES = Quota(1_000, "bytes", f"{CF}, ServingCompressedFiles, 2026")
EDGE_COMPRESSED_MAX_BYTES = Quota(10_000_000, "bytes", f"{CF}, ServingCompressedFiles, 2026")
EDGE_HEADER_ORDER_CHARACTERS = Quota(7_680, "characters", f"{CF}, adding-cloudfront-headers, 2026")
EDGE_ERROR_TTL_S = Quota(10, "s", f"{CF}, HTTPStatusCodes, 2026")
EDGE_SIGNED_EPOCH_MAX_S = Quota(
    9_223_372_036,
    "s",
    f"{CF}, private-content-creating-signed-url-canned-policy, 2026: 11 April 2262",
)

# CloudFront: what its API lets one keep
CLOUDFRONT = "CloudFront Developer Guide, cloudfront-limits, 2026"
CF_ALIASES = Quota(100, "alternate domain names a distribution", CLOUDFRONT, adjustable=True)
CF_BEHAVIOURS = Quota(75, "cache behaviors a distribution", CLOUDFRONT, adjustable=True)
CF_ORIGINS = Quota(100, "origins a distribution", CLOUDFRONT, adjustable=True)
CF_ORIGIN_GROUPS = Quota(10, "origin groups a distribution", CLOUDFRONT, adjustable=True)
CF_ORIGIN_HEADERS = Quota(30, "custom headers an origin", CLOUDFRONT, adjustable=True)
CF_READ_TIMEOUT_MAX_S = Quota(120, "s", CLOUDFRONT, adjustable=True)
CF_KEEPALIVE_MAX_S = Quota(300, "s", CLOUDFRONT, adjustable=True)
CF_CONNECTION_TIMEOUT_MAX_S = Quota(10, "s", CLOUDFRONT)
CF_CONNECTION_ATTEMPTS_MAX = Quota(3, "attempts", CLOUDFRONT)
CF_DISTRIBUTIONS = Quota(500, "distributions", CLOUDFRONT, adjustable=True)
CF_STAGING_DISTRIBUTIONS = Quota(20, "staging distributions", CLOUDFRONT, adjustable=True)
CF_ACCESS_CONTROLS = Quota(100, "origin access controls", CLOUDFRONT, adjustable=True)
CF_ACCESS_IDENTITIES = Quota(100, "origin access identities", CLOUDFRONT, adjustable=True)
CF_POLICIES = Quota(20, "custom policies of a kind", CLOUDFRONT, adjustable=True)
CF_POLICY_NAMES = Quota(10, "names of a kind a policy", CLOUDFRONT, adjustable=True)
CF_POLICY_NAME_CHARACTERS = Quota(1_024, "characters of all names a policy", CLOUDFRONT)
CF_RESPONSE_HEADERS = Quota(10, "custom headers a policy", CLOUDFRONT, adjustable=True)
CF_HEADER_VALUE_CHARACTERS = Quota(1_783, "characters", CLOUDFRONT)
CF_DEPLOYMENT_POLICIES = Quota(20, "continuous deployment policies", CLOUDFRONT, adjustable=True)
CF_PUBLIC_KEYS = Quota(10, "public keys", CLOUDFRONT)
CF_KEY_GROUPS = Quota(10, "key groups", CLOUDFRONT, adjustable=True)
CF_KEYS_A_GROUP = Quota(5, "public keys a key group", CLOUDFRONT, adjustable=True)
CF_KEY_GROUPS_A_BEHAVIOUR = Quota(4, "key groups a behavior", CLOUDFRONT, adjustable=True)
CF_ENCRYPTION_CONFIGS = Quota(10, "field-level encryption configurations", CLOUDFRONT)
CF_LEGACY_NAMES = Quota(10, "names of a kind a behavior", CLOUDFRONT, adjustable=True)
CF_FUNCTIONS = Quota(100, "CloudFront Functions", CLOUDFRONT)
CF_FUNCTION_BYTES = Quota(10_240, "bytes of code", CLOUDFRONT)
CF_REALTIME_LOGS = Quota(150, "real-time log configurations", CLOUDFRONT)
CF_INVALIDATION_PATHS = Quota(
    3_000, "paths a batch", "CloudFront Developer Guide, InvalidationLimits, 2024"
)
CF_TAGS = Quota(50, "tags a distribution", CLOUDFRONT, adjustable=True)
CF_STORES = Quota(200, "key value stores", CLOUDFRONT, adjustable=True)
CF_STORE_BYTES = Quota(5_242_880, "bytes a key value store", CLOUDFRONT)
CF_STORE_KEY_BYTES = Quota(512, "bytes", CLOUDFRONT)
CF_STORE_VALUE_BYTES = Quota(1_024, "bytes", CLOUDFRONT)
CF_STORE_UPDATES = Quota(50, "keys a call", CLOUDFRONT)
CF_STORE_UPDATE_BYTES = Quota(3_145_728, "bytes a call", CLOUDFRONT)

# Lambda@Edge
EDGE = "CloudFront Developer Guide, cloudfront-limits, 2026"
EDGE_EVENT = "CloudFront Developer Guide, lambda-event-structure, 2026"
EDGE_VIEWER_BYTES = Quota(40_960, "bytes of a body or a generated response, viewer events", EDGE)
EDGE_ORIGIN_BYTES = Quota(1_048_576, "bytes of a body or a generated response, origin events", EDGE)
EDGE_TIMEOUT_S = Quota(30, "s; 5 s for viewer events until 2026", EDGE)
EDGE_VIEWER_MEMORY_MB = Quota(
    128, "MB, viewer events", "CloudFront Developer Guide, edge-functions-choosing, 2026"
)
EDGE_URL_CHARACTERS = Quota(
    8_191,
    "characters of URI and query string",
    "CloudFront Developer Guide, edge-function-restrictions-all, 2026: less than 8,192",
)
EDGE_FUNCTIONS = Quota(100, "functions of a distribution", EDGE, adjustable=True)
EDGE_STORAGE_MB = Quota(
    512, "MB", "CloudFront Developer Guide, lambda-at-edge-function-restrictions, 2026"
)
EDGE_ORIGIN_TIMEOUT_S = Quota(120, "s of readTimeout and keepaliveTimeout", EDGE_EVENT)
EDGE_CUSTOM_DOMAIN_CHARACTERS = Quota(253, "characters", EDGE_EVENT)
EDGE_S3_DOMAIN_CHARACTERS = Quota(128, "characters", EDGE_EVENT)
EDGE_ORIGIN_PATH_CHARACTERS = Quota(255, "characters, custom origins", EDGE_EVENT)

# Cache of a distribution
CLOUDFRONT_OBJECT_BYTES = Quota(
    50 * 1024**3,
    "bytes",
    "CloudFront Developer Guide, RequestAndResponseBehaviorCustomOrigin, 2026",
)

# Time that objects stay in CloudFront's caches where nobody says
CF_DEFAULT_TTL_S = Quota(86_400, "s", "CloudFront Developer Guide, Expiration, 2026")
CF_MAX_TTL_S = Quota(31_536_000, "s", "CloudFront Developer Guide, Expiration, 2026")

# CloudFront Functions at work (CF_FUNCTION_BYTES is with what its API lets one keep)
CF_FUNCTION_MEMORY_BYTES = Quota(2_097_152, "bytes", CLOUDFRONT)
CF_FUNCTION_LOG_BYTES = Quota(
    10_240, "bytes a call", "CloudFront Developer Guide, cloudfront-function-restrictions, 2026"
)
CF_FUNCTION_US = Quota(
    1_000,
    "microseconds of CPU a call",
    "CloudFront Developer Guide, edge-functions-choosing, 2026: submillisecond",
)
CF_FUNCTION_EVENT_BYTES = Quota(40_960, "bytes", "botocore 1.44.5, cloudfront/2020-05-31")

# Origins of CloudFront
CHAINED_DISTRIBUTIONS = Quota(2, "distributions in a row; more are a 403", CLOUDFRONT)
ORIGIN_RESPONSE_HEAD_BYTES = Quota(32_768, "bytes", CLOUDFRONT)

# CloudFront: access logs
EDGE_LOGGED_HEADER_BYTES = Quota(
    20_480,
    "bytes of headers; a request with more is in no standard log",
    "CloudFront Developer Guide, standard-logs-reference, 2026",
)
