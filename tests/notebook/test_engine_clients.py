"""The notebook's clients of services whose names begin with an account or a word of AWS's."""

from __future__ import annotations

from typing import Any

import pytest
from engine_fixtures import Engine, error_of

from lambda_nb.notebook.connection.clients import Beside
from lambda_nb.notebook.connection.endpoint import Connection
from lambda_nb.notebook.connection.session import Session

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:nobody"
KEYS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret"}


@pytest.mark.parametrize("way", ["session", "beside"])
def test_an_account_before_the_name_is_left_out(engine: Engine, way: str) -> None:
    if way == "session":
        given = Connection(engine.url, engine.region, engine.account, engine.keys)
        control = Session.new_client("s3control", given)
    else:
        control = Beside(engine.client()).client("s3control")
    # boto3 would ask 000000000000.127.0.0.1
    code = error_of(lambda: control.get_public_access_block(AccountId=engine.account))[0]
    assert code == "NoSuchPublicAccessBlockConfiguration"
    control.close()


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://127.0.0.1:4571", "http://127.0.0.1:4571/"),
        (None, "https://sync-states.eu-west-1.amazonaws.com/"),
    ],
)
def test_only_aws_has_such_names(url: str | None, asked: str) -> None:
    client = Session.new_client("stepfunctions", Connection(url, "eu-west-1", "", KEYS))
    seen: list[str] = []

    def stop(request: Any, **told: Any) -> None:
        seen.append(request.url)
        raise InterruptedError

    client.meta.events.register("before-send", stop)
    with pytest.raises(InterruptedError):
        client.start_sync_execution(stateMachineArn=MACHINE)
    assert seen == [asked]
    client.close()
