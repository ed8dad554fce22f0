"""Refuses distributions with functions that Lambda@Edge cannot run, as CloudFront does.

CloudFront Developer Guide, edge-function-restrictions-all ("Combining CloudFront Functions with
Lambda@Edge") and lambda-at-edge-function-restrictions, 2026.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from lambda_nb.engine.api.neighbours.watched_calls import WatchedCall
from lambda_nb.engine.api.wire.http import Reply
from lambda_nb.engine.edge.triggers import associations
from lambda_nb.engine.edge.triggers.associations import Association, BehaviourFunctions
from lambda_nb.engine.edge.triggers.refusals import refusal
from lambda_nb.engine.errors import AWSError, invalid_parameter
from lambda_nb.rules import quotas
from lambda_nb.rules.edge.triggers import replication
from lambda_nb.rules.edge.triggers.events import EVENTS

ConfigurationOf = Callable[[str], Awaitable[Mapping[str, Any]]]
"""A version's configuration, by its ARN, as GetFunctionConfiguration answers; ``AWSError`` if there
is none."""

TrustOf = Callable[[str], Awaitable["Mapping[str, Any] | None"]]
"""A role's trust policy, by its ARN; ``None`` where nobody knows the role."""

_CHANGING = re.compile(r"/\d{4}-\d\d-\d\d/distribution(?:/[^/]+/config)?/?")
_INVALID = "InvalidLambdaFunctionAssociation"
_VIEWER = ("viewer-request", "viewer-response")


class AssociationChecks:
    """Watches the calls to CloudFront that give distributions their functions.

    Parameters
    ----------
    account
        The account of the distributions.
    configuration_of
        The configuration of a version, by its ARN.
    trust_of
        The trust policy of a role, by its ARN.
    viewer_timeout_s
        The longest timeout of functions at viewer events.
    """

    def __init__(
        self,
        account: str,
        configuration_of: ConfigurationOf,
        trust_of: TrustOf,
        *,
        viewer_timeout_s: int = quotas.EDGE_TIMEOUT_S.value,
    ) -> None:
        self._account = account
        self._configuration_of = configuration_of
        self._trust_of = trust_of
        self._viewer_timeout_s = viewer_timeout_s

    async def asked(self, call: WatchedCall) -> Reply | None:
        """CloudFront's refusal of a distribution; ``None`` if it may be made."""
        if call.method not in ("POST", "PUT") or not _CHANGING.fullmatch(call.path):
            return None
        try:
            await self.check(associations.in_document(call.body))
        except AWSError as error:
            return refusal(error)
        return None

    async def check(self, behaviours: Sequence[BehaviourFunctions]) -> None:
        """Check the functions of a distribution.

        Raises
        ------
        AWSError
            ``InvalidLambdaFunctionAssociation`` or ``TooManyLambdaFunctionAssociations`` (400).
        """
        for behaviour in behaviours:
            _check_combination(behaviour)
        all_of_them = [one for behaviour in behaviours for one in behaviour.lambdas]
        functions = {one.arn.rpartition(":")[0] for one in all_of_them}
        most = quotas.EDGE_FUNCTIONS.value
        if len(functions) > most:
            told = f"The distribution has {len(functions)} Lambda@Edge functions, at most {most}"
            raise AWSError("TooManyLambdaFunctionAssociations", f"{told} are allowed.")
        for association in all_of_them:
            await self._check_function(association)

    async def _check_function(self, association: Association) -> None:
        arn = association.arn
        problem = replication.arn_problem(arn, self._account)
        if problem is not None:
            raise AWSError(_INVALID, problem)
        try:
            configuration = await self._configuration_of(arn)
        except AWSError as error:
            told = (
                "Lambda@Edge cannot retrieve the specified Lambda function. Update the IAM policy "
                f"to add permission: lambda:GetFunction for resource: {arn} and try again. "
                f"({error.message})"
            )
            raise AWSError(_INVALID, told) from error
        problems = replication.problems(
            configuration, association.event, timeout_s=self._viewer_timeout_s
        )
        if problems:
            raise AWSError(_INVALID, f"{problems[0]} Function: {arn}")
        role = str(configuration.get("Role", ""))
        trust = await self._trust_of(role)
        problem = None if trust is None else replication.role_problem(role, trust)
        if problem is not None:
            raise AWSError(_INVALID, problem)


def refuse_deletion(name_or_arn: str, qualifier: str | None, associated: Collection[str]) -> None:
    """Refuse to delete what a distribution uses, as Lambda's DeleteFunction does.

    Parameters
    ----------
    name_or_arn, qualifier
        ``FunctionName`` and ``Qualifier`` of the call.
    associated
        The ARNs of the versions that distributions use.

    Raises
    ------
    AWSError
        ``InvalidParameterValueException`` (400).
    """
    replicated = is_replicated(name_or_arn, qualifier, associated)
    if replicated is not None:
        raise invalid_parameter(replication.not_to_be_deleted(replicated))


def is_replicated(
    name_or_arn: str, qualifier: str | None, associated: Collection[str]
) -> str | None:
    """The ARN of the version of a function that a distribution uses, if one does.

    Parameters
    ----------
    name_or_arn, qualifier
        A function by its name or ARN, and a version; without one any version counts.
    associated
        The ARNs of the versions that distributions use.

    Examples
    --------
    >>> arn = "arn:aws:lambda:us-east-1:000000000000:function:f:1"
    >>> is_replicated("f", "1", [arn]) == arn, is_replicated("f", "2", [arn])
    (True, None)
    """
    name, version = name_or_arn, qualifier
    if ":function:" in name_or_arn:
        name, _, in_arn = name_or_arn.partition(":function:")[2].partition(":")
        version = qualifier or in_arn or None
    for arn in sorted(associated):
        used, _, number = arn.partition(":function:")[2].partition(":")
        if used == name and version in (None, number):
            return arn
    return None


def _check_combination(behaviour: BehaviourFunctions) -> None:
    """One function an event; at viewer events either CloudFront Functions or Lambda@Edge."""
    where = f"of the cache behavior {behaviour.pattern}"
    events = [one.event for one in behaviour.lambdas]
    for one in behaviour.lambdas:
        if one.event not in EVENTS:
            told = f"The event type {one.event!r} {where} is not one of {', '.join(EVENTS)}."
            raise AWSError(_INVALID, told)
        if events.count(one.event) > 1 or one.event in behaviour.functions:
            told = f"The event type {one.event} {where} has more than one function. Keep one."
            raise AWSError(_INVALID, told)
        if one.include_body and not one.event.endswith("-request"):
            told = f"IncludeBody is only for request events, and not for {one.event} {where}."
            raise AWSError(_INVALID, told)
    at_viewer = [event for event in events if event in _VIEWER]
    if at_viewer and behaviour.functions:
        told = (
            f"The viewer events {where} have CloudFront Functions and Lambda@Edge functions: "
            "use one kind for both."
        )
        raise AWSError(_INVALID, told)
