"""The options of ``lambda-nb deploy``, which ``%lambda deploy`` has too."""

from __future__ import annotations

import argparse
from pathlib import Path

from lambda_nb.projects.deployment import Wishes
from lambda_nb.projects.templates.samconfig import pairs


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add what to deploy, and how, to a parser."""
    add = parser.add_argument
    add(
        "path",
        metavar="PATH",
        nargs="?",
        default=".",
        help="a template of SAM or CloudFormation, a folder with one, a cdk.out, a CDK or Chalice "
        "app (default: this folder)",
    )
    add("--stack-name", metavar="NAME", default="", help="default: samconfig.toml's, the folder's")
    add(
        "--parameter",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a parameter of the template; repeatable",
    )
    add("--tag", metavar="KEY=VALUE", action="append", default=[], help="of the stack; repeatable")
    add("--s3-bucket", metavar="NAME", default="", help="for artifacts; made if it is not there")
    add("--s3-prefix", metavar="PREFIX", default="", help="before the keys of artifacts")
    add("--config-env", metavar="NAME", default="default", help="of samconfig.toml (default)")
    add("--config-file", metavar="FILE", type=Path, help="instead of samconfig.toml")
    add("--no-build", action="store_true", help="pack the code as it is")
    add(
        "--watch",
        action="store_true",
        help="then update what is saved: a function's code alone, or the stack",
    )
    add("--delete", action="store_true", help="delete the project's stacks instead")


def wishes(options: argparse.Namespace) -> Wishes:
    """What the options say.

    Raises
    ------
    ProjectError
        A parameter or a tag is not ``KEY=VALUE``.
    """
    return Wishes(
        stack_name=options.stack_name,
        parameters=pairs(options.parameter, "--parameter"),
        tags=pairs(options.tag, "--tag"),
        bucket=options.s3_bucket,
        prefix=options.s3_prefix,
        config_env=options.config_env,
        config_file=options.config_file,
        builds=not options.no_build,
    )
