"""The settings of API Gateway for the whole account."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.model import Caller, Operation, Request, Response

THROTTLE: dict[str, Any] = {"burstLimit": 5000, "rateLimit": 10000.0}
"""What an account's APIs take together (API Gateway's quotas, 2026)."""
_NEW: Record = {"throttleSettings": THROTTLE, "features": ["UsagePlans"], "apiKeyVersion": "4"}
_KEY = "account"
_RULES = {
    "/cloudwatchRoleArn": patches.value(patches.text, "replace", "remove", empty="removes"),
    "/features": patches.items("add", "remove"),
}


class Account:
    """The settings of API Gateway for the account.

    Parameters
    ----------
    records
        Where they are kept.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {"GetAccount": self._get, "UpdateAccount": self._update}

    def _get(self, request: Request, caller: Caller) -> Response:
        return self._records.find(kept.ACCOUNT, "", _KEY) or _NEW

    def _update(self, request: Request, caller: Caller) -> Response:
        changed = patches.apply(self._get(request, caller), request, _RULES)
        role = changed.get("cloudwatchRoleArn", "arn:aws:iam::")
        if not role.startswith("arn:"):
            raise bad_request(f"The role ARN is not well formed: {role}")
        if "UsagePlans" not in changed.get("features", ()):
            raise bad_request("Usage Plans cannot be disabled once enabled")
        return self._records.put(kept.ACCOUNT, "", _KEY, changed)
