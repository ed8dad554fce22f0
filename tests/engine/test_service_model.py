"""botocore's files are read once, whoever asks."""

from __future__ import annotations

from lambda_nb.engine import service_model


def test_sessions_share_what_was_read() -> None:
    keys = ("key", "secret")
    first, second = (
        service_model.session(keys, region).client("sqs") for region in ("us-east-1", "eu-west-1")
    )
    read = service_model.model("sqs").metadata
    assert first.meta.service_model.metadata is read
    assert second.meta.service_model.metadata is read
    assert (first.meta.region_name, second.meta.region_name) == ("us-east-1", "eu-west-1")
