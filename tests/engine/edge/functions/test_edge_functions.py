"""CloudFront Functions at the viewer's two events."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import AsyncIterator

import pytest
from edge_functions_lab import Lab, answer, get

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import FunctionFault, Request, Response
from lambda_nb.rules.edge.functions.compute import PAUSE_S, RUN

BACK = "function handler(event) { return event.request; }"


def test_a_request_that_comes_back():
    """With its body, which the function never saw."""
    request = Request("POST", "/a", "x=1", Headers([("Host", "h"), ("cookie", "a=1")]), b"body")
    made = Lab(BACK).request(request)
    assert made == request
    assert made is not request


def test_a_rewritten_request():
    """As AWS's own example of single-page applications does it, in the runtime 1.0."""
    text = """function handler(event) {
        var request = event.request;
        if (request.uri.endsWith('/')) { request.uri += 'index.html'; }
        request.headers['true-client-ip'] = {value: event.viewer.ip};
        return request;
    }"""
    made = Lab(text, "1.0").request(get("/blog/"))
    assert made.uri == "/blog/index.html"
    assert made.headers.get("True-Client-Ip") == "192.0.2.1"


def test_a_redirect():
    """By the viewer's country."""
    text = """function handler(event) {
        const country = event.request.headers['cloudfront-viewer-country'];
        if (country && country.value === 'DE') {
            return {statusCode: 302, headers: {location: {value: 'https://example.com/de'}},
                    cookies: {seen: {value: '1', attributes: 'Path=/; Secure'}}};
        }
        return event.request;
    }"""
    lab = Lab(text)
    made = lab.request(get("/", CloudFront_Viewer_Country="DE"))
    assert isinstance(made, Response)
    assert (made.status, made.reason, made.body) == (302, "Found", b"")
    assert list(made.headers) == [
        ("Location", "https://example.com/de"),
        ("Set-Cookie", "seen=1; Path=/; Secure"),
        ("Content-Length", "0"),
    ]
    assert isinstance(lab.request(get("/", CloudFront_Viewer_Country="FR")), Request)


def test_security_headers():
    """The body goes on as it comes."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"page"

    text = """async function handler(event) {
        const headers = event.response.headers;
        headers['x-frame-options'] = {value: 'DENY'};
        delete headers['server'];
        return event.response;
    }"""
    body = pieces()
    given = Response(200, Headers([("Server", "x"), ("ETag", '"1"')]), body, "OK")
    made = Lab(text).response(given)
    assert list(made.headers) == [("ETag", '"1"'), ("X-Frame-Options", "DENY")]
    assert made.body is body


def test_a_replaced_body():
    """The one from before is closed; the length is the new one's."""
    closed: list[bool] = []

    async def close() -> None:
        closed.append(True)

    text = """function handler(event) {
        event.response.statusCode = 201;
        event.response.body = {encoding: 'base64', data: 'YWJj'};
        return event.response;
    }"""
    given = Response(200, Headers([("content-length", "9")]), b"123456789", "OK", close)
    made = Lab(text).response(given)
    assert (made.status, made.body, closed) == (201, b"abc", [True])
    assert list(made.headers) == [("Content-Length", "3")]


def test_the_context():
    """Distribution, event and request are named."""
    text = """function handler(event) {
        return {statusCode: 200, body: JSON.stringify(event.context)};
    }"""
    made = Lab(text).request()
    assert made.body == (
        b'{"distributionDomainName":"d1.cloudfront.net","distributionId":"E1",'
        b'"eventType":"viewer-request","requestId":"request-1"}'
    )


def test_a_response_event_has_the_request():
    """As it went to the cache."""
    text = """function handler(event) {
        event.response.headers['x-seen'] = {value: event.request.uri + event.response.statusCode};
        return event.response;
    }"""
    assert Lab(text).response(answer(), get("/a")).headers.get("X-Seen") == "/a200"


def test_a_failing_function():
    """503, in CloudFront's words, with what the function printed in its log."""
    lab = Lab("function handler(event) { console.log('before'); return event.none.x; }")
    with pytest.raises(FunctionFault, match="is invalid or could not run") as caught:
        lab.request()
    assert (caught.value.status, caught.value.outcome) == (503, "FunctionExecutionError")
    assert "TypeError" in caught.value.message
    assert [line for _, _, line in lab.lines.put_lines][1] == "request-1 before"
    assert lab.measured == [("f", "FunctionExecutionError")]


def test_an_invalid_result():
    """502, in CloudFront's words, at either event."""
    lab = Lab("function handler(event) { return {statusCode: 200, headers: {A: {value: ''}}}; }")
    for call in (lab.request, lambda: lab.response(answer())):
        with pytest.raises(FunctionFault, match="header names in lower case") as caught:
            call()
        assert (caught.value.status, caught.value.outcome) == (502, "FunctionValidationError")
    assert lab.measured[-1] == ("f", "FunctionValidationError")


def test_no_such_function():
    """503; it works once it is published."""
    lab = Lab(BACK)
    code = lab.memory.codes.pop("f")
    with pytest.raises(FunctionFault, match="publish it") as caught:
        lab.request()
    assert (caught.value.status, caught.value.outcome) == (503, "FunctionExecutionError")
    lab.memory.codes["f"] = code
    assert isinstance(lab.request(), Request)


def test_what_is_printed_goes_to_cloudwatch():
    """One group a function, lines with the request's id, streams as the guide names them."""
    lab = Lab("function handler(event) { console.log('Hello'); return event.request; }")
    lab.request()
    lab.request()
    groups, streams, lines = zip(*lab.lines.put_lines, strict=True)
    assert set(groups) == {"/aws/cloudfront/function/f"}
    assert len(set(streams)) == 1
    assert re.fullmatch(r"20\d\d/[1-9]\d?/[1-9]\d?/[0-9a-f-]{36}", streams[0])
    assert list(lines[:3]) == [
        "request-1 START DistributionID: E1",
        "request-1 Hello",
        "request-1 END",
    ]


def test_nothing_is_logged_for_silence():
    """Not even START and END."""
    lab = Lab(BACK)
    lab.request()
    assert lab.lines.put_lines == []


def test_logs_are_cut():
    """After 10 KB a call."""
    lab = Lab(
        "function handler(event) { for (let i = 0; i < 20; i++) console.log('x'.repeat(1000)); "
        "return event.request; }"
    )
    lab.request()
    said = [line.removeprefix("request-1 ") for _, _, line in lab.lines.put_lines][1:-1]
    assert sum(map(len, said)) == 10_240


def test_new_code_and_new_items_are_seen():
    """And nothing is read while nothing changes."""
    text = """import cf from 'cloudfront';
    async function handler(event) {
        const body = await cf.kvs().get('key');
        return {statusCode: 200, body: body};
    }"""
    lab = Lab(text, items={"key": "one"})
    assert [lab.request().body for _ in range(3)] == [b"one"] * 3
    assert lab.memory.reads == 1
    lab.memory.items["key"] = "two"
    lab.memory.changes += 1
    assert lab.request().body == b"two"
    lab.publish(text.replace("body: body", "body: body + '!'"))
    assert lab.request().body == b"two!"


def test_a_slow_function_is_throttled():
    """After too many calls that took too long; and tried again later."""
    lab = Lab("function handler(event) { while (true) {} }")
    for _ in range(RUN):
        with pytest.raises(FunctionFault, match="was stopped"):
            lab.request()
    with pytest.raises(FunctionFault, match="throttled") as caught:
        lab.request()
    assert (caught.value.status, caught.value.outcome) == (503, "FunctionThrottledError")
    lab.now = PAUSE_S
    with pytest.raises(FunctionFault, match="was stopped"):
        lab.request()


def test_an_origin_is_chosen():
    """The request says which; copies of it too."""
    text = """import cf from 'cloudfront';
    function handler(event) { cf.selectRequestOriginById('b'); return event.request; }"""
    made = Lab(text).request()
    assert isinstance(made, Request)
    assert made.copy().origin.select == ("b",)


def test_an_origin_that_cannot_be():
    """502, in CloudFront's words."""
    text = """import cf from 'cloudfront';
    function handler(event) {
        cf.updateRequestOrigin({domainName: 'a:1'});
        return event.request;
    }"""
    with pytest.raises(FunctionFault, match="invalid value for origin rewrite") as caught:
        Lab(text).request()
    assert (caught.value.status, caught.value.outcome) == (502, "FunctionValidationError")


def test_a_token_is_checked():
    """A JSON web token with a secret out of the key value store; it is taken out of the query."""
    text = """import crypto from 'crypto';
    import cf from 'cloudfront';
    async function handler(event) {
        const request = event.request;
        const refused = {statusCode: 401, statusDescription: 'Unauthorized'};
        if (!request.querystring.token) { return refused; }
        const secret = await cf.kvs().get('secret');
        const parts = request.querystring.token.value.split('.');
        const signed = crypto.createHmac('sha256', secret).update(parts[0] + '.' + parts[1]);
        if (signed.digest('base64url') !== parts[2]) { return refused; }
        const claims = JSON.parse(Buffer.from(parts[1], 'base64url'));
        if (claims.exp * 1000 < Date.now()) { return refused; }
        delete request.querystring.token;
        request.headers['x-user'] = {value: claims.sub};
        return request;
    }"""
    lab = Lab(text, items={"secret": "s3cret"})

    def token(secret: str, expires: int) -> str:
        head, claims = (
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in ({"alg": "HS256"}, {"sub": "anna", "exp": expires})
        )
        code = hmac.new(secret.encode(), f"{head}.{claims}".encode(), "sha256").digest()
        return f"{head}.{claims}.{base64.urlsafe_b64encode(code).decode().rstrip('=')}"

    good = lab.request(get("/a", f"x=1&token={token('s3cret', 4_000_000_000)}"))
    assert (good.querystring, good.headers.get("X-User")) == ("x=1", "anna")
    for query in ("", f"token={token('other', 4_000_000_000)}", f"token={token('s3cret', 1)}"):
        assert lab.request(get("/a", query)).status == 401


def test_a_query_string_is_put_in_order():
    """For more hits in the cache; as text, in the runtime 1.0."""
    text = """function handler(event) {
        var parts = [];
        for (var key in event.request.querystring) {
            var field = event.request.querystring[key];
            (field.multiValue || [field]).forEach((one) => { parts.push(key + '=' + one.value); });
        }
        event.request.querystring = parts.sort().join('&');
        return event.request;
    }"""
    assert Lab(text, "1.0").request(get("/", "b=2&a=9&a=1")).querystring == "a=1&a=9&b=2"
