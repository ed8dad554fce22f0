"""Distributions over restarts of the engine."""

from __future__ import annotations

import time
from collections.abc import Callable

from edge_configuration_lab import listed
from edge_site_lab import CACHING_OPTIMIZED, Site, ask, behaviour, distribute
from engine_fixtures import Engine

CERTIFICATE = {
    "ACMCertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1",
    "SSLSupportMethod": "sni-only",
    "MinimumProtocolVersion": "TLSv1.2_2021",
}


def test_names_and_objects_are_there_after_a_restart(
    start_engine: Callable[..., Engine], site: Site
) -> None:
    before = start_engine()
    identifier = distribute(
        before,
        site.origin(),
        Aliases=listed("www.example.com"),
        ViewerCertificate=CERTIFICATE,
        DefaultCacheBehavior=behaviour(CachePolicyId=CACHING_OPTIMIZED),
    )
    assert ask(before, "www.example.com", "/a").cache == "Miss"
    assert before.stop() == 0
    after = start_engine()
    for _ in range(200):  # names are read in the background
        answer = ask(after, "www.example.com", "/a")
        if answer.header("X-Amz-Cf-Id") is not None:
            break
        time.sleep(0.05)
    assert answer.cache == "Hit"
    assert ask(after, identifier, "/a").cache == "Hit"
    assert site.asked == ["/a"]
