"""Uploads to S3 by a form of a web page: the form's policy is signed, not the request.

Amazon S3 API Reference, "Browser-Based Uploads Using POST": the policy says until when and with
which fields somebody may upload; its signature is a field of the form.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from lambda_nb.engine.api.admission.credentials import Credential
from lambda_nb.engine.api.admission.host_names import path_with_bucket
from lambda_nb.engine.api.admission.signature_v4 import signing_key
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.errors import AWSError

LIMIT = 64 << 20
"""Largest form, in bytes: it is read before its policy can be checked."""

_KIND = "multipart/form-data"
_NAME = re.compile(rb'[;\s]name="([^"\r\n]*)"')
_FILENAME = re.compile(rb'[;\s]filename="([^"\r\n]*)"')
_UNSAID = frozenset({"x-amz-signature", "signature", "awsaccesskeyid", "file", "policy", "submit"})
"""Fields that a policy need not mention; nor those that begin with ``x-ignore-``."""


Find = Callable[[str], "Credential | None"]


async def admitted(find: Find, request: HttpRequest) -> tuple[HttpRequest, bytes] | None:
    """An upload by form and its body, if the request is one and its policy allows it.

    The body is written anew from what was checked: whoever reads a form in another way finds no
    other fields in it.

    Raises
    ------
    AWSError
        ``AccessDenied``, ``SignatureDoesNotMatch``, ``EntityTooLarge``, ``InvalidArgument``...
    """
    kind = request.headers.get("content-type", "")
    if request.method != "POST" or not kind.lower().startswith(_KIND) or request.query:
        return None
    if "authorization" in request.headers:
        return None
    body = await request.body(LIMIT, _too_large)
    form = _read(kind, body)
    fields = {name.lower(): value for name, value in form.fields}
    if "policy" not in fields:
        return None
    _check_signature(find, fields)
    path = urlsplit(path_with_bucket(request.path, request.headers.get("host", ""))).path
    bucket, _, key = path.strip("/").partition("/")
    if key:
        text = "The specified method is not allowed against this resource."
        raise AWSError("MethodNotAllowed", text, 405)
    _check_form(form, fields)
    _check_policy(fields, len(form.content or b""), bucket)
    edge = secrets.token_hex(16)
    written = _written(form, edge)
    headers = {**request.headers, "content-type": f"{_KIND}; boundary={edge}"}
    headers["content-length"] = str(len(written))
    headers.pop("transfer-encoding", None)
    return dataclasses.replace(request, headers=headers), written


class _Form(NamedTuple):
    """Fields before the file, as they came; the file's name and content."""

    fields: list[tuple[str, str]]
    filename: str
    content: bytes | None


def _read(kind: str, body: bytes) -> _Form:
    edge = kind.partition("boundary=")[2].partition(";")[0].strip().strip('"').encode()
    fields: list[tuple[str, str]] = []
    for part in (b"\r\n" + body).split(b"\r\n--" + edge)[1:] if edge else ():
        head, _, content = part.partition(b"\r\n\r\n")
        found = _NAME.search(head)
        if found is None:
            continue
        name = found[1].decode("utf-8", "replace")
        if name.lower() == "file":  # fields behind the file count for nothing
            named = _FILENAME.search(head)
            filename = named[1].decode("utf-8", "replace") if named else ""
            return _Form(fields, filename, content)
        fields.append((name, content.decode("utf-8", "replace")))
    return _Form(fields, "", None)


def _written(form: _Form, edge: str) -> bytes:
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form.fields
    ]
    head = f'Content-Disposition: form-data; name="file"; filename="{form.filename}"'
    begin = "".join((*parts, f"--{edge}\r\n{head}\r\n\r\n"))
    return begin.encode() + (form.content or b"") + f"\r\n--{edge}--\r\n".encode()


def _check_form(form: _Form, fields: Mapping[str, str]) -> None:
    """Check what a form must have, whatever its policy says."""
    if form.content is None:
        text = "POST requires exactly one file upload per request."
    elif "key" not in fields:
        text = (
            "Bucket POST must contain a field named 'key'.  If it is specified, please check the "
            "order of the fields."
        )
    elif len(fields) < len(form.fields):
        text = "A field of the form is given more than once."
    else:
        return
    raise AWSError("InvalidArgument", text, 400)


def _check_signature(find: Find, fields: Mapping[str, str]) -> None:
    policy = fields["policy"]
    scope = fields.get("x-amz-credential", "").split("/")
    key = find(scope[0] or fields.get("awsaccesskeyid", ""))
    if key is None:
        text = "The AWS Access Key Id you provided does not exist in our records."
        raise AWSError("InvalidAccessKeyId", text, 403)
    if len(scope) == 5:
        signing = signing_key(key.secret_key, scope[1], scope[2], scope[3])
        wanted = hmac.new(signing, policy.encode(), hashlib.sha256).hexdigest()
        given = fields.get("x-amz-signature", "")
    else:
        digest = hmac.new(key.secret_key.encode(), policy.encode(), hashlib.sha1).digest()
        wanted, given = base64.b64encode(digest).decode(), fields.get("signature", "")
    if not hmac.compare_digest(wanted.encode(), given.encode()):
        text = (
            "The request signature we calculated does not match the signature you provided. Check "
            "your key and signing method."
        )
        raise AWSError("SignatureDoesNotMatch", text, 403)


def _check_policy(fields: Mapping[str, str], size: int, bucket: str) -> None:
    try:
        policy = json.loads(base64.b64decode(fields["policy"]))
        until = datetime.fromisoformat(policy["expiration"].replace("Z", "+00:00"))
        if until.tzinfo is None:
            raise ValueError("its expiration has no time zone")
        conditions = [_condition(one) for one in policy["conditions"]]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        text = f"Invalid Policy: {error}"
        raise AWSError("InvalidPolicyDocument", text, 400) from error
    if until <= datetime.now(timezone.utc):
        raise _denied("Policy expired.")
    if all(name != "bucket" for _, name, _ in conditions):
        raise _denied("Policy missing condition: bucket")
    told = {**fields, "bucket": bucket}
    for operator, name, wanted in conditions:
        if operator == "content-length-range":
            low, high = wanted
            if size > high:
                text = "Your proposed upload exceeds the maximum allowed size"
                raise AWSError("EntityTooLarge", text, 400)
            if size < low:
                text = "Your proposed upload is smaller than the minimum allowed size"
                raise AWSError("EntityTooSmall", text, 400)
            continue
        given = told.get(name, "")
        kept = given == wanted if operator == "eq" else given.startswith(wanted)
        if not kept:
            failed = json.dumps([operator, f"${name}", wanted])
            raise _denied(f"Policy Condition failed: {failed}")
    known = {name for _, name, _ in conditions} | _UNSAID
    for name in fields:
        if name not in known and not name.startswith("x-ignore-"):
            raise _denied(f"Extra input fields: {name}")


def _condition(one: Any) -> tuple[str, str, Any]:
    """A condition as its operator, its field in small letters, and what it wants."""
    if isinstance(one, dict):
        ((name, wanted),) = one.items()
        return "eq", str(name).lower(), str(wanted)
    operator = str(one[0]).lower()
    if operator == "content-length-range":
        return operator, "", (int(one[1]), int(one[2]))
    if operator not in ("eq", "starts-with"):
        raise ValueError(f"unknown condition {operator}")
    return operator, str(one[1]).lstrip("$").lower(), str(one[2])


def _denied(text: str) -> AWSError:
    return AWSError("AccessDenied", f"Invalid according to Policy: {text}", 403)


def _too_large(size: int) -> AWSError:
    text = f"A form must be smaller than {LIMIT} bytes; use a presigned PUT for larger objects."
    return AWSError("EntityTooLarge", text, 400)
