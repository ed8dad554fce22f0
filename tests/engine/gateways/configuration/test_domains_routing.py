"""Mappings and routing rules of custom domain names, and which API answers at a path."""

from __future__ import annotations

from typing import Any

import pytest
from api_gateway_console import CERTIFICATE, Console
from hypothesis import given
from hypothesis import strategies as st

NAME = "api.example.com"


@pytest.fixture
def domain(console: Console) -> Console:
    """A console with a domain name without mappings."""
    return with_domain(console)


def with_domain(console: Console, mode: str = "API_MAPPING_ONLY", name: str = NAME) -> Console:
    """The console, with a domain name without mappings."""
    configuration = {"CertificateArn": CERTIFICATE}
    console(
        "CreateDomainName",
        DomainName=name,
        DomainNameConfigurations=[configuration],
        RoutingMode=mode,
    )
    return console


def api(console: Console, *stages: str) -> str:
    """The id of a new HTTP API with stages."""
    api_id = console.api()
    for stage in stages:
        console("CreateStage", ApiId=api_id, StageName=stage)
    return api_id


def mapping(console: Console, api_id: str, stage: str, key: str = "") -> str:
    """The id of a new API mapping."""
    told: dict[str, str] = {"DomainName": NAME, "ApiId": api_id, "Stage": stage}
    if key:
        told["ApiMappingKey"] = key
    return str(console("CreateApiMapping", **told)["ApiMappingId"])


def test_the_longest_base_path_answers(domain: Console) -> None:
    api_id = api(domain, "root", "orders", "old")
    for stage, key in (("root", ""), ("orders", "orders"), ("old", "orders/v1")):
        mapping(domain, api_id, stage, key)
    route = domain.domains.route
    assert route(NAME, "/") == (api_id, "root", "/")
    assert route(NAME, "/x/y") == (api_id, "root", "/x/y")
    assert route(NAME, "/orders") == (api_id, "orders", "/")
    assert route(NAME, "/orders/") == (api_id, "orders", "/")
    assert route(NAME, "/orders/7") == (api_id, "orders", "/7")
    assert route(NAME, "/orders/v1/7") == (api_id, "old", "/7")
    assert route(NAME, "/ordersheet") == (api_id, "root", "/ordersheet")
    assert route(NAME.upper(), "/orders/v12") == (api_id, "orders", "/v12")


def test_without_a_mapping_nothing_answers(domain: Console) -> None:
    assert domain.domains.has(NAME)
    assert domain.domains.route(NAME, "/") is None
    mapping(domain, api(domain, "live"), "live", "a")
    assert domain.domains.route(NAME, "/b") is None
    assert not domain.domains.has("other.example.com")
    assert domain.domains.route("other.example.com", "/") is None


def test_a_change_is_seen_at_once(domain: Console) -> None:
    api_id = api(domain, "one", "two")
    key = mapping(domain, api_id, "one")
    assert domain.domains.route(NAME, "/") == (api_id, "one", "/")
    one = {"DomainName": NAME, "ApiMappingId": key}
    domain("UpdateApiMapping", **one, ApiId=api_id, Stage="two", ApiMappingKey="a")
    assert domain.domains.route(NAME, "/a/b") == (api_id, "two", "/b")
    domain("DeleteApiMapping", **one)
    assert domain.domains.route(NAME, "/a/b") is None
    domain("DeleteDomainName", DomainName=NAME)
    assert not domain.domains.has(NAME)


def test_a_wildcard_stands_for_one_label(console: Console) -> None:
    with_domain(console, name="*.example.com")
    assert console.domains.has("a.example.com")
    assert not console.domains.has("a.b.example.com")
    assert not console.domains.has("example.com")


def test_both_services_see_one_mapping(domain: Console) -> None:
    told = {"domainName": NAME, "restApiId": "rest", "basePath": "a", "stage": "live"}
    assert domain.v1("CreateBasePathMapping", **told) == {
        "basePath": "a",
        "restApiId": "rest",
        "stage": "live",
    }
    (shown,) = domain("GetApiMappings", DomainName=NAME)["Items"]
    assert (shown["ApiId"], shown["ApiMappingKey"], shown["Stage"]) == ("rest", "a", "live")
    mapping(domain, "rest", "live", "b/c")
    paths = [
        each["basePath"] for each in domain.v1("GetBasePathMappings", domainName=NAME)["items"]
    ]
    assert paths == ["a", "b/c"]


def test_a_base_path_without_a_stage_takes_it_from_the_path(domain: Console) -> None:
    domain.v1("CreateBasePathMapping", domainName=NAME, restApiId="rest")
    shown = domain.v1("GetBasePathMapping", domainName=NAME, basePath="(none)")
    assert shown == {"basePath": "(none)", "restApiId": "rest"}
    route = domain.domains.route
    assert route(NAME, "/live/x") == ("rest", "live", "/x")
    assert route(NAME, "/live") == ("rest", "live", "/")
    assert route(NAME, "/") is None


def test_a_base_path_mapping_is_patched_and_deleted(domain: Console) -> None:
    domain.v1("CreateBasePathMapping", domainName=NAME, restApiId="rest", basePath="a")
    at = {"domainName": NAME, "basePath": "a"}
    operations = [
        {"op": "replace", "path": "/basePath", "value": "b"},
        {"op": "replace", "path": "/stage", "value": "live"},
    ]
    changed = domain.v1("UpdateBasePathMapping", **at, patchOperations=operations)
    assert changed == {"basePath": "b", "restApiId": "rest", "stage": "live"}
    assert domain.refused_v1("DeleteBasePathMapping", **at) == (
        "NotFoundException",
        "Invalid base path mapping identifier specified",
    )
    domain.v1("DeleteBasePathMapping", domainName=NAME, basePath="b")
    assert domain.v1("GetBasePathMappings", domainName=NAME)["items"] == []


def test_a_base_path_is_had_once(domain: Console) -> None:
    told = {"domainName": NAME, "restApiId": "rest"}
    domain.v1("CreateBasePathMapping", **told)
    assert domain.refused_v1("CreateBasePathMapping", **told) == (
        "ConflictException",
        "Base path already exists for this domain name",
    )
    again = {"DomainName": NAME, "ApiId": "rest", "Stage": "live"}
    assert domain.refused("CreateApiMapping", **again)[0] == "ConflictException"


@pytest.mark.parametrize(
    "change",
    [
        {"ApiId": "nobody"},
        {"ApiMappingKey": "/a"},
        {"ApiMappingKey": "a b"},
        {"ApiMappingKey": "a//b"},
        {"ApiMappingKey": "x" * 301},
        {"Stage": "nowhere"},
    ],
)
def test_a_mapping_that_leads_nowhere_is_refused(domain: Console, change: dict[str, str]) -> None:
    told = {"DomainName": NAME, "ApiId": "rest", "Stage": "live", **change}
    assert domain.refused("CreateApiMapping", **told)[0] == "BadRequestException"


def test_base_paths_of_rest_apis_have_one_level_and_lead_to_rest_apis(domain: Console) -> None:
    told: dict[str, Any] = {"domainName": NAME, "restApiId": "rest", "basePath": "a/b"}
    assert domain.refused_v1("CreateBasePathMapping", **told) == (
        "BadRequestException",
        "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create "
        "a multi-level base path mapping, use API Gateway V2.",
    )
    told = {"domainName": NAME, "restApiId": api(domain, "live"), "stage": "live"}
    assert domain.refused_v1("CreateBasePathMapping", **told) == (
        "BadRequestException",
        "Invalid REST API identifier specified",
    )


def test_a_web_socket_api_has_a_domain_name_alone(domain: Console) -> None:
    mapping(domain, "rest", "live", "a")
    socket = domain.api("WEBSOCKET")
    domain("CreateStage", ApiId=socket, StageName="live")
    told = {"DomainName": NAME, "ApiId": socket, "Stage": "live"}
    assert domain.refused("CreateApiMapping", **told)[0] == "BadRequestException"


def test_what_is_mapped_is_not_deleted(domain: Console) -> None:
    api_id = api(domain, "live", "other")
    key = mapping(domain, api_id, "live")
    at = {"ApiId": api_id, "StageName": "live"}
    assert domain.refused("DeleteStage", **at)[0] == "ConflictException"
    assert domain.refused("DeleteApi", ApiId=api_id)[0] == "ConflictException"
    domain("DeleteStage", ApiId=api_id, StageName="other")
    domain("DeleteApiMapping", DomainName=NAME, ApiMappingId=key)
    domain("DeleteStage", **at)
    domain("DeleteApi", ApiId=api_id)


def rule(
    priority: int, *conditions: dict[str, Any], stage: str = "live", strip: bool = False
) -> dict[str, Any]:
    """The parameters of a routing rule."""
    action = {"InvokeApi": {"ApiId": "rest", "Stage": stage, "StripBasePath": strip}}
    return {
        "DomainName": NAME,
        "Actions": [action],
        "Conditions": list(conditions),
        "Priority": priority,
    }


def paths(*values: str) -> dict[str, Any]:
    return {"MatchBasePaths": {"AnyOf": list(values)}}


def header(name: str, glob: str) -> dict[str, Any]:
    return {"MatchHeaders": {"AnyOf": [{"Header": name, "ValueGlob": glob}]}}


def test_rules_are_asked_by_priority_then_mappings(console: Console) -> None:
    with_domain(console, "ROUTING_RULE_THEN_API_MAPPING")
    api_id = api(console, "mapped")
    mapping(console, api_id, "mapped")
    beta = header("X-Version", "beta-*")
    console("CreateRoutingRule", **rule(20, paths("a")))
    console("CreateRoutingRule", **rule(10, paths("a", "a/b"), beta, strip=True))
    route = console.domains.route
    assert route(NAME, "/a/b/c") == ("rest", "live", "/a/b/c")
    assert route(NAME, "/a/b/c", {"x-version": "beta-2"}) == ("rest", "live", "/c")
    assert route(NAME, "/a/x", {"x-version": "beta-2"}) == ("rest", "live", "/x")
    assert route(NAME, "/x") == (api_id, "mapped", "/x")


def test_a_domain_name_with_rules_only_ignores_mappings(console: Console) -> None:
    with_domain(console, "ROUTING_RULE_ONLY")
    mapping(console, "rest", "live")
    assert console.domains.route(NAME, "/a") is None
    made = console("CreateRoutingRule", **rule(1))
    assert console.domains.route(NAME, "/a") == ("rest", "live", "/a")
    one = {"DomainName": NAME, "RoutingRuleId": made["RoutingRuleId"]}
    changed = console("PutRoutingRule", **{**rule(5, paths("b")), **one})
    assert console("GetRoutingRule", **one) == changed
    assert console.domains.route(NAME, "/a") is None
    listed = console("ListRoutingRules", DomainName=NAME)["RoutingRules"]
    assert [each["Priority"] for each in listed] == [5]
    console("DeleteRoutingRule", **one)
    assert console.refused("GetRoutingRule", **one)[0] == "NotFoundException"


@pytest.mark.parametrize(
    "wrong",
    [
        rule(1_000_001),
        rule(1, paths()),
        rule(1, paths("a"), paths("b")),
        rule(1, paths("/a")),
        rule(1, *[header("a", "b")] * 3),
        rule(1, stage="nowhere"),
        {**rule(1), "Actions": []},
    ],
)
def test_a_rule_that_could_not_work_is_refused(console: Console, wrong: dict[str, Any]) -> None:
    with_domain(console, "ROUTING_RULE_ONLY")
    assert console.refused("CreateRoutingRule", **wrong)[0] == "BadRequestException"


def test_a_priority_is_had_once_and_a_mode_is_needed(console: Console) -> None:
    with_domain(console)
    assert console.refused("CreateRoutingRule", **rule(1))[0] == "BadRequestException"
    console("UpdateDomainName", DomainName=NAME, RoutingMode="ROUTING_RULE_ONLY")
    console("CreateRoutingRule", **rule(1))
    assert console.refused("CreateRoutingRule", **rule(1))[0] == "ConflictException"


KEYS = st.lists(st.sampled_from(["", "a", "a/b", "b", "b/a/b", "ab"]), unique=True, max_size=6)
PATHS = st.lists(st.sampled_from(["a", "b", "ab", "c"]), max_size=5)


@given(KEYS, PATHS)
def test_what_answers_is_the_longest_key_that_the_path_begins_with(
    tmp_path_factory: pytest.TempPathFactory, keys: list[str], parts: list[str]
) -> None:
    console = Console(tmp_path_factory.mktemp("apis") / "apis.sqlite", lambda api_id, stage: True)
    with_domain(console)
    for key in keys:
        mapping(console, "rest", "s" + key.replace("/", "-"), key)
    path = "/" + "/".join(parts)
    fitting = [key for key in keys if key == "" or parts[: key.count("/") + 1] == key.split("/")]
    answer = console.domains.route(NAME, path)
    if not fitting:
        assert answer is None
    else:
        longest = max(fitting, key=len)
        rest = "/" + "/".join(parts[longest.count("/") + 1 :] if longest else parts)
        assert answer == ("rest", "s" + longest.replace("/", "-"), rest)
    console.store.close()
