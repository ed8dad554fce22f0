"""``--mount``: a file system that functions share."""

from __future__ import annotations

import re
from typing import Any

from lambda_nb.notebook.connection.clients import Clients
from lambda_nb.notebook.connection.endpoint import Connection
from lambda_nb.notebook.errors import UsageError, aws_errors

_FORM = re.compile(r"(?P<what>.+):(?P<path>/mnt/[a-zA-Z0-9-_.]+)")


def mount(clients: Clients, connection: Connection, wanted: str) -> list[dict[str, str]]:
    """A function's ``FileSystemConfigs``.

    Parameters
    ----------
    wanted
        ``NAME:/mnt/PATH``: the file system of that name is made if it is not there. On AWS the
        name is the ARN of an access point, and the function has to be in a VPC.

    Raises
    ------
    UsageError
        It has another form, or a name is given on AWS.
    """
    found = _FORM.fullmatch(wanted)
    if found is None:
        raise UsageError(
            f"--mount {wanted}: give NAME:/mnt/PATH; functions with the same NAME share the files"
        )
    arn = found["what"]
    if not arn.startswith("arn:"):
        if connection.is_aws:
            raise UsageError(
                f"--mount {wanted}: on AWS give the ARN of an access point of the file system"
            )
        with aws_errors():
            arn = _access_point(clients.client("efs"), arn)
    return [{"Arn": arn, "LocalMountPath": found["path"]}]


def _access_point(efs: Any, name: str) -> str:
    """The access point of a file system by name; both are made once."""
    for one in efs.describe_access_points()["AccessPoints"]:
        if one.get("Name") == name:
            return str(one["AccessPointArn"])
    tags = [{"Key": "Name", "Value": name}]
    file_system = efs.create_file_system(CreationToken=name, Tags=tags)["FileSystemId"]
    made = efs.create_access_point(ClientToken=name, FileSystemId=file_system, Tags=tags)
    return str(made["AccessPointArn"])
