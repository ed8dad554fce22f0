"""Function URLs and functions' own calls of AWS, beside an external endpoint without signatures."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from recorded_lab import ECHO, Lab

SAID = "import json\ndef handler(event, context):\n    return json.loads(event['body'])\n"
FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


def give_url(lab: Lab, name: str, auth: str = "NONE", **more: Any) -> str:
    """Create a function URL; everybody may call it if it has no authorisation."""
    client = lab.client("lambda")
    made = client.create_function_url_config(FunctionName=name, AuthType=auth, **more)
    if auth == "NONE":
        client.add_permission(
            FunctionName=name,
            StatementId="public",
            Action="lambda:InvokeFunctionUrl",
            Principal="*",
            FunctionUrlAuthType="NONE",
        )
    return str(made["FunctionUrl"])


def fetch(
    url: str, data: bytes | None = None, method: str | None = None, **headers: str
) -> tuple[int, Any, bytes]:
    """Status, headers and body of a plain HTTP request."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    request = urllib.request.Request(url, data=data, headers=named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def test_the_event_of_a_url(lab: Lab) -> None:
    url = give_url(lab, lab.engine.create(ECHO))
    status, headers, body = fetch(
        f"{url}a/b?x=1&x=2&y=", b'{"k": 1}', content_type="application/json", X_Mine="V"
    )
    assert (status, headers["content-type"]) == (200, "application/json")
    event = json.loads(body)
    assert event["version"] == "2.0"
    assert event["routeKey"] == "$default"
    assert event["rawPath"] == "/a/b"
    assert event["rawQueryString"] == "x=1&x=2&y="
    assert event["queryStringParameters"] == {"x": "1,2", "y": ""}
    assert event["headers"]["x-mine"] == "V"
    assert (event["body"], event["isBase64Encoded"]) == ('{"k": 1}', False)
    context = event["requestContext"]
    assert (context["accountId"], context["stage"]) == ("anonymous", "$default")
    assert context["http"]["method"] == "POST"
    assert context["domainPrefix"] == context["apiId"]
    assert "cookies" not in event
    event = json.loads(fetch(url, b"a=1", content_type="application/x-www-form-urlencoded")[2])
    assert (event["body"], event["isBase64Encoded"]) == (base64.b64encode(b"a=1").decode(), True)


@pytest.mark.parametrize(
    ("returned", "body"),
    [
        ({"hello": "world"}, b'{"hello":"world"}'),
        (["hello", 3, True], b'["hello",3,true]'),
        ("hello", b"hello"),
        (3, b"3"),
        (3.1, b"3.1"),
        (True, b"true"),
    ],
)
def test_values_without_a_status(lab: Lab, returned: Any, body: bytes) -> None:
    url = give_url(lab, lab.engine.create(SAID))
    status, headers, said = fetch(url, json.dumps(returned).encode(), content_type="text/plain")
    assert (status, headers["content-type"], said) == (200, "application/json", body)
    assert headers["content-length"] == str(len(body))


def test_a_full_response(lab: Lab) -> None:
    url = give_url(lab, lab.engine.create(SAID))
    response = {
        "statusCode": 201,
        "headers": {"Content-Type": "text/html", "X-Own": "1"},
        "cookies": ["a=1", "b=2"],
        "body": base64.b64encode(b"\x00\xff").decode(),
        "isBase64Encoded": True,
    }
    status, headers, body = fetch(url, json.dumps(response).encode(), content_type="text/plain")
    assert (status, body) == (201, b"\x00\xff")
    assert (headers["content-type"], headers["x-own"]) == ("text/html", "1")
    assert headers.get_all("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize(
    "code",
    [
        "def handler(event, context):\n    raise ValueError('no')\n",
        "def handler(event, context):\n    return {'statusCode': 'bad'}\n",
        "import time\ndef handler(event, context):\n    time.sleep(9)\n",
    ],
)
def test_what_fails_is_a_bad_gateway(lab: Lab, code: str) -> None:
    url = give_url(lab, lab.engine.create(code, Timeout=1))
    status, _, body = fetch(url)
    assert (status, body) == (502, b"Internal Server Error")


def test_who_may_not_call_a_url(lab: Lab) -> None:
    client = lab.client("lambda")
    name = lab.engine.create(ECHO)
    url = client.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    closed = give_url(lab, lab.engine.create(ECHO), "AWS_IAM")
    for address in (url, closed):
        status, headers, body = fetch(address)
        assert status == 403
        assert headers["x-amzn-errortype"].split(":")[0] == "AccessDeniedException"
        assert json.loads(body) == {"Message": FORBIDDEN}


def test_signed_calls_of_a_url(lab: Lab) -> None:
    url = give_url(lab, lab.engine.create(ECHO), "AWS_IAM")
    request = AWSRequest("GET", url)
    SigV4Auth(Credentials("test", "test"), "lambda", "us-east-1").add_auth(request)
    status, _, body = fetch(url, **dict(request.headers.items()))
    assert status == 200, body
    iam = json.loads(body)["requestContext"]["authorizer"]["iam"]
    assert set(iam) == {
        "accessKey",
        "accountId",
        "callerId",
        "cognitoIdentity",
        "principalOrgId",
        "userArn",
        "userId",
    }


def test_functions_call_the_external_services(lab: Lab) -> None:
    url, _ = lab.queue()
    table = lab.engine.name("t")
    lab.client("dynamodb").create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    lab.client("s3").create_bucket(Bucket=table)
    name = lab.engine.create(
        "import boto3\n"
        "def handler(event, context):\n"
        "    boto3.client('sqs').send_message(QueueUrl=event['url'], MessageBody='{}')\n"
        "    boto3.resource('dynamodb').Table(event['table']).put_item(Item={'id': '1'})\n"
        "    boto3.client('s3').put_object(Bucket=event['table'], Key='k', Body=b'x')\n"
        "    return boto3.client('sts').get_caller_identity()['Arn']\n",
        Timeout=20,
        MemorySize=512,
    )
    payload = json.dumps({"url": url, "table": table})
    answer = lab.client("lambda").invoke(FunctionName=name, Payload=payload)
    assert "FunctionError" not in answer, answer["Payload"].read()
    assert lab.bodies(url) == [{}]
    key = {"id": {"S": "1"}}
    assert lab.client("dynamodb").get_item(TableName=table, Key=key)["Item"] == key
    assert lab.client("s3").get_object(Bucket=table, Key="k")["Body"].read() == b"x"
