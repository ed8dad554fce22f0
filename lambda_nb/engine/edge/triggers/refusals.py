"""Errors of the engine's own, as CloudFront's API sends them."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from lambda_nb.engine.api.wire.http import Reply
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.identifiers import uuid4

NAMESPACE = "http://cloudfront.amazonaws.com/doc/2020-05-31/"

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def refusal(error: AWSError) -> Reply:
    """An error as CloudFront's API sends it."""
    request_id = uuid4()
    kind = "Receiver" if error.status >= 500 else "Sender"
    text = (
        f'<?xml version="1.0"?>\n<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>{kind}</Type>'
        f"<Code>{escape(error.code)}</Code><Message>{xml_text(error.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    headers = [(b"x-amzn-RequestId", request_id.encode())]
    return Reply(error.status, text.encode(), headers, b"text/xml")


def xml_text(text: str) -> str:
    """Text as XML can hold it."""
    return escape(_NOT_IN_XML.sub("\ufffd", text))
