"""Init phases before any invocation, as boto3 sees them: snapshots, provisioning."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError
from engine_fixtures import Engine, needs_runtime

# SnapStart is offered for Python 3.12 and newer.
NEWER = (
    f"python{sys.version_info[0]}.{sys.version_info[1]}"
    if sys.version_info >= (3, 12)
    else "python3.12"
)
needs_newer = needs_runtime(NEWER)
BORN = """
import uuid
born = str(uuid.uuid4())
def handler(event, context):
    return born
"""


def snap_started(engine: Engine, code: str) -> str:
    return engine.create(code, Runtime=NEWER, SnapStart={"ApplyOn": "PublishedVersions"})


def published(engine: Engine, name: str) -> None:
    client = engine.client()
    version = client.publish_version(FunctionName=name)
    assert (version["Version"], version["State"]) == ("1", "Pending")
    client.get_waiter("published_version_active").wait(
        FunctionName=name, Qualifier="1", WaiterConfig={"Delay": 1}
    )


@needs_newer
def test_a_version_with_snapstart_is_active_when_its_snapshot_is_there(engine: Engine) -> None:
    name = snap_started(engine, "import time\ntime.sleep(0.5)\n" + BORN)
    published(engine, name)
    config = engine.client().get_function_configuration(FunctionName=name, Qualifier="1")
    assert config["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}
    answer = engine.client().invoke(FunctionName=name, Qualifier="1", LogType="Tail")
    assert "FunctionError" not in answer
    born = json.load(answer["Payload"])
    engine.client().publish_version(FunctionName=name)  # nothing has changed: the same version
    again = engine.client().invoke(FunctionName=name, Qualifier="1")
    assert json.load(again["Payload"]) == born


@needs_newer
def test_a_version_whose_init_phase_fails_is_failed(engine: Engine) -> None:
    name = snap_started(engine, "import nowhere\ndef handler(event, context): pass\n")
    with pytest.raises(WaiterError):
        published(engine, name)
    config = engine.client().get_function_configuration(FunctionName=name, Qualifier="1")
    assert config["State"] == "Failed"
    assert config["StateReasonCode"] == "FunctionError"
    with pytest.raises(ClientError) as refused:
        engine.client().invoke(FunctionName=name, Qualifier="1")
    assert refused.value.response["Error"]["Code"] == "ResourceConflictException"


def settled(engine: Engine, name: str, qualifier: str) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while True:
        config: dict[str, Any] = engine.client().get_provisioned_concurrency_config(
            FunctionName=name, Qualifier=qualifier
        )
        if config["Status"] != "IN_PROGRESS":
            return config
        assert time.monotonic() < deadline, "still in progress"
        time.sleep(0.05)


@pytest.mark.parametrize("broken", ["import nowhere\n", "import os\nos._exit(3)\n"])
def test_provisioned_environments_whose_init_phase_fails(engine: Engine, broken: str) -> None:
    client = engine.client()
    name = engine.create(broken + "def handler(event, context): pass\n", Publish=True)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    asked = client.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier="live", ProvisionedConcurrentExecutions=2
    )
    assert asked["Status"] == "IN_PROGRESS"
    config = settled(engine, name, "live")
    assert config["Status"] == "FAILED"
    assert config["StatusReason"] == "FUNCTION_ERROR_INIT_FAILURE"
    assert config["AvailableProvisionedConcurrentExecutions"] == 0
    (listed,) = client.list_provisioned_concurrency_configs(FunctionName=name)[
        "ProvisionedConcurrencyConfigs"
    ]
    assert listed["Status"] == "FAILED"

    engine.update(name, "def handler(event, context):\n    return 1\n")
    version = client.publish_version(FunctionName=name)["Version"]
    client.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
    assert settled(engine, name, "live")["Status"] == "READY"
