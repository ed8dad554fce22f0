"""Operations on the registry: which resource types AWS has, and what they look like."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.operations import paging
from lambda_nb.engine.stacks.types import schemas

_Asked = Mapping[str, Any]
_ARN = ":type/resource/"


class ResourceTypes:
    """Tells of AWS's public resource types. There are no private ones here.

    Parameters
    ----------
    region
        For their ARNs.
    """

    def __init__(self, region: str) -> None:
        self._region = region

    def operations(self) -> dict[str, Callable[[_Asked], dict[str, Any]]]:
        """The handlers by the operations' names."""
        return {"DescribeType": self.describe, "ListTypes": self.list_all}

    def describe(self, asked: _Asked) -> dict[str, Any]:
        """One type, with its schema."""
        arn, name = asked.get("Arn", ""), asked.get("TypeName")
        if not name and _ARN in arn:
            name = arn.partition(_ARN)[2].replace("-", "::")
        if not name:
            raise validation_error("Either TypeName and Type, or Arn must be specified.")
        if asked.get("Type", "RESOURCE") != "RESOURCE" or not schemas.known(name):
            text = f"The type '{name}' cannot be found."
            raise AWSError("TypeNotFoundException", text, 404)
        schema = schemas.of(name).document
        return {
            "Arn": self._arn(name),
            "Type": "RESOURCE",
            "TypeName": name,
            "IsDefaultVersion": True,
            "Description": schema.get("description"),
            "Schema": json.dumps(schema),
            "ProvisioningType": "FULLY_MUTABLE",
            "DeprecatedStatus": "LIVE",
            "Visibility": "PUBLIC",
            "SourceUrl": schema.get("sourceUrl"),
            "DocumentationUrl": schema.get("documentationUrl"),
        }

    def list_all(self, asked: _Asked) -> dict[str, Any]:
        """All public types, or those whose names begin with something."""
        if asked.get("Visibility", "PRIVATE") != "PUBLIC" or asked.get("Type") not in (
            None,
            "RESOURCE",
        ):
            return {"TypeSummaries": []}
        start = asked.get("Filters", {}).get("TypeNamePrefix", "")
        rows = [
            {"Type": "RESOURCE", "TypeName": name, "TypeArn": self._arn(name)}
            for name in schemas.names()
            if name.startswith(start)
        ]
        return paging.paged(rows, asked, "TypeSummaries")

    def _arn(self, name: str) -> str:
        return f"arn:aws:cloudformation:{self._region}:{_ARN}{name.replace('::', '-')}"
