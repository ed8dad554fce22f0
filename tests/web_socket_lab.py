"""WebSocket APIs on a real engine, and clients for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from engine_fixtures import Engine
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

STAGE = "prod"
ACTION = "$request.body.action"
CHAT = """\
import boto3, json, os
table = boto3.resource('dynamodb').Table(os.environ['TABLE'])

def handler(event, context):
    at = event['requestContext']
    me = at['connectionId']
    if at['routeKey'] == '$connect':
        name = event['queryStringParameters']['name']
        table.put_item(Item={'id': me, 'name': name})
    elif at['routeKey'] == '$disconnect':
        table.delete_item(Key={'id': me})
    else:
        say(at, me, json.loads(event['body'])['text'])
    return {'statusCode': 200}

def say(at, me, text):
    client = boto3.client(
        'apigatewaymanagementapi', endpoint_url=f"https://{at['domainName']}/{at['stage']}"
    )
    everybody = table.scan()['Items']
    name = next(one['name'] for one in everybody if one['id'] == me)
    for one in everybody:
        try:
            client.post_to_connection(ConnectionId=one['id'], Data=f'{name}: {text}'.encode())
        except client.exceptions.GoneException:
            table.delete_item(Key={'id': one['id']})
"""


@dataclass
class WebSocketApi:
    """One WebSocket API with one stage, deployed by itself."""

    engine: Engine
    api_id: str

    @property
    def url(self) -> str:
        """Where clients connect, by path."""
        return f"{self.engine.url.replace('http', 'ws', 1)}/execute-api/{self.api_id}/{STAGE}"

    @property
    def back(self) -> str:
        """The endpoint of the back channel."""
        return f"{self.engine.url}/execute-api/{self.api_id}/{STAGE}"

    @property
    def v2(self) -> Any:
        """The client that configures."""
        return self.engine.client("apigatewayv2")

    def connect(self, query: str = "", **options: Any) -> connect:
        """A client, to be entered; ``additional_headers`` and the like are those of websockets."""
        options = {"open_timeout": 60, "close_timeout": 30, **options}
        return connect(self.url + query, **options)

    def refused(self, query: str = "", **options: Any) -> tuple[int, Any]:
        """Status and body with which a handshake is refused."""
        with pytest.raises(InvalidStatus) as refused, self.connect(query, **options):
            pass
        response = refused.value.response
        return response.status_code, json.loads(response.body) if response.body else None

    def management(self, endpoint: str | None = None) -> Any:
        """A boto3 client of the back channel."""
        return self.engine.client("apigatewaymanagementapi", endpoint_url=endpoint or self.back)

    def integrate(self, function: str, kind: str = "AWS_PROXY", **settings: Any) -> str:
        """An integration of a function that may be invoked; returns its id."""
        region, account = self.engine.region, self.engine.account
        arn = f"arn:aws:lambda:{region}:{account}:function:{function}"
        self.engine.client().add_permission(
            FunctionName=function,
            StatementId=f"api-{self.api_id}-{self.engine.name('s')}",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{region}:{account}:{self.api_id}/*",
        )
        return self.integration(IntegrationType=kind, IntegrationUri=self.uri(arn), **settings)

    def uri(self, function_arn: str) -> str:
        """The URI of a function's integration, or of an authorizer."""
        region = self.engine.region
        path = f"lambda:path/2015-03-31/functions/{function_arn}/invocations"
        return f"arn:aws:apigateway:{region}:{path}"

    def integration(self, **settings: Any) -> str:
        """An integration; returns its id."""
        answer = self.v2.create_integration(ApiId=self.api_id, **settings)
        return str(answer["IntegrationId"])

    def route(
        self, key: str, integration: str | None, *, responds: bool = False, **settings: Any
    ) -> str:
        """A route, with the route response ``$default`` if it responds; returns its id."""
        if integration is not None:
            settings["Target"] = f"integrations/{integration}"
        if responds:
            settings["RouteResponseSelectionExpression"] = "$default"
        answer = self.v2.create_route(ApiId=self.api_id, RouteKey=key, **settings)
        if responds:
            self.v2.create_route_response(
                ApiId=self.api_id, RouteId=answer["RouteId"], RouteResponseKey="$default"
            )
        return str(answer["RouteId"])


def make(engine: Engine, selection: str = ACTION, **stage: Any) -> WebSocketApi:
    """A new API; ``stage`` has settings of its stage."""
    client = engine.client("apigatewayv2")
    answer = client.create_api(
        Name=engine.name("ws"), ProtocolType="WEBSOCKET", RouteSelectionExpression=selection
    )
    client.create_stage(ApiId=answer["ApiId"], StageName=STAGE, AutoDeploy=True, **stage)
    return WebSocketApi(engine, answer["ApiId"])


def make_chat(engine: Engine) -> WebSocketApi:
    """A chat: everybody hears ``name: text`` of everybody who has connected with ``?name=``."""
    table = engine.name("chat")
    engine.client("dynamodb").create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    chat = make(engine)
    integration = chat.integrate(
        engine.create(CHAT, Environment={"Variables": {"TABLE": table}}, Timeout=30)
    )
    for route in ("$connect", "$disconnect", "say"):
        chat.route(route, integration)
    return chat


def asked(client: ClientConnection, message: Any) -> Any:
    """Send a message (text, or what becomes JSON), and return the next one that comes back."""
    client.send(message if isinstance(message, str) else json.dumps(message))
    return json.loads(client.recv(timeout=60))


def end_of(client: ClientConnection) -> tuple[int, str]:
    """Read until the server ends a connection; the close code and reason that it sent."""
    with pytest.raises(ConnectionClosed) as ended:
        _read_on(client)
    assert ended.value.rcvd is not None, "the connection was cut off"
    return ended.value.rcvd.code, ended.value.rcvd.reason


def _read_on(client: ClientConnection) -> None:
    while True:
        client.recv(timeout=60)
