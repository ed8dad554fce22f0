"""Where templates lie: all forms of S3's addresses."""

from __future__ import annotations

import pytest

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.operations.template_addresses import Address, parsed

SAME = [
    "s3://my-bucket/dir/t.yaml",
    "https://s3.amazonaws.com/my-bucket/dir/t.yaml",
    "https://s3.eu-west-1.amazonaws.com/my-bucket/dir/t.yaml",
    "https://s3-eu-west-1.amazonaws.com/my-bucket/dir/t.yaml",
    "https://s3.dualstack.eu-west-1.amazonaws.com/my-bucket/dir/t.yaml",
    "https://s3.cn-north-1.amazonaws.com.cn/my-bucket/dir/t.yaml",
    "https://my-bucket.s3.amazonaws.com/dir/t.yaml",
    "https://my-bucket.s3.eu-west-1.amazonaws.com/dir%2Ft.yaml",
    "https://my-bucket.s3-eu-west-1.amazonaws.com/dir/t.yaml",
    "http://127.0.0.1:4571/my-bucket/dir/t.yaml",
    "http://localhost:4571/my-bucket/dir/t.yaml",
    "http://[::1]:4571/my-bucket/dir/t.yaml",
    "http://lambda-engine:4571/my-bucket/dir/t.yaml",
    "http://my-bucket.localhost:4571/dir/t.yaml",
    "http://my-bucket.s3.localhost:4571/dir/t.yaml",
    "http://s3.localhost.localstack.cloud:4566/my-bucket/dir/t.yaml",
    "http://my-bucket.s3.localhost.localstack.cloud:4566/dir/t.yaml",
]


@pytest.mark.parametrize("url", SAME)
def test_every_form_names_the_object(url: str) -> None:
    assert parsed(url) == Address("my-bucket", "dir/t.yaml")
    assert parsed(f"{url}?versionId=3") == Address("my-bucket", "dir/t.yaml", "3")


def test_names_of_buckets_may_have_dots() -> None:
    assert parsed("https://a.b.s3.amazonaws.com/t") == Address("a.b", "t")


@pytest.mark.parametrize(
    "url",
    ["t.yaml", "file:///t.yaml", "https://example.com/t.yaml", "s3://bucket", "s3:///t"],
)
def test_others_are_refused(url: str) -> None:
    with pytest.raises(AWSError, match="TemplateURL must") as caught:
        parsed(url)
    assert caught.value.code == "ValidationError"
