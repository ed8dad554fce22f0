"""What custom resources are asked and answer, by rules alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambda_nb.engine.stacks.custom import requests
from lambda_nb.engine.stacks.model import Refused


def answered(said: Any, *, physical_id: str | None = None, deleting: bool = False) -> Any:
    """What a body says."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return requests.answer_of(body, "r-1", physical_id, deleting=deleting)


def test_a_success_names_the_resource_and_has_data() -> None:
    answer = answered({"Status": "SUCCESS", "PhysicalResourceId": "p", "Data": {"A": 1}})
    assert answer == requests.Answer("p", {"A": 1}, False)
    hidden = {"Status": "SUCCESS", "PhysicalResourceId": "p", "NoEcho": True}
    assert answered(hidden).no_echo


def test_a_deletion_need_not_name_the_resource() -> None:
    assert answered({"Status": "SUCCESS"}, physical_id="p", deleting=True).physical_id == "p"


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (
            {"Status": "FAILED", "Reason": "no room"},
            "Received response status [FAILED] from custom resource. Message returned: no room "
            "(RequestId: r-1)",
        ),
        ({"Status": "SUCCESS"}, "Invalid PhysicalResourceId"),
        ({"Status": "DONE"}, 'Status is "DONE", not SUCCESS or FAILED.'),
        ({"Status": "SUCCESS", "PhysicalResourceId": "p", "Data": [1]}, "must be an object"),
        ([], "must be a JSON object"),
        (b"{", "Error parsing response object"),
        (b"x" * 4097, "Response object is too long."),
    ],
)
def test_what_is_no_success_is_told(said: Any, text: str) -> None:
    with pytest.raises(Refused) as caught:
        answered(said)
    assert text in str(caught.value)


@pytest.mark.parametrize("said", ["0", "3601", "soon", -1])
def test_a_timeout_out_of_range_is_refused(said: Any) -> None:
    assert requests.timeout_of({}) == 3600
    assert requests.timeout_of({"ServiceTimeout": "20"}) == 20
    with pytest.raises(Refused, match="ServiceTimeout is"):
        requests.timeout_of({"ServiceTimeout": said})
