"""Claim: an engine with a handful of resources is emptied between two tests in less than 50 ms.

python benchmarks/testing.py [--rounds 20]

The peer is moto's server with the same buckets, queues and tables; it has no functions to kill.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
from support import peers

from lambda_nb.testing.engine import started

FEW = 5
ECHO = "def handler(event, context):\n    return event\n"


def main() -> None:
    """Print the medians of both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    engine = started("us-east-1", "000000000000")
    engine.variables("us-east-1")
    own = {"aws_access_key_id": engine.access_key, "aws_secret_access_key": engine.secret_key}
    try:
        with moto_server() as url:
            ours, first, theirs = [], [], []
            for _ in range(rounds + 1):  # the first round loads what is loaded late
                fill(engine.url, own)
                first.append(functions(engine.url, own))
                ours.append(seconds(engine.reset))
                fill(url, {"aws_access_key_id": "test", "aws_secret_access_key": "test"})
                theirs.append(seconds(lambda: post(f"{url}/moto-api/reset")))
    finally:
        engine.stop()
    print(f"Emptying between two tests ({peers.machine()}; medians of {rounds})\n")
    print(f"lambda_nb: {FEW} each of buckets, queues, tables, functions   {median(ours):7.1f} ms")
    print(f"moto server: {FEW} each of buckets, queues, tables            {median(theirs):7.1f} ms")
    print(f"lambda_nb: first invocation after it                   {median(first):7.1f} ms")


def median(taken: list[float]) -> float:
    """Milliseconds, without the first round."""
    return statistics.median(taken[1:]) * 1e3


def seconds(work: Callable[[], Any]) -> float:
    """How long work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def post(url: str) -> None:
    """A POST without a body."""
    with urllib.request.urlopen(urllib.request.Request(url, b"", method="POST"), timeout=60):
        pass


def fill(url: str, keys: dict[str, str]) -> None:
    """Make a few of everything that both have."""
    made = {"endpoint_url": url, "region_name": "us-east-1", **keys}
    s3, sqs, tables = (boto3.client(name, **made) for name in ("s3", "sqs", "dynamodb"))
    for number in range(FEW):
        s3.create_bucket(Bucket=f"bucket-{number}")
        s3.put_object(Bucket=f"bucket-{number}", Key="key", Body=b"content")
        queue = sqs.create_queue(QueueName=f"queue-{number}")["QueueUrl"]
        sqs.send_message(QueueUrl=queue, MessageBody="body")
        tables.create_table(
            TableName=f"table-{number}",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )


def functions(url: str, keys: dict[str, str]) -> float:
    """Make functions and run each; seconds of the first invocation."""
    from lambda_nb.testing.functions import packaged, runtime

    client = boto3.client("lambda", endpoint_url=url, region_name="us-east-1", **keys)
    code, handler = packaged(ECHO, Path.cwd())
    taken = []
    for number in range(FEW):
        client.create_function(
            FunctionName=f"function-{number}",
            Runtime=runtime(),
            Handler=handler,
            Role="arn:aws:iam::000000000000:role/benchmark",
            Code={"ZipFile": code},
        )
        wait = {"Delay": 0.02}
        client.get_waiter("function_active_v2").wait(
            FunctionName=f"function-{number}", WaiterConfig=wait
        )
        taken.append(seconds(lambda: client.invoke(FunctionName=f"function-{number}")))  # noqa: B023
    return taken[0]


@contextlib.contextmanager
def moto_server() -> Iterator[str]:
    """moto's own server on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 0.1).close()
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
