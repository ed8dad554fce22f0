"""Which engine a run of pytest uses, with and without workers, and when it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from engine_fixtures import Engine, lives
from plugin_lab import command, run

PLAIN_NAMES = """
import pytest

@pytest.mark.parametrize("turn", range(4))
def test_the_same_names(local_aws, turn):
    s3 = local_aws.client("s3")
    assert s3.list_buckets()["Buckets"] == []
    s3.create_bucket(Bucket="orders")
    orders = local_aws.function(
        f"def handler(event, context):\\n    return {turn}", name="orders")
    assert orders() == turn
    assert len(orders.invocations()) == 1
"""


def test_workers_do_not_meet_though_their_tests_use_the_same_names(tmp_path: Path) -> None:
    run(tmp_path, {"test_app.py": PLAIN_NAMES}, "-n", "2").check(passed=4)


def test_nothing_is_loaded_or_started_before_a_fixture_is_asked_for(tmp_path: Path) -> None:
    test = """
    import sys

    def test_of_somebody_else():
        loaded = {"boto3", "botocore", "lambda_nb.testing.engine", "lambda_nb.engine"}
        assert not loaded & set(sys.modules)
    """
    run(tmp_path, {"test_app.py": test}).check(passed=1)


def test_the_engine_ends_when_pytest_is_killed(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_app.py").write_text(
        "import time, pathlib\n"
        "def test_hangs(local_aws, local_aws_engine):\n"
        "    pathlib.Path('pid.new').write_text(str(local_aws_engine._process.pid))\n"
        "    pathlib.Path('pid.new').rename('pid')\n"
        "    time.sleep(100)\n"
    )
    line, environ = command(tmp_path)
    with (tmp_path / "said").open("w") as said:
        running = subprocess.Popen(line, cwd=tmp_path, env=environ, stdout=said, stderr=said)
    try:
        while not (tmp_path / "pid").exists():
            assert running.poll() is None, (tmp_path / "said").read_text()
            time.sleep(0.05)
        engine = psutil.Process(int((tmp_path / "pid").read_text()))
        running.send_signal(signal.SIGKILL)
        engine.wait(30)
        assert not lives(engine.pid)
    finally:
        running.kill()
        running.wait()


def _keys(engine: Engine) -> dict[str, str]:
    access, secret = engine.keys.values()
    return {"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret}


def test_a_running_engine_is_used_and_left_running(
    tmp_path: Path, start_engine: Callable[..., Engine]
) -> None:
    engine = start_engine("--resettable", "--runtime-fallback", "nearest")
    engine.client("sqs").create_queue(QueueName="left")
    given = ("--lambda-nb-endpoint", engine.url)
    test = f"""
    def test_url(local_aws):
        assert local_aws.url == {engine.url!r}
        assert "QueueUrls" not in local_aws.client("sqs").list_queues()
    """
    run(tmp_path, {"test_app.py": test}, *given, environ=_keys(engine)).check(passed=1)
    assert lives(engine.process.pid)
    outcome = run(tmp_path, {"test_app.py": test}, *given, "-n2", environ=_keys(engine))
    assert "several workers would empty" in outcome.text


def test_an_engine_that_keeps_what_it_holds_is_not_emptied(
    tmp_path: Path, start_engine: Callable[..., Engine]
) -> None:
    engine = start_engine()
    engine.client("sqs").create_queue(QueueName="kept")
    files = {"test_app.py": "def test_it(local_aws):\n    pass\n"}
    outcome = run(tmp_path, files, "--lambda-nb-endpoint", engine.url, environ=_keys(engine))
    assert "lambda-nb serve --resettable" in outcome.text
    assert engine.client("sqs").list_queues()["QueueUrls"]


@pytest.mark.parametrize(
    ("ini", "said"),
    [
        ("local_aws_options = --keep-alive never", "seconds are a number from 0"),
        ("local_aws_account = 12", "an account id has 12 digits"),
    ],
)
def test_wrong_options_are_told(tmp_path: Path, ini: str, said: str) -> None:
    files = {"pytest.ini": f"[pytest]\n{ini}\n", "test_app.py": "def test_it(local_aws): pass\n"}
    outcome = run(tmp_path, files)
    outcome.check(errors=1)
    assert said in outcome.text


def test_options_reach_the_engine(tmp_path: Path) -> None:
    ini = "[pytest]\nlocal_aws_region = eu-central-1\nlocal_aws_account = 123456789012\n"
    test = """
    def test_it(local_aws):
        assert local_aws.client("sts").get_caller_identity()["Account"] == "123456789012"
        assert local_aws.client("sqs").meta.region_name == "eu-central-1"
    """
    assert "AWS_ENDPOINT_URL" not in os.environ
    run(tmp_path, {"pytest.ini": ini, "test_app.py": test}).check(passed=1)
