"""What ``%lambda status`` tells: where requests go, and what the engine there does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from lambda_nb.notebook import display
from lambda_nb.notebook.connection.endpoint import Connection
from lambda_nb.notebook.connection.session import Session


def where(connection: Connection, session: Session) -> list[dict[str, Any]]:
    """Where requests go, as rows of a table."""
    kind = (
        "this notebook's own engine"
        if session.owns_engine
        else "AWS"
        if connection.is_aws
        else "another endpoint"
    )
    rows = {
        "connected to": kind,
        "endpoint": connection.url or f"lambda.{connection.region}.amazonaws.com",
        "account": connection.account,
        "region": connection.region or "",
    }
    return [{"": key, "value": value} for key, value in rows.items()]


def of_engine(status: Mapping[str, Any]) -> dict[str, str]:
    """An engine's status as a few rows of text."""
    told = {}
    if "isolation" in status:
        refused = status["isolation"].get("refused", {})
        reasons = [f"not {level}: {reason}" for level, reason in refused.items()]
        told["isolation"] = "; ".join([status["isolation"]["level"], *reasons])
        kept = {"memory": "memory", "storage": "/tmp", "cpu": "CPU share"}  # noqa: S108
        by = [f"{word} by {status['isolation'].get(key, '?')}" for key, word in kept.items()]
        told["limits kept"] = ", ".join(by)
    if "python" in status:
        told["Python runtimes"] = ", ".join(status["python"])
    if "environments" in status:
        counts = Counter(one["function"] for one in status["environments"])
        told["environments"] = ", ".join(f"{n} {name}" for name, n in counts.items()) or "none"
    if "cache" in status.get("edge", {}):
        cache, places = status["edge"]["cache"], status["edge"]["locations"]
        told["CloudFront"] = f"{cache['objects']:,} objects cached, {display.size(cache['bytes'])}"
        if places:
            told["CloudFront"] += f"; Lambda@Edge at {', '.join(sorted(places))}"
    if "pid" in status:
        told["engine"] = f"{status.get('version', '')}, process {status['pid']}"
    return told
