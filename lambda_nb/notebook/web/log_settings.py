"""Where the access log of an HTTP API goes, and what a line of it says."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

FIELDS = {
    "requestId": "$context.requestId",
    "requestTime": "$context.requestTime",
    "ip": "$context.identity.sourceIp",
    "httpMethod": "$context.httpMethod",
    "path": "$context.path",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "protocol": "$context.protocol",
    "responseLength": "$context.responseLength",
    "responseLatency": "$context.responseLatency",
    "integrationRequestId": "$context.integration.requestId",
    "integrationError": "$context.integrationErrorMessage",
}
"""The names are those of the console's own JSON format, as far as it has these fields."""
FORMAT = json.dumps(FIELDS, separators=(",", ":"))


def create_group(logs: Any, function_arn: str, api: str) -> str:
    """Create the log group for an API, if it is not there; return its ARN."""
    group = "/aws/apigateway/" + re.sub(r"[^\w./#-]", "_", api, flags=re.ASCII)
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=group)
    _, partition, _, region, account, *_ = function_arn.split(":")
    return f"arn:{partition}:logs:{region}:{account}:log-group:{group}"
