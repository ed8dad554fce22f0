"""Which rules a message goes through, and what they make of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from topic_rules_lab import DEVICE, FUNCTION, rule_arn, rules_lab, unreachable

from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.rules.configuration import ConfigurationError

INVOKE = {"lambda": {"functionArn": FUNCTION}}


async def test_a_message_reaches_the_function_as_the_query_says(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.create("hot", "SELECT temp FROM 'room/+/sensor' WHERE temp > 30", INVOKE)
        await lab.say("room/1/sensor", {"temp": 31, "noise": 1})
        await lab.say("room/1/sensor", {"temp": 30})
        await lab.say("room/1/door", {"temp": 99})
        assert lab.functions.events == [{"temp": 31}]
        (call,) = lab.functions.submitted
        assert (call.function, call.principal) == (FUNCTION, "iot.amazonaws.com")
        assert call.source_arn == rule_arn("hot")
        assert not call.trusted


async def test_the_rules_are_read_before_the_first_message(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        await lab.until(lambda: "/rules?maxResults=100" in lab.upstream.read)


async def test_what_the_lambda_action_does_needs_no_row_in_the_journal(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.create("all", "SELECT * FROM 'a'", INVOKE)
        await lab.say("a", {"n": 1})
        assert len(lab.functions.submitted) == 1
        assert len(lab.rules) == 0


async def test_every_matching_rule_runs(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.create("one", "SELECT 1 AS rule FROM 'a/#'", INVOKE)
        lab.create("two", "SELECT 2 AS rule FROM 'a/+'", INVOKE)
        lab.create("three", "SELECT 3 AS rule FROM 'b'", INVOKE)
        await lab.say("a/b", {})
        assert sorted(event["rule"] for event in lab.functions.events) == [1, 2]


async def test_reserved_topics_are_selected_only_by_their_names(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.create("all", "SELECT topic() AS t FROM '#'", INVOKE)
        lab.create("came", "SELECT topic() AS t FROM '$aws/events/presence/connected/#'", INVOKE)
        await lab.say("$aws/events/presence/connected/sensor-1", {})
        assert [call.source_arn for call in lab.functions.submitted] == [rule_arn("came")]


async def test_a_disabled_rule_rests(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.create("off", "SELECT * FROM 'a'", INVOKE, ruleDisabled=True)
        await lab.say("a", {})
        await lab.say("$aws/rules/off/a", {})
        assert lab.functions.submitted == []


async def test_rules_are_read_once_a_revision(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.create("one", "SELECT 1 AS v FROM 'a'", INVOKE)
        for _ in range(5):
            await lab.say("a", {})
        assert lab.upstream.read.count("/rules/one") == 1
        lab.create("one", "SELECT 2 AS v FROM 'a'", INVOKE)
        await lab.say("a", {})
        assert lab.upstream.read.count("/rules/one") == 2
        assert [event["v"] for event in lab.functions.events] == [1] * 5 + [2]


async def test_a_rule_that_cannot_be_compiled_stops_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.create("broken", "SELECT FROM WHERE", INVOKE)
        lab.create("foreign", "SELECT * FROM 'a'", {"salesforce": {"token": "t", "url": "u"}})
        lab.create("good", "SELECT * FROM 'a'", INVOKE)
        await lab.say("a", {"n": 1})
        assert lab.functions.events == [{"n": 1}]
        assert "topic rule broken does not run" in caplog.text
        assert "does not carry out the action 'salesforce'" in caplog.text


async def test_a_message_is_not_taken_if_the_rules_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lambda_nb.engine.iot.rules.configuration._TRIES", 1)
    async with rules_lab(tmp_path) as lab:

        async def nobody(*_: object) -> None:
            raise unreachable()

        monkeypatch.setattr(lab.upstream, "call_service", nobody)
        with pytest.raises(ConfigurationError, match="cannot be read: nobody is there"):
            await lab.say("a", {})


async def test_basic_ingest_runs_one_rule_whatever_its_filter(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        sql = "SELECT topic() AS t, topic(1) AS first, n FROM 'Buildings/#'"
        lab.create("BuildingManager", sql, INVOKE)
        lab.create("other", "SELECT * FROM 'Buildings/#'", INVOKE)
        await lab.say("$aws/rules/BuildingManager/Buildings/5", {"n": 1})
        await lab.say("$aws/rules/BuildingManager/elsewhere", {"n": 2})
        assert lab.functions.events == [
            {"t": "Buildings/5", "first": "Buildings", "n": 1},
            {"t": "elsewhere", "first": "elsewhere", "n": 2},
        ]


async def test_basic_ingest_needs_no_from(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.create("direct", "SELECT n", INVOKE)
        await lab.say("n", {"n": 1})
        await lab.say("$aws/rules/direct/x", {"n": 2})
        assert lab.functions.events == [{"n": 2}]


async def test_basic_ingest_of_a_rule_that_is_missing_is_counted_and_logged(
    tmp_path: Path,
) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.upstream.logging = {"defaultLogLevel": "ERROR"}
        await lab.say("$aws/rules/example_rule/x", {})
        assert lab.counted.figures == [("RuleNotFound", {"RuleName": "example_rule"})]
        ((group, entry),) = lab.counted.entries
        assert group == "AWSIotLogsV2"
        assert entry.pop("timestamp")
        assert entry.pop("traceId")
        assert entry == {
            "logLevel": "ERROR",
            "accountId": "111122223333",
            "status": "Failure",
            "eventType": "RuleNotFound",
            "clientId": "sensor-1",
            "topicName": "$aws/rules/example_rule/x",
            "ruleName": "example_rule",
            "reason": "RuleNotFound",
            "details": "Rule example_rule not found",
            "principalId": "certificate-1",
        }


async def test_metrics_of_a_rule(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.create("r", "SELECT n FROM 'a' WHERE n > 0", INVOKE)
        await lab.say("a", {"n": 1})
        rule = {"RuleName": "r"}
        assert lab.counted.figures == [
            ("TopicMatch", rule),
            ("RulesExecuted", {}),
            ("Success", {**rule, "ActionType": "Lambda"}),
        ]
        lab.counted.figures.clear()
        await lab.say("a", {"n": 0})
        assert lab.counted.figures == [("TopicMatch", rule)]


async def test_a_payload_that_is_no_json_is_a_parse_error(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.create("r", "SELECT n FROM 'a'", INVOKE)
        await lab.say("a", b"not json")
        assert ("ParseError", {"RuleName": "r"}) in lab.counted.figures
        assert lab.functions.events == [{}]


@pytest.mark.parametrize(
    ("level", "events"),
    [
        ("DEBUG", ["RuleMatch", "StartingRuleExecution", "RuleExecution"]),
        ("DISABLED", []),
        ("ERROR", []),
        ("INFO", ["RuleMatch", "RuleExecution"]),
    ],
)
async def test_the_log_has_what_its_level_says(
    tmp_path: Path, level: str, events: list[str]
) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.upstream.logging = {"defaultLogLevel": level}
        lab.create("r", "SELECT * FROM 'a'", INVOKE)
        await lab.say("a", {})
        assert [entry["eventType"] for _, entry in lab.counted.entries] == events


async def test_an_event_type_has_a_level_and_a_group_of_its_own(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.upstream.logging = {
            "defaultLogLevel": "ERROR",
            "eventConfigurations": [
                {"eventType": "RuleExecution", "logLevel": "INFO", "logDestination": "mine"}
            ],
        }
        lab.create("r", "SELECT * FROM 'a'", INVOKE)
        await lab.say("a", {})
        ((group, entry),) = lab.counted.entries
        assert group == "mine"
        assert entry["ruleAction"] == "LambdaAction"
        assert entry["resources"] == {"Function arn": FUNCTION}


async def test_the_topic_of_an_object_literal_and_the_trace_are_the_same_in_all_rules(
    tmp_path: Path,
) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.create("one", "SELECT traceid() AS id FROM 'a'", INVOKE)
        lab.create("two", "SELECT traceid() AS id FROM 'a'", INVOKE)
        await lab.say("a", {})
        first, second = lab.functions.events
        assert first == second
        assert len(first["id"]) == 36


async def test_binary_payloads_do_not_go_to_functions(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.create("raw", "SELECT * FROM 'a'", INVOKE)
        lab.create("text", "SELECT encode(*, 'base64') AS data FROM 'a'", INVOKE)
        await lab.say("a", b"\x00\xff")
        assert lab.functions.events == [{"data": "AP8="}]
        assert "Could not parse request body into json" in caplog.text


async def test_a_query_that_asks_a_shadow_waits_for_it_in_the_background(tmp_path: Path) -> None:
    shadows = {("pump", None): json.dumps({"state": {"reported": {"on": True}}}).encode()}
    async with rules_lab(tmp_path, shadows=shadows) as lab:
        sql = (
            "SELECT get_thing_shadow('pump', 'arn:aws:iam::111122223333:role/r').state.reported.on"
            " AS is_on FROM 'a'"
        )
        lab.create("r", sql, INVOKE)
        await lab.say("a", {})
        await lab.done()
        assert lab.functions.events == [{"is_on": True}]


async def test_a_message_of_the_service_has_no_client(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.create("r", "SELECT clientid() AS c, principal() AS p FROM 'a'", INVOKE)
        await lab.topics.publish(Message("a", b"{}", sender=DEVICE))
        await lab.topics.publish(Message("a", b"{}"))
        assert lab.functions.events[0] == {"c": "sensor-1", "p": "certificate-1"}


async def test_a_message_that_no_rule_is_for_costs_no_task(tmp_path: Path) -> None:
    async with rules_lab(tmp_path) as lab:
        lab.create("r", "SELECT * FROM 'a'", INVOKE)
        await lab.say("a", {})
        assert lab.rules.receive(Message("b", b"{}")) is None


async def test_senders_wait_while_too_much_is_not_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lambda_nb.engine.iot.rules.runner.MOST_WAITING", 2)
    async with rules_lab(tmp_path) as lab:
        away = True
        lab.upstream.reply = lambda made: unreachable() if away else None
        lab.create("r", "SELECT * FROM 'a'", {"sqs": {"queueUrl": "http://q/1/q", "roleArn": "r"}})
        await lab.say("a", {})
        await lab.say("a", {})
        third = asyncio.ensure_future(lab.say("a", {}))
        await lab.until(lambda: len(lab.made) > 3)
        assert not third.done()
        away = False
        await asyncio.wait_for(third, 10)
        await lab.done()


async def test_a_query_waits_until_the_rules_can_be_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lambda_nb.engine.iot.rules.configuration._TRIES", 1)
    monkeypatch.setattr("lambda_nb.engine.iot.rules.runner.MOST_DELAY_S", 0.01)
    shadows = {("pump", None): b'{"state": {}}'}
    async with rules_lab(tmp_path, shadows=shadows) as lab:
        role = "arn:aws:iam::111122223333:role/r"
        sql = f"SELECT get_thing_shadow('pump', '{role}') AS s FROM 'a'"
        lab.create("r", sql, INVOKE)
        await lab.say("b", {})
        call, reached = lab.upstream.call_service, []

        async def nobody(*_: object) -> None:
            reached.append(1)
            raise unreachable()

        message = lab.rules.receive(Message("a", b"{}"))
        assert message is not None
        await message
        lab.counted.changed()
        monkeypatch.setattr(lab.upstream, "call_service", nobody)
        await lab.until(lambda: len(reached) > 4)
        monkeypatch.setattr(lab.upstream, "call_service", call)
        await lab.done()
        assert lab.functions.events == [{"s": {"state": {}}}]
