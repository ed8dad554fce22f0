"""What is kept and has no effect here: the stack's events say so, when it is made and changed."""

from __future__ import annotations

from typing import Any

from engine_fixtures import Engine
from stacks_api_lab import Stack

TABLE: dict[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
}
RULES = [{"Status": "Enabled", "ExpirationInDays": 1}]


def resources(table: dict[str, Any], bucket: dict[str, Any]) -> dict[str, Any]:
    return {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table},
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": bucket},
        "Global": {
            "Type": "AWS::DynamoDB::GlobalTable",
            "Properties": {
                **TABLE,
                "Replicas": [
                    {
                        "Region": {"Ref": "AWS::Region"},
                        "ReadOnDemandThroughputSettings": {"MaxReadRequestUnits": 5},
                    }
                ],
            },
        },
    }


def test_events_say_what_has_no_effect(engine: Engine) -> None:
    stack = Stack(engine)
    assert stack.create(resources(TABLE, {})) == "CREATE_COMPLETE"
    limited = {**TABLE, "OnDemandThroughput": {"MaxReadRequestUnits": 5}}
    lifecycle = {"Rules": RULES, "TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}
    changed = resources(limited, {"LifecycleConfiguration": lifecycle})
    assert stack.update(changed) == "UPDATE_COMPLETE"
    said = {(who, what): why for who, what, why in stack.history() if why}
    idle = "The tables of lambda_nb are never throttled: {} has no effect."
    assert said["Global", "CREATE_COMPLETE"] == idle.format("ReadOnDemandThroughputSettings")
    assert said["Table", "UPDATE_COMPLETE"] == idle.format("OnDemandThroughput")
    assert said["Bucket", "UPDATE_COMPLETE"] == (
        "lambda_nb keeps LifecycleConfiguration, and does nothing with the bucket's objects."
    )
    assert ("Table", "CREATE_COMPLETE") not in said
    assert stack.delete() == "DELETE_COMPLETE"
