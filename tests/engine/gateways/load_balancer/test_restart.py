"""Load balancers over restarts of the engine, and when the services lose what they hold."""

from __future__ import annotations

from collections.abc import Callable

from engine_fixtures import Ear, Engine
from load_balancers import ECHO, Balancer, ask, forward, path

CHECKED = """
def handler(event, context):
    say(event["headers"]["user-agent"])
    return {"statusCode": 200}
"""


def test_a_load_balancer_is_there_after_a_restart(
    start_engine: Callable[..., Engine], ear: Ear
) -> None:
    before = start_engine()
    balancer = Balancer(before, "kept")
    balancer.rule(path("/f"), forward(balancer.group(before.create(ECHO))))
    checked = balancer.group(before.create(ear.say + CHECKED), HealthCheckEnabled=True)
    balancer.rule(path("/checked"), forward(checked))
    ear.wait(lambda heard: len(heard) > 0)
    assert balancer.ask("/f").status == 200
    assert before.stop() == 0
    heard = len(ear.heard)
    after = start_engine()
    assert ask(after, "/elb/kept/f").event["path"] == "/f"
    assert ask(after, "/elb/kept/none").body == b"no rule"
    ear.wait(lambda now: len(now) > heard)
