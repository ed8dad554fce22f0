"""Forms as parameters: what botocore writes is what it was given."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine import service_model
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.api import form

TEXTS = st.text(max_size=12)
PARAMETERS = st.fixed_dictionaries(
    {"StackName": TEXTS, "ChangeSetName": TEXTS},
    optional={
        "UsePreviousTemplate": st.booleans(),
        "Capabilities": st.lists(st.sampled_from(("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"))),
        "Tags": st.lists(st.fixed_dictionaries({"Key": TEXTS, "Value": TEXTS}), max_size=12),
        "RollbackConfiguration": st.fixed_dictionaries(
            {"MonitoringTimeInMinutes": st.integers(0, 180)}
        ),
        "ResourcesToImport": st.lists(
            st.fixed_dictionaries(
                {
                    "ResourceType": TEXTS,
                    "ResourceIdentifier": st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=3),
                }
            ),
            min_size=1,
            max_size=11,
        ),
    },
)


def read(operation: str, fields: dict[str, str]) -> dict[str, Any]:
    """The parameters that a form has."""
    return form.parameters(service_model.operation(operation, "cloudformation"), fields)


@given(PARAMETERS)
def test_what_botocore_writes_is_read_as_it_was(parameters: dict[str, Any]) -> None:
    operation = service_model.operation("CreateChangeSet", "cloudformation")
    written = create_serializer("query", include_validation=False).serialize_to_request(
        parameters, operation
    )["body"]
    body = urlencode(written).encode()
    assert form.parameters(operation, form.fields("", body)) == parameters


def test_the_query_of_a_url_counts_too() -> None:
    fields = form.fields("Action=DescribeStacks&StackName=a%20b", b"")
    assert read("DescribeStacks", fields) == {"StackName": "a b"}


def test_a_missing_member_is_named_as_aws_names_it() -> None:
    with pytest.raises(AWSError) as caught:
        read("CreateChangeSet", {"StackName": "a"})
    assert caught.value.code == "ValidationError"
    assert caught.value.message == (
        "1 validation error detected: Value null at 'changeSetName' failed to satisfy constraint: "
        "Member must not be null"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"TimeoutInMinutes": "soon"},
        {"DisableRollback": "perhaps"},
        {"Tags.member.first.Key": "a"},
        {"TemplateBody.member.1": "a"},
    ],
)
def test_values_of_a_wrong_type_are_refused(fields: dict[str, str]) -> None:
    with pytest.raises(AWSError, match=r"is no|numbered|Unexpected complex element") as caught:
        read("CreateStack", {"StackName": "a", **fields})
    assert caught.value.code == "MalformedInput"
