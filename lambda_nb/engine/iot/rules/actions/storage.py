"""The action ``s3``."""

from __future__ import annotations

from urllib.parse import quote

from lambda_nb.engine.iot.rules.actions.action import Kind, Origin, Parameters
from lambda_nb.engine.iot.rules.actions.service_calls import TIMEOUT_S, answered
from lambda_nb.engine.iot.rules.surroundings import Surroundings


async def _put_object(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    target = f"/{quote(str(parameters['bucketName']), safe='')}/{quote(str(parameters['key']))}"
    headers = {"Content-Type": "application/octet-stream"}
    if parameters.get("cannedAcl"):
        headers["x-amz-acl"] = str(parameters["cannedAcl"])
    call = surroundings.upstream.call_service(
        "s3", surroundings.region, "PUT", target, headers, payload, TIMEOUT_S
    )
    await answered(call, "s3")


S3 = Kind(
    name="s3",
    label="S3Action",
    metric_type="S3",
    failed="Failed to put S3 object",
    perform=_put_object,
    resource=lambda parameters: str(parameters["bucketName"]),
    told=lambda parameters: {
        "Bucket": str(parameters["bucketName"]),
        "Key": f'"{parameters["key"]}"',
    },
)
