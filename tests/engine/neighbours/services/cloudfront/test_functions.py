"""CloudFront Functions have two stages; key value stores have two ETags."""

from __future__ import annotations

import json
import urllib.request
from functools import partial
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cloudfront_lab import CloudFront, behaviour, everything, listed
from engine_fixtures import Engine, error_of


@pytest.fixture(scope="module")
def cloudfront(engine: Engine) -> CloudFront:
    return CloudFront(engine)


def test_a_function_is_published_then_used(engine: Engine, cloudfront: CloudFront) -> None:
    api = cloudfront.api
    name, etag = cloudfront.function("first")
    arn = f"arn:aws:cloudfront::{engine.account}:function/{name}"

    def summary(stage: str) -> dict[str, Any]:
        found: dict[str, Any] = api.describe_function(Name=name, Stage=stage)["FunctionSummary"]
        return found

    assert summary("DEVELOPMENT")["Status"] == "UNPUBLISHED"
    assert summary("DEVELOPMENT")["FunctionMetadata"]["FunctionARN"] == arn
    assert error_of(lambda: summary("LIVE"))[0] == "NoSuchFunctionExists"

    def associated(event: str = "viewer-request", times: int = 1) -> dict[str, Any]:
        association = {"FunctionARN": arn, "EventType": event}
        made = behaviour(FunctionAssociations=listed(*[association] * times))
        return {"DefaultCacheBehavior": made}

    told = error_of(lambda: cloudfront.create(**associated()))
    assert (told[0], "PublishFunction" in told[1]) == ("InvalidFunctionAssociation", True)
    published = api.publish_function(Name=name, IfMatch=etag)["FunctionSummary"]
    assert published["FunctionMetadata"]["Stage"] == "LIVE"
    assert published["Status"] == summary("DEVELOPMENT")["Status"] == "UNASSOCIATED"
    for event, times in (("origin-request", 1), ("viewer-request", 2)):
        told = error_of(partial(cloudfront.create, **associated(event, times)))
        assert told[0] == "InvalidFunctionAssociation"
    used, _ = cloudfront.create(**associated())
    assert summary("LIVE")["Status"] == "ASSOCIATED"

    config = {"Comment": "new", "Runtime": "cloudfront-js-1.0"}
    updated = api.update_function(
        Name=name, IfMatch=etag, FunctionConfig=config, FunctionCode=b"second"
    )
    assert summary("DEVELOPMENT")["Status"] == "UNPUBLISHED"
    for stage, code in ((None, b"second"), ("DEVELOPMENT", b"second"), ("LIVE", b"first")):
        stages = {} if stage is None else {"Stage": stage}
        got = api.get_function(Name=name, **stages)
        assert got["FunctionCode"].read() == code
        assert got["ContentType"] == "application/octet-stream"
        assert got["ETag"] == api.describe_function(Name=name, **stages)["ETag"]
    assert error_of(lambda: api.publish_function(Name=name, IfMatch=etag))[0] == (
        "PreconditionFailed"
    )
    listing = everything(api.list_functions, "FunctionList")
    stages_of = [i["FunctionMetadata"]["Stage"] for i in listing if i["Name"] == name]
    assert stages_of == ["DEVELOPMENT", "LIVE"]
    live = everything(api.list_functions, "FunctionList", Stage="LIVE")
    assert {item["FunctionMetadata"]["Stage"] for item in live} == {"LIVE"}

    told = error_of(lambda: api.delete_function(Name=name, IfMatch=updated["ETag"]))
    assert (told[0], used in told[1]) == ("FunctionInUse", True)
    cloudfront.delete(used)
    api.delete_function(Name=name, IfMatch=updated["ETag"])
    assert error_of(lambda: summary("DEVELOPMENT"))[0] == "NoSuchFunctionExists"


def test_a_function_that_cannot_be_is_refused(cloudfront: CloudFront) -> None:
    name, _ = cloudfront.function("x" * 10_240)
    told = error_of(lambda: cloudfront.function("x" * 10_241))
    assert told[0] == "FunctionSizeLimitExceeded"
    config = {"Comment": "", "Runtime": "cloudfront-js-2.0"}
    told = error_of(
        lambda: cloudfront.api.create_function(Name=name, FunctionConfig=config, FunctionCode=b"x")
    )
    assert told[0] == "FunctionAlreadyExists"
    assert error_of(lambda: cloudfront.function(Runtime="node"))[0] == "InvalidArgument"
    arn = f"arn:aws:cloudfront::{cloudfront.engine.account}:key-value-store/" + "0" * 36
    stores: dict[str, Any] = {"KeyValueStoreAssociations": listed({"KeyValueStoreARN": arn})}
    told = error_of(lambda: cloudfront.function(**stores))
    assert (told[0], "no key value store" in told[1]) == ("InvalidArgument", True)
    told = error_of(lambda: cloudfront.function(Runtime="cloudfront-js-1.0", **stores))
    assert (told[0], "cloudfront-js-2.0" in told[1]) == ("InvalidArgument", True)


def test_a_store_stays_while_a_function_uses_it(cloudfront: CloudFront) -> None:
    api, name = cloudfront.api, cloudfront.engine.name("store")
    made = api.create_key_value_store(Name=name, Comment="old")
    store = made["KeyValueStore"]
    assert store["Status"] == "READY"
    assert store["ARN"].endswith(f":key-value-store/{store['Id']}")
    again = error_of(lambda: api.create_key_value_store(Name=name))
    assert again[0] == "EntityAlreadyExists"
    updated = api.update_key_value_store(Name=name, IfMatch=made["ETag"], Comment="new")
    assert updated["KeyValueStore"]["Comment"] == "new"
    listing = everything(api.list_key_value_stores, "KeyValueStoreList", Status="READY")
    assert name in [item["Name"] for item in listing]
    associations = listed({"KeyValueStoreARN": store["ARN"]})
    function, etag = cloudfront.function(KeyValueStoreAssociations=associations)
    told = error_of(lambda: api.delete_key_value_store(Name=name, IfMatch=updated["ETag"]))
    assert told[0] == "CannotDeleteEntityWhileInUse"
    api.delete_function(Name=function, IfMatch=etag)
    stale = error_of(lambda: api.delete_key_value_store(Name=name, IfMatch=made["ETag"]))
    assert stale[0] == "PreconditionFailed"
    api.delete_key_value_store(Name=name, IfMatch=updated["ETag"])
    assert error_of(lambda: api.describe_key_value_store(Name=name))[0] == "EntityNotFound"


def test_a_store_without_a_comment(cloudfront: CloudFront) -> None:
    """Terraform fails where one is told that was not given."""
    api, name = cloudfront.api, cloudfront.engine.name("store")
    made = api.create_key_value_store(Name=name)
    assert "Comment" not in made["KeyValueStore"]
    told = api.describe_key_value_store(Name=name)["KeyValueStore"]
    assert "Comment" not in told
    changed = api.update_key_value_store(Name=name, IfMatch=made["ETag"], Comment="new")
    assert changed["KeyValueStore"]["Comment"] == "new"


class Values:
    """The keys and values of a store: calls signed with SigV4, which needs no name for a host.

    boto3's own client signs with SigV4A and puts the account before the endpoint's host, where
    ``ACCOUNT.127.0.0.1`` leads nowhere.
    """

    def __init__(self, engine: Engine, arn: str) -> None:
        self._engine = engine
        self._arn = arn
        keys = engine.keys
        self._keys = Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"])

    def call(
        self, method: str, path: str = "", etag: str = "", **body: Any
    ) -> tuple[dict[str, Any], str]:
        """What a call answers, and the ETag."""
        url = f"{self._engine.url}/key-value-stores/{quote(self._arn, safe='')}{path}"
        headers = {"Content-Type": "application/json", **({"If-Match": etag} if etag else {})}
        data = json.dumps(body).encode() if body else b""
        request = AWSRequest(method, url, headers, data)
        SigV4Auth(self._keys, "cloudfront-keyvaluestore", "us-east-1").add_auth(request)
        sent = urllib.request.Request(
            url, data or None, dict(request.headers.items()), method=method
        )
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return json.loads(answer.read()), answer.headers.get("ETag", "")

    def refusal(self, method: str, path: str = "", etag: str = "", **body: Any) -> tuple[int, str]:
        """Status and code of a refused call."""
        with pytest.raises(HTTPError) as caught:
            self.call(method, path, etag, **body)
        with caught.value as answer:
            answer.read()
            return answer.code, str(answer.headers["X-Amzn-Errortype"])


@pytest.fixture
def values(engine: Engine, cloudfront: CloudFront) -> Values:
    made = cloudfront.api.create_key_value_store(Name=engine.name("store"))
    return Values(engine, made["KeyValueStore"]["ARN"])


def test_keys_are_put_read_listed_and_deleted(values: Values) -> None:
    told, first = values.call("GET")
    assert (told["ItemCount"], told["TotalSizeInBytes"], told["Status"]) == (0, 0, "READY")
    told, second = values.call("PUT", "/keys/a%2Fb", first, Value="ä")
    assert told == {"ItemCount": 1, "TotalSizeInBytes": 5}
    assert values.refusal("PUT", "/keys/c", first, Value="1") == (409, "ConflictException")
    got, _ = values.call("GET", "/keys/a%2Fb")
    assert (got["Key"], got["Value"]) == ("a/b", "ä")
    puts = [{"Key": f"k{n:02}", "Value": str(n)} for n in range(50)]
    told, third = values.call("POST", "/keys", second, Puts=puts)
    assert told["ItemCount"] == 51
    page, _ = values.call("GET", "/keys?MaxResults=50")
    rest, _ = values.call("GET", f"/keys?NextToken={page['NextToken']}")
    keys = [item["Key"] for item in page["Items"] + rest["Items"]]
    assert keys == sorted(["a/b", *(put["Key"] for put in puts)])
    told, fourth = values.call("DELETE", "/keys/a%2Fb", third)
    assert told["ItemCount"] == 50
    assert values.refusal("GET", "/keys/a%2Fb") == (404, "ResourceNotFoundException")
    assert len({first, second, third, fourth}) == 4


def test_a_change_of_many_keys_is_all_or_nothing(values: Values) -> None:
    _, etag = values.call("GET")
    deletes = [{"Key": "none"}]
    puts = [{"Key": "a", "Value": "1"}]
    refused = values.refusal("POST", "/keys", etag, Puts=puts, Deletes=deletes)
    assert refused == (404, "ResourceNotFoundException")
    assert values.call("GET")[0]["ItemCount"] == 0
    twice = values.refusal("POST", "/keys", etag, Puts=puts, Deletes=[{"Key": "a"}])
    assert twice == (400, "ValidationException")
    many = [{"Key": str(n), "Value": ""} for n in range(51)]
    assert values.refusal("POST", "/keys", etag, Puts=many) == (
        402,
        "ServiceQuotaExceededException",
    )


@pytest.mark.parametrize(
    ("key", "value"), [("k" * 513, ""), ("k", "v" * 1025)], ids=["key", "value"]
)
def test_what_is_too_large_is_refused(values: Values, key: str, value: str) -> None:
    _, etag = values.call("GET")
    assert values.refusal("PUT", f"/keys/{key}", etag, Value=value) == (
        402,
        "ServiceQuotaExceededException",
    )
    values.call("PUT", f"/keys/{key[:512]}", etag, Value=value[:1024])


def test_a_store_begins_with_a_file(engine: Engine, cloudfront: CloudFront) -> None:
    s3, bucket = engine.client("s3"), engine.name("bucket")
    s3.create_bucket(Bucket=bucket)

    def store(file: str, key: str = "pairs.json") -> dict[str, Any]:
        s3.put_object(Bucket=bucket, Key="pairs.json", Body=file.encode())
        source = {"SourceType": "S3", "SourceARN": f"arn:aws:s3:::{bucket}/{key}"}
        made: dict[str, Any] = cloudfront.api.create_key_value_store(
            Name=engine.name("store"), ImportSource=source
        )["KeyValueStore"]
        return made

    made = store('{"data": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]}')
    page, _ = Values(engine, made["ARN"]).call("GET", "/keys")
    assert page["Items"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    for file, code, words in (
        ("{", "InvalidArgument", "not a file of key-value pairs"),
        ("{}", "InvalidArgument", 'no "data"'),
        ('{"data": [{"key": "a"}]}', "InvalidArgument", "a pair has"),
        (json.dumps({"data": [{"key": "a", "value": ""}] * 2}), "InvalidArgument", "twice"),
        (
            json.dumps({"data": [{"key": "a", "value": "v" * 1025}]}),
            "EntitySizeLimitExceeded",
            "at most 1024 bytes",
        ),
    ):
        told = error_of(partial(store, file))
        assert (told[0], words in told[1]) == (code, True), told
    told = error_of(lambda: store("{}", key="none"))
    assert (told[0], "cannot be read" in told[1]) == ("InvalidArgument", True)
