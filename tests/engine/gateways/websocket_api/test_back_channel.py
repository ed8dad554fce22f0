"""The way back to clients: POST, GET and DELETE of ``@connections``, and a chat over it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Engine
from web_socket_lab import STAGE, WebSocketApi, asked, end_of, make, make_chat

WHO = (
    "import json\n"
    "def handler(event, context):\n"
    "    return {'statusCode': 200, 'body': json.dumps(event['requestContext'])}\n"
)


@pytest.fixture(scope="module")
def api(engine: Engine) -> WebSocketApi:
    """An API that tells clients who they are."""
    made = make(engine)
    made.route("$default", made.integrate(engine.create(WHO)), responds=True)
    return made


def test_post_get_delete(api: WebSocketApi) -> None:
    before = datetime.now(timezone.utc) - timedelta(seconds=1)
    management = api.management()
    with api.connect(user_agent_header="tester") as client:
        me = asked(client, "who am I")["connectionId"]
        management.post_to_connection(ConnectionId=me, Data=b"hello")
        assert client.recv(timeout=60) == "hello"
        shown = management.get_connection(ConnectionId=me)
        assert shown["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "tester"}
        assert before < shown["ConnectedAt"] <= shown["LastActiveAt"]
        management.delete_connection(ConnectionId=me)
        assert end_of(client)[0] == 1000
    for operation in (management.get_connection, management.delete_connection):
        with pytest.raises(management.exceptions.GoneException) as gone:
            operation(ConnectionId=me)
        assert gone.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410
    with pytest.raises(management.exceptions.GoneException):
        management.post_to_connection(ConnectionId=me, Data=b"too late")


def test_size_of_a_post(api: WebSocketApi) -> None:
    management = api.management()
    with api.connect(max_size=None) as client:
        me = asked(client, "who am I")["connectionId"]
        management.post_to_connection(ConnectionId=me, Data=b"x" * 131_072)
        assert len(client.recv(timeout=60)) == 131_072
        with pytest.raises(management.exceptions.PayloadTooLargeException):
            management.post_to_connection(ConnectionId=me, Data=b"x" * 131_073)


def test_bad_posts(api: WebSocketApi) -> None:
    management = api.management()
    with pytest.raises(ClientError) as bad:
        management.post_to_connection(ConnectionId="nobody", Data=b"x")
    assert bad.value.response["Error"]["Code"] == "BadRequestException"
    assert bad.value.response["Error"]["Message"] == "Invalid connectionId: nobody"
    with api.connect() as client:
        me = asked(client, "who am I")["connectionId"]
        with pytest.raises(ClientError) as bad:
            management.post_to_connection(ConnectionId=me, Data=b"\xff")
        assert bad.value.response["Error"]["Code"] == "BadRequestException"


def test_connections_of_another_stage_are_gone(engine: Engine, api: WebSocketApi) -> None:
    other = make(engine)
    other.route("$default", other.integration(IntegrationType="MOCK"))
    management = other.management()
    with api.connect() as client:
        me = asked(client, "who am I")["connectionId"]
        with pytest.raises(management.exceptions.GoneException):
            management.post_to_connection(ConnectionId=me, Data=b"x")


def test_by_host_and_by_the_api_s_own_address(api: WebSocketApi) -> None:
    port = api.engine.url.rpartition(":")[2]
    with api.connect() as client:
        context = asked(client, "who am I")
        by_host = api.management(f"http://127.0.0.1:{port}/{STAGE}")

        def rewrite(request: Any, **_: Any) -> None:
            request.headers["Host"] = f"{api.api_id}.execute-api.localhost:{port}"

        by_host.meta.events.register("before-sign.*", rewrite)
        by_host.post_to_connection(ConnectionId=context["connectionId"], Data=b"by host")
        assert client.recv(timeout=60) == "by host"
        own = api.management(f"http://{context['domainName']}/{STAGE}")
        own.post_to_connection(ConnectionId=context["connectionId"], Data=b"by address")
        assert client.recv(timeout=60) == "by address"


def test_it_has_to_be_signed_for_execute_api(api: WebSocketApi) -> None:
    with api.connect() as client:
        me = asked(client, "who am I")["connectionId"]
        url = f"{api.back}/@connections/{me}"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(url, b"x", method="POST"), timeout=60)
        with refused.value as answer:
            assert answer.code == 403
            assert json.loads(answer.read())["message"] == "Missing Authentication Token"
        stranger = api.engine.client(
            "apigatewaymanagementapi", endpoint_url=api.back, aws_secret_access_key="wrong"
        )
        with pytest.raises(ClientError) as refused_too:
            stranger.post_to_connection(ConnectionId=me, Data=b"x")
        assert refused_too.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        assert asked(client, "who am I")["connectionId"] == me


@pytest.mark.slow
def test_a_client_that_does_not_read_is_cut_off_and_stops_nobody(api: WebSocketApi) -> None:
    management = api.management()
    with api.connect(max_queue=1, close_timeout=1) as deaf, api.connect() as client:
        me = asked(deaf, "who am I")["connectionId"]
        other = asked(client, "who am I")["connectionId"]
        posting = partial(management.post_to_connection, ConnectionId=me, Data=b"x" * 131_072)
        with ThreadPoolExecutor(1) as pool:
            until = pool.submit(_for_ever, posting)
            management.post_to_connection(ConnectionId=other, Data=b"still here")
            assert client.recv(timeout=60) == "still here"
            with pytest.raises(management.exceptions.GoneException):
                until.result()


def _for_ever(call: Callable[[], object]) -> None:
    while True:
        call()


def test_chat(engine: Engine) -> None:
    chat = make_chat(engine)
    with chat.connect("?name=Ada") as ada, chat.connect("?name=Bob") as bob:
        ada.send(json.dumps({"action": "say", "text": "hello"}))
        assert ada.recv(timeout=60) == bob.recv(timeout=60) == "Ada: hello"
        bob.send(json.dumps({"action": "say", "text": "hi"}))
        assert ada.recv(timeout=60) == bob.recv(timeout=60) == "Bob: hi"
