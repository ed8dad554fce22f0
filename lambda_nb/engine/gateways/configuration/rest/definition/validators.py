"""Request validators: what of a request a method checks."""

from __future__ import annotations

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.definition.definition import Definition
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request, conflict
from lambda_nb.engine.gateways.configuration.rest.kept.paging import page
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.model import Caller, Operation, Request, Response

UNKNOWN = "Invalid Request Validator identifier specified"
_RULES = {
    "/name": patches.value(),
    "/validateRequestBody": patches.value(patches.boolean),
    "/validateRequestParameters": patches.value(patches.boolean),
}


class Validators:
    """The request validators of REST APIs.

    Parameters
    ----------
    records
        Where they are kept.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateRequestValidator": self._create,
            "GetRequestValidator": self._get,
            "GetRequestValidators": self._list,
            "UpdateRequestValidator": self._update,
            "DeleteRequestValidator": self._delete,
        }

    def _create(self, request: Request, caller: Caller) -> Response:
        api_id = request["restApiId"]
        self._records.api(api_id)
        validator = new_validator(
            request.get("name"),
            body=request.get("validateRequestBody", False),
            parameters=request.get("validateRequestParameters", False),
        )
        return self._records.put(kept.VALIDATOR, api_id, validator["id"], validator)

    def _get(self, request: Request, caller: Caller) -> Response:
        return self._find(request)

    def _list(self, request: Request, caller: Caller) -> Response:
        self._records.api(request["restApiId"])
        found = self._records.children(kept.VALIDATOR, request["restApiId"]).values()
        return page(request, found, lambda validator: str(validator["id"]))

    def _update(self, request: Request, caller: Caller) -> Response:
        changed = patches.apply(self._find(request), request, _RULES)
        if not changed.get("name", "x"):
            raise bad_request("Validator name cannot be empty")
        return self._records.put(kept.VALIDATOR, request["restApiId"], changed["id"], changed)

    def _delete(self, request: Request, caller: Caller) -> Response:
        api_id, validator = request["restApiId"], self._find(request)
        for resource, method in Definition.of(self._records, api_id).methods():
            if method.get("requestValidatorId") == validator["id"]:
                raise conflict(
                    f"Cannot delete validator '{validator['id']}', is referenced in method: "
                    f"{resource['path']}/{method['httpMethod']}"
                )
        self._records.delete(kept.VALIDATOR, api_id, validator["id"])
        return {}

    def _find(self, request: Request) -> Record:
        return self._records.of_api(
            kept.VALIDATOR, request["restApiId"], request["requestValidatorId"], UNKNOWN
        )


def new_validator(name: str | None, *, body: bool, parameters: bool) -> Record:
    """A new validator."""
    validator: Record = {
        "id": kept.new_id(),
        "validateRequestBody": body,
        "validateRequestParameters": parameters,
    }
    return {**validator, "name": name} if name else validator
