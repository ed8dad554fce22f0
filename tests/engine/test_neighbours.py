"""The neighbours: a child that comes, serves and goes with the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from lambda_nb.engine.neighbours import Neighbours
from lambda_nb.engine.neighbours.child import NeighboursError

ACCOUNT = "000000000000"


def client(service: str, url: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )


def child_of(work_dir: Path) -> psutil.Process:
    """The neighbours that work in this directory; other tests of this process may have theirs."""
    children = psutil.Process().children()
    (child,) = [p for p in children if p.cmdline()[-1:] == [str(work_dir)]]
    return child


async def test_services_answer_for_the_account_and_region(tmp_path: Path) -> None:
    neighbours = Neighbours(account=ACCOUNT, region="eu-west-1", work_dir=tmp_path)
    with pytest.raises(NeighboursError, match="not started"):
        _ = neighbours.url
    await neighbours.start()
    try:
        url = neighbours.url
        assert url.startswith("http://127.0.0.1:")
        assert client("sts", url).get_caller_identity()["Account"] == ACCOUNT
        queue = client("sqs", url).create_queue(QueueName="q")["QueueUrl"]
        sqs = client("sqs", url)
        sqs.send_message(QueueUrl=queue, MessageBody="hello")
        assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "hello"
        client("s3", url).create_bucket(
            Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        client("s3", url).put_object(Bucket="bucket", Key="k", Body=b"data")
        assert client("s3", url).get_object(Bucket="bucket", Key="k")["Body"].read() == b"data"
        child = child_of(tmp_path)
        listening = {c.laddr.ip for c in child.net_connections() if c.status == "LISTEN"}
        assert listening == {"127.0.0.1"}
    finally:
        await neighbours.close()
    assert not child.is_running()


async def test_a_queue_with_a_backlog_stays_quick(tmp_path: Path) -> None:
    """moto as it comes counts all messages three times for every message received."""
    neighbours = Neighbours(account=ACCOUNT, region="eu-west-1", work_dir=tmp_path)
    await neighbours.start()
    try:
        sqs = client("sqs", neighbours.url)
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
    assert neighbours.url == "http://127.0.0.1:9"
    await neighbours.close()
    assert not (tmp_path / "w").exists()


async def test_what_is_deleted_or_replaced_is_freed(tmp_path: Path) -> None:
    """moto as it comes keeps a list of every object that it ever made."""
    neighbours = Neighbours(account=ACCOUNT, region="eu-west-1", work_dir=tmp_path)
    await neighbours.start()
    try:
        sqs, dynamodb = client("sqs", neighbours.url), client("dynamodb", neighbours.url)
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
