"""Operations of ``iot-data`` on shadows."""

from __future__ import annotations

import json
import time
from typing import Any

from lambda_nb.engine.iot.data_api.errors import of_shadow
from lambda_nb.engine.iot.data_api.pages import page, with_token
from lambda_nb.engine.iot.shadows.shadows import Shadows
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.rules.iot.shadow_requests import ShadowError

_LARGEST_PAGE = 100  # pageSize of ListNamedShadowsForThing, botocore's model


class ShadowOperations:
    """GetThingShadow, UpdateThingShadow, DeleteThingShadow, ListNamedShadowsForThing.

    Parameters
    ----------
    shadows
        The Region's shadows.
    """

    def __init__(self, shadows: Shadows) -> None:
        self._shadows = shadows

    def operations(self) -> dict[str, Operation]:
        """The handlers by AWS's names."""
        return {
            "GetThingShadow": self._get,
            "UpdateThingShadow": self._update,
            "DeleteThingShadow": self._delete,
            "ListNamedShadowsForThing": self._list,
        }

    def _get(self, request: Request, caller: Caller) -> Response:
        try:
            return _payload(self._shadows.get(request["thingName"], request.get("shadowName")))
        except ShadowError as error:
            raise of_shadow(error) from error

    async def _update(self, request: Request, caller: Caller) -> Response:
        thing, name = request["thingName"], request.get("shadowName")
        try:
            return _payload(await self._shadows.update(thing, request["payload"], name))
        except ShadowError as error:
            raise of_shadow(error) from error

    async def _delete(self, request: Request, caller: Caller) -> Response:
        thing, name = request["thingName"], request.get("shadowName")
        try:
            return _payload(await self._shadows.delete(thing, name))
        except ShadowError as error:
            raise of_shadow(error) from error

    def _list(self, request: Request, caller: Caller) -> Response:
        try:
            names = self._shadows.names(request["thingName"])
        except ShadowError as error:
            raise of_shadow(error) from error
        shown, token = page(names, request.get("nextToken"), request.get("pageSize"), _LARGEST_PAGE)
        return with_token({"results": list(shown), "timestamp": int(time.time())}, token)


def _payload(document: dict[str, Any]) -> Response:
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return {"payload": text.encode("utf-8", "replace")}
