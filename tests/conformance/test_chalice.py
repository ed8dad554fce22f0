"""The real Chalice deploys, invokes, tells logs and deletes an app: by its own calls, no stack."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from deployment_tools import asked, await_log, command_for
from engine_fixtures import Engine

APP = Path(__file__).parent / "chalice"


def test_an_app_from_deploy_to_delete(engine: Engine, tmp_path: Path) -> None:
    app = tmp_path / "app"
    shutil.copytree(APP, app)
    chalice = command_for("chalice", engine, app)
    queue = engine.client("sqs").create_queue(QueueName="shop-orders")["QueueUrl"]
    topic = engine.client("sns").create_topic(Name="shop-news")["TopicArn"]

    assert "Rest API URL" in chalice("deploy")
    url = chalice("url").strip()
    assert asked(engine, f"{url}items/cup") == (200, b'{"item":"cup"}')
    assert asked(engine, f"{url}private")[0] == 401
    assert asked(engine, f"{url}private", authorization="stranger")[0] == 403
    status, body = asked(engine, f"{url}private", authorization="friend")
    assert (status, json.loads(body)) == (200, {"who": "somebody"})

    engine.client("sqs").send_message(QueueUrl=queue, MessageBody="a cup")
    engine.client("sns").publish(TopicArn=topic, Message="an offer")
    await_log(engine, "shop-dev-order", "ordered a cup")
    await_log(engine, "shop-dev-news", "heard an offer")
    assert "ordered a cup" in chalice("logs", "--name", "order")

    code = app / "app.py"
    code.write_text(code.read_text().replace('"got"', '"received"'))
    chalice("deploy")
    answer = engine.client().invoke(FunctionName="shop-dev-bare", Payload=b"1")
    assert json.load(answer["Payload"]) == {"received": 1}
    chalice("delete")
    names = [one["FunctionName"] for one in engine.client().list_functions()["Functions"]]
    assert not [name for name in names if name.startswith("shop-dev")]
    assert engine.client("apigateway").get_rest_apis()["items"] == []
