"""Distributions are found by their names, and read again when something changed."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from typing import Any

import botocore.exceptions
import pytest
from edge_configuration_lab import Kept, default_behaviour, listed

from lambda_nb.engine.edge.configuration.configuration import Configuration
from lambda_nb.engine.errors import AWSError


class World:
    """CloudFront, how often it changed, and the configuration that reads it."""

    def __init__(self) -> None:
        self.kept = Kept()
        self.revision = 0
        self.configuration = Configuration(self.client, lambda: self.revision)

    async def client(self, service: str) -> Kept:
        assert service == "cloudfront"
        return self.kept

    async def found(self, host: str) -> str | None:
        """The id of the distribution that answers at a name."""
        distribution = await self.configuration.of_host(host)
        return distribution.id if distribution is not None else None


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    "host",
    [
        "e2abc.cloudfront.localhost",
        "e2abc.cloudfront.localhost:8080",
        "E2ABC.CloudFront.localhost.",
        "e2abc.cloudfront.localhost.localstack.cloud:4566",
        "e2abc.cloudfront.net",
        "e2abc",
        "E2ABC",
        "www.example.com:8080",
        "WWW.example.com",
        "a.example.org",
        "a.b.example.org",
    ],
)
def test_a_distribution_answers_at_its_names(world: World, host: str) -> None:
    world.kept.distribution(Aliases=listed("www.example.com", "*.Example.org"))
    assert asyncio.run(world.found(host)) == "E2ABC"


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "example.org",
        "xexample.org",
        "a.www.example.com",
        "e9.cloudfront.net",
        "",
        ".",
    ],
)
def test_other_names_mean_nothing(world: World, host: str) -> None:
    world.kept.distribution(Aliases=listed("www.example.com", "*.example.org"))
    assert asyncio.run(world.found(host)) is None


def test_a_name_that_aws_gave(world: World) -> None:
    world.kept.distribution(domain="d111111abcdef8.cloudfront.net")
    for host in ("d111111abcdef8.cloudfront.net", "D111111abcdef8.cloudfront.localhost:1", "e2abc"):
        assert asyncio.run(world.found(host)) == "E2ABC"


def test_addresses_that_differ_in_their_port_only(world: World) -> None:
    world.kept.distribution("E1", domain="127.0.0.1:7001")
    world.kept.distribution("E2", domain="127.0.0.1:7002")
    assert asyncio.run(world.found("127.0.0.1:7001")) == "E1"
    assert asyncio.run(world.found("127.0.0.1:7002")) == "E2"
    assert asyncio.run(world.found("127.0.0.1")) is None


def test_the_longest_wildcard_is_meant_and_a_whole_name_before_it(world: World) -> None:
    world.kept.distribution("E1", Aliases=listed("*.example.com"))
    world.kept.distribution("E2", Aliases=listed("*.shop.example.com"))
    world.kept.distribution("E3", Aliases=listed("a.shop.example.com"))
    for host, expected in (("x.example.com", "E1"), ("b.shop.example.com", "E2")):
        assert asyncio.run(world.found(host)) == expected
    assert asyncio.run(world.found("a.shop.example.com")) == "E3"


def test_of_two_with_an_alias_the_enabled_one_has_it(world: World) -> None:
    world.kept.distribution("E1", Aliases=listed("www.example.com"), Enabled=False)
    world.kept.distribution("E2", Aliases=listed("www.example.com"))
    assert asyncio.run(world.found("www.example.com")) == "E2"


def test_viewers_do_not_reach_a_staging_distribution_by_a_name(world: World) -> None:
    async def scene() -> None:
        world.kept.distribution("E9", Staging=True, Aliases=listed("test.example.com"))
        for host in ("e9", "e9.cloudfront.localhost", "test.example.com"):
            assert await world.found(host) is None
        found = await world.configuration.of_id("e9")
        assert found is not None
        assert found.staging
        assert not world.configuration.has_alias("test.example.com")

    asyncio.run(scene())


def test_the_staging_distribution_of_a_deployment_is_found(world: World) -> None:
    kept = world.kept
    kept.distribution("E9", Staging=True)
    kept.distribution("E1", ContinuousDeploymentPolicyId="cdp")
    config: dict[str, Any] = {
        "StagingDistributionDnsNames": listed("e9.cloudfront.localhost"),
        "Enabled": True,
        "TrafficConfig": {"Type": "SingleWeight", "SingleWeightConfig": {"Weight": 0.1}},
    }
    kept.policy("continuous_deployment_policy", "cdp", config)
    for name in ("e9.cloudfront.localhost", "e9.cloudfront.localhost:1", "e9.cloudfront.net"):
        config["StagingDistributionDnsNames"] = listed(name)
        world.revision += 1
        primary = asyncio.run(world.configuration.of_host("e1"))
        assert primary is not None
        assert primary.deployment is not None
        assert primary.deployment.staging_id == "E9"


def test_nothing_is_asked_while_nothing_changes(world: World) -> None:
    async def scene() -> None:
        world.kept.distribution()
        first = await world.configuration.of_host("e2abc")
        asked = list(world.kept.calls)
        assert await world.configuration.of_host("e2abc") is first
        assert await world.configuration.of_id("E2ABC") is first
        assert await world.configuration.of_host("nobody") is None
        assert await world.configuration.of_host("nobody") is None
        assert world.kept.calls == asked

    asyncio.run(scene())


def test_everything_is_read_again_after_a_change(world: World) -> None:
    async def scene() -> None:
        kept, configuration = world.kept, world.configuration
        kept.distribution()
        assert await world.found("www.example.com") is None
        kept.distribution(Aliases=listed("www.example.com"), DefaultRootObject="index.html")
        assert await world.found("www.example.com") is None
        world.revision += 1
        found = await configuration.of_host("www.example.com")
        assert found is not None
        assert found.root_object == "index.html"
        kept.remove("E2ABC")
        world.revision += 1
        assert await world.found("e2abc") is None
        assert await configuration.of_id("E2ABC") is None
        assert not configuration.has_alias("www.example.com")

    asyncio.run(scene())


def test_a_change_counts_for_every_name(world: World) -> None:
    async def scene() -> None:
        world.kept.distribution("E1")
        assert await world.found("e1") == "E1"
        assert await world.found("e2") is None
        world.kept.remove("E1")
        world.kept.distribution("E2")
        world.revision += 1
        assert await world.found("e2") == "E2"
        assert await world.found("e1") is None

    asyncio.run(scene())


def test_a_policy_that_changed_is_read_again_too(world: World) -> None:
    async def scene() -> None:
        for name in ("before", "after"):
            world.kept.cache_policy("mine", Name=name)
            world.kept.distribution(DefaultCacheBehavior=default_behaviour(CachePolicyId="mine"))
            world.revision += 1
            found = await world.configuration.of_host("e2abc")
            assert found is not None
            assert found.behaviours[-1].cache.name == name

    asyncio.run(scene())


def test_a_change_while_it_is_read_is_not_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change comes after the names were read, and before they are in use."""

    async def scene() -> None:
        kept = world.kept
        kept.distribution("E1")
        listing = kept.list_distributions

        def listing_and_then(**asked: str) -> dict[str, Any]:
            answer: dict[str, Any] = listing(**asked)
            monkeypatch.undo()
            kept.distribution("E2")
            world.revision += 1
            return answer

        monkeypatch.setattr(kept, "list_distributions", listing_and_then)
        assert await world.found("e2") is None
        assert await world.found("e2") == "E2"

    asyncio.run(scene())


def test_many_requests_at_once_read_once(world: World) -> None:
    async def scene() -> None:
        world.kept.distribution()
        found = await asyncio.gather(*(world.found("e2abc") for _ in range(20)))
        assert set(found) == {"E2ABC"}
        assert world.kept.calls.count("list_distributions") == 1
        assert world.kept.calls.count("get_distribution") == 1

    asyncio.run(scene())


def test_all_of_many_pages(world: World) -> None:
    world.kept.page = 2
    names = [world.kept.distribution(f"E{number}") for number in range(5)]
    found = asyncio.run(world.configuration.all())
    assert [one.id for one in found] == names


@pytest.mark.parametrize(
    "error",
    [
        botocore.exceptions.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
        botocore.exceptions.ClientError({"Error": {"Code": "AccessDenied"}}, "ListDistributions"),
    ],
    ids=["connection", "refusal"],
)
def test_a_cloudfront_that_does_not_answer(
    world: World, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        world.kept.distribution()

        unheard: list[Any] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, told: unheard.append(told))

        def fail(**asked: str) -> Any:
            raise error

        with monkeypatch.context() as patched:
            patched.setattr(world.kept, "list_distributions", fail)
            with pytest.raises(AWSError, match="CloudFront does not say how") as raised:
                await world.configuration.of_host("e2abc")
            assert (raised.value.code, raised.value.status) == ("ServiceUnavailable", 503)
            world.configuration.changed()  # in the background nobody is told
            await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
            gc.collect()
            assert unheard == []
        assert await world.found("e2abc") == "E2ABC"

    asyncio.run(scene())


def test_aliases_are_known_as_soon_as_they_are_told(world: World) -> None:
    async def scene() -> None:
        configuration = world.configuration
        assert not configuration.has_alias("www.example.com")
        world.kept.distribution(Aliases=listed("www.example.com"))
        configuration.changed(
            b"<Aliases><Quantity>2</Quantity><Items><CNAME>www.example.com</CNAME>\n"
            b"<CNAME>*.example.org</CNAME></Items></Aliases>"
        )
        world.revision += 1
        for name in ("www.example.com", "WWW.example.com:8080", "a.example.org"):
            assert configuration.has_alias(name)
        assert await world.found("www.example.com") == "E2ABC"
        assert configuration.has_alias("www.example.com")
        assert not configuration.has_alias("a.example.org")  # the distribution has it no longer
        await configuration.close()

    asyncio.run(scene())


def test_an_alias_that_is_told_while_names_are_read_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        loop, reading, told = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
        listing = world.kept.list_distributions

        def slowly(**asked: str) -> dict[str, Any]:
            answer: dict[str, Any] = listing(**asked)
            loop.call_soon_threadsafe(reading.set)
            told.wait()
            return answer

        monkeypatch.setattr(world.kept, "list_distributions", slowly)
        asked = asyncio.ensure_future(world.found("e2abc"))
        await reading.wait()
        monkeypatch.undo()
        world.kept.distribution(Aliases=listed("www.example.com"))
        world.configuration.changed(b"<CNAME>www.example.com</CNAME>")
        world.revision += 1
        told.set()
        assert await asked is None
        assert world.configuration.has_alias("www.example.com")
        await world.configuration.close()

    asyncio.run(scene())


def test_aliases_are_read_in_the_background(world: World) -> None:
    async def scene() -> None:
        configuration = world.configuration
        world.kept.distribution(Aliases=listed("www.example.com"))
        configuration.changed()
        configuration.changed()
        while not configuration.has_alias("www.example.com"):
            await asyncio.sleep(0.001)
        assert world.kept.calls == ["list_distributions"]
        await configuration.close()

    asyncio.run(scene())


def test_what_does_nothing_is_logged_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        world.kept.distribution(WebACLId="arn:aws:wafv2:us-east-1:000000000000:global/webacl/1")
        for _ in range(3):
            world.revision += 1
            await world.configuration.of_host("e2abc")

    with caplog.at_level(logging.WARNING):
        asyncio.run(scene())
    assert caplog.messages == [
        "distribution E2ABC: there is no AWS WAF here, every request is let through"
    ]
