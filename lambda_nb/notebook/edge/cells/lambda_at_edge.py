"""``%%lambda NAME --edge EVENT --distribution NAME``: a cell that runs at the edge.

CloudFront Developer Guide, lambda-at-edge-function-restrictions, 2026: a numbered version of a
function in us-east-1, without much that other functions may have.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.edge.cells.virginia import Virginia
from lambda_nb.notebook.edge.distribution import url_of
from lambda_nb.notebook.edge.settings import associations, behaviours, distributions
from lambda_nb.notebook.errors import NotebookError, UsageError, aws_errors
from lambda_nb.notebook.functions import requirements
from lambda_nb.notebook.functions.handle import Function
from lambda_nb.notebook.functions.package import Package
from lambda_nb.rules.edge.triggers import replication

_NOT_AT_THE_EDGE = ("env", "layer", "mount", "reserved", "alias", "on", "url", "http", "api")


@dataclass(frozen=True)
class AtEdge:
    """What a cell asks for.

    Attributes
    ----------
    name
        The function's.
    event, distribution, paths
        When it runs, of which distribution and in which behaviours.
    include_body
        Whether it sees bodies of requests.
    requirements
        Packages that go into its archive.
    settings
        Memory, timeout and so on, with Lambda's names.
    """

    name: str
    event: str
    distribution: str
    paths: list[str]
    include_body: bool
    requirements: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)


def wanted(options: argparse.Namespace) -> AtEdge | None:
    """What the options of a cell ask for; ``None`` without ``--edge``.

    Raises
    ------
    UsageError
        ``--edge`` or ``--distribution`` is missing, the name has a qualifier, or Lambda@Edge has no
        such option.
    """
    told = f"%%lambda {options.name}"
    if options.edge is None:
        for name in ("distribution", "path", "include_body"):
            if getattr(options, name):
                option = name.replace("_", "-")
                raise UsageError(f"{told}: --{option} is for --edge EVENT; add that")
        return None
    told += f" --edge {options.edge}"
    if not options.distribution:
        raise UsageError(
            f"{told}: add --distribution NAME; lambda_nb.distribution(NAME, origin=...) makes one"
        )
    if ":" in options.name and ":function:" not in options.name:
        raise UsageError(
            f"{told}: give the name without {options.name.partition(':')[2]!r}; the cell publishes "
            "a numbered version itself"
        )
    for name in _NOT_AT_THE_EDGE:
        if getattr(options, name):
            raise UsageError(f"{told}: Lambda@Edge has no --{name}; leave it out")
    if options.include_body and not options.edge.endswith("-request"):
        raise UsageError(f"{told}: --include-body is for request events; leave it out")
    return AtEdge(
        options.name,
        options.edge,
        options.distribution,
        options.path or [behaviours.DEFAULT],
        options.include_body,
        list(options.requirements),
        {
            "MemorySize": options.memory,
            "Timeout": options.timeout,
            "Architectures": [options.arch],
            "EphemeralStorage": {"Size": options.ephemeral_storage},
            "Role": options.role,
        },
    )


def prepared(session: Session | Virginia, at_edge: AtEdge, package: Package) -> Package:
    """The package with what it requires, after checks that need no upload.

    Raises
    ------
    NotebookError
        CloudFront would refuse the function; there is no such distribution.
    """
    told = f"%%lambda {at_edge.name} --edge {at_edge.event}"
    settings = {**at_edge.settings, "Runtime": package.runtime, "CodeSize": len(package.archive)}
    problems = replication.problems(settings, at_edge.event)
    if problems:
        raise UsageError(f"{told}: {problems[0]}")
    with aws_errors():
        distributions.required(session.client("cloudfront"), at_edge.distribution)
        role = at_edge.settings["Role"] or session.connection.role
        if role and (problem := _role_problem(session, role)):
            raise NotebookError(f"{told}: {problem}")
    if not at_edge.requirements:
        return package
    on_aws = session.connection.is_aws
    runs_as = package.runtime
    if isinstance(session, Session):
        runs_as = session.runs_as(package.runtime)
    return requirements.inside(package, at_edge.requirements, runs_as, on_aws=on_aws)


def _role_problem(session: Session | Virginia, role: str) -> str | None:
    """What keeps a role from being used at the edge, as far as that can be known."""
    iam = session.client("iam")
    try:
        answer = iam.get_role(RoleName=role.rpartition("/")[2])
    except iam.exceptions.ClientError:
        return None  # CloudFront will say it
    return replication.role_problem(role, answer["Role"]["AssumeRolePolicyDocument"])


def associate(session: Session, at_edge: AtEdge, handle: Function) -> list[str]:
    """Publish a version, and let it run at its event; returns notes about it."""
    version = handle.publish().qualifier
    cloudfront = session.client("cloudfront")
    notes: list[str] = []
    with aws_errors():
        found = distributions.required(cloudfront, at_edge.distribution)
        config = handle.client.get_function_configuration(FunctionName=handle.name)
        arn = f"{config['FunctionArn']}:{version}"

        def edit(config: dict[str, Any]) -> None:
            notes[:] = associations.place(
                config,
                "Lambda",
                arn,
                at_edge.event,
                at_edge.paths,
                include_body=at_edge.include_body,
            )

        distributions.change(cloudfront, found["Id"], edit)
    where = ", ".join("all paths" if path == "*" else path for path in at_edge.paths)
    told = [f"version {version} at {at_edge.event} of {at_edge.distribution}, {where}"]
    region = session.connection.region
    if region != replication.HOME:
        told.append(f"made in {replication.HOME}, as Lambda@Edge wants it, and not in {region}")
    return [*told, *notes, url_of(found["DomainName"], cloudfront)]
