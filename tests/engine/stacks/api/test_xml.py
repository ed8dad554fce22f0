"""Responses as XML: botocore reads what was written."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from botocore.parsers import create_parser
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine import service_model
from lambda_nb.engine.stacks.api import xml

# Characters that XML cannot have are replaced; a lone carriage return must come through.
TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn")) | st.sampled_from("\n\r\t"), min_size=1
).map(lambda text: f"<{text}&>")
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(
    lambda time: time.replace(microsecond=time.microsecond // 1000 * 1000, tzinfo=timezone.utc)
)
STACKS = st.fixed_dictionaries(
    {"StackName": TEXTS, "CreationTime": TIMES, "StackStatus": st.just("CREATE_COMPLETE")},
    optional={
        "DisableRollback": st.booleans(),
        "TimeoutInMinutes": st.integers(1, 99),
        "Outputs": st.lists(
            st.fixed_dictionaries({"OutputKey": TEXTS, "OutputValue": TEXTS}), min_size=1
        ),
        "NotificationARNs": st.lists(TEXTS, min_size=1),
    },
)


def parsed(operation: str, answer: dict[str, Any]) -> dict[str, Any]:
    """What a client makes of an answer."""
    model = service_model.operation(operation, "cloudformation")
    reply = {"status_code": 200, "headers": {}, "body": xml.response(model, answer, "r-1")}
    read: dict[str, Any] = create_parser("query").parse(reply, model.output_shape)
    assert read.pop("ResponseMetadata")["RequestId"] == "r-1"
    return read


@given(st.lists(STACKS, min_size=1, max_size=3))
def test_clients_read_what_was_written(stacks: list[dict[str, Any]]) -> None:
    assert parsed("DescribeStacks", {"Stacks": stacks}) == {"Stacks": stacks}


def test_what_is_none_is_left_out_and_an_operation_may_answer_nothing() -> None:
    answer = {"Stacks": [{"StackName": "a", "Description": None}], "NextToken": None}
    assert parsed("DescribeStacks", answer) == {"Stacks": [{"StackName": "a"}]}
    assert parsed("DeleteStack", {}) == {}


def test_characters_that_xml_cannot_have_are_replaced() -> None:
    (stack,) = parsed("DescribeStacks", {"Stacks": [{"StackName": "a\0b\x1b"}]})["Stacks"]
    assert stack["StackName"] == "a\ufffdb\ufffd"
