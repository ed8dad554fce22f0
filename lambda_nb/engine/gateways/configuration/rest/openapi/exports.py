"""The operation that exports an API."""

from __future__ import annotations

from collections.abc import Callable

from lambda_nb.engine.gateways.configuration.rest.definition.definition import Definition
from lambda_nb.engine.gateways.configuration.rest.deployed.stages import UNKNOWN as UNKNOWN_STAGE
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.gateways.configuration.rest.openapi.document import write
from lambda_nb.engine.gateways.configuration.rest.openapi.exporting import (
    EXTENSIONS,
    Export,
    moment,
)
from lambda_nb.engine.model import Caller, Operation, Request, Response

_TYPES = ("oas30", "swagger")
_JSON, _YAML = "application/json", "application/yaml"


class Exports:
    """Exports what stages of REST APIs serve.

    Parameters
    ----------
    records
        Where they are kept.
    url
        Gives the address of an API, without a stage.
    """

    def __init__(self, records: Records, url: Callable[[str], str]) -> None:
        self._records = records
        self._url = url

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {"GetExport": self._export}

    def _export(self, request: Request, caller: Caller) -> Response:
        api_id, kind = request["restApiId"], request["exportType"]
        stage = self._records.of_api(kept.STAGE, api_id, request["stageName"], UNKNOWN_STAGE)
        if kind not in _TYPES:
            raise bad_request(
                f"Invalid export type specified: {kind}. Valid values are [{', '.join(_TYPES)}]"
            )
        media_type = request.get("accepts") or _JSON
        if media_type == "*/*":
            media_type = _JSON
        if media_type not in (_JSON, _YAML):
            raise bad_request(
                f"Invalid accepts specified: {media_type}. Valid values are [{_JSON}, {_YAML}]"
            )
        listed = request.get("parameters", {}).get("extensions", "")
        extensions = {one.strip() for one in listed.split(",") if one.strip()}
        if not extensions <= EXTENSIONS:
            raise bad_request(
                f"Invalid extensions specified: {listed}. Valid values are "
                f"[{', '.join(sorted(EXTENSIONS))}]"
            )
        deployment = self._records.of_api(
            kept.DEPLOYMENT,
            api_id,
            stage["deploymentId"],
            "Invalid Deployment identifier specified",
        )
        export = Export(
            Definition.of_picture(deployment["picture"]),
            three=kind == "oas30",
            extensions=extensions,
        )
        body = write(export.document(self._url(api_id), stage["stageName"]), media_type)
        ending = "yaml" if media_type == _YAML else "json"
        name = f"{kind}_{moment(deployment['createdDate'])}.{ending}"
        return {
            "body": body,
            "contentType": media_type,
            "contentDisposition": f'attachment; filename="{name}"',
        }
