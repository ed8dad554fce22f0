"""Uploads to S3 by a form of a web page: the form's policy is signed, not the request.

Amazon S3 API Reference, "Browser-Based Uploads Using POST": the policy says until when and with
which fields somebody may upload; its signature is a field of the form.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lambda_nb.engine.api.admission.credentials import Credential
from lambda_nb.engine.api.admission.host_names import path_with_bucket
from lambda_nb.engine.api.admission.signature_v4 import signing_key
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.errors import AWSError

LIMIT = 64 << 20
"""Largest form, in bytes: it is read before its policy can be checked."""

_KIND = "multipart/form-data"
_NAME = re.compile(rb'[;\s]name="([^"]*)"')
_UNSAID = frozenset({"x-amz-signature", "signature", "awsaccesskeyid", "file", "policy", "submit"})
"""Fields that a policy need not mention; nor those that begin with ``x-ignore-``."""


Find = Callable[[str], "Credential | None"]


async def admitted(find: Find, request: HttpRequest) -> bytes | None:
    """The body of an upload by form, if the request is one and its policy allows it.

    Raises
    ------
    AWSError
        ``AccessDenied``, ``SignatureDoesNotMatch`` or ``EntityTooLarge``.
    """
    kind = request.headers.get("content-type", "")
    if request.method != "POST" or not kind.lower().startswith(_KIND):
        return None
    if "authorization" in request.headers or "X-Amz-Credential" in parse_qs(request.query):
        return None
    body = await request.body(LIMIT, _too_large)
    fields, size = _fields(kind, body)
    if "policy" not in fields:
        return None
    _check_signature(find, fields)
    bucket = urlsplit(path_with_bucket(request.path, request.headers.get("host", ""))).path
    _check_policy(fields, size, bucket.strip("/").partition("/")[0])
    return body


def _fields(kind: str, body: bytes) -> tuple[dict[str, str], int]:
    """The fields of a form, by their names in small letters, and the size of its file."""
    edge = kind.partition("boundary=")[2].partition(";")[0].strip().strip('"').encode()
    fields: dict[str, str] = {}
    size = 0
    for part in (b"\r\n" + body).split(b"\r\n--" + edge)[1:] if edge else ():
        head, _, content = part.partition(b"\r\n\r\n")
        found = _NAME.search(head)
        if found is None:
            continue
        name = found[1].decode("utf-8", "replace").lower()
        if name == "file":
            size = len(content)
            break  # fields behind the file count for nothing
        fields[name] = content.decode("utf-8", "replace")
    return fields, size


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
        conditions = [_condition(one) for one in policy["conditions"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        text = f"Invalid Policy: {error}"
        raise AWSError("InvalidPolicyDocument", text, 400) from error
    if until <= datetime.now(timezone.utc):
        raise _denied("Policy expired.")
    told = {**fields, "bucket": bucket}
    for operator, name, wanted in conditions:
        if operator == "content-length-range":
            low, high = wanted
            if size > int(high):
                text = "Your proposed upload exceeds the maximum allowed size"
                raise AWSError("EntityTooLarge", text, 400)
            if size < int(low):
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
        return operator, "", (one[1], one[2])
    if operator not in ("eq", "starts-with"):
        raise ValueError(f"unknown condition {operator}")
    return operator, str(one[1]).lstrip("$").lower(), str(one[2])


def _denied(text: str) -> AWSError:
    return AWSError("AccessDenied", f"Invalid according to Policy: {text}", 403)


def _too_large(size: int) -> AWSError:
    text = f"A form must be smaller than {LIMIT} bytes; use a presigned PUT for larger objects."
    return AWSError("EntityTooLarge", text, 400)
