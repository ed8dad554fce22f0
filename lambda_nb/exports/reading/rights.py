"""The rights that functions need: from what they called, else from what their role allows."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from lambda_nb.exports.picture import Function, Place, Ref, Statement, Text
from lambda_nb.exports.reading.actions import actions_of
from lambda_nb.exports.reading.asking import found, pages, recorded_calls
from lambda_nb.exports.reading.resources import Resources
from lambda_nb.exports.reading.texts import Texts
from lambda_nb.exports.shared import only_ref
from lambda_nb.projects.endpoint import Clients

_OWN_LOGS = {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}
"""What each function may do anyway: every format gives it AWSLambdaBasicExecutionRole."""
_OF_INDEXES = {"dynamodb:Query", "dynamodb:Scan", "dynamodb:PartiQLSelect"}
_REFERRED_TO = ("sqs", "dynamodb", "kinesis", "sns", "events")
"""Services whose resources come along once a function calls them."""
_REGION = re.compile(r"[a-z]+(-[a-z]+)+-\d+")
_BASIC = ("AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole")


class Rights:
    """Finds the statements of functions.

    Parameters
    ----------
    clients
        Of the endpoint.
    resources, texts
        Of the application; what a function called is entered into ``resources``.
    functions
        The ids of its functions, by name.

    Attributes
    ----------
    notes
        What of roles is not exported.
    """

    def __init__(
        self, clients: Clients, resources: Resources, texts: Texts, functions: Mapping[str, str]
    ) -> None:
        self._clients = clients
        self._resources = resources
        self._texts = texts
        self._functions = functions
        self.notes: list[str] = []

    def read(self, function: Function, role: str) -> None:
        """Enter the rights of a function into it."""
        calls = recorded_calls(self._clients.client(), function.name)
        if calls:
            function.statements = statements(self.allowed(calls))
            function.rights_from = "calls"
            return
        self._of_role(function, role.rpartition("/")[2])

    def allowed(self, calls: Iterable[Mapping[str, str]]) -> list[tuple[Text, str]]:
        """The actions that recorded calls need, each with what it is for."""
        allowed = []
        for call in calls:
            text = self._resource(call)
            for action in actions_of(call["service"], call["operation"]):
                if action not in _OWN_LOGS:
                    allowed.append((text, action))
                    if action in _OF_INDEXES and self._has_indexes(text):
                        allowed.append((Text.of(*text.parts, "/index/*"), action))
        return allowed

    def _has_indexes(self, text: Text) -> bool:
        """Whether a text is the ARN of a table with indexes, which have ARNs of their own."""
        ref = only_ref(text)
        table = None if ref is None else self._resources.all.get(ref.id)
        return table is not None and any(
            f"{kind}SecondaryIndexes" in table.settings for kind in ("Global", "Local")
        )

    def _resource(self, call: Mapping[str, str]) -> Text:
        """The ARN of what a call was for."""
        service, name = call["service"], call["resource"]
        if not name or call["operation"] in ("ListBuckets", "ListTables", "ListQueues"):
            return Text.of("*")
        if name.startswith("arn:"):
            return self._texts.of_arn(name)
        if service == "s3":
            bucket, slash, _ = name.partition("/")
            one = self._resources.named("bucket", bucket)
            rest = "/*" if slash else ""
            if one is not None:
                return Text.of(Ref(one.id, "arn"), *([rest] if rest else []))
            return Text.of("arn:", Place("partition"), f":s3:::{bucket}{rest}")
        region = call["region"] if _REGION.fullmatch(call["region"]) else self._texts.region
        if service == "lambda":
            plain = name.split(":")[0]
            if plain in self._functions and region == self._texts.region:
                return Text.of(Ref(self._functions[plain], "arn"))
        if service == "sqs":
            name = name.rstrip("/").rpartition("/")[2]
        form = _ARNS.get(service)
        if form is None:
            return Text.of("*")
        rest = form.format(name=name.lstrip("/"))
        if service in _REFERRED_TO:
            return self._texts.of_arn(self._texts.arn(service, rest, region))
        own = Place("region") if region == self._texts.region else region
        return Text.of(
            "arn:", Place("partition"), f":{service}:", own, ":", Place("account"), f":{rest}"
        )

    def _of_role(self, function: Function, role: str) -> None:
        iam = self._clients.client("iam")
        if found(iam.get_role, RoleName=role) is None:
            return
        function.rights_from = "role"
        documents = []
        for one in pages(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=role):
            arn = one["PolicyArn"]
            if arn.split(":")[4] == "aws":
                if one["PolicyName"] not in _BASIC:
                    function.managed_policies.append(arn.partition(":policy/")[2])
                continue
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            told = iam.get_policy_version(PolicyArn=arn, VersionId=version)
            documents.append(told["PolicyVersion"]["Document"])
        for name in pages(iam, "list_role_policies", "PolicyNames", RoleName=role):
            told = iam.get_role_policy(RoleName=role, PolicyName=name)
            documents.append(told["PolicyDocument"])
        allowed = [pair for document in documents for pair in self._of_document(document, role)]
        function.statements = statements(allowed)

    def _of_document(self, document: Any, role: str) -> Iterable[tuple[Text, str]]:
        if isinstance(document, str):
            document = json.loads(unquote(document))
        for statement in _listed(document["Statement"]):
            if statement["Effect"] != "Allow" or not {"Action", "Resource"} <= statement.keys():
                self._leave_out(role, "denies something, or names what it does not allow")
                continue
            if statement.get("Condition"):
                # Without its condition it would allow more than it does here.
                actions = ", ".join(_listed(statement["Action"]))
                self._leave_out(role, f"allows {actions} on a condition")
                continue
            for arn in _listed(statement.get("Resource", "*")):
                text = self._texts.of_arn(arn) if arn.startswith("arn:") else Text.of(arn)
                for action in _listed(statement["Action"]):
                    if action not in _OWN_LOGS:
                        yield text, action

    def _leave_out(self, role: str, what: str) -> None:
        self.notes.append(f"the role {role}: a statement that {what}; look at it by hand")


_ARNS = {
    "sqs": "{name}",
    "sns": "{name}",
    "dynamodb": "table/{name}",
    "kinesis": "stream/{name}",
    "firehose": "deliverystream/{name}",
    "events": "event-bus/{name}",
    "lambda": "function:{name}",
    "secretsmanager": "secret:{name}*",
    "ssm": "parameter/{name}",
    "states": "stateMachine:{name}",
    "logs": "log-group:{name}:*",
}
"""What stands behind the account in ARNs, by service."""


def statements(allowed: Iterable[tuple[Text, str]]) -> list[Statement]:
    """Statements that allow these actions and no others, as few as there can be."""
    by_resource: dict[Text, set[str]] = defaultdict(set)
    for text, action in allowed:
        by_resource[text].add(action)
    by_actions: dict[tuple[str, ...], list[Text]] = defaultdict(list)
    for text, actions in by_resource.items():
        by_actions[tuple(sorted(actions))].append(text)
    made = [
        Statement(list(actions), sorted(texts, key=repr)) for actions, texts in by_actions.items()
    ]
    return sorted(made, key=lambda one: (one.actions, repr(one.resources)))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
