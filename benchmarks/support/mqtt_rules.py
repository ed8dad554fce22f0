"""A message from a device through a topic rule of the whole engine to a function."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
from botocore.config import Config
from support import mqtt_load, peers
from support.ear import Ear, mark

PATIENCE_S = 10.0


def measure(messages: int, burst: int) -> dict[str, list[float]]:
    """Seconds from PUBLISH to the handler, one message at a time; and messages a second of a burst.

    The device connects with an access key; each message has QoS 1.
    """
    ear = Ear()
    with peers.lambda_nb(auth="sigv4") as peer:
        _rule(peer, ear)
        device = mqtt_load.Client(peer.port, "device", peer.credentials)
        seconds = []
        for number in range(messages + 5):
            name = mark()
            began = time.time_ns()
            mqtt_load.with_marks(device, [name])
            if not ear.wait([name], PATIENCE_S):
                raise RuntimeError(f"the message {name} did not reach the handler")
            if number >= 5:  # the first ones start the function
                seconds.append((ear.came[name] - began) / 1e9)
            time.sleep(0.01)
        rates = []
        for _ in range(3):
            names = [mark() for _ in range(burst)]
            began = time.time_ns()
            mqtt_load.with_marks(device, names)
            came = ear.wait(names, PATIENCE_S)
            if len(came) < burst:
                raise RuntimeError(f"{burst - len(came)} messages did not reach the handler")
            rates.append(burst / ((max(ear.came[name] for name in names) - began) / 1e9))
        device.line.close()
    return {"seconds": seconds, "rate": rates}


def _rule(peer: peers.Peer, ear: Ear) -> None:
    peers.create_echo(peer.client(), "told", ear.code)
    arn = peer.client().get_function(FunctionName="told")["Configuration"]["FunctionArn"]
    _client(peer, "iot").create_topic_rule(
        ruleName="told",
        topicRulePayload={
            "sql": f"SELECT mark FROM '{mqtt_load.TOPIC.decode()}'",
            "awsIotSqlVersion": "2016-03-23",
            "actions": [{"lambda": {"functionArn": arn}}],
        },
    )
    peer.client().add_permission(
        FunctionName="told",
        StatementId="iot",
        Action="lambda:InvokeFunction",
        Principal="iot.amazonaws.com",
    )
    peer.client().invoke(FunctionName="told", Payload=json.dumps({}).encode())


def _client(peer: peers.Peer, service: str) -> Any:
    key, secret = peer.credentials
    return boto3.client(
        service,
        endpoint_url=peer.url,
        region_name=peers.REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )
