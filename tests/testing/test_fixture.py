"""The fixture ``local_aws`` in real runs of pytest, on code that makes its own clients."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from plugin_lab import run

TALKS = """
import threading

def handler(event, context):
    for turn in range(3):
        print(event["who"], turn, flush=True)
        threading.Event().wait(0.05)
"""
RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
APP = """
import boto3

def store(key, text):
    boto3.client("s3").put_object(Bucket="orders", Key=key, Body=text.encode())
"""
RESIZE = """
def handler(event, context):
    print("resizing", event["name"])
    if event.get("fail"):
        raise ValueError("no such size")
    return {"resized": event["name"]}
"""


def test_code_that_makes_its_own_clients_reaches_the_engine(tmp_path: Path) -> None:
    files = {
        "app.py": APP,
        "test_app.py": """
        import app

        def test_store(local_aws):
            local_aws.client("s3").create_bucket(Bucket="orders")
            app.store("1", "one")
            assert local_aws.objects("orders") == {"1": b"one"}
        """,
    }
    run(tmp_path, files).check(passed=1)


def test_what_one_test_leaves_the_next_does_not_find(tmp_path: Path) -> None:
    files = {
        "resize.py": RESIZE,
        "test_app.py": """
        import pytest

        @pytest.mark.parametrize("turn", range(3))
        def test_names_are_free(local_aws, turn):
            local_aws.client("s3").create_bucket(Bucket="orders")
            queue = local_aws.client("sqs").create_queue(QueueName="orders")
            assert local_aws.client("lambda").list_functions()["Functions"] == []
            local_aws.function("resize.py", name="resize")({"name": "cat"})
            (one,) = local_aws.invocations("resize")
            assert one.event == {"name": "cat"} and one.result == {"resized": "cat"}
            assert "resizing cat" in one.logs
        """,
    }
    run(tmp_path, files).check(passed=3)


def test_a_failed_test_shows_what_its_functions_did(tmp_path: Path) -> None:
    files = {
        "resize.py": RESIZE,
        "test_app.py": """
        def test_waits_for_more(local_aws):
            resize = local_aws.function("resize.py", name="resize")
            resize({"name": "dog"})
            resize.invocations(2, timeout=1)

        def test_calls_what_fails(local_aws):
            local_aws.function("resize.py", name="resize")({"name": "dog", "fail": True})
        """,
    }
    result = run(tmp_path, files)
    result.check(failed=2)
    shown = result.text
    assert "resize ran 1 times within 1 s, not 2 times" in shown
    assert "resizing dog" in shown
    assert "no such size" in shown
    assert "lambda_nb: what functions did" in shown


def test_the_environment_is_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    files = {
        "test_app.py": """
        import os
        import boto3
        import pytest

        def test_inside(local_aws):
            assert "AWS_PROFILE" not in os.environ and "AWS_ENDPOINT_URL_S3" not in os.environ
            assert boto3.client("s3").list_buckets()["Buckets"] == []
            assert boto3.session.Session().region_name == "us-east-1"

        @pytest.mark.local_aws(region="eu-west-1")
        def test_of_another_region(local_aws):
            arn = local_aws.function("def handler(event, context):\\n    return 1").arn
            assert arn.split(":")[3] == boto3.client("sqs").meta.region_name == "eu-west-1"

        def test_outside():
            assert os.environ["AWS_PROFILE"] == "work"
            assert os.environ["AWS_ENDPOINT_URL_S3"] == "http://127.0.0.1:9"
            assert os.environ["AWS_DEFAULT_REGION"] == "eu-north-1"
            assert "AWS_ACCESS_KEY_ID" not in os.environ and "AWS_ENDPOINT_URL" not in os.environ
        """
    }
    run(tmp_path, files).check(passed=3)


def test_a_module_keeps_what_it_made(tmp_path: Path) -> None:
    files = {
        "test_app.py": """
        def test_makes(local_aws_module):
            local_aws_module.client("s3").create_bucket(Bucket="kept")

        def test_finds(local_aws_module):
            (bucket,) = local_aws_module.client("s3").list_buckets()["Buckets"]
            assert bucket["Name"] == "kept"

        def test_mixes(local_aws, local_aws_module):
            pass

        def test_of_the_same_module(local_aws):
            pass

        def test_still_finds(local_aws_module):
            assert local_aws_module.client("s3").list_buckets()["Buckets"]
        """
    }
    result = run(tmp_path, files)
    result.check(passed=3, errors=2)
    assert "use one of them in test_app.py" in result.text


def test_a_template_is_deployed_with_the_code_that_it_names(tmp_path: Path) -> None:
    files = {
        "src/app.py": RESIZE,
        "template.yaml": f"""
        Transform: AWS::Serverless-2016-10-31
        Parameters:
          Size: {{Type: String, Default: small}}
        Resources:
          Resize:
            Type: AWS::Serverless::Function
            Properties: {{CodeUri: src, Handler: app.handler, Runtime: {RUNTIME}}}
        Outputs:
          Name: {{Value: !Ref Resize}}
          Size: {{Value: !Ref Size}}
        """,
        "bad/template.yaml": """
        Resources:
          Resize:
            Type: AWS::Serverless::Function
            Properties: {CodeUri: absent, Handler: app.handler}
        """,
        "test_app.py": """
        import json
        import pytest
        from lambda_nb.testing.stacks import DeploymentFailed

        def test_stack(local_aws):
            made = local_aws.deploy("template.yaml", parameters={"Size": "large"})
            assert made["Size"] == "large"
            local_aws.client("lambda").invoke(
                FunctionName=made["Name"], Payload=json.dumps({"name": "cat"}))
            (ran,) = local_aws.invocations(made["Name"])
            assert ran.result == {"resized": "cat"}

        def test_what_cannot_be_built(local_aws):
            with pytest.raises(DeploymentFailed, match="there is no file or folder"):
                local_aws.deploy("bad")
            with pytest.raises(FileNotFoundError, match="has no template"):
                local_aws.deploy("src")
        """,
    }
    run(tmp_path, files).check(passed=2)


def test_the_log_of_an_invocation_has_no_lines_of_others(tmp_path: Path) -> None:
    files = {
        "talks.py": TALKS,
        "test_app.py": """
        from concurrent.futures import ThreadPoolExecutor

        def test_logs(local_aws):
            talks = local_aws.function("talks.py", name="talks")
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(talks, [{"who": who} for who in "abcd"]))
            for ran in local_aws.invocations("talks", 4):
                who = ran.event["who"]
                said = [line for line in ran.logs if line[1:2] == " "]
                assert said == [f"{who} {turn}" for turn in range(3)]
        """,
    }
    run(tmp_path, files).check(passed=1)


def test_clients_made_on_import_reach_the_engine_started_before_them(
    tmp_path: Path,
) -> None:
    files = {
        "pytest.ini": "[pytest]\nlocal_aws_from_start = true\n",
        "app.py": 'import boto3\nS3 = boto3.client("s3")\n',
        "test_app.py": """
        import app

        def test_import(local_aws):
            app.S3.create_bucket(Bucket="orders")
            assert local_aws.client("s3").list_buckets()["Buckets"]
        """,
    }
    run(tmp_path, files).check(passed=1)


def test_messages_and_items_are_waited_for(tmp_path: Path) -> None:
    files = {
        "test_app.py": """
        WORKER = '''
        import boto3, json, os
        def handler(event, context):
            for record in event["Records"]:
                boto3.client("dynamodb").put_item(
                    TableName="orders", Item={"id": {"S": record["body"]}, "n": {"N": "3"}})
                url = boto3.client("sqs").get_queue_url(QueueName="done")["QueueUrl"]
                boto3.client("sqs").send_message(QueueUrl=url, MessageBody=record["body"] + "!")
        '''

        def test_flow(local_aws):
            import textwrap
            sqs = local_aws.client("sqs")
            source = sqs.create_queue(QueueName="orders")["QueueUrl"]
            sqs.create_queue(QueueName="done")
            local_aws.client("dynamodb").create_table(
                TableName="orders", BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
            local_aws.function(textwrap.dedent(WORKER), name="worker", Timeout=30)
            arn = f"arn:aws:sqs:us-east-1:{local_aws.account}:orders"
            local_aws.client("lambda").create_event_source_mapping(
                FunctionName="worker", EventSourceArn=arn)
            sqs.send_message(QueueUrl=source, MessageBody="7")
            assert local_aws.messages("done", timeout=30) == ["7!"]
            assert local_aws.items("orders") == [{"id": "7", "n": 3}]
            (one,) = local_aws.invocations("worker")
            assert one.source == "sqs" and one.status == "success"
        """
    }
    run(tmp_path, files).check(passed=1)
