"""JWT authorizers of HTTP APIs: user pools of the engine's own Cognito, and other issuers."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from engine_fixtures import Engine
from http_apis import ECHO, Api, new_api
from joserfc import jwk, jwt

KEY = jwk.RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
OTHER = jwk.RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A server with a discovery document and a key."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/tenant/.well-known/openid-configuration":
                document: Any = {"jwks_uri": f"{url}/keys"}
            else:
                document = {"keys": [KEY.as_dict(private=False)]}
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"{url}/tenant"
    server.shutdown()
    server.server_close()
    thread.join()


def authorizer(api: Api, issuer: str, *audience: str) -> str:
    """Create a JWT authorizer; returns its id."""
    made = api.client.create_authorizer(
        ApiId=api.id,
        AuthorizerType="JWT",
        Name=api.engine.name("jwt"),
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": issuer, "Audience": list(audience)},
    )
    return str(made["AuthorizerId"])


@pytest.fixture(scope="module")
def api(engine: Engine, issuer: str) -> Api:
    api = new_api(engine)
    target = api.to_function(engine.create(ECHO))
    made = authorizer(api, issuer, "web", "app")
    api.route("GET /x", target, AuthorizationType="JWT", AuthorizerId=made)
    api.route(
        "GET /scoped",
        target,
        AuthorizationType="JWT",
        AuthorizerId=made,
        AuthorizationScopes=["read", "write"],
    )
    return api


def token(issuer: str, key: jwk.RSAKey = KEY, alg: str = "RS256", **claims: Any) -> str:
    """A token that counts, unless ``claims`` say otherwise."""
    now = int(time.time())
    told = {"iss": issuer, "aud": "web", "sub": "ada", "iat": now, "exp": now + 60, **claims}
    header = {"alg": alg, "kid": key.kid}
    return jwt.encode(header, {n: v for n, v in told.items() if v is not None}, key, [alg])


def with_token(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def test_claims_reach_the_function(api: Api, issuer: str) -> None:
    text = token(issuer, admin=True, groups=["a", "b"], aud=["other", "app"])
    got = api.call("/x", headers=with_token(text))
    assert got.status == 200
    told = got.json["requestContext"]["authorizer"]["jwt"]
    assert told["scopes"] is None
    claims = told["claims"]
    assert claims["sub"] == "ada"
    assert claims["aud"] == "[other app]"
    assert claims["groups"] == "[a b]"
    assert claims["admin"] == "true"
    assert claims["exp"].isdecimal()


def test_without_bearer(api: Api, issuer: str) -> None:
    assert api.call("/x", headers={"Authorization": token(issuer)}).status == 200


def test_client_id_stands_in_for_aud(api: Api, issuer: str) -> None:
    good = token(issuer, aud=None, client_id="app")
    assert api.call("/x", headers=with_token(good)).status == 200
    both = token(issuer, aud="other", client_id="app")
    assert api.call("/x", headers=with_token(both)).status == 401


def test_no_token(api: Api) -> None:
    got = api.call("/x")
    assert (got.status, got.json) == (401, {"message": "Unauthorized"})
    assert got.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("claims", "description"),
    [
        ({"aud": "other"}, "the token does not have a valid audience"),
        ({"aud": None}, "the token does not have a valid audience"),
        ({"exp": 1}, "the token has expired"),
        ({"exp": "soon"}, "exp is no number"),
        ({"exp": None}, "the token has expired"),
        ({"nbf": 9999999999}, "the token is not valid yet"),
        ({"iat": 9999999999}, "the token was issued in the future"),
        ({"iss": "https://other.example"}, "the token has an invalid issuer"),
    ],
)
def test_claims_that_do_not_count(
    api: Api, issuer: str, claims: dict[str, Any], description: str
) -> None:
    got = api.call("/x", headers=with_token(token(issuer, **claims)))
    assert (got.status, got.json) == (401, {"message": "Unauthorized"})
    assert got.headers["www-authenticate"] == (
        f'Bearer scope="" error="invalid_token" error_description="{description}"'
    )


def test_somebody_elses_key(api: Api, issuer: str) -> None:
    assert api.call("/x", headers=with_token(token(issuer, OTHER))).status == 401


@pytest.mark.parametrize("text", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "...."])
def test_what_is_no_token(api: Api, text: str) -> None:
    assert api.call("/x", headers=with_token(text)).status == 401


@pytest.mark.parametrize("method", ["a\r\nset-cookie: b=2", 'a" b="', "é", ["RS256"], "x" * 99])
def test_what_a_token_says_of_itself_stays_out_of_headers(api: Api, method: object) -> None:
    head = base64.urlsafe_b64encode(json.dumps({"alg": method}).encode()).decode().rstrip("=")
    got = api.call("/x", headers=with_token(f"{head}.e30.x"))
    assert got.status == 401
    assert "set-cookie" not in got.headers
    told = got.headers["www-authenticate"]
    assert told.endswith('error_description="signing method is invalid"'), told


def test_a_token_that_is_deeply_nested(api: Api) -> None:
    head = base64.urlsafe_b64encode(b"[" * 6900).decode().rstrip("=")
    assert api.call("/x", headers=with_token(f"{head}.e30.x")).status == 401


def test_a_shared_secret_is_no_signature(api: Api, issuer: str) -> None:
    secret = jwk.OctKey.import_key("everybody knows this public text, and more")
    text = jwt.encode({"alg": "HS256", "kid": "one"}, {"iss": issuer, "aud": "web"}, secret)
    got = api.call("/x", headers=with_token(text))
    assert got.status == 401
    assert "signing method HS256 is invalid" in got.headers["www-authenticate"]


def test_scopes(api: Api, issuer: str) -> None:
    got = api.call("/scoped", headers=with_token(token(issuer, scope="write other")))
    assert got.json["requestContext"]["authorizer"]["jwt"]["scopes"] == ["write"]
    assert api.call("/scoped", headers=with_token(token(issuer, scp=["read"]))).status == 200
    for claims in ({}, {"scope": "other"}):
        got = api.call("/scoped", headers=with_token(token(issuer, **claims)))
        assert (got.status, got.json) == (403, {"message": "Forbidden"})
        assert 'scope="read write" error="insufficient_scope"' in got.headers["www-authenticate"]


def test_an_issuer_that_does_not_answer(engine: Engine) -> None:
    api = new_api(engine)
    nobody = "http://127.0.0.1:9"
    made = authorizer(api, nobody, "web")
    api.route(
        "GET /x",
        api.to_function(engine.create(ECHO, wait=False)),
        AuthorizationType="JWT",
        AuthorizerId=made,
    )
    got = api.call("/x", headers=with_token(token(nobody)))
    assert got.status == 401
    assert "OIDC discovery endpoint communication error" in got.headers["www-authenticate"]


@pytest.fixture(scope="module")
def pool(engine: Engine) -> dict[str, str]:
    """A user pool of the engine's own Cognito, and the tokens of a user of it."""
    client = engine.client("cognito-idp")
    pool_id = client.create_user_pool(PoolName="people")["UserPool"]["Id"]
    app = client.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="web",
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    client_id = app["UserPoolClient"]["ClientId"]
    client.admin_create_user(UserPoolId=pool_id, Username="ada", MessageAction="SUPPRESS")
    client.admin_set_user_password(
        UserPoolId=pool_id, Username="ada", Password="Pa55word!x", Permanent=True
    )
    tokens = client.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": "Pa55word!x"},
    )["AuthenticationResult"]
    return {
        "id": pool_id,
        "client": client_id,
        "access": tokens["AccessToken"],
        "identity": tokens["IdToken"],
    }


@pytest.mark.parametrize("by_aws_name", [True, False])
def test_a_user_pool_of_the_engine(engine: Engine, pool: dict[str, str], by_aws_name: bool) -> None:
    base = f"https://cognito-idp.{engine.region}.amazonaws.com" if by_aws_name else engine.url
    api = new_api(engine)
    made = authorizer(api, f"{base}/{pool['id']}", pool["client"])
    target = api.to_function(engine.create(ECHO))
    api.route("GET /x", target, AuthorizationType="JWT", AuthorizerId=made)
    for kind in ("access", "identity"):
        got = api.call("/x", headers=with_token(pool[kind]))
        assert got.status == 200, got.headers["www-authenticate"]
        claims = got.json["requestContext"]["authorizer"]["jwt"]["claims"]
        assert pool["client"] in (claims.get("aud"), claims.get("client_id"))
    assert api.call("/x", headers=with_token(pool["access"][:-5] + "AAAAA")).status == 401


def test_another_pools_token(engine: Engine, pool: dict[str, str]) -> None:
    client = engine.client("cognito-idp")
    other = client.create_user_pool(PoolName="others")["UserPool"]["Id"]
    api = new_api(engine)
    made = authorizer(api, f"{engine.url}/{other}", pool["client"])
    target = api.to_function(engine.create(ECHO, wait=False))
    api.route("GET /x", target, AuthorizationType="JWT", AuthorizerId=made)
    assert api.call("/x", headers=with_token(pool["access"])).status == 401
