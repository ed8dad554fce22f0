"""The neighbours: a child that comes, serves and goes with the engine."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import boto3
import psutil
import pytest
from execution_lab import until

from lambda_nb.engine.aws_calls.endpoint import Endpoint
from lambda_nb.engine.neighbours.process.supervisor import Neighbours, NeighboursError

ACCOUNT = "000000000000"


def client(service: str, at: Endpoint) -> Any:
    made = boto3.client(
        service,
        endpoint_url=at.url,
        region_name="eu-west-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    return at.reach(made)


def child_of(work_dir: Path) -> psutil.Process:
    """The neighbours that work in this directory; other tests of this process may have theirs."""
    children = psutil.Process().children()
    (child,) = [p for p in children if p.cmdline()[-1:] == [str(work_dir)]]
    return child


async def test_services_answer_for_the_account_and_region(tmp_path: Path) -> None:
    neighbours = Neighbours(account=ACCOUNT, region="eu-west-1", work_dir=tmp_path)
    with pytest.raises(NeighboursError, match="not started"):
        _ = neighbours.endpoint
    await neighbours.start()
    try:
        url = neighbours.endpoint
        assert str(url) == f"unix:{tmp_path}/socket"
        assert client("sts", url).get_caller_identity()["Account"] == ACCOUNT
        queue = client("sqs", url).create_queue(QueueName="q")["QueueUrl"]
        sqs = client("sqs", url)
        sqs.send_message(QueueUrl=queue, MessageBody="hello")
        assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "hello"
        # Terraform compares the policy with what it gave, letter by letter.
        arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"
        policy = f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":3}}'
        led = sqs.create_queue(QueueName="led", Attributes={"RedrivePolicy": policy})["QueueUrl"]
        told = sqs.get_queue_attributes(QueueUrl=led, AttributeNames=["RedrivePolicy"])
        assert told["Attributes"] == {"RedrivePolicy": policy}
        client("s3", url).create_bucket(
            Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        client("s3", url).put_object(Bucket="bucket", Key="k", Body=b"data")
        assert client("s3", url).get_object(Bucket="bucket", Key="k")["Body"].read() == b"data"
        child = child_of(tmp_path)
        assert not child.net_connections()
        assert tmp_path.stat().st_mode & 0o777 == 0o700
    finally:
        await neighbours.close()
    assert not child.is_running()
    assert not (tmp_path / "socket").exists()


ASK = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
try:
    s.sendall(b"GET / HTTP/1.0\\r\\nHost: s3.localhost\\r\\n\\r\\n")
    print(len(s.recv(1)))
except OSError:
    print(0)
"""


async def test_another_process_is_not_answered_and_pages_are_not_allowed(tmp_path: Path) -> None:
    """Not even a process of the same user, which may open the socket."""
    neighbours = Neighbours(account=ACCOUNT, region="eu-west-1", work_dir=tmp_path)
    await neighbours.start()
    try:
        at = neighbours.endpoint
        ask = [sys.executable, "-c", ASK, str(at.socket)]
        said = await asyncio.to_thread(subprocess.check_output, ask, timeout=30)
        assert said == b"0\n"
        async with aiohttp.ClientSession(connector=at.connector()) as session:
            scope = "Credential=x/20260101/eu-west-1/s3/aws4_request"
            headers = {
                "Origin": "http://page.example",
                "Authorization": f"AWS4-HMAC-SHA256 {scope}",
            }
            async with session.get(at.url, headers=headers) as reply:
                assert reply.status == 200
                assert "Access-Control-Allow-Origin" not in reply.headers
    finally:
        await neighbours.close()


async def test_a_directory_with_a_long_name(tmp_path: Path) -> None:
    """A Unix socket's path has 107 bytes at most. A longer one is put elsewhere, as private."""
    work_dir = tmp_path / ("long" * 30)
    neighbours = Neighbours(account=ACCOUNT, region="eu-west-1", work_dir=work_dir)
    await neighbours.start()
    try:
        path = Path(str(neighbours.endpoint.socket))
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert client("sts", neighbours.endpoint).get_caller_identity()["Account"] == ACCOUNT
    finally:
        await neighbours.close()
    assert not path.parent.exists()


async def test_a_queue_with_a_backlog_stays_quick(tmp_path: Path) -> None:
    """Unpatched moto counts all messages three times for every message received."""
    neighbours = Neighbours(account=ACCOUNT, region="eu-west-1", work_dir=tmp_path)
    await neighbours.start()
    try:
        sqs = client("sqs", neighbours.endpoint)
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        for batch in range(20):
            entries = [{"Id": str(i), "MessageBody": f"{batch}-{i}"} for i in range(10)]
            sqs.send_message_batch(QueueUrl=queue, Entries=entries)
        seen = set()
        while True:
            found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
            if not found:
                break
            seen |= {message["Body"] for message in found}
            sqs.delete_message_batch(
                QueueUrl=queue,
                Entries=[
                    {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(found)
                ],
            )
        assert len(seen) == 200
        attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        assert attributes["ApproximateNumberOfMessages"] == "0"
    finally:
        await neighbours.close()


async def test_an_endpoint_of_ones_own(tmp_path: Path) -> None:
    neighbours = Neighbours(
        account=ACCOUNT, region="r", work_dir=tmp_path / "w", external_url="http://127.0.0.1:9"
    )
    await neighbours.start()
    assert str(neighbours.endpoint) == neighbours.endpoint.url == "http://127.0.0.1:9"
    await neighbours.close()
    assert not (tmp_path / "w").exists()


async def test_what_is_deleted_or_replaced_is_freed(tmp_path: Path) -> None:
    """Unpatched moto keeps a list of every object that it ever made."""
    neighbours = Neighbours(account=ACCOUNT, region="eu-west-1", work_dir=tmp_path)
    await neighbours.start()
    try:
        sqs, dynamodb = client("sqs", neighbours.endpoint), client("dynamodb", neighbours.endpoint)
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        dynamodb.create_table(
            TableName="t",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

        def use(times: int) -> None:
            for _ in range(times):
                body = "x" * 100_000
                sqs.send_message(QueueUrl=queue, MessageBody=body)
                (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                dynamodb.put_item(TableName="t", Item={"id": {"S": "k"}, "body": {"S": body}})

        use(50)
        child = child_of(tmp_path)
        before = child.memory_info().rss
        use(400)  # 80 MB in all
        assert child.memory_info().rss - before < 30e6
    finally:
        await neighbours.close()


async def test_streams_tell_that_something_came(tmp_path: Path) -> None:
    news: list[tuple[str, str]] = []
    neighbours = Neighbours(
        account=ACCOUNT,
        region="eu-west-1",
        work_dir=tmp_path,
        news=lambda arn, shard: news.append((arn, shard)),
    )
    await neighbours.start()
    try:
        kinesis = client("kinesis", neighbours.endpoint)
        kinesis.create_stream(StreamName="two", ShardCount=2)
        arn = kinesis.describe_stream(StreamName="two")["StreamDescription"]["StreamARN"]
        one = kinesis.put_record(StreamName="two", PartitionKey="a", Data=b"x")["ShardId"]
        await until(lambda: bool(news))
        assert news == [(arn, one)]
        news.clear()
        many = [{"PartitionKey": str(key), "Data": b"x"} for key in range(20)]
        shards = kinesis.put_records(StreamName="two", Records=many)["Records"]
        await until(lambda: len(news) == 2)
        assert set(news) == {(arn, record["ShardId"]) for record in shards}
        news.clear()
        dynamodb = client("dynamodb", neighbours.endpoint)
        table = dynamodb.create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
        )["TableDescription"]
        dynamodb.put_item(TableName="table", Item={"id": {"S": "a"}})
        dynamodb.delete_item(TableName="table", Key={"id": {"S": "a"}})
        await until(lambda: len(news) == 2)
        assert {arn for arn, _ in news} == {table["LatestStreamArn"]}
    finally:
        await neighbours.close()


async def test_a_connection_serves_many_requests(tmp_path: Path) -> None:
    neighbours = Neighbours(account=ACCOUNT, region="eu-west-1", work_dir=tmp_path)
    await neighbours.start()
    try:
        path = neighbours.endpoint.socket
        assert path is not None
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(path)
            assert ask(connection, "PUT", "/bucket")[0].startswith(b"HTTP/1.1 200 ")
            for body in (b"", b"some", bytes(range(256)) * 4000):
                assert ask(connection, "PUT", "/bucket/k", body)[0].startswith(b"HTTP/1.1 200 ")
                head, content = ask(connection, "GET", "/bucket/k")
                assert (content, b"connection: close" in head.lower()) == (body, False)
            head, content = ask(connection, "HEAD", "/bucket/k")
            assert (b"content-length: 1024000" in head.lower(), content) == (True, b"")
            assert ask(connection, "DELETE", "/bucket/k")[0].startswith(b"HTTP/1.1 204 ")
            assert ask(connection, "GET", "/bucket/k")[0].startswith(b"HTTP/1.1 404 ")
            large = bytes(3 << 20)
            assert ask(connection, "PUT", "/bucket/l", large)[0].startswith(b"HTTP/1.1 200 ")
            assert connection.recv(1) == b""  # closed: the body was not read before the check
        at = client("s3", neighbours.endpoint)
        assert at.get_object(Bucket="bucket", Key="l")["Body"].read() == large
    finally:
        await neighbours.close()


def ask(
    connection: socket.socket, method: str, path: str, body: bytes = b""
) -> tuple[bytes, bytes]:
    """One request on an open connection; head and body of the answer."""
    scope = "Credential=x/20260101/us-east-1/s3/aws4_request"
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: s3.amazonaws.com\r\nContent-Length: {len(body)}\r\n"
        f"Authorization: AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536)
    told, _, content = got.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\ncontent-length: (\d+)", told)
    while method != "HEAD" and length and len(content) < int(length[1]):
        content += connection.recv(65536)
    return told, content
