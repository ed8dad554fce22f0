"""GetCallerIdentity says whose keys a caller has: the user's, a role's, or what STS issued."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from engine_fixtures import Engine

WHO = (
    "import boto3\n"
    "def handler(event, context):\n"
    "    told = boto3.client('sts').get_caller_identity()\n"
    "    return {name: told[name] for name in ('Account', 'Arn', 'UserId')}\n"
)
ACCOUNT = "000000000000"


def test_the_user_of_the_engine(engine: Engine) -> None:
    told = engine.client("sts").get_caller_identity()
    assert told["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/lambda-nb"
    assert told["Account"] == ACCOUNT
    assert told["UserId"].startswith("AIDA")
    link = engine.client("sts").generate_presigned_url("get_caller_identity", HttpMethod="GET")
    with urllib.request.urlopen(link) as reply:
        assert f"<Arn>{told['Arn']}</Arn>" in reply.read().decode()


def test_a_function_has_the_identity_of_its_role(engine: Engine) -> None:
    told: dict[str, Any] = {}
    roles = ("service-role/reader", "service-role/reader", "writer")
    names = []
    for role in roles:
        arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
        name = engine.create(WHO, Role=arn, Timeout=30, MemorySize=512)
        answer = engine.client().invoke(FunctionName=name)
        told[name] = json.loads(answer["Payload"].read())
        names.append(name)
    for name, role in zip(names, roles, strict=True):
        session = f"{role.rpartition('/')[2]}/{name}"
        assert told[name]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{session}"
        assert told[name]["UserId"].startswith("AROA")
        assert told[name]["UserId"].endswith(f":{name}")
    first, second, third = (told[name]["UserId"].partition(":")[0] for name in names)
    assert first == second != third  # a property of the role, whoever assumed it


def test_keys_of_sts_are_known_to_sts(engine: Engine) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/guest"
    issued = engine.client("sts").assume_role(RoleArn=role, RoleSessionName="visit")["Credentials"]
    guest = engine.client(
        "sts",
        aws_access_key_id=issued["AccessKeyId"],
        aws_secret_access_key=issued["SecretAccessKey"],
        aws_session_token=issued["SessionToken"],
    )
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/guest/visit"
    assert guest.get_caller_identity()["Arn"] == arn
