"""``lambda_nb.distribution``: find a distribution by its name, or make it."""

from __future__ import annotations

from types import NoneType
from typing import Any

from lambda_nb.notebook.connection.clients import Beside
from lambda_nb.notebook.connection.notebooks import of_notebook
from lambda_nb.notebook.edge import making
from lambda_nb.notebook.edge.distribution import Distribution
from lambda_nb.notebook.edge.settings import access, behaviours, distributions, origins
from lambda_nb.notebook.edge.settings.policies import Caching
from lambda_nb.notebook.errors import UsageError, aws_errors


def distribution(
    name: str,
    origin: Any = None,
    *,
    root: str | None = None,
    ttl: float | None = None,
    logs: bool = True,
    client: Any = None,
) -> Distribution:
    """A distribution of CloudFront: found by its name, or made.

    A new one gets what it needs: an origin access control and a policy that lets it read the bucket
    or call the function's URL, and a log in a bucket of S3.

    Parameters
    ----------
    name
        What it is called here (its comment), or its id.
    origin
        ``"s3://BUCKET"`` or ``"s3://BUCKET/FOLDER"``; ``"https://HOST"``; a server on this machine
        such as ``"http://127.0.0.1:8000"`` (not on AWS); or the handle of a function, which is
        reached by its HTTP API or by its function URL. For one that is there already it becomes the
        origin of the default behaviour.
    root
        What answers ``/``: of a bucket, by default, ``index.html``.
    ttl
        Seconds that objects without ``Cache-Control`` are cached: of a bucket a day, of anything
        else 0.
    logs
        Whether it writes an access log.
    client
        A boto3 Lambda client. Default: the notebook's connection.

    Raises
    ------
    UsageError
        The name or the root makes no sense; there is none of that name, and no origin is given; or
        the origin cannot be one.

    Examples
    --------
    >>> site = lambda_nb.distribution("site", origin="s3://pages")  # doctest: +SKIP
    >>> site.get("/", viewer="Berlin")  # doctest: +SKIP
    """
    if not isinstance(name, str) or not name.strip():
        raise UsageError(f"{name!r} is no name of a distribution; give text such as 'site'")
    if not isinstance(root, (str, NoneType)):
        raise UsageError(f"root is {root!r}; give the key of what answers '/', or ''")
    clients = of_notebook("CloudFront") if client is None else Beside(client)
    with aws_errors():
        cloudfront, s3 = clients.client("cloudfront"), clients.client("s3")
        found = distributions.find(cloudfront, name)
        if found is None and origin is None:
            distributions.required(cloudfront, name)
        if origin is not None:
            source = origins.source(origin, s3)
            is_bucket = source.kind == "s3"
            if found is None:
                caching = Caching(ttl) if is_bucket or ttl is not None else making.OF_ORIGIN
                top = ("index.html" if is_bucket else "") if root is None else root.lstrip("/")
                found = making.create(cloudfront, s3, name, source, caching, top)
                if logs:
                    making.log_to_bucket(cloudfront, s3, found, name)
                return Distribution(str(found["Id"]), clients)

            def edit(config: dict[str, Any]) -> bool:
                return making.use(cloudfront, config, behaviours.DEFAULT, source)

            distributions.change(cloudfront, found["Id"], edit)
            access.let_in(source, found["ARN"], s3)
    return Distribution(str(found["Id"]) if found else name, clients)
