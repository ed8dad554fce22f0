"""Connections and API destinations, where moto differs from AWS: states, secrets, what is told."""

from __future__ import annotations

import json
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.neighbours.services.eventbridge.targets.errors import DeliveryError
from lambda_nb.engine.neighbours.services.eventbridge.targets.oauth_tokens import OAuthTokens

_PART = {
    "BASIC": "BasicAuthParameters",
    "OAUTH_CLIENT_CREDENTIALS": "OAuthParameters",
    "API_KEY": "ApiKeyAuthParameters",
}
_SECRET = ("Password", "ApiKeyValue", "ClientSecret")
_NO_PRIVATE_APIS = "lambda_nb reaches no private APIs: leave their connectivity parameters out."
_LISTS = ("HeaderParameters", "QueryStringParameters", "BodyParameters")


def install(tokens: OAuthTokens) -> None:
    """Mend moto's connections and API destinations."""
    _mend_connections(tokens)
    _answer_for_connections()
    _mend_destinations()


def resume(tokens: OAuthTokens) -> None:
    """Go on with authorizations that an earlier process left."""
    module = sys.modules.get("moto.events.models")
    if module is None:
        return
    for account in list(module.events_backends.values()):
        for backend in list(account.values()):
            for connection in list(backend.connections.values()):
                if connection.state == "AUTHORIZING":
                    _authorize(connection, tokens)


def told_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a connection without secrets, as DescribeConnection tells them.

    Examples
    --------
    >>> told_parameters({"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "secret"}})
    {'ApiKeyAuthParameters': {'ApiKeyName': 'k'}}
    """
    told: dict[str, Any] = {}
    for name, value in parameters.items():
        if name in _SECRET:
            continue
        if name in _LISTS:
            told[name] = [_told_pair(pair) for pair in value]
        else:
            told[name] = told_parameters(value) if isinstance(value, Mapping) else value
    return told


def _told_pair(pair: Mapping[str, Any]) -> dict[str, Any]:
    secret = bool(pair.get("IsValueSecret"))
    return {
        "Key": pair["Key"],
        **({} if secret else {"Value": pair.get("Value", "")}),
        "IsValueSecret": secret,
    }


def _check(kind: str, parameters: Mapping[str, Any]) -> None:
    from moto.events.exceptions import ValidationException

    part = _PART[kind]
    if not parameters.get(part):
        raise ValidationException(f"Parameter(s) {part} must be specified for {kind} connections.")
    if parameters.get("ConnectivityParameters"):
        raise ValidationException(_NO_PRIVATE_APIS)


def _mend_connections(tokens: OAuthTokens) -> None:
    from moto.events.exceptions import ResourceAlreadyExistsException, ResourceNotFoundException
    from moto.events.models import Connection, EventsBackend

    create, delete = EventsBackend.create_connection, EventsBackend.delete_connection

    def create_connection(
        self: Any,
        name: str,
        description: str,
        authorization_type: str,
        auth_parameters: dict[str, Any],
    ) -> Any:
        if name in self.connections:
            raise ResourceAlreadyExistsException(f"Connection {name} already exists.")
        _check(authorization_type, auth_parameters)
        made = create(self, name, description, authorization_type, auth_parameters)
        _authorize(made, tokens)
        return made

    def found(backend: Any, name: str) -> Any:
        connection = backend.connections.get(name)
        if connection is None:
            text = f"Failed to describe the connection(s). Connection '{name}' does not exist."
            raise ResourceNotFoundException(text)
        return connection

    def update_connection(self: Any, name: str, **changes: Any) -> dict[str, Any]:
        connection = found(self, name)
        kind = changes.get("authorization_type") or connection.authorization_type
        parameters = changes.get("auth_parameters")
        if kind != connection.authorization_type or parameters:
            parameters = parameters or {}
            _check(kind, parameters)
            connection.authorization_type, connection.auth_parameters = kind, parameters
            _write_secret(self, connection)
            _authorize(connection, tokens)
        if changes.get("description") is not None:
            connection.description = changes["description"]
        connection.last_modified_time = time.time()
        told: dict[str, Any] = connection.describe_short()
        return told

    def deauthorize(self: Any, name: str) -> dict[str, Any]:
        connection = found(self, name)
        tokens.forget(connection.arn)
        connection.state, connection.state_reason = "DEAUTHORIZED", "The user deauthorized it."
        connection.auth_parameters = {}
        connection.last_modified_time = time.time()
        told: dict[str, Any] = connection.describe_short()
        return told

    def delete_connection(self: Any, name: str) -> dict[str, Any]:
        tokens.forget(found(self, name).arn)
        return {**delete(self, name), "ConnectionState": "DELETING"}

    def describe_connection(self: Any, name: str) -> dict[str, Any]:
        told: dict[str, Any] = found(self, name).describe()
        return told

    def describe_short(self: Any) -> dict[str, Any]:
        return _known(
            {
                "ConnectionArn": self.arn,
                "ConnectionState": self.state,
                "CreationTime": self.creation_time,
                "LastModifiedTime": getattr(self, "last_modified_time", self.creation_time),
                "LastAuthorizedTime": getattr(self, "last_authorized_time", None),
            }
        )

    def describe(self: Any) -> dict[str, Any]:
        return _known(
            {
                **self.describe_short(),
                "Name": self.name,
                "Description": self.description,
                "AuthorizationType": self.authorization_type,
                "AuthParameters": told_parameters(self.auth_parameters),
                "SecretArn": self.secret_arn,
                "StateReason": getattr(self, "state_reason", None),
            }
        )

    backend_class: Any = EventsBackend
    backend_class.create_connection = create_connection
    backend_class.update_connection = update_connection
    backend_class.deauthorize_connection = deauthorize
    backend_class.delete_connection = delete_connection
    backend_class.describe_connection = describe_connection
    connection_class: Any = Connection
    connection_class.describe = describe
    connection_class.describe_short = describe_short


def _known(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}


def _authorize(connection: Any, tokens: OAuthTokens) -> None:
    """Authorize a connection; with OAuth, once its server has given a token."""
    connection.state_reason = None
    tokens.forget(connection.arn)
    if connection.authorization_type != "OAUTH_CLIENT_CREDENTIALS":
        connection.state, connection.last_authorized_time = "AUTHORIZED", time.time()
        return
    connection.state = "AUTHORIZING"
    threading.Thread(target=_fetch_token, args=[connection, tokens], daemon=True).start()


def _fetch_token(connection: Any, tokens: OAuthTokens) -> None:
    try:
        tokens.header(connection)
    except DeliveryError as error:
        connection.state, connection.state_reason = "DEAUTHORIZED", error.message
    else:
        connection.state, connection.last_authorized_time = "AUTHORIZED", time.time()


def _write_secret(backend: Any, connection: Any) -> None:
    """Let the connection's secret have its new parameters, in moto's form."""
    from moto.secretsmanager.models import secretsmanager_backends
    from moto.utilities.utils import CamelToUnderscoresWalker

    told: dict[str, Any] = {}
    for name, value in connection.auth_parameters.items():
        told.update({name: value} if name == "InvocationHttpParameters" else value)
    secrets = secretsmanager_backends[backend.account_id][backend.region_name]
    text = json.dumps(CamelToUnderscoresWalker.parse(told))
    token = str(uuid.uuid4())
    secrets.update_secret(connection.secret_arn, text, client_request_token=token)


def _answer_for_connections() -> None:
    from moto.events.exceptions import ValidationException
    from moto.events.responses import EventsHandler

    def create_connection(self: Any) -> Any:
        if self._get_param("InvocationConnectivityParameters"):
            raise ValidationException(_NO_PRIVATE_APIS)
        names = ("Name", "Description", "AuthorizationType", "AuthParameters")
        made = self.events_backend.create_connection(*(self._get_param(name) for name in names))
        return self._create_response(made.describe_short())

    def list_connections(self: Any) -> Any:
        prefix, state = self._get_param("NamePrefix") or "", self._get_param("ConnectionState")
        told = [
            _known(
                {
                    **one.describe_short(),
                    "Name": one.name,
                    "AuthorizationType": one.authorization_type,
                    "StateReason": getattr(one, "state_reason", None),
                }
            )
            for one in self.events_backend.list_connections()
            if one.name.startswith(prefix) and state in (None, one.state)
        ]
        return self._create_response({"Connections": told})

    def deauthorize_connection(self: Any) -> Any:
        name = self._get_param("Name")
        return self._create_response(self.events_backend.deauthorize_connection(name))

    handler_class: Any = EventsHandler
    handler_class.create_connection = create_connection
    handler_class.list_connections = list_connections
    handler_class.deauthorize_connection = deauthorize_connection


def _mend_destinations() -> None:
    from moto.events.exceptions import ResourceAlreadyExistsException, ResourceNotFoundException
    from moto.events.models import Destination, EventsBackend
    from moto.events.responses import EventsHandler

    create, update = EventsBackend.create_api_destination, EventsBackend.update_api_destination
    describe = Destination.describe

    def check(backend: Any, arn: str | None) -> None:
        if arn is None:
            return
        connection = backend.connections.get(arn.split("/")[1])
        if connection is None or connection.arn != arn:
            raise ResourceNotFoundException(f"Connection '{arn.split('/')[1]}' does not exist.")

    def create_api_destination(self: Any, name: str, *rest: Any, **named: Any) -> dict[str, Any]:
        if name in self.destinations:
            raise ResourceAlreadyExistsException(f"An api-destination '{name}' already exists.")
        check(self, rest[1] if len(rest) > 1 else named["connection_arn"])
        return create(self, name, *rest, **named)

    def update_api_destination(self: Any, name: str, **changes: Any) -> dict[str, Any]:
        check(self, changes.get("connection_arn"))
        answer = update(self, name, **changes)
        self.destinations[name].last_modified_time = time.time()
        return answer

    def describe_whole(self: Any) -> dict[str, Any]:
        modified = getattr(self, "last_modified_time", self.creation_time)
        return _known({**describe(self), "LastModifiedTime": modified})

    def list_api_destinations(self: Any) -> Any:
        prefix, arn = self._get_param("NamePrefix") or "", self._get_param("ConnectionArn")
        told = [
            {name: value for name, value in one.describe().items() if name != "Description"}
            for one in self.events_backend.list_api_destinations()
            if one.name.startswith(prefix) and arn in (None, one.connection_arn)
        ]
        return self._create_response({"ApiDestinations": told})

    backend_class: Any = EventsBackend
    backend_class.create_api_destination = create_api_destination
    backend_class.update_api_destination = update_api_destination
    destination_class: Any = Destination
    destination_class.describe = describe_whole
    handler_class: Any = EventsHandler
    handler_class.list_api_destinations = list_api_destinations
