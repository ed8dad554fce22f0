"""The actions ``openSearch`` and ``elasticsearch``: a document in an index."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from lambda_nb.engine.aws_calls.upstream import TooSlow, Unreachable
from lambda_nb.engine.iot.rules.actions.action import ActionError, Kind, Origin, Parameters
from lambda_nb.engine.iot.rules.actions.service_calls import TIMEOUT_S
from lambda_nb.engine.iot.rules.surroundings import Surroundings


async def _index(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    parts = (quote(str(parameters[name]), safe="") for name in ("index", "type", "id"))
    url = "/".join((str(parameters["endpoint"]).rstrip("/"), *parts))
    headers = {"Content-Type": "application/json"}
    signed = surroundings.keys.sign("es", surroundings.region, "PUT", url, headers, payload)
    try:
        answer = await surroundings.upstream.request("PUT", url, signed, payload, TIMEOUT_S)
    except (Unreachable, TooSlow) as error:
        raise ActionError(str(error), "refused") from error
    if answer.status >= 300:
        again = answer.status == 429 or answer.status >= 500
        said = answer.body[:300].decode("utf-8", "replace")
        raise ActionError(f"{answer.status}: {said}", "refused" if again else None)


OPENSEARCH = Kind(
    name="openSearch",
    label="OpenSearchAction",
    metric_type="OpenSearch",
    failed="Failed to index document",
    perform=_index,
    resource=lambda parameters: str(parameters["endpoint"]),
    told=lambda parameters: {
        "Endpoint": str(parameters["endpoint"]),
        "Index": str(parameters["index"]),
        "Type": str(parameters["type"]),
        "Id": str(parameters["id"]),
    },
)
ELASTICSEARCH = replace(
    OPENSEARCH,
    name="elasticsearch",
    label="ElasticsearchAction",
    metric_type="Elasticsearch",
)
