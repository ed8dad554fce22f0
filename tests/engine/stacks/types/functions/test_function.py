"""``AWS::Lambda::Function``: made, changed and deleted as CloudFormation does, and it runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_fixtures import ROLE, Engine, error_of, zip_of
from stack_types_lab import Lab, Resource

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.functions.function import Function

FUNCTION = Function()
SOURCE = "import os\ndef handler(event, context):\n    return os.environ.get('WORD', 'none')\n"


@pytest.fixture
def lab(engine: Engine) -> Lab:
    return Lab(engine, {"team": "blue"})


def properties(**others: Any) -> dict[str, Any]:
    return {
        "Code": {"ZipFile": SOURCE},
        "Handler": "index.handler",
        "Role": ROLE,
        "Runtime": "python3.11",
        **others,
    }


def said(engine: Engine, function: Resource) -> Any:
    answer = engine.client().invoke(FunctionName=function.ref)
    return json.loads(answer["Payload"].read())


def configuration(function: Resource) -> dict[str, Any]:
    config: dict[str, Any] = function.context.client("lambda").get_function_configuration(
        FunctionName=function.ref
    )
    return config


def test_inline_code_runs_and_is_replaced(engine: Engine, lab: Lab) -> None:
    made = lab.create(FUNCTION, properties())
    assert made.ref.startswith(f"{lab.stack_name}-Thing-")
    assert made.context.recorded == [made.ref]
    assert made.attribute("Arn").endswith(f":function:{made.ref}")
    assert said(engine, made) == "none"
    changed = lab.update(made, properties(Code={"ZipFile": SOURCE.replace("none", "new")}))
    assert said(engine, changed) == "new"
    lab.delete(changed)
    code, _ = error_of(lambda: engine.client().get_function(FunctionName=made.ref))
    assert code == "ResourceNotFoundException"


def test_the_same_inline_code_makes_the_same_hash(lab: Lab) -> None:
    one, two = (lab.create(FUNCTION, properties()) for _ in range(2))
    assert configuration(one)["CodeSha256"] == configuration(two)["CodeSha256"]


def test_code_from_s3(engine: Engine, lab: Lab) -> None:
    s3, bucket = engine.client("s3"), engine.name("code")
    s3.create_bucket(Bucket=bucket)
    for key in ("one", "two"):
        body = zip_of({"index.py": f"def handler(event, context):\n    return {key!r}\n"})
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    made = lab.create(FUNCTION, properties(Code={"S3Bucket": bucket, "S3Key": "one"}))
    assert said(engine, made) == "one"
    changed = lab.update(made, properties(Code={"S3Bucket": bucket, "S3Key": "two"}))
    assert said(engine, changed) == "two"


def test_what_a_template_leaves_out_returns_to_its_default(engine: Engine, lab: Lab) -> None:
    full = properties(
        Description="all of it",
        Environment={"Variables": {"WORD": "full", "NUMBER": 3}},
        EphemeralStorage={"Size": "1024"},
        LoggingConfig={"LogFormat": "JSON", "LogGroup": "/somewhere/else"},
        MemorySize="256",
        Timeout=20,
        TracingConfig={"Mode": "Active"},
        ReservedConcurrentExecutions=5,
        RecursiveLoop="Allow",
        RuntimeManagementConfig={"UpdateRuntimeOn": "FunctionUpdate"},
        Tags=[{"Key": "colour", "Value": "red"}],
    )
    made = lab.create(FUNCTION, full)
    calls = engine.client()
    config = configuration(made)
    assert config["MemorySize"] == 256
    assert config["EphemeralStorage"] == {"Size": 1024}
    assert config["Environment"]["Variables"] == {"WORD": "full", "NUMBER": "3"}
    assert config["LoggingConfig"]["LogGroup"] == "/somewhere/else"
    assert calls.get_function_concurrency(FunctionName=made.ref) | {"ResponseMetadata": 0} == {
        "ReservedConcurrentExecutions": 5,
        "ResponseMetadata": 0,
    }
    recursion = calls.get_function_recursion_config(FunctionName=made.ref)
    assert recursion["RecursiveLoop"] == "Allow"
    tags = calls.list_tags(Resource=made.attribute("Arn"))["Tags"]
    assert tags["team"] == "blue"
    assert tags["colour"] == "red"
    assert tags["aws:cloudformation:logical-id"] == "Thing"
    assert said(engine, made) == "full"

    bare = lab.update(made, properties())
    fresh = lab.create(FUNCTION, properties())
    own = (
        "FunctionName", "FunctionArn", "LastModified", "RevisionId", "LoggingConfig",
        "ResponseMetadata", "LastUpdateStatus", "Environment",
    )  # fmt: skip
    shown, wanted = configuration(bare), configuration(fresh)
    assert {k: v for k, v in shown.items() if k not in own} == {
        k: v for k, v in wanted.items() if k not in own
    }
    assert shown["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{bare.ref}"}
    assert said(engine, bare) == "none"
    assert "ReservedConcurrentExecutions" not in calls.get_function_concurrency(
        FunctionName=bare.ref
    )
    recursion = calls.get_function_recursion_config(FunctionName=bare.ref)
    assert recursion["RecursiveLoop"] == "Terminate"
    management = calls.get_runtime_management_config(FunctionName=bare.ref)
    assert management["UpdateRuntimeOn"] == "Auto"
    assert "colour" not in calls.list_tags(Resource=bare.attribute("Arn"))["Tags"]


def test_a_layer_and_a_dead_letter_queue_come_and_go(engine: Engine, lab: Lab) -> None:
    layer = engine.client().publish_layer_version(
        LayerName=engine.name("layer"), Content={"ZipFile": zip_of({"python/word.py": "IT = 'on'"})}
    )["LayerVersionArn"]
    queue = f"arn:aws:sqs:{engine.region}:{engine.account}:dead"
    made = lab.create(FUNCTION, properties(Layers=[layer], DeadLetterConfig={"TargetArn": queue}))
    assert [one["Arn"] for one in configuration(made)["Layers"]] == [layer]
    assert configuration(made)["DeadLetterConfig"] == {"TargetArn": queue}
    bare = configuration(lab.update(made, properties()))
    assert not {"Layers", "DeadLetterConfig"} & set(bare)


def test_a_role_made_a_moment_ago_works(engine: Engine, lab: Lab) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = engine.client("iam").create_role(
        RoleName=engine.name("role"), AssumeRolePolicyDocument=json.dumps(trust)
    )["Role"]["Arn"]
    made = lab.create(FUNCTION, properties(Role=role))
    assert said(engine, made) == "none"


def test_an_image_is_named_and_updated(engine: Engine, lab: Lab) -> None:
    repository = f"{engine.account}.dkr.ecr.{engine.region}.amazonaws.com/r"
    given = {"Role": ROLE, "PackageType": "Image", "Code": {"ImageUri": f"{repository}:1"}}
    made = lab.create(FUNCTION, {**given, "ImageConfig": {"Command": ["app.handler"]}})
    changed = lab.update(made, {**given, "Code": {"ImageUri": f"{repository}:2"}})
    found = engine.client().get_function(FunctionName=changed.ref)
    assert found["Code"]["ImageUri"] == f"{repository}:2"
    assert "ImageConfigResponse" not in found["Configuration"]


def test_what_replaces_a_function() -> None:
    old = properties(FunctionName="a")
    assert FUNCTION.replacing(old, properties(FunctionName="b")) == {"FunctionName"}
    durable = properties(FunctionName="a", DurableConfig={"ExecutionTimeout": 60})
    longer = properties(FunctionName="a", DurableConfig={"ExecutionTimeout": 90})
    assert FUNCTION.replacing(old, durable) == {"DurableConfig"}
    assert FUNCTION.replacing(durable, longer) == set()
    assert FUNCTION.replacing(old, properties(FunctionName="a", MemorySize=256)) == set()


def test_durable_settings_change(engine: Engine, lab: Lab) -> None:
    made = lab.create(FUNCTION, properties(DurableConfig={"ExecutionTimeout": 60}))
    lab.update(made, properties(DurableConfig={"ExecutionTimeout": "90"}))
    assert configuration(made)["DurableConfig"]["ExecutionTimeout"] == 90


def test_inline_code_is_for_python_and_node(lab: Lab) -> None:
    with pytest.raises(Refused, match="not to java21"):
        lab.create(FUNCTION, properties(Runtime="java21"))


def test_a_wrong_type_is_named(lab: Lab) -> None:
    with pytest.raises(Refused, match="MemorySize is 'much', not a integer"):
        lab.create(FUNCTION, properties(MemorySize="much"))


def test_lambda_s_own_refusal_is_the_reason(lab: Lab) -> None:
    code, message = error_of(lambda: lab.create(FUNCTION, properties(Handler="a b")))
    assert code == "ValidationException"
    assert "handler" in message


def test_drift_is_seen(engine: Engine, lab: Lab) -> None:
    made = lab.create(FUNCTION, properties(MemorySize=256))
    engine.client().update_function_configuration(FunctionName=made.ref, MemorySize=512)
    found = FUNCTION.read(made.context, made.made, made.properties)
    assert found is not None
    assert found["MemorySize"] == 512
    assert found["Runtime"] == made.properties["Runtime"]
    lab.delete(made)
    assert FUNCTION.read(made.context, made.made, made.properties) is None
