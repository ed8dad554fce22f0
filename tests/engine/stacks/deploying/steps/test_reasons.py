"""Reasons have CloudFormation's form."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from lambda_nb.engine.stacks.deploying.steps.reasons import definite, handler_code, reason
from lambda_nb.engine.stacks.model import Refused

TOKEN = "0b1c"


def test_of_an_error_of_a_service() -> None:
    error = ClientError(
        {
            "Error": {"Code": "ResourceConflictException", "Message": "Function already exist: f"},
            "ResponseMetadata": {"HTTPStatusCode": 409, "RequestId": "r-1"},
        },
        "CreateFunction",
    )
    assert reason(error, TOKEN) == (
        'Resource handler returned message: "Function already exist: f (Operation: '
        'CreateFunction, Status Code: 409, Request ID: r-1)" (RequestToken: 0b1c, '
        "HandlerErrorCode: AlreadyExists)"
    )


def test_a_sentence_of_a_type_stays_as_it_is() -> None:
    assert reason(Refused("This is why."), TOKEN) == "This is why."


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("BucketAlreadyOwnedByYou", 409, "AlreadyExists"),
        ("ResourceNotFoundException", 404, "NotFound"),
        ("NoSuchBucket", 404, "NotFound"),
        ("AccessDenied", 403, "AccessDenied"),
        ("ThrottlingException", 429, "Throttling"),
        ("LimitExceededException", 400, "ServiceLimitExceeded"),
        ("ValidationException", 400, "InvalidRequest"),
        ("InvalidParameterValueException", 400, "InvalidRequest"),
        ("ServiceException", 500, "ServiceInternalError"),
        ("Something", 400, "GeneralServiceException"),
    ],
)
def test_codes(code: str, status: int, expected: str) -> None:
    assert handler_code(code, status) == expected


def test_only_an_answer_says_for_certain_that_nothing_was_made() -> None:
    assert definite(ClientError({"Error": {"Code": "Oops"}}, "CreateQueue"))
    for status, certain in ((400, True), (429, True), (500, False), (501, True), (503, False)):
        told: Any = {"Error": {"Code": "Oops"}, "ResponseMetadata": {"HTTPStatusCode": status}}
        assert definite(ClientError(told, "CreateQueue")) is certain
    assert not definite(ReadTimeoutError(endpoint_url="http://127.0.0.1"))
    assert not definite(ConnectionClosedError(endpoint_url="http://127.0.0.1"))
