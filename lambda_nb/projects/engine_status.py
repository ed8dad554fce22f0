"""Asks a lambda_nb engine for one of its own pages, as far as the endpoint is one."""

from __future__ import annotations

import json
from typing import Any

from lambda_nb.projects.endpoint import is_aws


def engine_status(client: Any, what: str = "status") -> dict[str, Any] | None:
    """The status of a lambda_nb engine; None if the endpoint is something else.

    Parameters
    ----------
    client
        A boto3 Lambda client. The request goes to its endpoint, signed with its credentials.
    what
        ``status``, or another of its own pages with its query: ``runtimes`` (what each managed
        runtime uses on the engine's machine), ``calls?function=NAME``.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session

    if is_aws(client):
        return None
    request = AWSRequest("GET", f"{client.meta.endpoint_url}/_lambda_nb/{what}")
    SigV4Auth(client._get_credentials(), "lambda", client.meta.region_name).add_auth(request)
    http = URLLib3Session(timeout=10)
    try:
        told = json.loads(http.send(request.prepare()).content)
    except ValueError:
        return None
    finally:
        http.close()
    return told if isinstance(told, dict) and "Message" not in told else None
