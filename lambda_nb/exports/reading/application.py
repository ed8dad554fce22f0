"""The whole picture: functions, then what invokes them, what they called, what they are told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lambda_nb.exports.errors import ExportError
from lambda_nb.exports.picture import Application, Function
from lambda_nb.exports.reading import functions as functions_
from lambda_nb.exports.reading import left_out
from lambda_nb.exports.reading.apis import Apis
from lambda_nb.exports.reading.asking import found, pages
from lambda_nb.exports.reading.authorizers import Authorizers
from lambda_nb.exports.reading.functions import Known, Layers
from lambda_nb.exports.reading.identifiers import Identifiers
from lambda_nb.exports.reading.resources import Resources
from lambda_nb.exports.reading.rights import Rights
from lambda_nb.exports.reading.texts import Texts
from lambda_nb.exports.reading.triggers import Triggers
from lambda_nb.projects.endpoint import Clients
from lambda_nb.projects.errors import aws_errors


def read(
    clients: Clients, names: Sequence[str], name: str, known: Mapping[str, Known] | None = None
) -> Application:
    """The application of some functions, with all that belongs to them.

    Parameters
    ----------
    clients
        Of the endpoint.
    names
        The names of the functions.
    name
        What the application is called.
    known
        What the caller knows of functions, by name.

    Raises
    ------
    ExportError
        A function is not there, or the endpoint refuses a question.
    """
    with aws_errors(ExportError):
        return _read(clients, names, name, known or {})


def _read(
    clients: Clients, names: Sequence[str], name: str, known: Mapping[str, Known]
) -> Application:
    lambda_ = clients.client()
    configs = {}
    for one in dict.fromkeys(names):
        told = found(lambda_.get_function_configuration, FunctionName=one)
        if told is None:
            there = [f["FunctionName"] for f in pages(lambda_, "list_functions", "Functions")]
            raise ExportError(
                f"there is no function {one!r}; there are {', '.join(sorted(there)) or 'none'}"
            )
        configs[told["FunctionName"]] = told
    if not configs:
        raise ExportError("there are no functions to export: name some, or run a %%lambda cell")
    _, _, _, region, account, *_ = next(iter(configs.values()))["FunctionArn"].split(":")
    identifiers = Identifiers()
    ids = {one: identifiers.new(one, "Function") for one in configs}
    layers = Layers(clients, identifiers, account)
    read: dict[str, Function] = {}
    notes = []
    for one in configs:
        function = functions_.read(clients, one, ids[one], known.get(one, Known()), layers)
        if isinstance(function, Function):
            read[one] = function
        else:
            notes.append(function)
    if not read:
        raise ExportError("; ".join(notes))

    resources = Resources(clients, identifiers, lambda word: _in_code(read, word))
    exported = {one: ids[one] for one in read}
    texts = Texts(resources, exported, account, region)
    triggers = Triggers(clients, resources, texts, identifiers)
    authorizers = Authorizers(clients, texts, identifiers, exported)
    apis = Apis(clients, resources, identifiers, authorizers)
    rights = Rights(clients, resources, texts, exported)
    for one, function in read.items():
        arn = configs[one]["FunctionArn"].removesuffix(":$LATEST")
        triggers.read(function, arn)
        notes += left_out.of_function(clients, function, configs[one])
        notes += left_out.of_callers(clients, function, [arn])
    apis.read(read)
    for one, function in read.items():
        rights.read(function, configs[one]["Role"])
        _asynchronous(clients, function, texts)
        dead = configs[one].get("DeadLetterConfig", {}).get("TargetArn")
        function.dead_letters = texts.of_arn(dead) if dead else None
    for one, function in read.items():
        variables = configs[one].get("Environment", {}).get("Variables", {})
        function.environment = texts.environment(one, variables)
    for one in read:
        notes += _aliases(clients, one)
    return Application(
        name,
        region,
        list(read.values()),
        resources.all,
        texts.parameters,
        [*notes, *triggers.notes, *apis.notes, *rights.notes],
    )


def _in_code(functions: Mapping[str, Function], word: str) -> bool:
    """Whether a name stands in the code of a function, so that another one would break it."""
    pattern = re.compile(rb"(?<![\w.-])" + re.escape(word.encode()) + rb"(?![\w-])")
    return any(
        pattern.search(_without_heading(content))
        for function in functions.values()
        for path, content in function.files.items()
        if path.endswith((".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".sh", ".json"))
    )


def _without_heading(content: bytes) -> bytes:
    """A file without a cell's first line, which names what ``--on`` is for."""
    return re.sub(rb"(?m)^(#|//) %%lambda .*$", b"", content)


def _asynchronous(clients: Clients, function: Function, texts: Texts) -> None:
    """Enter what becomes of asynchronous events."""
    told = functions_.of_itself_or_alias(
        clients.client().get_function_event_invoke_config, function
    )
    if told is None:
        return
    for key in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds"):
        if told.get(key) is not None:
            function.asynchronous[key] = told[key]
    for key in ("OnSuccess", "OnFailure"):
        destination = told.get("DestinationConfig", {}).get(key, {}).get("Destination")
        if destination:
            function.asynchronous[key] = texts.of_arn(destination)


def _aliases(clients: Clients, name: str) -> list[str]:
    told = list(pages(clients.client(), "list_aliases", "Aliases", FunctionName=name))
    notes = []
    if len(told) > 1:
        others = ", ".join(sorted(one["Name"] for one in told)[1:])
        notes.append(f"{name}: of its aliases only the first is exported, not {others}")
    weighted = [one["Name"] for one in told if one.get("RoutingConfig")]
    if weighted:
        notes.append(
            f"{name}: the weights of the alias {', '.join(weighted)} are between versions that "
            "an export does not have"
        )
    return notes
