"""Topic rules when functions fail, and when the engine is killed."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engine_fixtures import Ear, Engine
from topic_rules_engine import (
    PATIENCE_S,
    Web,
    confirm,
    create_rule,
    device,
    function,
    let_in,
    publish,
    until,
)


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    yield server
    server.close()


@pytest.mark.slow
def test_a_failing_function_is_retried_by_lambda(
    start_engine: Callable[..., Engine], ear: Ear
) -> None:
    engine = start_engine("--retry-delay", "0.2")
    code = f"{ear.say}\ndef handler(event, context):\n    say('try')\n    raise ValueError('bad')\n"
    name, action = function(engine, code)
    rule = create_rule(engine, "SELECT * FROM 'a'", action)
    let_in(engine, name, rule)
    publish(engine, "a", {})
    ear.wait(lambda heard: len(heard) == 3)


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_the_engine_is_killed(
    start_engine: Callable[..., Engine], ear: Ear, web: Web, tmp_path: Path
) -> None:
    first = start_engine()
    code = f"import json\n{ear.say}\ndef handler(event, context):\n    say(str(event['n']))\n"
    name, action = function(first, code)
    confirm(first, web)
    rule = create_rule(first, "SELECT n FROM 'a/#'", action, {"http": {"url": f"{web.url}data"}})
    let_in(first, name, rule)
    web.slow_s = 0.5
    with device(first, "sensor-1", tmp_path) as client:
        for number in range(40):
            payload = json.dumps({"n": number})
            client.publish(f"a/{number % 2}", payload, 1).wait_for_publish(PATIENCE_S)
    assert len(web.documents("/data")) < 40
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    web.slow_s = 0.0
    start_engine()
    everything = set(range(40))
    until(lambda: everything <= {one["n"] for one in web.documents("/data")}, "all requests")
    ear.wait(lambda heard: everything <= {int(one) for one in heard})
