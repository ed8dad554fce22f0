"""Function settings: refusals in AWS's words, defaults, and updates as pure functions."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.refusal import Refused
from lambda_nb.rules.settings import settings

TODAY = date(2026, 11, 23)
ROLE = "arn:aws:iam::000000000000:role/r"


def request(**members: Any) -> dict[str, Any]:
    """A CreateFunction request; ``None`` leaves a member out."""
    base = {
        "FunctionName": "f",
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "m.h",
        "Code": {"ZipFile": b"zip"},
    }
    return {key: value for key, value in {**base, **members}.items() if value is not None}


def refusal(**members: Any) -> tuple[str, str]:
    """Code and message of the refusal of a CreateFunction request."""
    with pytest.raises(Refused) as caught:
        settings.check(request(**members), today=TODAY, region="us-east-1")
    return caught.value.code, caught.value.message


def rule(value: str, member: str, constraint: str) -> tuple[str, str]:
    """The refusal of one member by the service model."""
    return (
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy "
        f"constraint: {constraint}",
    )


def most(value: int) -> str:
    return f"Member must have value less than or equal to {value}"


def least(value: int) -> str:
    return f"Member must have value greater than or equal to {value}"


def test_a_plain_request_passes() -> None:
    settings.check(request(), today=TODAY, region="us-east-1")


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"Timeout": 901}, rule("901", "timeout", most(900))),
        ({"Timeout": 0}, rule("0", "timeout", least(1))),
        ({"MemorySize": 127}, rule("127", "memorySize", least(128))),
        ({"MemorySize": 10241}, rule("10241", "memorySize", most(10240))),
        (
            {"EphemeralStorage": {"Size": 511}},
            rule("511", "ephemeralStorage.size", least(512)),
        ),
    ],
)
def test_members_out_of_their_range(members: dict[str, Any], expected: tuple[str, str]) -> None:
    assert refusal(**members) == expected


def test_all_problems_are_told_at_once() -> None:
    code, message = refusal(Timeout=0, MemorySize=1)
    assert code == "ValidationException"
    assert message.startswith("2 validation errors detected: ")
    assert message.count("; ") == 1


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"Runtime": "python2.7"},
            "The runtime parameter of python2.7 is no longer supported for creating or updating "
            "AWS Lambda functions. We recommend you use a supported runtime while creating or "
            "updating functions.",
        ),
        (
            {"Runtime": None},
            "Runtime and Handler are mandatory parameters for functions created with deployment "
            "packages.",
        ),
        ({"Code": {}}, "Please provide a source for function code."),
        (
            {"Code": {"ZipFile": b"", "S3Bucket": "b"}},
            "Please do not provide other FunctionCode parameters when providing a ZipFile.",
        ),
        (
            {"PackageType": "Image"},
            "Please provide ImageUri when creating a function with packageType Image.",
        ),
        (
            {"PackageType": "Image", "Code": {"ImageUri": "u"}},
            "Please don't provide Handler or Runtime or Layer when the intended function "
            "PackageType is Image.",
        ),
        (
            {"Code": {"ImageUri": "u"}},
            "Please don't provide ImageUri when creating a function with packageType Zip.",
        ),
        (
            {"Environment": {"Variables": {"AWS_REGION": "x", "OK": "y"}}},
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            "for modification. Reserved keys used in this request: AWS_REGION",
        ),
        (
            {"SnapStart": {"ApplyOn": "PublishedVersions"}, "Runtime": "nodejs22.x"},
            "nodejs22.x is not supported for SnapStart enabled functions.",
        ),
    ],
)
def test_refusals_in_words(members: dict[str, Any], message: str) -> None:
    assert refusal(**members) == ("InvalidParameterValueException", message)


def test_an_unknown_runtime_is_answered_with_those_there_are() -> None:
    code, message = refusal(Runtime="cobol85")
    assert code == "InvalidParameterValueException"
    assert message.startswith(
        "Value cobol85 at 'runtime' failed to satisfy constraint: Member must satisfy enum value "
        "set: ["
    )
    assert message.endswith("] or be a valid ARN")
    assert "python3.12" in message
    assert "python2.7" not in message


KEYS = st.from_regex(r"[A-Z][A-Z0-9_]{1,9}", fullmatch=True)


@given(st.dictionaries(KEYS, st.text(), max_size=5), st.integers(-3, 3))
def test_the_environment_ends_at_4096_bytes(variables: dict[str, str], beyond: int) -> None:
    """Padding brings the measured text to just below, at, or above the limit."""

    def measured() -> str:
        return json.dumps(padded, separators=(",", ":"), ensure_ascii=False)

    padded = {**variables, "PADDING": ""}
    padded["PADDING"] = "x" * (4096 + beyond - len(measured().encode()))
    given_ = request(Environment={"Variables": padded})
    reserved = set(padded) & settings.RESERVED_ENVIRONMENT
    if beyond <= 0 and not reserved and len(measured().encode()) <= 4096:
        settings.check(given_, today=TODAY, region="us-east-1")
        return
    with pytest.raises(Refused) as caught:
        settings.check(given_, today=TODAY, region="us-east-1")
    if not reserved:
        assert caught.value.message == (
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided exceeded the 4KB limit. String measured: " + measured()
        )


def test_a_capacity_provider_raises_the_limits() -> None:
    provider = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": "a"}}
    big = request(MemorySize=32768, Timeout=5400, CapacityProviderConfig=provider)
    settings.check(big, today=TODAY, region="us-east-1")


def test_updates_change_only_what_is_given() -> None:
    config = settings.created(request(Environment={"Variables": {"AA": "1"}}), region="us-east-1")
    same = settings.updated(config, {"FunctionName": "f"}, region="us-east-1")
    assert same == config
    more = settings.updated(config, {"Timeout": 9}, region="us-east-1")
    assert more == {**config, "Timeout": 9}
    assert config["Timeout"] == 3  # the old configuration is left alone


def test_a_new_runtime_brings_its_own_version() -> None:
    config = settings.created(request(), region="us-east-1")
    other = settings.updated(config, {"Runtime": "python3.13"}, region="us-east-1")
    assert other["RuntimeVersionConfig"] != config["RuntimeVersionConfig"]
    assert other["Runtime"] == "python3.13"


def test_log_levels_are_json_only() -> None:
    config = settings.created(
        request(LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"}),
        region="us-east-1",
    )
    assert config["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "DEBUG",
        "SystemLogLevel": "INFO",
        "LogGroup": "/aws/lambda/f",
    }
    text = settings.updated(config, {"LoggingConfig": {"LogFormat": "Text"}}, region="us-east-1")
    assert text["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"}
