"""Errors on the wire, in the shape of the service that was called.

Lambda's own shape: the code in ``x-amzn-ErrorType``; the text under ``message`` or ``Message``, as
the service model names it; ``Type`` with the errors that are in the model. Recordings of AWS agree
(facts/api.md section 4). The other shapes serve refused signatures of calls to the neighbours.
"""

from __future__ import annotations

import json
import re
import struct
from xml.sax.saxutils import escape

from lambda_nb.engine import service_model
from lambda_nb.engine.api.wire.http import HttpRequest, Reply
from lambda_nb.engine.errors import AWSError

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# What the services of the query protocol and S3 call the same refusals.
_QUERY_CODES = {
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "UnrecognizedClientException": "InvalidClientTokenId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "IncompleteSignatureException": "IncompleteSignature",
}
_S3_CODES = {
    "MissingAuthenticationTokenException": "AccessDenied",
    "UnrecognizedClientException": "InvalidAccessKeyId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "IncompleteSignatureException": "AuthorizationHeaderMalformed",
}

_REST_XML = ("cloudfront", "route53")
"""Services, beside S3, of the REST-XML protocol; their errors have the query protocol's shape."""


def lambda_fault(error: AWSError, request_id: str) -> Reply:
    """An error of the Lambda API."""
    headers = [
        (b"x-amzn-RequestId", request_id.encode()),
        (b"x-amzn-ErrorType", error.code.encode()),
    ]
    body: dict[str, object] = {}
    if "Reason" in error.fields:
        body["Reason"] = error.fields["Reason"]
    shape = service_model.error(error.code)
    if shape is not None and error.typed:
        body["Type"] = "User" if shape.metadata["error"].get("senderFault") else "Service"
    capital = error.code == "AccessDeniedException" if shape is None else "Message" in shape.members
    body["Message" if capital else "message"] = error.message
    for name, value in error.fields.items():
        if name == "retryAfterSeconds":
            headers.append((b"Retry-After", str(value).encode()))
        elif name != "Reason":
            body[name] = value
    return Reply(error.status, json.dumps(body).encode(), headers)


def neighbour_fault(error: AWSError, called: str, request: HttpRequest, request_id: str) -> Reply:
    """An error in the protocol that a call to another service was made in."""
    content_type = request.headers.get("content-type", "")
    if called == "s3":
        return _s3_fault(error, request_id)
    if "cbor" in content_type or "cbor" in request.headers.get("smithy-protocol", ""):
        return _cbor_fault(error, request_id)
    if "x-amz-target" in request.headers or "x-amz-json" in content_type:
        return json_fault(error, content_type, request_id)
    form = "x-www-form-urlencoded" in content_type or "Action=" in request.query
    if form or called in _REST_XML:
        return query_fault(error, request_id)
    return lambda_fault(error, request_id)


def _escaped(text: str) -> str:
    """A text in XML, which has no control characters."""
    return escape(_NOT_IN_XML.sub("\ufffd", text))


def _s3_fault(error: AWSError, request_id: str) -> Reply:
    code = _S3_CODES.get(error.code, error.code)
    message = error.message if code != "AccessDenied" or code == error.code else "Access Denied"
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{_escaped(code)}</Code>'
        f"<Message>{_escaped(message)}</Message><RequestId>{request_id}</RequestId></Error>"
    )
    headers = [(b"x-amz-request-id", request_id.encode())]
    return Reply(error.status, text.encode(), headers, b"application/xml")


def query_fault(error: AWSError, request_id: str) -> Reply:
    """An error in AWS's query protocol."""
    code = _QUERY_CODES.get(error.code, error.code)
    kind = "Sender" if error.status < 500 else "Receiver"
    text = (
        f"<ErrorResponse><Error><Type>{kind}</Type><Code>{_escaped(code)}</Code>"
        f"<Message>{_escaped(error.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    headers = [(b"x-amzn-RequestId", request_id.encode())]
    return Reply(error.status, text.encode(), headers, b"text/xml")


def json_fault(error: AWSError, content_type: str, request_id: str) -> Reply:
    """An error of AWS's JSON protocols, in the version that ``content_type`` says."""
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    headers = [(b"x-amzn-RequestId", request_id.encode())]
    kind = (
        content_type.encode("latin-1") if "json" in content_type else b"application/x-amz-json-1.1"
    )
    return Reply(error.status, body, headers, kind)


def _cbor_fault(error: AWSError, request_id: str) -> Reply:
    body = b"\xa2" + b"".join(
        _cbor_text(text) for text in ("__type", error.code, "message", error.message)
    )
    headers = [
        (b"x-amzn-RequestId", request_id.encode()),
        (b"smithy-protocol", b"rpc-v2-cbor"),
    ]
    return Reply(error.status, body, headers, b"application/cbor")


def _cbor_text(text: str) -> bytes:
    data = text.encode()
    return b"\x79" + struct.pack(">H", len(data)) + data
