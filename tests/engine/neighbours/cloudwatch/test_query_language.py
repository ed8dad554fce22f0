"""The query language of Logs Insights, by the guide's examples and over events made here."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.neighbours.services.cloudwatch.insights.grammar import QueryError
from lambda_nb.engine.neighbours.services.cloudwatch.insights.pipeline import Query, Tally
from lambda_nb.engine.neighbours.services.cloudwatch.insights.records import (
    Moment,
    Record,
    shown,
)

DAY = 1_763_856_000_000  # 2025-11-23
ID = "5f1c4b0e-4a2c-4f0e-9c57-0d2b5d2f2c11"
REPORT = (
    f"REPORT RequestId: {ID}\tDuration: {{}} ms\tBilled Duration: {{}} ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 40 MB\t"
)
EVENTS = [
    f"START RequestId: {ID} Version: $LATEST",
    f"2025-11-23T00:00:00.000Z\t{ID}\tINFO\thello",
    '{"level":"ERROR","user":{"name":"ann","tags":["a","b"]},"n":5,"ok":true,"a b":1}',
    '{"level":"INFO","user":{"name":"bob","tags":[]},"n":15,"ok":false}',
    "10.0.0.7 user=carl, method:get, latency := 12",
    f"END RequestId: {ID}",
    REPORT.format("100.5", "101")
    + "Init Duration: 80.25 ms\t\nXRAY TraceId: 1-5e-ab\tSegmentId: 3f"
    "\tSampled: true\t",
    REPORT.format("20.0", "20"),
]


def records(messages: list[str] = EVENTS) -> list[Record]:
    """One event a minute."""
    return [
        Record({"@timestamp": Moment(DAY + 60_000 * i), "@message": message, "@logStream": "s"})
        for i, message in enumerate(messages)
    ]


def run(text: str, messages: list[str] = EVENTS) -> list[dict[str, str]]:
    query = Query(text)
    found = query.run(records(messages), 1000, Tally())
    return [
        {name: shown(one[name]) for name in query.columns if one[name] is not None} for one in found
    ]


def test_without_fields_the_newest_messages_are_shown_first() -> None:
    found = run("limit 2")
    assert found == [
        {"@timestamp": "2025-11-23 00:07:00.000", "@message": EVENTS[7]},
        {"@timestamp": "2025-11-23 00:06:00.000", "@message": EVENTS[6]},
    ]


def test_fields_of_lambdas_lines() -> None:
    names = (
        "@type, @requestId, @duration, @billedDuration, @initDuration, @memorySize, "
        "@maxMemoryUsed, @xrayTraceId, @xraySegmentId"
    )
    found = run(f'filter @type = "REPORT" and ispresent(@initDuration) | fields {names}')
    assert found == [
        {
            "@type": "REPORT",
            "@requestId": ID,
            "@duration": "100.5",
            "@billedDuration": "101.0",
            "@initDuration": "80.25",
            "@memorySize": "1.28E8",
            "@maxMemoryUsed": "4.0E7",
            "@xrayTraceId": "1-5e-ab",
            "@xraySegmentId": "3f",
        }
    ]
    assert run(f'filter @requestId = "{ID}" | stats count(*) as lines') == [{"lines": "5"}]


def test_overprovisioned_memory() -> None:
    """The guide's example for Lambda: later columns use earlier ones."""
    found = run(
        'filter @type = "REPORT"\n'
        "| stats max(@memorySize / 1000 / 1000) as provisonedMemoryMB,\n"
        "    max(@maxMemoryUsed / 1000 / 1000) as maxMemoryUsedMB,\n"
        "    provisonedMemoryMB - maxMemoryUsedMB as overProvisionedMB"
    )
    assert found == [
        {"provisonedMemoryMB": "128", "maxMemoryUsedMB": "40", "overProvisionedMB": "88"}
    ]


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("@message like /ERROR/", 1),
        ("@message like 'RequestId'", 4),
        ("@message not like /RequestId/", 4),
        ("@message =~ /(?i)error/", 1),
        ("n > 5", 1),
        ("n >= 5 and n <= 15", 2),
        ("n in [5, 15, 25]", 2),
        ("n not in [5] and ispresent(n)", 1),
        ("level in ['ERROR']", 1),
        ("n = '5'", 1),
        ("level != 'INFO' and ispresent(level)", 1),
        ("not (level = 'INFO')", 7),
        ("ok = true", 1),
        ("ok = 0", 1),
        ("user.name = 'bob' or user.tags.1 = 'b'", 2),
        ("`a b` = 1", 1),
        ("strlen(user.name) = 3", 2),
        ("isValidIpV4('10.0.0.7') and isIpv4InSubnet('10.0.0.7', '10.0.0.0/8')", 8),
        ("isempty(level) and not isblank(@message)", 6),
        ("strcontains(@message, 'latency')", 1),
        ("n * 2 + 1 = 11", 1),
        ("n % 2 = 1 and n ^ 2 > 30", 1),
        ("@timestamp >= 1763856360000", 2),
        ("absent = 1 or absent < 1 or absent like /./", 0),
    ],
)
def test_filters(condition: str, count: int) -> None:
    assert run(f"filter {condition} | stats count(*) as n") == [{"n": str(count)}]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("toupper('ab')", "AB"),
        ("tolower('AB')", "ab"),
        ("substr('abcdef', 2)", "cdef"),
        ("substr('abcdef', 2, 3)", "cde"),
        ("replace('a-b-c', '-', '+')", "a+b+c"),
        ("concat('a', 1, 'b')", "a1b"),
        ("trim('  x ')", "x"),
        ("ltrim('xxa', 'x')", "a"),
        ("rtrim('axx', 'x')", "a"),
        ("abs(-3)", "3"),
        ("ceil(2.1)", "3"),
        ("floor(-2.1)", "-3"),
        ("sqrt(16)", "4"),
        ("log(1)", "0"),
        ("greatest(1, 3, 2)", "3"),
        ("least(4, 3, 9)", "3"),
        ("coalesce(absent, 'x')", "x"),
        ("datefloor(1763856090000, 1m)", "2025-11-23 00:01:00.000"),
        ("dateceil(1763856090000, 1m)", "2025-11-23 00:02:00.000"),
        ("fromMillis(1763856090000)", "2025-11-23 00:01:30.000"),
        ("toMillis(1763856090000) / 1000 % 100", "90"),
        ("unmask('x')", "x"),
        ("7 / 2", "3.5"),
        ("1 / 0", None),
        ("2 + 3 * 4 - 1", "13"),
        ("(2 + 3) * 4", "20"),
        ("2 ^ 10", "1024"),
    ],
)
def test_functions_and_operators(expression: str, value: str | None) -> None:
    (found,) = run(f"fields {expression} as x | limit 1", ["m"])
    assert found == ({} if value is None else {"x": value})


def test_statistics_by_bins_and_fields() -> None:
    found = run(
        "filter @type = 'REPORT' | stats count() , sum(@duration), avg(@duration), min(@duration),"
        " max(@duration), pct(@duration, 50), stddev(@duration), count_distinct(@requestId),"
        " earliest(@duration), latest(@duration), sortsFirst(@type), sortsLast(@type) by @type"
    )
    assert found == [
        {
            "@type": "REPORT",
            "count()": "2",
            "sum(@duration)": "120.5",
            "avg(@duration)": "60.25",
            "min(@duration)": "20",
            "max(@duration)": "100.5",
            "pct(@duration, 50)": "60.25",
            "stddev(@duration)": shown(80.5 / 2**0.5),
            "count_distinct(@requestId)": "1",
            "earliest(@duration)": "100.5",
            "latest(@duration)": "20",
            "sortsFirst(@type)": "REPORT",
            "sortsLast(@type)": "REPORT",
        }
    ]
    found = run("stats count(*) as n by bin(5m) as t | sort t desc")
    assert found == [
        {"t": "2025-11-23 00:05:00.000", "n": "3"},
        {"t": "2025-11-23 00:00:00.000", "n": "5"},
    ]
    found = run("stats count(*) by bin(5m) | sort count(*) desc | limit 1")
    assert found == [{"bin(5m)": "2025-11-23 00:00:00.000", "count(*)": "5"}]
    found = run("stats count(*) as n by bin(5m) | stats max(n) as most, min(n) as least")
    assert found == [{"most": "5", "least": "3"}]


def test_events_without_the_field_are_a_group() -> None:
    found = run("stats count(*) as n by level | sort n desc | limit 1")
    assert found == [{"n": "6"}]


def test_parse() -> None:
    glob = 'parse @message "user=*, method:*, latency := *" as @user, @method, @latency'
    assert run(f"{glob} | filter ispresent(@user) | display @user, @method, @latency + 1 as l") == [
        {"@user": "carl", "@method": "get", "l": "13"}
    ]
    expression = r"parse @message /user=(?<user2>.*?), method:(?<method2>\w+)/"
    assert run(f"{expression} | filter user2 like /carl/ | display user2, method2") == [
        {"user2": "carl", "method2": "get"}
    ]
    assert run('parse "user=*," as who | stats count(who)') == [{"count(who)": "1"}]
    assert run('parse user.name "a*" as rest | filter ispresent(rest) | display rest') == [
        {"rest": "nn"}
    ]


def test_sort_dedup_and_display() -> None:
    messages = [json.dumps({"k": k, "v": v}) for k, v in (("b", 2), ("a", 10), ("b", 1), ("a", 9))]
    assert run("fields k, v | sort k asc, v desc", messages) == [
        {"k": "a", "v": "10"},
        {"k": "a", "v": "9"},
        {"k": "b", "v": "2"},
        {"k": "b", "v": "1"},
    ]
    assert run("fields k, v | sort v asc | dedup k", messages) == [
        {"k": "b", "v": "1"},
        {"k": "a", "v": "9"},
    ]
    assert run("fields k, v | sort v desc | limit 1 | display v", messages) == [{"v": "10"}]


def test_comments_keywords_and_names_that_begin_like_keywords() -> None:
    messages = [json.dumps({"notFound": 1, "order": 2, "input": 3, "byte": 4})]
    text = "# what is this\nFIELDS notFound, order, input, byte # end\n| FILTER notFound = 1"
    assert run(text, messages) == [{"notFound": "1", "order": "2", "input": "3", "byte": "4"}]


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("fields @message | sorted x", "unexpected symbol found sorted at line 1 and position 19",
         (18, 24)),
        ("fields a\n| filter ~", "unexpected symbol found ~ at line 2 and position 10", (18, 19)),
        ("fields (a", "unexpected end of query", (9, 9)),
        ("", "unexpected end of query", (0, 0)),
        ("stats nothing(x)", "unknown function nothing", (6, 16)),
        ("fields strlen(a, b)", "strlen does not take 2 arguments", (7, 19)),
        ("stats pct(a)", "pct takes a field and a number", (6, 12)),
        ("stats count(*) by bin(a)", "bin takes a period, such as 5m", (18, 24)),
        ("filter a like /(/", "invalid regular expression", (7, 17)),
        ("parse 'a*b*' as x", "the pattern has 2 groups and 1 names", (0, 0)),
        ("pattern @message", "lambda_nb does not run the command pattern", (0, 7)),
        ("fields a | diff", "lambda_nb does not run the command diff", (11, 15)),
    ],
)  # fmt: skip
def test_wrong_queries(text: str, message: str, place: tuple[int, int]) -> None:
    with pytest.raises(QueryError) as error:
        Query(text)
    assert str(error.value).startswith(message)
    assert (error.value.start, error.value.end) == place


@given(st.text(max_size=40))
def test_any_text_is_a_query_or_an_error(text: str) -> None:
    with contextlib.suppress(QueryError):
        Query(text)


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=30), st.integers(0, 100))
def test_statistics_are_those_of_the_numbers(numbers: list[int], percent: int) -> None:
    messages = [json.dumps({"n": n}) for n in numbers]
    (found,) = run(
        f"stats count(n) as c, sum(n) as s, min(n) as lo, max(n) as hi, pct(n, {percent}) as p",
        messages,
    )
    told: dict[str, Any] = {name: float(value) for name, value in found.items()}
    assert (told["c"], told["s"]) == (len(numbers), sum(numbers))
    assert (told["lo"], told["hi"]) == (min(numbers), max(numbers))
    assert min(numbers) <= told["p"] <= max(numbers)
