"""Calls of services that need the engine's own threads before they answer."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from aiohttp import web
from botocore.config import Config

from lambda_nb.engine.events.asynchronous.destinations import Destinations

MANY = 20
"""More than a loop has threads of its own."""
QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"


async def test_many_calls_at_once_leave_the_loop_its_own_threads() -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(6))  # what it has on two cores
    received: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        body = await request.json()
        await asyncio.to_thread(received.append, body.get("MessageBody", ""))
        told = {"QueueUrl": f"http://{request.host}/q"}
        if "MessageBody" in body:
            told = {"MessageId": "m", "MD5OfMessageBody": ""}
        return web.Response(text=json.dumps(told), content_type="application/x-amz-json-1.0")

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    client = boto3.client(
        "sqs",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(read_timeout=10, retries={"total_max_attempts": 1}, max_pool_connections=50),
    )

    async def connect(service: str) -> Any:
        return client

    sender = Destinations(connect)
    letters = [sender.dead_letter(QUEUE, f"letter {n}", {}) for n in range(MANY)]
    try:
        await asyncio.gather(*letters)
    finally:
        client.close()
        await runner.cleanup()
    assert sorted(filter(None, received)) == sorted(f"letter {n}" for n in range(MANY))
