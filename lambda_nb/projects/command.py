"""The command ``lambda-nb deploy``."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from lambda_nb.projects import arguments
from lambda_nb.projects.deployment import Deployed, Deployment
from lambda_nb.projects.endpoint import Endpoint
from lambda_nb.projects.errors import ProjectError
from lambda_nb.projects.reporting import StackEvent
from lambda_nb.projects.templates import samconfig

TOLD = "build and deploy a project: SAM, CloudFormation, CDK, Chalice"
_WIDTHS = (8, 36, 32)


def main(words: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    options = parser().parse_args(words)
    tell = _Printer()
    try:
        config = samconfig.read(
            samconfig.folder_of(Path(options.path)), options.config_env, options.config_file
        )
        endpoint = Endpoint(
            url=options.endpoint_url,
            region=options.region or config.region or None,
            # Only at AWS: the keys of an engine are in no profile.
            profile=options.profile or (config.profile if options.aws else "") or None,
            credentials=options.credentials,
            aws=options.aws,
        )
        with contextlib.closing(endpoint):
            return _run(options, endpoint, tell)
    except (ProjectError, OSError) as error:  # such as a file that nobody may read
        print(f"lambda-nb: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="lambda-nb deploy",
        description="Build the code of a project as `sam build` does, deploy its stacks, and print "
        "their events, outputs and addresses.",
    )
    arguments.add_to(made)
    add = made.add_argument
    add("--endpoint-url", metavar="URL", help="of the engine (default: AWS_ENDPOINT_URL)")
    add(
        "--credentials",
        metavar="FILE",
        type=Path,
        help="that the engine issued: `lambda-nb serve` names it in its first line",
    )
    add("--region", metavar="REGION", help="default: as boto3 finds it, then us-east-1")
    add("--profile", metavar="NAME", help="of the AWS configuration")
    add("--aws", action="store_true", help="deploy to AWS itself, where it costs money")
    return made


def _run(options: argparse.Namespace, endpoint: Endpoint, tell: _Printer) -> int:
    deployment = Deployment(Path(options.path), arguments.wishes(options), endpoint, tell)
    if options.delete:
        for gone in deployment.delete():
            tell.note(f"{gone.name}: {'there was none' if gone.what == 'absent' else gone.what}")
        return 0
    deployed = deployment.deploy()
    for one in deployed:
        tell.outcome(one)
    if options.watch:
        from lambda_nb.projects.watching.watch import Watch

        tell.note("watching; Ctrl-C ends it")
        with contextlib.suppress(KeyboardInterrupt):
            Watch(deployment, deployed).run()
    return 0


class _Printer:
    """Prints what a deployment says, a line each."""

    def note(self, text: str) -> None:
        print(text, flush=True)  # noqa: T201

    def event(self, event: StackEvent) -> None:
        columns = (f"{event.at:%H:%M:%S}", event.status, event.kind)
        line = "  ".join(text.ljust(width) for text, width in zip(columns, _WIDTHS, strict=True))
        reason = f"  {event.reason}" if event.reason else ""
        self.note(f"{line}  {event.resource}{reason}")

    def outcome(self, one: Deployed) -> None:
        where = f" in {one.elsewhere}" if one.elsewhere else ""
        self.note(f"{one.outcome.name}: {one.what}{where}")
        for title, found in (
            ("outputs", one.outcome.outputs),
            ("functions", one.outcome.functions),
            ("addresses", one.outcome.addresses),
        ):
            if found:
                width = max(map(len, found))
                self.note(f"{title}:")
                for key, value in found.items():
                    self.note(f"  {key.ljust(width)}  {value}")
