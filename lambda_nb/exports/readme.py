"""The README of an export: how to deploy it, what has which rights and why, what is left out."""

from __future__ import annotations

from lambda_nb.exports.picture import Application, Function, Text
from lambda_nb.exports.sam.policies import further

NAME = "README.md"
_TOLD = {
    "calls": "what it called when it ran here",
    "role": "the policies of its role, as it has not been seen to call anything",
    "nothing": "nothing: it was not seen to call anything, and its role has no policies to read",
}
_TITLES = {"sam": "AWS SAM", "cdk": "AWS CDK", "terraform": "Terraform", "zip": "the AWS CLI"}

_OF_RESOURCES = (
    "Of queues, tables and their like: their data, resource policies, encryption by keys of your "
    "own, lifecycle rules, tags, and what they send to others than these functions"
)


def text(application: Application, form: str, steps: list[str]) -> str:
    """The README."""
    sections = [
        f"# {application.name}\n\nFunctions of a notebook for {_TITLES[form]}, exported by "
        f"lambda_nb (`%lambda export {form}`).",
        "## Deploy\n\n```sh\n" + "\n".join(steps) + "\n```",
        _functions(application),
        _rights(application, form),
        _names(application, form),
    ]
    if application.parameters:
        rows = [f"- `{name}`: {told}" for name, told in application.parameters.items()]
        sections.append(
            "## Parameters\n\nTheir values are not in these files; you give them when you deploy."
            "\n\n" + "\n".join(rows)
        )
    notes = [*application.notes, *([_OF_RESOURCES] if application.resources else [])]
    if notes:
        rows = [f"- {note}" for note in dict.fromkeys(notes)]
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


def _rights(application: Application, form: str) -> str:
    rows = []
    for one in application.functions:
        more = _of_templates(one, application) if form == "sam" else ""
        rows.append(f"- `{one.name}`: from {_TOLD[one.rights_from]}.{_allowed(one)}{more}")
    return f"## Rights\n\n{_INTRODUCTIONS.get(form, _INTRODUCTION)}\n\n" + "\n".join(rows)


_INTRODUCTION = (
    "Each function has a role of its own. Beside writing its log and what Lambda does by it "
    "(polling sources, sending to destinations) it may do what is named here; what a function did "
    "not try here it may not do there."
)
_INTRODUCTIONS = {
    "sam": f"{_INTRODUCTION} Where SAM's policy templates stand in the place of statements, they "
    "allow some more actions of the same kind, reading or writing, on the same resource; these are "
    "named, too.",
    "cdk": f"{_INTRODUCTION} What the CDK's constructs for sources and destinations grant comes "
    "from the CDK.",
}


def _of_templates(function: Function, application: Application) -> str:
    told = further(function, application)
    return "".join(
        f" `{name}` allows also {', '.join(f'`{one}`' for one in actions)}."
        for name, actions in told.items()
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


def _names(application: Application, form: str) -> str:
    title = "## Names\n\n"
    if form == "zip":
        return (
            f"{title}Functions keep their names, and know what they use by the names it has here."
        )
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
    return title + "\n".join(lines)
