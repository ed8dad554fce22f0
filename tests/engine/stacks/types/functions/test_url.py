"""``AWS::Lambda::Url``: it answers, and its settings change."""

from __future__ import annotations

import urllib.request

from engine_fixtures import Engine, error_of
from stack_types_lab import Lab

from lambda_nb.engine.stacks.types.functions.permission import Permission
from lambda_nb.engine.stacks.types.functions.url import Url

URL, PERMISSION = Url(), Permission()


def test_a_url_answers(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client()
    name = engine.create("def handler(event, context):\n    return 'hello'\n")
    arn = calls.get_function_configuration(FunctionName=name)["FunctionArn"]
    cors = {"AllowOrigins": ["https://example.com"], "MaxAge": "60", "AllowCredentials": "true"}
    url = lab.create(URL, {"TargetFunctionArn": arn, "AuthType": "AWS_IAM", "Cors": cors})
    assert url.ref == url.attribute("FunctionArn") == arn
    config = calls.get_function_url_config(FunctionName=name)
    assert config["Cors"]["MaxAge"] == 60
    assert config["Cors"]["AllowCredentials"] is True

    opened = lab.update(url, {"TargetFunctionArn": arn, "AuthType": "NONE"})
    config = calls.get_function_url_config(FunctionName=name)
    assert config["AuthType"] == "NONE"
    assert not config.get("Cors")
    assert config["FunctionUrl"] == opened.attribute("FunctionUrl")
    everybody = {"FunctionName": name, "Principal": "*"}
    for settings in (
        {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
        {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
    ):
        lab.create(PERMISSION, {**everybody, **settings})
    with urllib.request.urlopen(opened.attribute("FunctionUrl"), timeout=30) as answer:
        assert answer.read() == b"hello"
    lab.delete(opened)
    code, _ = error_of(lambda: calls.get_function_url_config(FunctionName=name))
    assert code == "ResourceNotFoundException"


def test_the_url_of_an_alias(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client()
    name = engine.create("def handler(event, context):\n    return 1\n")
    calls.publish_version(FunctionName=name)
    calls.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    url = lab.create(
        URL,
        {
            "TargetFunctionArn": name,
            "Qualifier": "live",
            "AuthType": "AWS_IAM",
            "InvokeMode": "RESPONSE_STREAM",
        },
    )
    assert url.ref.endswith(f":function:{name}:live")
    found = URL.read(url.context, url.made, url.properties)
    assert found == url.properties
    lab.delete(url)
    assert URL.read(url.context, url.made, url.properties) is None
