"""``AWS::Lambda::LayerVersion`` and ``AWS::Lambda::LayerVersionPermission``."""

from __future__ import annotations

import json

from engine_fixtures import Engine, error_of, zip_of
from stack_types_lab import Lab

from lambda_nb.engine.stacks.types.functions.layers import LayerVersion, LayerVersionPermission

LAYER, PERMISSION = LayerVersion(), LayerVersionPermission()


def test_a_layer_and_who_may_use_it(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client()
    bucket = engine.name("layers")
    engine.client("s3").create_bucket(Bucket=bucket)
    body = zip_of({"python/word.py": "IT = 'from the layer'\n"})
    engine.client("s3").put_object(Bucket=bucket, Key="layer.zip", Body=body)
    layer = lab.create(
        LAYER,
        {
            "Content": {"S3Bucket": bucket, "S3Key": "layer.zip"},
            "CompatibleRuntimes": ["python3.11", "python3.12"],
            "Description": "words",
        },
    )
    assert layer.ref == layer.attribute("LayerVersionArn")
    name = engine.create(
        "import word\ndef handler(event, context):\n    return word.IT\n", Layers=[layer.ref]
    )
    answer = calls.invoke(FunctionName=name)
    assert json.loads(answer["Payload"].read()) == "from the layer"

    everybody = {
        "LayerVersionArn": layer.ref,
        "Action": "lambda:GetLayerVersion",
        "Principal": "*",
    }
    permission = lab.create(PERMISSION, everybody)
    assert permission.ref.startswith(f"{layer.ref}#")
    arn, _, number = layer.ref.rpartition(":")
    version = {"LayerName": arn, "VersionNumber": int(number)}
    policy = json.loads(calls.get_layer_version_policy(**version)["Policy"])
    assert [one["Sid"] for one in policy["Statement"]] == [permission.ref.partition("#")[2]]
    lab.delete(permission)
    code, _ = error_of(lambda: calls.get_layer_version_policy(**version))
    assert code == "ResourceNotFoundException"
    lab.delete(layer)
    code, _ = error_of(lambda: calls.get_layer_version(**version))
    assert code == "ResourceNotFoundException"


def test_whatever_changes_replaces_a_layer() -> None:
    old = {"Content": {"S3Bucket": "a", "S3Key": "b"}}
    assert LAYER.replacing(old, {**old, "LicenseInfo": "MIT"}) == {"LicenseInfo"}
    assert LAYER.replacing(old, {"Content": {"S3Bucket": "a", "S3Key": "c"}}) == {"Content"}
