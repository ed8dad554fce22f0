"""Function URLs as origins: who may call them by way of CloudFront."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from functools import lru_cache

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Response
from lambda_nb.engine.edge.origins.bucket_access import SERVICE, by_name
from lambda_nb.engine.gateways.shared.invoke_policies import Policy, PolicyError

log = logging.getLogger(__name__)

ACTION = "lambda:InvokeFunctionUrl"
_FORBIDDEN = (
    b'{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: '
    b'https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}'
)


@dataclass(frozen=True, slots=True)
class UrlAccess:
    """Whose a function URL is, and whom it lets in.

    ``arn`` is the function's, with the URL's qualifier; ``auth_type`` is ``AWS_IAM`` or ``NONE``;
    ``policy`` is the resource policy (JSON text), if there is one.
    """

    arn: str
    auth_type: str
    policy: str | None

    @property
    def region(self) -> str:
        """The Region of the function."""
        return self.arn.split(":")[3]

    def lets(self, distribution: str) -> bool:
        """Whether a distribution may call it, given the distribution's ARN.

        That is decided here for a signed request to a URL of type ``AWS_IAM``; others are decided
        by the URL itself.
        """
        if self.auth_type != "AWS_IAM":
            return True
        policy = _compiled(self.policy or "", self.arn)
        told = {
            "aws:sourcearn": distribution,
            "aws:sourceaccount": distribution.split(":")[4] if distribution.count(":") > 4 else "",
            "lambda:functionurlauthtype": self.auth_type,
        }
        allowed = policy is not None and policy.decides(self.arn, told, SERVICE) == "allow"
        if not allowed:
            log.warning("%s", self._missing(distribution))
        return allowed

    def _missing(self, distribution: str) -> str:
        return (
            f"The resource policy of {self.arn} does not let CloudFront call its URL for "
            f"{distribution}. Allow it: aws lambda add-permission --function-name {self.arn} "
            f"--statement-id cloudfront --action {ACTION} --principal {SERVICE} "
            f"--source-arn '{distribution}'"
        )


@lru_cache(256)
def _compiled(policy: str, arn: str) -> Policy | None:
    if not policy:
        return None
    try:
        return Policy(by_name(json.loads(policy)), ACTION, names_callers=True)
    except (PolicyError, ValueError) as error:
        log.warning("the resource policy of %s lets nobody in: %s", arn, error)
        return None


def forbidden() -> Response:
    """What a function URL answers to whom it does not let in."""
    headers = Headers(
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(_FORBIDDEN))),
            ("x-amzn-ErrorType", "AccessDeniedException"),
        ]
    )
    return Response(403, headers, _FORBIDDEN, "Forbidden")
