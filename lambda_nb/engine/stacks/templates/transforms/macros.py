"""``AWS::Include`` and the user's own macros, for a whole template or for a part of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.templates import functions
from lambda_nb.engine.stacks.templates.document import fragment
from lambda_nb.engine.stacks.templates.resolution.resolver import Resolver
from lambda_nb.engine.stacks.templates.transform_names import transform_names
from lambda_nb.engine.stacks.templates.transforms.around import Around

INCLUDE = "AWS::Include"


class Macros:
    """Applies the macros of one template.

    Parameters
    ----------
    values
        Of the template's parameters.
    around
        Calls the macros' functions and reads what is included.
    resolver
        Evaluates the macros' own parameters.
    """

    def __init__(self, values: Mapping[str, Any], around: Around, resolver: Resolver) -> None:
        self._values = values
        self._around = around
        self._resolver = resolver
        self._including: list[str] = []

    def embedded(self, value: Any) -> Any:
        """A value whose ``Fn::Transform`` are applied, the innermost first.

        A macro rewrites the object that its ``Fn::Transform`` stands in.

        Raises
        ------
        AWSError
            ``ValidationError``: a macro failed.
        """
        if isinstance(value, list):
            return [self.embedded(item) for item in value]
        if not isinstance(value, dict):
            return value
        made: Any = {
            key: self.embedded(held) for key, held in value.items() if key != functions.TRANSFORM
        }
        written = value.get(functions.TRANSFORM, [])
        for each in written if isinstance(written, list) else [written]:
            made = self.applied(each["Name"], each.get("Parameters", {}), made)
        return made

    def applied(self, name: str, parameters: Any, value: Any) -> Any:
        """What a macro makes of a value; raises as :meth:`embedded`."""
        try:
            parameters = self._resolver.resolve(parameters)
        except AWSError as error:
            raise _failed(name, error.message) from None
        if name == INCLUDE:
            return self._included(parameters, value)
        if name.startswith("AWS::"):
            raise validation_error(
                f"Transform {name} is not supported here. Supported are AWS::Include, "
                "AWS::LanguageExtensions, AWS::Serverless-2016-10-31 and your own macros; "
                "write what it would make into the template."
            )
        return self._called(name, parameters, value)

    def _included(self, parameters: Any, value: Any) -> Any:
        location = parameters.get("Location") if isinstance(parameters, dict) else None
        if not isinstance(location, str):
            raise _failed(INCLUDE, "The value of parameter Location must be a string.")
        if not location.startswith("s3://"):
            raise _failed(
                INCLUDE, f"The location {location} is not an S3 location: write s3://BUCKET/KEY."
            )
        try:
            if location in self._including:
                raise validation_error(f"{location} includes itself.")
            included = fragment(self._around.read(location))
            transform_names({"included": included})  # refuses one without a name
        except AWSError as error:
            raise _failed(INCLUDE, error.message) from None
        self._including.append(location)
        included = self.embedded(included)
        self._including.pop()
        if not value:
            return included
        if not isinstance(included, dict):
            raise _failed(INCLUDE, f"{location} must be an object: it has members beside it.")
        return {**value, **included}

    def _called(self, name: str, parameters: Any, value: Any) -> Any:
        transform = f"{self._around.account}::{name}"
        request = {
            "accountId": self._around.account,
            "fragment": value,
            "transformId": transform,
            "requestId": str(uuid.uuid4()),
            "region": self._around.region,
            "params": parameters,
            "templateParameterValues": dict(self._values),
        }
        answer = self._around.call_macro(name, request)
        if str(answer.get("status", "")).lower() != "success":
            why = answer.get("errorMessage")
            if why:
                raise _failed(transform, str(why))
            raise validation_error(f"Transform {transform} failed without an error message.")
        if answer.get("requestId") != request["requestId"] or "fragment" not in answer:
            raise validation_error(
                f"Received malformed response from transform {transform}: its requestId or its "
                "fragment is wrong."
            )
        return answer["fragment"]


def _failed(name: str, why: str) -> AWSError:
    return validation_error(f"Transform {name} failed with: {why}")
