"""Signature Version 4: is a request signed with a key that this engine issued?

Covers the Authorization header and presigned queries, S3's rules for paths and payloads included.
Version 4A differs in the algorithm, and in that it is valid in a set of Regions (see
:mod:`~lambda_nb.engine.api.admission.signature_v4a`). Refusals carry AWS's own codes and messages.
If ``x-amz-content-sha256`` has the payload's hash, the headers of a request are enough to verify
it; otherwise the body is needed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from urllib.parse import quote, unquote

from botocore.utils import normalize_url_path

from lambda_nb.engine.api.admission import signature_v4a
from lambda_nb.engine.api.admission.credentials import Credential
from lambda_nb.engine.errors import AWSError

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_SKEW = timedelta(minutes=5)
_LONGEST_PRESIGNED_S = 604800
_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_SCOPE = re.compile(r"Credential=\s*[^/,\s]+/\d{8}/([^/,\s]+)/([a-z0-9.-]+)/aws4_request")
_SCOPE_4A = re.compile(r"Credential=\s*[^/,\s]+/\d{8}/([a-z0-9.-]+)/aws4_request")
_ELEMENTS = {
    ALGORITHM: "keyid/date/region/service/term",
    signature_v4a.ALGORITHM: "keyid/date/service/term",
}
_REGION_SET = "X-Amz-Region-Set"
_HASH = re.compile(r"[0-9a-f]{64}")
_SECONDS = re.compile(r"[0-9]{1,9}")

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS "
    "Secret Access Key and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says about its signature, not yet verified.

    ``region_set`` is empty unless it is a signature of Version 4A; then ``region`` is the first
    that the set names as a whole, and may be empty.
    """

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    token: str
    presigned_for_s: int | None = None
    region_set: str = ""

    @property
    def algorithm(self) -> str:
        """How it was signed."""
        return signature_v4a.ALGORITHM if self.region_set else ALGORITHM

    def is_for(self, service: str, region: str) -> bool:
        """Whether it is scoped to a service in a Region."""
        if self.region_set:
            return self.service == service and signature_v4a.covers(self.region_set, region)
        return (self.service, self.region) == (service, region)

    @property
    def scope(self) -> str:
        """The credential scope."""
        if self.region_set:
            return f"{self.date}/{self.service}/aws4_request"
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def refused(code: str, message: str) -> AWSError:
    """A 403 of the signature check."""
    return AWSError(code, message, 403)


def claimed_service(headers: Mapping[str, str], query: str) -> str | None:
    """The service named in the credential scope, unverified; ``None`` without a scope.

    It decides where a request goes and which form an error has.
    """
    return claimed_scope(headers, query)[1]


def claimed_scope(headers: Mapping[str, str], query: str) -> tuple[str | None, str | None]:
    """Region and service named in the credential scope, unverified; ``None`` without a scope.

    The Region is also ``None`` if the signature is for a set of Regions, and names none of them.
    """
    text = headers.get("authorization", "")
    if not text and "X-Amz-Credential" in query:
        text = unquote(query)
    match = _SCOPE.search(text)
    if match is not None:
        return match[1], match[2]
    match = _SCOPE_4A.search(text) if signature_v4a.ALGORITHM in text else None
    if match is None:
        return None, None
    if "authorization" in headers:
        regions = headers.get(_REGION_SET.lower(), "")
    else:
        regions = dict(decoded_pairs(query)).get(_REGION_SET, "")
    return signature_v4a.region_in(regions) or None, match[1]


def claim_of(headers: Mapping[str, str], query: str) -> Claim:
    """Read the signature's parts from the header or, if presigned, the query.

    Raises
    ------
    AWSError
        ``MissingAuthenticationTokenException`` without a signature,
        ``IncompleteSignatureException`` if a part is missing or malformed.
    """
    authorization = headers.get("authorization")
    if authorization is not None:
        return _from_header(authorization, headers)
    if "X-Amz-Signature=" in query or "X-Amz-Credential=" in query:
        return _from_query(query)
    raise refused("MissingAuthenticationTokenException", "Missing Authentication Token")


def _from_header(authorization: str, headers: Mapping[str, str]) -> Claim:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm not in _ELEMENTS:
        if not algorithm.startswith("AWS4"):
            rest = ""
        else:
            raise refused(
                "IncompleteSignatureException", f"Unsupported AWS 'algorithm': '{algorithm}'."
            )
    parts: dict[str, str] = {}
    for item in filter(None, (item.strip() for item in rest.split(","))):
        name, equals, value = item.partition("=")
        if not equals:
            raise refused(
                "IncompleteSignatureException",
                f"'{item}' not a valid key=value pair (missing equal-sign) in Authorization "
                f"header: '{authorization}'.",
            )
        parts[name] = value
    missing = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not parts.get(name)
    ]
    timestamp = headers.get("x-amz-date") or _http_date(headers.get("date", ""))
    if not timestamp:
        missing.append(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    regions = ""
    if algorithm == signature_v4a.ALGORITHM:
        regions = headers.get(_REGION_SET.lower(), "").strip()
        if not regions:
            missing.append(f"Authorization header requires existence of a '{_REGION_SET}' header.")
    if missing:
        text = f"{' '.join(missing)} Authorization={authorization}"
        raise refused("IncompleteSignatureException", text)
    access_key, date, region, service = _scope(parts["Credential"], algorithm)
    signed = tuple(parts["SignedHeaders"].lower().split(";"))
    token = headers.get("x-amz-security-token", "")
    return Claim(
        access_key,
        date,
        region or signature_v4a.region_in(regions),
        service,
        signed,
        parts["Signature"],
        timestamp,
        token,
        region_set=regions,
    )


def _from_query(query: str) -> Claim:
    # What is no text can be no right signature, and could be neither compared nor told back.
    given = {
        name: value.encode("utf-8", "replace").decode() for name, value in decoded_pairs(query)
    }
    names = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders"]
    algorithm, regions = given.get("X-Amz-Algorithm", ""), ""
    if algorithm == signature_v4a.ALGORITHM:
        regions = given.get(_REGION_SET, "").strip()
        names.append(_REGION_SET)
    missing = [
        f"AWS query-string parameters must include '{name}'."
        for name in (*names, "X-Amz-Date")
        if not given.get(name, "").strip()
    ]
    if missing:
        raise refused("IncompleteSignatureException", f"{' '.join(missing)} Re-examine the query.")
    if algorithm not in _ELEMENTS:
        text = f"Unsupported AWS 'algorithm': '{algorithm}'."
        raise refused("IncompleteSignatureException", text)
    access_key, date, region, service = _scope(given["X-Amz-Credential"], algorithm)
    lifetime = given.get("X-Amz-Expires", "300")
    if not _SECONDS.fullmatch(lifetime) or int(lifetime) > _LONGEST_PRESIGNED_S:
        raise refused(
            "IncompleteSignatureException",
            f"X-Amz-Expires must be a number of seconds up to {_LONGEST_PRESIGNED_S} "
            f"(given '{lifetime}').",
        )
    return Claim(
        access_key,
        date,
        region or signature_v4a.region_in(regions),
        service,
        tuple(given["X-Amz-SignedHeaders"].lower().split(";")),
        given["X-Amz-Signature"],
        given["X-Amz-Date"],
        given.get("X-Amz-Security-Token", ""),
        int(lifetime),
        region_set=regions,
    )


def _scope(credential: str, algorithm: str) -> tuple[str, str, str, str]:
    """Access key, date, Region (none in Version 4A) and service of a credential scope."""
    elements = _ELEMENTS[algorithm]
    count = elements.count("/") + 1
    parts = credential.rsplit("/", count - 1)
    if len(parts) != count or parts[-1] != "aws4_request":
        raise refused(
            "IncompleteSignatureException",
            f"Credential must have exactly {count} slash-delimited elements, e.g. "
            f"{elements}, got '{credential}'",
        )
    access_key, date, *region, service, _ = parts
    return access_key, date, "".join(region), service


def _http_date(text: str) -> str:
    """An RFC 1123 ``Date`` header as a Signature V4 timestamp; empty if it is none."""
    for form in ("%a, %d %b %Y %H:%M:%S GMT", _TIMESTAMP):
        try:
            return datetime.strptime(text, form).strftime(_TIMESTAMP)
        except ValueError:
            continue
    return ""


class Verifier:
    """Checks claims against issued credentials and a clock.

    Parameters
    ----------
    find
        The credential of an access key.
    now
        The time, UTC.
    """

    def __init__(
        self,
        find: Callable[[str], Credential | None],
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._find = find
        self._now = now

    def verify(
        self,
        claim: Claim,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        payload_hash: str,
    ) -> Credential:
        """The credential that signed a request.

        Parameters
        ----------
        claim
            What :func:`claim_of` read.
        path, query
            Percent-encoded, as they came over the wire.
        payload_hash
            Hex SHA-256 of the body, or the word that S3 accepts instead.

        Raises
        ------
        AWSError
            ``UnrecognizedClientException`` for an unknown key or a wrong session token,
            ``InvalidSignatureException`` for a wrong or expired signature.
        """
        credential = self._find(claim.access_key)
        if credential is None or not hmac.compare_digest(
            credential.token.encode(), claim.token.encode()
        ):
            raise refused(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            )
        self._check_time(claim)
        self._check_signed_headers(claim, headers)
        for reading in _readings(query):
            request = canonical_request(claim, method, path, reading, headers, payload_hash)
            digest = hashlib.sha256(request.encode("utf-8", "surrogateescape")).hexdigest()
            text = f"{claim.algorithm}\n{claim.timestamp}\n{claim.scope}\n{digest}"
            if _is_signed(claim, credential.secret_key, text):
                return credential
        raise refused("InvalidSignatureException", MISMATCH)

    def _check_time(self, claim: Claim) -> None:
        signed = _moment(claim.timestamp)
        if claim.timestamp[:8] != claim.date:
            raise refused(
                "InvalidSignatureException",
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                f"from HTTP: '{claim.date}' != '{claim.timestamp[:8]}', from "
                f"'{claim.timestamp}'.",
            )
        now = self._now()
        valid = _SKEW
        if claim.presigned_for_s is not None:
            valid = timedelta(seconds=claim.presigned_for_s)
        if signed < now - valid:
            limit = (now - valid).strftime(_TIMESTAMP)
            shown = now.strftime(_TIMESTAMP)
            allowed = f"{valid.total_seconds() / 60:g} min."
            raise refused(
                "InvalidSignatureException",
                f"Signature expired: {claim.timestamp} is now earlier than {limit} "
                f"({shown} - {allowed})",
            )
        if signed > now + _SKEW:
            limit = (now + _SKEW).strftime(_TIMESTAMP)
            shown = now.strftime(_TIMESTAMP)
            raise refused(
                "InvalidSignatureException",
                f"Signature not yet current: {claim.timestamp} is still later than {limit} "
                f"({shown} + 5 min.)",
            )

    @staticmethod
    def _check_signed_headers(claim: Claim, headers: Mapping[str, str]) -> None:
        if "host" not in claim.signed_headers:
            raise refused(
                "InvalidSignatureException",
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
            )
        in_header = claim.region_set and claim.presigned_for_s is None
        if in_header and _REGION_SET.lower() not in claim.signed_headers:
            raise refused(
                "InvalidSignatureException",
                f"'{_REGION_SET}' must be a 'SignedHeader' in the AWS Authorization.",
            )
        for name in claim.signed_headers:
            if name not in headers:
                raise refused(
                    "InvalidSignatureException",
                    f"'{name}' is named as a SignedHeader, but it does not exist in the HTTP "
                    "request.",
                )


def _is_signed(claim: Claim, secret: str, text: str) -> bool:
    if claim.region_set:
        return signature_v4a.is_signed(claim.access_key, secret, text, claim.signature)
    key = signing_key(secret, claim.date, claim.region, claim.service)
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature.encode(), claim.signature.encode())


@lru_cache(maxsize=64)
def _moment(timestamp: str) -> datetime:
    """A signature's time; requests of one second share it."""
    try:
        return datetime.strptime(timestamp, _TIMESTAMP).replace(tzinfo=timezone.utc)
    except ValueError:
        raise refused(
            "IncompleteSignatureException",
            "Date must be in ISO-8601 'basic format'. Got "
            f"'{timestamp}'. See http://en.wikipedia.org/wiki/ISO_8601",
        ) from None


def canonical_request(
    claim: Claim,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    payload_hash: str,
) -> str:
    """The text whose hash is signed."""
    if claim.service != "s3":  # only S3 takes the path as it is
        path = quote(normalize_url_path(path), safe="/~")
    if claim.service == "s3" and claim.presigned_for_s is not None:
        payload_hash = "UNSIGNED-PAYLOAD"
    pairs = sorted(
        (encoded(name), encoded(value))
        for name, value in decoded_pairs(query)
        if name != "X-Amz-Signature"
    )
    signed = "".join(f"{name}:{_trimmed(headers[name])}\n" for name in claim.signed_headers)
    return "\n".join(
        (
            method,
            path,
            "&".join(f"{name}={value}" for name, value in pairs),
            signed,
            ";".join(claim.signed_headers),
            payload_hash,
        )
    )


def _readings(query: str) -> tuple[str, ...]:
    """What a query may mean: some clients sign a space and send it as a plus sign, as forms do."""
    return (query, query.replace("+", "%20")) if "+" in query else (query,)


def decoded_pairs(query: str) -> list[tuple[str, str]]:
    """Names and values of a query, percent-decoded."""
    pairs = (item.partition("=") for item in query.split("&") if item)
    return [(_decoded(name), _decoded(value)) for name, _, value in pairs]


def _decoded(text: str) -> str:
    return unquote(text, errors="surrogateescape") if "%" in text else text


def encoded(text: str) -> str:
    """A name or value of a query, percent-encoded as it is signed."""
    return quote(text, safe="-_.~", errors="surrogateescape")


def _trimmed(value: str) -> str:
    if not value.isascii():  # headers came as Latin-1; what is hashed is their bytes
        value = value.encode("latin-1").decode("utf-8", "surrogateescape")
    return " ".join(value.split())


@lru_cache(maxsize=256)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key that signs one day's requests to one service in one Region."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def declared_payload_hash(headers: Mapping[str, str]) -> str | None:
    """The payload hash (or S3's word for none) that a request names in its header."""
    declared = headers.get("x-amz-content-sha256")
    if declared is None or _HASH.fullmatch(declared) or declared == "UNSIGNED-PAYLOAD":
        return declared
    return declared if declared.startswith("STREAMING-") else None
