"""``lambda_nb.distribution``: a CloudFront distribution to ask, change and look at."""

from __future__ import annotations

import html
import re
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from lambda_nb.notebook import display
from lambda_nb.notebook.connection.clients import Clients
from lambda_nb.notebook.edge import checks, function_logs, listing, making, visits
from lambda_nb.notebook.edge.answers import EdgeResponse
from lambda_nb.notebook.edge.cells import cloudfront_functions
from lambda_nb.notebook.edge.settings import (
    access,
    associations,
    behaviours,
    distributions,
    origins,
    policies,
)
from lambda_nb.notebook.edge.settings.policies import Caching, Chosen
from lambda_nb.notebook.errors import NotebookError, UsageError
from lambda_nb.notebook.functions.monitoring import Logs
from lambda_nb.notebook.web.request import Parameters, send
from lambda_nb.projects.endpoint import is_aws

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from lambda_nb.simulator import CacheBehaviour

LOG_WITHIN_S = 15.0
"""Seconds to wait for the log of an engine; AWS delivers it within an hour, so nobody waits."""
FUNCTION_LOGS_WITHIN_S = 5.0
"""Seconds to wait for the first line of a function at an engine's edge."""

_NO_LOG = (
    "the distribution {!r} writes no log; make it anew with lambda_nb.distribution, or switch on "
    "its standard logging"
)
_EDGE_HEADER, _VIEWER_HEADER = "X-Edge-Location", "X-Viewer-Location"
_BAD_REQUEST = 400
_REFUSED = re.compile(r"(?m)^X-(?:Edge|Viewer)-Location: (.*)$")
"""What an engine says of a place that it does not know."""


_asked: dict[str, dict[str, tuple[str, str]]] = {}
"""What this kernel has asked of each distribution: by the request, its viewer and its location."""


class Distribution:
    """A distribution of CloudFront at the notebook's endpoint.

    Parameters
    ----------
    name
        Its comment, which is its name here, or its id.
    clients
        The notebook's connection.
    """

    def __init__(self, name: str, clients: Clients) -> None:
        self._clients = clients
        self._cloudfront = clients.client("cloudfront")
        self._on_aws = is_aws(self._cloudfront)
        found = distributions.required(self._cloudfront, name)
        self.name = str(found["Comment"] or found["Id"])
        self.id = str(found["Id"])
        self.arn = str(found["ARN"])
        self.domain = str(found["DomainName"])
        self._asked = _asked.setdefault(self.id, {})
        self._visits: visits.Visits | None = None

    @property
    def url(self) -> str:
        """Where it answers, for browsers and for Python; without a slash at its end."""
        return url_of(self.domain, self._cloudfront)

    @property
    def config(self) -> dict[str, Any]:
        """Its whole configuration, as GetDistributionConfig answers."""
        with self._told():
            return distributions.config_of(self._cloudfront, self.id)

    # -- asking it

    def request(
        self,
        method: str,
        path: str = "/",
        /,
        *,
        headers: Mapping[str, str] | None = None,
        params: Parameters | None = None,
        data: bytes | str | Mapping[str, Any] | None = None,
        json: Any = None,
        viewer: str = "",
        location: str = "",
    ) -> EdgeResponse:
        """Send a request as a viewer; redirects are not followed.

        Parameters
        ----------
        headers, params, data, json
            As for the handle of a function.
        viewer
            Where the viewer is: a city, a country's code or ``"52.5,13.4"``. The nearest location
            answers, after as long as packets travel. Only at an engine.
        location
            The code of the location that answers, whichever is nearest. Only at an engine.

        Raises
        ------
        UsageError
            There is no such place, or ``viewer`` or ``location`` is given on AWS.
        NotebookError
            Nothing answers there.
        """
        checks.request(self.url, method, path, headers, viewer, location)
        told = dict(headers or {})
        asked, viewer = (
            viewer,
            unicodedata.normalize("NFKD", viewer).encode("ascii", "ignore").decode(),
        )
        for header, value in ((_VIEWER_HEADER, viewer), (_EDGE_HEADER, location)):
            if value and self._on_aws:
                raise UsageError(
                    "on AWS a viewer is where this machine is: leave viewer= and location= out"
                )
            if value:
                told[header] = value
        with self._told():
            answer = send(
                self.url,
                method,
                path,
                self._cloudfront,
                headers=told,
                params=params,
                data=data,
                json=json,
            )
        refused = _REFUSED.search(answer.text) if answer.status == _BAD_REQUEST and told else None
        if refused is not None:
            raise UsageError(html.unescape(refused[1]).replace(repr(viewer), repr(asked)))
        response = EdgeResponse(answer, viewer, self.name)
        if response.by_function:
            held = associations.all_of(self.config)
            kind = "Lambda" if response.cache.startswith("Lambda") else "CloudFront"
            names = sorted({one.function for one in held if one.kind == kind})
            response = EdgeResponse(answer, viewer, self.name, names)
        if response.request_id:
            self._asked[response.request_id] = (viewer, response.location)
        return response

    def get(self, path: str = "/", /, **options: Any) -> EdgeResponse:
        """Send a GET request; options as in :meth:`request`."""
        checks.options("get", options)
        return self.request("GET", path, **options)

    def post(self, path: str = "/", /, **options: Any) -> EdgeResponse:
        """Send a POST request; options as in :meth:`request`."""
        checks.options("post", options)
        return self.request("POST", path, **options)

    # -- changing it

    def invalidate(self, *paths: str) -> display.Shown:
        """Remove paths from the caches of all locations; without any path, everything.

        Parameters
        ----------
        paths
            Such as ``"/index.html"`` or ``"/pictures/*"``.
        """
        wanted = [path if path.startswith("/") else f"/{path}" for path in paths or ("/*",)]
        with self._told():
            made = self._cloudfront.create_invalidation(
                DistributionId=self.id,
                InvalidationBatch={
                    "Paths": {"Quantity": len(wanted), "Items": wanted},
                    "CallerReference": uuid.uuid4().hex,
                },
            )["Invalidation"]
            self._cloudfront.get_waiter("invalidation_completed").wait(
                DistributionId=self.id,
                Id=made["Id"],
                WaiterConfig={"Delay": self._delay_s, "MaxAttempts": 200},
            )
        text = f"invalidated {', '.join(wanted)} of {self.name}"
        return display.said(text)

    def behavior(
        self,
        path: str,
        *,
        origin: Any = None,
        ttl: float | None = None,
        longest: float | None = None,
        query: Chosen = "none",
        cookies: Chosen = "none",
        headers: Sequence[str] = (),
        security_headers: bool = False,
    ) -> Distribution:
        """Set how paths are cached, and where they come from; ``"*"`` is the default behaviour.

        A behaviour that is not there is made, with the default's settings. Its functions stay.

        Parameters
        ----------
        path
            A pattern with ``*`` and ``?``.
        origin
            As for :func:`distribution`; left out, its origin stays.
        ttl
            Seconds that an object without ``Cache-Control`` is cached: default a day. 0: nothing
            is cached.
        longest
            Seconds that any object is cached: default a year.
        query, cookies
            Names that are part of the cache key, or ``"all"``; the origin gets them too.
        headers
            Likewise.
        security_headers
            Add CloudFront's managed policy ``SecurityHeadersPolicy`` to responses.
        """
        caching = Caching(ttl, longest, query, cookies, headers)
        with self._told():
            source = None if origin is None else self._source(origin)
            policy = caching.policy(self._cloudfront)

            def edit(config: dict[str, Any]) -> None:
                if source is not None:
                    making.use(self._cloudfront, config, path, source)
                behaviour, _ = behaviours.of(config, path)
                behaviour["CachePolicyId"] = policy
                for old in ("ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL"):
                    behaviour.pop(old, None)
                behaviour.pop("ResponseHeadersPolicyId", None)
                if security_headers:
                    behaviour["ResponseHeadersPolicyId"] = policies.SECURITY_HEADERS

            distributions.change(self._cloudfront, self.id, edit)
            if source is not None:
                access.let_in(source, self.arn, self._clients.client("s3"))
        return self

    def delete(self) -> None:
        """Disable and delete it, with its log and what let it into buckets.

        CloudFront Functions that cells made go with it, if nothing else uses them.

        Lambda@Edge functions can be deleted only afterwards.
        """
        with self._told():
            held = associations.all_of(distributions.config_of(self._cloudfront, self.id))
            making.delete(self._cloudfront, self._clients.client("s3"), self.id, self._delay_s)
            names = sorted({one.function for one in held if one.kind == "CloudFront"})
            cloudfront_functions.delete_ours(self._cloudfront, names)
        self._asked.clear()

    def wait(self) -> Distribution:
        """Wait until CloudFront has its configuration everywhere: on AWS some minutes."""
        with self._told():
            self._cloudfront.get_waiter("distribution_deployed").wait(
                Id=self.id, WaiterConfig={"Delay": self._delay_s, "MaxAttempts": 200}
            )
        return self

    def _told(self) -> AbstractContextManager[None]:
        return checks.told(self.name, self.id)

    @property
    def _delay_s(self) -> float:
        return 10.0 if self._on_aws else 0.05

    def _source(self, origin: Any) -> origins.Source:
        return origins.source(origin, self._clients.client("s3"))

    # -- looking at it

    def log(self, *, wait: float | None = None) -> pd.DataFrame:
        """Its access log: one row a request, ordered by time, with what was just asked from here.

        The columns are those of :func:`lambda_nb.traces.logs.cloudfront.read_cloudfront`, and
        ``came``: whether the cache was asked, as the functions are now. For requests from this
        notebook, ``viewer`` says where they came from.

        Parameters
        ----------
        wait
            Seconds to wait for requests of this object: default 15, on AWS 0, where logs take up
            to an hour.

        Raises
        ------
        UsageError
            The distribution writes no log.
        """
        from lambda_nb.simulator import CacheBehaviour
        from lambda_nb.simulator.questions.edge_caches import came

        with self._told():
            if self._visits is None:
                logging = self.config.get("Logging", {})
                if not logging.get("Enabled"):
                    raise UsageError(_NO_LOG.format(self.name))
                bucket, prefix = logging["Bucket"].split(".s3.")[0], logging["Prefix"]
                client = self._clients.client("s3")
                self._visits = visits.Visits(client, bucket, prefix, self.id)
            longest = (0.0 if self._on_aws else LOG_WITHIN_S) if wait is None else wait
            viewers = {identifier: viewer for identifier, (viewer, _) in self._asked.items()}
            log = self._visits.read(viewers, longest)
        log["came"] = came(log, [*self.caching(), CacheBehaviour()])
        return log

    def hit_ratio(self) -> float:
        """The share of hits among the requests that came to the cache, from the log."""
        return visits.hit_ratio(self.log())

    def by_location(self) -> pd.DataFrame:
        """One row per location: where it is, its requests, hits and median time, from the log."""
        return visits.by_location(self.log())

    def map(self) -> Figure:
        """Draw the locations with their requests, hits and times, from the log."""
        from lambda_nb import charts

        figure, (axes,) = charts.board(1, title=f"{self.name}: where requests were answered")
        charts.edge_map(self.by_location(), axes, title=None)
        return figure

    def caching(self, cache_control: str | None = None) -> list[CacheBehaviour]:
        """Its behaviours as ``lambda_nb.simulate_edge`` wants them.

        Parameters
        ----------
        cache_control
            What the origin sends as ``Cache-Control``; the log does not have it.
        """
        from lambda_nb.simulator import CacheBehaviour

        with self._told():
            config = distributions.config_of(self._cloudfront, self.id)
            return [
                CacheBehaviour(
                    path,
                    cache_control=cache_control,
                    generated=associations.generates(one),
                    **policies.read(self._cloudfront, one),
                )
                for path, one in behaviours.all_of(config).items()
            ]

    def function_logs(self, name: str, last: str = "1h", *, limit: int = 200) -> Logs:
        """What a function at its edge wrote, in the Regions where that ran.

        Parameters
        ----------
        name
            Of a Lambda@Edge function or of a CloudFront Function.
        last, limit
            As for the handle of a function.
        """
        config = self.config
        codes = {location for _, location in self._asked.values()}
        if config.get("Logging", {}).get("Enabled"):
            codes |= set(self.log(wait=0)["location"].dropna())
        group, regions = function_logs.places(config, name, codes)
        wait = 0.0 if self._on_aws else FUNCTION_LOGS_WITHIN_S
        return function_logs.read(self._cloudfront, name, group, regions, last, limit, wait)

    def summary(self, log: pd.DataFrame | None = None) -> display.Shown:
        """Its behaviours and functions; with a log also hits and locations."""
        with self._told():
            told = self._cloudfront.get_distribution(Id=self.id)["Distribution"]
            config = told["DistributionConfig"]
            ttls = {
                path: policies.read(self._cloudfront, one)["default_ttl"]
                for path, one in behaviours.all_of(config).items()
            }
        state = told["Status"] if config["Enabled"] else "disabled"
        notes = [] if state == "Deployed" else [state]
        return listing.shown(self.name, self.url, self.id, listing.rows(config, ttls), log, notes)

    def __repr__(self) -> str:
        return f"<distribution {self.name} ({self.id}) at {self.url}>"

    def _repr_html_(self) -> str:
        try:
            return self.summary()._repr_html_()
        except NotebookError as error:  # a display must not fail
            markup = display.line(display.bold(self.name), display.dim(str(error)))
            return display.Shown(str(error), markup)._repr_html_()


def url_of(domain: str, cloudfront: Any) -> str:
    """The address of a distribution's domain name, without a slash at its end."""
    return f"https://{domain}" if is_aws(cloudfront) else f"http://{domain}"
