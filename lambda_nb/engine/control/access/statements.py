"""Resource policies as Lambda writes them: a list of statements, each with its own id."""

from __future__ import annotations

import json
import re

from lambda_nb.engine.control import context as c
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import AWSError, conflict, invalid_parameter, not_found
from lambda_nb.engine.model import Request
from lambda_nb.rules import quotas

NO_POLICY = "No policy is associated with the given resource."


def text(value: Record) -> str:
    """JSON text as Lambda writes it: no spaces."""
    return json.dumps(value, separators=(",", ":"))


def function_statement(request: Request, resource: str) -> Record:
    """The statement that AddPermission adds."""
    statement: Record = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(request["Principal"]),
        "Action": request["Action"],
        "Resource": resource,
    }
    equals = {
        "AWS:SourceAccount": request.get("SourceAccount"),
        "lambda:EventSourceToken": request.get("EventSourceToken"),
        "lambda:FunctionUrlAuthType": request.get("FunctionUrlAuthType"),
        "aws:PrincipalOrgID": request.get("PrincipalOrgID"),
    }
    condition: Record = {}
    given = {key: value for key, value in equals.items() if value}
    if given:
        condition["StringEquals"] = given
    if request.get("InvokedViaFunctionUrl") is not None:
        via_url = str(request["InvokedViaFunctionUrl"]).lower()
        condition["Bool"] = {"lambda:InvokedViaFunctionUrl": via_url}
    if request.get("SourceArn"):
        condition["ArnLike"] = {"AWS:SourceArn": request["SourceArn"]}
    if condition:
        statement["Condition"] = condition
    return statement


def layer_statement(request: Request, resource: str) -> Record:
    """The statement that AddLayerVersionPermission adds."""
    statement: Record = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(request["Principal"]),
        "Action": request["Action"],
        "Resource": resource,
    }
    organisation = request.get("OrganizationId")
    if organisation:
        statement["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": organisation}}
    return statement


def _principal(principal: str) -> Record | str:
    if principal == "*":
        return "*"
    if re.fullmatch(r"\d{12}", principal):
        return {"AWS": f"arn:aws:iam::{principal}:root"}
    if re.fullmatch(r"arn:aws[a-zA-Z-]*:(iam|sts)::\d{12}:.+", principal):
        return {"AWS": principal}
    if re.fullmatch(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com|alexa\.[a-z.]+)", principal):
        return {"Service": principal}
    raise invalid_parameter(
        "The provided principal was invalid. Please check the principal and try again."
    )


def added(policy: Record | None, statement: Record) -> Record:
    """A policy with one more statement, under a new revision.

    Raises
    ------
    AWSError
        ``ResourceConflictException`` if the id is taken; ``PolicyLengthExceededException`` if the
        policy exceeds 20 KB.
    """
    statements = (policy or {"statements": []})["statements"]
    sid = statement["Sid"]
    if any(present["Sid"] == sid for present in statements):
        raise conflict(
            f"The statement id ({sid}) provided already exists. Please provide a new statement id, "
            "or remove the existing statement."
        )
    new: Record = {"statements": [*statements, statement], "revision": c.revision()}
    size = len(document(new))
    if size > quotas.POLICY_BYTES.value:
        raise AWSError(
            "PolicyLengthExceededException",
            f"The final policy size ({size}) is bigger than the limit "
            f"({quotas.POLICY_BYTES.value}).",
        )
    return new


def removed(policy: Record, sid: str) -> Record | None:
    """A policy without one of its statements; ``None`` if none is left."""
    rest = [statement for statement in policy["statements"] if statement["Sid"] != sid]
    if len(rest) == len(policy["statements"]):
        raise not_found(f"Statement {sid} is not found in resource policy.")
    return {"statements": rest, "revision": c.revision()} if rest else None


def document(policy: Record) -> str:
    """The text of the policy document."""
    statements = policy["statements"]
    return text({"Version": "2012-10-17", "Id": "default", "Statement": statements})
