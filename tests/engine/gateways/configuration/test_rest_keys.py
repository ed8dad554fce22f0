"""API keys, usage plans, what was used, and the smaller parts: account, certificates, tags."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_configuration_lab import Lab, made

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.rest.kept.records import USAGE
from lambda_nb.engine.gateways.configuration.rest.keys.usage import first_day

VALUE = "a-value-of-twenty-or-more-characters"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    yield from made(tmp_path / "apis.sqlite")


def refusal(lab: Lab, operation: str, **request: Any) -> tuple[str, str]:
    """Code and message of the error that a call gets."""
    with pytest.raises(AWSError) as caught:
        lab(operation, **request)
    return caught.value.code, caught.value.message


def patched(lab: Lab, operation: str, *changes: tuple[str, ...], **request: Any) -> Any:
    """The response of an ``Update`` call with operations of (op, path, value)."""
    patches = [dict(zip(("op", "path", "value"), one, strict=False)) for one in changes]
    return lab(operation, **request, patchOperations=patches)


def stage_of(lab: Lab) -> dict[str, str]:
    """A stage as usage plans name it."""
    api = lab.new_api()
    lab.add_method(api)
    lab("CreateDeployment", restApiId=api["id"], stageName="live")
    return {"apiId": api["id"], "stage": "live"}


def test_keys_have_generated_values(lab: Lab) -> None:
    key = lab("CreateApiKey", name="one", enabled=True)
    assert len(key["value"]) == 40
    assert "value" not in lab("GetApiKey", apiKey=key["id"])
    assert lab("GetApiKey", apiKey=key["id"], includeValue=True)["value"] == key["value"]
    assert lab.configuration.api_keys()[key["value"]]["id"] == key["id"]
    assert refusal(lab, "CreateApiKey", value="short") == (
        "BadRequestException",
        "API Key value should be at least 20 characters",
    )
    lab("CreateApiKey", name="two", value=VALUE, customerId="c")
    assert refusal(lab, "CreateApiKey", value=VALUE)[0] == "ConflictException"
    assert [k["name"] for k in lab("GetApiKeys", nameQuery="tw")["items"]] == ["two"]
    assert [k["name"] for k in lab("GetApiKeys", customerId="c")["items"]] == ["two"]
    assert lab("GetApiKeys", customerId="c", includeValues=True)["items"][0]["value"] == VALUE


def test_keys_are_changed_and_deleted(lab: Lab) -> None:
    stage = stage_of(lab)
    key = lab("CreateApiKey", name="one")
    place = f"{stage['apiId']}/{stage['stage']}"
    changed = patched(
        lab,
        "UpdateApiKey",
        ("replace", "/enabled", "true"),
        ("replace", "/description", "d"),
        ("add", "/stages", place),
        apiKey=key["id"],
    )
    assert (changed["enabled"], changed["stageKeys"]) == (True, [place])
    assert (
        patched(lab, "UpdateApiKey", ("remove", "/stages", place), apiKey=key["id"])["stageKeys"]
        == []
    )
    plan = lab("CreateUsagePlan", name="p")
    lab("CreateUsagePlanKey", usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    lab("DeleteApiKey", apiKey=key["id"])
    assert lab("GetUsagePlanKeys", usagePlanId=plan["id"])["items"] == []
    assert refusal(lab, "GetApiKey", apiKey=key["id"]) == (
        "NotFoundException",
        "Invalid API Key identifier specified",
    )


def test_keys_are_imported_from_csv(lab: Lab) -> None:
    plan = lab("CreateUsagePlan", name="p")
    rows = (
        "Name,key,description,Enabled,usageplanIds\n"
        f'one,{VALUE}-1,first,TRUE,"{plan["id"]}"\n'
        f"two,{VALUE}-2,,false,\n"
        f"three,{VALUE}-2,,true,\n"
        "four,short,,,\n"
    )
    imported = lab("ImportApiKeys", body=rows.encode(), format="csv")
    assert len(imported["ids"]) == 2
    assert [warning.partition(":")[0] for warning in imported["warnings"]] == ["Line 4", "Line 5"]
    keys = {k["name"]: k for k in lab("GetApiKeys")["items"]}
    assert (keys["one"]["enabled"], keys["two"]["enabled"]) == (True, False)
    attached = lab("GetUsagePlanKeys", usagePlanId=plan["id"])["items"]
    assert [(k["name"], k["value"]) for k in attached] == [("one", f"{VALUE}-1")]
    fresh = f"name,key\nfive,{VALUE}-5\nsix,short\n"
    assert (
        refusal(lab, "ImportApiKeys", body=fresh.encode(), format="csv", failOnWarnings=True)[0]
        == "BadRequestException"
    )
    assert "five" not in {k["name"] for k in lab("GetApiKeys")["items"]}
    for wrong in (b"", b"a,b\n1,2\n", b"\xff\xfe"):
        assert refusal(lab, "ImportApiKeys", body=wrong, format="csv")[0] == "BadRequestException"


def test_plans_are_created_changed_and_deleted(lab: Lab) -> None:
    stage = stage_of(lab)
    plan = lab("CreateUsagePlan", name="p", apiStages=[stage], throttle={"rateLimit": 1.0})
    of_plan = {"usagePlanId": plan["id"]}
    named = f"{stage['apiId']}:{stage['stage']}"
    changed = patched(
        lab,
        "UpdateUsagePlan",
        ("replace", "/throttle/burstLimit", "5"),
        ("add", "/quota/limit", "100"),
        ("add", "/quota/period", "WEEK"),
        ("add", "/quota/offset", "6"),
        ("replace", f"/apiStages/{named}/throttle//pets/{{id}}/GET/rateLimit", "2.5"),
        ("replace", f"/apiStages/{named}/throttle/~1pets~1{{id}}/GET/burstLimit", "3"),
        **of_plan,
    )
    assert changed["throttle"] == {"rateLimit": 1.0, "burstLimit": 5}
    assert changed["quota"] == {"limit": 100, "period": "WEEK", "offset": 6}
    assert changed["apiStages"][0]["throttle"] == {
        "/pets/{id}/GET": {"rateLimit": 2.5, "burstLimit": 3}
    }
    assert refusal(lab, "DeleteUsagePlan", **of_plan)[1] == (
        f"Usage Plan {plan['id']} cannot be deleted until associated API stages are removed"
    )
    changed = patched(
        lab,
        "UpdateUsagePlan",
        ("remove", f"/apiStages/{named}/throttle"),
        ("remove", "/quota"),
        ("remove", "/throttle"),
        **of_plan,
    )
    assert changed["apiStages"] == [stage]
    assert not {"quota", "throttle"} & changed.keys()
    patched(lab, "UpdateUsagePlan", ("remove", "/apiStages", named), **of_plan)
    lab("DeleteUsagePlan", **of_plan)
    assert refusal(lab, "GetUsagePlan", **of_plan) == (
        "NotFoundException",
        "Invalid Usage Plan ID specified",
    )


def test_impossible_plans_are_refused(lab: Lab) -> None:
    wrong: list[dict[str, Any]] = [
        {"apiStages": [{"apiId": "x", "stage": "y"}]},
        {"quota": {"limit": 0, "period": "DAY"}},
        {"quota": {"limit": 1, "period": "YEAR"}},
        {"quota": {"limit": 1, "period": "DAY", "offset": 1}},
        {"quota": {"limit": 1, "period": "WEEK", "offset": 7}},
        {"quota": {"limit": 1, "period": "MONTH", "offset": 28}},
    ]
    for members in wrong:
        assert refusal(lab, "CreateUsagePlan", name="p", **members)[0] in (
            "BadRequestException",
            "NotFoundException",
        )


def test_a_key_has_one_plan_for_a_stage(lab: Lab) -> None:
    stage = stage_of(lab)
    key = lab("CreateApiKey", name="k", value=VALUE)
    first = lab("CreateUsagePlan", name="1", apiStages=[stage])["id"]
    second = lab("CreateUsagePlan", name="2", apiStages=[stage])["id"]
    attached = {"keyId": key["id"], "keyType": "API_KEY"}
    shown = lab("CreateUsagePlanKey", usagePlanId=first, **attached)
    assert shown == {"id": key["id"], "type": "API_KEY", "name": "k", "value": VALUE}
    assert lab.configuration.usage_plans()[first].key_ids == {key["id"]}
    assert [p["id"] for p in lab("GetUsagePlans", keyId=key["id"])["items"]] == [first]
    assert refusal(lab, "CreateUsagePlanKey", usagePlanId=first, **attached)[0] == (
        "ConflictException"
    )
    assert refusal(lab, "CreateUsagePlanKey", usagePlanId=second, **attached) == (
        "ConflictException",
        f"API Key {key['id']} is already subscribed to a Usage plan with API Stage "
        f"{stage['apiId']}:live",
    )
    lab("DeleteUsagePlanKey", usagePlanId=first, keyId=key["id"])
    lab("CreateUsagePlanKey", usagePlanId=second, **attached)
    assert refusal(lab, "GetUsagePlanKey", usagePlanId=first, keyId=key["id"])[0] == (
        "NotFoundException"
    )


def test_usage_is_counted_shown_and_kept(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "apis.sqlite")
    today = datetime.now(timezone.utc)
    day, yesterday = str(today.date()), str(today.date() - timedelta(1))
    quota = {"limit": 10, "period": "DAY"}
    plan = lab("CreateUsagePlan", name="p", quota=quota)["id"]
    key = lab("CreateApiKey", name="k")["id"]
    lab("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
    before = lab.configuration.revision

    async def use() -> None:
        lab.configuration.usage.record(plan, key, yesterday)
        for _ in range(3):
            lab.configuration.usage.record(plan, key, day)

    asyncio.run(use())
    assert lab.configuration.revision == before
    now = today.timestamp()
    assert lab.configuration.usage.used(plan, key, "DAY", 0, now) == 3
    told = lab("GetUsage", usagePlanId=plan, startDate=yesterday, endDate=day)
    assert told["items"] == {key: [[1, 9], [3, 7]]}
    changed = patched(
        lab, "UpdateUsage", ("replace", "/remaining", "20"), usagePlanId=plan, keyId=key
    )
    assert changed["items"] == {key: [[3, 20]]}
    assert lab.configuration.usage.used(plan, key, "DAY", 0, now) == -10
    lab.close()

    again = Lab(tmp_path / "apis.sqlite")
    assert again.configuration.usage.used(plan, key, "DAY", 0, now) == -10
    assert again("GetUsage", usagePlanId=plan, startDate=day, endDate=day)["items"] == {
        key: [[3, 20]]
    }
    for wrong in (("x", day), (day, yesterday), ("2020-01-01", day)):
        asked = {"usagePlanId": plan, "startDate": wrong[0], "endDate": wrong[1]}
        assert refusal(again, "GetUsage", **asked)[0] == "BadRequestException"
    again.close()


def test_old_days_of_usage_are_forgotten(lab: Lab) -> None:
    plan = lab("CreateUsagePlan", name="p")["id"]
    key = lab("CreateApiKey", name="k")["id"]
    lab("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
    first = date(2026, 1, 1)

    async def use() -> None:
        for number in range(130):
            lab.configuration.usage.record(plan, key, str(first + timedelta(number)))
        lab.configuration.usage.keep()

    asyncio.run(use())
    days = lab.store.children(USAGE, plan)[key]["days"]
    assert (min(days), len(days)) == (str(first + timedelta(10)), 120)


def test_usage_that_cannot_be_written_is_not_lost(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = lab("CreateUsagePlan", name="p")["id"]
    key = lab("CreateApiKey", name="k")["id"]
    lab("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
    usage, now = lab.configuration.usage, datetime.now(timezone.utc)

    def full(changes: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async def use() -> None:
        usage.record(plan, key, str(now.date()))
        with monkeypatch.context() as patch:
            patch.setattr(lab.store, "_commit", full)
            usage.keep()
        assert usage.used(plan, key, "DAY", 0, now.timestamp()) == 1
        usage.keep()

    asyncio.run(use())
    assert lab.store.children(USAGE, plan)[key]["days"] == {str(now.date()): 1}


@given(
    st.sampled_from(["DAY", "WEEK", "MONTH"]),
    st.integers(0, 27),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
)
def test_a_period_contains_its_day(period: str, offset: int, day: date) -> None:
    offset = 0 if period == "DAY" else offset % 7 if period == "WEEK" else offset
    first = first_day(period, offset, day)
    length = {"DAY": 1, "WEEK": 7, "MONTH": 31}[period]
    assert first <= day < first + timedelta(length)
    assert first_day(period, offset, first) == first
    if period == "WEEK":
        assert (first.weekday() + 1) % 7 == offset
    if period == "MONTH":
        assert first.day == offset + 1


def test_the_account(lab: Lab) -> None:
    assert lab("GetAccount") == {
        "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
        "features": ["UsagePlans"],
        "apiKeyVersion": "4",
    }
    role = "arn:aws:iam::000000000000:role/logs"
    changed = patched(lab, "UpdateAccount", ("replace", "/cloudwatchRoleArn", role))
    assert lab("GetAccount") == changed
    assert changed["cloudwatchRoleArn"] == role
    assert "cloudwatchRoleArn" not in patched(
        lab, "UpdateAccount", ("replace", "/cloudwatchRoleArn", "")
    )
    with pytest.raises(AWSError, match="well formed"):
        patched(lab, "UpdateAccount", ("replace", "/cloudwatchRoleArn", "me"))


def test_client_certificates(lab: Lab) -> None:
    made_one = lab("GenerateClientCertificate", description="d")
    identifier = made_one["clientCertificateId"]
    assert made_one["pemEncodedCertificate"].startswith("-----BEGIN CERTIFICATE-----")
    assert made_one["expirationDate"] - made_one["createdDate"] == 365 * 86400
    assert "privateKey" not in lab("GetClientCertificate", clientCertificateId=identifier)
    assert "privateKey" not in lab("GetClientCertificates")["items"][0]
    pair = lab.configuration.client_certificate(identifier)
    assert pair is not None
    assert pair[1].startswith("-----BEGIN PRIVATE KEY-----")
    patched(
        lab,
        "UpdateClientCertificate",
        ("replace", "/description", "e"),
        clientCertificateId=identifier,
    )
    lab("DeleteClientCertificate", clientCertificateId=identifier)
    assert refusal(lab, "GetClientCertificate", clientCertificateId=identifier)[0] == (
        "NotFoundException"
    )


def test_tags(lab: Lab) -> None:
    stage = stage_of(lab)
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{stage['apiId']}"
    for one in (arn, f"{arn}/stages/live"):
        lab("TagResource", resourceArn=one, tags={"a": "1", "b": "2"})
        lab("UntagResource", resourceArn=one, tagKeys=["a"])
        assert lab("GetTags", resourceArn=one) == {"tags": {"b": "2"}}
    assert lab("GetRestApi", restApiId=stage["apiId"])["tags"] == {"b": "2"}
    lab("UntagResource", resourceArn=arn, tagKeys=["b"])
    assert "tags" not in lab("GetRestApi", restApiId=stage["apiId"])
    assert refusal(lab, "GetTags", resourceArn=arn + "x")[0] == "NotFoundException"
    assert refusal(lab, "GetTags", resourceArn="x")[0] == "BadRequestException"
    assert refusal(lab, "TagResource", resourceArn=arn, tags={"aws:x": "1"})[0] == (
        "BadRequestException"
    )
    many = {str(number): "" for number in range(51)}
    assert refusal(lab, "TagResource", resourceArn=arn, tags=many)[0] == "BadRequestException"
