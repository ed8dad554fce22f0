"""SnapStart: hooks around the snapshot, what the log says, and how hooks fail."""

from __future__ import annotations

import json

from execution_lab import Lab, error, lab, make_lab, report

__all__ = ["lab", "make_lab"]

SOURCE = """
import os
from snapshot_restore_py import register_after_restore, register_before_snapshot
order = []
kind = os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
log_stream = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
register_before_snapshot(order.append, "before 1")
@register_before_snapshot
def before():
    order.append("before 2")
@register_after_restore
def after():
    order.append("after 1")
register_after_restore(order.append, "after 2")
def handler(event, context):
    return [kind, log_stream, order]
"""


async def test_hooks_run_around_the_snapshot(lab: Lab) -> None:
    function = lab.function(SOURCE, snap_start=True, version="1")
    first = await lab.invoke(function)
    expected = ["before 2", "before 1", "after 1", "after 2"]
    assert json.loads(first.payload) == ["snap-start", None, expected]
    line = report(first)
    assert line.init_ms is None
    assert line.restore_ms is not None
    assert line.billed_restore_ms == -(-round(line.restore_ms * 100) // 100)
    text = lab.sink.text
    assert "Phase: init\n" in text
    assert text.index("INIT_REPORT ") < text.index("RESTORE_START ") < text.index("START RequestId")
    second = await lab.invoke(function)
    assert second.start == "warm"
    assert report(second).restore_ms is None


async def test_a_failing_hook_before_the_snapshot(lab: Lab) -> None:
    function = lab.function(
        "from snapshot_restore_py import register_before_snapshot\n"
        "@register_before_snapshot\ndef before():\n    raise ValueError('not now')\n"
        "def handler(event, context):\n    return 1\n",
        snap_start=True,
        version="1",
    )
    result = await lab.invoke(function)
    assert error(result)["errorMessage"] == "not now"
    assert result.error_type == "Runtime.BeforeSnapshotError"


async def test_a_failing_hook_after_the_restore(lab: Lab) -> None:
    function = lab.function(
        "from snapshot_restore_py import register_after_restore\n"
        "@register_after_restore\ndef after():\n    raise ValueError('not now')\n"
        "def handler(event, context):\n    return 1\n",
        snap_start=True,
        version="1",
    )
    result = await lab.invoke(function)
    assert error(result)["errorMessage"] == "not now"
    assert result.error_type == "Runtime.AfterRestoreError"
    assert "RESTORE_REPORT Restore Duration: " in lab.sink.text
    assert "\tStatus: error\tError Type: Runtime.AfterRestoreError\n" in lab.sink.text


async def test_without_snapstart_hooks_do_not_run(lab: Lab) -> None:
    result = await lab.invoke(lab.function(SOURCE))
    assert json.loads(result.payload)[2] == []
