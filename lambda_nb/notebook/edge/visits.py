"""The access log of a distribution, from the bucket that it is written to."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambda_nb.notebook.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

LOOK_EVERY_S = 0.2
_HEAD = (
    b"#Version: 1.0\n#Fields: date time x-edge-location sc-bytes cs-method cs-uri-stem sc-status "
    b"cs-uri-query x-edge-result-type x-edge-request-id time-taken\n"
)


class Visits:
    """Reads the log files of one distribution, each once.

    Parameters
    ----------
    s3
        The client of the bucket.
    bucket, prefix
        Where the files are.
    identifier
        The distribution's id.
    """

    def __init__(self, s3: Any, bucket: str, prefix: str, identifier: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._start = f"{prefix}{identifier}."
        self._files: dict[str, bytes] = {}

    def read(self, asked: Mapping[str, str], within_s: float) -> pd.DataFrame:
        """The log as a frame, of :func:`lambda_nb.traces.logs.cloudfront.read_cloudfront`.

        Parameters
        ----------
        asked
            The ids of requests that must be in it, each with the place of its viewer: they become
            the column ``viewer``.
        within_s
            Seconds to wait for these requests.
        """
        from lambda_nb.traces import read_cloudfront

        deadline = time.monotonic() + within_s
        frame: pd.DataFrame | None = None
        while True:
            if self._look() or frame is None:
                frame = read_cloudfront(list(self._files.values()) or [_HEAD])
            there = set(frame["request_id"].dropna())
            if asked.keys() <= there or time.monotonic() >= deadline:
                break
            time.sleep(LOOK_EVERY_S)
        if any(asked.values()):
            frame["viewer"] = frame["request_id"].map({k: v for k, v in asked.items() if v})
        return frame

    def _look(self) -> bool:
        """Fetch the files that are new; whether there are any."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._start
        )
        try:
            keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
        except self._s3.exceptions.NoSuchBucket:
            raise UsageError(
                f"the bucket {self._bucket!r} of the distribution's log is not there"
            ) from None
        new = [key for key in keys if key not in self._files]
        for key in new:
            body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"]
            self._files[key] = body.read()
        return bool(new)


def hit_ratio(log: pd.DataFrame) -> float:
    """The share of hits among the requests that came to the cache; NaN without any.

    Parameters
    ----------
    log
        With a column ``came`` that says which did.
    """
    return float(log.loc[log["came"], "hit"].mean()) if log["came"].any() else float("nan")


def by_location(log: pd.DataFrame) -> pd.DataFrame:
    """One row per location: ``city``, ``latitude``, ``longitude``, ``requests``, ``hits``,
    ``hit_ratio``, and ``p50`` of the time that requests took there (s)."""
    import pandas as pd

    from lambda_nb.rules.edge.locations import LOCATIONS

    rows = {}
    for code, group in log.groupby(log["location"].astype(str), sort=True):
        place = LOCATIONS.get(str(code))
        rows[str(code)] = {
            "city": place.city if place else str(code),
            "latitude": place.latitude if place else float("nan"),
            "longitude": place.longitude if place else float("nan"),
            "requests": len(group),
            "hits": int(group["hit"].sum()),
            "hit_ratio": hit_ratio(group),
            "p50": float(group["taken"].median()),
        }
    columns = ["city", "latitude", "longitude", "requests", "hits", "hit_ratio", "p50"]
    table: pd.DataFrame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    table.index.name = "location"
    return table
