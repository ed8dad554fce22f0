"""Operations of ``iot-data`` on clients that are connected."""

from __future__ import annotations

from lambda_nb.engine.iot.data_api.broker import Broker
from lambda_nb.engine.iot.data_api.errors import fault
from lambda_nb.engine.iot.data_api.pages import page, with_token
from lambda_nb.engine.model import Caller, Operation, Request, Response

_LONGEST_ID = 128  # botocore's model, ClientId
_PAGE, _LARGEST_PAGE = 20, 200  # maxResults of ListSubscriptions, botocore's model


class ConnectionOperations:
    """DeleteConnection, GetConnection and ListSubscriptions.

    Parameters
    ----------
    broker
        The Region's broker.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def operations(self) -> dict[str, Operation]:
        """The handlers by AWS's names."""
        return {
            "DeleteConnection": self._delete,
            "GetConnection": self._get,
            "ListSubscriptions": self._subscriptions,
        }

    async def _delete(self, request: Request, caller: Caller) -> Response:
        client_id = _client_id(request)
        ended = await self._broker.disconnect(
            client_id,
            clean_session=request.get("cleanSession", False),
            prevent_will=request.get("preventWillMessage", False),
        )
        if not ended:
            raise fault(404, f"No connection exists with client id: '{client_id}'")
        return {}

    def _get(self, request: Request, caller: Caller) -> Response:
        client_id = _client_id(request)
        connected = self._broker.connection(client_id)
        if connected is None:
            raise fault(404, f"No connection exists with client id: '{client_id}'")
        with_socket = request.get("includeSocketInformation", False)
        return {
            "connected": True,
            "clientId": client_id,
            "thingName": connected.sender.thing or None,
            "cleanSession": connected.clean,
            "keepAliveDuration": connected.keep_alive_s,
            "connectedSince": connected.since_ms,
            "sessionExpiry": int(connected.session_expiry_s),
            "sourceIp": connected.sender.source_ip if with_socket else None,
        }

    def _subscriptions(self, request: Request, caller: Caller) -> Response:
        client_id = _client_id(request)
        found = self._broker.subscriptions(client_id)
        if found is None:
            raise fault(404, f"No session exists with client id: '{client_id}'")
        qos = dict(found)
        size = request.get("maxResults", _PAGE)
        shown, token = page(sorted(qos), request.get("nextToken"), size, _LARGEST_PAGE)
        listed = [{"topicFilter": one, "qos": qos[one]} for one in shown]
        return with_token({"subscriptions": listed}, token)


def _client_id(request: Request) -> str:
    client_id = str(request["clientId"])
    if client_id.startswith("$") or len(client_id) > _LONGEST_ID:
        raise fault(400, f"Invalid client id: '{client_id}'")
    return client_id
