"""Buckets of S3 as origins: public ones, and private ones that let CloudFront in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from lambda_nb.engine.api.neighbours.bucket_cors import allowed
from lambda_nb.engine.aws_calls.endpoint import Keys
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import OriginError, Request, Response, Viewer
from lambda_nb.engine.edge.origins import s3_errors
from lambda_nb.engine.edge.origins.bucket_access import (
    ANYBODY,
    SERVICE,
    Asker,
    BucketAccess,
    NoSuchBucket,
    identity_arn,
)
from lambda_nb.engine.edge.origins.destinations import Destination
from lambda_nb.engine.edge.origins.exchange import Call, Exchange
from lambda_nb.engine.edge.origins.faults import unusable
from lambda_nb.engine.edge.origins.request_heads import head, target
from lambda_nb.engine.edge.origins.s3_requests import LIST, Asked, also_asked, asked
from lambda_nb.engine.edge.origins.signing import is_signed, sign
from lambda_nb.engine.edge.settings import Origin
from lambda_nb.engine.machine.call_threads import in_call_thread

Connect = Callable[[str], Awaitable[Any]]
"""Returns a boto3 client for a service. Its calls block."""

# What S3 tells about itself, which CloudFront takes out (guide, "Request and response behavior for
# Amazon S3 origins").
_S3S_OWN = ("x-amz-id-2", "x-amz-request-id")
# What the embedded S3 says and Amazon's does not.
_OURS = ("x-amz-content-sha256", "x-amz-sdk-checksum-algorithm", "x-amzn-requestid")


class Buckets:
    """Asks buckets.

    The bucket's policy is asked here, whoever answers for S3, and even where requests to the engine
    need no signature: a page that works here and not on AWS would be of no use.

    Parameters
    ----------
    exchange
        Makes the requests.
    own_url
        The engine's own address: it answers for S3, or passes requests on to it.
    keys
        The engine's own.
    region
        Of buckets whose names have none.
    connect
        Returns clients of S3 and CloudFront.
    """

    def __init__(
        self, exchange: Exchange, own_url: str, keys: Keys, region: str, connect: Connect
    ) -> None:
        self._exchange = exchange
        self._own_url = own_url
        self._keys = keys
        self._region = region
        self._connect = connect

    async def fetch(
        self, origin: Origin, at: Destination, request: Request, viewer: Viewer, distribution: str
    ) -> Response:
        """Make a request to a bucket; as :meth:`~.origins.Origins.fetch` does."""
        headers = head(origin, request, viewer, distribution.rpartition("/")[2])
        headers.set("Host", origin.domain)  # no Host of a viewer reaches a bucket
        there = target(origin, request)
        method = request.method
        path, _, query = there.partition("?")
        what = asked(method, at.identifier, path, query)
        if what is None:
            return s3_errors.method_not_allowed(method, viewer.request_id)
        by_viewer = "authorization" in headers and not origin.access_identity
        if by_viewer and not is_signed(origin, headers, "s3"):
            call = Call(method, self._own_url + there, list(headers), request.body)
            return _tidied(await self._exchange(origin, call))
        url = f"{self._own_url}/{at.identifier}{there}"
        if method == "OPTIONS":
            headers.remove("host", "authorization")
            return _tidied(await self._exchange(origin, Call(method, url, list(headers))))
        asker = await self._asker(origin, headers, viewer, distribution)
        access = await self._access(at.identifier)
        if access is None:
            return s3_errors.no_such_bucket(method, viewer.request_id, at.identifier)
        if not await _lets(access, asker, what):
            return s3_errors.access_denied(method, viewer.request_id)
        if not await self._lets_more(access, asker, what, headers):
            return s3_errors.access_denied(method, viewer.request_id)
        region = at.region or origin.region or self._region
        sign(self._keys, "s3", region, method, url, headers, request.body)
        response = await self._exchange(origin, Call(method, url, list(headers), request.body))
        _tidied(response)
        try:
            listing = Asked(LIST, at.identifier, "")
            missing = response.status == 404 and what.key
            if missing and not await _lets(access, asker, listing):
                await response.leave()
                return s3_errors.access_denied(method, viewer.request_id)
            if "origin" in headers:
                await self._add_cors(at.identifier, method, headers, response)
        except BaseException:
            await response.leave()
            raise
        return response

    async def _access(self, bucket: str) -> BucketAccess | None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return await in_call_thread(BucketAccess, await self._connect("s3"), bucket)
        except NoSuchBucket:
            return None
        except (BotoCoreError, ClientError) as error:
            raise _untold(bucket, error) from error

    async def _lets_more(
        self, access: BucketAccess, asker: Asker, what: Asked, headers: Headers
    ) -> bool:
        """Whether all may be done that headers ask for: the engine's own key may do anything."""
        for more in also_asked(what, headers):
            there = access if more.bucket == what.bucket else await self._access(more.bucket)
            if there is None or not await _lets(there, asker, more):
                return False
        return True

    async def _asker(
        self, origin: Origin, headers: Headers, viewer: Viewer, distribution: str
    ) -> Asker:
        signed = is_signed(origin, headers, "s3")
        secure = viewer.protocol == "https" or (signed and origin.signing_behaviour == "always")
        told = {"aws:sourceip": viewer.ip, "aws:securetransport": "true" if secure else "false"}
        for name in ("referer", "user-agent"):
            if (value := headers.get(name)) is not None:
                told[f"aws:{name.replace('-', '')}"] = value
        if signed:
            account = distribution.split(":")[4] if distribution.count(":") > 4 else ""
            told |= {"aws:sourcearn": distribution, "aws:sourceaccount": account}
            return Asker(SERVICE, told)
        if origin.access_identity:
            canonical = await self._canonical_user(origin.access_identity)
            return Asker(identity_arn(origin.access_identity), told, canonical)
        return Asker(ANYBODY, told)

    async def _canonical_user(self, identity: str) -> str:
        """The canonical user id of an origin access identity; empty if it is not known."""
        from botocore.exceptions import BotoCoreError, ClientError

        client = await self._connect("cloudfront")
        name = identity.rpartition("/")[2]
        try:
            told = await in_call_thread(client.get_cloud_front_origin_access_identity, Id=name)
        except (BotoCoreError, ClientError):
            return ""
        return str(told["CloudFrontOriginAccessIdentity"].get("S3CanonicalUserId", ""))

    async def _add_cors(
        self, bucket: str, method: str, headers: Headers, response: Response
    ) -> None:
        """Add what lets a page of another origin read the response, by the bucket's rules."""
        from botocore.exceptions import BotoCoreError, ClientError

        client = await self._connect("s3")
        try:
            told = await in_call_thread(client.get_bucket_cors, Bucket=bucket)
        except (BotoCoreError, ClientError):  # it has no rules
            return
        page = {
            "origin": headers.get("origin") or "",
            "access-control-request-method": method,
        }
        for rule in told.get("CORSRules", []):
            if (found := allowed(rule, page)) is not None:
                for name, value in found:
                    response.headers.set(name.decode(), value.decode("latin-1"))
                return


async def _lets(access: BucketAccess, asker: Asker, what: Asked) -> bool:
    """Whether a bucket lets somebody do something.

    Raises
    ------
    OriginError
        S3 does not tell.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return await in_call_thread(access.lets, asker, what)
    except NoSuchBucket:  # it has gone meanwhile
        return False
    except (BotoCoreError, ClientError) as error:
        raise _untold(what.bucket, error) from error


def _untold(bucket: str, error: Exception) -> OriginError:
    return unusable(f"S3 does not tell who may read the bucket {bucket}: {error}")


def _tidied(response: Response) -> Response:
    response.headers.remove(*_S3S_OWN, *_OURS)
    response.headers.set("Server", "AmazonS3")
    return response
