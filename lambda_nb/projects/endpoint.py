"""Where a project is deployed: the clients for an engine, or for AWS when asked for by name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from lambda_nb.projects.errors import ProjectError, aws_errors


class Clients(Protocol):
    """Makes boto3 clients for one endpoint."""

    def client(self, service: str = "lambda") -> Any:
        """The client for a service."""


class Regions(Clients, Protocol):
    """Clients for one endpoint, also for its other Regions."""

    def in_region(self, region: str) -> Clients:
        """Clients for another Region."""


class Endpoint:
    """Clients as boto3 finds keys, Region and endpoint: environment, profile, credentials file.

    Parameters
    ----------
    url
        The endpoint; default ``AWS_ENDPOINT_URL`` or that of the profile or the credentials file.
    region, profile
        As for boto3.
    credentials
        The file that ``lambda-nb serve`` named in its first line.
    aws
        Whether AWS itself may be meant, where it costs money.

    Raises
    ------
    ProjectError
        Requests would go to AWS and nobody asked for that, or there is no such file or profile.
    """

    def __init__(
        self,
        *,
        url: str | None = None,
        region: str | None = None,
        profile: str | None = None,
        credentials: Path | None = None,
        aws: bool = False,
    ) -> None:
        # Late: boto3 takes longer to load than --help to be shown.
        import boto3
        from botocore.session import Session

        session = Session(profile=profile)
        if credentials is not None:
            if not credentials.is_file():
                raise ProjectError(
                    f"--credentials {credentials}: there is no such file; `lambda-nb serve` names "
                    "its own in its first line"
                )
            session.set_config_variable("credentials_file", str(credentials))
        self._url = url
        self._aws = aws
        self._lock = threading.Lock()  # boto3's sessions are not for several threads
        self._made: dict[tuple[str, str | None], Any] = {}
        with aws_errors():
            if region is not None:
                session.set_config_variable("region", region)
            elif not session.get_config_variable("region"):
                session.set_config_variable("region", "us-east-1")
            self._session = boto3.Session(botocore_session=session)
            self.client("cloudformation")

    def client(self, service: str = "lambda") -> Any:
        """The client for a service, made once.

        Raises
        ------
        ProjectError
            It would send requests to AWS, and nobody asked for that.
        """
        return self._client(service, None)

    def in_region(self, region: str) -> Clients:
        """Clients for another Region."""
        return _InRegion(self._client, region)

    def _client(self, service: str, region: str | None) -> Any:
        """The client of a Region; None: that of the endpoint."""
        from botocore.config import Config

        where: dict[str, Any] = {"endpoint_url": self._url, "region_name": region}
        with self._lock:
            if (service, region) not in self._made:
                made = self._session.client(service, **where)
                # Each one: AWS_ENDPOINT_URL_CLOUDFORMATION alone leads the others to AWS.
                if is_aws(made) and not self._aws:
                    raise ProjectError(
                        f"no endpoint for {service}: set AWS_ENDPOINT_URL (and "
                        "AWS_SHARED_CREDENTIALS_FILE) to what `lambda-nb serve` printed, or give "
                        "--endpoint-url URL --credentials FILE. To deploy to AWS itself, where it "
                        "costs money, give --aws"
                    )
                if service == "s3" and not is_aws(made):
                    # BUCKET.localhost is a name that Python's resolver often does not know.
                    path = Config(s3={"addressing_style": "path"})
                    made = self._session.client(service, config=path, **where)
                self._made[service, region] = made
            return self._made[service, region]

    def close(self) -> None:
        """Close the connections of all clients."""
        for client in self._made.values():
            client.close()


class _InRegion:
    """Clients for one Region."""

    def __init__(self, make: Callable[[str, str], Any], region: str) -> None:
        self._make = make
        self._region = region

    def client(self, service: str = "lambda") -> Any:
        """The client for a service."""
        return self._make(service, self._region)


def is_aws(client: Any) -> bool:
    """Whether a boto3 client sends its requests to AWS itself."""
    host = str(urlsplit(str(client.meta.endpoint_url)).hostname)
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws"))
