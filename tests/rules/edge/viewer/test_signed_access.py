"""What a viewer shows to be let in."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.viewer import signed_access
from lambda_nb.rules.edge.viewer.access_policies import Policy, Refused

URL = "https://d111111abcdef8.cloudfront.net/image.jpg"
POLICY = b'{"Statement":[{"Resource":"*","Condition":{"DateLessThan":{"AWS:EpochTime":99}}}]}'


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode().translate(str.maketrans("+=/", "-_~"))


def test_a_canned_policy_is_the_one_of_the_guide() -> None:
    url = "https://d111111abcdef8.cloudfront.net/horizon.jpg?size=large&license=yes"
    assert signed_access.canned(url, "1767290400") == (
        b'{"Statement":[{"Resource":"https://d111111abcdef8.cloudfront.net/horizon.jpg?size=large'
        b'&license=yes","Condition":{"DateLessThan":{"AWS:EpochTime":1767290400}}}]}'
    )


def test_a_signed_url_with_a_canned_policy() -> None:
    shown = f"color=red&Expires=99&Signature={encoded(b'abc')}&Key-Pair-Id=K1"
    grant = signed_access.grant(shown, [], f"{URL}?color=red")
    assert (grant.key_id, grant.signature, grant.algorithm) == ("K1", b"abc", "SHA1")
    assert grant.signed == signed_access.canned(f"{URL}?color=red", "99")
    assert grant.policy == Policy(None, 99)


def test_a_signed_url_with_a_custom_policy() -> None:
    shown = (
        f"Policy={encoded(POLICY)}&Signature={encoded(b'abc')}&Key-Pair-Id=K1&Hash-Algorithm=SHA256"
    )
    grant = signed_access.grant(shown, [], URL)
    assert (grant.signed, grant.algorithm) == (POLICY, "SHA256")
    assert grant.policy == Policy("*", 99)


def test_signed_cookies() -> None:
    cookies = [
        ("other", "1"),
        ("CloudFront-Policy", encoded(POLICY)),
        ("CloudFront-Signature", encoded(b"abc")),
        ("CloudFront-Key-Pair-Id", "K1"),
        ("CloudFront-Hash-Algorithm", "SHA256"),
    ]
    grant = signed_access.grant("a=1", cookies, URL)
    assert (grant.signed, grant.signature, grant.algorithm) == (POLICY, b"abc", "SHA256")
    expires = [("CloudFront-Expires", "99"), *cookies[2:]]
    assert signed_access.grant("", expires, URL).policy == Policy(None, 99)


@pytest.mark.parametrize("name", sorted(signed_access.PARAMETERS - {"Key-Pair-Id"}))
def test_cookies_do_not_count_beside_any_parameter_of_a_signed_url(name: str) -> None:
    cookies = [
        ("CloudFront-Expires", "99"),
        ("CloudFront-Signature", encoded(b"abc")),
        ("CloudFront-Key-Pair-Id", "K1"),
    ]
    with pytest.raises(Refused) as refused:
        signed_access.grant(f"{name}=x", cookies, URL)
    assert refused.value.code == "MissingKey"


def test_values_may_be_percent_encoded() -> None:
    signature = encoded(bytes([255, 255, 255])).replace("~", "%7E")
    shown = f"Expires=99&Signature={signature}&Key-Pair-Id=K1"
    assert signed_access.grant(shown, [], URL).signature == bytes([255, 255, 255])


@given(st.binary(min_size=1, max_size=40))
def test_every_signature_can_be_read(raw: bytes) -> None:
    shown = f"Expires=99&Signature={encoded(raw)}&Key-Pair-Id=K1"
    assert signed_access.grant(shown, [], URL).signature == raw


@pytest.mark.parametrize(
    ("querystring", "code", "message"),
    [
        ("", "MissingKey", "Missing Key-Pair-Id query parameter or cookie value"),
        ("Expires=99&Signature=YQ__", "MissingKey", "Missing Key-Pair-Id query parameter or cookie value"),  # noqa: E501
        ("Key-Pair-Id=", "MissingKey", "Missing Key-Pair-Id query parameter or cookie value"),
        ("Key-Pair-Id=K1&Expires=99", "MalformedSignature", "Could not unencode Signature"),
        ("Key-Pair-Id=K1&Expires=99&Signature=a", "MalformedSignature", "Could not unencode Signature"),  # noqa: E501
        ("Key-Pair-Id=K1&Expires=99&Signature=%C3%A4", "MalformedSignature", "Could not unencode Signature"),  # noqa: E501
        ("Key-Pair-Id=K1&Signature=YQ__", "MalformedPolicy", "Malformed Policy"),
        ("Key-Pair-Id=K1&Signature=YQ__&Expires=1.5", "MalformedPolicy", "Malformed Policy"),
        ("Key-Pair-Id=K1&Signature=YQ__&Expires=9999999999999", "MalformedPolicy", "Malformed Policy"),  # noqa: E501
        ("Key-Pair-Id=K1&Signature=YQ__&Policy=a", "MalformedPolicy", "Malformed Policy"),
        ("Key-Pair-Id=K1&Signature=YQ__&Policy=YQ__", "MalformedPolicy", "Malformed Policy"),
        ("Key-Pair-Id=K1&Signature=YQ__&Expires=9&Hash-Algorithm=MD5", "AccessDenied", "Access denied"),  # noqa: E501
    ],
)  # fmt: skip
def test_what_is_refused(querystring: str, code: str, message: str) -> None:
    with pytest.raises(Refused) as refused:
        signed_access.grant(querystring, [], URL)
    assert (refused.value.code, refused.value.message) == (code, message)
    assert str(refused.value) == refused.value.why


@given(st.lists(st.sampled_from(["a=1", "Expires=2", "b", "Signature=x", "c=d=e", "expires=3"])))
def test_only_the_signature_is_taken_out(parts: list[str]) -> None:
    left = [part for part in parts if part not in ("Expires=2", "Signature=x")]
    assert signed_access.without_signature("&".join(parts)) == "&".join(left)
