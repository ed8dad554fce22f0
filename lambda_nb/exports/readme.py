"""The README of an export: how to deploy it, what has which rights and why, what is left out."""

from __future__ import annotations

from lambda_nb.exports.picture import Application, Function, Text

NAME = "README.md"
MARK = "exported by lambda_nb"
"""Stands in each README of an export, so that a later one may take its place."""
_TOLD = {
    "calls": "what it called when it ran here",
    "role": "the policies of its role, as it has not been seen to call anything",
    "nothing": "nothing: it was not seen to call anything, and its role has no policies to read",
}
_TITLES = {"sam": "AWS SAM", "cdk": "AWS CDK", "terraform": "Terraform", "zip": "the AWS CLI"}


def text(application: Application, form: str, steps: list[str]) -> str:
    """The README."""
    sections = [
        f"# {application.name}\n\nFunctions of a notebook for {_TITLES[form]}, {MARK} "
        f"(`%lambda export {form}`).",
        "## Deploy\n\n```sh\n" + "\n".join(steps) + "\n```",
        _functions(application),
        _rights(application),
        _names(application),
    ]
    if application.parameters:
        rows = [f"- `{name}`: {told}" for name, told in application.parameters.items()]
        sections.append(
            "## Parameters\n\nTheir values are not in these files; you give them when you deploy."
            "\n\n" + "\n".join(rows)
        )
    if application.notes:
        rows = [f"- {note}" for note in dict.fromkeys(application.notes)]
        sections.append("## Not exported\n\n" + "\n".join(rows))
    return "\n\n".join(sections) + "\n"


def _functions(application: Application) -> str:
    rows = ["| function | runtime | invoked by |", "|---|---|---|"]
    for one in application.functions:
        by = [_title(application, trigger.kind, trigger.source) for trigger in one.triggers]
        by += ["its URL"] if one.url is not None else []
        rows.append(f"| `{one.name}` | {one.runtime} | {', '.join(dict.fromkeys(by)) or '-'} |")
    return "## Functions\n\n" + "\n".join(rows)


def _title(application: Application, kind: str, source: str) -> str:
    resource = application.resources.get(source)
    words = {"rule": "EventBridge rule", "schedule": "EventBridge Scheduler", "iot": "AWS IoT rule"}
    if resource is None:
        return words.get(kind, kind)
    return f"{resource.kind.replace('_', ' ')} `{resource.settings['OriginalName']}`"


def _rights(application: Application) -> str:
    rows = []
    for one in application.functions:
        rows.append(f"- `{one.name}`: from {_TOLD[one.rights_from]}.{_allowed(one)}")
    return (
        "## Rights\n\nEach function has a role of its own. Beside writing its log it may do only "
        "what it was seen to need; what it did not try here it may not do there.\n\n"
        + "\n".join(rows)
    )


def _allowed(function: Function) -> str:
    actions = sorted({action for one in function.statements for action in one.actions})
    named = [*(f"`{action}`" for action in actions), *function.managed_policies]
    wide = [
        action
        for one in function.statements
        if Text.of("*") in one.resources
        for action in one.actions
    ]
    told = f" It may {', '.join(named)}." if named else ""
    return told + (
        f" {', '.join(f'`{one}`' for one in wide)}: on everything, as it could not be told on what."
        if wide
        else ""
    )


def _names(application: Application) -> str:
    kept = [
        f"`{one.settings['OriginalName']}`"
        for one in application.resources.values()
        if one.name is not None and one.kind not in ("http_api", "rest_api")
    ]
    new = [
        f"`{one.settings['OriginalName']}`"
        for one in application.resources.values()
        if one.name is None
    ]
    lines = ["Functions keep their names: callers and handles know them by these."]
    if kept:
        lines.append(
            f"{', '.join(kept)}: the name stands in the code or is part of what it is, and is kept."
        )
    if new:
        lines.append(
            f"{', '.join(new)}: the deployment chooses a new name, and functions learn it from "
            "their environment."
        )
    return "## Names\n\n" + "\n".join(lines)
