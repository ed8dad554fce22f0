"""Devices in the notebook: real MQTT clients with certificates, their shadows, and fleets."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from engine_fixtures import Ear, Engine
from IPython.core.interactiveshell import InteractiveShell

import lambda_nb
from lambda_nb.notebook.devices import laws
from lambda_nb.notebook.devices.messages import decoded, encoded
from lambda_nb.notebook.errors import NotebookError, UsageError
from lambda_nb.notebook.magics import extension


@pytest.fixture(scope="module")
def shell(engine: Engine) -> Iterator[InteractiveShell]:
    made = InteractiveShell()
    made.history_manager.enabled = False
    extension.load_ipython_extension(made)
    made.run_line_magic("lambda", f"connect {engine.url} --credentials {engine.credentials_file}")
    yield made
    extension.unload_ipython_extension(made)
    atexit.unregister(made.atexit_operations)
    made.atexit_operations()


@pytest.fixture
def device(shell: InteractiveShell, engine: Engine) -> Iterator[Callable[..., Any]]:
    """Make devices; they are closed at the end."""
    made = []

    def make(**options: Any) -> lambda_nb.Device:
        made.append(lambda_nb.Device(engine.name("device"), client=engine.client(), **options))
        return made[-1]

    yield make
    for one in made:
        one.close(delete=True)


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come about within 30 s")


def test_a_device_talks_to_another(device: Callable[..., Any], engine: Engine) -> None:
    one, other = device(), device()
    topic = engine.name("room")
    came = other.subscribe(f"{topic}/#")
    called: list[Any] = []
    one.subscribe(f"{topic}/+/told", called.append)
    one.publish(f"{topic}/kitchen", {"temp": 31})
    other.publish(f"{topic}/kitchen/told", "it is hot")
    message = came.next()
    assert (message.topic, message.payload) == (f"{topic}/kitchen", {"temp": 31})
    assert came.next().payload == "it is hot"
    assert until(lambda: called)[0].payload == "it is hot"
    came.end()
    one.publish(f"{topic}/kitchen", b"\xff\x00")
    with pytest.raises(NotebookError, match=f"no message for '{topic}/#' within 0.3 s"):
        came.next(0.3)
    assert came.waiting() == []


def test_a_retained_message_and_a_will(device: Callable[..., Any], engine: Engine) -> None:
    topic = engine.name("state")
    lost = device(will=(f"{topic}/lost", {"gone": True}))
    lost.publish(f"{topic}/kept", "here", retain=True)
    watcher = device()
    kept = watcher.subscribe(f"{topic}/kept").next()  # AWS gives none to a filter with wildcards
    assert (kept.payload, kept.retained) == ("here", True)
    came = watcher.subscribe(f"{topic}/lost")
    lost.drop()
    assert came.next().payload == {"gone": True}


def test_its_shadow(device: Callable[..., Any]) -> None:
    lamp = device()
    assert lamp.shadow.document == {}
    wanted: list[Any] = []
    lamp.shadow.on_delta(wanted.append)
    lamp.shadow.report({"on": False})
    lamp.shadow.desire({"on": True})
    assert until(lambda: wanted) == [{"on": True}]
    assert (lamp.shadow.reported, lamp.shadow.desired) == ({"on": False}, {"on": True})
    lamp.shadow["config"].report({"every": 5})
    assert until(lambda: lamp.shadow["config"].reported) == {"every": 5}
    assert "config of" in repr(lamp.shadow["config"])


def test_a_rule_of_a_cell_gets_what_it_selects(
    shell: InteractiveShell, device: Callable[..., Any], engine: Engine, ear: Ear
) -> None:
    name, topic = engine.name("alarm"), engine.name("room")
    sql = f"SELECT temp, topic(2) AS room FROM '{topic}/+/sensor' WHERE temp > 30"
    source = f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))"
    for _ in range(2):  # a cell may run again
        shell.run_cell(f'%%lambda {name} --on iot:"{sql}"\n{source}').raise_error()
    sensor = device()
    for temp in (29, 31):
        sensor.publish(f"{topic}/kitchen/sensor", {"temp": temp})
    ear.wait(lambda said: bool(said))
    assert ear.heard == ['{"temp": 31, "room": "kitchen"}']
    seen = until(lambda: shell.run_line_magic("lambda", f"events {name}"))
    assert seen[0].origin.source == "iot"


def test_a_rule_that_is_no_sql_is_refused(shell: InteractiveShell, engine: Engine) -> None:
    cell = f'%%lambda {engine.name("bad")} --on iot:"SELEKT *"\ndef handler(e, c):\n    return 1'
    with pytest.raises(NotebookError, match="SqlParseException"):
        shell.run_cell(cell).raise_error()


def test_the_certificate_goes_with_the_device(device: Callable[..., Any], engine: Engine) -> None:
    one = device().connect()
    iot = engine.client("iot")
    principals = iot.list_thing_principals(thingName=one.name)["principals"]
    assert len(principals) == 1
    identifier = principals[0].rpartition("/")[2]
    one.close(delete=True)
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_certificate(certificateId=identifier)
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_thing(thingName=one.name)


def test_a_fleet_publishes_by_its_law(shell: InteractiveShell, engine: Engine) -> None:
    topic = engine.name("fleet")
    watcher = lambda_nb.Device(engine.name("watcher"), client=engine.client())
    came = watcher.subscribe(f"{topic}/#", qos=0)
    prefix = engine.name("f") + "-"
    law = laws.spikes(laws.walk(start=20, step=0), chance=0.5, height=10)
    with lambda_nb.fleet(
        8,
        law,
        topic=topic + "/{number}/{name}",
        every=0.1,
        seed=3,
        prefix=prefix,
        client=engine.client(),
    ) as fleet:
        until(lambda: fleet.sent >= 24)
        fleet.stop()
        assert "8 devices" in fleet._repr_html_()
        frame = fleet.to_frame()
    until(lambda: came.received >= fleet.sent)
    watcher.close(delete=True)
    assert set(frame["temp"]) == {20.0, 30.0}
    assert set(frame["device"]) == {f"{prefix}{number}" for number in range(8)}
    assert (
        frame["topic"].iloc[0]
        == f"{topic}/{frame['device'].iloc[0][len(prefix) :]}/" + (frame["device"].iloc[0])
    )
    assert frame["seconds"].is_monotonic_increasing
    with pytest.raises(engine.client("iot").exceptions.ResourceNotFoundException):
        engine.client("iot").describe_thing(thingName=f"{prefix}0")


def test_a_law_that_fails_is_told(shell: InteractiveShell, engine: Engine) -> None:
    def law(device: laws.Simulated, seconds: float) -> Any:
        raise RuntimeError("out of order")

    fleet = lambda_nb.fleet(
        1, law, every=0.1, prefix=engine.name("f") + "-", client=engine.client()
    )
    try:
        with pytest.raises(NotebookError, match="the fleet stopped: RuntimeError: out of order"):
            fleet.run("2s")
    finally:
        fleet.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "a fleet has 1 to 2000 devices, not 0"),
        ({"law": "waltz"}, "there is no law 'waltz'; there are walk, daily, spikes"),
        ({"every": "often"}, "'often' is no span of time"),
        ({"every": 0}, "every is 0; give a time above 0"),
        ({"jitter": 2}, "jitter is 2; give a share from 0 to 1"),
        ({"topic": "{room}"}, "has a part that is unknown"),
        ({"places": ["kitchen"]}, "places has 1 names for 2 devices"),
    ],
)
def test_mistakes_are_told(shell: InteractiveShell, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        lambda_nb.fleet(**{"count": 2, **options})


def test_laws_repeat_with_their_seed() -> None:
    import random

    def said(seed: int) -> list[Any]:
        device = laws.Simulated(0, "s", random.Random(seed))
        return [laws.spikes()(device, second) for second in range(50)]

    assert said(1) == said(1) != said(2)
    assert all(10 <= one["temp"] <= 40 + 15 for one in said(1))
    day = laws.daily(mean=20, swing=5, period_s=4, noise=0)
    device = laws.Simulated(0, "s", random.Random(1))
    assert [day(device, second)["temp"] for second in (0, 1, 3)] == [20.0, 25.0, 15.0]


def test_payloads() -> None:
    assert [decoded(one) for one in (b'{"a": 1}', b"text", b"\xff")] == [{"a": 1}, "text", b"\xff"]
    assert [encoded(one) for one in ({"a": 1}, "text", b"\xff")] == [b'{"a": 1}', b"text", b"\xff"]
