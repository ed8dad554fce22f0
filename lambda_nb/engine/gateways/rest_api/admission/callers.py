"""Who calls: signatures of the authorisation type AWS_IAM, and the API's resource policy."""

from __future__ import annotations

import hashlib
from typing import NoReturn

from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.gateway_responses import Refusal

_SERVICE = "execute-api"
_KINDS = {
    "MissingAuthenticationTokenException": "MISSING_AUTHENTICATION_TOKEN",
    "ExpiredTokenException": "EXPIRED_TOKEN",
    "InvalidSignatureException": "INVALID_SIGNATURE",
    "IncompleteSignatureException": "INVALID_SIGNATURE",
}


class Callers:
    """Says who calls.

    Parameters
    ----------
    gate
        Checks signatures.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def check_signature(self, exchange: Exchange, request: HttpRequest) -> None:
        """Take note of who signed a request, with Signature V4 for ``execute-api``.

        Raises
        ------
        Refusal
            Nobody did, or not rightly.
        """
        try:
            visitor = self._gate.glance(request)
            caller = visitor.admit(hashlib.sha256(exchange.body).hexdigest(), service=_SERVICE)
        except AWSError as error:
            _refuse(error)
        exchange.identity.update(
            accessKey=caller.access_key,
            accountId=caller.account,
            caller=caller.access_key,
            user=caller.access_key,
            userArn=caller.arn,
        )

    def check_policy(self, exchange: Exchange, *, must_allow: bool = True) -> bool:
        """Ask the API's resource policy.

        Parameters
        ----------
        must_allow
            Whether it must allow the request; else it is enough that it does not deny it.

        Returns
        -------
        bool
            Whether there is a policy and it allows the request.

        Raises
        ------
        Refusal
            It does not let the caller in.
        """
        policy = exchange.deployed.policy
        if policy is None:
            return False
        arn = exchange.identity.get("userArn") or "*"
        told: dict[str, str | list[str]] = {
            "aws:sourceip": exchange.source_ip,
            "aws:securetransport": "false",
            "aws:useragent": exchange.header("user-agent") or "",
            "aws:referer": exchange.header("referer") or "",
        }
        account = exchange.identity.get("accountId")
        if account:
            told["aws:principalaccount"] = account
        decision = policy.decides(exchange.method_arn, told, arn)
        if decision == "allow" or (not must_allow and decision != "explicit deny"):
            return decision == "allow"
        who = "anonymous" if arn == "*" else arn
        account_shown = f"{'*' * 8}{exchange.deployed.account[-4:]}"
        resource = exchange.method_arn.replace(exchange.deployed.account, account_shown)
        how = " with an explicit deny" if decision == "explicit deny" else ""
        text = (
            f"User: {who} is not authorized to perform: execute-api:Invoke on resource: "
            f"{resource}{how}"
        )
        raise Refusal("ACCESS_DENIED", text, capital=True)


def _refuse(error: AWSError) -> NoReturn:
    kind = _KINDS.get(error.code, "ACCESS_DENIED" if error.status == 403 else "UNAUTHORIZED")
    raise Refusal(kind, error.message, status=403, error_type=error.code) from error
