"""Links to objects of S3 for job documents."""

from __future__ import annotations

from urllib.parse import quote

from lambda_nb.engine.aws_calls.endpoint import Keys
from lambda_nb.engine.iot.jobs.documents import Presign


def presigner(url: str, keys: Keys, region: str) -> Presign:
    """What makes links to objects.

    Parameters
    ----------
    url
        The engine's URL.
    keys
        Those of the engine's user: a link may do what he may do, and nothing else.
    region
        The Region of the objects.
    """

    def presign(bucket: str, key: str, expires_s: int) -> str:
        # Imported late: only jobs with placeholders need it.
        from botocore.auth import S3SigV4QueryAuth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        request = AWSRequest("GET", f"{url}/{bucket}/{quote(key, safe='/~')}")
        signer = Credentials(keys.access_key, keys.secret_key, keys.token)
        S3SigV4QueryAuth(signer, "s3", region, expires=expires_s).add_auth(request)
        return str(request.url)

    return presign
