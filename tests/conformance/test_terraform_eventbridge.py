"""Terraform makes buses, rules, archives, destinations and schedules; they do their work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import Engine
from eventbridge_lab import Endpoint, until
from terraform_lab import terraform_for


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_project_applies_works_has_no_drift_and_goes_away(engine: Engine, tmp_path: Path) -> None:
    endpoint = Endpoint()
    run = terraform_for("terraform_eventbridge", tmp_path, engine, "shop")
    variable = f"-var=webhook={endpoint.url}/hook"
    run("init")
    run("apply", "-auto-approve", variable)
    plan = run("plan", "-detailed-exitcode", variable)
    assert "No changes" in plan.stdout
    told = json.loads((tmp_path / "terraform.tfstate").read_text())["outputs"]
    bus, queue = told["bus"]["value"], told["queue"]["value"]
    source = bus.removesuffix("-shop")
    engine.client("events").put_events(
        Entries=[
            {
                "Source": source,
                "DetailType": "order",
                "Detail": json.dumps({"total": total}),
                "EventBusName": bus,
            }
            for total in (50, 500)
        ]
    )
    sqs, bodies = engine.client("sqs"), []

    def both() -> Any:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        bodies.extend(json.loads(one["Body"]) for one in answer.get("Messages", []))
        return len(bodies) >= 2

    until(both)
    assert {"tick": "1"} in bodies
    assert {"total": 500, "rule": f"{source}-orders"} in bodies
    until(lambda: endpoint.requests)
    assert json.loads(endpoint.requests[0].body) == {"total": 500}
    assert endpoint.requests[0].headers["x-key"] == "secret"
    archive = engine.client("events").describe_archive(ArchiveName=f"{source}-orders")
    assert archive["EventCount"] == 2
    run("destroy", "-auto-approve", variable)
    assert not engine.client("events").list_rules(NamePrefix=source)["Rules"]
    endpoint.close()
