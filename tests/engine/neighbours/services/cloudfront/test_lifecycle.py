"""Every kind of resource is made, read, listed, changed and deleted by the same rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cloudfront_lab import OPTIMIZED, CloudFront, distribution, everything, listed
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from engine_fixtures import Engine, error_of

from lambda_nb.rules.edge import managed_policies


@pytest.fixture(scope="module")
def cloudfront(engine: Engine) -> CloudFront:
    return CloudFront(engine)


def pem(key: Any) -> str:
    """The public half of a key."""
    encoded: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return encoded.decode()


EC = pem(ec.generate_private_key(ec.SECP256R1()))

NOTHING_CHOSEN = {
    "HeadersConfig": {"HeaderBehavior": "none"},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "none"},
}
KEYED = {"EnableAcceptEncodingGzip": True, **NOTHING_CHOSEN}


@dataclass(frozen=True)
class Sample:
    """A kind, by boto3's names: one of it, a change, and codes of errors."""

    name: str
    config: dict[str, Any]
    change: dict[str, Any]
    missing: str
    taken: str
    lists: str
    listing: str
    summary: Callable[[dict[str, Any]], str] = field(default=lambda item: str(item["Id"]))
    member: str = ""
    get: str = ""

    @property
    def resource(self) -> str:
        return self.get or self.name

    @property
    def config_member(self) -> str:
        return self.member or f"{self.name}Config"


def nested(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda item: str(item[name]["Id"])


SAMPLES = [
    Sample(
        "CachePolicy",
        {"Name": "n", "MinTTL": 1, "ParametersInCacheKeyAndForwardedToOrigin": KEYED},
        {"DefaultTTL": 5, "MaxTTL": 9},
        "NoSuchCachePolicy",
        "CachePolicyAlreadyExists",
        "list_cache_policies",
        "CachePolicyList",
        nested("CachePolicy"),
    ),
    Sample(
        "OriginRequestPolicy",
        {"Name": "n", **NOTHING_CHOSEN},
        {"Comment": "new"},
        "NoSuchOriginRequestPolicy",
        "OriginRequestPolicyAlreadyExists",
        "list_origin_request_policies",
        "OriginRequestPolicyList",
        nested("OriginRequestPolicy"),
    ),
    Sample(
        "ResponseHeadersPolicy",
        {"Name": "n", "RemoveHeadersConfig": listed({"Header": "Server"})},
        {"CustomHeadersConfig": listed({"Header": "X-A", "Value": "1", "Override": True})},
        "NoSuchResponseHeadersPolicy",
        "ResponseHeadersPolicyAlreadyExists",
        "list_response_headers_policies",
        "ResponseHeadersPolicyList",
        nested("ResponseHeadersPolicy"),
    ),
    Sample(
        "OriginAccessControl",
        {
            "Name": "n",
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        },
        {"SigningBehavior": "no-override"},
        "NoSuchOriginAccessControl",
        "OriginAccessControlAlreadyExists",
        "list_origin_access_controls",
        "OriginAccessControlList",
    ),
    Sample(
        "CloudFrontOriginAccessIdentity",
        {"CallerReference": "n", "Comment": "old"},
        {"Comment": "new"},
        "NoSuchCloudFrontOriginAccessIdentity",
        "CloudFrontOriginAccessIdentityAlreadyExists",
        "list_cloud_front_origin_access_identities",
        "CloudFrontOriginAccessIdentityList",
    ),
    Sample(
        "PublicKey",
        {"Name": "n", "CallerReference": "n", "EncodedKey": EC},
        {"Comment": "new"},
        "NoSuchPublicKey",
        "PublicKeyAlreadyExists",
        "list_public_keys",
        "PublicKeyList",
    ),
    Sample(
        "FieldLevelEncryptionConfig",
        {"CallerReference": "n", "Comment": "old"},
        {"Comment": "new"},
        "NoSuchFieldLevelEncryptionConfig",
        "FieldLevelEncryptionConfigAlreadyExists",
        "list_field_level_encryption_configs",
        "FieldLevelEncryptionList",
        member="FieldLevelEncryptionConfig",
        get="FieldLevelEncryption",
    ),
    Sample(
        "Distribution",
        distribution("n", Enabled=False),
        {"Comment": "new"},
        "NoSuchDistribution",
        "DistributionAlreadyExists",
        "list_distributions",
        "DistributionList",
    ),
]


def snake(name: str) -> str:
    """boto3's name of an operation."""
    from botocore import xform_name

    return str(xform_name(name))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_resource_lives_by_its_etags(
    engine: Engine, cloudfront: CloudFront, sample: Sample
) -> None:
    def call(verb: str, what: str, **parameters: Any) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(cloudfront.api, snake(f"{verb}{what}"))(**parameters)
        return answer

    unique = engine.name("n")
    config = {member: unique if value == "n" else value for member, value in sample.config.items()}
    member = sample.config_member
    made = call("Create", sample.name, **{member: config})
    name = made[sample.resource]["Id"]
    assert made["Location"].endswith(f"/{name}")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201

    got = call("Get", sample.resource, Id=name)
    read = call("Get", member, Id=name)
    assert got["ETag"] == read["ETag"] == made["ETag"]
    assert got[sample.resource] == made[sample.resource]
    assert read[member] == made[sample.resource][member]

    other = dict(config)
    if sample.taken.startswith("CloudFrontOriginAccess"):
        other["Comment"] = "another"
    code, _ = error_of(lambda: call("Create", sample.name, **{member: other}))
    assert code == sample.taken

    items = everything(getattr(cloudfront.api, sample.lists), sample.listing)
    assert name in [sample.summary(item) for item in items]

    changed = {**read[member], **sample.change}
    for given in ({}, {"IfMatch": "ENONE"}):
        update = partial(call, "Update", sample.name, Id=name, **given, **{member: changed})
        assert error_of(update)[0] == "InvalidIfMatchVersion"
    updated = call("Update", sample.name, Id=name, IfMatch=made["ETag"], **{member: changed})
    assert updated["ETag"] != made["ETag"]
    assert {**updated[sample.resource][member], **sample.change} == updated[sample.resource][member]

    code, _ = error_of(lambda: call("Delete", sample.name, Id=name, IfMatch=made["ETag"]))
    assert code == "PreconditionFailed"
    call("Delete", sample.name, Id=name, IfMatch=updated["ETag"])
    code, _ = error_of(lambda: call("Get", sample.resource, Id=name))
    assert code == sample.missing


@pytest.mark.parametrize(
    ("kind", "member", "lists", "listing", "configs"),
    [
        (
            "cache_policy",
            "CachePolicy",
            "list_cache_policies",
            "CachePolicyList",
            managed_policies.CACHE_POLICIES,
        ),
        (
            "origin_request_policy",
            "OriginRequestPolicy",
            "list_origin_request_policies",
            "OriginRequestPolicyList",
            managed_policies.ORIGIN_REQUEST_POLICIES,
        ),
        (
            "response_headers_policy",
            "ResponseHeadersPolicy",
            "list_response_headers_policies",
            "ResponseHeadersPolicyList",
            managed_policies.RESPONSE_HEADERS_POLICIES,
        ),
    ],
    ids=["cache", "origin request", "response headers"],
)
def test_managed_policies_are_there_and_stay(
    cloudfront: CloudFront, kind: str, member: str, lists: str, listing: str, configs: Any
) -> None:
    api = cloudfront.api
    items = getattr(api, lists)(Type="managed")[listing]["Items"]
    assert {item["Type"] for item in items} == {"managed"}
    shown = {item[member]["Id"]: item[member][f"{member}Config"] for item in items}
    assert json.loads(json.dumps(shown)) == json.loads(json.dumps(configs))
    name = next(iter(configs))
    assert name not in [
        item[member]["Id"] for item in getattr(api, lists)(Type="custom")[listing].get("Items", ())
    ]
    got = getattr(api, f"get_{kind}")(Id=name)
    config = got[member][f"{member}Config"]
    code, _ = error_of(
        lambda: getattr(api, f"update_{kind}")(
            Id=name, IfMatch=got["ETag"], **{f"{member}Config": {**config, "Comment": "mine"}}
        )
    )
    assert code == "IllegalUpdate"
    code, _ = error_of(lambda: getattr(api, f"delete_{kind}")(Id=name, IfMatch=got["ETag"]))
    assert code == "IllegalDelete"
    code, _ = error_of(lambda: getattr(api, f"create_{kind}")(**{f"{member}Config": config}))
    assert code.endswith("AlreadyExists")


def test_a_list_comes_in_pages(cloudfront: CloudFront) -> None:
    seen: list[str] = []
    pages = 0
    marker: dict[str, str] = {}
    while True:
        page = cloudfront.api.list_cache_policies(Type="managed", MaxItems="4", **marker)
        found = page["CachePolicyList"]
        pages += 1
        seen += [item["CachePolicy"]["Id"] for item in found["Items"]]
        assert found["Quantity"] == len(found["Items"]) <= 4
        if "NextMarker" not in found:
            break
        assert found["NextMarker"] == seen[-1]
        marker = {"Marker": found["NextMarker"]}
    assert sorted(seen) == sorted(managed_policies.CACHE_POLICIES)
    assert pages == 3
    for parameters in ({"Marker": "none"}, {"MaxItems": "0"}, {"MaxItems": "x"}):
        refused = error_of(partial(cloudfront.api.list_cache_policies, **parameters))
        assert refused[0] == "InvalidArgument"


def test_a_cache_policy_gets_awss_defaults(engine: Engine, cloudfront: CloudFront) -> None:
    def make(**more: Any) -> dict[str, Any]:
        config = {"Name": engine.name("policy"), "MinTTL": 0, **more}
        made: dict[str, Any] = cloudfront.api.create_cache_policy(CachePolicyConfig=config)
        cloudfront.api.delete_cache_policy(Id=made["CachePolicy"]["Id"], IfMatch=made["ETag"])
        shown: dict[str, Any] = made["CachePolicy"]["CachePolicyConfig"]
        return shown

    made = make()
    assert (made["DefaultTTL"], made["MaxTTL"], made["Comment"]) == (86_400, 31_536_000, "")
    made = make(MinTTL=100_000)
    assert made["DefaultTTL"] == 100_000
    held = made["ParametersInCacheKeyAndForwardedToOrigin"]
    assert held["EnableAcceptEncodingBrotli"] is False


def policy(name: str, **more: Any) -> dict[str, Any]:
    return {"Name": name, "MinTTL": 0, "ParametersInCacheKeyAndForwardedToOrigin": KEYED, **more}


def chosen(member: str, behaviour: str, names: list[str]) -> dict[str, Any]:
    """What a cache policy has in its key."""
    kind = member.removesuffix("sConfig")
    part = {f"{kind}Behavior": behaviour, f"{kind}s": listed(*names)}
    return {"ParametersInCacheKeyAndForwardedToOrigin": {**KEYED, member: part}}


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ({"MinTTL": 5, "DefaultTTL": 4}, "InvalidArgument", "in this order"),
        (
            {"DefaultTTL": 0, "MaxTTL": 0},
            "InvalidArgument",
            "EnableAcceptEncodingGzip is invalid for policy with caching disabled",
        ),
        (chosen("HeadersConfig", "whitelist", []), "InvalidArgument", "Headers goes with"),
        (chosen("CookiesConfig", "none", ["a"]), "InvalidArgument", "Cookies goes with"),
        (
            chosen("HeadersConfig", "whitelist", ["Accept-Encoding"]),
            "InvalidArgument",
            "Accept-Encoding",
        ),
        (
            chosen("HeadersConfig", "whitelist", [f"X-{n}" for n in range(11)]),
            "TooManyHeadersInCachePolicy",
            "at most 10",
        ),
        (
            chosen("QueryStringsConfig", "whitelist", [f"q{n}" for n in range(11)]),
            "TooManyQueryStringsInCachePolicy",
            "at most 10",
        ),
        (
            chosen("CookiesConfig", "allExcept", ["c" * 1025]),
            "InvalidArgument",
            "at most 1024 characters",
        ),
    ],
    ids=[
        "TTLs", "disabled", "no names", "names", "encoding", "headers", "query strings", "length",
    ],
)  # fmt: skip
def test_a_cache_policy_that_cannot_be_is_refused(
    engine: Engine, cloudfront: CloudFront, more: dict[str, Any], code: str, words: str
) -> None:
    config = policy(engine.name("policy"), **more)
    told = error_of(lambda: cloudfront.api.create_cache_policy(CachePolicyConfig=config))
    assert told[0] == code
    assert words in told[1]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (
            {
                "CustomHeadersConfig": listed(
                    *({"Header": f"X-{n}", "Value": "", "Override": True} for n in range(11))
                )
            },
            "TooManyCustomHeadersInResponseHeadersPolicy",
        ),
        (
            {
                "CustomHeadersConfig": listed(
                    *({"Header": name, "Value": "", "Override": True} for name in ("X-A", "x-a"))
                )
            },
            "InvalidArgument",
        ),
        (
            {
                "SecurityHeadersConfig": {
                    "ContentSecurityPolicy": {
                        "Override": True,
                        "ContentSecurityPolicy": "x" * 1784,
                    }
                }
            },
            "TooLongCSPInResponseHeadersPolicy",
        ),
        (
            {
                "SecurityHeadersConfig": {
                    "XSSProtection": {
                        "Override": True,
                        "Protection": True,
                        "ModeBlock": True,
                        "ReportUri": "https://x",
                    }
                }
            },
            "InvalidArgument",
        ),
        ({"ServerTimingHeadersConfig": {"Enabled": True, "SamplingRate": 101}}, "InvalidArgument"),
    ],
    ids=["custom headers", "twice", "long", "block and report", "rate"],
)
def test_a_response_headers_policy_that_cannot_be_is_refused(
    engine: Engine, cloudfront: CloudFront, more: dict[str, Any], code: str
) -> None:
    config = {"Name": engine.name("policy"), **more}
    assert (
        error_of(
            lambda: cloudfront.api.create_response_headers_policy(
                ResponseHeadersPolicyConfig=config
            )
        )[0]
        == code
    )


def test_a_quantity_is_the_number_of_items(engine: Engine, cloudfront: CloudFront) -> None:
    removed = {"Quantity": 2, "Items": [{"Header": "Server"}]}
    config = {"Name": engine.name("policy"), "RemoveHeadersConfig": removed}
    code, told = error_of(
        lambda: cloudfront.api.create_response_headers_policy(ResponseHeadersPolicyConfig=config)
    )
    assert code == "InconsistentQuantities"
    assert "RemoveHeadersConfig" in told


def test_an_identity_made_twice_is_one(engine: Engine, cloudfront: CloudFront) -> None:
    config = {"CallerReference": engine.name("identity"), "Comment": ""}

    def make() -> dict[str, Any]:
        answer = cloudfront.api.create_cloud_front_origin_access_identity(
            CloudFrontOriginAccessIdentityConfig=config
        )
        made: dict[str, Any] = answer["CloudFrontOriginAccessIdentity"]
        return made

    first = make()
    assert make()["Id"] == first["Id"]
    assert len(first["S3CanonicalUserId"]) == 96


@pytest.mark.parametrize(
    "key",
    [
        "no key",
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(rsa.generate_private_key(65537, 1024)),
    ],
    ids=["text", "P-384", "RSA 1024"],
)
def test_a_key_that_cloudfront_cannot_use_is_refused(
    engine: Engine, cloudfront: CloudFront, key: str
) -> None:
    name = engine.name("key")
    config = {"Name": name, "CallerReference": name, "EncodedKey": key}
    code, told = error_of(lambda: cloudfront.api.create_public_key(PublicKeyConfig=config))
    assert code == "InvalidArgument"
    assert "P-256" in told


def test_keys_stay_while_a_group_or_a_distribution_needs_them(
    engine: Engine, cloudfront: CloudFront
) -> None:
    api, name = cloudfront.api, engine.name("key")
    told = {"Name": name, "CallerReference": name, "EncodedKey": EC}
    key = api.create_public_key(PublicKeyConfig=told)
    key_id = key["PublicKey"]["Id"]
    code, _ = error_of(
        lambda: api.update_public_key(
            Id=key_id, IfMatch=key["ETag"], PublicKeyConfig={**told, "EncodedKey": EC + "\n"}
        )
    )
    assert code == "CannotChangeImmutablePublicKeyFields"
    for items, refusal in ((["KNONE"], "InvalidArgument"), ([key_id] * 6, "TooManyPublicKeys")):
        config = {"Name": name, "Items": items}
        code, _ = error_of(partial(api.create_key_group, KeyGroupConfig=config))
        assert code.startswith(refusal)
    group = api.create_key_group(KeyGroupConfig={"Name": name, "Items": [key_id]})
    group_id = group["KeyGroup"]["Id"]
    code, _ = error_of(lambda: api.delete_public_key(Id=key_id, IfMatch=key["ETag"]))
    assert code == "PublicKeyInUse"

    made, _ = cloudfront.create()
    trusted = {"Enabled": True, **listed(group_id)}
    shown = cloudfront.update(
        made, lambda config: config["DefaultCacheBehavior"].update(TrustedKeyGroups=trusted)
    )
    assert shown["Distribution"]["ActiveTrustedKeyGroups"] == {
        "Enabled": True,
        **listed({"KeyGroupId": group_id, "KeyPairIds": listed(key_id)}),
    }
    found = api.list_distributions_by_key_group(KeyGroupId=group_id)["DistributionIdList"]
    assert found["Items"] == [made]
    code, _ = error_of(lambda: api.delete_key_group(Id=group_id, IfMatch=group["ETag"]))
    assert code == "ResourceInUse"
    cloudfront.delete(made)
    api.delete_key_group(Id=group_id, IfMatch=group["ETag"])
    api.delete_public_key(Id=key_id, IfMatch=key["ETag"])


def test_encryption_of_fields_is_kept_and_names_what_is_there(
    engine: Engine, cloudfront: CloudFront
) -> None:
    api, name = cloudfront.api, engine.name("fle")
    key = api.create_public_key(
        PublicKeyConfig={"Name": name, "CallerReference": name, "EncodedKey": EC}
    )["PublicKey"]["Id"]

    def profile(key_id: str) -> dict[str, Any]:
        entity = {"PublicKeyId": key_id, "ProviderId": "p", "FieldPatterns": listed("card")}
        config = {"Name": name, "CallerReference": name, "EncryptionEntities": listed(entity)}
        made: dict[str, Any] = api.create_field_level_encryption_profile(
            FieldLevelEncryptionProfileConfig=config
        )
        return made

    def config(profile_id: str) -> dict[str, Any]:
        argument = {"QueryArg": "q", "ProfileId": profile_id}
        profiles = {
            "ForwardWhenQueryArgProfileIsUnknown": True,
            "QueryArgProfiles": listed(argument),
        }
        told = {"CallerReference": name, "QueryArgProfileConfig": profiles}
        made: dict[str, Any] = api.create_field_level_encryption_config(
            FieldLevelEncryptionConfig=told
        )
        return made

    assert error_of(lambda: profile("KNONE"))[0] == "NoSuchPublicKey"
    made = profile(key)["FieldLevelEncryptionProfile"]["Id"]
    assert error_of(lambda: config("PNONE"))[0] == "NoSuchFieldLevelEncryptionProfile"
    used = config(made)["FieldLevelEncryption"]["Id"]
    etag = api.get_field_level_encryption_profile(Id=made)["ETag"]
    code, _ = error_of(lambda: api.delete_field_level_encryption_profile(Id=made, IfMatch=etag))
    assert code == "FieldLevelEncryptionProfileInUse"
    code, told = error_of(
        lambda: cloudfront.create(
            DefaultCacheBehavior={
                "TargetOriginId": "bucket",
                "ViewerProtocolPolicy": "https-only",
                "CachePolicyId": OPTIMIZED,
                "FieldLevelEncryptionId": used,
            }
        )
    )
    assert code == "IllegalFieldLevelEncryptionConfigAssociationWithCacheBehavior"
    assert "encrypts no fields" in told


def test_what_is_in_use_is_not_deleted(engine: Engine, cloudfront: CloudFront) -> None:
    api, name = cloudfront.api, engine.name("used")
    cache = api.create_cache_policy(CachePolicyConfig=policy(name))
    origin = api.create_origin_request_policy(
        OriginRequestPolicyConfig={"Name": name, **NOTHING_CHOSEN}
    )
    headers = api.create_response_headers_policy(
        ResponseHeadersPolicyConfig={"Name": name, "RemoveHeadersConfig": listed({"Header": "A"})}
    )
    made, _ = cloudfront.create(
        DefaultCacheBehavior={
            "TargetOriginId": "bucket",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": cache["CachePolicy"]["Id"],
            "OriginRequestPolicyId": origin["OriginRequestPolicy"]["Id"],
            "ResponseHeadersPolicyId": headers["ResponseHeadersPolicy"]["Id"],
        }
    )
    for kind, answer in (
        ("cache", cache),
        ("origin_request", origin),
        ("response_headers", headers),
    ):
        title = "".join(word.title() for word in kind.split("_")) + "Policy"
        policy_id = answer[title]["Id"]
        listing = getattr(api, f"list_distributions_by_{kind}_policy_id")(
            **{f"{title}Id": policy_id}
        )
        assert listing["DistributionIdList"]["Items"] == [made]
        delete = getattr(api, f"delete_{kind}_policy")
        code, _ = error_of(partial(delete, Id=policy_id, IfMatch=answer["ETag"]))
        assert code == f"{title}InUse"
    cloudfront.delete(made)
    api.delete_cache_policy(Id=cache["CachePolicy"]["Id"], IfMatch=cache["ETag"])


def test_controls_that_nobody_can_sign_for_are_refused(
    engine: Engine, cloudfront: CloudFront
) -> None:
    right = {
        "Name": engine.name("oac"),
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "lambda",
    }
    for member, value, words in (
        ("OriginAccessControlOriginType", "mediastore", "no origins of the type mediastore"),
        ("SigningProtocol", "sigv4a", "sigv4 only"),
        ("SigningBehavior", "always-amz-auth", "no SigningBehavior always-amz-auth"),
        ("SigningBehavior", "sometimes", "SigningBehavior is one of"),
    ):
        config = {**right, member: value}
        code, told = error_of(
            partial(cloudfront.api.create_origin_access_control, OriginAccessControlConfig=config)
        )
        assert (code, words in told) == ("InvalidArgument", True)
    cloudfront.api.create_origin_access_control(OriginAccessControlConfig=right)


def test_what_lambda_nb_does_not_have_says_so(cloudfront: CloudFront) -> None:
    code, told = error_of(lambda: cloudfront.api.list_vpc_origins())
    assert (code, "ListVpcOrigins" in told) == ("UnsupportedOperation", True)


def test_everything_survives_a_restart(start_engine: Callable[..., Engine], tmp_path: Path) -> None:
    before = CloudFront(start_engine())
    name = before.engine.name("policy")
    made = before.api.create_cache_policy(CachePolicyConfig=policy(name))
    function, etag = before.function("function handler(event) { return event.request; }")
    before.api.publish_function(Name=function, IfMatch=etag)
    distributed, dist_etag = before.create()
    store = before.api.create_key_value_store(Name=name)["KeyValueStore"]
    assert before.engine.stop() == 0

    after = CloudFront(start_engine())
    got = after.api.get_cache_policy(Id=made["CachePolicy"]["Id"])
    assert (got["ETag"], got["CachePolicy"]) == (made["ETag"], made["CachePolicy"])
    code = after.api.get_function(Name=function, Stage="LIVE")["FunctionCode"].read()
    assert code == b"function handler(event) { return event.request; }"
    assert after.api.get_distribution(Id=distributed)["ETag"] == dist_etag
    assert after.api.describe_key_value_store(Name=name)["KeyValueStore"]["Id"] == store["Id"]
