"""Clients of key value stores fill them: boto3, AWS's command line, the notebook, a function."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from edge_configuration_lab import listed
from edge_site_lab import Site, ask, behaviour, distribute
from engine_fixtures import Engine, error_of

from lambda_nb.engine.gateways.shared.own_addresses import is_loopback
from lambda_nb.notebook.connection.clients import Beside
from lambda_nb.notebook.connection.endpoint import Connection
from lambda_nb.notebook.connection.session import Session

AWS = Path(sys.executable).with_name("aws")
VALUES = "cloudfront-keyvaluestore"
ANSWER = (
    "import cf from 'cloudfront';\n"
    "async function handler(event) {"
    " return {statusCode: 200, body: await cf.kvs().get('greeting')}; }"
)


@pytest.fixture
def store(engine: Engine) -> str:
    """The ARN of a new store."""
    made = engine.client("cloudfront").create_key_value_store(Name=engine.name("store"))
    return str(made["KeyValueStore"]["ARN"])


@pytest.fixture
def by_name(engine: Engine) -> str:
    """The engine's URL by a name, which SDKs put the account before."""
    pytest.importorskip("awscrt", reason="needs awscrt, which signs (pip install awscrt)")
    name = f"{engine.account}.localhost"
    if not is_loopback(name):
        pytest.skip(f"the resolver of this machine does not know {name}")
    return f"http://localhost:{urlsplit(engine.url).port}"


def notebooks(engine: Engine, url: str) -> Any:
    """The client of a notebook that is connected to the engine."""
    given = Connection(url, engine.region, engine.account, engine.keys)
    return Session.new_client(VALUES, given)


def functions(engine: Engine, url: str) -> Any:
    """The client beside that of a function's handle."""
    return Beside(engine.client("lambda", endpoint_url=url)).client(VALUES)


def boto3s(engine: Engine, url: str) -> Any:
    """A client as boto3 makes it."""
    return engine.client(VALUES, endpoint_url=url)


def filled(values: Any, store: str) -> None:
    """Every operation of the API."""
    about = values.describe_key_value_store(KvsARN=store)
    assert (about["ItemCount"], about["Status"]) == (0, "READY")
    etag = values.put_key(KvsARN=store, Key="a/b c", Value="ä", IfMatch=about["ETag"])["ETag"]
    assert values.get_key(KvsARN=store, Key="a/b c")["Value"] == "ä"
    puts = [{"Key": "greeting", "Value": "hello"}, {"Key": "other", "Value": "x"}]
    deletes = [{"Key": "a/b c"}]
    etag = values.update_keys(KvsARN=store, Puts=puts, Deletes=deletes, IfMatch=etag)["ETag"]
    assert values.list_keys(KvsARN=store)["Items"] == puts
    values.delete_key(KvsARN=store, Key="other", IfMatch=etag)
    assert values.list_keys(KvsARN=store)["Items"] == puts[:1]
    stale = {"KvsARN": store, "Key": "x", "Value": "y", "IfMatch": etag}
    assert error_of(lambda: values.put_key(**stale))[0] == "ConflictException"


@pytest.mark.parametrize("made", [notebooks, functions])
def test_the_clients_of_a_notebook(engine: Engine, store: str, made: Any) -> None:
    values = made(engine, engine.url)
    filled(values, store)
    values.close()


def test_boto3_and_a_function_that_reads(
    engine: Engine, store: str, by_name: str, site: Site
) -> None:
    values = boto3s(engine, by_name)
    filled(values, store)
    cloudfront = engine.client("cloudfront")
    config = {
        "Comment": "",
        "Runtime": "cloudfront-js-2.0",
        "KeyValueStoreAssociations": listed({"KeyValueStoreARN": store}),
    }
    name = engine.name("greeter")
    made = cloudfront.create_function(
        Name=name, FunctionConfig=config, FunctionCode=ANSWER.encode()
    )
    cloudfront.publish_function(Name=name, IfMatch=made["ETag"])
    arn = made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
    event = listed({"EventType": "viewer-request", "FunctionARN": arn})
    told = behaviour(FunctionAssociations=event)
    distribution = distribute(engine, site.origin(), DefaultCacheBehavior=told)
    assert ask(engine, distribution).body == b"hello"
    etag = values.describe_key_value_store(KvsARN=store)["ETag"]
    values.put_key(KvsARN=store, Key="greeting", Value="good day", IfMatch=etag)
    assert ask(engine, distribution).body == b"good day"


def test_a_stranger_changes_nothing(engine: Engine, store: str, by_name: str) -> None:
    keys = {**engine.keys, "aws_secret_access_key": "guessed"}
    values = engine.client(VALUES, endpoint_url=by_name, **keys)
    code, said = error_of(lambda: values.describe_key_value_store(KvsARN=store))[:2]
    assert code == "InvalidSignatureException"
    assert "does not match" in said


@pytest.mark.skipif(not AWS.exists(), reason=f"no aws CLI at {AWS}")
def test_aws_s_command_line(engine: Engine, store: str, by_name: str) -> None:
    def aws(*words: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, str(AWS), "--endpoint-url", by_name, VALUES, *words],
            env={**engine.environ, "AWS_PAGER": ""},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    etag = aws("describe-key-value-store", "--kvs-arn", store)["ETag"]
    pair = ("--key", "k", "--value", "v")
    aws("put-key", "--kvs-arn", store, *pair, "--if-match", etag)
    assert aws("list-keys", "--kvs-arn", store)["Items"] == [{"Key": "k", "Value": "v"}]


def test_a_lambda_function_fills_a_store(engine: Engine, store: str) -> None:
    """Signed by Version 4, since the SDK of AWS's runtimes has no awscrt."""
    name = engine.create(
        "import boto3, socket\nfrom botocore.config import Config\n"
        "def handler(event, context):\n"
        "    try:\n"
        "        socket.getaddrinfo(event['host'], 80)\n"
        "    except OSError:\n"
        "        return None\n"
        "    config = Config(signature_version='v4')\n"
        "    values = boto3.client('cloudfront-keyvaluestore', config=config)\n"
        "    etag = values.describe_key_value_store(KvsARN=event['store'])['ETag']\n"
        "    values.put_key(KvsARN=event['store'], Key='k', Value='v', IfMatch=etag)\n"
        "    return values.get_key(KvsARN=event['store'], Key='k')['Value']\n",
        Timeout=60,
    )
    event = {"host": f"{engine.account}.localhost", "store": store}
    done = engine.client().invoke(FunctionName=name, Payload=json.dumps(event))
    told = json.loads(done["Payload"].read())
    if told is None:
        pytest.skip("functions do not know *.localhost here, below isolation level 2")
    assert told == "v"
