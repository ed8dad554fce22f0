"""The Serverless Framework's free fork deploys, invokes, changes and removes a service."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from deployment_tools import asked, await_log, command_for, outputs
from engine_fixtures import Engine

SERVICE = Path(__file__).parent / "serverless"


def test_a_service_from_deploy_to_remove(
    start_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    engine = start_engine("--runtime-fallback", "nearest")
    service = tmp_path / "service"
    shutil.copytree(SERVICE, service)
    osls = command_for("osls", engine, service)

    assert "Service deployed to stack shop-dev" in osls("deploy")
    made = outputs(engine, "shop-dev")
    for url in (made["ServiceEndpoint"] + "/rest/7", made["HttpApiUrl"] + "/items/7"):
        status, body = asked(engine, url)
        assert (status, json.loads(body)) == (200, {"says": "first", "parameters": {"id": "7"}})

    engine.client("sqs").send_message(QueueUrl=made["QueueUrl"], MessageBody="by the queue")
    news = f"arn:aws:sns:{engine.region}:{engine.account}:shop-news"
    engine.client("sns").publish(TopicArn=news, Message="by the topic")
    await_log(engine, "shop-dev-queue", "by the queue", "by the topic")
    assert "by the queue" in osls("logs", "--function", "queue")

    code = service / "handler.js"
    code.write_text(code.read_text().replace("first", "second"))
    osls("deploy", "function", "--function", "web")
    assert "second" in osls("invoke", "--function", "web", "--data", "{}")
    osls("remove")
    assert engine.client().list_functions()["Functions"] == []
