"""Processes die at random under load: every caller is answered and no accepted event is lost.

``LAMBDA_NB_CHAOS_S=60`` and ``LAMBDA_NB_EVENTS=10000`` make the tests as long as promised.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable

import psutil
import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Ear, Engine

CHAOS_S = float(os.environ.get("LAMBDA_NB_CHAOS_S", "5"))
EVENTS = int(os.environ.get("LAMBDA_NB_EVENTS", "300"))
CALLERS = 4


def environments(engine: Engine) -> list[psutil.Process]:
    """Every process below the engine except its neighbours' (which hold what clients stored)."""
    children = psutil.Process(engine.process.pid).children(recursive=True)
    kept = []
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            if not any("neighbours" in word for word in child.cmdline()):
                kept.append(child)
    return kept


@pytest.mark.timeout(120 + CHAOS_S * 2)
def test_every_caller_is_answered_while_processes_die(
    start_engine: Callable[..., Engine], ear: Ear
) -> None:
    engine = start_engine()
    name = engine.create("def handler(event, context):\n    return event\n", Timeout=10)
    heard = engine.create(f"{ear.say}def handler(event, context):\n    say(event)\n", Timeout=10)
    answers: Counter[str] = Counter()
    accepted: set[str] = set()
    over = threading.Event()

    def call(caller: int) -> None:
        client = engine.client(verify=False)
        count = 0
        while not over.is_set():
            count += 1
            text = json.dumps(f"{caller}-{count}")
            try:
                answer = client.invoke(FunctionName=name, Payload=text)
            except ClientError as error:
                answers[error.response["Error"]["Code"]] += 1
            else:
                payload = json.loads(answer["Payload"].read())
                if "FunctionError" in answer:
                    answers[payload["errorType"]] += 1
                else:
                    assert payload == json.loads(text)
                    answers["right"] += 1
            if count % 5 == 0:
                client.invoke(FunctionName=heard, InvocationType="Event", Payload=text)
                accepted.add(json.loads(text))

    callers = [threading.Thread(target=call, args=(n,)) for n in range(CALLERS)]
    for thread in callers:
        thread.start()
    chance = random.Random(1)
    killed = 0
    deadline = time.monotonic() + CHAOS_S
    while time.monotonic() < deadline:
        time.sleep(chance.uniform(0.02, 0.2))
        if victims := environments(engine):
            with contextlib.suppress(psutil.NoSuchProcess):
                chance.choice(victims).kill()
                killed += 1
    over.set()
    for thread in callers:
        thread.join(60)
        assert not thread.is_alive(), "a caller waits for ever"
    assert killed > 0
    assert answers["right"] > 0
    # These are the errors when a runtime or a launcher dies, or a process that is starting.
    assert set(answers) <= {"right", "Runtime.ExitError", "ServiceException"}, answers
    # A failed attempt is retried a minute later; here it is enough that the engine works.
    ear.wait(lambda said: len(accepted & set(said)) >= len(accepted) * 0.5, within_s=30)
    answer = engine.client().invoke(FunctionName=name, Payload=b"1")
    assert json.loads(answer["Payload"].read()) == 1


@pytest.mark.timeout(120 + EVENTS * 0.1)
def test_no_accepted_event_is_lost_when_the_engine_is_killed(
    start_engine: Callable[..., Engine], ear: Ear
) -> None:
    engine = start_engine()
    name = engine.create(f"{ear.say}def handler(event, context):\n    say(event)\n")
    accepted = [f"event-{n}" for n in range(EVENTS)]
    for text in accepted:
        answer = engine.client().invoke(
            FunctionName=name, InvocationType="Event", Payload=json.dumps(text)
        )
        assert answer["StatusCode"] == 202
    engine.process.kill()
    engine.process.wait(10)
    start_engine()
    ear.wait(lambda heard: set(accepted) <= set(heard), within_s=60 + EVENTS * 0.05)
