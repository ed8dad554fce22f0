"""Signed URLs and cookies, signed by botocore and by OpenSSL."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest
from botocore.signers import CloudFrontSigner

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Request
from lambda_nb.engine.edge.viewer import signatures
from lambda_nb.rules.edge.viewer.access_policies import Refused

SITE = "https://d111111abcdef8.cloudfront.net"
NOW = 1_700_000_000.0
LATER = datetime.fromtimestamp(NOW + 60, timezone.utc)


def openssl(*arguments: str, given: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True)
    return done.stdout


class Key:
    """A key pair that OpenSSL made."""

    def __init__(self, folder: Path, *kind: str) -> None:
        self.private = str(folder / "private.pem")
        openssl("genpkey", *kind, "-out", self.private)
        self.public = openssl("pkey", "-in", self.private, "-pubout").decode()

    def sign(self, message: bytes, digest: str = "sha1") -> bytes:
        return openssl("dgst", f"-{digest}", "-sign", self.private, given=message)


@pytest.fixture(scope="module")
def rsa(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return Key(
        tmp_path_factory.mktemp("rsa"), "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"
    )


@pytest.fixture(scope="module")
def ecdsa(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return Key(
        tmp_path_factory.mktemp("ec"), "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"
    )


@pytest.fixture(params=["rsa", "ecdsa"])
def key(request: pytest.FixtureRequest) -> Key:
    found: Key = request.getfixturevalue(request.param)
    return found


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode().translate(str.maketrans("+=/", "-_~"))


def asked(url: str, method: str = "GET", cookie: str = "") -> Request:
    uri, _, querystring = url.removeprefix(SITE).partition("?")
    headers = [("Host", SITE.removeprefix("https://"))]
    return Request(
        method, uri, querystring, Headers([*headers, ("Cookie", cookie)] if cookie else headers)
    )


def let_in(key: Key, request: Request, ip: str = "192.0.2.1", now: float = NOW) -> Request | None:
    return signatures.let_in({"K1": key.public}, request, SITE, ip, now)


def refusal(key: Key, request: Request, ip: str = "192.0.2.1", now: float = NOW) -> str:
    with pytest.raises(Refused) as refused:
        let_in(key, request, ip, now)
    return refused.value.code


def signer(key: Key) -> CloudFrontSigner:
    return CloudFrontSigner("K1", key.sign)


@pytest.mark.parametrize("query", ["", "?size=large&license=yes"])
def test_a_canned_policy_signed_with_botocore(key: Key, query: str) -> None:
    url = signer(key).generate_presigned_url(f"{SITE}/a%20b.jpg{query}", date_less_than=LATER)
    let = let_in(key, asked(url))
    assert let is not None
    assert (let.uri, let.querystring) == ("/a%20b.jpg", query.lstrip("?"))
    assert refusal(key, asked(url), now=NOW + 61) == "AccessDenied"
    assert refusal(key, asked(url.replace("/a%20b", "/other"))) == "AccessDenied"
    assert refusal(key, asked(f"{url}&more=1")) == "AccessDenied"
    assert refusal(key, asked(url.replace("Expires=1", "Expires=2"))) == "AccessDenied"


def test_a_custom_policy_signed_with_botocore(key: Key) -> None:
    policy = signer(key).build_policy(
        f"{SITE}/training/*",
        LATER,
        date_greater_than=datetime.fromtimestamp(NOW - 60, timezone.utc),
        ip_address="192.0.2.0/24",
    )
    url = signer(key).generate_presigned_url(f"{SITE}/training/a.pdf?b=c", policy=policy)
    let = let_in(key, asked(url))
    assert let is not None
    assert let.querystring == "b=c"
    # The signature is for other files too, with other parameters.
    assert let_in(key, asked(url.replace("a.pdf?b=c", "b.pdf?d=e"))) is not None
    assert refusal(key, asked(url.replace("/training/", "/"))) == "AccessDenied"
    assert refusal(key, asked(url), ip="198.51.100.1") == "AccessDenied"
    assert refusal(key, asked(url), now=NOW - 61) == "AccessDenied"


def test_sha256_must_be_named(key: Key) -> None:
    policy = b'{"Statement":[{"Condition":{"DateLessThan":{"AWS:EpochTime":1700000060}}}]}'
    shown = f"Policy={encoded(policy)}&Signature={encoded(key.sign(policy, 'sha256'))}"
    url = f"{SITE}/a?{shown}&Key-Pair-Id=K1"
    assert let_in(key, asked(f"{url}&Hash-Algorithm=SHA256")) is not None
    assert refusal(key, asked(url)) == "AccessDenied"
    assert refusal(key, asked(f"{url}&Hash-Algorithm=SHA1")) == "AccessDenied"


def test_signed_cookies_are_taken_out(rsa: Key) -> None:
    policy = signer(rsa).build_policy(f"{SITE}/*", LATER).encode()
    cookie = (
        f"theme=dark; CloudFront-Policy={encoded(policy)}; "
        f"CloudFront-Signature={encoded(rsa.sign(policy))}; CloudFront-Key-Pair-Id=K1; a=b=c"
    )
    request = asked(f"{SITE}/a?b=c", cookie=cookie)
    let = let_in(rsa, request)
    assert let is not None
    assert let.headers.all("cookie") == ["theme=dark; a=b=c"]
    assert let.querystring == "b=c"
    assert request.headers.get("cookie") == cookie, "the viewer's own request has changed"
    alone = asked(f"{SITE}/a", cookie=cookie[len("theme=dark; ") : -len("; a=b=c")])
    without = let_in(rsa, alone)
    assert without is not None
    assert "cookie" not in without.headers


def test_other_cookies_stay_as_they_are_spelt(rsa: Key) -> None:
    url = signer(rsa).generate_presigned_url(f"{SITE}/a", date_less_than=LATER)
    let = let_in(rsa, asked(url, cookie="a=b;c=d;flag"))
    assert let is not None
    assert let.headers.get("cookie") == "a=b;c=d;flag"


def test_cookies_with_a_canned_policy(rsa: Key) -> None:
    url = f"{SITE}/a?b=c"
    policy = signer(rsa).build_policy(url, LATER).encode()
    cookie = (
        f"CloudFront-Expires={int(NOW) + 60}; CloudFront-Key-Pair-Id=K1; "
        f"CloudFront-Signature={encoded(rsa.sign(policy))}"
    )
    assert let_in(rsa, asked(url, cookie=cookie)) is not None
    assert refusal(rsa, asked(f"{SITE}/b", cookie=cookie)) == "AccessDenied"


def test_who_shows_nothing(rsa: Key) -> None:
    assert refusal(rsa, asked(f"{SITE}/a")) == "MissingKey"
    assert refusal(rsa, asked(f"{SITE}/a", cookie="a=b")) == "MissingKey"


def test_keys_that_are_not_trusted(rsa: Key, ecdsa: Key) -> None:
    url = signer(rsa).generate_presigned_url(f"{SITE}/a", date_less_than=LATER)
    assert refusal(rsa, asked(url.replace("K1", "K2"))) == "InvalidKey"
    assert refusal(ecdsa, asked(url)) == "AccessDenied"


def test_a_signature_that_was_changed(key: Key) -> None:
    url = signer(key).generate_presigned_url(f"{SITE}/a", date_less_than=LATER)
    signature = url.partition("Signature=")[2].partition("&")[0]
    changed = encoded(bytes(key.sign(b"something else")))
    assert refusal(key, asked(url.replace(signature, changed))) == "AccessDenied"
    assert refusal(key, asked(url.replace(signature, "YWJj"))) == "AccessDenied"


def test_options_needs_no_signature(rsa: Key) -> None:
    assert let_in(rsa, asked(f"{SITE}/a", "OPTIONS")) is None


def test_the_commands_of_the_guide(rsa: Key, tmp_path: Path) -> None:
    """What the guide's page "Linux commands and OpenSSL" prints lets a viewer in."""
    policy = tmp_path / "policy"
    policy.write_text(
        '{ "Statement": [ {\n "Resource": "' + SITE + '/*",\n "Condition": {\n'
        ' "DateLessThan": { "AWS:EpochTime": 1700000060 } } } ] }\n'
    )
    strip = f"cat {policy} | tr -d '\\n' | tr -d ' \\t\\n\\r'"
    tail = "openssl base64 -A | tr -- '+=/' '-_~'"

    def shell(command: str) -> str:
        return subprocess.run(
            ["sh", "-c", command], capture_output=True, text=True, check=True
        ).stdout

    signature = shell(f"{strip} | openssl sha1 -sign {rsa.private} | {tail}")
    shown = f"Policy={shell(f'{strip} | {tail}')}&Signature={signature}&Key-Pair-Id=K1"
    assert let_in(rsa, asked(f"{SITE}/a?{shown}")) is not None


def test_what_was_wrong_is_told_to_the_log(rsa: Key) -> None:
    sign: Callable[..., str] = signer(rsa).generate_presigned_url
    url = sign(f"{SITE}/a", date_less_than=LATER)
    with pytest.raises(Refused, match="valid until 1700000060, and it is 1700000099"):
        let_in(rsa, asked(url), now=NOW + 99)
    with pytest.raises(Refused, match="'K2' is in none of the behaviour's trusted key groups"):
        let_in(rsa, asked(url.replace("K1", "K2")))
