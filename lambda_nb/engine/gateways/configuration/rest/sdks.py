"""Generated SDKs: refused, with a sentence."""

from __future__ import annotations

from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request
from lambda_nb.engine.model import Caller, Operation, Request, Response


def operations() -> dict[str, Operation]:
    """Handlers by operation name."""
    return dict.fromkeys(("GetSdk", "GetSdkType", "GetSdkTypes"), _refuse)


def _refuse(request: Request, caller: Caller) -> Response:
    raise bad_request(
        "lambda_nb generates no SDKs. Export the API with GetExport, and generate one from that."
    )
