"""The developer portal's operations: refused, for a portal is no door to functions."""

from __future__ import annotations

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.model import Caller, Operation, Request, Response

_NAMES = (
    "CreatePortal",
    "CreatePortalProduct",
    "CreateProductPage",
    "CreateProductRestEndpointPage",
    "DeletePortal",
    "DeletePortalProduct",
    "DeletePortalProductSharingPolicy",
    "DeleteProductPage",
    "DeleteProductRestEndpointPage",
    "DisablePortal",
    "GetPortal",
    "GetPortalProduct",
    "GetPortalProductSharingPolicy",
    "GetProductPage",
    "GetProductRestEndpointPage",
    "ListPortalProducts",
    "ListPortals",
    "ListProductPages",
    "ListProductRestEndpointPages",
    "PreviewPortal",
    "PublishPortal",
    "PutPortalProductSharingPolicy",
    "UpdatePortal",
    "UpdatePortalProduct",
    "UpdateProductPage",
    "UpdateProductRestEndpointPage",
)


def operations() -> dict[str, Operation]:
    """Handlers that refuse, by operation name."""
    return {name: _refusing(name) for name in _NAMES}


def _refusing(name: str) -> Operation:
    def refuse(request: Request, caller: Caller) -> Response:
        text = f"lambda_nb has no developer portals: it cannot do {name}."
        raise AWSError("NotImplementedException", text, 501)

    return refuse
