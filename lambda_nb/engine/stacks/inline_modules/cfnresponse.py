"""Answers CloudFormation for a custom resource, as AWS's module of this name does."""

# ruff: noqa: N803, S310, T201  (AWS's names of arguments; it prints into the function's log)

import json
import urllib.request
from typing import Any, Optional

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(
    event: Any,
    context: Any,
    responseStatus: str,
    responseData: Any,
    physicalResourceId: Optional[str] = None,  # noqa: UP045  (it runs on Python 3.8 too)
    noEcho: bool = False,
    reason: Optional[str] = None,  # noqa: UP045
) -> None:
    """Send the answer to the ``ResponseURL`` of the event."""
    answer = {
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    body = json.dumps(answer).encode()
    request = urllib.request.Request(event["ResponseURL"], body, method="PUT")
    request.add_header("Content-Type", "")
    try:
        with urllib.request.urlopen(request) as reply:
            print("Status code:", reply.status)
    except Exception as error:
        print("send(..) failed executing http.request(..):", error)
