"""Reads what CloudFront keeps. All calls block."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.errors import AWSError


class Reader:
    """Reads each thing once.

    Parameters
    ----------
    client
        boto3's client of CloudFront.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._known: dict[tuple[str, str], dict[str, Any]] = {}

    def read(self, operation: str, **asked: str) -> dict[str, Any]:
        """What an operation with one parameter answers.

        Raises
        ------
        AWSError
            ``ServiceUnavailable`` (503) if CloudFront does not answer, or has no such thing.
        """
        ((name, value),) = asked.items()
        key = operation, value
        if key not in self._known:
            self._known[key] = _asked(getattr(self._client, operation), **{name: value})
        return self._known[key]

    def has_monitoring(self, distribution: str) -> bool:
        """Whether a distribution has a monitoring subscription that is enabled.

        Raises
        ------
        AWSError
            ``ServiceUnavailable`` (503) if CloudFront does not answer.
        """
        from botocore.exceptions import ClientError  # late: heavy to import

        try:
            answer = self.read("get_monitoring_subscription", DistributionId=distribution)
        except AWSError as error:
            if isinstance(error.__cause__, ClientError):  # it has none
                return False
            raise
        told = answer["MonitoringSubscription"].get("RealtimeMetricsSubscriptionConfig", {})
        return bool(told.get("RealtimeMetricsSubscriptionStatus") == "Enabled")

    def distributions(self) -> list[dict[str, Any]]:
        """Every distribution, as ListDistributions shows them.

        Raises
        ------
        AWSError
            As :meth:`read` does.
        """
        found: list[dict[str, Any]] = []
        asked: dict[str, str] = {}
        while True:
            page = _asked(self._client.list_distributions, **asked)["DistributionList"]
            found += page.get("Items", [])
            if not page.get("IsTruncated"):
                return found
            asked = {"Marker": page["NextMarker"]}


def items(listed: dict[str, Any] | None) -> list[Any]:
    """The members of one of CloudFront's lists, which lack ``Items`` where they are empty."""
    return list((listed or {}).get("Items") or [])


def _asked(call: Any, **asked: str) -> dict[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError  # late: heavy to import

    try:
        answer: dict[str, Any] = call(**asked)
    except (BotoCoreError, ClientError) as error:
        text = f"CloudFront does not say how its distributions are configured: {error}"
        raise AWSError("ServiceUnavailable", text, 503) from error
    return answer
