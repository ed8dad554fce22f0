"""Custom domain names as both services show them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from api_gateway_console import ACCOUNT, CALLER, CERTIFICATE, REGION, Console

NAME = "api.example.com"
REGIONAL = {"CertificateArn": CERTIFICATE, "EndpointType": "REGIONAL"}
V1 = {"domainName": NAME, "regionalCertificateArn": CERTIFICATE}
OF_REGION = {"types": ["REGIONAL"]}


def made(console: Console, name: str = NAME, **settings: Any) -> dict[str, Any]:
    """A new domain name, as ``apigatewayv2`` shows it."""
    return console(
        "CreateDomainName", DomainName=name, DomainNameConfigurations=[REGIONAL], **settings
    )


def patch(*operations: tuple[str, str, str]) -> list[dict[str, str]]:
    """Patch operations of (name, path, value)."""
    return [{"op": name, "path": path, "value": value} for name, path, value in operations]


def test_a_domain_name_is_available_at_once(console: Console) -> None:
    domain = made(console, Tags={"a": "b"})
    (configuration,) = domain.pop("DomainNameConfigurations")
    assert domain == {
        "ApiMappingSelectionExpression": "$request.basepath",
        "DomainName": NAME,
        "DomainNameArn": f"arn:aws:apigateway:{REGION}::/domainnames/{NAME}",
        "RoutingMode": "API_MAPPING_ONLY",
        "Tags": {"a": "b"},
    }
    assert configuration.pop("ApiGatewayDomainName").startswith("d-")
    assert configuration.pop("CertificateUploadDate").tzinfo is not None
    assert configuration == {
        "CertificateArn": CERTIFICATE,
        "DomainNameStatus": "AVAILABLE",
        "EndpointType": "REGIONAL",
        "HostedZoneId": "Z1UJRXOUMOOFQ8",
        "IpAddressType": "ipv4",
        "SecurityPolicy": "TLS_1_2",
    }


def test_both_services_see_one_domain_name(console: Console) -> None:
    domain = made(console, Tags={"a": "b"})
    shown = console.v1("GetDomainName", domainName=NAME)
    assert shown["regionalCertificateArn"] == CERTIFICATE
    assert shown["endpointConfiguration"] == {"types": ["REGIONAL"], "ipAddressType": "ipv4"}
    assert shown["domainNameArn"] == domain["DomainNameArn"]
    assert (
        shown["regionalDomainName"]
        == (domain["DomainNameConfigurations"][0]["ApiGatewayDomainName"])
    )
    assert (shown["routingMode"], shown["tags"]) == ("BASE_PATH_MAPPING_ONLY", {"a": "b"})
    console.v1("DeleteDomainName", domainName=NAME)
    assert console("GetDomainNames")["Items"] == []


def test_a_domain_name_is_had_once(console: Console) -> None:
    console.v1("CreateDomainName", **V1, endpointConfiguration=OF_REGION)
    told = ("BadRequestException", "The domain name you provided already exists.")
    refused = {"DomainName": NAME.upper(), "DomainNameConfigurations": [REGIONAL]}
    assert console.refused("CreateDomainName", **refused) == told
    again = {**V1, "endpointConfiguration": OF_REGION}
    assert console.refused_v1("CreateDomainName", **again) == told


@pytest.mark.parametrize(
    "name",
    [
        "sqs.us-east-1.amazonaws.com",
        "*.on.aws",
        "",
        "localhost",
        "a..b",
        "-a.example.com",
        "a b.com",
        "*.*.com",
    ],
)
def test_what_is_no_domain_name_is_refused(console: Console, name: str) -> None:
    told = {"DomainName": name, "DomainNameConfigurations": [REGIONAL]}
    assert console.refused("CreateDomainName", **told)[0] == "BadRequestException"


@pytest.mark.parametrize(
    "configuration",
    [
        {},
        {"CertificateArn": "certificate"},
        {**REGIONAL, "EndpointType": "GLOBAL"},
        {**REGIONAL, "IpAddressType": "ipv6"},
    ],
)
def test_a_configuration_that_could_not_be_is_refused(
    console: Console, configuration: dict[str, str]
) -> None:
    told = {"DomainName": NAME, "DomainNameConfigurations": [configuration]}
    assert console.refused("CreateDomainName", **told)[0] == "BadRequestException"


def test_an_unknown_domain_name(console: Console) -> None:
    told = ("NotFoundException", "Invalid domain name identifier specified")
    assert console.refused("GetDomainName", DomainName="x.example.com") == told
    assert console.refused("GetApiMappings", DomainName="x.example.com") == told
    assert console.refused_v1("GetDomainName", domainName="x.example.com") == told
    assert console.refused_v1("DeleteDomainName", domainName="x.example.com") == told


def test_an_edge_domain_name_of_rest_apis(console: Console) -> None:
    domain = console.v1("CreateDomainName", domainName=NAME, certificateArn=CERTIFICATE)
    assert domain["endpointConfiguration"]["types"] == ["EDGE"]
    assert domain["distributionDomainName"].endswith(".cloudfront.net")
    assert domain["distributionHostedZoneId"] == "Z2FDTNDATAQYW2"
    assert domain["certificateArn"] == CERTIFICATE
    assert "regionalDomainName" not in domain


def test_times_are_numbers_for_the_first_service_and_texts_for_the_second(console: Console) -> None:
    made(console)
    first = console.domains.operations_v1()["GetDomainName"]({"domainName": NAME}, CALLER)
    second = console.domains.operations_v2()["GetDomainName"]({"DomainName": NAME}, CALLER)
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert isinstance(first["certificateUploadDate"], datetime)
    assert second["DomainNameConfigurations"][0]["CertificateUploadDate"].endswith("Z")


def test_a_domain_name_is_changed_by_patches(console: Console) -> None:
    console.v1("CreateDomainName", domainName=NAME, certificateArn=CERTIFICATE)
    other = CERTIFICATE + "2"
    changed = console.v1(
        "UpdateDomainName",
        domainName=NAME,
        patchOperations=patch(
            ("replace", "/certificateArn", other),
            ("replace", "/securityPolicy", "TLS_1_0"),
            ("replace", "/mutualTlsAuthentication/truststoreUri", "s3://b/k"),
            ("replace", "/routingMode", "ROUTING_RULE_THEN_BASE_PATH_MAPPING"),
            ("replace", "/endpointConfiguration/types/EDGE", "REGIONAL"),
        ),
    )
    assert changed["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert changed["regionalCertificateArn"] == other
    assert changed["mutualTlsAuthentication"] == {"truststoreUri": "s3://b/k"}
    assert changed["routingMode"] == "ROUTING_RULE_THEN_BASE_PATH_MAPPING"
    shown = console("GetDomainName", DomainName=NAME)
    assert shown["RoutingMode"] == "ROUTING_RULE_THEN_API_MAPPING"


@pytest.mark.parametrize(
    "operation",
    [
        ("replace", "/name", "x"),
        ("move", "/certificateArn", "x"),
        ("replace", "/routingMode", "x"),
        ("remove", "/endpointConfiguration/types/REGIONAL", ""),
    ],
)
def test_a_patch_that_cannot_be_is_refused(
    console: Console, operation: tuple[str, str, str]
) -> None:
    console.v1("CreateDomainName", **V1, endpointConfiguration=OF_REGION)
    told = {"domainName": NAME, "patchOperations": patch(operation)}
    assert console.refused_v1("UpdateDomainName", **told)[0] == "BadRequestException"


def test_a_domain_name_is_changed_by_the_second_service(console: Console) -> None:
    before = made(console)["DomainNameConfigurations"][0]
    changed = console(
        "UpdateDomainName",
        DomainName=NAME,
        DomainNameConfigurations=[{**REGIONAL, "CertificateArn": CERTIFICATE + "2"}],
        MutualTlsAuthentication={"TruststoreUri": "s3://b/k"},
    )
    after = changed["DomainNameConfigurations"][0]
    assert after["CertificateArn"] == CERTIFICATE + "2"
    assert after["ApiGatewayDomainName"] == before["ApiGatewayDomainName"]
    assert changed["MutualTlsAuthentication"] == {"TruststoreUri": "s3://b/k"}
    trust = {"TruststoreUri": ""}
    changed = console("UpdateDomainName", DomainName=NAME, MutualTlsAuthentication=trust)
    assert "MutualTlsAuthentication" not in changed


def test_a_domain_name_has_tags(console: Console) -> None:
    arn = made(console, Tags={"a": "1"})["DomainNameArn"]
    console("TagResource", ResourceArn=arn, Tags={"b": "2"})
    assert console("GetTags", ResourceArn=arn) == {"Tags": {"a": "1", "b": "2"}}
    console("UntagResource", ResourceArn=arn, TagKeys=["a"])
    assert console.v1("GetDomainName", domainName=NAME)["tags"] == {"b": "2"}


def test_the_first_service_finds_what_has_tags_by_the_end_of_its_arn(console: Console) -> None:
    tagged = console.domains.tagged
    domain = made(console, Tags={"a": "1"})["DomainNameArn"].partition("::")[2]
    assert tagged.tags(domain) == {"a": "1"}
    tagged.set_tags(domain, {"b": "2"})
    assert console("GetDomainName", DomainName=NAME)["Tags"] == {"b": "2"}
    link = console.v1("CreateVpcLink", name="l", targetArns=["a"], tags={"a": "1"})["id"]
    assert tagged.tags(f"/vpclinks/{link}") == {"a": "1"}
    for unknown in (
        "/domainnames/x",
        "/vpclinks/x",
        "/restapis/x",
        "/domainnameaccessassociations/x",
    ):
        assert tagged.tags(unknown) is None


def test_a_private_domain_name_and_who_may_use_it(console: Console) -> None:
    domain = console.v1(
        "CreateDomainName",
        domainName=NAME,
        certificateArn=CERTIFICATE,
        endpointConfiguration={"types": ["PRIVATE"]},
    )
    one = {"domainName": NAME, "domainNameId": domain["domainNameId"]}
    assert console.v1("GetDomainName", **one)["domainNameArn"] == domain["domainNameArn"]
    wrong = {**one, "domainNameId": "other"}
    assert console.refused_v1("GetDomainName", **wrong)[0] == "NotFoundException"
    assert console("GetDomainNames")["Items"] == []
    told = {
        "domainNameArn": domain["domainNameArn"],
        "accessAssociationSourceType": "VPCE",
        "accessAssociationSource": "vpce-1",
    }
    arn = console.v1("CreateDomainNameAccessAssociation", **told)["domainNameAccessAssociationArn"]
    assert f":{ACCOUNT}:" in arn
    assert len(console.v1("GetDomainNameAccessAssociations")["items"]) == 1
    code, _ = console.refused_v1("CreateDomainNameAccessAssociation", **told)
    assert code == "ConflictException"
    console.v1("DeleteDomainNameAccessAssociation", domainNameAccessAssociationArn=arn)
    assert console.v1("GetDomainNameAccessAssociations")["items"] == []


def test_a_vpc_link_of_rest_apis(console: Console) -> None:
    told = {"name": "l", "targetArns": ["arn:aws:elasticloadbalancing:r:0:loadbalancer/net/a/1"]}
    link = console.v1("CreateVpcLink", **told, tags={"a": "b"})
    assert (link["status"], link["tags"]) == ("AVAILABLE", {"a": "b"})
    one = {"vpcLinkId": link["id"]}
    changed = console.v1(
        "UpdateVpcLink", **one, patchOperations=patch(("replace", "/description", "d"))
    )
    assert changed["description"] == "d"
    assert console.v1("GetVpcLinks")["items"] == [changed]
    console.v1("DeleteVpcLink", **one)
    assert console.refused_v1("GetVpcLink", **one)[0] == "NotFoundException"
    code, _ = console.refused_v1("CreateVpcLink", name="l", targetArns=["a", "b"])
    assert code == "BadRequestException"


def test_domain_names_are_read_page_by_page(console: Console) -> None:
    for number in range(3):
        made(console, f"a{number}.example.com")
    page = console.v1("GetDomainNames", limit=2)
    assert [each["domainName"] for each in page["items"]] == ["a0.example.com", "a1.example.com"]
    page = console.v1("GetDomainNames", limit=2, position=page["position"])
    assert [each["domainName"] for each in page["items"]] == ["a2.example.com"]
    assert "position" not in page
    for wrong in ({"limit": 501}, {"position": "?"}):
        assert console.refused_v1("GetDomainNames", **wrong)[0] == "BadRequestException"
