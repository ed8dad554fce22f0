"""Alarms, metric filters and a query by Terraform with AWS's own provider: no drift, at work."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from cloudwatch_lab import history, in_state, until
from engine_fixtures import Engine, zip_of
from terraform_lab import Terraform, terraform_for

CODE = "def handler(event, context):\n    print(event['alarmData']['state']['value'])\n"


@pytest.fixture
def terraform(tmp_path: Path, engine: Engine) -> Terraform:
    """Runs Terraform commands in their own directory, without a network."""
    return terraform_for("terraform_cloudwatch", tmp_path, engine, prefix="watch")


def _write(engine: Engine, group: str) -> None:
    message = json.dumps({"level": "ERROR", "latency": 7, "way": "GET"})
    event = {"timestamp": time.time_ns() // 1_000_000, "message": message}
    engine.client("logs").put_log_events(
        logGroupName=group, logStreamName="till", logEvents=[event]
    )


def _found(engine: Engine, group: str, query: str) -> Any:
    logs, now = engine.client("logs"), int(time.time())
    identifier = logs.start_query(
        logGroupName=group, startTime=now - 3600, endTime=now + 60, queryString=query
    )["queryId"]

    def ended() -> Any:
        told = logs.get_query_results(queryId=identifier)
        return told if told["status"] == "Complete" else None

    return until(ended)["results"]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_monitoring_applies_without_drift_and_works(
    terraform: Terraform, tmp_path: Path, engine: Engine
) -> None:
    (tmp_path / "code.zip").write_bytes(zip_of({"index.py": CODE}))
    terraform("init")
    terraform("apply", "-auto-approve")
    assert terraform("plan", "-detailed-exitcode", right=(0, 2)).returncode == 0
    state = json.loads((tmp_path / "terraform.tfstate").read_text())
    made = {name: one["value"] for name, one in state["outputs"].items()}
    cloudwatch = engine.client("cloudwatch")

    def alarmed() -> Any:
        _write(engine, made["group"])
        found = cloudwatch.describe_alarms(AlarmNames=[made["alarm"]])["MetricAlarms"]
        return found[0]["StateValue"] == "ALARM"

    until(alarmed)
    in_state(cloudwatch, made["composite"], "ALARM")
    actions = history(cloudwatch, made["alarm"], "Action")
    done = [item["HistorySummary"] for item in actions]
    assert sum(text.startswith("Successfully executed action arn:aws:lambda") for text in done) == 1
    assert sum(text.startswith("Successfully executed action arn:aws:sns") for text in done) >= 1
    assert _found(engine, made["group"], made["query"])
    terraform("apply", "-auto-approve", "-var", "threshold=2")
    changed = cloudwatch.describe_alarms(AlarmNames=[made["alarm"]])["MetricAlarms"][0]
    assert changed["Threshold"] == 2.0
    terraform("destroy", "-auto-approve")
    assert cloudwatch.describe_alarms(AlarmNames=[made["alarm"]])["MetricAlarms"] == []
